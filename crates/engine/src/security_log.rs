//! Security events in the log: that something happened and to whose account, token or session, by id; never what was
//! asked or typed. Whoever provokes them again and again fills no disk: of the same event of the same one there is a line a
//! minute, which says how many were left out.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use safespace_domain::access::{Permission, Role};
use uuid::Uuid;

use crate::Engine;

/// So often the same event of the same one is written down.
const EVERY: TimeDelta = TimeDelta::minutes(1);
/// So many are told apart within that time; of more there is no line.
const MOST: usize = 1_000;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SecurityEvent {
    /// A session's row is not as the service wrote it.
    ForgedSession,
    /// A token's row is not as the service wrote it.
    ForgedToken,
    /// An account's row is not as the service wrote it.
    ForgedAccount,
    /// An issuer's row is not as the service wrote it.
    ForgedIssuer,
    /// Whose identity at an issuer is whose is not as the service wrote it.
    ForgedIdentity,
    /// The row of an account's link is not as the service wrote it.
    ForgedLink,
    /// Somebody in a role asked for what they may not do.
    NotAllowed(Permission, Role),
    /// Somebody in a role came to an API that is for others.
    WrongDoor(Role),
}

impl SecurityEvent {
    /// Names what happened, not what was asked.
    fn words(self) -> String {
        let words = match self {
            Self::ForgedSession => "a session in the database is not as the service wrote it: not good",
            Self::ForgedToken => "a token in the database is not as the service wrote it: not good",
            Self::ForgedAccount => "an account in the database is not as the service wrote it: not good",
            Self::ForgedIssuer => "an issuer in the database is not as the service wrote it: not good",
            Self::ForgedIdentity => "an identity in the database is not as the service wrote it: not good",
            Self::ForgedLink => "a set-up link in the database is not as the service wrote it: not good",
            Self::NotAllowed(permission, role) => {
                return format!("refused, not allowed: {permission:?} as {role}");
            }
            Self::WrongDoor(role) => return format!("refused at the door: {role}"),
        };
        words.to_owned()
    }
}

/// What was written down lately.
#[derive(Default)]
pub(crate) struct SecurityLog(Mutex<HashMap<(SecurityEvent, Uuid), Lately>>);

#[derive(Clone, Copy)]
struct Lately {
    written_at: DateTime<Utc>,
    left_out: u32,
}

impl SecurityLog {
    /// How many of the same were left out, where this one is to be written down.
    fn admit(&self, event: SecurityEvent, whose: Uuid, now: DateTime<Utc>) -> Option<u32> {
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_old = |known: &Lately| now < known.written_at || now >= known.written_at + EVERY;
        if lately.len() >= MOST {
            lately.retain(|_, known| !is_old(known));
        }
        let room = lately.len() < MOST;
        match lately.get_mut(&(event, whose)) {
            Some(known) if !is_old(known) => {
                known.left_out = known.left_out.saturating_add(1);
                None
            }
            Some(known) => {
                let left_out = known.left_out;
                *known = Lately { written_at: now, left_out: 0 };
                Some(left_out)
            }
            None if room => {
                lately.insert((event, whose), Lately { written_at: now, left_out: 0 });
                Some(0)
            }
            None => None,
        }
    }
}

impl Engine {
    /// Writes a security event down, unless there was the same a moment ago.
    pub(crate) fn note_event(&self, event: SecurityEvent, whose: Uuid) {
        if let Some(left_out) = self.security_log.admit(event, whose, self.clock.now()) {
            tracing::warn!(target: "safespace::security", %whose, left_out, "{}", event.words());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
    }

    #[test]
    fn the_same_event_of_the_same_one_is_written_down_once_a_minute_with_how_many_there_were() {
        let log = SecurityLog::default();
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(log.admit(SecurityEvent::ForgedToken, one, at(0)), Some(0));
        for second in 0..60 {
            assert_eq!(log.admit(SecurityEvent::ForgedToken, one, at(second)), None);
        }
        assert_eq!(log.admit(SecurityEvent::ForgedToken, other, at(59)), Some(0));
        assert_eq!(log.admit(SecurityEvent::ForgedSession, one, at(59)), Some(0));
        assert_eq!(log.admit(SecurityEvent::ForgedToken, one, at(60)), Some(60));
        assert_eq!(log.admit(SecurityEvent::ForgedToken, one, at(-60)), Some(0), "a clock that was put back");
    }

    #[test]
    fn however_many_provoke_events_there_are_so_many_lines_a_minute() {
        let log = SecurityLog::default();
        let lines = (0..10_000)
            .filter(|n| log.admit(SecurityEvent::ForgedLink, Uuid::from_u128(*n), at(0)).is_some());
        assert_eq!(lines.count(), MOST);
        assert!(log.admit(SecurityEvent::ForgedLink, Uuid::max(), at(60)).is_some());
    }
}
