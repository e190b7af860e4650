//! Holds: a unit kept for a household for a short time, while transport is arranged.
//!
//! A hold lapses at an instant, whether or not anything runs then: from that instant on it keeps nothing, and can't be
//! confirmed. What it still has in the night ledger is swept away before anybody looks.

use std::{fmt, str::FromStr};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    clock::in_service_time,
    households::People,
    ids::{HoldId, HouseholdId, StayId, UnitId},
    ledger::{Entry, NightUse, Take},
    nights::{Nights, later},
    refusal::{Refusal, RefusalCode},
    stays::{Stay, StayState},
};

/// The state of a hold, without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldStatus {
    /// It keeps its unit.
    Active,
    /// It became a booking.
    Confirmed,
    /// It was given up.
    Released,
    /// Its time passed.
    Lapsed,
}

impl HoldStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Active, Self::Confirmed, Self::Released, Self::Lapsed];

    /// The status's name in code and files, and in sentences.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Confirmed => "confirmed",
            Self::Released => "released",
            Self::Lapsed => "lapsed",
        }
    }
}

impl fmt::Display for HoldStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for HoldStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not a status: use active, confirmed, released or lapsed"))
    }
}

/// The state of a hold, with what is true in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum HoldState {
    /// It keeps its unit until it lapses.
    Active,
    /// It became a booking.
    Confirmed {
        /// When.
        at: DateTime<Utc>,
        /// The booking.
        stay: StayId,
    },
    /// It was given up.
    Released {
        /// When.
        at: DateTime<Utc>,
    },
    /// Its time passed.
    Lapsed,
}

/// A hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// For whom.
    pub household: HouseholdId,
    /// Which unit.
    pub unit: UnitId,
    /// Who comes, as counts.
    pub people: People,
    /// Which nights.
    pub nights: Nights,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// The instant from which on it keeps nothing.
    pub lapses_at: DateTime<Utc>,
    /// Whether it was extended, which can be done once.
    pub extended: bool,
    /// What has become of it.
    pub state: HoldState,
}

impl Hold {
    /// What has become of it at an instant: an active hold whose time has passed has lapsed, whether or not anybody has
    /// written that down.
    pub fn status(&self, now: DateTime<Utc>) -> HoldStatus {
        match self.state {
            HoldState::Active if self.lapses_at <= now => HoldStatus::Lapsed,
            HoldState::Active => HoldStatus::Active,
            HoldState::Confirmed { .. } => HoldStatus::Confirmed,
            HoldState::Released { .. } => HoldStatus::Released,
            HoldState::Lapsed => HoldStatus::Lapsed,
        }
    }

    /// How long it still keeps its unit; nothing once it does not.
    pub fn left(&self, now: DateTime<Utc>) -> TimeDelta {
        if self.status(now) == HoldStatus::Active { self.lapses_at - now } else { TimeDelta::zero() }
    }

    /// What it takes in the night ledger, with the turnaround that its booking will need.
    pub fn entries(&self, turnaround: u32) -> Vec<Entry> {
        if self.state != HoldState::Active {
            return Vec::new();
        }
        let entry = |night_use, household| {
            move |night| Entry { unit: self.unit, night, take: Take { night_use, by: self.id.0, household } }
        };
        let ready = Nights::between(self.nights.departure(), later(self.nights.departure(), turnaround));
        let held = self.nights.iter().map(entry(NightUse::Held, Some(self.household)));
        held.chain(ready.iter().map(entry(NightUse::Turnaround, None))).collect()
    }

    /// The hold, lapsing later by `longer`. Once.
    pub fn extend(self, longer: TimeDelta, now: DateTime<Utc>) -> Result<Self, Refusal> {
        self.must_be_active("extended", now)?;
        if self.extended {
            return Err(Refusal::new(
                RefusalCode::WrongState,
                format!(
                    "This hold was extended already, and lapses at {}: confirm it, or release it and hold again.",
                    self.ends()
                ),
            )
            .on("hold"));
        }
        Ok(Self { lapses_at: self.lapses_at + longer, extended: true, ..self })
    }

    /// The hold becomes a booking, with this id.
    pub fn confirm(self, stay: StayId, now: DateTime<Utc>) -> Result<(Self, Stay), Refusal> {
        self.must_be_active("confirmed", now)?;
        let booked = Stay {
            id: stay,
            household: self.household,
            unit: self.unit,
            people: self.people,
            planned: self.nights,
            nights: self.nights,
            state: StayState::Booked,
            moved_from: None,
            booked_at: now,
            over_limit: false,
        };
        Ok((Self { state: HoldState::Confirmed { at: now, stay }, ..self }, booked))
    }

    /// The hold is given up.
    pub fn release(self, now: DateTime<Utc>) -> Result<Self, Refusal> {
        self.must_be_active("released", now)?;
        Ok(Self { state: HoldState::Released { at: now }, ..self })
    }

    /// Its time has passed.
    #[must_use]
    pub fn lapse(self) -> Self {
        Self { state: HoldState::Lapsed, ..self }
    }

    /// When it lapses, on the wall clock.
    fn ends(&self) -> String {
        in_service_time(self.lapses_at).format("%H:%M").to_string()
    }

    fn must_be_active(&self, to: &str, now: DateTime<Utc>) -> Result<(), Refusal> {
        let why = match self.status(now) {
            HoldStatus::Active => return Ok(()),
            HoldStatus::Confirmed => "This hold is confirmed already: look at its booking.".to_owned(),
            HoldStatus::Released => {
                "This hold was released: hold again if the household still needs it.".to_owned()
            }
            HoldStatus::Lapsed => format!(
                "This hold lapsed at {} and can't be {to}: hold again if the unit is free still.",
                self.ends()
            ),
        };
        Err(Refusal::new(RefusalCode::WrongState, why).on("hold"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn hold() -> Hold {
        let id = Uuid::from_u128;
        Hold {
            id: HoldId(id(1)),
            household: HouseholdId(id(2)),
            unit: UnitId(id(3)),
            people: People { adults: 1, children: 2 },
            nights: Nights::between("2020-10-24".parse().unwrap(), "2020-10-31".parse().unwrap()),
            made_at: at("2020-10-24T22:45:00Z"),
            lapses_at: at("2020-10-25T00:45:00Z"),
            extended: false,
            state: HoldState::Active,
        }
    }

    const HALF_AN_HOUR: TimeDelta = TimeDelta::minutes(30);

    #[test]
    fn a_hold_lapses_to_the_instant_and_is_not_confirmed_after_it() {
        let before = at("2020-10-25T00:44:59Z");
        assert_eq!(hold().status(before), HoldStatus::Active);
        assert_eq!(hold().left(before), TimeDelta::seconds(1));
        let (confirmed, stay) = hold().confirm(StayId(Uuid::from_u128(9)), before).unwrap();
        assert_eq!((stay.nights, confirmed.status(before)), (hold().nights, HoldStatus::Confirmed));
        let then = hold().lapses_at;
        let refusal = hold().confirm(StayId(Uuid::from_u128(9)), then).unwrap_err();
        assert_eq!(
            refusal.message,
            "This hold lapsed at 01:45 and can't be confirmed: hold again if the unit is free still."
        );
        assert_eq!(hold().left(then), TimeDelta::zero());
    }

    #[test]
    fn a_hold_is_extended_once() {
        let now = at("2020-10-25T00:00:00Z");
        let longer = hold().extend(HALF_AN_HOUR, now).unwrap();
        assert_eq!(longer.lapses_at, at("2020-10-25T01:15:00Z"));
        assert!(
            longer.extend(HALF_AN_HOUR, now).unwrap_err().message.contains("01:15"),
            "the hour comes twice"
        );
        assert!(hold().extend(HALF_AN_HOUR, hold().lapses_at).is_err());
    }

    #[test]
    fn what_is_confirmed_or_released_is_not_so_again_and_keeps_nothing() {
        let now = at("2020-10-25T00:00:00Z");
        let (confirmed, _) = hold().confirm(StayId(Uuid::from_u128(9)), now).unwrap();
        let released = hold().release(now).unwrap();
        for over in [confirmed, released, hold().lapse()] {
            assert!(over.entries(1).is_empty());
            assert!(over.clone().confirm(StayId(Uuid::from_u128(9)), now).is_err());
            assert!(over.release(now).is_err());
        }
        assert_eq!(hold().entries(1).len(), 8);
    }
}
