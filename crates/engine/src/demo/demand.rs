//! Demand: how many households come tonight.
//!
//! The strategy says how full the homes were, not how many knocked. So demand leans, evening by evening, towards a
//! level of occupancy, with chance around it: who comes after quiet nights are more, after busy ones fewer. The level
//! is a cause, never a result: what the service reports is counted from its records.

use chrono::Datelike;
use safespace_domain::{Night, occupancy::OccupancyRow};

use super::STRATEGY_ENDS;

/// "Our safe spaces have been full 90% of the time": parts of a thousand.
const STRATEGY_LEVEL: i64 = 900;
/// The months after it differ from one another.
const LATER_LEVELS: std::ops::RangeInclusive<i64> = 840..=940;
/// How far chance goes either way, in thousandths of a household; its mean makes up for rounding down.
const CHANCE: std::ops::RangeInclusive<i64> = -1_500..=2_500;

/// The level of the months, and the nights since it was set.
pub(super) struct Demand {
    level: i64,
    available: i64,
    occupied: i64,
}

impl Demand {
    pub(super) const fn new() -> Self {
        Self { level: STRATEGY_LEVEL, available: 0, occupied: 0 }
    }

    /// A new month has a level of its own once the strategy's months are over.
    pub(super) fn turn(&mut self, today: Night, rng: &mut fastrand::Rng) {
        if today >= STRATEGY_ENDS && today.day() == 1 {
            *self = Self { level: rng.i64(LATER_LEVELS), available: 0, occupied: 0 };
        }
    }

    /// A night is over: this is how it was.
    pub(super) fn count(&mut self, night: &OccupancyRow) {
        self.available += count(night.available_nights);
        self.occupied += count(night.occupied_nights);
    }

    /// How many more households come tonight, given who is there or expected.
    pub(super) fn tonight(&self, tonight: &OccupancyRow, rng: &mut fastrand::Rng) -> u32 {
        let available = self.available + count(tonight.available_nights);
        let taken = self.occupied + count(tonight.occupied_nights) + count(tonight.reserved_nights);
        let thousandths = self.level * available - 1_000 * taken + rng.i64(CHANCE);
        u32::try_from(thousandths.div_euclid(1_000)).unwrap_or(0)
    }
}

fn count(nights: u64) -> i64 {
    i64::try_from(nights).unwrap_or(i64::MAX)
}
