//! The steps of a stay, as its records tell them one after the other: nothing that was taken back is left out.

use crate::{
    departure_changes::DepartureChange,
    ids::{StayId, UnitId},
    nights::{Night, Nights},
    stays::{Stay, StayState, StayStatus},
};
use chrono::{DateTime, Utc};

/// One step of a stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StayStep {
    /// It was booked, for these nights.
    Booked {
        /// The nights.
        nights: Nights,
    },
    /// The household came here from another stay.
    MovedHere {
        /// That stay.
        from: StayId,
    },
    /// The household arrived.
    Arrived {
        /// The night for which it was expected, where that was an earlier one.
        expected: Option<Night>,
    },
    /// The stay goes on in another unit. A household that had slept in the first one has a stay for each instead.
    Moved {
        /// The unit that it left.
        from: UnitId,
        /// The unit that it went to.
        to: UnitId,
    },
    /// It is to end on another day.
    DepartureChanged(DepartureChange),
    /// The household went on to another stay.
    MovedOn {
        /// That stay.
        to: StayId,
    },
    /// The household left.
    Left {
        /// The day it left.
        on: Night,
        /// The day on which it was to leave.
        planned: Night,
    },
    /// The booking was cancelled.
    Cancelled,
    /// Nobody came.
    NoShow,
    /// A step was taken back.
    TakenBack(StayStatus),
}

/// The steps from one record of a stay to the next, made at an instant; from none to the first, where there was none.
pub fn steps(before: Option<&Stay>, after: &Stay, at: DateTime<Utc>) -> Vec<StayStep> {
    let Some(before) = before else { return first_steps(after) };
    let mut steps = Vec::new();
    if before.unit != after.unit {
        steps.push(StayStep::Moved { from: before.unit, to: after.unit });
    }
    steps.extend(match (before.status(), after.status()) {
        (was, is) if was == is => None,
        (was, StayStatus::Booked) | (was @ StayStatus::Departed, StayStatus::InResidence) => {
            Some(StayStep::TakenBack(was))
        }
        _ => Some(into_state(after)),
    });
    steps.extend(DepartureChange::between(before, after, at).map(StayStep::DepartureChanged));
    steps
}

/// How a stay began that the first of its records shows like this. A file of past records leaves none of what was before.
fn first_steps(stay: &Stay) -> Vec<StayStep> {
    let begun = match stay.moved_from {
        Some(from) => StayStep::MovedHere { from },
        None => StayStep::Booked { nights: stay.planned },
    };
    let came = matches!(stay.status(), StayStatus::InResidence | StayStatus::Departed);
    let arrived = (came && stay.moved_from.is_none()).then(|| arrived(stay));
    let then =
        (!matches!(stay.status(), StayStatus::Booked | StayStatus::InResidence)).then(|| into_state(stay));
    std::iter::once(begun).chain(arrived).chain(then).collect()
}

fn arrived(stay: &Stay) -> StayStep {
    let (planned, came) = (stay.planned.arrival(), stay.nights.arrival());
    StayStep::Arrived { expected: (planned < came).then_some(planned) }
}

fn into_state(stay: &Stay) -> StayStep {
    match stay.state {
        StayState::Booked => StayStep::Booked { nights: stay.planned },
        StayState::InResidence { .. } => arrived(stay),
        StayState::Departed { moved_to: Some(to), .. } => StayStep::MovedOn { to },
        StayState::Departed { moved_to: None, .. } => {
            StayStep::Left { on: stay.nights.departure(), planned: stay.planned.departure() }
        }
        StayState::Cancelled { .. } => StayStep::Cancelled,
        StayState::NoShow { .. } => StayStep::NoShow,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{households::People, ids::HouseholdId, policies::Policy, units::Scheme};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn night(text: &str) -> Night {
        text.parse().unwrap()
    }

    const EVENING: &str = "2020-11-03T20:00:00Z";

    fn booked() -> Stay {
        let nights = Nights::between(night("2020-11-03"), night("2020-11-08"));
        Stay {
            id: StayId(Uuid::from_u128(1)),
            household: HouseholdId(Uuid::from_u128(2)),
            unit: UnitId(Uuid::from_u128(3)),
            people: People { adults: 1, children: 2 },
            planned: nights,
            nights,
            state: StayState::Booked,
            moved_from: None,
            booked_at: at("2020-11-03T18:00:00Z"),
            over_limit: false,
        }
    }

    fn arrive(stay: Stay) -> Stay {
        stay.arrive(at(EVENING), &Policy::default_for(Scheme::SafeSpace)).unwrap()
    }

    /// The steps that these records tell.
    fn told(records: &[Stay]) -> Vec<StayStep> {
        let before = std::iter::once(None).chain(records.iter().map(Some));
        records.iter().zip(before).flat_map(|(after, before)| steps(before, after, at(EVENING))).collect()
    }

    #[test]
    fn what_was_taken_back_stands_beside_its_taking_back() {
        let there = arrive(booked());
        let gone = there.clone().depart(night("2020-11-05"), at("2020-11-05T09:00:00Z")).unwrap();
        let again = gone.clone().reinstate().unwrap();
        let booked_again = there.clone().reinstate().unwrap();
        let nobody = booked().no_show(at("2020-11-04T09:00:00Z")).unwrap();
        let whole = booked().planned;
        assert_eq!(
            told(&[booked(), there.clone(), booked_again, there, gone, again]),
            [
                StayStep::Booked { nights: whole },
                StayStep::Arrived { expected: None },
                StayStep::TakenBack(StayStatus::InResidence),
                StayStep::Arrived { expected: None },
                StayStep::Left { on: night("2020-11-05"), planned: night("2020-11-08") },
                StayStep::TakenBack(StayStatus::Departed),
            ]
        );
        assert_eq!(
            told(&[booked(), nobody.clone(), nobody.reinstate().unwrap()]),
            [StayStep::Booked { nights: whole }, StayStep::NoShow, StayStep::TakenBack(StayStatus::NoShow),]
        );
        let called_off = booked().cancel(at("2020-11-03T19:00:00Z")).unwrap();
        assert_eq!(
            told(&[called_off.clone(), called_off.reinstate().unwrap()])[1..],
            [StayStep::Cancelled, StayStep::TakenBack(StayStatus::Cancelled)]
        );
    }

    #[test]
    fn a_move_on_the_first_night_and_an_extension_leave_a_trace() {
        let there = arrive(booked());
        let other = UnitId(Uuid::from_u128(4));
        let moved = Stay { unit: other, ..there.clone() };
        let longer = moved.clone().extend(night("2020-11-10"), night("2020-11-03")).unwrap();
        let steps = told(&[there.clone(), moved, longer]);
        assert_eq!(steps[2], StayStep::Moved { from: there.unit, to: other });
        assert!(matches!(steps[3], StayStep::DepartureChanged(change) if change.is_extension()));
        assert_eq!(steps.len(), 4);
    }

    #[test]
    fn a_stay_that_goes_on_elsewhere_is_told_on_both_sides() {
        let (there, next) = (arrive(booked()), StayId(Uuid::from_u128(9)));
        let state = StayState::Departed { arrived_at: None, departed_at: None, moved_to: Some(next) };
        let left = Stay { state, ..there.clone() };
        let came = Stay { id: next, moved_from: Some(there.id), ..there.clone() };
        assert_eq!(steps(Some(&there), &left, at(EVENING)), [StayStep::MovedOn { to: next }]);
        assert_eq!(steps(None, &came, at(EVENING)), [StayStep::MovedHere { from: there.id }]);
    }

    #[test]
    fn of_a_stay_from_a_file_what_came_before_its_first_record_is_taken_to_have_been() {
        let gone = arrive(booked()).depart(night("2020-11-05"), at("2020-11-05T09:00:00Z")).unwrap();
        let told = told(&[gone]);
        assert_eq!(told.len(), 3);
        assert_eq!(told[1], StayStep::Arrived { expected: None });
    }
}
