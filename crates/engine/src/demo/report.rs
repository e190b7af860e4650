//! The report: what was made, counted from the records.

use std::{collections::BTreeMap, collections::BTreeSet};

use safespace_domain::{
    Nights, ReferralId, StayId,
    access::Actor,
    clock::service_day,
    nights::{earlier, later, next},
    occupancy::{OccupancyRow, per_cent},
    periods::PeriodKind,
    policies::Policy,
    reasons::ReasonKind,
    referrals::{Referral, ReferralState},
    stays::Stay,
    units::Scheme,
};

use super::{BEGINS, DemoError, FIRST_DAY, STRATEGY_ENDS, date};
use crate::{Engine, Page, ReferralFilter, StayFilter, VoidFilter};

/// So many records are read at once.
const TOGETHER: u64 = 1_000;
/// "The last 90 days".
const RECENT: u32 = 90;

/// What a demonstration holds, counted from its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// Units in stock on the first night, 1 March 2020.
    pub units_at_first: u64,
    /// Units in stock on the last night of November 2020, or on the last night where that is earlier.
    pub units_at_last: u64,
    /// How full the homes were from March to November 2020, as far as the demonstration goes.
    pub strategy: OccupancyRow,
    /// How full they were in the last 90 nights, tonight included.
    pub recent: OccupancyRow,
    /// Households that came, or were to come.
    pub households: u64,
    /// Households that were booked in before December 2020: fewer than were referred.
    pub households_in_strategy: u64,
    /// Stays by status.
    pub stays: BTreeMap<&'static str, u64>,
    /// Stays that continue another one.
    pub moves: u64,
    /// Exceptions that a manager granted.
    pub exceptions: u64,
    /// Voids, cancelled ones left out.
    pub voids: u64,
    /// Referrals.
    pub referrals: Referred,
}

/// Referrals, counted from the records by the day on which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Referred {
    /// All that there are.
    pub all: u64,
    /// From March to November 2019.
    pub year_before: u64,
    /// From March to November 2020.
    pub strategy: u64,
    /// From 1 January to 1 December 2020, that day left out: what the strategy calls cases.
    pub cases: u64,
    /// Those from March to November 2020, by who referred.
    pub by_source: BTreeMap<&'static str, u64>,
    /// Of those, the declined, by what their reasons count as.
    pub declines: BTreeMap<String, u64>,
}

impl Referred {
    /// By how much March to November 2020 had more than the same months of 2019: per cent, two decimals. None when
    /// those had none, or more.
    pub fn growth(&self) -> Option<String> {
        let more = self.strategy.checked_sub(self.year_before)?;
        per_cent(more, self.year_before).map(|share| share.to_string())
    }
}

/// One reading of "full 90% of the time".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Which.
    pub name: &'static str,
    /// What it means.
    pub definition: &'static str,
    /// Per cent, two decimals; none when nothing was available.
    pub per_cent: Option<String>,
}

impl Filled {
    /// Both readings of "our safe spaces have been full 90% of the time", for March to November 2020. The first is the
    /// one that the demonstration is made to come close to; the second is what it then gives.
    pub fn readings(&self) -> [Reading; 2] {
        [
            Reading {
                name: "occupancy rate (first reading)",
                definition: "occupied unit-nights ÷ available unit-nights",
                per_cent: self.strategy.occupancy_rate().map(|rate| rate.to_string()),
            },
            Reading {
                name: "full share (second reading)",
                definition: "nights on which every available unit was occupied ÷ nights",
                per_cent: self.strategy.full_share().map(|share| share.to_string()),
            },
        ]
    }
}

/// Counts.
pub(super) async fn report(engine: &Engine) -> Result<Filled, DemoError> {
    let actor = engine.local();
    let today = engine.today();
    let tomorrow = next(today);
    let end = STRATEGY_ENDS.min(tomorrow);
    let stays = all_stays(engine, &actor).await?;
    let mut by_status = BTreeMap::new();
    for stay in &stays {
        *by_status.entry(stay.status().as_str()).or_default() += 1;
    }
    let until_strategy_ends: Vec<&Stay> =
        stays.iter().filter(|stay| stay.nights.arrival() < STRATEGY_ENDS).collect();
    Ok(Filled {
        units_at_first: row(engine, &actor, Nights::between(FIRST_DAY, later(FIRST_DAY, 1)))
            .await?
            .in_stock_nights,
        units_at_last: row(engine, &actor, Nights::between(earlier(end, 1), end)).await?.in_stock_nights,
        strategy: row(engine, &actor, Nights::between(FIRST_DAY, end)).await?,
        recent: row(engine, &actor, Nights::between(FIRST_DAY.max(earlier(tomorrow, RECENT)), tomorrow))
            .await?,
        households: households(stays.iter()),
        households_in_strategy: households(until_strategy_ends.into_iter()),
        moves: count(stays.iter().filter(|stay| stay.moved_from.is_some())),
        exceptions: exceptions(engine, &actor, &stays).await?,
        voids: voids(engine, &actor).await?,
        referrals: referred(engine, &actor).await?,
        stays: by_status,
    })
}

async fn referred(engine: &Engine, actor: &Actor) -> Result<Referred, DemoError> {
    let spaces = engine.spaces();
    let within =
        |referral: &Referral, from, to| Nights::between(from, to).contains(service_day(referral.received_at));
    let mut found = Referred::default();
    for referral in all_referrals(engine, actor).await? {
        found.all += 1;
        found.year_before += u64::from(within(&referral, BEGINS, date(2019, 12, 1)));
        found.cases += u64::from(within(&referral, date(2020, 1, 1), STRATEGY_ENDS));
        if !within(&referral, FIRST_DAY, STRATEGY_ENDS) {
            continue;
        }
        found.strategy += 1;
        *found.by_source.entry(referral.facts.source.as_str()).or_default() += 1;
        if let ReferralState::Declined { reason, .. } = &referral.state {
            let known = spaces.reason(ReasonKind::Decline, reason, "reason").ok();
            let counts_as = known.and_then(|reason| reason.counts_as.as_ref()).unwrap_or(reason);
            *found.declines.entry(counts_as.clone()).or_default() += 1;
        }
    }
    Ok(found)
}

/// Every referral, oldest first.
pub(super) async fn all_referrals(engine: &Engine, actor: &Actor) -> Result<Vec<Referral>, DemoError> {
    let mut all: Vec<Referral> = Vec::new();
    loop {
        let after: Option<ReferralId> = all.last().map(|referral| referral.id);
        let page = Page { after, limit: TOGETHER };
        let read = engine.referrals(actor, &ReferralFilter::default(), page).await;
        let read = read.map_err(DemoError::from_engine("referrals", engine.clock.now()))?;
        if read.is_empty() {
            return Ok(all);
        }
        all.extend(read.into_iter().map(|view| view.referral));
    }
}

/// The figures of the range as one.
async fn row(engine: &Engine, actor: &Actor, range: Nights) -> Result<OccupancyRow, DemoError> {
    let rows = engine.occupancy(actor, range, PeriodKind::Year, None).await;
    let rows = rows.map_err(DemoError::from_engine("occupancy", engine.clock.now()))?;
    let mut all = OccupancyRow { period: range.to_string(), ..OccupancyRow::default() };
    for row in rows {
        all.in_stock_nights += row.in_stock_nights;
        all.void_nights += row.void_nights;
        all.available_nights += row.available_nights;
        all.occupied_nights += row.occupied_nights;
        all.reserved_nights += row.reserved_nights;
        all.nights += row.nights;
        all.full_nights += row.full_nights;
    }
    Ok(all)
}

/// Every stay, oldest first.
pub(super) async fn all_stays(engine: &Engine, actor: &Actor) -> Result<Vec<Stay>, DemoError> {
    let mut all: Vec<Stay> = Vec::new();
    loop {
        let after: Option<StayId> = all.last().map(|stay| stay.id);
        let page = Page { after, limit: TOGETHER };
        let read = engine.stays(actor, &StayFilter::default(), page).await;
        let read = read.map_err(DemoError::from_engine("stays", engine.clock.now()))?;
        if read.is_empty() {
            return Ok(all);
        }
        all.extend(read);
    }
}

async fn voids(engine: &Engine, actor: &Actor) -> Result<u64, DemoError> {
    let (mut found, mut after) = (0, None);
    loop {
        let page = Page { after, limit: TOGETHER };
        let read = engine.voids(actor, &VoidFilter::default(), page).await;
        let read = read.map_err(DemoError::from_engine("voids", engine.clock.now()))?;
        let Some(last) = read.last() else { return Ok(found) };
        after = Some(last.void.id);
        found += count(read.iter());
    }
}

/// Only a stay over the limit can have one.
async fn exceptions(engine: &Engine, actor: &Actor, stays: &[Stay]) -> Result<u64, DemoError> {
    let spaces = engine.spaces();
    let longest = Policy::default_for(Scheme::SafeSpace).longest_stay_nights;
    let mut found = 0;
    for stay in stays.iter().filter(|stay| stay.planned.len() > longest || stay.moved_from.is_some()) {
        let unit = spaces.unit_by_id(stay.unit).and_then(|unit| spaces.property_of(unit));
        if unit.is_some_and(|property| property.scheme == Scheme::SafeSpace) {
            let granted = engine.exceptions(actor, stay).await;
            found += count(granted.map_err(DemoError::from_engine("exceptions", engine.clock.now()))?.iter());
        }
    }
    Ok(found)
}

fn households<'a>(stays: impl Iterator<Item = &'a Stay>) -> u64 {
    count(stays.map(|stay| stay.household).collect::<BTreeSet<_>>().iter())
}

fn count<T>(of: impl Iterator<Item = T>) -> u64 {
    u64::try_from(of.count()).unwrap_or(u64::MAX)
}
