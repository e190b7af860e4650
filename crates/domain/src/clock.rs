//! Instants and the service's day.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Europe::London;

/// Where the time comes from. A parameter, so that a rule can be tested on any night.
pub trait Clock: Send + Sync {
    /// The instant now, in UTC, to the microsecond (what PostgreSQL keeps).
    fn now(&self) -> DateTime<Utc>;
}

/// The civil date in Europe/London at an instant, whatever the clock changes do.
pub fn service_day(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&London).date_naive()
}

/// The date and time in Europe/London at an instant.
pub fn in_service_time(at: DateTime<Utc>) -> NaiveDateTime {
    at.with_timezone(&London).naive_local()
}

/// The wall-clock time in Europe/London at an instant.
pub fn service_time(at: DateTime<Utc>) -> NaiveTime {
    at.with_timezone(&London).time()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_day_turns_at_midnight_in_london_not_in_utc() {
        assert_eq!(service_day(at("2020-07-01T22:59:59Z")).to_string(), "2020-07-01");
        assert_eq!(service_day(at("2020-07-01T23:00:00Z")).to_string(), "2020-07-02");
        assert_eq!(service_day(at("2020-12-01T23:59:59Z")).to_string(), "2020-12-01");
    }

    #[test]
    fn the_days_of_the_clock_changes_are_whole_days() {
        assert_eq!(service_day(at("2020-03-29T00:59:59Z")).to_string(), "2020-03-29");
        assert_eq!(service_day(at("2020-03-29T23:30:00Z")).to_string(), "2020-03-30");
        assert_eq!(service_day(at("2020-10-25T23:59:59Z")).to_string(), "2020-10-25");
        assert_eq!(service_time(at("2020-10-25T01:30:00Z")).to_string(), "01:30:00");
    }
}
