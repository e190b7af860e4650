//! What the outside world owns, made up: a clock that is moved by hand, and ids that follow from the seed.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Europe::London;
use safespace_domain::{Clock, Ids, Night, nights::next};
use uuid::{Builder, Uuid};

/// Ids and events draw from different streams, so that one more event does not change every id's randomness.
const IDS_STREAM: u64 = 0x1d5;

/// A clock that stands still until it is moved.
pub(super) struct MovableClock(AtomicI64);

impl MovableClock {
    pub(super) fn at(start: DateTime<Utc>) -> Self {
        Self(AtomicI64::new(start.timestamp_micros()))
    }

    /// Moves it to this instant; never back.
    pub(super) fn set(&self, to: DateTime<Utc>) {
        self.0.fetch_max(to.timestamp_micros(), Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap_or(DateTime::<Utc>::MIN_UTC)
    }
}

/// `UUIDv7` from the simulated instant, a counter within it, and seeded bytes.
pub(super) struct SeededIds {
    clock: Arc<MovableClock>,
    drawn: Mutex<Drawn>,
}

struct Drawn {
    rng: fastrand::Rng,
    millis: u64,
    counter: u16,
}

impl SeededIds {
    pub(super) fn new(clock: Arc<MovableClock>, seed: u64) -> Self {
        let rng = fastrand::Rng::with_seed(seed ^ IDS_STREAM);
        Self { clock, drawn: Mutex::new(Drawn { rng, millis: 0, counter: 0 }) }
    }
}

impl Ids for SeededIds {
    fn next(&self) -> Uuid {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let millis = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or(0);
        drawn.counter = if millis == drawn.millis { drawn.counter + 1 } else { 0 };
        drawn.millis = millis;
        // The counter goes before the random bytes, so that later ids are later in order.
        let mut bytes = [0; 10];
        let ordered = drawn.counter.to_be_bytes().into_iter().chain(drawn.rng.u64(..).to_be_bytes());
        bytes.iter_mut().zip(ordered).for_each(|(byte, value)| *byte = value);
        Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }
}

/// The hours of one day. The last day ends early, and its hours are shorter in proportion: whatever the time at which
/// the demonstration ends, that day has had its morning and its evening.
#[derive(Clone, Copy)]
pub(super) struct Hours {
    pub(super) day: Night,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl Hours {
    pub(super) fn of(day: Night, until: DateTime<Utc>) -> Self {
        Self { day, start: midnight(day), end: midnight(next(day)).min(until) }
    }

    /// The instant at this time of the day, to the second.
    pub(super) fn at(&self, hour: i64, minute: i64) -> DateTime<Utc> {
        let seconds = (self.end - self.start).num_seconds() * (hour * 60 + minute) / (24 * 60);
        self.start + TimeDelta::seconds(seconds)
    }
}

/// When the day begins in Europe/London. The clocks change at one, so every midnight is there, once.
pub(super) fn midnight(day: Night) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    midnight.and_local_timezone(London).earliest().map_or_else(|| midnight.and_utc(), |at| at.to_utc())
}
