//! People ask the API from their browser with the session that they signed in to. Only from a page of this site, and with
//! its token: what is good for acts that need a second factor must not be sent by anybody else's page.

use std::sync::Arc;

use poem::http::HeaderMap;
use safespace_domain::{access::Actor, sessions::Stage};
use safespace_edge::{SESSION_COOKIE, cookie, is_same_origin};
use safespace_engine::{Engine, Fault};

/// The header in which a page sends its token.
const TOKEN: &str = "x-csrf-token";

/// Who has signed in to the session that the request's cookie names. None where nobody has, or where the request may not
/// come from a page of this site.
pub(crate) async fn signed_in(engine: &Engine, headers: &HeaderMap) -> Result<Option<Arc<Actor>>, Fault> {
    let Some(cookie) = cookie(headers, SESSION_COOKIE) else { return Ok(None) };
    let token = headers.get(TOKEN).and_then(|token| token.to_str().ok()).unwrap_or_default();
    if !is_same_origin(headers) || !engine.is_forgery_token(cookie, token) {
        return Ok(None);
    }
    let session = engine.session(cookie).await?;
    Ok(session.filter(|session| session.stage == Stage::Whole).map(|session| session.actor))
}
