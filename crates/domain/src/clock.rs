//! Instants and the service's day.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Europe::London;

use crate::refusal::Refusal;

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

/// The instant of a date and time that somebody typed as clocks here show it. Where clocks show it twice, the first; refused
/// where they went over it.
pub fn typed_time(typed: NaiveDateTime, field: &str) -> Result<DateTime<Utc>, Refusal> {
    let instant = at_service_time(typed.date(), typed.time());
    if in_service_time(instant) == typed {
        return Ok(instant);
    }
    Err(Refusal::bad(
        field,
        format!(
            "There was no {} on {}: the clocks went forward by an hour. Give the time as they showed it.",
            typed.format("%H:%M"),
            typed.format("%-d %B %Y")
        ),
    ))
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
    fn a_time_that_clocks_went_over_is_refused_as_it_was_typed() {
        let typed = |text: &str| typed_time(text.parse().unwrap(), "startsAt");
        assert_eq!(typed("2026-03-29T00:59:00").unwrap(), at("2026-03-29T00:59:00Z"));
        assert_eq!(typed("2026-03-29T02:00:00").unwrap(), at("2026-03-29T01:00:00Z"));
        assert_eq!(typed("2026-10-25T01:30:00").unwrap(), at("2026-10-25T00:30:00Z"), "there are two");
        let refused = typed("2026-03-29T01:30:00").unwrap_err();
        assert_eq!(refused.field.as_deref(), Some("startsAt"));
        assert!(refused.message.starts_with("There was no 01:30 on 29 March 2026"), "{}", refused.message);
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
