//! The demonstration: a service that grows and fills as the strategy tells, and then goes on to tonight.
//!
//! Everything is done by the engine's own commands, day by day, with the clock moved along; so the records obey every
//! rule, and the figures are worked out from them. The same seed gives the same records.

mod day;
mod homes;
mod outside;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rust_decimal::Decimal;
use safespace_domain::{
    Night, Nights,
    access::Actor,
    clock::service_day,
    nights::next,
    occupancy::PeriodKind,
};
use safespace_store::{Durability, Settings};

use crate::{Command, Engine, EngineError, Fault, KeyProvider, Outcome, World};
use day::Service;
use outside::{MovedClock, SeededIds};

/// The first day of the story, and the first after the months that the strategy speaks of.
const STORY: (&str, &str) = ("2020-03-01", "2020-12-01");

/// Why the demonstration was not filled.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// There is something in the database.
    #[error("this database has properties already: a demonstration needs an empty one")]
    NotEmpty,
    /// The story has no room.
    #[error("the demonstration tells of March 2020 and later: the clock must stand after 2 March 2020")]
    TooEarly,
    /// The engine refused one of its commands.
    #[error("the demonstration went wrong: {0}")]
    Engine(#[from] EngineError),
    /// The database or the key.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What was filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// Units in stock on the first night of March 2020, and on the last of November 2020.
    pub units: (u64, u64),
    /// Stays that were booked.
    pub stays: u32,
    /// March to November 2020: occupied ÷ available unit-nights, per cent. The first reading of "full 90% of the time".
    pub occupancy_rate: Option<Decimal>,
    /// March to November 2020: full nights ÷ nights, per cent. The second reading.
    pub full_share: Option<Decimal>,
}

impl std::fmt::Display for Filled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let per_cent = |share: Option<Decimal>| share.map_or_else(|| "nothing".to_owned(), |share| format!("{share}%"));
        write!(
            f,
            "{} stays. From March to November 2020 the service grew from {} to {} homes. \"Full 90% of the time\", read \
             as occupied of available unit-nights: {}; read as nights on which every available home was occupied: {}.",
            self.stays,
            self.units.0,
            self.units.1,
            per_cent(self.occupancy_rate),
            per_cent(self.full_share)
        )
    }
}

/// Fills an empty database with the story up to an instant.
pub async fn fill(
    settings: &Settings,
    keys: Arc<dyn KeyProvider>,
    until: DateTime<Utc>,
    seed: u64,
) -> Result<Filled, DemoError> {
    let (first, _) = story();
    let last = service_day(until);
    if last <= next(first) {
        return Err(DemoError::TooEarly);
    }
    let clock = Arc::new(MovedClock::at(at(first, 0)));
    let ids = Arc::new(SeededIds::new(Arc::clone(&clock), seed));
    // Until it is filled, nobody relies on it: a crash means that it is filled afresh.
    let settings = Settings { durability: Durability::Scratch, ..settings.clone() };
    let engine = Engine::open(&settings, World { clock: clock.clone(), ids, keys }).await?;
    if engine.spaces().properties().next().is_some() {
        engine.close().await?;
        return Err(DemoError::NotEmpty);
    }
    let mut service = Service::new(Arc::clone(&engine), Arc::clone(&clock), seed, last);
    service.begin().await?;
    let mut day = first;
    while day <= last {
        service.live(day).await?;
        day = next(day);
    }
    clock.set(until);
    let filled = figures(&engine, service.booked)?;
    engine.close().await?;
    Ok(filled)
}

/// The strategy's figures, worked out from the records.
fn figures(engine: &Arc<Engine>, stays: u32) -> Result<Filled, EngineError> {
    let (first, end) = story();
    let local = engine.local();
    let by = |kind| engine.occupancy(&local, Nights::between(first, end), kind, None);
    let nights = by(PeriodKind::Night)?;
    let units = |row: Option<&safespace_domain::occupancy::OccupancyRow>| row.map_or(0, |row| row.in_stock_nights);
    let mut whole = safespace_domain::occupancy::OccupancyRow::default();
    for row in &nights {
        whole.available_nights += row.available_nights;
        whole.occupied_nights += row.occupied_nights;
        whole.nights += row.nights;
        whole.full_nights += row.full_nights;
    }
    Ok(Filled {
        units: (units(nights.first()), units(nights.last())),
        stays,
        occupancy_rate: whole.occupancy_rate(),
        full_share: whole.full_share(),
    })
}

fn story() -> (Night, Night) {
    let date = |text: &str| text.parse().unwrap_or(NaiveDate::MIN);
    (date(STORY.0), date(STORY.1))
}

/// An hour of a day, by the clock in Greenwich: the story is not about the hour.
fn at(day: Night, hour: u32) -> DateTime<Utc> {
    day.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or(NaiveTime::MIN)).and_utc()
}

/// Gives a command as the service's manager.
async fn give(engine: &Arc<Engine>, actor: &Arc<Actor>, command: Command) -> Result<Outcome, EngineError> {
    engine.run(actor, None, command).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FixedKey;
    use safespace_store::{Page, StayFilter};

    /// Fills a database of its own up to an instant; returns the report and every stay in a line.
    async fn filled(until: &str, seed: u64) -> (Filled, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::new(format!("sqlite:{}", folder.path().join("demo.sqlite").display()));
        let until: DateTime<Utc> = until.parse().unwrap();
        let keys = Arc::new(FixedKey([7; 32]));
        let report = fill(&settings, keys.clone(), until, seed).await.unwrap();
        let clock = Arc::new(MovedClock::at(until));
        let ids = Arc::new(SeededIds::new(Arc::clone(&clock), seed));
        let engine = Engine::open(&settings, World { clock, ids, keys: keys.clone() }).await.unwrap();
        let local = engine.local();
        let page = Page { after: None, limit: 100_000 };
        let stays = engine.stays(&local, &StayFilter::default(), page).await.unwrap();
        let lines = stays.iter().map(|stay| serde_json::to_string(stay).unwrap()).collect();
        let again = fill(&settings, keys, until, seed).await;
        assert!(matches!(again, Err(DemoError::NotEmpty)));
        let attention = engine.attention(&local).await.unwrap();
        let overstays =
            attention.iter().filter(|item| matches!(item.what, safespace_domain::attention::Attention::Overstay { .. }));
        assert_eq!(overstays.count(), 1, "tonight has one overstay");
        let today = engine.today();
        let tonight = engine.occupancy(&local, Nights::between(today, next(today)), PeriodKind::Night, None).unwrap();
        assert_eq!(tonight[0].void_nights, 1, "tonight has one void");
        assert!(tonight[0].reserved_nights >= 1, "tonight has arrivals due");
        (report, lines)
    }

    #[tokio::test]
    async fn the_same_seed_gives_the_same_records_and_another_does_not() {
        let (_, one) = filled("2020-04-20T20:00:00Z", 1).await;
        let (_, same) = filled("2020-04-20T20:00:00Z", 1).await;
        let (_, other) = filled("2020-04-20T20:00:00Z", 2).await;
        assert_eq!(one, same);
        assert_ne!(one, other);
    }

    #[tokio::test]
    async fn the_strategys_figures_come_out_of_the_records() {
        let (report, stays) = filled("2020-12-10T20:00:00Z", 1).await;
        assert_eq!(report.units, (2, 19));
        let rate = report.occupancy_rate.unwrap();
        assert!(rate >= Decimal::new(895, 1) && rate <= Decimal::new(905, 1), "{rate}");
        assert!(report.full_share.is_some_and(|share| share < rate));
        assert_eq!(stays.len(), usize::try_from(report.stays).unwrap() + stays.iter().filter(|stay| !stay.contains("\"moved_from\":null")).count());
    }
}
