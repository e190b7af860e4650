//! Departures: where a household went, whether that was planned, and whether support goes on.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::StayId,
    refusal::{Refusal, RefusalCode},
};

/// What is known of a household's departure. One per stay that has ended by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    /// The stay that ended.
    pub stay: StayId,
    /// Where the household went: a code of the list of destinations.
    pub destination: String,
    /// Whether it had been planned.
    pub planned: bool,
    /// Support after the departure.
    pub support: Support,
}

/// Support after a departure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "support", rename_all = "snake_case")]
pub enum Support {
    /// Not wanted.
    NotWanted,
    /// It goes on.
    GoesOn,
    /// It went on, and has ended.
    Ended {
        /// When.
        at: DateTime<Utc>,
    },
}

impl Departure {
    /// Support has ended.
    pub fn end_support(self, at: DateTime<Utc>) -> Result<Self, Refusal> {
        match self.support {
            Support::GoesOn => Ok(Self { support: Support::Ended { at }, ..self }),
            Support::NotWanted | Support::Ended { .. } => Err(Refusal::new(
                RefusalCode::WrongState,
                "No support goes on after this stay: there is nothing to end.",
            )
            .on("stay")),
        }
    }
}
