//! The real clock: the one place that reads it.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use safespace_domain::Clock;

/// The computer's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> DateTime<Utc> {
        let now = DateTime::<Utc>::from(std::time::SystemTime::now());
        now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now)
    }
}
