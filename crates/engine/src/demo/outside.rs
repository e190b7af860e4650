//! The outside world of the demonstration: a clock that is moved, and ids that a seed decides.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use safespace_domain::{Clock, Ids};
use uuid::{Builder, Uuid};

/// A clock that stands where it is put.
pub(super) struct MovedClock(Mutex<DateTime<Utc>>);

impl MovedClock {
    pub(super) fn at(instant: DateTime<Utc>) -> Self {
        Self(Mutex::new(instant))
    }

    pub(super) fn set(&self, instant: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = instant;
    }
}

impl Clock for MovedClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ids of the story's own time, the same for the same seed.
pub(super) struct SeededIds {
    clock: Arc<MovedClock>,
    state: Mutex<(u64, fastrand::Rng)>,
}

impl SeededIds {
    pub(super) fn new(clock: Arc<MovedClock>, seed: u64) -> Self {
        Self { clock, state: Mutex::new((0, fastrand::Rng::with_seed(seed))) }
    }
}

impl Ids for SeededIds {
    fn next(&self) -> Uuid {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, random) = &mut *state;
        *count += 1;
        // The count comes first, so that ids of one instant are in the order in which they were made.
        let mut bytes = [0; 10];
        for (to, from) in bytes.iter_mut().zip(count.to_be_bytes().into_iter().skip(2).chain(random.u32(..).to_be_bytes())) {
            *to = from;
        }
        let millis = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }
}
