//! How likely a household keeps its unit on each of the nights ahead: as often as others did who stood as it stands.
//!
//! Each day of a stay is a lesson: how many nights it was before or after the planned departure, as it was planned on
//! that day, and on which day the household really left. A household that stands so today does the same as one of those,
//! each as likely. Days are only lessons once it is known of all nights ahead how it went, whether the stay has ended or
//! not: else those that end soon would be learned from sooner.

use std::collections::BTreeMap;

use super::MOST_NIGHTS;
use crate::{
    nights::{Night, earlier},
    units::Scheme,
};

/// Beyond the last night that is foreseen.
const BEYOND: i32 = MOST_NIGHTS.cast_signed() + 1;
/// Who is overdue by more than this, or has not come for so many days, is taken for one that is by so many.
const MOST_OVERDUE: i32 = 7;
/// With so many lessons none of a day nearby is asked.
const ENOUGH: u32 = 30;
/// Days nearby are so many nights nearer or further at most.
const NEARBY: i32 = 7;
/// With fewer lessons than these, some are made up.
const FEWEST: u32 = 20;

/// How a claim to a unit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum When {
    /// The household is there.
    There,
    /// It is booked, to come in so many nights.
    Booked { begins: i32 },
    /// A unit is held for it, in so many nights.
    Held { begins: i32 },
}

/// What a household may have of its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Claim {
    /// What the unit is for.
    pub(super) scheme: Scheme,
    /// How the claim stands.
    pub(super) when: When,
    /// In how many nights it is planned to end; below zero where it is overdue.
    pub(super) departs: i32,
}

/// Claims from which is learned together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Standing {
    scheme: Scheme,
    is_there: bool,
    /// Nights to the planned departure of who is there; to the arrival of who is to come.
    nights: i32,
}

/// What came of a claim: so many nights late, and left so many nights after what was planned. None where nobody came.
type Outcome = Option<(i32, i32)>;

impl Claim {
    /// How it stands; none where it is too far ahead to matter.
    fn standing(self) -> Option<Standing> {
        let (is_there, nights) = match self.when {
            When::There => (true, self.departs.min(BEYOND)),
            When::Booked { begins } | When::Held { begins } => (false, begins),
        };
        let nights = nights.max(-MOST_OVERDUE);
        (is_there || nights < BEYOND).then_some(Standing { scheme: self.scheme, is_there, nights })
    }

    /// In how many nights it is planned to end, as far as that is told apart.
    fn ends(self) -> i32 {
        self.departs.clamp(-MOST_OVERDUE, BEYOND)
    }
}

/// Lessons by the day on which it stood so.
#[derive(Debug, Default)]
pub(super) struct Lessons {
    days: BTreeMap<Night, BTreeMap<(Standing, Outcome), u32>>,
    /// By the day on which holds ended: how many became bookings, and how many ended.
    holds: BTreeMap<Night, (u32, u32)>,
}

/// What was learned by a day.
#[derive(Debug, Default)]
pub(super) struct Learned {
    outcomes: BTreeMap<Standing, BTreeMap<Outcome, u32>>,
    holds: (u32, u32),
}

impl Lessons {
    /// On a day a claim stood so, and came to this: so many nights late, and left in so many nights from that day, where
    /// the household has left. None where it did not come.
    pub(super) fn add(&mut self, day: Night, claim: Claim, came: Option<(i32, Option<i32>)>) {
        let Some(standing) = claim.standing() else { return };
        let outcome = came.map(|(late, left)| {
            let left = left.map_or(BEYOND, |left| left.clamp(0, BEYOND));
            (late.clamp(0, MOST_OVERDUE), left - claim.ends())
        });
        *self.days.entry(day).or_default().entry((standing, outcome)).or_default() += 1;
    }

    /// A hold ended on a day: it became a booking, or did not.
    pub(super) fn add_hold(&mut self, day: Night, is_kept: bool) {
        let (kept, ended) = self.holds.entry(day).or_default();
        *kept += u32::from(is_kept);
        *ended += 1;
    }

    /// What could be learned by a day, of so many days of which it was known, so many days after them, how it went.
    pub(super) fn known_on(&self, day: Night, known_after: u32, learned_days: u32) -> Learned {
        let mut learned = Learned::default();
        let end = earlier(day, known_after);
        for lessons in self.days.range(earlier(end, learned_days)..=end).map(|(_, lessons)| lessons) {
            for ((standing, outcome), number) in lessons {
                *learned.outcomes.entry(*standing).or_default().entry(*outcome).or_default() += number;
            }
        }
        for (kept, ended) in self.holds.range(earlier(day, learned_days)..day).map(|(_, ended)| ended) {
            learned.holds.0 += kept;
            learned.holds.1 += ended;
        }
        learned
    }
}

impl Learned {
    /// Likelihoods, each worked out once.
    pub(super) const fn likelihoods(&self) -> Likelihoods<'_> {
        Likelihoods { learned: self, known: BTreeMap::new() }
    }

    /// What came of claims that stood so, or nearly so: the nearest first, until there are enough.
    fn outcomes(&self, standing: Standing) -> (BTreeMap<Outcome, u32>, u32) {
        let mut all: BTreeMap<Outcome, u32> = BTreeMap::new();
        let mut number = 0;
        for apart in 0..=NEARBY {
            if number >= ENOUGH {
                break;
            }
            let both = [standing.nights - apart, standing.nights + apart];
            for nights in both.into_iter().take(if apart == 0 { 1 } else { 2 }) {
                // Whoever is due today is not like those who are due, or were.
                if nights.signum() != standing.nights.signum() {
                    continue;
                }
                for (outcome, more) in
                    self.outcomes.get(&Standing { nights, ..standing }).into_iter().flatten()
                {
                    *all.entry(*outcome).or_default() += more;
                    number += more;
                }
            }
        }
        (all, number)
    }

    /// How likely a hold becomes a booking: as often as others did, one more that did and one that did not.
    fn kept_holds(&self) -> f64 {
        f64::from(self.holds.0 + 1) / f64::from(self.holds.1 + 2)
    }
}

/// Ten made-up outcomes, for whom there is nobody to learn from.
fn made_up(standing: Standing) -> [Outcome; 10] {
    let came = |after: i32| Some((0, after));
    let (early, planned, late) = (came(-1), came(0), came(1));
    if !standing.is_there {
        return [None, early, late, planned, planned, planned, planned, planned, planned, planned];
    }
    let due = -standing.nights;
    match standing.nights {
        ..0 => {
            let [today, tomorrow] = [came(due), came(due + 1)];
            [today, today, today, today, today, tomorrow, tomorrow, tomorrow, came(due + 2), came(due + 3)]
        }
        0 => [planned, planned, planned, planned, planned, planned, planned, planned, late, came(2)],
        _ => [planned, planned, planned, planned, planned, planned, planned, planned, early, late],
    }
}

/// Likelihoods by claim and turnaround.
pub(super) struct Likelihoods<'l> {
    learned: &'l Learned,
    known: BTreeMap<(Claim, u32), [f64; MOST_NIGHTS as usize]>,
}

impl Likelihoods<'_> {
    /// How likely a claim takes its unit on each night, with so many nights of turnaround after it.
    pub(super) fn of(&mut self, claim: Claim, turnaround: u32) -> [f64; MOST_NIGHTS as usize] {
        if let Some(known) = self.known.get(&(claim, turnaround)) {
            return *known;
        }
        let likelihoods = self.work_out(claim, turnaround);
        self.known.insert((claim, turnaround), likelihoods);
        likelihoods
    }

    fn work_out(&self, claim: Claim, turnaround: u32) -> [f64; MOST_NIGHTS as usize] {
        let Some(standing) = claim.standing() else { return [0.0; MOST_NIGHTS as usize] };
        let (outcomes, number) = self.learned.outcomes(standing);
        let learned = shares(claim, turnaround, outcomes.iter().map(|(outcome, n)| (*outcome, *n)));
        let made_up = shares(claim, turnaround, made_up(standing).into_iter().map(|outcome| (outcome, 1)));
        let weight = f64::from(number.min(FEWEST)) / f64::from(FEWEST);
        let kept = match claim.when {
            When::Held { .. } => self.learned.kept_holds(),
            When::There | When::Booked { .. } => 1.0,
        };
        let mut likelihoods = [0.0; MOST_NIGHTS as usize];
        for ((likelihood, learned), made_up) in likelihoods.iter_mut().zip(learned).zip(made_up) {
            // Nothing is added to what is learned once there is enough: what always was so stays certain.
            *likelihood =
                kept * if weight < 1.0 { weight * learned + (1.0 - weight) * made_up } else { learned };
        }
        likelihoods
    }
}

/// In which part of these outcomes each night is taken.
fn shares(
    claim: Claim,
    turnaround: u32,
    outcomes: impl Iterator<Item = (Outcome, u32)>,
) -> [f64; MOST_NIGHTS as usize] {
    let turnaround = i32::try_from(turnaround).unwrap_or(BEYOND);
    let mut taken = [0_u32; MOST_NIGHTS as usize];
    let mut all = 0;
    for (outcome, number) in outcomes {
        all += number;
        let Some((late, after)) = outcome else { continue };
        let leaves = (claim.ends() + after).clamp(0, BEYOND);
        let from = match claim.when {
            When::There => 0,
            When::Booked { begins } | When::Held { begins } => (begins + late).max(0),
        };
        let was_there = claim.when == When::There || leaves > from;
        for (night, taken) in (0..).zip(&mut taken) {
            if was_there && (from..leaves + turnaround).contains(&night) {
                *taken += number;
            }
        }
    }
    taken.map(|taken| f64::from(taken) / f64::from(all.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: &str = "2020-11-03";

    fn there(departs: i32) -> Claim {
        Claim { scheme: Scheme::SafeSpace, when: When::There, departs }
    }

    fn booked(begins: i32, departs: i32) -> Claim {
        Claim { scheme: Scheme::SafeSpace, when: When::Booked { begins }, departs }
    }

    /// So many nights late, and left in so many nights.
    type Came = Option<(i32, Option<i32>)>;

    /// What is learned from these, each so often, 29 days later.
    fn learned(lessons: &[(Claim, Came, u32)]) -> Learned {
        let mut all = Lessons::default();
        for (claim, came, number) in lessons {
            (0..*number).for_each(|_| all.add(DAY.parse().unwrap(), *claim, *came));
        }
        all.known_on("2020-12-02".parse().unwrap(), 29, 365)
    }

    /// Thousandths, for the first nights.
    #[expect(clippy::cast_possible_truncation, reason = "thousandths are from 0 to 1,000")]
    fn nights(learned: &Learned, claim: Claim, turnaround: u32) -> [i32; 5] {
        let likelihoods = learned.likelihoods().of(claim, turnaround);
        [0, 1, 2, 3, 4].map(|night| (likelihoods[night] * 1_000.0).round() as i32)
    }

    #[test]
    fn a_household_does_as_often_what_others_did_who_stood_so() {
        let learned = learned(&[
            (there(2), Some((0, Some(2))), 30),
            (there(2), Some((0, Some(4))), 6),
            (there(2), Some((0, Some(0))), 3),
            (there(2), Some((0, None)), 1),
        ]);
        assert_eq!(nights(&learned, there(2), 0), [925, 925, 175, 175, 25]);
        assert_eq!(nights(&learned, there(2), 1)[..3], [1000, 925, 925], "with turnaround");
        // Nobody stood as this one: the nearest by their planned departure.
        assert_eq!(nights(&learned, there(3), 0)[2..4], [925, 175]);
        let elsewhere = Claim { scheme: Scheme::MoveOn, ..there(2) };
        assert_eq!(nights(&learned, elsewhere, 0)[..4], [1000, 900, 100, 0], "made up");
    }

    #[test]
    fn who_is_due_today_or_overdue_is_like_nobody_else() {
        let learned = learned(&[(there(1), Some((0, Some(1))), 50)]);
        assert_eq!(nights(&learned, there(0), 0)[..3], [200, 100, 0]);
        assert_eq!(nights(&learned, there(-2), 0)[..4], [500, 200, 100, 0]);
    }

    #[test]
    fn a_booking_comes_late_or_never_as_others_did() {
        let learned = learned(&[
            (booked(1, 3), Some((0, Some(3))), 20),
            (booked(1, 3), Some((1, Some(3))), 10),
            (booked(1, 3), None, 10),
        ]);
        assert_eq!(nights(&learned, booked(1, 4), 0), [0, 500, 750, 750, 0]);
        let held = Claim { when: When::Held { begins: 1 }, ..booked(1, 4) };
        assert_eq!(nights(&learned, held, 0)[2], 375, "no hold is known: half of them");
        assert_eq!(nights(&learned, booked(29, 31), 0), [0; 5]);
    }

    #[test]
    fn a_few_lessons_count_for_as_much_as_they_are() {
        let learned = learned(&[(there(2), Some((0, Some(1))), 5)]);
        // A quarter of what they say, three quarters of what is made up.
        assert_eq!(nights(&learned, there(2), 0)[1], 675);
    }

    #[test]
    fn only_days_count_of_which_it_is_known_how_it_went() {
        let mut lessons = Lessons::default();
        (0..40).for_each(|_| lessons.add(DAY.parse().unwrap(), there(2), Some((0, Some(1)))));
        for (day, known) in
            [("2020-12-01", false), ("2020-12-02", true), ("2021-12-02", true), ("2021-12-03", false)]
        {
            let learned = lessons.known_on(day.parse().unwrap(), 29, 365);
            assert_eq!(nights(&learned, there(2), 0)[1] == 0, known, "{day}");
        }
    }
}
