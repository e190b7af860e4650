//! The pages: server-rendered, over the same engine as the API. They decide nothing.
//!
//! They work without JavaScript. Every form carries a token of its session and is taken only from a page of this site;
//! what was done is answered with a redirect, so that going back repeats nothing.

mod change_password;
mod forms;
mod home;
mod issuers;
mod meeting_packs;
mod set_up;
mod shell;
mod sign_in;
mod subject_access;

use std::sync::Arc;

use poem::{
    IntoResponse, Request, Response, Route,
    endpoint::make,
    http::{Method, StatusCode, header},
};
use safespace_engine::Engine;

use crate::shell::told;

pub use subject_access::subject_access_page;

/// The pages, beside what is served already. `public_url` is where browsers find this site: issuers send them back there.
pub fn routes(beside: Route, engine: &Arc<Engine>, public_url: &str) -> Route {
    let site = Arc::new(Site {
        engine: Arc::clone(engine),
        back: format!("{}{}", public_url.trim_end_matches('/'), issuers::BACK),
    });
    let at = |route: Route, path: &str, page: Page| {
        let site = Arc::clone(&site);
        route.at(
            path,
            make(move |request| {
                let site = Arc::clone(&site);
                async move { page.answer(&site, request).await }
            }),
        )
    };
    let pages = [
        ("/", Page::Home),
        ("/sign-in", Page::SignIn),
        ("/sign-in/code", Page::Code),
        ("/sign-in/issuer/:id", Page::Issuer),
        (issuers::BACK, Page::BackFromIssuer),
        ("/confirm", Page::Confirm),
        ("/sign-out", Page::SignOut),
        ("/quick-exit", Page::QuickExit),
        ("/sessions", Page::Sessions),
        ("/sessions/end", Page::EndSession),
        ("/sessions/end-all", Page::EndAllSessions),
        ("/session", Page::Session),
        (subject_access::PATH, Page::SubjectAccess),
        (meeting_packs::PATH, Page::MeetingPacks),
        (meeting_packs::PACK, Page::MeetingPack),
        (change_password::PATH, Page::ChangePassword),
        (change_password::DONE, Page::PasswordChanged),
        ("/set-up/:link", Page::SetUp),
        ("/set-up/:link/issuer/:id", Page::SetUpIssuer),
        ("/set-up/:link/password", Page::ChoosePassword),
        ("/set-up/:link/second-factor", Page::ConfirmSecondFactor),
    ];
    pages.into_iter().fold(beside, |route, (path, page)| at(route, path, page)).at(
        "/style.css",
        make(|_| async {
            Response::builder()
                .content_type("text/css; charset=utf-8")
                .header(header::CACHE_CONTROL, "max-age=3600")
                .body(include_str!("style.css"))
        }),
    )
}

/// What the pages are about.
struct Site {
    engine: Arc<Engine>,
    /// Where issuers send a browser back to.
    back: String,
}

#[derive(Clone, Copy, Debug)]
enum Page {
    Home,
    SignIn,
    Code,
    Issuer,
    BackFromIssuer,
    SetUpIssuer,
    Confirm,
    SignOut,
    QuickExit,
    Sessions,
    EndSession,
    EndAllSessions,
    Session,
    ChangePassword,
    PasswordChanged,
    SubjectAccess,
    MeetingPacks,
    MeetingPack,
    SetUp,
    ChoosePassword,
    ConfirmSecondFactor,
}

impl Page {
    async fn answer(self, site: &Site, request: Request) -> Response {
        let engine = &site.engine;
        let get = matches!(*request.method(), Method::GET | Method::HEAD);
        let post = request.method() == Method::POST;
        let done = match self {
            Self::Home if get => home::page(engine, &request).await,
            Self::SignIn if get => sign_in::page(engine, &request).await,
            Self::SignIn if post => sign_in::sign_in(engine, request).await,
            Self::Issuer if get => issuers::sign_in(site, &request).await,
            Self::BackFromIssuer if get => issuers::back(site, &request).await,
            Self::SetUpIssuer if get => issuers::set_up(site, &request).await,
            Self::Code if get => sign_in::code_page(engine, &request).await,
            Self::Code if post => sign_in::give_code(engine, request).await,
            Self::Confirm if get => sign_in::confirm_page(engine, &request).await,
            Self::Confirm if post => sign_in::confirm(engine, request).await,
            Self::SignOut if post => sign_in::sign_out(engine, request).await,
            Self::QuickExit if post => sign_in::quick_exit(engine, request).await,
            Self::Sessions if get => home::sessions(engine, &request).await,
            Self::EndSession if post => home::end_session(engine, request).await,
            Self::EndAllSessions if post => home::end_all_sessions(engine, request).await,
            Self::Session if get => home::session(engine, &request).await,
            Self::ChangePassword if get => change_password::page(engine, &request).await,
            Self::ChangePassword if post => change_password::change(engine, request).await,
            Self::PasswordChanged if get => change_password::done(engine, &request).await,
            Self::SubjectAccess if get => subject_access::form_page(engine, &request).await,
            Self::SubjectAccess if post => subject_access::hand_over(engine, request).await,
            Self::MeetingPacks if get => meeting_packs::list(engine, &request).await,
            Self::MeetingPack if get => meeting_packs::pack(engine, &request).await,
            Self::SetUp if get => set_up::page(engine, &request).await,
            Self::ChoosePassword if post => set_up::choose_password(engine, request).await,
            Self::ConfirmSecondFactor if post => set_up::confirm_second_factor(engine, request).await,
            _ => Ok(StatusCode::METHOD_NOT_ALLOWED.into_response()),
        };
        done.unwrap_or_else(|stopped| stopped.answer())
    }
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
}

impl Stopped {
    fn answer(&self) -> Response {
        match self {
            Self::SignIn => shell::to("/sign-in"),
            Self::Forged => told(
                StatusCode::FORBIDDEN,
                "This form was not taken",
                "It did not come from a page of this service, or that page was too old. Nothing was done. Open the page \
                 again, and try once more.",
            ),
            Self::Unreadable => told(
                StatusCode::BAD_REQUEST,
                "This form can’t be read",
                "Nothing was done. Open the page again, and try once more.",
            ),
            Self::Failed => told(
                StatusCode::SERVICE_UNAVAILABLE,
                "The service can’t answer now",
                "Nothing was done. Try again in a moment, and tell whoever runs the service.",
            ),
        }
    }
}

impl From<safespace_engine::Fault> for Stopped {
    fn from(fault: safespace_engine::Fault) -> Self {
        tracing::error!(%fault, "a page failed");
        Self::Failed
    }
}
