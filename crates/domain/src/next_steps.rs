//! Next steps: what may come after a stay, in which state each is, and by when.

use std::{fmt, str::FromStr};

use chrono::Months;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{HouseholdId, NextStepId},
    nights::Night,
    refusal::{Refusal, RefusalCode},
};

/// So many months ahead lies the latest day by which a next step can be meant to happen.
const FURTHEST_MONTHS: u32 = 24;

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

/// The day by which a next step should have happened, written down today; refused where that has passed or is too far ahead to
/// be a plan. What was written down before stays, whenever it is looked at again.
pub fn target(target: Option<Night>, before: Option<Night>, today: Night) -> Result<Option<Night>, Refusal> {
    let Some(day) = target.filter(|_| target != before) else { return Ok(target) };
    let in_words = |day: Night| day.format("%-d %B %Y");
    let furthest = today.checked_add_months(Months::new(FURTHEST_MONTHS)).unwrap_or(Night::MAX);
    let message = if day < today {
        format!("{} has passed: give the day by which it is to happen, today or later.", in_words(day))
    } else if day > furthest {
        format!(
            "{} is more than two years ahead: give a day until {}, or none.",
            in_words(day),
            in_words(furthest)
        )
    } else {
        return Ok(target);
    };
    Err(Refusal::new(RefusalCode::WrongTime, message).on("target"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_meant_for_a_day_from_today_to_two_years_ahead() {
        let day = |text: &str| Some(text.parse::<Night>().unwrap());
        let today = day("2020-11-03").unwrap();
        for fine in [None, day("2020-11-03"), day("2022-11-03")] {
            assert_eq!(target(fine, None, today).unwrap(), fine);
        }
        for bad in ["2020-11-02", "2020-01-01", "2022-11-04", "9999-01-01"] {
            let refused = target(day(bad), day("2020-10-01"), today).unwrap_err();
            assert_eq!((refused.code, refused.field.as_deref()), (RefusalCode::WrongTime, Some("target")));
        }
        assert_eq!(
            target(day("2020-10-01"), day("2020-10-01"), today).unwrap(),
            day("2020-10-01"),
            "as it was"
        );
    }
}
