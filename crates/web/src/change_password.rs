//! Changing one's own password.

use std::sync::Arc;

use askama::Template;
use poem::{Request, Response, http::StatusCode};
use safespace_domain::{RefusalCode, sessions::Stage};
use safespace_edge::{SESSION_COOKIE, peer_address};
use safespace_engine::{Engine, EngineError};

use crate::{
    Stopped,
    forms::{form, read, session},
    shell::{Shell, show, to},
};

/// Where the page is.
pub(crate) const PATH: &str = "/password";
/// Where it says that it was done.
pub(crate) const DONE: &str = "/password/changed";
/// Where somebody is sent who has not given a second factor lately; then back here.
const CONFIRM_FIRST: &str = "/confirm?next=/password";

#[derive(Template)]
#[template(path = "change_password.html")]
struct ChangePasswordPage {
    shell: Shell,
    token: String,
    name: String,
}

#[derive(Template)]
#[template(path = "password_changed.html")]
struct PasswordChangedPage {
    shell: Shell,
}

form!(ChangePasswordForm { current, password });

/// The form.
pub(crate) async fn page(engine: &Engine, request: &Request) -> Result<Response, Stopped> {
    let (session, cookie) = session(engine, request.headers(), Stage::Whole).await?;
    // Whoever has none gave none when they signed in.
    let given = session.actor.second_factor_at.is_some();
    if given && !engine.has_fresh_second_factor(&session.actor) {
        return Ok(to(CONFIRM_FIRST));
    }
    let token = engine.forgery_token(&cookie)?;
    show(StatusCode::OK, &ChangePasswordPage { shell: Shell::of(&token), token, name: session.name })
}

/// Takes the old password and the new one.
pub(crate) async fn change(engine: &Arc<Engine>, request: Request) -> Result<Response, Stopped> {
    let from = peer_address(&request);
    let (form, cookie, request) = read::<ChangePasswordForm>(engine, request, SESSION_COOKIE).await?;
    let (session, _) = session(engine, request.headers(), Stage::Whole).await?;
    let refusal = match engine.change_password(&session.actor, &form.current, &form.password, from).await {
        Ok(()) => return Ok(to(DONE)),
        Err(EngineError::Refused(refusal)) => refusal,
        Err(EngineError::Fault(fault)) => return Err(fault.into()),
    };
    if refusal.code == RefusalCode::SecondFactorNeeded {
        return Ok(to(CONFIRM_FIRST));
    }
    let field = if refusal.field.as_deref() == Some("password") { "password" } else { "current" };
    let token = engine.forgery_token(&cookie)?;
    let shell = Shell { signed_in: Some(token.clone()), ..Shell::with(&refusal, field) };
    show(StatusCode::UNPROCESSABLE_ENTITY, &ChangePasswordPage { shell, token, name: session.name })
}

/// Says that it was done.
pub(crate) async fn done(engine: &Engine, request: &Request) -> Result<Response, Stopped> {
    let (_, cookie) = session(engine, request.headers(), Stage::Whole).await?;
    let token = engine.forgery_token(&cookie)?;
    show(StatusCode::OK, &PasswordChangedPage { shell: Shell::of(&token) })
}
