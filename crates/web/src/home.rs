//! Whoever is signed in: who they are, and where else they are signed in.

use std::sync::Arc;

use askama::Template;
use chrono::{DateTime, Utc};
use poem::{Request, Response, http::StatusCode};
use safespace_domain::{
    SessionId,
    access::{Permission, SECOND_FACTOR_IS_FRESH_FOR, Who},
    clock::in_service_time,
    sessions::{LONGEST, Stage},
};
use safespace_edge::SESSION_COOKIE;
use safespace_engine::Engine;

use crate::{
    Stopped,
    forms::{form, read, session as session_of},
    shell::{Shell, show, take_cookies, to},
    sign_in::stopped,
};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    shell: Shell,
    token: String,
    name: String,
    role: &'static str,
    council: Option<String>,
    until: String,
    has_second_factor: bool,
    keeps_records: bool,
    sees_reports: bool,
}

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage {
    shell: Shell,
    token: String,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    begun: String,
    seen: String,
    this_one: bool,
}

form!(PlainForm {});
form!(EndForm { session });

/// The first page.
pub(crate) async fn page(engine: &Engine, request: &Request) -> Result<Response, Stopped> {
    let (session, cookie) = session_of(engine, request.headers(), Stage::Whole).await?;
    let token = engine.forgery_token(&cookie)?;
    let page = HomePage {
        shell: Shell::of(&token),
        token,
        name: session.name,
        role: session.actor.role.as_str(),
        council: session.actor.council.clone(),
        until: in_words(session.begun_at + LONGEST),
        has_second_factor: session.actor.second_factor_at.is_some(),
        keeps_records: session.actor.may(Permission::KeepRecords),
        sees_reports: session.actor.may(Permission::SeeReports),
    };
    show(StatusCode::OK, &page)
}

/// One's own sessions.
pub(crate) async fn sessions(engine: &Engine, request: &Request) -> Result<Response, Stopped> {
    let (session, cookie) = session_of(engine, request.headers(), Stage::Whole).await?;
    let token = engine.forgery_token(&cookie)?;
    let this = |id: SessionId| matches!(session.actor.who, Who::Person { session, .. } if session == id);
    let rows = engine.own_sessions(&session.actor).await.map_err(stopped)?.into_iter().map(|row| Row {
        id: row.id.to_string(),
        begun: in_words(row.begun_at),
        seen: in_words(row.seen_at),
        this_one: this(row.id),
    });
    show(StatusCode::OK, &SessionsPage { shell: Shell::of(&token), token, rows: rows.collect() })
}

/// Ends one of one's own sessions. One that has ended already is as it should be.
pub(crate) async fn end_session(engine: &Arc<Engine>, request: Request) -> Result<Response, Stopped> {
    let (form, _, request) = read::<EndForm>(engine, request, SESSION_COOKIE).await?;
    let (session, _) = session_of(engine, request.headers(), Stage::Whole).await?;
    if let Ok(id) = form.session.parse() {
        match engine.end_session(&session.actor, SessionId(id)).await {
            Ok(()) | Err(safespace_engine::EngineError::Refused(_)) => {}
            Err(safespace_engine::EngineError::Fault(fault)) => return Err(fault.into()),
        }
    }
    Ok(to("/sessions"))
}

/// Signs out everywhere.
pub(crate) async fn end_all_sessions(engine: &Arc<Engine>, request: Request) -> Result<Response, Stopped> {
    let (_, _, request) = read::<PlainForm>(engine, request, SESSION_COOKIE).await?;
    let (session, _) = session_of(engine, request.headers(), Stage::Whole).await?;
    engine.end_all_sessions(&session.actor).await.map_err(stopped)?;
    let mut response = to("/sign-in");
    take_cookies(&mut response);
    Ok(response)
}

/// What a page's script must know to ask the API: its token, and until when the session and the second factor are good.
pub(crate) async fn session(engine: &Engine, request: &Request) -> Result<Response, Stopped> {
    let (session, cookie) = session_of(engine, request.headers(), Stage::Whole).await?;
    let fresh = session.actor.second_factor_at.map(|at| at + SECOND_FACTOR_IS_FRESH_FOR);
    let text = serde_json::json!({
        "csrf": engine.forgery_token(&cookie)?,
        "role": session.actor.role.as_str(),
        "signedInUntil": session.ends_at,
        "secondFactorFreshUntil": fresh,
    });
    Ok(Response::builder().content_type("application/json; charset=utf-8").body(text.to_string()))
}

/// An instant as people in the service read it.
fn in_words(at: DateTime<Utc>) -> String {
    in_service_time(at).format("%-d %B %Y, %H:%M").to_string()
}
