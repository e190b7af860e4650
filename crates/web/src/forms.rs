//! Forms: read whole, and taken only from a page of this site that carries its token.

use poem::{FromRequest, Request, RequestBody, http::HeaderMap, web::Form};
use safespace_domain::sessions::Stage;
use safespace_edge::{SESSION_COOKIE, cookie, is_same_origin};
use safespace_engine::{Engine, SessionView};
use serde::de::DeserializeOwned;

use crate::Stopped;

/// Before anybody has signed in, a form's token belongs to this cookie.
pub(crate) const FORM_COOKIE: &str = "__Host-safespace-form";

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
    let (request, mut body) = request.split();
    let form = fields::<T>(&request, &mut body).await?;
    let owner = cookie(request.headers(), cookie_name).unwrap_or_default().to_owned();
    let comes_from_here = is_same_origin(request.headers());
    if !comes_from_here || owner.is_empty() || !engine.is_forgery_token(&owner, form.token()) {
        return Err(Stopped::Forged);
    }
    Ok((form, owner, request))
}

async fn fields<T: DeserializeOwned>(request: &Request, body: &mut RequestBody) -> Result<T, Stopped> {
    let Form(form) = Form::<T>::from_request(request, body).await.map_err(|_| Stopped::Unreadable)?;
    Ok(form)
}

/// The session that a request's cookie names, and the cookie's value.
pub(crate) async fn session(
    engine: &Engine,
    headers: &HeaderMap,
    stage: Stage,
) -> Result<(SessionView, String), Stopped> {
    let Some(cookie) = cookie(headers, SESSION_COOKIE) else { return Err(Stopped::SignIn) };
    let session = engine.session(cookie).await?.filter(|session| session.stage == stage);
    Ok((session.ok_or(Stopped::SignIn)?, cookie.to_owned()))
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
