//! Throttling of sign-in: after a few failures, each next try must wait, and the wait grows.

use chrono::{DateTime, TimeDelta, Utc};

/// After so long without a try, failures are forgotten.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::days(1);
/// The longest wait.
pub const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(15);

/// How patient it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// So many failures cost nothing.
    pub free: u32,
}

impl Throttle {
    /// For one account: a person mistypes a few times.
    pub const ACCOUNT: Self = Self { free: 3 };
    /// For one address, behind which a whole office may sit.
    pub const ADDRESS: Self = Self { free: 20 };

    /// How long to wait after so many failures in a row: nothing, then a second, twice as long each time, a quarter of
    /// an hour at most.
    pub fn wait_after(self, failures: u32) -> TimeDelta {
        match failures.checked_sub(self.free) {
            None | Some(0) => TimeDelta::zero(),
            Some(over) => TimeDelta::seconds(1 << (over - 1).min(10)).min(LONGEST_WAIT),
        }
    }

    /// Counts a try, before it is known whether it is a failure. None when it comes too early: then nothing is counted,
    /// and nothing is tried.
    pub fn admit(self, so_far: Option<Tries>, now: DateTime<Utc>) -> Option<Tries> {
        let failures = match so_far {
            // A clock that was put back must not shut anybody out for longer than the longest wait.
            Some(tries) if now < tries.next_at && tries.next_at - now <= LONGEST_WAIT => return None,
            Some(tries) if now - tries.last_at < FORGOTTEN_AFTER => tries.failures,
            _ => 0,
        };
        let failures = failures.saturating_add(1);
        Some(Tries { failures, last_at: now, next_at: now + self.wait_after(failures) })
    }
}

/// What is counted for one account or address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// Failures in a row, the tries under way among them.
    pub failures: u32,
    /// When the last try was.
    pub last_at: DateTime<Utc>,
    /// Before then there is no next one.
    pub next_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
    }

    #[test]
    fn the_wait_grows_to_a_quarter_of_an_hour() {
        let waits: Vec<i64> = (0..16).map(|n| Throttle::ACCOUNT.wait_after(n).num_seconds()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert_eq!(Throttle::ACCOUNT.wait_after(u32::MAX), LONGEST_WAIT);
    }

    #[test]
    fn a_try_that_comes_too_early_is_not_admitted_and_counts_nothing() {
        let mut tries = None;
        for second in 0..4 {
            tries = Throttle::ACCOUNT.admit(tries, at(second));
            assert!(tries.is_some());
        }
        assert_eq!(Throttle::ACCOUNT.admit(tries, at(3)), None);
        assert!(Throttle::ACCOUNT.admit(tries, at(4)).is_some());
        let next_day = Throttle::ACCOUNT.admit(tries, at(3) + TimeDelta::days(1)).unwrap();
        assert_eq!(next_day.failures, 1, "failures of yesterday are forgotten");
        assert!(Throttle::ACCOUNT.admit(tries, at(-100_000)).is_some(), "a clock that was put back");
    }

    #[test]
    fn however_fast_somebody_tries_few_are_admitted() {
        let mut tries = None;
        let mut admitted = 0;
        for tenth in 0..10_000 {
            if let Some(next) = Throttle::ACCOUNT.admit(tries, at(0) + TimeDelta::milliseconds(tenth * 100)) {
                tries = Some(next);
                admitted += 1;
            }
        }
        assert!(admitted <= 14, "{admitted} in {} seconds", 1_000);
    }
}
