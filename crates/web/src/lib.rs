//! The pages: server-rendered, over the same engine as the API. They decide nothing.
//!
//! They work without JavaScript. Every form carries a token of its session and is taken only from a page of this site;
//! what was done is answered with a redirect, so that going back repeats nothing.

mod accommodation_kinds;
mod account;
mod accounts;
mod allocation;
mod audit;
mod board;
mod bookings;
mod change_password;
mod charts;
mod codes;
mod daily_sheet;
mod districts;
mod exceptions;
mod fields;
mod figures;
mod followed_referrals;
mod forecast;
mod forms;
mod group_offers;
mod holds;
mod households;
mod issuers;
mod kept;
mod localities;
mod meeting_packs;
mod notices;
mod packs;
mod placing;
mod plan;
mod policies;
mod properties;
mod questions;
mod referrals;
mod reports;
mod restrictions;
mod retention;
mod search;
mod set_up;
mod settings;
mod shell;
mod shopping;
mod sign_in;
mod standards;
mod statutory_return;
mod stay_changes;
mod stays;
mod stock;
mod subject_access;
mod support;
mod targets;
mod today;
mod units;
mod visit;
mod voids;
mod what_if;
mod words;

use std::{future::Future, sync::Arc};

use poem::{
    Endpoint, EndpointExt, Request, Response, Route, RouteMethod,
    endpoint::make,
    error::NotFoundError,
    get,
    http::{StatusCode, header},
    post,
};
use safespace_domain::{Refusal, RefusalCode};
use safespace_engine::{Engine, EngineError};

use crate::{fields::Fields, kept::Kept, shell::told, visit::Visit};

pub use subject_access::subject_access_page;

/// The pages, beside what is served already. `public_url` is where browsers find this site: issuers send them back there.
/// `telephone` is the number on which partner councils reach the team, where there is one.
pub fn routes(
    beside: Route,
    engine: &Arc<Engine>,
    public_url: &str,
    telephone: Option<&str>,
) -> impl Endpoint<Output = Response> + use<> {
    let site = Arc::new(Site {
        engine: Arc::clone(engine),
        back: format!("{}{}", public_url.trim_end_matches('/'), issuers::BACK),
        telephone: telephone.map(str::to_owned),
        kept: Kept::default(),
    });
    let beside = all_pages(&site).into_iter().fold(beside, |route, (path, page)| route.at(path, page));
    let all = ASSETS.into_iter().fold(beside, |route, (path, content_type, text)| {
        let asset = move |_: Request| async move {
            Response::builder()
                .content_type(content_type)
                .header(header::CACHE_CONTROL, "max-age=3600")
                .body(text)
        };
        route.at(path, get(make(asset)))
    });
    // Whatever else is asked for is not there, and is told so on a page.
    all.catch_error(|_: NotFoundError| async {
        Stopped::from(Refusal::not_found("page", "address")).answer()
    })
}

/// The addresses of all pages. A part that begins with a colon names a record.
pub fn addresses(engine: &Arc<Engine>) -> Vec<&'static str> {
    let engine = Arc::clone(engine);
    let site = Site { engine, back: String::new(), telephone: None, kept: Kept::default() };
    all_pages(&Arc::new(site)).into_iter().map(|(path, _)| path).collect()
}

fn all_pages(site: &Arc<Site>) -> Pages {
    let all = [
        sign_in::pages,
        issuers::pages,
        set_up::pages,
        account::pages,
        change_password::pages,
        today::pages,
        board::pages,
        meeting_packs::pages,
        subject_access::pages,
        referrals::pages,
        allocation::pages,
        plan::pages,
        bookings::pages,
        holds::pages,
        search::pages,
        stay_changes::pages,
        stays::pages,
        households::pages,
        support::pages,
        group_offers::pages,
        packs::pages,
        stock::pages,
        shopping::pages,
        properties::pages,
        units::pages,
        voids::pages,
        daily_sheet::pages,
        reports::pages,
        figures::pages,
        what_if::pages,
        forecast::pages,
        targets::pages,
        statutory_return::pages,
        exceptions::pages,
        audit::pages,
        accounts::pages,
        settings::pages,
        districts::pages,
        localities::pages,
        codes::pages,
        accommodation_kinds::pages,
        policies::pages,
        standards::pages,
        retention::pages,
        restrictions::pages,
        notices::pages,
        questions::pages,
        followed_referrals::pages,
    ];
    all.into_iter().flat_map(|pages| pages(site)).collect()
}

const ASSETS: [(&str, &str, &str); 5] = [
    (
        "/style.css",
        "text/css; charset=utf-8",
        concat!(
            include_str!("../assets/style.css"),
            include_str!("../assets/board.css"),
            include_str!("../assets/placing.css"),
            include_str!("../assets/stays.css"),
            include_str!("../assets/stock.css"),
            include_str!("../assets/reports.css"),
            include_str!("../assets/team.css"),
            include_str!("../assets/settings.css"),
        ),
    ),
    ("/page.js", "text/javascript; charset=utf-8", include_str!("../assets/page.js")),
    ("/live.js", "text/javascript; charset=utf-8", include_str!("../assets/live.js")),
    ("/today.js", "text/javascript; charset=utf-8", include_str!("../assets/today.js")),
    ("/board.js", "text/javascript; charset=utf-8", include_str!("../assets/board.js")),
];

/// What the pages are about.
pub(crate) struct Site {
    engine: Arc<Engine>,
    /// Where issuers send a browser back to.
    back: String,
    /// On which number partner councils reach the team.
    telephone: Option<String>,
    /// What was typed by people whose session ended.
    kept: Kept,
}

/// Pages with their addresses.
type Pages = Vec<(&'static str, RouteMethod)>;
type Answer = Result<Response, Stopped>;

/// A page for whoever is signed in.
fn page<F, A>(site: &Arc<Site>, show: F) -> RouteMethod
where
    F: Fn(Visit) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    open(site, move |site, request| {
        let show = show.clone();
        async move { show(Visit::page(site, request).await?).await }
    })
}

/// A page with a form, for whoever is signed in. A form is sent to the address of its page.
fn form<F, A, G, B>(site: &Arc<Site>, show: F, take: G) -> RouteMethod
where
    F: Fn(Visit) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
    G: Fn(Visit, Fields) -> B + Clone + Send + Sync + 'static,
    B: Future<Output = Answer> + Send + 'static,
{
    page(site, show).post(taking(site, take))
}

/// A form without a page of its own, for whoever is signed in.
fn action<G, B>(site: &Arc<Site>, take: G) -> RouteMethod
where
    G: Fn(Visit, Fields) -> B + Clone + Send + Sync + 'static,
    B: Future<Output = Answer> + Send + 'static,
{
    post(taking(site, take))
}

fn taking<G, B>(site: &Arc<Site>, take: G) -> impl Endpoint<Output = Response> + 'static
where
    G: Fn(Visit, Fields) -> B + Clone + Send + Sync + 'static,
    B: Future<Output = Answer> + Send + 'static,
{
    endpoint(site, move |site, request| {
        let take = take.clone();
        async move {
            let (visit, fields) = Visit::form(site, request).await?;
            take(visit, fields).await
        }
    })
}

/// A page that nobody need be signed in for.
fn open<F, A>(site: &Arc<Site>, show: F) -> RouteMethod
where
    F: Fn(Arc<Site>, Request) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    get(endpoint(site, show))
}

fn endpoint<F, A>(site: &Arc<Site>, answer: F) -> impl Endpoint<Output = Response> + 'static
where
    F: Fn(Arc<Site>, Request) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    let site = Arc::clone(site);
    make(move |request| {
        let answer = answer(Arc::clone(&site), request);
        async move { answer.await.unwrap_or_else(Stopped::answer) }
    })
}

/// Why a page was not shown, or a form not taken.
#[derive(Debug)]
enum Stopped {
    /// Nobody is signed in here.
    SignIn,
    /// The form may not come from a page of this site.
    Forged,
    /// The form can't be read.
    Unreadable,
    /// The service can't answer now. What happened is in the log.
    Failed,
    /// It is not for them, or not there: the two read the same where they must.
    Refused(Refusal),
    /// Something else is answered instead.
    Answered(Box<Response>),
}

impl Stopped {
    fn answer(self) -> Response {
        match self {
            Self::Answered(response) => *response,
            Self::Refused(refusal) => {
                let (status, title) = match refusal.code {
                    RefusalCode::NotFound => (StatusCode::NOT_FOUND, words::NOT_FOUND),
                    RefusalCode::NotAllowed => (StatusCode::FORBIDDEN, words::NOT_FOR_YOU),
                    _ => (StatusCode::UNPROCESSABLE_ENTITY, words::NOT_DONE),
                };
                told(status, title, &refusal.message)
            }
            Self::SignIn => shell::to("/sign-in"),
            Self::Forged => told(StatusCode::FORBIDDEN, words::NOT_TAKEN, words::NOT_FROM_HERE),
            Self::Unreadable => told(StatusCode::BAD_REQUEST, words::UNREADABLE, words::TRY_AGAIN),
            Self::Failed => told(StatusCode::SERVICE_UNAVAILABLE, words::FAILED, words::TRY_LATER),
        }
    }
}

impl From<safespace_engine::Fault> for Stopped {
    fn from(fault: safespace_engine::Fault) -> Self {
        tracing::error!(%fault, "a page failed");
        Self::Failed
    }
}

impl From<Response> for Stopped {
    fn from(response: Response) -> Self {
        Self::Answered(Box::new(response))
    }
}

impl From<EngineError> for Stopped {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Refused(refusal) => Self::Refused(refusal),
            EngineError::Fault(fault) => fault.into(),
        }
    }
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
