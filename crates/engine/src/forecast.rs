//! How many homes will be free: the records that a forecast looks at, as the actor sees them.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use safespace_domain::{
    Night, Nights, Refusal, StayId, VoidId,
    access::{Actor, Permission},
    availability::Spaces,
    clock::at_service_time,
    departure_changes::DepartureChange,
    forecast::{self, Forecast, MOST_NIGHTS, Outage, Place, Record, Records},
    holds::HoldStatus,
    nights::{END_OF_NIGHTS, earlier, later},
    stays::Stay,
    units::Unit,
};
use safespace_store::{Page, StayFilter, VoidFilter};

use crate::{Engine, EngineError};

/// So many records are read at once.
const TOGETHER: u64 = 5_000;

impl Engine {
    /// Expected free units on so many nights (1 to 28), tonight the first, by scheme and all together, with how often the
    /// range of earlier forecasts held. Cases that are closed to the actor are voids in it, as they are everywhere.
    pub async fn forecast(&self, actor: &Actor, nights: u32) -> Result<Forecast, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        if !(1..=MOST_NIGHTS).contains(&nights) {
            return Err(Refusal::bad("nights", format!("The nights must be 1 to {MOST_NIGHTS}.")).into());
        }
        let now = self.clock.now();
        let records = self.forecast_records(actor, now).await?;
        self.workshop.work_out(move || forecast::forecast(&records, now, nights)).await
    }

    async fn forecast_records(&self, actor: &Actor, now: DateTime<Utc>) -> Result<Records, EngineError> {
        let today = self.today();
        let span = Nights::between(earlier(today, forecast::days_needed()), END_OF_NIGHTS);
        let since = at_service_time(span.arrival(), NaiveTime::MIN);
        let closed = self.closed_to(actor).await?;
        let spaces = self.spaces();
        let mut changes: BTreeMap<StayId, Vec<DepartureChange>> = BTreeMap::new();
        for change in self.store.reader().departure_changes_made(since..now + TimeDelta::days(1)).await? {
            changes.entry(change.stay).or_default().push(change);
        }
        let mut records = Records {
            places: spaces.units().iter().map(|unit| place(&spaces, unit)).collect(),
            ..Records::default()
        };
        for stay in self.stays_since(span, today).await? {
            let Some(no) = spaces.no(stay.unit) else { continue };
            if closed.hides(stay.household) {
                let turnaround = records.places.get(no).map_or(0, |place| place.turnaround_nights);
                records.outages.extend(disguised(&stay, no, turnaround, today));
            } else {
                let changes = changes.remove(&stay.id).unwrap_or_default();
                records.stays.push(Record { stay, place: no, changes });
            }
        }
        for hold in self.store.reader().holds_made_since(since).await? {
            let Some(no) = spaces.no(hold.unit) else { continue };
            if !closed.hides(hold.household) {
                records.holds.push((no, hold));
            } else if hold.status(now) == HoldStatus::Active {
                records.outages.push(Outage { place: no, nights: hold.nights, since: hold.made_at });
            }
        }
        records.outages.extend(self.outages(&spaces, span).await?);
        Ok(records)
    }

    /// All stays with a night in the span, whatever became of them.
    async fn stays_since(&self, span: Nights, today: Night) -> Result<Vec<Stay>, EngineError> {
        let filter = StayFilter { nights: Some(span), tonight: Some(today), ..StayFilter::default() };
        let mut all: Vec<Stay> = Vec::new();
        loop {
            let page = Page { after: all.last().map(|stay| stay.id), limit: TOGETHER };
            let read = self.store.reader().stays(&filter, page).await?;
            let is_last = (read.len() as u64) < TOGETHER;
            all.extend(read);
            if is_last {
                return Ok(all);
            }
        }
    }

    async fn outages(&self, spaces: &Spaces, span: Nights) -> Result<Vec<Outage>, EngineError> {
        let filter = VoidFilter { nights: Some(span), ..VoidFilter::default() };
        let (mut all, mut after): (_, Option<VoidId>) = (Vec::new(), None);
        loop {
            let read = self.store.reader().voids(&filter, Page { after, limit: TOGETHER }).await?;
            let Some(last) = read.last() else { return Ok(all) };
            after = Some(last.void.id);
            all.extend(read.iter().filter_map(|stored| {
                let place = spaces.no(stored.void.unit)?;
                Some(Outage { place, nights: stored.void.nights, since: made_at(stored.void.id) })
            }));
        }
    }
}

fn place(spaces: &Spaces, unit: &Unit) -> Place {
    let policy = spaces.policy_of(unit);
    Place {
        scheme: policy.scheme,
        turnaround_nights: policy.turnaround_nights,
        in_service: unit.in_service.clone(),
    }
}

/// A closed stay as a void: on the nights that it takes.
fn disguised(stay: &Stay, place: usize, turnaround: u32, today: Night) -> Option<Outage> {
    let kept = stay.kept(today);
    let ready = if stay.is_overstay(today) { 0 } else { turnaround };
    let nights = Nights::between(kept.arrival(), later(kept.departure(), ready));
    stay.status().takes_nights().then_some(Outage { place, nights, since: stay.booked_at })
}

/// When a void was recorded: its id says so. Long ago, where it does not.
fn made_at(id: VoidId) -> DateTime<Utc> {
    let seconds = id.0.get_timestamp().and_then(|timestamp| i64::try_from(timestamp.to_unix().0).ok());
    seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0)).unwrap_or(DateTime::<Utc>::MIN_UTC)
}
