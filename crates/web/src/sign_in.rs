//! Signing in, giving the second factor again, signing out.

use std::sync::Arc;

use askama::Template;
use poem::{
    Request, Response,
    http::{HeaderValue, StatusCode},
};
use safespace_domain::sessions::Stage;
use safespace_edge::{SESSION_COOKIE, cookie, is_same_origin, peer_address};
use safespace_engine::{Engine, EngineError, SignedIn};

use crate::{
    Stopped,
    forms::{FORM_COOKIE, form, read, session},
    issuers::{Choice, choices},
    shell::{Shell, set_cookie, show, take_cookies, to},
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
form!(PlainForm {});

/// The form to sign in.
pub(crate) async fn page(engine: &Engine, request: &Request) -> Result<Response, Stopped> {
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
pub(crate) async fn sign_in(engine: &Engine, request: Request) -> Result<Response, Stopped> {
    let from = peer_address(&request);
    let (form, owner, _) = read::<SignInForm>(engine, request, FORM_COOKIE).await?;
    match engine.sign_in(&form.name, &form.password, from).await {
        Ok(signed_in) => Ok(in_session(&signed_in, "/")),
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

/// Goes on with a session's new secret.
pub(crate) fn in_session(signed_in: &SignedIn, next: &str) -> Response {
    let mut response = to(if signed_in.stage == Stage::Whole { next } else { "/sign-in/code" });
    set_cookie(&mut response, SESSION_COOKIE, &signed_in.cookie);
    response
}

/// The form for the second step.
pub(crate) async fn code_page(engine: &Engine, request: &Request) -> Result<Response, Stopped> {
    let (_, cookie) = session(engine, request.headers(), Stage::CodeNeeded).await?;
    let token = engine.forgery_token(&cookie)?;
    let page = CodePage { shell: Shell::default(), token, again: false, next: String::new() };
    show(StatusCode::OK, &page)
}

/// Takes the code of the second step.
pub(crate) async fn give_code(engine: &Engine, request: Request) -> Result<Response, Stopped> {
    code(engine, request, Stage::CodeNeeded).await
}

/// The form for a fresh second factor.
pub(crate) async fn confirm_page(engine: &Engine, request: &Request) -> Result<Response, Stopped> {
    let (_, cookie) = session(engine, request.headers(), Stage::Whole).await?;
    let next = request.params::<Next>().map(|query| query.next).unwrap_or_default();
    let token = engine.forgery_token(&cookie)?;
    let page = CodePage { shell: Shell::of(&token), token, again: true, next: here(&next).to_owned() };
    show(StatusCode::OK, &page)
}

/// Takes the code for a fresh second factor.
pub(crate) async fn confirm(engine: &Engine, request: Request) -> Result<Response, Stopped> {
    code(engine, request, Stage::Whole).await
}

async fn code(engine: &Engine, request: Request, stage: Stage) -> Result<Response, Stopped> {
    let from = peer_address(&request);
    let (form, cookie, request) = read::<CodeForm>(engine, request, SESSION_COOKIE).await?;
    session(engine, request.headers(), stage).await?;
    match engine.give_code(&cookie, &form.code, from).await {
        Ok(signed_in) => Ok(in_session(&signed_in, here(&form.next))),
        Err(EngineError::Refused(refusal)) => {
            let token = engine.forgery_token(&cookie)?;
            let (again, next) = (stage == Stage::Whole, here(&form.next).to_owned());
            let page = CodePage { shell: Shell::with(&refusal, "code"), token, again, next };
            show(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(EngineError::Fault(fault)) => Err(fault.into()),
    }
}

#[derive(serde::Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

/// A page of this site; the first one where something else was asked for.
fn here(next: &str) -> &str {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "-_/".contains(sign);
    if next.starts_with('/') && !next.contains("//") && next.chars().all(plain) { next } else { "/" }
}

/// Signs out.
pub(crate) async fn sign_out(engine: &Arc<Engine>, request: Request) -> Result<Response, Stopped> {
    let (_, cookie, _) = read::<PlainForm>(engine, request, SESSION_COOKIE).await?;
    engine.sign_out(&cookie).await.map_err(stopped)?;
    let mut response = to("/sign-in");
    take_cookies(&mut response);
    Ok(response)
}

/// Leaves at once: the session ends, the browser forgets what it has of this site, and shows another one. Works with a page
/// that is too old, as long as it is one of this site.
pub(crate) async fn quick_exit(engine: &Arc<Engine>, request: Request) -> Result<Response, Stopped> {
    if !is_same_origin(request.headers()) {
        return Err(Stopped::Forged);
    }
    if let Some(cookie) = cookie(request.headers(), SESSION_COOKIE) {
        engine.sign_out(cookie).await.map_err(stopped)?;
    }
    let mut response = to(NEUTRAL);
    take_cookies(&mut response);
    let all = HeaderValue::from_static("\"cache\", \"cookies\", \"storage\"");
    response.headers_mut().insert("clear-site-data", all);
    Ok(response)
}

/// What ends a session has no refusal that a page would show.
pub(crate) fn stopped(error: EngineError) -> Stopped {
    match error {
        EngineError::Refused(_) => Stopped::SignIn,
        EngineError::Fault(fault) => fault.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        assert_eq!(here("/sessions"), "/sessions");
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
