//! The demonstration: a made-up service, filled by the engine's own commands from 1 March 2019 to today.
//!
//! It goes through history day by day with a clock of its own, and does what the people of such a service do: somebody
//! calls, a year later homes open, households come, stay, go on and leave, things break. How many are referred and come
//! follows the strategy's table ("551 referrals", "2 to 19 safe spaces", "full 90% of the time"), and every figure it
//! reports is computed from the records it made. Chance is seeded: the same seed gives the same records. Later parts of the service join in as a step of
//! `Service::day`.

mod arrivals;
mod confidential;
mod demand;
mod departures;
mod homes;
mod households;
mod last_days;
mod meetings;
mod moves;
mod outside;
mod packs;
mod people;
mod quota;
mod referrals;
mod report;
mod service;
mod stock;
mod support;
mod tonight;
mod upkeep;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use safespace_domain::{Night, Refusal, clock::service_day, nights::later};
use safespace_store::{Durability, Store};

use crate::{
    Engine, EngineError, Fault, KeyProvider, PasswordCost, StoreError, StoreSettings, World, keys::Vault,
};

pub use people::{DemoPerson, set_up_person};
pub use report::{Filled, Reading, Referred};

/// The first day of all: a year before the homes, from when on households are referred.
pub const BEGINS: Night = date(2019, 3, 1);
/// The first day with homes: when the strategy counts two units.
pub const FIRST_DAY: Night = date(2020, 3, 1);
/// The first night after March to November 2020, the months that the strategy's figures are about.
pub const STRATEGY_ENDS: Night = date(2020, 12, 1);

/// A date that is known to be one.
const fn date(year: i32, month: u32, day: u32) -> Night {
    match Night::from_ymd_opt(year, month, day) {
        Some(date) => date,
        None => Night::MIN,
    }
}

/// Why a demonstration was not made.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// There is something in the database.
    #[error(
        "this database has properties already: a demonstration needs an empty one, so choose another database or \
         move this one away"
    )]
    NotEmpty,
    /// There would be nothing to show.
    #[error("the demonstration begins on {FIRST_DAY}: let it end later than that, not on {0}")]
    TooEarly(Night),
    /// The engine refused what the demonstration holds to be right: one of the two is wrong.
    #[error(
        "the demonstration can't go on: at {at} the engine refused {action}: {refusal} Remove the half-filled \
         database, and report this with the seed"
    )]
    Refused {
        /// What was asked.
        action: &'static str,
        /// When, by the demonstration's clock.
        at: DateTime<Utc>,
        /// The answer.
        refusal: Box<Refusal>,
    },
    /// A failure that is nobody's decision.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl DemoError {
    fn from_engine(action: &'static str, at: DateTime<Utc>) -> impl FnOnce(EngineError) -> Self {
        move |error| match error {
            EngineError::Refused(refusal) => Self::Refused { action, at, refusal: Box::new(refusal) },
            EngineError::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<StoreError> for DemoError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

/// Fills an empty database with a service that was called from [`BEGINS`] on, had homes from [`FIRST_DAY`] on, and looks
/// alive at `until`, and reports on it.
/// The same seed and `until` give the same records. What was filled before a failure stays: begin again with another
/// database.
pub async fn fill(
    settings: &StoreSettings,
    keys: Arc<dyn KeyProvider>,
    until: DateTime<Utc>,
    seed: u64,
) -> Result<Filled, DemoError> {
    if service_day(until) <= FIRST_DAY {
        return Err(DemoError::TooEarly(service_day(until)));
    }
    must_be_empty(settings, &*keys).await?;
    let clock = Arc::new(outside::MovableClock::at(outside::midnight(BEGINS)));
    let ids = Arc::new(outside::SeededIds::new(Arc::clone(&clock), seed));
    let world = || World {
        clock: clock.clone(),
        ids: ids.clone(),
        keys: Arc::clone(&keys),
        passwords: PasswordCost::USUAL,
    };
    // A crash half-way loses nothing that can't be made again, so nothing waits for the disk until the end.
    let hurried = StoreSettings { durability: Durability::Scratch, ..settings.clone() };
    let engine = Engine::open(&hurried, world()).await?;
    let lived = live(&engine, &clock, until, seed).await;
    engine.close().await?;
    lived?;
    // Read again from the file as everybody else will: the figures are those of the records.
    let engine = Engine::open(settings, world()).await?;
    let filled = report::report(&engine).await;
    engine.close().await?;
    filled
}

/// Whether what is in this database began as a demonstration does: its earliest record is of [`BEGINS`], by the
/// demonstration's own clock; or of [`FIRST_DAY`], as when there were no referrals.
pub async fn is_demonstration(engine: &Engine) -> Result<bool, Fault> {
    let begun = engine.store.reader().audit_begins().await?;
    Ok(begun.is_some_and(|at| [BEGINS, FIRST_DAY].contains(&service_day(at))))
}

/// Asks the store, not the engine: opening an engine with a clock in the past would write into a database in use. As
/// everywhere, nothing is touched with a key that is not the database's.
async fn must_be_empty(settings: &StoreSettings, keys: &dyn KeyProvider) -> Result<(), DemoError> {
    let keys = keys.load().map_err(Fault::from)?;
    let store = Store::connect(settings).await?;
    Vault::compare(&store, &keys).await?;
    store.migrate().await?;
    let properties = store.reader().properties().await;
    store.close().await?;
    if properties?.is_empty() { Ok(()) } else { Err(DemoError::NotEmpty) }
}

/// Goes through the days, the last one only up to `until`.
async fn live(
    engine: &Arc<Engine>,
    clock: &Arc<outside::MovableClock>,
    until: DateTime<Utc>,
    seed: u64,
) -> Result<(), DemoError> {
    let last = service_day(until);
    // So far at once, while there is nothing to read: else the calendar is read again every few simulated weeks.
    engine.live.reach(&engine.store, last).await?;
    let mut service = service::Service::new(Arc::clone(engine), Arc::clone(clock), until, seed);
    service.begin().await?;
    let mut day = BEGINS;
    while day <= last {
        service.day(outside::Hours::of(day, until)).await?;
        day = later(day, 1);
    }
    clock.set(until);
    Ok(())
}
