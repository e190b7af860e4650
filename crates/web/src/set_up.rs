//! Setting an account up by its link.

use std::{fmt::Write as _, sync::Arc};

use askama::Template;
use poem::{Request, Response, http::StatusCode, post};
use qrcodegen::{QrCode, QrCodeEcc};
use safespace_domain::Refusal;
use safespace_edge::{cookie, peer_address};
use safespace_engine::{Engine, EngineError};

use crate::{
    Answer, Pages, Site, Stopped, endpoint,
    forms::{FORM_COOKIE, form, read},
    issuers::{Choice, choices},
    open,
    shell::{Shell, set_cookie, show, to, told},
};

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage {
    shell: Shell,
    token: String,
    link: String,
    name: String,
    issuers: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "second_factor.html")]
struct SecondFactorPage {
    shell: Shell,
    token: String,
    link: String,
    picture: String,
    secret: String,
    needed: bool,
}

#[derive(Template)]
#[template(path = "recovery_codes.html")]
struct RecoveryCodesPage {
    shell: Shell,
    codes: Vec<String>,
}

form!(PasswordForm { password });
form!(CodeForm { code });

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/set-up/:link", open(site, page)),
        ("/set-up/:link/password", post(endpoint(site, choose_password))),
        ("/set-up/:link/second-factor", post(endpoint(site, confirm_second_factor))),
    ]
}

/// The next step of setting up.
async fn page(site: Arc<Site>, request: Request) -> Answer {
    let (engine, request) = (&*site.engine, &request);
    let known = cookie(request.headers(), FORM_COOKIE);
    let cookie = known.map_or_else(|| engine.form_cookie(), |known| Ok(known.to_owned()))?;
    let token = engine.forgery_token(&cookie)?;
    let mut response = step(engine, &link(request), &cookie, token, StatusCode::OK, Shell::default()).await?;
    set_cookie(&mut response, FORM_COOKIE, &cookie);
    Ok(response)
}

async fn step(
    engine: &Engine,
    link: &str,
    browser: &str,
    token: String,
    status: StatusCode,
    shell: Shell,
) -> Result<Response, Stopped> {
    let set_up = match engine.set_up(link).await {
        Ok(set_up) => set_up,
        Err(EngineError::Refused(refusal)) => return Ok(no_such_link(&refusal)),
        Err(EngineError::Fault(fault)) => return Err(fault.into()),
    };
    let link = link.to_owned();
    if !set_up.has_first_factor {
        let issuers = choices(&set_up.issuers, &format!("/set-up/{link}/issuer"));
        return show(status, &PasswordPage { shell, token, link, name: set_up.name, issuers });
    }
    match engine.new_second_factor(&link, browser).await {
        Ok(factor) => {
            let picture = picture(&factor.uri)?;
            let secret = in_groups(&factor.secret);
            let needed = set_up.needs_second_factor;
            show(status, &SecondFactorPage { shell, token, link, picture, secret, needed })
        }
        Err(EngineError::Refused(refusal)) => Ok(no_such_link(&refusal)),
        Err(EngineError::Fault(fault)) => Err(fault.into()),
    }
}

/// Takes the password.
async fn choose_password(site: Arc<Site>, request: Request) -> Answer {
    let engine = &*site.engine;
    let (from, link) = (peer_address(&request), link(&request));
    let (form, owner, _) = read::<PasswordForm>(engine, request, FORM_COOKIE).await?;
    match engine.choose_password(&link, &form.password, from).await {
        Ok(_) => Ok(to(&format!("/set-up/{link}"))),
        Err(EngineError::Refused(refusal)) => again(engine, &link, &owner, &refusal, "password").await,
        Err(EngineError::Fault(fault)) => Err(fault.into()),
    }
}

/// Takes a code of the second factor, and shows the recovery codes.
async fn confirm_second_factor(site: Arc<Site>, request: Request) -> Answer {
    let engine = &*site.engine;
    let (from, link) = (peer_address(&request), link(&request));
    let (form, owner, _) = read::<CodeForm>(engine, request, FORM_COOKIE).await?;
    match engine.confirm_second_factor(&link, &form.code, from).await {
        // Shown in the answer itself: they are nowhere to be had again.
        Ok(codes) => show(StatusCode::OK, &RecoveryCodesPage { shell: Shell::default(), codes }),
        Err(EngineError::Refused(refusal)) => again(engine, &link, &owner, &refusal, "code").await,
        Err(EngineError::Fault(fault)) => Err(fault.into()),
    }
}

async fn again(
    engine: &Engine,
    link: &str,
    owner: &str,
    refusal: &Refusal,
    field: &'static str,
) -> Result<Response, Stopped> {
    let token = engine.forgery_token(owner)?;
    step(engine, link, owner, token, StatusCode::UNPROCESSABLE_ENTITY, Shell::with(refusal, field)).await
}

fn no_such_link(refusal: &Refusal) -> Response {
    told(StatusCode::NOT_FOUND, "This link is not good", &refusal.message)
}

/// The link's secret, of which only hexadecimal digits are taken: it comes back in the page.
pub(crate) fn link(request: &Request) -> String {
    let link = request.raw_path_param("link").unwrap_or_default().to_owned();
    if link.len() == 64 && link.bytes().all(|digit| digit.is_ascii_hexdigit()) { link } else { String::new() }
}

/// A picture that an authenticator reads, as SVG. Nothing in it is anybody's text.
fn picture(uri: &str) -> Result<String, Stopped> {
    /// Light squares around it: readers need four.
    const MARGIN: i32 = 4;
    let code = QrCode::encode_text(uri, QrCodeEcc::Medium).map_err(|_| {
        tracing::error!("a second factor is too long for a picture");
        Stopped::Failed
    })?;
    let side = code.size() + 2 * MARGIN;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            // Writing into a text does not fail.
            let _ = write!(path, "M{},{}h1v1h-1z", x + MARGIN, y + MARGIN);
        }
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" role=\"img\" \
         aria-label=\"A picture for your authenticator\" shape-rendering=\"crispEdges\"><path d=\"{path}\"/></svg>"
    ))
}

fn in_groups(secret: &str) -> String {
    let signs: Vec<char> = secret.chars().collect();
    signs.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}
