//! Sessions: how long somebody who signed in is taken to be still there.

use chrono::{DateTime, TimeDelta, Utc};

use crate::ids::{AccountId, SessionId};

/// A session ends when nothing was asked in it for so long.
pub const IDLE: TimeDelta = TimeDelta::minutes(15);
/// A session ends after so long, whatever was asked in it.
pub const LONGEST: TimeDelta = TimeDelta::hours(8);
/// So long there is to give the second factor, once the password was given.
pub const CODE_WITHIN: TimeDelta = TimeDelta::minutes(5);
/// So far a clock may be wrong before a session from the future is taken for none.
const SKEW: TimeDelta = TimeDelta::minutes(1);

/// How far somebody has come in signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The password was right, and the second factor is still to be given: opens nothing.
    CodeNeeded,
    /// Signed in.
    Whole,
}

impl Stage {
    /// The stage's name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CodeNeeded => "password",
            Self::Whole => "whole",
        }
    }
}

/// A session. The secret that names it is no part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// How far they have come.
    pub stage: Stage,
    /// When it began.
    pub begun_at: DateTime<Utc>,
    /// When something was asked in it last, to the minute.
    pub seen_at: DateTime<Utc>,
    /// When a second factor was given in it last.
    pub second_factor_at: Option<DateTime<Utc>>,
    /// When it was ended, where it was.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Session {
    /// From when on it is no longer good, if nothing more is asked in it.
    pub fn ends_at(&self) -> DateTime<Utc> {
        match self.stage {
            Stage::CodeNeeded => self.begun_at + CODE_WITHIN,
            Stage::Whole => (self.seen_at + IDLE).min(self.begun_at + LONGEST),
        }
    }

    /// Whether it is good now. One that lies in the future is not: somebody moved the clock.
    pub fn is_good(&self, now: DateTime<Utc>) -> bool {
        self.ended_at.is_none()
            && self.begun_at <= now + SKEW
            && self.seen_at <= now + SKEW
            && now < self.ends_at()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn session(stage: Stage, begun: i64, seen: i64) -> Session {
        Session {
            id: SessionId(Uuid::nil()),
            account: AccountId(Uuid::nil()),
            stage,
            begun_at: at(begun),
            seen_at: at(seen),
            second_factor_at: None,
            ended_at: None,
        }
    }

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minutes)
    }

    #[test]
    fn a_session_lives_15_minutes_idle_and_8_hours_at_most() {
        assert!(session(Stage::Whole, 0, 0).is_good(at(14)));
        assert!(!session(Stage::Whole, 0, 0).is_good(at(15)));
        assert!(session(Stage::Whole, 0, 470).is_good(at(479)));
        assert!(!session(Stage::Whole, 0, 479).is_good(at(480)));
        assert!(session(Stage::CodeNeeded, 0, 0).is_good(at(4)));
        assert!(!session(Stage::CodeNeeded, 0, 4).is_good(at(5)));
        let ended = Session { ended_at: Some(at(1)), ..session(Stage::Whole, 0, 0) };
        assert!(!ended.is_good(at(1)));
    }

    #[test]
    fn no_movement_of_the_clock_makes_a_session_last() {
        for now in -600..1_200 {
            for seen in 0..600 {
                let good = session(Stage::Whole, 0, seen).is_good(at(now));
                let honest = (-1..480).contains(&now) && seen <= now + 1 && now < seen + 15;
                assert_eq!(good, honest, "now {now}, seen {seen}");
            }
        }
    }
}
