//! What happened in a stay: the steps that are on record, with who took them, and what else is known of when it was.

use chrono::{DateTime, NaiveTime, Utc};
use safespace_domain::{
    Night, StayId, UnitId,
    clock::at_service_time,
    departures::{Departure, Support},
    stay_steps::StayStep,
    stays::{Stay, StayState},
};
use safespace_engine::StepTaken;

use super::Found;
use crate::{
    Stopped,
    today::code,
    visit::Visit,
    words::{self, stays as said},
};

/// Something that happened in a stay.
pub(super) struct Moment {
    key: DateTime<Utc>,
    pub(super) at: String,
    pub(super) what: String,
    pub(super) more: Option<String>,
    pub(super) path: Option<String>,
}

impl Moment {
    fn plain(at: DateTime<Utc>, what: String) -> Self {
        Self { key: at, at: words::instant(at), what, more: None, path: None }
    }
}

/// What happened in a stay, in order.
pub(super) async fn timeline(
    visit: &Visit,
    found: &Found,
    departure: Option<&Departure>,
) -> Result<Vec<Moment>, Stopped> {
    let (engine, actor, stay) = (&visit.engine, visit.actor(), &found.stay);
    let steps = engine.stay_steps(actor, stay).await?;
    let mut all = Vec::new();
    for step in &steps {
        all.push(told(visit, found, step).await?);
    }
    if steps.is_empty() {
        all = without_records(visit, found).await?;
    }
    for granted in engine.exceptions(actor, stay).await? {
        let what = said::exception(granted.nights);
        all.push(Moment { more: granted.reason, ..Moment::plain(granted.granted_at, what) });
    }
    if let Some(Support::Ended { at }) = departure.map(|known| known.support) {
        all.push(Moment::plain(at, said::SUPPORT_ENDED.to_owned()));
    }
    all.sort_by_key(|moment| moment.key);
    Ok(all)
}

/// A step that is on record.
async fn told(visit: &Visit, found: &Found, step: &StepTaken) -> Result<Moment, Stopped> {
    let unit = |id: UnitId| code(&found.spaces, id);
    let mut goes_to = None;
    let mut more = None;
    let what = match &step.what {
        StayStep::Booked { nights } => {
            more = Some(format!("{}.", words::nights(*nights)));
            said::BOOKED.to_owned()
        }
        StayStep::MovedHere { from } => {
            goes_to = other(visit, Some(*from)).await?;
            said::moved_from(&goes_to.as_ref().map_or_else(String::new, |stay| unit(stay.unit)))
        }
        StayStep::Arrived { expected } => {
            more = expected.map(said::expected);
            said::ARRIVED.to_owned()
        }
        StayStep::Moved { from, to } => said::moved(&unit(*from), &unit(*to)),
        StayStep::DepartureChanged(change) => said::departure_changed(change),
        StayStep::MovedOn { to } => {
            goes_to = other(visit, Some(*to)).await?;
            said::moved_to(&goes_to.as_ref().map_or_else(String::new, |stay| unit(stay.unit)))
        }
        StayStep::Left { on, planned } => said::left(*on, *planned),
        StayStep::Cancelled => said::CANCELLED.to_owned(),
        StayStep::NoShow => said::NO_SHOW.to_owned(),
        StayStep::TakenBack(status) => said::taken_back(*status).to_owned(),
    };
    let night = match step.what {
        StayStep::Left { on, .. } => on,
        _ => found.stay.nights.arrival(),
    };
    let (key, at) = known(step.at, night);
    let at = match &step.by {
        Some(by) => said::taken_by(&at, by),
        None => at,
    };
    Ok(Moment { key, at, what, more, path: goes_to.as_ref().map(path) })
}

/// What is known of a stay from a file, of which there are no records.
async fn without_records(visit: &Visit, found: &Found) -> Result<Vec<Moment>, Stopped> {
    let (engine, actor, stay) = (&visit.engine, visit.actor(), &found.stay);
    let plain = Moment::plain;
    let mut all = Vec::new();
    match stay.moved_from {
        // It was booked by moving: that is told below.
        Some(_) => {}
        None => all.push(plain(stay.booked_at, said::BOOKED.to_owned())),
    }
    // Before the changes: a move may be one at the same instant.
    if let StayState::InResidence { arrived_at } | StayState::Departed { arrived_at, .. } = stay.state {
        all.push(arrival(visit, found, arrived_at).await?);
    }
    for change in engine.departure_changes(actor, stay).await? {
        all.push(plain(change.at, said::departure_changed(&change)));
    }
    match stay.state {
        StayState::Departed { departed_at, moved_to, .. } => {
            let (key, at) = known(departed_at, stay.nights.departure());
            let other = other(visit, moved_to).await?;
            let what = match &other {
                Some(other) => said::moved_to(&code(&found.spaces, other.unit)),
                None => said::left(stay.nights.departure(), stay.planned.departure()),
            };
            all.push(Moment { key, at, what, more: None, path: other.map(|other| path(&other)) });
        }
        StayState::Cancelled { at } => all.push(ended(at, stay, said::CANCELLED)),
        StayState::NoShow { at } => all.push(ended(at, stay, said::NO_SHOW)),
        StayState::Booked | StayState::InResidence { .. } => {}
    }
    Ok(all)
}

/// How the household came.
async fn arrival(visit: &Visit, found: &Found, at: Option<DateTime<Utc>>) -> Result<Moment, Stopped> {
    let stay = &found.stay;
    let (key, at) = known(at, stay.nights.arrival());
    let other = other(visit, stay.moved_from).await?;
    let is_late = stay.planned.arrival() < stay.nights.arrival();
    Ok(match other {
        Some(other) => Moment {
            key,
            at,
            what: said::moved_from(&code(&found.spaces, other.unit)),
            more: None,
            path: Some(path(&other)),
        },
        None => Moment {
            key,
            at,
            what: said::ARRIVED.to_owned(),
            more: is_late.then(|| said::expected(stay.planned.arrival())),
            path: None,
        },
    })
}

async fn other(visit: &Visit, id: Option<StayId>) -> Result<Option<Stay>, Stopped> {
    match id {
        Some(id) => Ok(visit.engine.stay(visit.actor(), id).await?),
        None => Ok(None),
    }
}

fn path(stay: &Stay) -> String {
    format!("/stays/{}", stay.id)
}

fn ended(at: Option<DateTime<Utc>>, stay: &Stay, what: &str) -> Moment {
    let (key, at) = known(at, stay.planned.arrival());
    Moment { key, at, what: what.to_owned(), more: None, path: None }
}

/// An instant in words; where a file of past records did not say it, the day.
fn known(at: Option<DateTime<Utc>>, night: Night) -> (DateTime<Utc>, String) {
    match at {
        Some(at) => (at, words::instant(at)),
        None => (at_service_time(night, NaiveTime::MIN), said::some_time(night)),
    }
}
