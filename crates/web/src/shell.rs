//! What every page has: its frame, its headers, its cookies.

use askama::Template;
use poem::{
    Response,
    http::{HeaderValue, StatusCode, header},
};
use safespace_domain::Refusal;
use safespace_edge::SESSION_COOKIE;

use crate::{Stopped, forms::FORM_COOKIE, kept::KEPT_COOKIE, words};

/// The cookie that says what was done, for the next page to tell once.
pub(crate) const DONE_COOKIE: &str = "__Host-safespace-done";

/// A page takes its style and scripts from here, asks only here, and takes nothing else from anywhere; its forms go nowhere
/// else, but for the one by which somebody leaves at once: browsers hold a form's redirect to this, too.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                      form-action 'self' https://www.gov.uk; base-uri 'none'; frame-ancestors 'none'";

/// What a page says is wrong.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) message: String,
    /// The field that it is about.
    pub(crate) field: Option<String>,
}

/// A part of the service that its pages belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Today,
    Board,
    Referrals,
    Stock,
    Homes,
    Reports,
    Team,
    Room,
    Account,
}

/// A way to a part of the service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) place: Place,
    pub(crate) path: &'static str,
    pub(crate) label: &'static str,
}

/// What the frame needs of whoever is signed in.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    /// The token that every form of the page carries.
    pub(crate) token: String,
    /// Names the account, without telling it: who types something gets it back, and nobody else.
    pub(crate) whose: String,
    /// The idempotency key of the page's forms.
    pub(crate) once: String,
    pub(crate) place: Place,
    pub(crate) ways: Vec<Way>,
    /// In how many seconds the session ends, if nothing more is asked in it.
    pub(crate) ends_in: i64,
}

/// The frame of a page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shell {
    /// None where nobody is signed in.
    pub(crate) signed_in: Option<SignedIn>,
    /// Whom partner councils telephone, and on which number.
    pub(crate) team: String,
    pub(crate) problems: Vec<Problem>,
    /// What has happened.
    pub(crate) done: Option<&'static str>,
}

impl Shell {
    /// With what a refusal says, at a field of the page.
    pub(crate) fn with(refusal: &Refusal, field: &str) -> Self {
        Self::default().refused(refusal).at(field)
    }

    /// With what a refusal says, at the field that it names.
    #[must_use]
    pub(crate) fn refused(mut self, refusal: &Refusal) -> Self {
        let message = words::with_whole_days(&refusal.message);
        self.problems.push(Problem { message, field: refusal.field.clone() });
        self.done = None;
        self
    }

    /// The last problem is about this field of the page.
    #[must_use]
    pub(crate) fn at(mut self, field: &str) -> Self {
        if let Some(problem) = self.problems.last_mut() {
            problem.field = Some(field.to_owned());
        }
        self
    }

    /// A problem whose field the page does not have is about the page as a whole.
    #[must_use]
    pub(crate) fn at_one_of(mut self, fields: &[&str]) -> Self {
        for problem in &mut self.problems {
            problem.field = problem.field.take().filter(|field| fields.contains(&field.as_str()));
        }
        self
    }

    /// The token that forms carry.
    pub(crate) fn token(&self) -> &str {
        self.signed_in.as_ref().map_or("", |signed_in| signed_in.token.as_str())
    }

    /// What is wrong with a field.
    pub(crate) fn wrong(&self, field: &str) -> Option<&str> {
        let wrong = self.problems.iter().find(|problem| problem.field.as_deref() == Some(field));
        wrong.map(|problem| problem.message.as_str())
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
    let page = Told { shell: Shell::default(), title, message: &words::with_whole_days(message) };
    show(status, &page).unwrap_or_else(|_| Response::builder().status(status).body(message.to_owned()))
}

#[derive(Template)]
#[template(path = "told.html")]
struct Told<'t> {
    shell: Shell,
    title: &'t str,
    message: &'t str,
}

/// Sends the browser to another page of this site, by GET. What it is to say there once, `done=word` at the end of the path,
/// goes by a cookie: a link must not be able to say that something was done, nor may a reload say it again.
pub(crate) fn to(path: &str) -> Response {
    let (path, done) = match path.rsplit_once(['?', '&']) {
        Some((page, last)) => last.strip_prefix("done=").map_or((path, None), |word| (page, Some(word))),
        None => (path, None),
    };
    let mut response =
        Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, path).body(());
    if let Some(word) = done {
        set_cookie(&mut response, DONE_COOKIE, word);
    }
    response
}

/// Hands over a file to be saved. Its name is seen by others: it names nobody.
pub(crate) fn file(name: &str, content_type: &str, bytes: Vec<u8>) -> Response {
    Response::builder()
        .content_type(content_type)
        .header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))
        .header(header::CACHE_CONTROL, "no-store")
        .body(bytes)
}

/// Sets a cookie that browsers send to this host only, over TLS only, and show to no script. It ends with the browser.
pub(crate) fn set_cookie(response: &mut Response, name: &str, value: &str) {
    let line = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax");
    append(response, &line);
}

/// Takes the session's cookie away, and those of forms with it.
pub(crate) fn take_cookies(response: &mut Response) {
    for name in [SESSION_COOKIE, FORM_COOKIE, KEPT_COOKIE, DONE_COOKIE] {
        take_cookie(response, name);
    }
}

/// Takes a cookie away.
pub(crate) fn take_cookie(response: &mut Response, name: &str) {
    append(response, &format!("{name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"));
}

fn append(response: &mut Response, line: &str) {
    if let Ok(value) = HeaderValue::from_str(line) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
