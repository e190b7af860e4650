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
    /// Nobody said.
    NotSaid,
    /// Not wanted any more, as somebody said.
    NotWanted,
    /// It goes on.
    GoesOn,
    /// It went on, and has ended.
    Ended {
        /// When.
        at: DateTime<Utc>,
    },
}

impl Support {
    /// What is said of it as a household leaves: whether it goes on, or nothing.
    pub const fn said(goes_on: Option<bool>) -> Self {
        match goes_on {
            None => Self::NotSaid,
            Some(false) => Self::NotWanted,
            Some(true) => Self::GoesOn,
        }
    }
}

impl Departure {
    /// Support has ended.
    pub fn end_support(self, at: DateTime<Utc>) -> Result<Self, Refusal> {
        match self.support {
            Support::GoesOn => Ok(Self { support: Support::Ended { at }, ..self }),
            Support::NotSaid | Support::NotWanted | Support::Ended { .. } => Err(Refusal::new(
                RefusalCode::WrongState,
                "No support goes on after this stay: there is nothing to end.",
            )
            .on("stay")),
        }
    }
}
