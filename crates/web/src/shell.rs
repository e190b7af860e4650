//! What every page has: its frame, its headers, its cookies.

use askama::Template;
use poem::{
    Response,
    http::{HeaderValue, StatusCode, header},
};
use safespace_domain::Refusal;
use safespace_edge::SESSION_COOKIE;

use crate::{Stopped, forms::FORM_COOKIE};

/// A page takes its style from here and nothing else from anywhere; its forms go nowhere else, but for the one by which
/// somebody leaves at once: browsers hold a form's redirect to this, too.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self' https://www.gov.uk; base-uri 'none'; \
                      frame-ancestors 'none'";

/// What a page says is wrong.
pub(crate) struct Problem {
    pub(crate) message: String,
    /// The field that it is about.
    pub(crate) field: Option<&'static str>,
}

/// The frame of a page.
#[derive(Default)]
pub(crate) struct Shell {
    /// The token for the form by which one leaves; none where nobody is signed in.
    pub(crate) signed_in: Option<String>,
    pub(crate) problem: Option<Problem>,
}

impl Shell {
    /// For somebody who is signed in.
    pub(crate) fn of(token: &str) -> Self {
        Self { signed_in: Some(token.to_owned()), problem: None }
    }

    /// With what a refusal says, at a field of the page.
    pub(crate) fn with(refusal: &Refusal, field: &'static str) -> Self {
        Self {
            problem: Some(Problem { message: refusal.message.clone(), field: Some(field) }),
            signed_in: None,
        }
    }
}

/// Shows a page.
pub(crate) fn show(status: StatusCode, page: &impl Template) -> Result<Response, Stopped> {
    let text = page.render().map_err(|error| {
        tracing::error!(%error, "a page can't be written");
        Stopped::Failed
    })?;
    Ok(Response::builder()
        .status(status)
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::CACHE_CONTROL, "no-store")
        .body(text))
}

/// Says one thing on a page of its own.
pub(crate) fn told(status: StatusCode, title: &str, message: &str) -> Response {
    let page = Told { shell: Shell::default(), title, message };
    show(status, &page).unwrap_or_else(|_| Response::builder().status(status).body(message.to_owned()))
}

#[derive(Template)]
#[template(path = "told.html")]
struct Told<'t> {
    shell: Shell,
    title: &'t str,
    message: &'t str,
}

/// Sends the browser to another page of this site, by GET.
pub(crate) fn to(path: &str) -> Response {
    Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, path).body(())
}

/// Sets a cookie that browsers send to this host only, over TLS only, and show to no script. It ends with the browser.
pub(crate) fn set_cookie(response: &mut Response, name: &str, value: &str) {
    let line = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax");
    append(response, &line);
}

/// Takes the session's cookie away, and the one of forms with it.
pub(crate) fn take_cookies(response: &mut Response) {
    for name in [SESSION_COOKIE, FORM_COOKIE] {
        append(response, &format!("{name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"));
    }
}

fn append(response: &mut Response, line: &str) {
    if let Ok(value) = HeaderValue::from_str(line) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
