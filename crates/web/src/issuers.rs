//! Signing in with an issuer: there, and back.

use std::sync::Arc;

use poem::{Request, http::StatusCode};
use safespace_domain::IssuerId;
use safespace_edge::{cookie, is_same_origin, peer_address};
use safespace_engine::{EngineError, Errand, IssuerAnswer, Returned};

use crate::{
    Answer, Pages, Site, Stopped,
    forms::FORM_COOKIE,
    open,
    set_up::link,
    shell::{to, told},
    sign_in::in_session,
};

/// Where issuers send a browser back to.
pub(crate) const BACK: &str = "/sign-in/back";

/// An issuer that may be chosen.
pub(crate) struct Choice {
    /// Its name.
    pub(crate) name: String,
    /// The page that goes there.
    pub(crate) path: String,
}

/// The issuers that may be chosen, each at its own place below a path.
pub(crate) fn choices(issuers: &[(IssuerId, String)], below: &str) -> Vec<Choice> {
    issuers.iter().map(|(id, name)| Choice { name: name.clone(), path: format!("{below}/{id}") }).collect()
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/sign-in/issuer/:id", open(site, sign_in)),
        ("/set-up/:link/issuer/:id", open(site, set_up)),
        (BACK, open(site, back)),
    ]
}

/// Goes to an issuer to sign in.
async fn sign_in(site: Arc<Site>, request: Request) -> Answer {
    there(&site, &request, Errand::SignIn).await
}

/// Goes to an issuer to have it say from now on who the owner of an account is.
async fn set_up(site: Arc<Site>, request: Request) -> Answer {
    there(&site, &request, Errand::SetUp(link(&request))).await
}

/// Only from a page of this site, which has given the browser a cookie: what comes back must come to the same browser.
async fn there(site: &Site, request: &Request, errand: Errand) -> Answer {
    let browser = cookie(request.headers(), FORM_COOKIE).filter(|_| is_same_origin(request.headers()));
    let Some(browser) = browser else { return Err(Stopped::SignIn) };
    let Some(id) = request.raw_path_param("id").and_then(|id| id.parse().ok()) else {
        return Err(Stopped::Unreadable);
    };
    let gone = site.engine.go_to_issuer(IssuerId(id), errand, browser, &site.back).await;
    gone.map(|url| to(&url)).or_else(refused)
}

#[derive(serde::Deserialize)]
struct FromIssuer {
    #[serde(default)]
    state: String,
    code: Option<String>,
    iss: Option<String>,
}

/// Back from an issuer. It comes from another site, so the cookie and the state show that it was asked for here.
async fn back(site: Arc<Site>, request: Request) -> Answer {
    let FromIssuer { state, code, iss } = request.params::<FromIssuer>().map_err(|_| Stopped::Unreadable)?;
    let browser = cookie(request.headers(), FORM_COOKIE).unwrap_or_default();
    let answer = IssuerAnswer { state, code, iss };
    match site.engine.back_from_issuer(&answer, browser, &site.back, peer_address(&request)).await {
        Ok(Returned::SignedIn(signed_in)) => in_session(&site, request.headers(), &signed_in, "/").await,
        Ok(Returned::Linked(link)) => Ok(to(&format!("/set-up/{link}"))),
        Err(error) => refused(error),
    }
}

fn refused(error: EngineError) -> Answer {
    match error {
        EngineError::Refused(refusal) => {
            Ok(told(StatusCode::UNPROCESSABLE_ENTITY, "You are not signed in", &refusal.message))
        }
        EngineError::Fault(fault) => Err(fault.into()),
    }
}
