//! Changes of the day on which a stay was to end: extensions and shortenings, kept as they were made.
//!
//! A stay says what is planned for it now ([`Stay::planned`](crate::stays::Stay::planned)). What was planned before
//! follows from its changes: the plan of now, with each that was made since undone.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{ids::StayId, nights::Night, stays::Stay};

/// The planned departure of a stay was changed.
///
/// Each way of changing it counts: an extension, a shortening, and a move to another unit with another departure. Such a
/// move, where it closes one stay and opens the next, changes the one that goes on: it was first planned to end when
/// the one before was. What leaves the plan as it is is none: a late arrival, an early departure or an overstay (they
/// change the nights, not what was planned), a split or a repacking (each part is booked as it is), and taking one of
/// them back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepartureChange {
    /// The stay.
    pub stay: StayId,
    /// When it was changed.
    pub at: DateTime<Utc>,
    /// The departure that was planned until then.
    pub before: Night,
    /// The departure that was planned from then on.
    pub after: Night,
}

impl DepartureChange {
    /// What changed between a stay, or the one that it goes on from, and the same as it is kept now; none where its
    /// departure stays.
    pub fn between(before: &Stay, after: &Stay, at: DateTime<Utc>) -> Option<Self> {
        let (was, is) = (before.planned.departure(), after.planned.departure());
        (was != is).then_some(Self { stay: after.id, at, before: was, after: is })
    }

    /// Whether the stay was to end later than before; otherwise it was to end earlier.
    pub fn is_extension(&self) -> bool {
        self.after > self.before
    }
}

/// The departure that was planned first, where it is `now` and these are the changes of that stay, oldest first.
pub fn first_planned(now: Night, changes: &[DepartureChange]) -> Night {
    changes.first().map_or(now, |first| first.before)
}

/// The departure that was planned at an instant, where it is `now` and these are the changes of that stay, oldest first.
/// What was changed at that very instant counts.
pub fn planned_at(now: Night, changes: &[DepartureChange], at: DateTime<Utc>) -> Night {
    changes.iter().find(|change| change.at > at).map_or(now, |next| next.before)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn day(text: &str) -> Night {
        text.parse().unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn change(when: &str, before: &str, after: &str) -> DepartureChange {
        DepartureChange { stay: StayId(Uuid::nil()), at: at(when), before: day(before), after: day(after) }
    }

    #[test]
    fn what_was_planned_is_what_is_planned_undone_change_by_change() {
        let now = day("2020-11-09");
        let changes = [
            change("2020-11-04T10:00:00Z", "2020-11-06", "2020-11-10"),
            change("2020-11-05T10:00:00Z", "2020-11-10", "2020-11-08"),
            change("2020-11-05T10:00:00Z", "2020-11-08", "2020-11-09"),
        ];
        assert_eq!(first_planned(now, &changes), day("2020-11-06"));
        assert_eq!(first_planned(now, &[]), now);
        for (when, planned) in [
            ("2020-11-01T00:00:00Z", "2020-11-06"),
            ("2020-11-04T09:59:59Z", "2020-11-06"),
            ("2020-11-04T10:00:00Z", "2020-11-10"),
            ("2020-11-05T09:59:59Z", "2020-11-10"),
            ("2020-11-05T10:00:00Z", "2020-11-09"),
            ("2020-12-01T00:00:00Z", "2020-11-09"),
        ] {
            assert_eq!(planned_at(now, &changes, at(when)), day(planned), "{when}");
        }
        assert!(changes[0].is_extension() && !changes[1].is_extension());
    }
}
