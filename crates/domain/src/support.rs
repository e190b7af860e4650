//! Support: sessions with one household, held or offered and declined, and how long ago somebody was in contact with it.

use std::{collections::BTreeSet, fmt, str::FromStr};

use chrono::{DateTime, Datelike, NaiveTime, SubsecRound, TimeDelta, Timelike, Utc, Weekday};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    clock::{at_service_time, in_service_time, service_day},
    ids::{HouseholdId, SupportSessionId},
    nights::{FIRST_NIGHT, Night},
    refusal::{Refusal, RefusalCode},
    standards::Standards,
    stays::{Stay, StayState},
    units::Scheme,
};

/// The longest session, in minutes: twelve hours.
pub const LONGEST_MINUTES: u16 = 12 * 60;
/// The most topics of one session.
pub const MOST_TOPICS: usize = 12;

/// How a household and its supporter met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// In one room.
    InPerson,
    /// By telephone.
    Phone,
    /// By video.
    Video,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::InPerson, Self::Phone, Self::Video];

    /// The channel's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InPerson => "in_person",
            Self::Phone => "phone",
            Self::Video => "video",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Channel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|channel| channel.as_str() == text);
        found.ok_or_else(|| format!("{text:?} is not a way to meet: use in_person, phone or video"))
    }
}

/// Whether support was given while the office is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hours {
    /// While it is open.
    InHours,
    /// At night, early or late, on a weekend or a holiday.
    OutOfHours,
}

impl Hours {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::InHours, Self::OutOfHours];
    /// The office is open from nine to five.
    const OPEN: std::ops::Range<u32> = 9..17;

    /// The name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InHours => "in_hours",
            Self::OutOfHours => "out_of_hours",
        }
    }

    /// In which hours an instant falls: the office is open from nine to five, London time, Monday to Friday. Bank
    /// holidays are not known here, so whoever records a session on one says that it was out of hours.
    pub fn at(instant: DateTime<Utc>) -> Self {
        let local = in_service_time(instant);
        let weekend = matches!(local.weekday(), Weekday::Sat | Weekday::Sun);
        if !weekend && Self::OPEN.contains(&local.hour()) { Self::InHours } else { Self::OutOfHours }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Hours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|hours| hours.as_str() == text);
        found.ok_or_else(|| format!("{text:?} is not when support is given: use in_hours or out_of_hours"))
    }
}

/// What came of an offer of support. Either way it was an offer, and counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum SupportOutcome {
    /// The session was held.
    Held {
        /// For so many minutes, 1 to [`LONGEST_MINUTES`].
        minutes: u16,
    },
    /// The household declined it.
    Declined,
}

/// What came of it, without how long it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// The session was held.
    Held,
    /// The household declined it.
    Declined,
}

impl SupportOutcome {
    /// What came of an offer: a session that was held has a length, one that was declined has none.
    pub fn said(kind: OutcomeKind, minutes: Option<i64>) -> Result<Self, Refusal> {
        match (kind, minutes) {
            (OutcomeKind::Held, Some(minutes)) => u16::try_from(minutes)
                .ok()
                .filter(|minutes| (1..=LONGEST_MINUTES).contains(minutes))
                .map(|minutes| Self::Held { minutes })
                .ok_or_else(|| {
                    let most = LONGEST_MINUTES;
                    Refusal::bad("minutes", format!("A session lasts 1 to {most} minutes, not {minutes}."))
                }),
            (OutcomeKind::Held, None) => {
                Err(Refusal::bad("minutes", "Say for how many minutes the session was held."))
            }
            (OutcomeKind::Declined, None) => Ok(Self::Declined),
            (OutcomeKind::Declined, Some(_)) => Err(Refusal::bad(
                "minutes",
                "A session that was declined has no length: leave the minutes out.",
            )),
        }
    }

    /// Without how long it took.
    pub const fn kind(self) -> OutcomeKind {
        match self {
            Self::Held { .. } => OutcomeKind::Held,
            Self::Declined => OutcomeKind::Declined,
        }
    }

    /// For how many minutes it was held; none where it was declined.
    pub const fn minutes(self) -> Option<u16> {
        match self {
            Self::Held { minutes } => Some(minutes),
            Self::Declined => None,
        }
    }
}

/// A session of support with one household, or the offer of one that it declined. Its note is kept apart, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupportSession {
    /// Its id.
    pub id: SupportSessionId,
    /// With whom.
    pub household: HouseholdId,
    /// Who wrote it down: an account's or a token's id; nil for the service.
    pub recorded_by: Uuid,
    /// When they did.
    pub recorded_at: DateTime<Utc>,
    /// When it began, or was offered.
    pub starts_at: DateTime<Utc>,
    /// How they met.
    pub channel: Channel,
    /// In which hours.
    pub hours: Hours,
    /// What came of it.
    pub outcome: SupportOutcome,
    /// What it was about: codes of the list of topics.
    pub topics: BTreeSet<String>,
    /// How often it was changed, and one: who changes it says which version they have seen.
    pub version: u32,
    /// When it was taken back as recorded by mistake, where it was. It counts for nothing then.
    pub withdrawn_at: Option<DateTime<Utc>>,
}

impl SupportSession {
    /// Refused when the record was taken back already.
    pub fn must_stand(&self) -> Result<(), Refusal> {
        if self.withdrawn_at.is_none() {
            return Ok(());
        }
        let message = "This session was taken back: record it again if it took place after all.";
        Err(Refusal::new(RefusalCode::WrongState, message).on("session"))
    }

    /// Refused when somebody else has changed it since.
    pub fn must_be_version(&self, seen: u32) -> Result<(), Refusal> {
        if self.version == seen {
            return Ok(());
        }
        let message = "A colleague has changed this session meanwhile: look again, then decide.";
        Err(Refusal::new(RefusalCode::Changed, message).on("version"))
    }

    /// The record was a mistake.
    pub fn withdraw(self, at: DateTime<Utc>) -> Result<Self, Refusal> {
        self.must_stand()?;
        Ok(Self { withdrawn_at: Some(at), version: self.version.saturating_add(1), ..self })
    }
}

/// When a session began, to the second; refused where that is still to come, or was before the day on which the service
/// first knew of the household.
pub fn begun(
    starts_at: DateTime<Utc>,
    known_since: Option<Night>,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, Refusal> {
    let starts_at = starts_at.trunc_subsecs(0);
    if starts_at > now {
        let message = "This session has not begun yet: record it once it has.";
        return Err(Refusal::new(RefusalCode::WrongTime, message).on("startsAt"));
    }
    if let Some(since) = known_since.filter(|since| starts_at < at_service_time(*since, NaiveTime::MIN)) {
        let message = format!(
            "This household is known to the service since {}, and the session would have been before that: check \
             the date.",
            since.format("%-d %B %Y")
        );
        return Err(Refusal::new(RefusalCode::WrongTime, message).on("startsAt"));
    }
    if starts_at < at_service_time(FIRST_NIGHT, NaiveTime::MIN) {
        return Err(Refusal::bad("startsAt", "This session is absurdly long ago: check the date."));
    }
    Ok(starts_at)
}

/// The day on which the service first knew of a household: by a referral that came, or a stay that was booked or began. None
/// where it has had neither.
pub fn known_since(received: &[DateTime<Utc>], stays: &[Stay]) -> Option<Night> {
    let by_stays = stays.iter().flat_map(|stay| [service_day(stay.booked_at), stay.nights.arrival()]);
    received.iter().map(|at| service_day(*at)).chain(by_stays).min()
}

/// When somebody must be in contact with a household.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactDue {
    /// For the first time since it came.
    First(DateTime<Utc>),
    /// Again.
    Next {
        /// When they last were.
        last: DateTime<Utc>,
        /// When they must be.
        due: DateTime<Utc>,
    },
}

impl ContactDue {
    /// When.
    pub const fn at(self) -> DateTime<Utc> {
        match self {
            Self::First(due) | Self::Next { due, .. } => due,
        }
    }
}

/// When somebody must be in contact with a household that came at an instant and was last offered support at another.
///
/// An offer that was declined is contact: the household was reached, and knows where help is to be had. What was before
/// the arrival is not.
pub fn contact_due(came_at: DateTime<Utc>, last: Option<DateTime<Utc>>, standards: &Standards) -> ContactDue {
    let hours = |n: u32| TimeDelta::hours(i64::from(n));
    match last.filter(|last| *last >= came_at) {
        Some(last) => ContactDue::Next { last, due: last + hours(standards.contact_every_hours) },
        None => ContactDue::First(came_at + hours(standards.first_contact_hours)),
    }
}

/// Whether households in homes of a scheme are kept in contact with every few days. In a safe space they are; who has
/// gone on to a move-on home lives there for months, and asks for support when it is wanted.
pub const fn is_kept_in_contact(scheme: Scheme) -> bool {
    matches!(scheme, Scheme::SafeSpace)
}

/// When a household came that may have been moved since: the arrival of the first of its stays that this one continues.
/// Where a file of past records did not say, the beginning of that day.
pub fn came_at(stay: &Stay, others: &[Stay]) -> DateTime<Utc> {
    let before = |stay: &&Stay| {
        let from = stay.moved_from?;
        others.iter().find(|other| other.id == from)
    };
    let journey = std::iter::successors(Some(stay), before).take(others.len() + 1);
    let first = journey.last().unwrap_or(stay);
    let known = match first.state {
        StayState::InResidence { arrived_at } | StayState::Departed { arrived_at, .. } => arrived_at,
        StayState::Booked | StayState::Cancelled { .. } | StayState::NoShow { .. } => None,
    };
    known.unwrap_or_else(|| at_service_time(first.nights.arrival(), NaiveTime::MIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_office_is_open_from_nine_to_five_in_london_on_weekdays() {
        for (instant, hours) in [
            ("2020-11-03T08:59:59Z", Hours::OutOfHours),
            ("2020-11-03T09:00:00Z", Hours::InHours),
            ("2020-11-03T16:59:59Z", Hours::InHours),
            ("2020-11-03T17:00:00Z", Hours::OutOfHours),
            // In summer nine in London is eight.
            ("2020-07-01T08:00:00Z", Hours::InHours),
            ("2020-07-01T16:00:00Z", Hours::OutOfHours),
            // Saturday and Sunday; and a Monday that begins on Sunday in UTC.
            ("2020-11-07T12:00:00Z", Hours::OutOfHours),
            ("2020-11-08T12:00:00Z", Hours::OutOfHours),
            ("2020-07-05T23:30:00Z", Hours::OutOfHours),
        ] {
            assert_eq!(Hours::at(at(instant)), hours, "{instant}");
        }
    }

    #[test]
    fn what_was_held_has_a_length_and_what_was_declined_none() {
        for minutes in [1, 60, 720] {
            let held = SupportOutcome::said(OutcomeKind::Held, Some(minutes)).unwrap();
            assert_eq!(held.minutes().map(i64::from), Some(minutes));
        }
        for minutes in [Some(0), Some(-5), Some(721), Some(5_000), Some(i64::MAX), None] {
            let refusal = SupportOutcome::said(OutcomeKind::Held, minutes).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some("minutes"), "{minutes:?}");
        }
        assert_eq!(SupportOutcome::said(OutcomeKind::Declined, None).unwrap(), SupportOutcome::Declined);
        assert!(SupportOutcome::said(OutcomeKind::Declined, Some(30)).is_err());
    }

    #[test]
    fn a_session_is_recorded_once_it_has_begun() {
        let now = at("2020-11-03T21:00:00Z");
        assert_eq!(begun(at("2020-11-03T21:00:00.9Z"), None, now).unwrap(), now);
        assert_eq!(begun(at("2020-11-03T21:00:01Z"), None, now).unwrap_err().code, RefusalCode::WrongTime);
        assert_eq!(begun(at("1020-11-03T21:00:00Z"), None, now).unwrap_err().code, RefusalCode::BadValue);
    }

    #[test]
    fn nobody_has_a_session_before_the_service_knows_of_them() {
        let (now, came) = (at("2020-11-03T21:00:00Z"), at("2020-11-02T23:30:00Z"));
        let since = known_since(&[came], &[]);
        assert_eq!(since, Some("2020-11-02".parse().unwrap()));
        assert!(begun(at("2020-11-02T00:00:00Z"), since, now).is_ok(), "on the day itself");
        let refused = begun(at("2020-01-01T10:00:00Z"), since, now).unwrap_err();
        assert_eq!((refused.code, refused.field.as_deref()), (RefusalCode::WrongTime, Some("startsAt")));
        assert!(refused.message.contains("since 2 November 2020"), "{}", refused.message);
        assert_eq!(known_since(&[], &[]), None, "then nobody can say");
    }

    #[test]
    fn a_first_contact_is_due_within_a_day_and_the_next_within_two() {
        let (standards, came) = (Standards::default(), at("2020-11-03T00:30:00Z"));
        assert_eq!(contact_due(came, None, &standards), ContactDue::First(at("2020-11-04T00:30:00Z")));
        let before = Some(came - TimeDelta::seconds(1));
        assert_eq!(contact_due(came, before, &standards), contact_due(came, None, &standards));
        let last = at("2020-11-03T12:00:00Z");
        let next = ContactDue::Next { last, due: at("2020-11-05T12:00:00Z") };
        assert_eq!(contact_due(came, Some(last), &standards), next);
    }
}
