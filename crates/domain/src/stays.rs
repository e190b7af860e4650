//! Stays: a household's use of one unit, from the booking to the departure.
//!
//! A stay is in one of five states, and each carries what is true in it. A transition consumes the stay and
//! returns the next one, or a refusal that names the state it is in and what would have been needed. What a stay
//! takes in the night ledger follows from its state alone ([`Stay::entries`]).

use std::{fmt, str::FromStr};

use chrono::{DateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    clock::{service_day, service_time},
    households::People,
    ids::{HouseholdId, StayId, UnitId},
    ledger::{Entry, LedgerChange, NightUse, Take},
    nights::{Night, Nights, earlier, later, next},
    policies::{BOOK_AHEAD_NIGHTS, Policy},
    refusal::{Refusal, RefusalCode},
};

/// The state of a stay, without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StayStatus {
    /// Reserved; nobody has come yet.
    Booked,
    /// The household is there.
    InResidence,
    /// The household has left.
    Departed,
    /// Called off before it began.
    Cancelled,
    /// Nobody came.
    NoShow,
}

impl StayStatus {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Booked, Self::InResidence, Self::Departed, Self::Cancelled, Self::NoShow];

    /// The status's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::InResidence => "in_residence",
            Self::Departed => "departed",
            Self::Cancelled => "cancelled",
            Self::NoShow => "no_show",
        }
    }

    /// The status in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::InResidence => "in residence",
            Self::Departed => "departed",
            Self::Cancelled => "cancelled",
            Self::NoShow => "a no-show",
        }
    }

    /// Whether a stay in this state takes nights, and counts towards the longest stay.
    pub const fn takes_nights(self) -> bool {
        matches!(self, Self::Booked | Self::InResidence | Self::Departed)
    }
}

impl fmt::Display for StayStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for StayStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| {
            format!("{text:?} is not a status: use booked, in_residence, departed, cancelled or no_show")
        })
    }
}

/// The state of a stay, with what is true in it. An instant is missing where a file of past records did not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum StayState {
    /// Reserved; nobody has come yet.
    Booked,
    /// The household is there.
    InResidence {
        /// When it came.
        arrived_at: Option<DateTime<Utc>>,
    },
    /// The household has left.
    Departed {
        /// When it came.
        arrived_at: Option<DateTime<Utc>>,
        /// When it left.
        departed_at: Option<DateTime<Utc>>,
        /// The stay in another unit that it went on to, when it was moved.
        moved_to: Option<StayId>,
    },
    /// Called off before it began.
    Cancelled {
        /// When.
        at: Option<DateTime<Utc>>,
    },
    /// Nobody came.
    NoShow {
        /// When that was recorded.
        at: Option<DateTime<Utc>>,
    },
}

impl StayState {
    /// The state without its data.
    pub const fn status(&self) -> StayStatus {
        match self {
            Self::Booked => StayStatus::Booked,
            Self::InResidence { .. } => StayStatus::InResidence,
            Self::Departed { .. } => StayStatus::Departed,
            Self::Cancelled { .. } => StayStatus::Cancelled,
            Self::NoShow { .. } => StayStatus::NoShow,
        }
    }
}

/// A stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    /// Its id.
    pub id: StayId,
    /// Whose it is.
    pub household: HouseholdId,
    /// Where.
    pub unit: UnitId,
    /// Who comes, as counts.
    pub people: People,
    /// The nights as booked, extended or shortened: what was meant.
    pub planned: Nights,
    /// The nights as they are: cut by a late arrival or an early departure.
    pub nights: Nights,
    /// What has become of it.
    pub state: StayState,
    /// The stay in another unit that it continues, when the household was moved.
    pub moved_from: Option<StayId>,
    /// When it was booked; for past records, the start of that day.
    pub booked_at: DateTime<Utc>,
    /// Whether it is longer than the policy allows and came from a file of what really happened.
    pub over_limit: bool,
}

impl Stay {
    /// The state without its data.
    pub const fn status(&self) -> StayStatus {
        self.state.status()
    }

    /// Whether the household is still there although its departure has passed.
    pub fn is_overstay(&self, today: Night) -> bool {
        self.status() == StayStatus::InResidence && self.nights.departure() < today
    }

    /// The nights on which the stay keeps its unit from others: an overstay keeps it for tonight, too.
    pub fn kept(&self, today: Night) -> Nights {
        if self.is_overstay(today) {
            Nights::between(self.nights.arrival(), next(today))
        } else {
            self.nights
        }
    }

    /// The nights that the stay has come to: of an overstay those that have passed, which it would end with if the household
    /// left today; of any other stay all of its nights.
    pub fn so_far(&self, today: Night) -> Nights {
        if self.is_overstay(today) { Nights::between(self.nights.arrival(), today) } else { self.nights }
    }

    /// What the stay takes in the night ledger, given the turnaround after it. An overstay has no turnaround:
    /// nobody knows yet from when.
    pub fn entries(&self, today: Night, turnaround: u32) -> Vec<Entry> {
        let night_use = match self.status() {
            StayStatus::Booked => NightUse::Booked,
            StayStatus::InResidence | StayStatus::Departed => NightUse::Resident,
            StayStatus::Cancelled | StayStatus::NoShow => return Vec::new(),
        };
        let take = Take { night_use, by: self.id.0, household: Some(self.household) };
        let kept = self.kept(today);
        let stay = kept.iter().map(|night| Entry { unit: self.unit, night, take });
        if kept.is_empty() || self.is_overstay(today) {
            return stay.collect();
        }
        let ready = Nights::between(kept.departure(), later(kept.departure(), turnaround));
        let take = Take { night_use: NightUse::Turnaround, by: self.id.0, household: None };
        stay.chain(ready.iter().map(|night| Entry { unit: self.unit, night, take })).collect()
    }

    /// What the stay should take from a night on, and does not hold: others have it.
    pub fn missing(&self, held: &[Entry], today: Night, turnaround: u32, from: Night) -> Vec<Entry> {
        let mut missing = LedgerChange::from_to(held, &self.entries(today, turnaround)).claim;
        missing.retain(|entry| entry.night >= from);
        missing
    }

    /// The household has arrived. It may come late: nights before the one it came on are given back. An arrival
    /// soon after midnight belongs to the night before (`policy.late_arrival_until_hour`).
    pub fn arrive(self, at: DateTime<Utc>, policy: &Policy) -> Result<Self, Refusal> {
        self.must_be(&[StayStatus::Booked], "checked in")?;
        let night = arrival_night(at, policy);
        let today = service_day(at);
        if night < self.nights.arrival() {
            let why = if today < self.nights.arrival() {
                format!("and today is {today}: it can't be checked in yet.")
            } else {
                format!(
                    "and until {}:00 an arrival belongs to the night before: book that night for the household, or \
                     check it in later.",
                    policy.late_arrival_until_hour
                )
            };
            return Err(Refusal::new(
                RefusalCode::WrongTime,
                format!("This stay begins on {}, {why}", self.nights.arrival()),
            ));
        }
        let first = night.max(self.nights.arrival());
        if first >= self.nights.departure() {
            return Err(Refusal::new(
                RefusalCode::WrongTime,
                format!(
                    "This stay ended on {} without an arrival: mark it as a no-show, or book the household again.",
                    self.nights.departure()
                ),
            ));
        }
        let nights = Nights::between(first, self.nights.departure());
        Ok(Self { nights, state: StayState::InResidence { arrived_at: Some(at) }, ..self })
    }

    /// The household has left on the day `on`; the nights from that day are free.
    pub fn depart(self, on: Night, at: DateTime<Utc>) -> Result<Self, Refusal> {
        self.must_be(&[StayStatus::InResidence], "checked out")?;
        let today = service_day(at);
        if on > today {
            return Err(Refusal::new(
                RefusalCode::WrongTime,
                format!("{on} is still to come: check out on the day, or shorten the stay to end then."),
            )
            .on("on"));
        }
        if on < self.nights.arrival() {
            return Err(Refusal::bad(
                "on",
                format!("The household arrived on {}: it can't have left on {on}.", self.nights.arrival()),
            ));
        }
        let StayState::InResidence { arrived_at } = self.state else { return Ok(self) };
        let nights = Nights::between(self.nights.arrival(), on);
        let state = StayState::Departed { arrived_at, departed_at: Some(at), moved_to: None };
        Ok(Self { nights, state, ..self })
    }

    /// The stay with a later departure, not before today. Whether that is too long is for [`crate::exceptions`].
    pub fn extend(self, to: Night, today: Night) -> Result<Self, Refusal> {
        self.must_be(&[StayStatus::Booked, StayStatus::InResidence], "extended")?;
        if to <= self.nights.departure() {
            return Err(Refusal::bad(
                "departure",
                format!(
                    "The stay departs on {} already: an extension must end later.",
                    self.nights.departure()
                ),
            ));
        }
        if to < today {
            return Err(Refusal::new(
                RefusalCode::WrongTime,
                format!("{to} has passed: extend the stay to today or later, or check the household out."),
            )
            .on("departure"));
        }
        self.ending(to)
    }

    /// The stay with an earlier departure. A stay in residence can't end before today.
    pub fn shorten(self, to: Night, today: Night) -> Result<Self, Refusal> {
        self.must_be(&[StayStatus::Booked, StayStatus::InResidence], "shortened")?;
        if to >= self.nights.departure() {
            return Err(Refusal::bad(
                "departure",
                format!("The stay departs on {} already: give an earlier date.", self.nights.departure()),
            ));
        }
        if self.status() == StayStatus::InResidence && to < today {
            return Err(Refusal::new(
                RefusalCode::WrongTime,
                format!("{to} has passed: check the household out with the day it left."),
            )
            .on("departure"));
        }
        self.ending(to)
    }

    fn ending(self, to: Night) -> Result<Self, Refusal> {
        let nights = Nights::new(self.nights.arrival(), to)?;
        Ok(Self { nights, planned: Nights::between(self.planned.arrival(), to), ..self })
    }

    /// The booking is called off.
    pub fn cancel(self, at: DateTime<Utc>) -> Result<Self, Refusal> {
        self.must_be(&[StayStatus::Booked], "cancelled")?;
        Ok(Self { state: StayState::Cancelled { at: Some(at) }, ..self })
    }

    /// Nobody came. Not before the day of arrival.
    pub fn no_show(self, at: DateTime<Utc>) -> Result<Self, Refusal> {
        self.must_be(&[StayStatus::Booked], "marked as a no-show")?;
        if service_day(at) < self.nights.arrival() {
            return Err(Refusal::new(
                RefusalCode::WrongTime,
                format!("This stay begins on {}: until then, cancel it instead.", self.nights.arrival()),
            ));
        }
        Ok(Self { state: StayState::NoShow { at: Some(at) }, ..self })
    }

    /// The household goes to another unit. A booking simply changes its unit, from tonight on where its first night
    /// has passed, and so does a stay that came today; any other stay in residence closes today, and a new one opens
    /// in the other unit with no night between. `departure` is needed where the old one has passed.
    pub fn move_to(
        self,
        unit: UnitId,
        new_id: StayId,
        departure: Option<Night>,
        at: DateTime<Utc>,
        policy: &Policy,
    ) -> Result<Moved, Refusal> {
        self.must_be(&[StayStatus::Booked, StayStatus::InResidence], "moved")?;
        if unit == self.unit {
            return Err(Refusal::bad("unit", "The household is in this unit already: choose another one."));
        }
        let today = service_day(at);
        let departure = departure.unwrap_or(self.nights.departure());
        let from_night = |first: Night| {
            Nights::new(first, departure).map_err(|_| {
                Refusal::bad(
                    "departure",
                    format!(
                        "The stay was to end on {departure}: say until when it goes on in the other unit."
                    ),
                )
            })
        };
        let StayState::InResidence { arrived_at } = self.state else {
            let nights = from_night(self.nights.arrival().max(arrival_night(at, policy)))?;
            return Ok(Moved { from: None, to: Self { unit, planned: nights, nights, ..self } });
        };
        if today <= self.nights.arrival() {
            let nights = from_night(self.nights.arrival())?;
            return Ok(Moved { from: None, to: Self { unit, planned: nights, nights, ..self } });
        }
        let nights = from_night(today)?;
        let closed = Self {
            nights: Nights::between(self.nights.arrival(), today),
            state: StayState::Departed { arrived_at, departed_at: Some(at), moved_to: Some(new_id) },
            ..self.clone()
        };
        let opened = Self {
            id: new_id,
            unit,
            planned: nights,
            nights,
            state: StayState::InResidence { arrived_at: Some(at) },
            moved_from: Some(self.id),
            booked_at: at,
            over_limit: false,
            ..self
        };
        Ok(Moved { from: Some(closed), to: opened })
    }

    /// Takes back an arrival, a departure, a cancellation or a no-show: a departed stay is in residence again, any other
    /// is booked again, each with the nights that were planned.
    pub fn reinstate(self) -> Result<Self, Refusal> {
        let state = match self.state {
            StayState::Booked => {
                return Err(Refusal::new(
                    RefusalCode::WrongState,
                    "This stay is booked: there is no arrival, departure, cancellation or no-show to take back. Cancel \
                     it if the booking was the mistake.",
                ));
            }
            StayState::Departed { moved_to: Some(_), .. } => {
                return Err(Refusal::new(
                    RefusalCode::WrongState,
                    "The household was moved to another unit: move it back instead.",
                ));
            }
            StayState::InResidence { .. } if self.moved_from.is_some() => {
                return Err(Refusal::new(
                    RefusalCode::WrongState,
                    "The household was moved here from another unit: move it back instead.",
                ));
            }
            StayState::Departed { arrived_at, .. } => {
                let nights = Nights::between(self.nights.arrival(), self.planned.departure());
                return Ok(Self { nights, state: StayState::InResidence { arrived_at }, ..self });
            }
            StayState::InResidence { .. } | StayState::Cancelled { .. } | StayState::NoShow { .. } => {
                StayState::Booked
            }
        };
        Ok(Self { nights: self.planned, state, ..self })
    }

    /// The day on which the stay is to be reviewed next, where the policy has reviews: every so many nights from the
    /// arrival, while the household is there.
    pub fn next_review(&self, policy: &Policy, today: Night) -> Option<Night> {
        let every = policy.review_every_nights.filter(|every| *every > 0)?;
        let there = self.status() == StayStatus::InResidence;
        let gone = Nights::between(self.nights.arrival(), today).len();
        there.then(|| later(self.nights.arrival(), (gone / every + 1) * every))
    }

    fn must_be(&self, allowed: &[StayStatus], what: &str) -> Result<(), Refusal> {
        if allowed.contains(&self.status()) {
            return Ok(());
        }
        let needed: Vec<_> = allowed.iter().map(|status| status.words()).collect();
        Err(Refusal::new(
            RefusalCode::WrongState,
            format!(
                "This stay is {}, so it can't be {what}: only a stay that is {} can.",
                self.status().words(),
                needed.join(" or ")
            ),
        ))
    }
}

/// A move: the stay that closed, where one had begun, and the one that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The stay in the old unit, closed today. None when the household had no night there.
    pub from: Option<Stay>,
    /// The stay in the new unit.
    pub to: Stay,
}

/// The night to which an arrival at this instant belongs.
pub fn arrival_night(at: DateTime<Utc>, policy: &Policy) -> Night {
    let day = service_day(at);
    let until = NaiveTime::from_hms_opt(policy.late_arrival_until_hour, 0, 0).unwrap_or(NaiveTime::MIN);
    if service_time(at) < until { earlier(day, 1) } else { day }
}

/// Refused when a booking has no night left.
pub fn still_ahead(stay: &Stay, at: DateTime<Utc>, policy: &Policy) -> Result<(), Refusal> {
    let over = stay.nights.departure() <= arrival_night(at, policy);
    if stay.status() != StayStatus::Booked || !over {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalCode::WrongTime,
        format!("The nights of this booking ended on {}: book the household again.", stay.nights.departure()),
    ))
}

/// Refused when a new booking lies in the past or too far ahead. The night that began yesterday evening can still
/// be booked until late arrivals end.
pub fn bookable(nights: Nights, at: DateTime<Utc>, policy: &Policy) -> Result<(), Refusal> {
    let tonight = arrival_night(at, policy);
    if nights.arrival() < tonight {
        return Err(Refusal::new(
            RefusalCode::WrongTime,
            format!("{} has passed: a booking begins tonight, {tonight}, or later.", nights.arrival()),
        )
        .on("arrival"));
    }
    let horizon = later(service_day(at), BOOK_AHEAD_NIGHTS);
    if nights.departure() > horizon {
        return Err(Refusal::new(
            RefusalCode::WrongTime,
            format!("{} is too far ahead: bookings end by {horizon}.", nights.departure()),
        )
        .on("departure"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Scheme;
    use uuid::Uuid;

    fn d(text: &str) -> Night {
        text.parse().unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn policy() -> Policy {
        Policy::default_for(Scheme::SafeSpace)
    }

    fn nights(arrival: &str, departure: &str) -> Nights {
        Nights::new(d(arrival), d(departure)).unwrap()
    }

    fn stay() -> Stay {
        let nights = nights("2020-11-03", "2020-11-10");
        Stay {
            id: StayId(Uuid::nil()),
            household: HouseholdId(Uuid::nil()),
            unit: UnitId(Uuid::nil()),
            people: People::new(1, 2).unwrap(),
            planned: nights,
            nights,
            state: StayState::Booked,
            moved_from: None,
            booked_at: at("2020-11-02T12:00:00Z"),
            over_limit: false,
        }
    }

    #[test]
    fn an_arrival_after_midnight_belongs_to_the_night_before() {
        let arrived = stay().arrive(at("2020-11-04T00:30:00Z"), &policy()).unwrap();
        assert_eq!(arrived.nights, nights("2020-11-03", "2020-11-10"));
        let late = stay().arrive(at("2020-11-05T15:00:00Z"), &policy()).unwrap();
        assert_eq!(late.nights, nights("2020-11-05", "2020-11-10"));
        assert_eq!(late.planned, stay().planned);
    }

    #[test]
    fn nobody_checks_in_before_the_day_or_after_the_end() {
        assert_eq!(
            stay().arrive(at("2020-11-02T20:00:00Z"), &policy()).unwrap_err().code,
            RefusalCode::WrongTime
        );
        assert_eq!(
            stay().arrive(at("2020-11-10T20:00:00Z"), &policy()).unwrap_err().code,
            RefusalCode::WrongTime
        );
    }

    #[test]
    fn an_early_departure_frees_the_nights_from_that_day() {
        let left = stay().arrive(at("2020-11-03T20:00:00Z"), &policy()).unwrap();
        let left = left.depart(d("2020-11-06"), at("2020-11-06T09:00:00Z")).unwrap();
        let kept: Vec<_> =
            left.entries(d("2020-11-06"), 0).iter().map(|entry| entry.night.to_string()).collect();
        assert_eq!(kept, ["2020-11-03", "2020-11-04", "2020-11-05"]);
        let back = left.reinstate().unwrap();
        assert_eq!(back.nights, nights("2020-11-03", "2020-11-10"));
        assert_eq!(back.status(), StayStatus::InResidence);
    }

    #[test]
    fn an_overstay_keeps_its_unit_night_by_night() {
        let there = stay().arrive(at("2020-11-03T20:00:00Z"), &policy()).unwrap();
        assert!(!there.is_overstay(d("2020-11-10")));
        assert!(there.is_overstay(d("2020-11-11")));
        assert_eq!(there.kept(d("2020-11-12")), nights("2020-11-03", "2020-11-13"));
    }

    #[test]
    fn a_move_in_residence_closes_one_stay_and_opens_the_next_with_no_night_between() {
        let there = stay().arrive(at("2020-11-03T20:00:00Z"), &policy()).unwrap();
        let (other, new) = (UnitId(Uuid::max()), StayId(Uuid::max()));
        let moved = there.move_to(other, new, None, at("2020-11-06T10:00:00Z"), &policy()).unwrap();
        let from = moved.from.unwrap();
        assert_eq!(from.nights.departure(), moved.to.nights.arrival());
        assert_eq!(moved.to.nights.departure(), d("2020-11-10"));
        assert_eq!(moved.to.moved_from, Some(from.id));
        assert!(from.reinstate().is_err());
    }

    #[test]
    fn a_booking_whose_first_night_has_passed_moves_from_tonight_on() {
        let (other, new) = (UnitId(Uuid::max()), StayId(Uuid::max()));
        let moved = stay().move_to(other, new, None, at("2020-11-05T21:00:00Z"), &policy()).unwrap();
        assert_eq!((moved.from, moved.to.nights), (None, nights("2020-11-05", "2020-11-10")));
        let ahead = stay().move_to(other, new, None, at("2020-11-01T21:00:00Z"), &policy()).unwrap();
        assert_eq!(ahead.to.nights, stay().nights);
    }

    #[test]
    fn wrong_steps_name_the_state_and_what_is_needed() {
        let refusal = stay().depart(d("2020-11-03"), at("2020-11-04T10:00:00Z")).unwrap_err();
        assert_eq!(
            refusal.message,
            "This stay is booked, so it can't be checked out: only a stay that is in residence can."
        );
        assert!(stay().reinstate().is_err());
        assert!(stay().cancel(at("2020-11-03T10:00:00Z")).unwrap().reinstate().is_ok());
    }

    #[test]
    fn last_night_can_be_booked_until_late_arrivals_end() {
        let last_night = nights("2020-11-02", "2020-11-05");
        assert!(bookable(last_night, at("2020-11-03T00:30:00Z"), &policy()).is_ok());
        assert!(bookable(last_night, at("2020-11-03T06:30:00Z"), &policy()).is_err());
        assert!(bookable(nights("2025-11-02", "2025-11-05"), at("2020-11-03T06:30:00Z"), &policy()).is_err());
    }
}
