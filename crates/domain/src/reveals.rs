//! Revealing an address or personal details: one at a time, and not too many.

use chrono::{DateTime, TimeDelta, Utc};

use crate::refusal::{Refusal, RefusalCode};

/// The most within an hour, by one person.
pub const MOST_AN_HOUR: usize = 5;
/// The most within 24 hours, by one person.
pub const MOST_A_DAY: usize = 20;

/// Refuses one more than a person needs: what is asked for more often is a list, and nobody gets a list.
pub fn must_be_within_quota(earlier: &[DateTime<Utc>], now: DateTime<Utc>) -> Result<(), Refusal> {
    for (most, within, words) in
        [(MOST_AN_HOUR, TimeDelta::hours(1), "an hour"), (MOST_A_DAY, TimeDelta::days(1), "24 hours")]
    {
        // What lies in the future, of a clock that was put back, counts too.
        let recent = earlier.iter().filter(|at| **at > now - within).count();
        if recent >= most {
            return Err(Refusal::new(
                RefusalCode::TooMany,
                format!(
                    "You have had {recent} revealed within {words}, which is the most: wait, or ask a manager."
                ),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_an_hour_and_twenty_a_day() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let ago = |minutes: i64| now - TimeDelta::minutes(minutes);
        let four: Vec<_> = (0..4).map(ago).collect();
        assert!(must_be_within_quota(&four, now).is_ok());
        let five: Vec<_> = (0..5).map(ago).collect();
        assert!(must_be_within_quota(&five, now).is_err());
        assert!(must_be_within_quota(&five, now + TimeDelta::hours(1)).is_ok());
        let day: Vec<_> = (0..20).map(|n| ago(60 + n * 60)).collect();
        assert!(must_be_within_quota(&day, now).is_err());
        assert!(must_be_within_quota(&day, now + TimeDelta::hours(4)).is_ok());
    }
}
