//! Referrals: requests for help about one household, from one council.
//!
//! A referral is received, and then accepted for a household, declined with a reason, or withdrawn by who sent it. The
//! council that sent it follows it to an [`Outcome`], which names no home and no date of a stay.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    clock::service_day,
    households::People,
    ids::{HouseholdId, ReferralId},
    nights::{Night, later},
    policies::Policy,
    refusal::{Refusal, RefusalCode},
    stays::{Stay, StayStatus, arrival_night},
};

/// How many nights ahead a household may be expected.
pub const REFER_AHEAD_NIGHTS: u32 = 28;

/// Why a referral may be declined: codes, and what people read.
pub const DECLINE_REASONS: [(&str, &str); 5] = [
    ("no_capacity", "No home was free"),
    ("could_not_meet_need", "No home meets what the household needs"),
    ("not_suitable", "The service is not right for the household"),
    ("out_of_area", "Outside the service's area"),
    ("other", "Another reason"),
];

/// The code of a reason for declining; refused where there is none.
pub fn decline_reason(code: &str) -> Result<String, Refusal> {
    match DECLINE_REASONS.iter().find(|(known, _)| *known == code) {
        Some((known, _)) => Ok((*known).to_owned()),
        None => {
            let known: Vec<_> = DECLINE_REASONS.iter().map(|(code, _)| *code).collect();
            Err(Refusal::bad(
                "reason",
                format!("There is no such reason for declining. Known: {}.", known.join(", ")),
            ))
        }
    }
}

/// The state of a referral, without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferralStatus {
    /// Nobody has answered it yet.
    Received,
    /// The household is to be placed.
    Accepted,
    /// It is not.
    Declined,
    /// The council took it back.
    Withdrawn,
}

impl ReferralStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Received, Self::Accepted, Self::Declined, Self::Withdrawn];

    /// The status's name in code and files, and in sentences.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl fmt::Display for ReferralStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ReferralStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not a status: use received, accepted, declined or withdrawn"))
    }
}

/// The state of a referral, with what is true in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ReferralState {
    /// Nobody has answered it yet.
    Received,
    /// The household is to be placed.
    Accepted {
        /// When that was decided.
        at: DateTime<Utc>,
        /// The household that it is about.
        household: HouseholdId,
    },
    /// It is not.
    Declined {
        /// When that was decided.
        at: DateTime<Utc>,
        /// The code of the reason.
        reason: String,
    },
    /// The council took it back.
    Withdrawn {
        /// When.
        at: DateTime<Utc>,
    },
}

impl ReferralState {
    /// The state without its data.
    pub const fn status(&self) -> ReferralStatus {
        match self {
            Self::Received => ReferralStatus::Received,
            Self::Accepted { .. } => ReferralStatus::Accepted,
            Self::Declined { .. } => ReferralStatus::Declined,
            Self::Withdrawn { .. } => ReferralStatus::Withdrawn,
        }
    }

    /// When it was decided or taken back; none while nobody has answered.
    pub const fn at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Received => None,
            Self::Accepted { at, .. } | Self::Declined { at, .. } | Self::Withdrawn { at } => Some(*at),
        }
    }
}

/// A referral.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    /// Its id.
    pub id: ReferralId,
    /// What people call it, such as `P-7K3Q9X2M`. It counts nothing: a counter would tell one council how many
    /// households the others refer.
    pub reference: String,
    /// The council that sent it.
    pub council: String,
    /// Who needs a place, as counts.
    pub people: People,
    /// The night from which on.
    pub arrival: Night,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// What has become of it.
    pub state: ReferralState,
}

impl Referral {
    /// The state without its data.
    pub const fn status(&self) -> ReferralStatus {
        self.state.status()
    }

    /// The household that it was accepted for.
    pub const fn household(&self) -> Option<HouseholdId> {
        match self.state {
            ReferralState::Accepted { household, .. } => Some(household),
            _ => None,
        }
    }

    /// The household is to be placed.
    pub fn accept(self, household: HouseholdId, at: DateTime<Utc>) -> Result<Self, Refusal> {
        self.must_be_received("accepted")?;
        Ok(Self { state: ReferralState::Accepted { at, household }, ..self })
    }

    /// It is not. `reason` is a code of [`DECLINE_REASONS`].
    pub fn decline(self, reason: String, at: DateTime<Utc>) -> Result<Self, Refusal> {
        self.must_be_received("declined")?;
        Ok(Self { state: ReferralState::Declined { at, reason }, ..self })
    }

    /// The council takes it back.
    pub fn withdraw(self, at: DateTime<Utc>) -> Result<Self, Refusal> {
        self.must_be_received("withdrawn")?;
        Ok(Self { state: ReferralState::Withdrawn { at }, ..self })
    }

    /// Refused unless nobody has answered it yet: only then can it be `to` ("accepted").
    pub fn must_be_received(&self, to: &str) -> Result<(), Refusal> {
        let status = self.status();
        if status == ReferralStatus::Received {
            return Ok(());
        }
        let instead = match status {
            ReferralStatus::Accepted => "tell each other by telephone what has changed",
            _ => "send a new one if the household needs a place after all",
        };
        Err(Refusal::new(
            RefusalCode::WrongState,
            format!(
                "{} is {status} and can't be {to}: only a referral that is received can be. Look at it again, or \
                 {instead}.",
                self.reference
            ),
        )
        .on("referral"))
    }
}

/// Refused when a household is expected in the past or too far ahead. Until late arrivals end, tonight is the night
/// that began yesterday evening.
pub fn expected(arrival: Night, at: DateTime<Utc>, policy: &Policy) -> Result<(), Refusal> {
    let tonight = arrival_night(at, policy);
    let last = later(service_day(at), REFER_AHEAD_NIGHTS);
    let wrong = |message: String| Err(Refusal::new(RefusalCode::WrongTime, message).on("arrival"));
    if arrival < tonight {
        return wrong(format!("{arrival} has passed: a household is expected tonight, {tonight}, or later."));
    }
    if arrival > last {
        return wrong(format!("{arrival} is too far ahead: refer a household that is expected by {last}."));
    }
    Ok(())
}

/// What has become of a referral, as the council that sent it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nobody has answered it yet.
    Received,
    /// The household is to be placed, and has no place yet.
    Accepted,
    /// The household has a place: it is there, or is awaited.
    Placed,
    /// It was declined.
    Declined,
    /// The council took it back.
    Withdrawn,
    /// The household was placed, and has left.
    Closed,
}

/// What has become of a referral, from the stays of the household that it was accepted for. A stay that ended before
/// the referral came is not its outcome, and one that never came to be is none.
pub fn outcome<'s>(referral: &Referral, stays: impl IntoIterator<Item = &'s Stay>) -> Outcome {
    let household = match &referral.state {
        ReferralState::Received => return Outcome::Received,
        ReferralState::Declined { .. } => return Outcome::Declined,
        ReferralState::Withdrawn { .. } => return Outcome::Withdrawn,
        ReferralState::Accepted { household, .. } => *household,
    };
    let received_on = service_day(referral.received_at);
    let mut outcome = Outcome::Accepted;
    for stay in stays.into_iter().filter(|stay| stay.household == household) {
        match stay.status() {
            StayStatus::Booked | StayStatus::InResidence => return Outcome::Placed,
            StayStatus::Departed if stay.nights.departure() >= received_on => outcome = Outcome::Closed,
            StayStatus::Departed | StayStatus::Cancelled | StayStatus::NoShow => {}
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{StayId, UnitId},
        nights::Nights,
        stays::StayState,
        units::Scheme,
    };
    use uuid::Uuid;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn household(n: u128) -> HouseholdId {
        HouseholdId(Uuid::from_u128(n))
    }

    fn referral() -> Referral {
        Referral {
            id: ReferralId(Uuid::from_u128(1)),
            reference: "P-7K3Q9X2M".into(),
            council: "North Herts".into(),
            people: People { adults: 1, children: 2 },
            arrival: "2020-11-03".parse().unwrap(),
            received_at: at("2020-11-03T21:00:00Z"),
            state: ReferralState::Received,
        }
    }

    fn stay(from: &str, to: &str, state: StayState) -> Stay {
        let nights = Nights::between(from.parse().unwrap(), to.parse().unwrap());
        Stay {
            id: StayId(Uuid::from_u128(2)),
            household: household(7),
            unit: UnitId(Uuid::from_u128(3)),
            people: People { adults: 1, children: 2 },
            planned: nights,
            nights,
            state,
            moved_from: None,
            booked_at: at("2020-11-03T22:00:00Z"),
            over_limit: false,
        }
    }

    const LEFT: StayState = StayState::Departed { arrived_at: None, departed_at: None, moved_to: None };

    #[test]
    fn what_is_answered_or_withdrawn_is_not_answered_or_withdrawn_again() {
        let now = at("2020-11-03T21:30:00Z");
        let answered = [
            referral().accept(household(7), now).unwrap(),
            referral().decline("no_capacity".into(), now).unwrap(),
            referral().withdraw(now).unwrap(),
        ];
        for answered in answered {
            let status = answered.status();
            let again = [
                answered.clone().accept(household(8), now),
                answered.clone().decline("other".into(), now),
                answered.clone().withdraw(now),
            ];
            for (again, to) in again.into_iter().zip(["accepted", "declined", "withdrawn"]) {
                let refusal = again.unwrap_err();
                let says = format!("P-7K3Q9X2M is {status} and can't be {to}");
                assert!(refusal.message.starts_with(&says), "{refusal}");
            }
        }
    }

    #[test]
    fn an_outcome_follows_the_households_own_stays() {
        let accepted = referral().accept(household(7), at("2020-11-03T22:00:00Z")).unwrap();
        let booked = stay("2020-11-03", "2020-11-06", StayState::Booked);
        let left = stay("2020-11-03", "2020-11-06", LEFT);
        let other = Stay { household: household(8), ..booked.clone() };
        assert_eq!(outcome(&referral(), [&booked]), Outcome::Received);
        assert_eq!(outcome(&accepted, []), Outcome::Accepted);
        assert_eq!(outcome(&accepted, [&other]), Outcome::Accepted);
        assert_eq!(outcome(&accepted, [&booked]), Outcome::Placed);
        assert_eq!(outcome(&accepted, [&left]), Outcome::Closed);
        assert_eq!(outcome(&accepted, [&left, &booked]), Outcome::Placed);
    }

    #[test]
    fn what_ended_before_the_referral_or_never_came_to_be_is_no_outcome() {
        let accepted = referral().accept(household(7), at("2020-11-03T22:00:00Z")).unwrap();
        let before = stay("2020-10-01", "2020-10-05", LEFT);
        let cancelled = stay("2020-11-03", "2020-11-06", StayState::Cancelled { at: None });
        let no_show = stay("2020-11-03", "2020-11-06", StayState::NoShow { at: None });
        assert_eq!(outcome(&accepted, [&before, &cancelled, &no_show]), Outcome::Accepted);
    }

    #[test]
    fn a_household_is_expected_tonight_or_in_the_next_weeks() {
        let policy = Policy::default_for(Scheme::SafeSpace);
        let told = |arrival: &str, now: &str| expected(arrival.parse().unwrap(), at(now), &policy);
        assert!(told("2020-11-03", "2020-11-03T21:00:00Z").is_ok());
        assert!(told("2020-11-03", "2020-11-04T00:30:00Z").is_ok());
        assert!(told("2020-11-02", "2020-11-03T21:00:00Z").is_err());
        assert!(told("2020-12-01", "2020-11-03T21:00:00Z").is_ok());
        assert!(told("2020-12-02", "2020-11-03T21:00:00Z").is_err());
    }

    #[test]
    fn a_reason_for_declining_is_one_of_the_list() {
        assert_eq!(decline_reason("no_capacity").unwrap(), "no_capacity");
        assert!(decline_reason("because").unwrap_err().message.contains("out_of_area"));
    }
}
