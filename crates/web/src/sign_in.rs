//! Signing in, giving the second factor again, signing out.

use std::sync::Arc;

use askama::Template;
use poem::{
    Request,
    http::{HeaderMap, HeaderValue, StatusCode},
    post,
};
use safespace_domain::sessions::Stage;
use safespace_edge::{SESSION_COOKIE, cookie, is_same_origin, peer_address};
use safespace_engine::{Engine, EngineError, SignedIn};

use crate::{
    Answer, Pages, Site, Stopped, action, endpoint,
    fields::Fields,
    forms::{FORM_COOKIE, form, read, session},
    issuers::{Choice, choices},
    open, page as signed_in_page,
    shell::{Place, Shell, set_cookie, show, take_cookies, to},
    visit::Visit,
};

/// Where somebody goes who must leave at once: nothing there says where they were.
const NEUTRAL: &str = "https://www.gov.uk/";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    shell: Shell,
    token: String,
    name: String,
    issuers: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    shell: Shell,
    token: String,
    again: bool,
    next: String,
}

form!(SignInForm { name, password });
form!(CodeForm { code, next });

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/sign-in", open(site, page).post(endpoint(site, sign_in))),
        ("/sign-in/code", open(site, code_page).post(endpoint(site, give_code))),
        ("/confirm", signed_in_page(site, confirm_page).post(endpoint(site, confirm))),
        ("/sign-out", action(site, sign_out)),
        ("/quick-exit", post(endpoint(site, quick_exit))),
    ]
}

/// The form to sign in.
async fn page(site: Arc<Site>, request: Request) -> Answer {
    let (engine, request) = (&*site.engine, &request);
    let known = cookie(request.headers(), FORM_COOKIE);
    let cookie = known.map_or_else(|| engine.form_cookie(), |known| Ok(known.to_owned()))?;
    let token = engine.forgery_token(&cookie)?;
    let issuers = issuers(engine).await?;
    let page = SignInPage { shell: Shell::default(), token, name: String::new(), issuers };
    let mut response = show(StatusCode::OK, &page)?;
    set_cookie(&mut response, FORM_COOKIE, &cookie);
    Ok(response)
}

/// Takes name and password.
async fn sign_in(site: Arc<Site>, request: Request) -> Answer {
    let engine = &*site.engine;
    let from = peer_address(&request);
    let (form, owner, request) = read::<SignInForm>(engine, request, FORM_COOKIE).await?;
    match engine.sign_in(&form.name, &form.password, from).await {
        Ok(signed_in) => in_session(&site, request.headers(), &signed_in, "/").await,
        Err(EngineError::Refused(refusal)) => {
            let token = engine.forgery_token(&owner)?;
            let (shell, issuers) = (Shell::with(&refusal, "name"), issuers(engine).await?);
            let page = SignInPage { shell, token, name: form.name, issuers };
            show(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(EngineError::Fault(fault)) => Err(fault.into()),
    }
}

async fn issuers(engine: &Engine) -> Result<Vec<Choice>, Stopped> {
    Ok(choices(&engine.issuers_to_sign_in().await?, "/sign-in/issuer"))
}

/// Goes on with a session's new secret: to where this person typed something when their last one ended, or else to the
/// next page.
pub(crate) async fn in_session(site: &Site, headers: &HeaderMap, signed_in: &SignedIn, next: &str) -> Answer {
    let mut response = match signed_in.stage {
        Stage::Whole => {
            let session = site.engine.session(&signed_in.cookie).await?;
            let kept = session.and_then(|session| site.kept_page(headers, &session.actor));
            to(kept.as_deref().map_or(next, here))
        }
        Stage::CodeNeeded => to("/sign-in/code"),
    };
    set_cookie(&mut response, SESSION_COOKIE, &signed_in.cookie);
    Ok(response)
}

/// The form for the second step.
async fn code_page(site: Arc<Site>, request: Request) -> Answer {
    let engine = &*site.engine;
    let (_, cookie) = session(engine, request.headers(), Stage::CodeNeeded).await?;
    let token = engine.forgery_token(&cookie)?;
    let page = CodePage { shell: Shell::default(), token, again: false, next: String::new() };
    show(StatusCode::OK, &page)
}

/// Takes the code of the second step.
async fn give_code(site: Arc<Site>, request: Request) -> Answer {
    code(&site, request, Stage::CodeNeeded).await
}

/// The form for a fresh second factor.
async fn confirm_page(visit: Visit) -> Answer {
    let shell = visit.shell(Place::Account)?;
    let token = shell.token().to_owned();
    visit.show(&CodePage { shell, token, again: true, next: here(visit.query.get("next")).to_owned() })
}

/// Takes the code for a fresh second factor.
async fn confirm(site: Arc<Site>, request: Request) -> Answer {
    code(&site, request, Stage::Whole).await
}

async fn code(site: &Site, request: Request, stage: Stage) -> Answer {
    let engine = &*site.engine;
    let from = peer_address(&request);
    let (form, cookie, request) = read::<CodeForm>(engine, request, SESSION_COOKIE).await?;
    session(engine, request.headers(), stage).await?;
    match engine.give_code(&cookie, &form.code, from).await {
        Ok(signed_in) => in_session(site, request.headers(), &signed_in, here(&form.next)).await,
        Err(EngineError::Refused(refusal)) => {
            let token = engine.forgery_token(&cookie)?;
            let (again, next) = (stage == Stage::Whole, here(&form.next).to_owned());
            let page = CodePage { shell: Shell::with(&refusal, "code"), token, again, next };
            show(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(EngineError::Fault(fault)) => Err(fault.into()),
    }
}

/// A page of this site; the first one where something else was asked for.
fn here(next: &str) -> &str {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "-_/?=&".contains(sign);
    if next.starts_with('/') && !next.contains("//") && next.chars().all(plain) { next } else { "/" }
}

/// Signs out.
async fn sign_out(visit: Visit, _: Fields) -> Answer {
    visit.engine.sign_out(visit.secret()).await?;
    let mut response = to("/sign-in");
    take_cookies(&mut response);
    Ok(response)
}

/// Leaves at once: the session ends, the browser forgets what it has of this site, and shows another one. Works with a page
/// that is too old, as long as it is one of this site.
async fn quick_exit(site: Arc<Site>, request: Request) -> Answer {
    if !is_same_origin(request.headers()) {
        return Err(Stopped::Forged);
    }
    if let Some(cookie) = cookie(request.headers(), SESSION_COOKIE) {
        site.engine.sign_out(cookie).await?;
    }
    let mut response = to(NEUTRAL);
    take_cookies(&mut response);
    let all = HeaderValue::from_static("\"cache\", \"cookies\", \"storage\"");
    response.headers_mut().insert("clear-site-data", all);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        assert_eq!(here("/sessions"), "/sessions");
        assert_eq!(here("/board?from=2020-11-03&to=x"), "/board?from=2020-11-03&to=x");
        for elsewhere in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/%2f/evil.example",
            "javascript:alert(1)",
            "/a//b",
            "",
            "/a\r\nSet-Cookie:x",
        ] {
            assert_eq!(here(elsewhere), "/", "{elsewhere:?}");
        }
    }
}
