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

/// The instant at which it is this time of this day in Europe/London. Where the clocks go over it, the next instant that
/// there is; where they show it twice, the first.
pub fn at_service_time(day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    let local = day.and_time(time);
    let skipped = || (local + chrono::TimeDelta::hours(1)).and_local_timezone(London).earliest();
    let found = local.and_local_timezone(London).earliest().or_else(skipped);
    found.map_or_else(|| local.and_utc(), |instant| instant.with_timezone(&Utc))
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

    #[test]
    fn a_time_of_day_is_an_instant_whatever_the_clocks_do() {
        let instant = |day: &str, time: &str| at_service_time(day.parse().unwrap(), time.parse().unwrap());
        assert_eq!(instant("2020-07-01", "06:00:00"), at("2020-07-01T05:00:00Z"));
        assert_eq!(
            instant("2020-03-29", "01:30:00"),
            at("2020-03-29T01:30:00Z"),
            "there is no 01:30 on that day"
        );
        assert_eq!(instant("2020-10-25", "01:30:00"), at("2020-10-25T00:30:00Z"), "there are two");
    }
}
