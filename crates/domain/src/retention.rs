//! Retention: how long what is kept. Kept longer than anybody needs it, a record can only do harm.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    nights::{Night, earlier, later},
    refusal::Refusal,
};

/// The longest time that anything is kept for, in days: thirty years.
pub const LONGEST_DAYS: u32 = 10_958;

/// A kind of record with a time of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetentionKind {
    /// A household's case, erased after its last stay ended. The nights stay, and are nobody's.
    HouseholdCase,
    /// What partners wrote with referrals that led to no stay, after they were decided, or sent where nobody decided.
    ReferralDetails,
    /// Answers that are remembered for commands that are sent twice.
    RememberedAnswers,
    /// Sessions, after their end.
    EndedSessions,
    /// Counts of tries to sign in.
    ThrottleCounts,
    /// Partner councils' questions whether there is room, with their answers and counts.
    RoomQuestions,
    /// When who had something revealed, by which the quota is counted. The audit has them for ever.
    Reveals,
    /// Notices to managers, after they were seen.
    SeenNotices,
}

impl RetentionKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::HouseholdCase,
        Self::ReferralDetails,
        Self::RememberedAnswers,
        Self::EndedSessions,
        Self::ThrottleCounts,
        Self::RoomQuestions,
        Self::Reveals,
        Self::SeenNotices,
    ];

    /// The kind's name in the database and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HouseholdCase => "household_case",
            Self::ReferralDetails => "referral_details",
            Self::RememberedAnswers => "remembered_answers",
            Self::EndedSessions => "ended_sessions",
            Self::ThrottleCounts => "throttle_counts",
            Self::RoomQuestions => "room_questions",
            Self::Reveals => "reveals",
            Self::SeenNotices => "seen_notices",
        }
    }

    /// How long it is kept where nobody has said otherwise, in days. A case: six years, within which a claim can be
    /// made under the Limitation Act 1980.
    pub const fn default_days(self) -> u32 {
        match self {
            Self::HouseholdCase => 2_192,
            Self::ReferralDetails | Self::SeenNotices => 366,
            Self::RememberedAnswers | Self::EndedSessions => 30,
            Self::ThrottleCounts => 1,
            Self::RoomQuestions | Self::Reveals => 731,
        }
    }

    /// The least number of days that makes sense: reveals are counted over a day, questions too, and a command may be
    /// sent again after a night.
    pub const fn least_days(self) -> u32 {
        match self {
            Self::ThrottleCounts => 1,
            Self::Reveals | Self::RoomQuestions | Self::RememberedAnswers | Self::EndedSessions => 2,
            Self::ReferralDetails | Self::SeenNotices => 7,
            Self::HouseholdCase => 30,
        }
    }
}

impl fmt::Display for RetentionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RetentionKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        known.ok_or_else(|| "this is no kind of record with a time of retention".to_owned())
    }
}

/// How long records of a kind are kept. Managers keep the policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionPolicy {
    /// Which records.
    pub kind: RetentionKind,
    /// For how many days after they ended.
    pub days: u32,
}

impl RetentionPolicy {
    /// What a new service begins with.
    pub const fn default_for(kind: RetentionKind) -> Self {
        Self { kind, days: kind.default_days() }
    }

    /// Refused where the time is too short to be of use, or so long that nothing would ever go.
    pub fn check(self) -> Result<(), Refusal> {
        let least = self.kind.least_days();
        if (least..=LONGEST_DAYS).contains(&self.days) {
            return Ok(());
        }
        Err(Refusal::bad("days", format!("These records are kept for {least} to {LONGEST_DAYS} days.")))
    }

    /// Whether what ended on a day is due today.
    pub fn is_due(self, ended_on: Night, today: Night) -> bool {
        later(ended_on, self.days) <= today
    }

    /// The last day on which it may have ended, to be due today.
    pub fn due_if_ended_by(self, today: Night) -> Night {
        earlier(today, self.days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_kept_for_six_years_and_not_a_day_less() {
        let case = RetentionPolicy::default_for(RetentionKind::HouseholdCase);
        let day = |text: &str| text.parse::<Night>().unwrap();
        let ended = day("2014-11-03");
        assert!(!case.is_due(ended, day("2020-11-02")));
        assert!(case.is_due(ended, day("2020-11-03")));
    }

    #[test]
    fn what_is_due_is_what_ended_by_the_day_that_is_told() {
        let today = "2020-11-03".parse::<Night>().unwrap();
        for kind in RetentionKind::ALL {
            let policy = RetentionPolicy::default_for(kind);
            policy.check().unwrap();
            let last = policy.due_if_ended_by(today);
            assert!(policy.is_due(last, today));
            assert!(!policy.is_due(later(last, 1), today));
            assert!(RetentionPolicy { days: kind.least_days() - 1, ..policy }.check().is_err());
            assert!(RetentionPolicy { days: u32::MAX, ..policy }.check().is_err());
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
    }
}
