//! A stay: its timeline, and what is done in it.
//!
//! What is small is one button on the stay's page. What is not has a step of its own (`?do=…`), which says beforehand what
//! will happen.

mod steps;
mod timeline;

use std::{iter, sync::Arc};

use askama::Template;
use safespace_domain::{
    HouseholdId, Night, Refusal, RefusalCode, StayId,
    access::Permission,
    attention::{Action, nights_over},
    availability::Spaces,
    nights::later,
    reasons::ReasonKind,
    referrals::ReferralStatus,
    stays::{Stay, StayState, StayStatus, arrival_night},
};
use safespace_engine::Command;

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form,
    shell::{Place, Shell, to},
    today::{about, code, references},
    visit::Visit,
    words::{self, stays as said},
};
use steps::Step;
use timeline::{Moment, timeline};

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/stays/:id", form(site, show, take))]
}

/// The stay that a page's address names, with what its pages call it.
pub(crate) struct Found {
    pub(crate) stay: Stay,
    /// The household's reference.
    pub(crate) reference: String,
    /// The unit's code.
    pub(crate) unit: String,
    pub(crate) spaces: Arc<Spaces>,
}

impl Found {
    /// The stay's own page, or one beneath it.
    pub(crate) fn path(&self, beneath: &str) -> String {
        format!("/stays/{}{beneath}", self.stay.id)
    }
}

/// The stay that the address of a page names.
pub(crate) async fn find(visit: &Visit) -> Result<Found, Stopped> {
    visit.must(Permission::SeeStays)?;
    let id = visit.id("id", StayId)?;
    let stay = visit.engine.stay(visit.actor(), id).await?;
    let stay = stay.ok_or_else(|| Refusal::not_found("stay", "stay"))?;
    let reference = reference(visit, stay.household).await?;
    let spaces = visit.engine.spaces();
    Ok(Found { reference, unit: code(&spaces, stay.unit), spaces, stay })
}

/// The reference of a household.
pub(crate) async fn reference(visit: &Visit, household: HouseholdId) -> Result<String, Stopped> {
    let mut found = references(visit, iter::once(household)).await?;
    Ok(found.remove(&household).ok_or_else(|| Refusal::not_found("household", "household"))?)
}

/// What people read for a code of one of the lists; the code itself, where it is no longer on it.
pub(crate) fn label(spaces: &Spaces, kind: ReasonKind, code: &str) -> String {
    let found = spaces.reasons.iter().find(|reason| reason.kind == kind && reason.code == code);
    found.map_or_else(|| words::in_plain_words(code), |reason| reason.label.clone())
}

/// What can be chosen of one of the lists.
pub(crate) fn choices(spaces: &Spaces, kind: ReasonKind) -> Vec<(String, String)> {
    let listed = spaces.reasons.iter().filter(|reason| reason.kind == kind);
    listed.map(|reason| (reason.code.clone(), reason.label.clone())).collect()
}

/// The next thing to do.
enum Next {
    /// Check in: at once.
    CheckIn {
        late: Option<String>,
    },
    /// Go on to where it is done.
    Go {
        message: Option<String>,
        path: String,
        label: &'static str,
    },
    /// Nothing, for a reason.
    Wait {
        message: String,
    },
    Nothing,
}

/// The referral by which a household came.
struct CameBy {
    path: String,
    reference: String,
    /// Whether it waits for a home.
    waits: bool,
}

/// Something to see to.
struct ToDo {
    message: String,
    path: String,
    label: &'static str,
}

/// A way to a step.
struct Way {
    path: String,
    label: &'static str,
}

/// The nights that are used of those that are allowed.
struct Used {
    nights: u32,
    allowed: u32,
    /// How far the meter goes, and from where on it is nearly full.
    most: u32,
    nearly: u32,
    line: String,
    said: Vec<String>,
}

/// What is known of how it ended.
struct Left {
    destination: String,
    support: String,
    goes_on: bool,
}

/// What can be chosen to change the stay.
struct Change {
    path: String,
    departure: Night,
    same: String,
    units: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "stay.html")]
struct StayPage {
    shell: Shell,
    path: String,
    reference: String,
    household: String,
    unit: String,
    unit_path: String,
    about: String,
    people: String,
    status: &'static str,
    class: &'static str,
    nights: String,
    review: Option<String>,
    overstay: Option<String>,
    used: Option<Used>,
    next: Next,
    others: Vec<ToDo>,
    ways: Vec<Way>,
    undo: Option<&'static str>,
    referral: Option<CameBy>,
    timeline: Vec<Moment>,
    left: Option<Left>,
    key_worker: String,
    needs: String,
    contact: String,
    pack: &'static str,
    change: Option<Change>,
}

/// The stay, or a step that it was asked for.
async fn show(visit: Visit) -> Answer {
    let found = find(&visit).await?;
    match Step::of(visit.query.get("do")) {
        Some(step) => steps::show(&visit, &found, step).await,
        None => {
            let page = draw(&visit, &found, visit.shell(Place::Board)?).await?;
            visit.show(&page)
        }
    }
}

/// What is done in a stay.
async fn take(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::PlaceHouseholds)?;
    let found = find(&visit).await?;
    let stay = found.stay.id;
    match fields.get("do") {
        "check-in" => at_once(&visit, &fields, &found, Command::CheckIn { stay }, "checked-in").await,
        word => match Step::of(word) {
            Some(step) => steps::take(&visit, &fields, &found, step).await,
            None => Err(Stopped::Unreadable),
        },
    }
}

/// Carries something out that is one button on the page.
async fn at_once(visit: &Visit, fields: &Fields, found: &Found, command: Command, done: &str) -> Answer {
    match visit.run(fields, command).await? {
        Ok(_) => Ok(to(&found.path(&format!("?done={done}")))),
        Err(refusal) => {
            let shell = visit.shell(Place::Board)?.refused(&refusal).at_one_of(&[]);
            visit.show_again(&draw(visit, found, shell).await?)
        }
    }
}

async fn draw(visit: &Visit, found: &Found, shell: Shell) -> Result<StayPage, Stopped> {
    let (engine, actor) = (&visit.engine, visit.actor());
    let Found { stay, reference, unit, spaces } = found;
    let today = engine.today();
    let goes_on = goes_on(stay);
    let length = engine.stay_length(actor, stay).await?;
    let own = stay.so_far(today).len();
    let used = length.map(|length| Used {
        nights: length.used,
        allowed: said::allowed(&length),
        most: said::allowed(&length).max(length.used),
        nearly: said::allowed(&length).saturating_sub(2),
        line: said::used(&length),
        said: said::of_length(&length, own, goes_on),
    });
    let departure = engine.departure(actor, stay).await?;
    let left = departure.as_ref().map(|departure| Left {
        destination: said::departure(
            &label(spaces, ReasonKind::Destination, &departure.destination),
            departure.planned,
        ),
        support: said::support_after(departure.support),
        goes_on: departure.support == safespace_domain::departures::Support::GoesOn,
    });
    let mut to_do = to_do(visit, found).await?;
    let next = next(visit, found, &mut to_do, departure.is_some()).await?;
    let undo = undo(visit, stay).await?;
    let referral = referral(visit, stay).await?;
    let sessions = engine.support_sessions(actor, &[stay.household]).await?;
    let last = sessions.iter().find(|view| view.session.withdrawn_at.is_none());
    let needs = engine.immediate_needs(actor, &[stay.household]).await?;
    let now = engine.now();
    let overdue = needs.iter().filter(|need| need.is_overdue(now)).count();
    let key_workers = engine.key_workers(actor, &[stay.household]).await?;
    let key_worker = key_workers.into_iter().find(|view| view.key_worker.until.is_none());
    let pack = engine.packs_of(actor, &[stay.id]).await?.pop();
    let policy = spaces.unit_by_id(stay.unit).map(|unit| spaces.policy_of(unit));
    Ok(StayPage {
        shell,
        path: found.path(""),
        reference: reference.clone(),
        household: format!("/households/{}", stay.household),
        unit: unit.clone(),
        unit_path: format!("/units/{}", stay.unit),
        about: spaces.unit_by_id(stay.unit).map(|unit| about(spaces, unit)).unwrap_or_default(),
        people: words::people(stay.people),
        status: words::stay_status(stay.status()),
        class: said::status_class(stay.status()),
        nights: words::nights(stay.nights),
        review: policy.and_then(|policy| stay.next_review(&policy, today)).map(words::day),
        overstay: nights_over(stay, today).map(|over| said::overstay(stay.nights.departure(), over)),
        used,
        next,
        others: to_do,
        ways: ways(visit, found, departure.is_some()),
        undo,
        referral,
        timeline: timeline(visit, found, departure.as_ref()).await?,
        left,
        key_worker: key_worker.map_or_else(|| said::NOBODY.to_owned(), |view| view.name),
        needs: said::open_needs(needs.iter().filter(|need| need.is_open()).count(), overdue),
        contact: said::last_contact(last.map(|view| view.session.starts_at)),
        pack: pack.map_or(said::NO_PACK, |view| said::pack(view.pack.status())),
        change: goes_on.then(|| change(found, today)),
    })
}

/// Whether the household is there or still to come.
pub(crate) fn goes_on(stay: &Stay) -> bool {
    matches!(stay.status(), StayStatus::Booked | StayStatus::InResidence)
}

/// What undoing takes back; none where it can't be taken back, or moving back is the way.
async fn undo(visit: &Visit, stay: &Stay) -> Result<Option<&'static str>, Stopped> {
    if !visit.may(Permission::PlaceHouseholds) {
        return Ok(None);
    }
    let can = visit.rehearse(Command::ReinstateStay { stay: stay.id }).await?.is_ok();
    Ok(said::undo(&stay.state).filter(|_| can))
}

/// The referral by which the household came last, and whether it waits for a home.
async fn referral(visit: &Visit, stay: &Stay) -> Result<Option<CameBy>, Stopped> {
    if !visit.may(Permission::AnswerReferrals) {
        return Ok(None);
    }
    let all = visit.engine.referrals_of(visit.actor(), stay.household).await?;
    Ok(all.last().map(|view| CameBy {
        path: format!("/referrals/{}", view.referral.id),
        reference: view.referral.reference.clone(),
        waits: view.referral.status() == ReferralStatus::Accepted,
    }))
}

/// What must be seen to in this stay, what is due first at the top.
async fn to_do(visit: &Visit, found: &Found) -> Result<Vec<ToDo>, Stopped> {
    let today = visit.engine.today();
    let items = visit.engine.attention(visit.actor()).await?;
    let own = items.iter().filter(|item| item.what.stay().is_some_and(|stay| stay.id == found.stay.id));
    let to_do = own.map(|item| {
        let action = item.what.action();
        ToDo {
            message: words::with_days(&item.message(&found.spaces, today)),
            path: found.path(way(action)),
            label: words::action(action),
        }
    });
    Ok(to_do.collect())
}

/// Where something is seen to, beneath the stay's page.
const fn way(action: Action) -> &'static str {
    match action {
        Action::CheckOut => "?do=check-out",
        Action::Move => "/change",
        Action::PlanNextStep => "/support/next-step",
        Action::OfferSupport => "/support/session",
        Action::SettleNeeds => "/support#needs",
        Action::AssignKeyWorker => "/support#key-worker",
        Action::SeeToPack => "/pack",
        Action::CheckIn | Action::Answer | Action::Confirm | Action::Place | Action::Plan => "",
    }
}

/// The one thing to do next. What is taken from the list of what must be seen to is no longer on it.
async fn next(visit: &Visit, found: &Found, to_do: &mut Vec<ToDo>, is_known: bool) -> Result<Next, Stopped> {
    let (stay, now, today) = (&found.stay, visit.engine.now(), visit.engine.today());
    let go = |beneath: &str, label| Next::Go { message: None, path: found.path(beneath), label };
    let policy = found.spaces.unit_by_id(stay.unit).map(|unit| found.spaces.policy_of(unit));
    if let (StayStatus::Booked, Some(policy)) = (stay.status(), policy) {
        // That it has not come is told by the button to check it in.
        to_do.retain(|item| item.label != words::action(Action::CheckIn));
        if let Err(refusal) = stay.clone().arrive(now, &policy) {
            return Ok(Next::Wait { message: words::with_days(&refusal.message) });
        }
        if visit.may(Permission::PlaceHouseholds)
            && let Err(refusal) = visit.rehearse(Command::CheckIn { stay: stay.id }).await?
        {
            let message = words::with_days(&refusal.message);
            // Somebody who has not left is in the way.
            if refusal.code != RefusalCode::Taken {
                return Ok(Next::Wait { message });
            }
            let label = words::action(Action::Move);
            to_do.retain(|item| item.label != label);
            return Ok(Next::Go { message: Some(message), path: found.path("/change"), label });
        }
        let late = stay.nights.arrival() < arrival_night(now, &policy);
        return Ok(Next::CheckIn { late: late.then(|| said::expected(stay.nights.arrival())) });
    }
    let leaves = stay.status() == StayStatus::InResidence && stay.nights.departure() <= today;
    let is_over = stay.status() == StayStatus::Departed;
    if !to_do.is_empty() && !is_over && (!leaves || stay.is_overstay(today)) {
        let first = to_do.remove(0);
        // That the household has overstayed is said above already.
        let message = (!stay.is_overstay(today)).then_some(first.message);
        let label = if message.is_none() { said::CHECK_OUT } else { first.label };
        return Ok(Next::Go { message, path: first.path, label });
    }
    Ok(match stay.status() {
        StayStatus::InResidence if leaves => go("?do=check-out", said::CHECK_OUT),
        StayStatus::InResidence => go("/support/session", said::RECORD_SUPPORT),
        StayStatus::Departed if !is_known && !was_moved(stay) => {
            go("?do=record-departure", said::RECORD_DEPARTURE)
        }
        StayStatus::Cancelled | StayStatus::NoShow => match referral(visit, stay).await? {
            Some(referral) if referral.waits => Next::Go {
                message: Some(said::WAITS_AGAIN.to_owned()),
                path: format!("{}/place", referral.path),
                label: said::FIND_A_HOME,
            },
            _ => Next::Nothing,
        },
        _ => Next::Nothing,
    })
}

/// Whether it ended by a move to another home.
const fn was_moved(stay: &Stay) -> bool {
    matches!(stay.state, StayState::Departed { moved_to: Some(_), .. })
}

/// What else can be done, each in a step of its own.
fn ways(visit: &Visit, found: &Found, is_known: bool) -> Vec<Way> {
    let way = |step: Step, label| Way { path: found.path(&format!("?do={}", step.as_str())), label };
    let stay = &found.stay;
    let mut ways = match stay.status() {
        StayStatus::Booked if stay.nights.arrival() <= visit.engine.today() => {
            vec![way(Step::NoShow, said::MARK_NO_SHOW), way(Step::Cancel, said::CANCEL_BOOKING)]
        }
        StayStatus::Booked => vec![way(Step::Cancel, said::CANCEL_BOOKING)],
        // It is the next thing to do already.
        StayStatus::InResidence if stay.nights.departure() <= visit.engine.today() => Vec::new(),
        StayStatus::InResidence => vec![way(Step::CheckOut, said::CHECK_OUT)],
        // What is not written down yet is the next thing to do.
        StayStatus::Departed if is_known && !was_moved(stay) => {
            vec![way(Step::RecordDeparture, said::CHANGE_DEPARTURE)]
        }
        _ => Vec::new(),
    };
    if goes_on(stay) {
        ways.push(Way { path: "#change".to_owned(), label: said::CHANGE });
    }
    ways
}

/// What can be chosen to extend, shorten or move it.
fn change(found: &Found, today: Night) -> Change {
    let Found { stay, spaces, unit, .. } = found;
    let mut in_stock: Vec<_> = spaces
        .units()
        .iter()
        .filter(|other| {
            other.id != stay.unit
                && stay.nights.iter().next_back().is_some_and(|last| other.is_in_stock(last))
        })
        .collect();
    in_stock.sort_by(|a, b| a.code.cmp(&b.code));
    // A day that is over is nothing to extend an overstay to.
    let departure = if stay.is_overstay(today) { later(today, 1) } else { stay.nights.departure() };
    let choice = |other: &safespace_domain::units::Unit| {
        (other.id.to_string(), format!("{}: {}", other.code, about(spaces, other)))
    };
    Change {
        path: found.path("/change"),
        departure,
        same: said::same_home(unit),
        units: in_stock.into_iter().map(choice).collect(),
    }
}
