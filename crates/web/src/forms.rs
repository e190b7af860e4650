//! Forms: read whole, and taken only from a page of this site that carries its token.

use poem::{
    Body, FromRequest, Request, RequestBody,
    http::{HeaderMap, header},
    web::Form,
};
use safespace_domain::sessions::Stage;
use safespace_edge::{SESSION_COOKIE, cookie, is_same_origin};
use safespace_engine::{AskedBy, Engine, SessionView};
use serde::de::DeserializeOwned;

use crate::Stopped;

/// Before anybody has signed in, a form's token belongs to this cookie.
pub(crate) const FORM_COOKIE: &str = "__Host-safespace-form";

/// The largest form, in bytes. The longest field is a password of 128 characters, each of which may take twelve bytes.
const LARGEST: usize = 16 * 1024;

/// A form that carries a token.
pub(crate) trait Carries {
    fn token(&self) -> &str;
}

/// Reads a form whose token belongs to a cookie, and returns the cookie's value with it.
pub(crate) async fn read<T: DeserializeOwned + Carries>(
    engine: &Engine,
    request: Request,
    cookie_name: &str,
) -> Result<(T, String, Request), Stopped> {
    if !is_same_origin(request.headers()) {
        return Err(Stopped::Forged);
    }
    let (request, mut body) = request.split();
    let form = fields::<T>(&request, &mut body).await?;
    let owner = cookie(request.headers(), cookie_name).unwrap_or_default().to_owned();
    if owner.is_empty() || !engine.is_forgery_token(&owner, form.token()) {
        return Err(Stopped::Forged);
    }
    Ok((form, owner, request))
}

/// Reads the fields. Anybody may send a form to sign in with: no more of it is taken than one could be.
async fn fields<T: DeserializeOwned>(request: &Request, body: &mut RequestBody) -> Result<T, Stopped> {
    let whole = body.take().map_err(|_| Stopped::Unreadable)?;
    let whole = whole.into_bytes_limit(LARGEST).await.map_err(|_| Stopped::Unreadable)?;
    let mut whole = RequestBody::new(Body::from(whole));
    let Form(form) = Form::<T>::from_request(request, &mut whole).await.map_err(|_| Stopped::Unreadable)?;
    Ok(form)
}

/// The session that a request's cookie names, and the cookie's value.
pub(crate) async fn session(
    engine: &Engine,
    headers: &HeaderMap,
    stage: Stage,
) -> Result<(SessionView, String), Stopped> {
    let Some(cookie) = cookie(headers, SESSION_COOKIE) else { return Err(Stopped::SignIn) };
    let session =
        engine.session_asked_by(asked_by(headers), cookie).await?.filter(|session| session.stage == stage);
    Ok((session.ok_or(Stopped::SignIn)?, cookie.to_owned()))
}

/// Who asks: a page's script says so where it asks by itself, and so does the browser where it listens for a page.
fn asked_by(headers: &HeaderMap) -> AskedBy {
    let listens = headers.get(header::ACCEPT).is_some_and(|accept| accept == "text/event-stream");
    if listens || headers.contains_key("x-by-itself") { AskedBy::Page } else { AskedBy::Person }
}

/// Declares a form with its token.
macro_rules! form {
    ($name:ident { $($field:ident),* $(,)? }) => {
        #[derive(serde::Deserialize)]
        struct $name {
            #[serde(default)]
            token: String,
            $(#[serde(default)] $field: String,)*
        }

        impl crate::forms::Carries for $name {
            fn token(&self) -> &str {
                &self.token
            }
        }
    };
}
pub(crate) use form;

#[cfg(test)]
mod hostile;
