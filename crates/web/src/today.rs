//! Today: what needs doing now, who comes and goes, and what is free tonight.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use safespace_domain::{
    HouseholdId, Night, Nights, UnitId,
    access::Role,
    attention::{Action, Attention},
    availability::Spaces,
    nights::later,
    stays::{Stay, StayStatus, arrival_night},
    units::{Scheme, Unit},
};
use safespace_engine::{AttentionItem, BoardRow, Page as Window, StayFilter};

use crate::{
    Answer, Pages, Site, accounts, form, questions,
    shell::{Place, Shell},
    visit::Visit,
    words::{self, CountsDown, count, day, people, short_day, short_instant},
};

/// So many stays and holds are shown.
const MOST: u64 = 500;
/// So many units are shown as free.
const MOST_UNITS: usize = 1_000;
/// How far it is looked for how long a unit is free.
const AHEAD: u32 = 14;

/// Something to see to.
struct ToDo {
    message: String,
    due: String,
    is_late: bool,
    path: String,
    action: &'static str,
    /// Where whoever referred the household can be called back, where somebody waits for that.
    call_back: Option<String>,
}

/// A household that comes, goes or is there.
struct Guest {
    path: String,
    reference: String,
    unit: String,
    people: String,
    until: String,
}

/// A hold that counts down.
struct Held {
    path: String,
    reference: String,
    unit: String,
    lapses: String,
    left: CountsDown,
}

/// A unit that is free tonight.
struct Free {
    path: String,
    code: String,
    about: String,
    nights: String,
}

#[derive(Template)]
#[template(path = "today.html")]
struct TodayPage {
    shell: Shell,
    today: String,
    to_do: Vec<ToDo>,
    arrivals: Vec<Guest>,
    departures: Vec<Guest>,
    holds: Vec<Held>,
    free: Vec<Free>,
    there: Vec<Guest>,
}

/// The pages. A partner's first page has a form: it asks for room.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/", form(site, first, questions::ask))]
}

/// The first page: what somebody in this role does.
async fn first(visit: Visit) -> Answer {
    match visit.actor().role {
        Role::Officer | Role::Manager => today(visit).await,
        Role::Partner => questions::room(visit).await,
        Role::Administrator => accounts::list(visit).await,
    }
}

async fn today(visit: Visit) -> Answer {
    let (engine, actor) = (&visit.engine, visit.actor());
    let (today, now, spaces) = (engine.today(), engine.now(), engine.spaces());
    let tonight = arrival_night(now, &spaces.policy(Scheme::SafeSpace));
    let items = engine.attention(actor).await?;
    let filter = StayFilter {
        statuses: vec![StayStatus::Booked, StayStatus::InResidence],
        nights: Some(Nights::between(tonight.min(today), later(today, 1))),
        ..StayFilter::default()
    };
    let stays = engine.stays(actor, &filter, Window { after: None, limit: MOST }).await?;
    let holds = engine.holds(actor, None, true, Window { after: None, limit: MOST }).await?;
    let households = stays.iter().map(|stay| stay.household).chain(holds.iter().map(|hold| hold.household));
    let references = references(&visit, households).await?;
    let window = Nights::between(tonight, later(tonight, AHEAD));
    let board = engine.board(actor, window, None, MOST_UNITS).await?;
    let guest = |stay: &&Stay| guest(stay, &references, &spaces);
    let there = |stay: &&Stay| stay.status() == StayStatus::InResidence;
    let page = TodayPage {
        shell: visit.shell(Place::Today)?,
        today: day(today),
        to_do: items.iter().map(|item| to_do(item, &spaces, today, item.due_at < now)).collect(),
        arrivals: stays
            .iter()
            .filter(|stay| stay.status() == StayStatus::Booked && stay.nights.arrival() <= today)
            .map(|stay| guest(&stay))
            .collect(),
        departures: stays
            .iter()
            .filter(|stay| there(stay) && stay.nights.departure() <= later(today, 1))
            .map(|stay| guest(&stay))
            .collect(),
        holds: holds
            .iter()
            .map(|hold| Held {
                path: format!("/holds/{}", hold.id),
                reference: references.get(&hold.household).cloned().unwrap_or_default(),
                unit: code(&spaces, hold.unit),
                lapses: short_instant(hold.lapses_at),
                left: CountsDown::new(hold.lapses_at - now),
            })
            .collect(),
        free: board.rows.iter().filter_map(|row| free(row, &spaces, tonight, window)).collect(),
        there: stays.iter().filter(there).map(|stay| guest(&stay)).collect(),
    };
    visit.show(&page)
}

/// The references of households, as the visitor may see them.
pub(crate) async fn references(
    visit: &Visit,
    households: impl Iterator<Item = HouseholdId>,
) -> Result<BTreeMap<HouseholdId, String>, crate::Stopped> {
    let mut ids: Vec<HouseholdId> = households.collect();
    ids.sort();
    ids.dedup();
    let found = visit.engine.households(visit.actor(), &ids).await?;
    Ok(found.into_iter().map(|household| (household.id, household.reference)).collect())
}

/// A unit's code.
pub(crate) fn code(spaces: &Spaces, unit: UnitId) -> String {
    spaces.unit_by_id(unit).map_or_else(|| "?".to_owned(), |unit| unit.code.clone())
}

/// What is said of a unit in a line: for whom, where.
pub(crate) fn about(spaces: &Spaces, unit: &Unit) -> String {
    let district = spaces.property_of(unit).map_or("", |property| property.district.as_str());
    format!("sleeps {}, {district}", unit.sleeps)
}

fn guest(stay: &Stay, references: &BTreeMap<HouseholdId, String>, spaces: &Spaces) -> Guest {
    Guest {
        path: format!("/stays/{}", stay.id),
        reference: references.get(&stay.household).cloned().unwrap_or_default(),
        unit: code(spaces, stay.unit),
        people: people(stay.people),
        until: short_day(stay.nights.departure()),
    }
}

fn to_do(item: &AttentionItem, spaces: &Spaces, today: Night, is_late: bool) -> ToDo {
    let stay = || item.what.stay().map_or_else(String::new, |stay| format!("/stays/{}", stay.id));
    let referral =
        || item.what.referral().map_or_else(String::new, |referral| format!("/referrals/{}", referral.id));
    let hold = || item.what.hold().map_or_else(String::new, |hold| format!("/holds/{}", hold.id));
    let action = item.what.action();
    let path = match action {
        Action::CheckOut
        | Action::CheckIn
        | Action::Move
        | Action::PlanNextStep
        | Action::OfferSupport
        | Action::SettleNeeds
        | Action::AssignKeyWorker
        | Action::SeeToPack => stay(),
        Action::Answer => referral(),
        Action::Place => format!("{}/place", referral()),
        Action::Confirm => hold(),
        Action::Plan => "/plan".to_owned(),
    };
    ToDo {
        message: words::with_days(&item.message(spaces, today)),
        due: short_instant(item.due_at),
        is_late,
        path,
        action: words::action(action),
        call_back: match &item.what {
            Attention::Unanswered { referral } => Some(format!("/referrals/{}/call-back", referral.id)),
            _ => None,
        },
    }
}

/// A unit that is free tonight, and for how long.
fn free(row: &BoardRow, spaces: &Spaces, tonight: Night, window: Nights) -> Option<Free> {
    let unit = &row.unit;
    let taken = |night: Night| row.uses.iter().any(|used| used.nights.contains(night));
    let is_free = |night: Night| unit.is_in_stock(night) && !taken(night);
    let run = window.iter().take_while(|night| is_free(*night)).count();
    let run = u32::try_from(run).unwrap_or(0);
    (run > 0).then(|| Free {
        path: format!("/book?unit={}&arrival={tonight}", unit.id),
        code: unit.code.clone(),
        about: about(spaces, unit),
        nights: match run {
            AHEAD => words::FREE_LONG.to_owned(),
            run => count(run, "night"),
        },
    })
}
