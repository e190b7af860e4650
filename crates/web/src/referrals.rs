//! Referrals: the list, and the ways to take one and to answer it.

mod answer;
mod call_back;
mod record;
mod steps;
mod taking;

use std::sync::Arc;

use askama::Template;
use chrono::{DateTime, Utc};
use safespace_domain::{
    ReferralId, Refusal,
    access::Permission,
    availability::Spaces,
    needs::{Needs, Risk},
    referrals::{Referral, ReferralStatus},
    units::Scheme,
};
use safespace_engine::{Page as Window, ReferralFilter, ReferralView};

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form, page,
    shell::{Place, Shell},
    visit::Visit,
    words::{self, placing::referrals as said},
};

/// So many referrals stand on one page.
const ON_A_PAGE: u64 = 25;

/// Choices of a field: what stands in it, and what people read.
type Choices = Vec<(String, String)>;

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    use answer::Ending;
    let ending = |ending: Ending| {
        form(
            site,
            move |visit| answer::ending(visit, ending),
            move |visit, fields| answer::end(visit, fields, ending),
        )
    };
    vec![
        ("/referrals", page(site, list)),
        ("/referrals/new", form(site, taking::show, taking::take)),
        ("/referrals/:id", form(site, record::show, answer::assess)),
        ("/referrals/:id/steps/:step", form(site, steps::show, steps::keep)),
        ("/referrals/:id/call-back", form(site, call_back::show, call_back::reveal)),
        ("/referrals/:id/accept", form(site, answer::accepting, answer::accept)),
        ("/referrals/:id/decline", ending(Ending::Decline)),
        ("/referrals/:id/close", ending(Ending::Close)),
        ("/referrals/:id/withdraw", ending(Ending::Withdraw)),
    ]
}

/// What is said in a word or two, with the class of its tag.
struct Tag {
    class: &'static str,
    word: String,
}

impl Tag {
    fn new(class: &'static str, word: impl Into<String>) -> Self {
        Self { class, word: word.into() }
    }
}

/// A referral in the list.
struct Listed {
    path: String,
    reference: String,
    tags: Vec<Tag>,
    about: String,
    came: String,
    /// Whether a home is still to be found.
    waits: bool,
}

#[derive(Template)]
#[template(path = "referrals.html")]
struct ListPage {
    shell: Shell,
    states: Choices,
    fields: Fields,
    rows: Vec<Listed>,
    is_first: bool,
    newest_first: bool,
    first: String,
    more: Option<String>,
}

/// The referrals: those that wait, oldest first, or others, the last first.
async fn list(visit: Visit) -> Answer {
    visit.must(Permission::AnswerReferrals)?;
    let (engine, actor) = (&visit.engine, visit.actor());
    let state = visit.query.get("state");
    let (state, statuses) = chosen(state);
    let filter = ReferralFilter { council: None, statuses };
    let after = visit.query.id("after", ReferralId);
    let window = Window { after, limit: ON_A_PAGE + 1 };
    let newest_first = state != WAITING;
    let mut found = if newest_first {
        engine.latest_referrals(actor, &filter, window).await?
    } else {
        engine.referrals(actor, &filter, window).await?
    };
    let most = usize::try_from(ON_A_PAGE).unwrap_or(usize::MAX);
    let has_more = found.len() > most;
    found.truncate(most);
    let last = found.last().filter(|_| has_more).map(|view| view.referral.id);
    let (now, spaces) = (engine.now(), engine.spaces());
    let page = ListPage {
        shell: visit.shell(Place::Referrals)?,
        states: states(),
        fields: Fields::default().with("state", state),
        rows: found.iter().map(|view| listed(&view.referral, &spaces, now)).collect(),
        is_first: after.is_none(),
        newest_first,
        first: link(state, None),
        more: last.map(|last| link(state, Some(last))),
    };
    visit.show(&page)
}

/// How the list's address calls those that wait.
const WAITING: &str = "waiting";
/// How the list's address calls all.
const EVERY: &str = "all";

/// Which referrals are asked for: what the address says, made good, and what it means.
fn chosen(state: &str) -> (&str, Vec<ReferralStatus>) {
    match state {
        EVERY => (EVERY, Vec::new()),
        state => match state.parse() {
            Ok(status) => (state, vec![status]),
            Err(_) => (WAITING, ReferralStatus::OPEN.into_iter().filter(|status| waits(*status)).collect()),
        },
    }
}

/// Whether somebody has still to answer, or to find a home.
fn waits(status: ReferralStatus) -> bool {
    matches!(status, ReferralStatus::Received | ReferralStatus::Assessing | ReferralStatus::Accepted)
}

fn states() -> Choices {
    let one = |status: ReferralStatus| (status.as_str().to_owned(), capital(words::referral_status(status)));
    let mut states = vec![(WAITING.to_owned(), said::WAITING.to_owned())];
    states.extend(ReferralStatus::ALL.into_iter().map(one));
    states.push((EVERY.to_owned(), said::EVERY.to_owned()));
    states
}

/// The list's own address.
fn link(state: &str, after: Option<ReferralId>) -> String {
    match after {
        None => format!("/referrals?state={state}"),
        Some(after) => format!("/referrals?state={state}&after={after}"),
    }
}

fn listed(referral: &Referral, spaces: &Spaces, now: DateTime<Utc>) -> Listed {
    let facts = &referral.facts;
    Listed {
        path: path(referral.id),
        reference: referral.reference.clone(),
        tags: tags(referral, spaces, now),
        about: said::asked_for(facts),
        came: format!("{}, {}", said::source(facts.source), words::instant(referral.received_at)),
        waits: waits(referral.status()),
    }
}

/// How a referral stands, in a few words: its status, its risk while it waits, and what is due.
fn tags(referral: &Referral, spaces: &Spaces, now: DateTime<Utc>) -> Vec<Tag> {
    let status = referral.status();
    let mut tags = vec![Tag::new("", words::referral_status(status))];
    if !waits(status) {
        return tags;
    }
    let risk = referral.facts.assessment.risk;
    let class = if risk == Some(Risk::High) { "bad" } else { "quiet" };
    tags.push(Tag::new(class, said::risk_tag(risk)));
    let (due, what) = due(referral, spaces);
    let at = words::short_instant(due);
    tags.push(if due < now {
        Tag::new("late", said::late(what, &at))
    } else {
        Tag::new("quiet", said::due(what, &at))
    });
    tags
}

/// What is to be done for a referral that waits, and by when.
fn due(referral: &Referral, spaces: &Spaces) -> (DateTime<Utc>, &'static str) {
    if referral.status() == ReferralStatus::Received {
        return (spaces.standards.response_due(referral.received_at), said::AN_ANSWER);
    }
    let until = spaces.policy(Scheme::SafeSpace).late_arrival_until_hour;
    let due = spaces.standards.placement_due(referral.received_at, referral.facts.arrival, until);
    (due, said::A_HOME)
}

/// The address of a referral's page.
fn path(id: ReferralId) -> String {
    format!("/referrals/{id}")
}

/// The referral that an address names, with what the household needs. To whom it is closed it is not there.
async fn found(visit: &Visit) -> Result<(ReferralView, Needs), Stopped> {
    visit.must(Permission::AnswerReferrals)?;
    let id = visit.id("id", ReferralId)?;
    let view = visit.engine.referral(visit.actor(), id).await?;
    let view = view.ok_or_else(|| Refusal::not_found("referral", "referral"))?;
    let needs = visit.engine.needs(visit.actor(), id).await?;
    Ok((view, needs))
}

/// The same with a capital letter, as a choice stands in a list.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
