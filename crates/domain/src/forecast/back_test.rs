//! The range, tried on past days: by what was known on each, against what came of it.
//!
//! A forecast a week, at the time of day that it is now. What a forecast knows is what was on record then: who was
//! there and booked, until when that was planned, what had become of stays by then. How wide the range must be is
//! learned from the tries before it of which it was known by then how they had gone.

use std::collections::BTreeMap;

use super::{
    BANDS, ByGroup, Expected, Group, Held, KNOWN_AFTER, MEANT_TO_HOLD, MOST_NIGHTS, Past, Stock, TRIED_WEEKS,
};
use crate::{
    clock::service_day,
    nights::{Night, Nights, earlier, later},
    stays::StayState,
};

/// Weeks from one try to the next of which, on its day, it is known how it went.
const WEEKS_BETWEEN: u32 = KNOWN_AFTER.div_ceil(7);
/// So many weeks are gone through: those that are told, and those by which the first of them is made wider.
pub(super) const ALL_WEEKS: u32 = 2 * TRIED_WEEKS + WEEKS_BETWEEN;

/// By how many units each forecast of a try was off its range, by group and band.
type Tries = Vec<BTreeMap<(Group, usize), Vec<u32>>>;

/// How often the range held, by group.
pub(super) fn tried(past: &Past<'_>) -> ByGroup<Held> {
    // The latest first.
    let tries: Tries = (0..ALL_WEEKS).map(|week| try_on(past, week)).collect();
    let mut held: ByGroup<Held> = BTreeMap::new();
    for group in past.groups() {
        for (band, (from_night, to_night)) in BANDS.into_iter().enumerate() {
            let of = |week: &BTreeMap<(Group, usize), Vec<u32>>| {
                week.get(&(group, band)).cloned().unwrap_or_default()
            };
            let off: Vec<Vec<u32>> = tries.iter().map(of).collect();
            let (weeks, between) = (TRIED_WEEKS as usize, WEEKS_BETWEEN as usize);
            let (mut forecasts, mut in_range) = (0, 0);
            for (week, off_then) in off.iter().enumerate().take(weeks) {
                let known = off.iter().skip(week + between).take(weeks).flatten();
                let widened_by = needed(known.copied());
                forecasts += off_then.len() as u64;
                in_range += off_then.iter().filter(|off| **off <= widened_by).count() as u64;
            }
            let widened_by = needed(off.iter().take(weeks).flatten().copied());
            held.entry(group).or_default().push(Held {
                from_night,
                to_night,
                forecasts,
                held: in_range,
                widened_by,
            });
        }
    }
    held
}

/// By how many units ranges that were off by so many must be wider, to hold as often as they are meant to.
fn needed(off: impl Iterator<Item = u32>) -> u32 {
    let mut off: Vec<u32> = off.collect();
    off.sort_unstable();
    let must_hold = (off.len() * MEANT_TO_HOLD as usize).div_ceil(100);
    must_hold.checked_sub(1).and_then(|last| off.get(last)).copied().unwrap_or(0)
}

/// The forecast of a day so many weeks before the last of which it is known how it went.
fn try_on(past: &Past<'_>, week: u32) -> BTreeMap<(Group, usize), Vec<u32>> {
    let today = service_day(past.now);
    let day = earlier(today, KNOWN_AFTER + 7 * week);
    let at = past.at(day);
    let claims = past.claims(at, true);
    let mut off: BTreeMap<(Group, usize), Vec<u32>> = BTreeMap::new();
    // A day on which there was nothing to foresee tells nothing of how well that is done.
    if claims.is_empty() {
        return off;
    }
    let expected = past.expected_of(&claims, at, &past.lessons_at(day));
    let real = really_free(past, day, claims.iter().filter_map(|(_, _, stay)| *stay));
    for (group, nights) in expected {
        let real = real.get(&group).into_iter().flatten();
        for (ahead, (expected, real)) in (1..).zip(nights.iter().zip(real)) {
            let band = BANDS.iter().position(|(from, to)| (*from..=*to).contains(&ahead));
            if let Some(band) = band.filter(|_| expected.in_stock > expected.out_of_service) {
                off.entry((group, band)).or_default().push(off_by(expected, *real));
            }
        }
    }
    off
}

fn off_by(expected: &Expected, real: u32) -> u32 {
    let (low, high) = expected.range(0);
    low.saturating_sub(real).max(real.saturating_sub(high))
}

/// How many units were really free of these households, and of whom they went on with.
fn really_free(past: &Past<'_>, day: Night, stays: impl Iterator<Item = usize>) -> ByGroup<u32> {
    let span = Nights::between(day, later(day, MOST_NIGHTS));
    let places = &past.records.places;
    let mut taken = vec![[false; MOST_NIGHTS as usize]; places.len()];
    for first in stays {
        for known in past.journey(first) {
            let (stay, place) = (&known.record.stay, known.record.place);
            let turnaround = places.get(place).map_or(0, |place| place.turnaround_nights);
            let end = match stay.state {
                StayState::InResidence { .. } => span.departure(),
                StayState::Departed { .. } => later(stay.nights.departure(), turnaround),
                StayState::Booked | StayState::Cancelled { .. } | StayState::NoShow { .. } => continue,
            };
            let there = Nights::between(stay.nights.arrival(), end);
            let nights = taken.get_mut(place).into_iter().flatten();
            span.iter()
                .zip(nights)
                .filter(|(night, _)| there.contains(*night))
                .for_each(|(_, taken)| *taken = true);
        }
    }
    let stock = past.stock(past.at(day));
    let free = |group: Group, ahead: usize| {
        let units = places.iter().zip(&taken).zip(&stock);
        let of_group = units.filter(|((place, _), _)| group.is_none_or(|of| place.scheme == of));
        let free = of_group.filter(|((_, taken), stock)| {
            stock.get(ahead) == Some(&Stock::Available) && taken.get(ahead) == Some(&false)
        });
        u32::try_from(free.count()).unwrap_or(u32::MAX)
    };
    let nights = |group: Group| (0..MOST_NIGHTS as usize).map(|ahead| free(group, ahead)).collect();
    past.groups().map(|group| (group, nights(group))).collect()
}

#[cfg(test)]
mod tests {
    use super::needed;

    #[test]
    fn a_range_is_made_no_wider_than_it_must_be() {
        assert_eq!(needed([].into_iter()), 0);
        assert_eq!(needed([0, 0, 0, 0, 9].into_iter()), 0, "four of five hold");
        assert_eq!(needed([0, 0, 0, 2, 9].into_iter()), 2);
        assert_eq!(needed([3].into_iter()), 3);
    }
}
