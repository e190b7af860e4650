//! Somebody who is signed in looks at a page, or sends a form of it.

use std::sync::Arc;

use askama::Template;
use poem::{
    Body, FromRequest, Request, RequestBody, Response,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    web::Form,
};
use safespace_domain::{
    Refusal, RefusalCode,
    access::{Actor, Permission},
    sessions::Stage,
};
use safespace_edge::{SESSION_COOKIE, cookie, is_same_origin};
use safespace_engine::{Command, Engine, EngineError, Outcome, SessionView};
use uuid::Uuid;

use crate::{
    Site, Stopped,
    fields::Fields,
    kept::KEPT_COOKIE,
    shell::{DONE_COOKIE, Place, Shell, SignedIn, set_cookie, show, take_cookie, to},
    words,
};

/// The field by which a page's script says that a form is to be kept, and not taken.
const KEEP_ONLY: &str = "keepOnly";
/// For how many seconds something that was revealed is shown. The pages say so to their script, too.
const SHOWN_FOR: u32 = 60;

/// The largest form, in bytes. The longest field is a commentary of 20,000 characters, each of which may take twelve bytes.
pub(crate) const LARGEST: usize = 256 * 1024;

/// A page that was asked for, or a form that was sent, by somebody who is signed in.
pub(crate) struct Visit {
    pub(crate) engine: Arc<Engine>,
    pub(crate) site: Arc<Site>,
    pub(crate) session: SessionView,
    /// What the page was asked with.
    pub(crate) query: Fields,
    request: Request,
    token: String,
    whose: String,
    kept: Option<Fields>,
}

impl Visit {
    /// A page that is asked for.
    pub(crate) async fn page(site: Arc<Site>, request: Request) -> Result<Self, Stopped> {
        let (session, secret) = signed_in(&site, request.headers()).await?;
        let mut visit = Self::new(site, request, session, &secret)?;
        visit.kept = visit.take_kept();
        Ok(visit)
    }

    /// A form that is sent. What somebody typed whose session has ended is kept until they have signed in again.
    pub(crate) async fn form(site: Arc<Site>, request: Request) -> Result<(Self, Fields), Stopped> {
        if !is_same_origin(request.headers()) {
            return Err(Stopped::Forged);
        }
        let (request, mut body) = request.split();
        let fields = fields(&request, &mut body).await?;
        let owner = cookie(request.headers(), SESSION_COOKIE).unwrap_or_default().to_owned();
        let genuine = !owner.is_empty() && site.engine.is_forgery_token(&owner, fields.get("token"));
        // A page that nobody was at: whether its session has really ended or not, nothing is carried out.
        if genuine && fields.has(KEEP_ONLY, "yes") {
            return Err(keep(&site, &request, fields)?.into());
        }
        let found = signed_in(&site, request.headers()).await;
        if found.is_err() && genuine {
            return Err(keep(&site, &request, fields)?.into());
        }
        let (session, secret) = found?;
        if !genuine {
            return Err(Stopped::Forged);
        }
        Ok((Self::new(site, request, session, &secret)?, fields))
    }

    fn new(site: Arc<Site>, request: Request, session: SessionView, secret: &str) -> Result<Self, Stopped> {
        let engine = Arc::clone(&site.engine);
        let query = request.params::<Vec<(String, String)>>().unwrap_or_default().into();
        Ok(Self {
            token: engine.forgery_token(secret)?,
            whose: engine.forgery_token(&typed_by(&session.actor))?,
            engine,
            site,
            session,
            query,
            request,
            kept: None,
        })
    }

    /// What this person typed on this page when their session ended; once.
    fn take_kept(&self) -> Option<Fields> {
        let name = cookie(self.request.headers(), KEPT_COOKIE)?;
        let form = self.site.kept.find(name, self.engine.now())?;
        if form.path != self.path() || form.whose != self.whose {
            return None;
        }
        self.site.kept.forget(name);
        Some(form.fields)
    }

    /// What was asked, as it came.
    pub(crate) const fn request(&self) -> &Request {
        &self.request
    }

    /// The secret of the session.
    pub(crate) fn secret(&self) -> &str {
        cookie(self.request.headers(), SESSION_COOKIE).unwrap_or_default()
    }

    /// Who it is.
    pub(crate) const fn actor(&self) -> &Arc<Actor> {
        &self.session.actor
    }

    /// Whether they may do something.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.session.actor.may(permission)
    }

    /// Stops whoever may not.
    pub(crate) fn must(&self, permission: Permission) -> Result<(), Stopped> {
        self.session.actor.must(permission).map_err(Stopped::Refused)
    }

    /// Stops whoever has not given a second factor lately; they come back to this page. Who has none gave none.
    pub(crate) fn must_be_fresh(&self) -> Result<(), Stopped> {
        let given = self.actor().second_factor_at.is_some();
        if given && !self.engine.has_fresh_second_factor(self.actor()) {
            return Err(to(&self.confirm_first()).into());
        }
        Ok(())
    }

    fn confirm_first(&self) -> String {
        let next = serde_urlencoded::to_string([("next", self.path())]).unwrap_or_default();
        format!("/confirm?{next}")
    }

    /// The page's own address, with its query.
    pub(crate) fn path(&self) -> String {
        path_of(&self.request)
    }

    /// A part of the address that names a record.
    pub(crate) fn id<I>(&self, name: &str, of: fn(Uuid) -> I) -> Result<I, Stopped> {
        let id = self.part(name).and_then(|part| part.parse().ok());
        id.map(of).ok_or_else(|| Stopped::Refused(Refusal::not_found("record", name)))
    }

    /// A part of the address.
    pub(crate) fn part(&self, name: &str) -> Option<&str> {
        self.request.raw_path_param(name)
    }

    /// What stands in the form when the page is opened: what was typed when the session ended, or else these.
    pub(crate) fn filled(&self, otherwise: Fields) -> Fields {
        self.kept.clone().unwrap_or(otherwise)
    }

    /// The frame of a page.
    pub(crate) fn shell(&self, place: Place) -> Result<Shell, Stopped> {
        Ok(Shell {
            signed_in: Some(SignedIn {
                token: self.token.clone(),
                whose: self.whose.clone(),
                once: self.engine.form_cookie()?,
                place,
                ways: words::ways(self.actor()),
                ends_in: (self.session.ends_at - self.engine.now()).num_seconds(),
            }),
            team: words::team::on_telephone(self.site.telephone.as_deref()),
            problems: Vec::new(),
            done: match &self.kept {
                Some(_) => Some(words::KEPT),
                None => self.done().and_then(words::done),
            },
        })
    }

    /// The word of what was done before this page, where it has not been told yet.
    fn done(&self) -> Option<&str> {
        cookie(self.request.headers(), DONE_COOKIE)
    }

    /// Shows a page.
    pub(crate) fn show(&self, page: &impl Template) -> Result<Response, Stopped> {
        Ok(self.told(show(StatusCode::OK, page)?))
    }

    /// What was done is told once.
    fn told(&self, mut response: Response) -> Response {
        if self.done().is_some() {
            take_cookie(&mut response, DONE_COOKIE);
        }
        response
    }

    /// Shows a page on which something was revealed. A script hides it after a minute; where there is none, the browser goes
    /// back to the page without it.
    pub(crate) fn show_for_a_minute(&self, page: &impl Template) -> Result<Response, Stopped> {
        let mut response = self.show(page)?;
        let after = format!("{SHOWN_FOR}; url={}", self.path());
        if let Ok(after) = HeaderValue::from_str(&after) {
            response.headers_mut().insert(header::REFRESH, after);
        }
        Ok(response)
    }

    /// Shows a page again whose form was not taken: it says what is wrong.
    pub(crate) fn show_again(&self, page: &impl Template) -> Result<Response, Stopped> {
        Ok(self.told(show(StatusCode::UNPROCESSABLE_ENTITY, page)?))
    }

    /// Carries out what a form asks for: once, however often it is sent. What was refused is for the page to say.
    pub(crate) async fn run(
        &self,
        fields: &Fields,
        command: Command,
    ) -> Result<Result<Outcome, Refusal>, Stopped> {
        let key = fields.text("once");
        self.answered(fields, self.engine.run(self.actor(), key.as_deref(), command).await)
    }

    /// What a command would do, or why it would be refused. Nothing is done.
    pub(crate) async fn rehearse(&self, command: Command) -> Result<Result<Outcome, Refusal>, Stopped> {
        self.answered(&Fields::default(), self.engine.rehearse(self.actor(), command).await)
    }

    /// A refusal is for the page to say, a fault stops it. Who must give a second factor again comes back to what they
    /// typed.
    pub(crate) fn answered<T>(
        &self,
        fields: &Fields,
        answer: Result<T, EngineError>,
    ) -> Result<Result<T, Refusal>, Stopped> {
        match answer {
            Ok(done) => Ok(Ok(done)),
            Err(EngineError::Refused(refusal)) if refusal.code == RefusalCode::SecondFactorNeeded => {
                let mut response = to(&self.confirm_first());
                self.site.keep(&mut response, &self.path(), fields.clone(), &self.whose)?;
                Err(response.into())
            }
            Err(EngineError::Refused(refusal)) => Ok(Err(refusal)),
            Err(EngineError::Fault(fault)) => Err(fault.into()),
        }
    }
}

/// What names an account to the page's forms. It is never shown itself.
fn typed_by(actor: &Actor) -> String {
    format!("typed by {}", actor.who.id())
}

fn path_of(request: &Request) -> String {
    request.original_uri().path_and_query().map_or("/", |path| path.as_str()).to_owned()
}

async fn signed_in(site: &Site, headers: &HeaderMap) -> Result<(SessionView, String), Stopped> {
    crate::forms::session(&site.engine, headers, Stage::Whole).await
}

/// Keeps a form that is not taken, and sends its browser to sign in.
fn keep(site: &Site, request: &Request, fields: Fields) -> Result<Response, Stopped> {
    let mut response = to("/sign-in");
    let whose = fields.get("whose").to_owned();
    site.keep(&mut response, &path_of(request), fields, &whose)?;
    Ok(response)
}

impl Site {
    /// Keeps a form, and gives its browser the cookie by which it is found again.
    pub(crate) fn keep(
        &self,
        response: &mut Response,
        path: &str,
        fields: Fields,
        whose: &str,
    ) -> Result<(), Stopped> {
        let name = self.engine.form_cookie()?;
        self.kept.keep(&name, path, fields, whose, self.engine.now());
        set_cookie(response, KEPT_COOKIE, &name);
        Ok(())
    }

    /// The page on which somebody typed what is kept for them.
    pub(crate) fn kept_page(&self, headers: &HeaderMap, actor: &Actor) -> Option<String> {
        let form = self.kept.find(cookie(headers, KEPT_COOKIE)?, self.engine.now())?;
        let theirs = self.engine.is_forgery_token(&typed_by(actor), &form.whose);
        theirs.then_some(form.path)
    }
}

/// The fields of a form.
async fn fields(request: &Request, body: &mut RequestBody) -> Result<Fields, Stopped> {
    let whole = body.take().map_err(|_| Stopped::Unreadable)?;
    let whole = whole.into_bytes_limit(LARGEST).await.map_err(|_| Stopped::Unreadable)?;
    let mut whole = RequestBody::new(Body::from(whole));
    let Form(pairs) = Form::<Vec<(String, String)>>::from_request(request, &mut whole)
        .await
        .map_err(|_| Stopped::Unreadable)?;
    Ok(pairs.into())
}
