//! Whatever is done to a stay, in whatever order, it stays one that could be.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use proptest::{collection::vec, option, prelude::*};
use safespace_domain::{
    Night, Nights, Refusal, RefusalCode, StayId, UnitId,
    clock::service_day,
    exceptions::{Exception, unbroken_nights, within_longest_stay},
    ledger::{Entry, LedgerChange, NightUse, Take},
    nights::{earlier, later},
    policies::Policy,
    stays::{Stay, StayState, StayStatus},
    units::Scheme,
};

use crate::world::{booked, d, first_night, id, nights_from};

/// A step that somebody tries to take with a stay.
#[derive(Clone, Copy, Debug)]
enum Step {
    Arrive,
    /// On the day so many days from tomorrow back.
    Depart(u32),
    /// By so many nights; by none is a slip of the hand.
    Extend(u32),
    Shorten(u32),
    Cancel,
    NoShow,
    /// To this unit, perhaps with a departure so many days from today.
    Move(usize, Option<u32>),
    Reinstate,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => Just(Step::Arrive),
        3 => (0_u32..6).prop_map(Step::Depart),
        2 => (0_u32..6).prop_map(Step::Extend),
        2 => (0_u32..6).prop_map(Step::Shorten),
        1 => Just(Step::Cancel),
        1 => Just(Step::NoShow),
        3 => (0_usize..3, option::of(0_u32..6)).prop_map(|(unit, days)| Step::Move(unit, days)),
        4 => Just(Step::Reinstate),
    ]
}

/// Which steps a state allows at all; that the day is right and the dates make sense comes on top.
fn is_allowed(stay: &Stay, step: Step) -> bool {
    let was_moved_on = matches!(stay.state, StayState::Departed { moved_to: Some(_), .. });
    let open = matches!(stay.status(), StayStatus::Booked | StayStatus::InResidence);
    match (step, stay.status()) {
        (Step::Arrive | Step::Cancel | Step::NoShow, status) => status == StayStatus::Booked,
        (Step::Depart(_), status) => status == StayStatus::InResidence,
        (Step::Extend(_) | Step::Shorten(_) | Step::Move(..), _) => open,
        (Step::Reinstate, StayStatus::Booked) => false,
        (Step::Reinstate, StayStatus::InResidence) => stay.moved_from.is_none(),
        (Step::Reinstate, StayStatus::Departed) => !was_moved_on,
        (Step::Reinstate, StayStatus::Cancelled | StayStatus::NoShow) => true,
    }
}

/// A household's way through the units: the stay that it has now, and those that a move closed.
#[derive(Clone, Debug)]
struct Journey {
    now: Stay,
    closed: Vec<Stay>,
    at: DateTime<Utc>,
    policy: Policy,
}

impl Journey {
    fn today(&self) -> Night {
        service_day(self.at)
    }

    /// The journey after the step, or why not.
    fn after(&self, step: Step) -> Result<Self, Refusal> {
        let (stay, at, today) = (self.now.clone(), self.at, self.today());
        let mut closed = self.closed.clone();
        let now = match step {
            Step::Arrive => stay.arrive(at, &self.policy)?,
            Step::Depart(back) => stay.depart(earlier(later(today, 1), back), at)?,
            Step::Extend(n) => {
                let to = later(stay.nights.departure(), n);
                stay.extend(to, today)?
            }
            Step::Shorten(n) => {
                let to = earlier(stay.nights.departure(), n);
                stay.shorten(to, today)?
            }
            Step::Cancel => stay.cancel(at)?,
            Step::NoShow => stay.no_show(at)?,
            Step::Move(unit, days) => {
                let new_id = StayId(id(1_000 + closed.len()));
                let departure = days.map(|days| later(today, days));
                let moved = stay.move_to(UnitId(id(unit)), new_id, departure, at, &self.policy)?;
                closed.extend(moved.from);
                moved.to
            }
            Step::Reinstate => stay.reinstate()?,
        };
        let after = Self { now, closed, ..self.clone() };
        let entries = after.entries();
        if entries.iter().map(Entry::key).collect::<BTreeSet<_>>().len() < entries.len() {
            // Back into a unit that its own first stay keeps for turnaround: the ledger's key refuses that.
            return Err(Refusal::new(RefusalCode::Taken, "This unit is kept to be made ready."));
        }
        Ok(after)
    }

    /// What the stays of the journey take today.
    fn entries(&self) -> Vec<Entry> {
        let stays = self.closed.iter().chain([&self.now]);
        stays.flat_map(|stay| stay.entries(self.today(), self.policy.turnaround_nights)).collect()
    }
}

/// A booking, when it is first looked at, and steps with the hours that pass before each.
fn story() -> impl Strategy<Value = (Journey, Vec<(i64, Step)>)> {
    let steps = vec((0_i64..40, step()), 1..25);
    (first_night(), 0_u32..4, 1_u32..8, 0_u32..3, 0_u32..8, steps).prop_map(
        |(first, ahead, n, turnaround_nights, late_arrival_until_hour, steps)| {
            let policy = Policy {
                turnaround_nights,
                late_arrival_until_hour,
                ..Policy::default_for(Scheme::SafeSpace)
            };
            let at = first.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(12);
            let now = booked(0, 0, nights_from(later(first, ahead), n));
            (Journey { now, closed: Vec::new(), at, policy }, steps)
        },
    )
}

/// Plays the story and looks at each step that was taken: before, the step, after.
fn play(
    (mut journey, steps): (Journey, Vec<(i64, Step)>),
    mut look: impl FnMut(&Journey, Step, &Result<Journey, Refusal>) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    for (hours, step) in steps {
        journey.at += TimeDelta::hours(hours);
        let after = journey.after(step);
        look(&journey, step, &after)?;
        journey = after.unwrap_or(journey);
    }
    Ok(())
}

/// The nights on which the stay has its unit, worked out from its state alone.
fn naive_kept(stay: &Stay, today: Night) -> BTreeSet<Night> {
    let mut kept: BTreeSet<Night> = match stay.status() {
        StayStatus::Cancelled | StayStatus::NoShow => BTreeSet::new(),
        StayStatus::Booked | StayStatus::InResidence | StayStatus::Departed => stay.nights.iter().collect(),
    };
    // Somebody whose departure has passed and who is still there sleeps there tonight.
    if stay.status() == StayStatus::InResidence && stay.nights.departure() < today {
        let mut night = stay.nights.departure();
        while night <= today {
            kept.insert(night);
            night = later(night, 1);
        }
    }
    kept
}

fn nights_of(entries: &[Entry], is: impl Fn(NightUse) -> bool) -> BTreeSet<Night> {
    entries.iter().filter(|entry| is(entry.take.night_use)).map(|entry| entry.night).collect()
}

fn sleeps_there(night_use: NightUse) -> bool {
    matches!(night_use, NightUse::Booked | NightUse::Resident)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_stay_never_ends_before_it_begins_and_its_nights_suit_its_state(story in story()) {
        play(story, |before, _, after| {
            let Ok(Journey { now, .. }) = after else { return Ok(()) };
            let today = before.today();
            prop_assert!(now.nights.arrival() <= now.nights.departure());
            match now.status() {
                StayStatus::Booked => {
                    prop_assert!(!now.nights.is_empty());
                    prop_assert_eq!(now.nights, now.planned, "nothing has cut it yet");
                }
                StayStatus::InResidence => {
                    prop_assert!(!now.nights.is_empty());
                    prop_assert!(now.nights.arrival() <= today, "nobody is there before they came");
                }
                StayStatus::Departed => prop_assert!(now.nights.departure() <= today, "nobody has left yet"),
                StayStatus::Cancelled | StayStatus::NoShow => {}
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_stay_takes_each_of_its_nights_once_and_then_its_turnaround(story in story()) {
        play(story, |before, _, after| {
            let (today, turnaround) = (before.today(), before.policy.turnaround_nights);
            for stay in after.iter().flat_map(|after| after.closed.iter().chain([&after.now])) {
                let entries = stay.entries(today, turnaround);
                let keys: BTreeSet<_> = entries.iter().map(Entry::key).collect();
                prop_assert_eq!(keys.len(), entries.len(), "one entry per night");
                let kept = naive_kept(stay, today);
                prop_assert_eq!(nights_of(&entries, sleeps_there), kept.clone());
                let ready = nights_of(&entries, |night_use| night_use == NightUse::Turnaround);
                let told: BTreeSet<_> = match kept.last() {
                    Some(last) if !stay.is_overstay(today) => (1..=turnaround).map(|n| later(*last, n)).collect(),
                    _ => BTreeSet::new(),
                };
                prop_assert_eq!(ready, told);
                prop_assert!(entries.iter().all(|entry| entry.unit == stay.unit && entry.take.by == stay.id.0));
                prop_assert!(entries
                    .iter()
                    .all(|entry| entry.take.household.is_some() == sleeps_there(entry.take.night_use)));
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_cancelled_stay_and_a_no_show_take_nothing(story in story()) {
        play(story, |_, _, after| {
            let Ok(after) = after else { return Ok(()) };
            if matches!(after.now.status(), StayStatus::Cancelled | StayStatus::NoShow) {
                prop_assert_eq!(after.now.entries(after.today(), 2), []);
                prop_assert!(!after.now.status().takes_nights());
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_departure_frees_every_night_from_that_day_and_none_before(story in story()) {
        play(story, |before, step, after| {
            let (Step::Depart(back), Ok(after)) = (step, after) else { return Ok(()) };
            let on = earlier(later(before.today(), 1), back);
            let mut slept: BTreeSet<_> = Nights::between(before.now.nights.arrival(), on).iter().collect();
            prop_assert_eq!(nights_of(&after.now.entries(before.today(), 0), |_| true), slept.clone());
            // With turnaround, what follows is turnaround and nothing else; after a night that nobody slept, nothing.
            let entries = after.now.entries(before.today(), 2);
            if !slept.is_empty() {
                slept.extend([on, later(on, 1)]);
            }
            prop_assert_eq!(nights_of(&entries, |_| true), slept);
            prop_assert!(entries.iter().all(|e| e.night < on || e.take.night_use == NightUse::Turnaround));
            Ok(())
        })?;
    }

    #[test]
    fn a_step_that_the_state_does_not_allow_is_refused_as_such_and_no_other_is(story in story()) {
        play(story, |before, step, after| {
            let wrong_state = after.as_ref().is_err_and(|refusal| refusal.code == RefusalCode::WrongState);
            prop_assert_eq!(wrong_state, !is_allowed(&before.now, step), "{:?}: {:?}", before.now.state, after);
            if let Err(refusal) = after {
                prop_assert!(!refusal.message.is_empty());
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_household_that_moves_is_in_one_unit_a_night_with_no_night_between(story in story()) {
        play(story, |_, _, after| {
            let Ok(Journey { now, closed, .. }) = after else { return Ok(()) };
            let stays: Vec<_> = closed.iter().chain([now]).collect();
            for pair in stays.windows(2) {
                let (old, new) = (pair[0], pair[1]);
                prop_assert_eq!(old.nights.departure(), new.nights.arrival());
                prop_assert!(!old.nights.is_empty());
                prop_assert_eq!((old.household, new.moved_from), (new.household, Some(old.id)));
                let on_to_the_new =
                    matches!(old.state, StayState::Departed { moved_to: Some(to), .. } if to == new.id);
                prop_assert!(on_to_the_new);
            }
            Ok(())
        })?;
    }

    #[test]
    fn the_ledger_holds_what_the_stays_take_after_each_change(story in story()) {
        let take = |journey: &Journey| journey.entries().into_iter().map(|e| (e.key(), e.take)).collect();
        let mut ledger: BTreeMap<_, Take> = BTreeMap::new();
        let mut held = Vec::new();
        play(story, |before, _, after| {
            // The day may have turned since: an overstay has another night. Then comes the step.
            for journey in [before].into_iter().chain(after) {
                let now = journey.entries();
                let change = LedgerChange::from_to(&held, &now);
                for entry in &change.release {
                    prop_assert_eq!(ledger.remove(&entry.key()), Some(entry.take));
                }
                for entry in &change.turn {
                    prop_assert!(ledger.insert(entry.key(), entry.take).is_some_and(|old| old != entry.take));
                }
                for entry in &change.claim {
                    prop_assert_eq!(ledger.insert(entry.key(), entry.take), None);
                }
                prop_assert!(change.claim.is_sorted_by_key(Entry::key), "written in one order");
                prop_assert_eq!(&ledger, &take(journey));
                held = now;
            }
            Ok(())
        })?;
    }

    #[test]
    fn taking_back_a_step_brings_back_the_nights_that_were_planned(story in story()) {
        play(story, |before, step, after| {
            let (Step::Reinstate, Ok(after)) = (step, after) else { return Ok(()) };
            let (from, to) = (&before.now, &after.now);
            prop_assert_eq!(to.planned, from.planned);
            prop_assert_eq!(to.nights.departure(), from.planned.departure());
            let status = match from.status() {
                StayStatus::Departed => StayStatus::InResidence,
                _ => StayStatus::Booked,
            };
            prop_assert_eq!(to.status(), status);
            Ok(())
        })?;
    }
}

/// The longest run of days around the candidate on which the household is somewhere, a day at a time.
fn naive_unbroken(candidate: Nights, others: &[Nights]) -> u32 {
    let days: HashSet<Night> = others.iter().chain([&candidate]).flat_map(|nights| nights.iter()).collect();
    let mut n = 0;
    let mut day = candidate.arrival();
    while days.contains(&day) {
        n += 1;
        day = later(day, 1);
    }
    day = earlier(candidate.arrival(), 1);
    while days.contains(&day) {
        n += 1;
        day = earlier(day, 1);
    }
    n
}

fn stays_of_a_household() -> impl Strategy<Value = (Nights, Vec<Nights>)> {
    (first_night(), 1_u32..8, vec((0_u32..40, 0_u32..7), 0..8)).prop_map(|(first, n, others)| {
        let others = others.into_iter().map(|(from, n)| nights_from(later(first, from), n)).collect();
        (nights_from(later(first, 15), n), others)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn unbroken_nights_are_what_a_walk_from_day_to_day_counts((candidate, others) in stays_of_a_household()) {
        prop_assert_eq!(unbroken_nights(candidate, &others), naive_unbroken(candidate, &others));
    }

    #[test]
    fn a_safe_space_stay_has_at_most_seven_unbroken_nights_unless_a_manager_says_so(
        (candidate, others) in stays_of_a_household(),
    ) {
        let policy = Policy::default_for(Scheme::SafeSpace);
        let answer = within_longest_stay(candidate, &others, &policy, Exception::None);
        prop_assert_eq!(answer.is_ok(), naive_unbroken(candidate, &others) <= 7);
        if let Err(refusal) = answer {
            prop_assert_eq!(refusal.code, RefusalCode::LongestStay);
        }
        prop_assert!(within_longest_stay(candidate, &others, &policy, Exception::Granted).is_ok());
    }
}

#[test]
fn moves_and_extensions_of_one_journey_count_towards_the_seven_nights() {
    let policy = Policy::default_for(Scheme::SafeSpace);
    let there = booked(0, 0, nights_from(d("2020-02-25"), 5));
    let there = there.arrive("2020-02-25T20:00:00Z".parse().unwrap(), &policy).unwrap();
    let at = "2020-02-28T10:00:00Z".parse().unwrap();
    let moved = there.move_to(UnitId(id(1)), StayId(id(1)), None, at, &policy).unwrap();
    let before = [moved.from.unwrap().nights];
    let seven = moved.to.clone().extend(d("2020-03-03"), d("2020-02-28")).unwrap();
    assert_eq!(unbroken_nights(seven.nights, &before), 7);
    assert!(within_longest_stay(seven.nights, &before, &policy, Exception::None).is_ok());
    let eight = moved.to.extend(d("2020-03-04"), d("2020-02-28")).unwrap();
    assert!(within_longest_stay(eight.nights, &before, &policy, Exception::None).is_err());
}
