//! Refusals: ordinary answers that say what is wrong and what to do. A fault is something else (an error).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::nights::Nights;

/// What kind of refusal it is. Stable: programs branch on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefusalCode {
    /// A value is impossible or beyond a limit; `field` says which.
    BadValue,
    /// No such record, or none that you may see.
    NotFound,
    /// Your role may not do this.
    NotAllowed,
    /// The code is in use already.
    CodeInUse,
    /// The unit is not free on some of the nights.
    Taken,
    /// The household is in another unit on some of the nights.
    HouseholdElsewhere,
    /// Over the longest stay that the scheme's policy allows.
    LongestStay,
    /// The unit is out of service on some of the nights.
    OutOfService,
    /// The unit sleeps fewer people than the household has.
    TooSmall,
    /// The unit lacks what was asked for, or is where it should not be.
    Unsuitable,
    /// The record is in a state in which this can't be done.
    WrongState,
    /// Too early or too late for this.
    WrongTime,
    /// Something stands in the way of closing.
    StandsInTheWay,
    /// The idempotency key was used with another payload.
    KeyReused,
    /// Somebody else changed the record meanwhile: look again, then decide.
    Changed,
    /// Nothing fits.
    NoneFree,
    /// The second factor must be given again first.
    SecondFactorNeeded,
    /// Too often within a time: wait, then try again.
    TooMany,
    /// The sign-in, code or link is not good, or no longer.
    NotGood,
    /// There is not enough of the item.
    OutOfStock,
    /// The lot has expired.
    Expired,
}

impl RefusalCode {
    /// The code as programs see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadValue => "BAD_VALUE",
            Self::NotFound => "NOT_FOUND",
            Self::NotAllowed => "NOT_ALLOWED",
            Self::CodeInUse => "CODE_IN_USE",
            Self::Taken => "TAKEN",
            Self::HouseholdElsewhere => "HOUSEHOLD_ELSEWHERE",
            Self::LongestStay => "LONGEST_STAY",
            Self::OutOfService => "OUT_OF_SERVICE",
            Self::TooSmall => "TOO_SMALL",
            Self::Unsuitable => "UNSUITABLE",
            Self::WrongState => "WRONG_STATE",
            Self::WrongTime => "WRONG_TIME",
            Self::StandsInTheWay => "STANDS_IN_THE_WAY",
            Self::KeyReused => "KEY_REUSED",
            Self::Changed => "CHANGED",
            Self::NoneFree => "NONE_FREE",
            Self::SecondFactorNeeded => "SECOND_FACTOR_NEEDED",
            Self::TooMany => "TOO_MANY",
            Self::NotGood => "NOT_GOOD",
            Self::OutOfStock => "OUT_OF_STOCK",
            Self::Expired => "EXPIRED",
        }
    }
}

/// Something that stands in the way of what was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// The code of the unit it stands in.
    pub unit: String,
    /// What it is, in a word: `stay`, `hold`, `void`, `turnaround`.
    pub kind: String,
    /// Whose: a household's reference or a void's reason code. Empty for turnaround.
    pub whose: String,
    /// The nights on which it stands in the way.
    pub nights: Nights,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { unit, kind, whose, nights } = self;
        if whose.is_empty() {
            write!(f, "{kind} in {unit}, {nights}")
        } else {
            write!(f, "{kind} {whose} in {unit}, {nights}")
        }
    }
}

/// A refusal: nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The stable code.
    pub code: RefusalCode,
    /// A sentence that a person can act on.
    pub message: String,
    /// The input field that it is about, where there is one.
    pub field: Option<String>,
    /// What stands in the way, where something does.
    pub in_the_way: Vec<Obstacle>,
    /// The code of the unit that could be had instead, where one was looked for and found.
    pub next_free: Option<String>,
}

impl Refusal {
    /// A refusal with a code and a sentence.
    pub fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None, in_the_way: Vec::new(), next_free: None }
    }

    /// A value that is impossible or beyond a limit.
    pub fn bad(field: &str, message: impl Into<String>) -> Self {
        Self::new(RefusalCode::BadValue, message).on(field)
    }

    /// No such record, or none that the actor may see: the two read the same.
    pub fn not_found(what: &str, field: &str) -> Self {
        Self::new(RefusalCode::NotFound, format!("There is no such {what}.")).on(field)
    }

    /// Names the input field.
    #[must_use]
    pub fn on(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    /// Names what stands in the way.
    #[must_use]
    pub fn because_of(mut self, obstacles: Vec<Obstacle>) -> Self {
        self.in_the_way = obstacles;
        self
    }

    /// Names a unit that could be had instead.
    #[must_use]
    pub fn instead(mut self, unit: Option<String>) -> Self {
        self.next_free = unit;
        self
    }
}
