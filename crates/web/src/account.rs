//! One's own account: who one is, and where else one is signed in.

use std::sync::Arc;

use askama::Template;
use poem::Response;
use safespace_domain::{
    SessionId,
    access::{Permission, SECOND_FACTOR_IS_FRESH_FOR, Who},
    sessions::LONGEST,
};
use safespace_engine::EngineError;

use crate::{
    Answer, Pages, Site, Stopped, action,
    fields::Fields,
    page,
    shell::{Place, Shell, take_cookies, to},
    visit::Visit,
    words::{self, instant},
};

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    shell: Shell,
    name: String,
    role: &'static str,
    council: Option<String>,
    until: String,
    has_second_factor: bool,
    keeps_records: bool,
}

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage {
    shell: Shell,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    begun: String,
    seen: String,
    this_one: bool,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/account", page(site, account)),
        ("/sessions", page(site, sessions)),
        ("/sessions/end", action(site, end_session)),
        ("/sessions/end-all", action(site, end_all_sessions)),
        ("/session", page(site, session)),
    ]
}

/// Who one is.
pub(crate) async fn account(visit: Visit) -> Answer {
    let actor = visit.actor();
    visit.show(&AccountPage {
        shell: visit.shell(Place::Account)?,
        name: visit.session.name.clone(),
        role: words::role(actor.role),
        council: actor.council.clone(),
        until: instant(visit.session.begun_at + LONGEST),
        has_second_factor: actor.second_factor_at.is_some(),
        keeps_records: actor.may(Permission::KeepRecords),
    })
}

/// One's own sessions.
async fn sessions(visit: Visit) -> Answer {
    let this = |id: SessionId| matches!(visit.actor().who, Who::Person { session, .. } if session == id);
    let rows = visit.engine.own_sessions(visit.actor()).await?.into_iter().map(|row| Row {
        id: row.id.to_string(),
        begun: instant(row.begun_at),
        seen: instant(row.seen_at),
        this_one: this(row.id),
    });
    visit.show(&SessionsPage { shell: visit.shell(Place::Account)?, rows: rows.collect() })
}

/// Ends one of one's own sessions. One that has ended already is as it should be.
async fn end_session(visit: Visit, fields: Fields) -> Answer {
    if let Some(id) = fields.id("session", SessionId) {
        match visit.engine.end_session(visit.actor(), id).await {
            Ok(()) | Err(EngineError::Refused(_)) => {}
            Err(EngineError::Fault(fault)) => return Err(fault.into()),
        }
    }
    Ok(to("/sessions"))
}

/// Signs out everywhere.
async fn end_all_sessions(visit: Visit, _: Fields) -> Answer {
    visit.engine.end_all_sessions(visit.actor()).await?;
    let mut response = to("/sign-in");
    take_cookies(&mut response);
    Ok(response)
}

/// What a page's script must know to ask the API: its token, and until when the session and the second factor are good.
async fn session(visit: Visit) -> Answer {
    let fresh = visit.actor().second_factor_at.map(|at| at + SECOND_FACTOR_IS_FRESH_FOR);
    let text = serde_json::json!({
        "csrf": visit.shell(Place::Account)?.token(),
        "role": visit.actor().role.as_str(),
        "signedInUntil": visit.session.ends_at,
        "endsIn": (visit.session.ends_at - visit.engine.now()).num_seconds(),
        "secondFactorFreshUntil": fresh,
    });
    Ok::<Response, Stopped>(
        Response::builder().content_type("application/json; charset=utf-8").body(text.to_string()),
    )
}
