//! Next steps: what may come after a stay, in which state each is, and by when.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    ids::{HouseholdId, NextStepId},
    nights::Night,
};

/// How far a next step has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextStepState {
    /// It is being thought about.
    Considered,
    /// It was asked for.
    AppliedFor,
    /// It was offered.
    Offered,
    /// The household will take it.
    Agreed,
    /// It will not come to be.
    Refused,
    /// It has happened.
    Done,
}

impl NextStepState {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Considered, Self::AppliedFor, Self::Offered, Self::Agreed, Self::Refused, Self::Done];

    /// The state's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Considered => "considered",
            Self::AppliedFor => "applied_for",
            Self::Offered => "offered",
            Self::Agreed => "agreed",
            Self::Refused => "refused",
            Self::Done => "done",
        }
    }

    /// Whether the household knows where it goes: a stay that ends without such a step needs somebody's attention.
    pub const fn leads_on(self) -> bool {
        matches!(self, Self::Offered | Self::Agreed | Self::Done)
    }
}

impl fmt::Display for NextStepState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for NextStepState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not the state of a next step"))
    }
}

/// A next step of a household. There is one of each kind at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextStep {
    /// Its id.
    pub id: NextStepId,
    /// Whose it is.
    pub household: HouseholdId,
    /// What: a code of the list of next steps.
    pub kind: String,
    /// How far it has come.
    pub state: NextStepState,
    /// By when it should have happened.
    pub target: Option<Night>,
}
