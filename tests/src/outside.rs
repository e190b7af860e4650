//! What the outside world owns, in the hands of the story: the time, and where ids come from.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use safespace_domain::{Clock, Ids};
use uuid::Uuid;

/// Gives the HTTP client of stories what it wants before it is made, plain HTTP or not: a provider of TLS.
pub(crate) fn be_ready_for_tls() {
    // It is there already but for the first time.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A clock that stands until it is moved.
#[derive(Debug)]
pub struct MovableClock(Mutex<DateTime<Utc>>);

impl MovableClock {
    /// A clock that stands at this instant, written as `2020-11-03T21:00:00Z`.
    pub fn at(instant: &str) -> Self {
        Self(Mutex::new(parse(instant)))
    }

    /// Moves it to this instant.
    pub fn set(&self, instant: &str) {
        *self.0.lock().unwrap() = parse(instant);
    }

    /// Moves it on.
    pub fn forward(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for MovableClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

fn parse(instant: &str) -> DateTime<Utc> {
    instant.parse().unwrap_or_else(|_| panic!("{instant:?} is not an instant like 2020-11-03T21:00:00Z"))
}

/// Ids that count up: `UUIDv7`s, the same in every run.
#[derive(Debug, Default)]
pub struct CountedIds(AtomicU64);

impl Ids for CountedIds {
    fn next(&self) -> Uuid {
        /// The first of November 2020, in milliseconds.
        const FROM: u64 = 1_604_188_800_000;
        let n = self.0.fetch_add(1, Ordering::Relaxed);
        uuid::Builder::from_unix_timestamp_millis(FROM + n, &[0; 10]).into_uuid()
    }
}
