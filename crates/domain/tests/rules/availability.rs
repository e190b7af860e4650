//! Which units a household could have, in which order, and why not the others.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
    sample::select,
    sample::subsequence,
};
use safespace_domain::{
    HouseholdId, Night, PropertyId,
    availability::{
        Ask, Exclusion, Fit, Preference, Spaces, TooLong, exclusions, offers, preferences, why, why_not,
    },
    calendar::{Calendar, UnitNo},
    households::People,
    ledger::NightUse,
    nights::{earlier, later, next},
    sharing::Bar,
    units::{Scheme, Unit},
};

use crate::{
    naive::NaiveCalendar,
    world::{
        DISTRICTS, FEATURES, LOCALITIES, Sketch, d, features, first_night, id, in_service, nights,
        nights_from, property, sketch, sketches, spaces, unit,
    },
};

/// How many nights a random world has.
const NIGHTS: u32 = 60;
/// Where a household may not be safe, or have its work; the last is no place that anybody knows.
const PLACES: [&str; 9] = [
    "Stevenage",
    "East Herts",
    "Old Town",
    "Bedwell",
    "Hitchin",
    "Letchworth",
    "Ware",
    "Hatfield",
    "Nowhere",
];
/// How far around the nights a gap is looked at.
const GAP_LOOK: u32 = 14;

/// Units, what takes their nights, and somebody who asks.
#[derive(Clone, Debug)]
struct World {
    first: Night,
    units: Vec<Unit>,
    uses: Vec<(UnitNo, Night, NightUse)>,
    turnaround: u32,
    ask: Ask,
}

impl World {
    fn spaces(&self) -> Spaces {
        spaces(self.units.clone(), self.turnaround)
    }

    fn calendar(&self) -> Calendar {
        let mut calendar = Calendar::new(nights_from(self.first, NIGHTS), self.units.len());
        for (no, unit) in self.units.iter().enumerate() {
            calendar.set_in_service(no, &unit.in_service);
        }
        for (no, night, night_use) in &self.uses {
            calendar.set(*no, *night, Some(*night_use));
        }
        calendar
    }

    fn naive(&self) -> NaiveCalendar {
        let mut naive = NaiveCalendar::new(nights_from(self.first, NIGHTS), self.units.len());
        for (no, unit) in self.units.iter().enumerate() {
            naive.set_in_service(no, &unit.in_service);
        }
        for (no, night, night_use) in &self.uses {
            naive.set(*no, *night, Some(*night_use));
        }
        naive
    }

    fn offers(&self) -> Vec<(UnitNo, Fit)> {
        offers(&self.calendar(), &self.spaces(), &self.ask)
    }

    fn exclusions(&self) -> Vec<(UnitNo, Vec<Exclusion>)> {
        exclusions(&self.calendar(), &self.spaces(), &self.ask)
    }

    /// The same world with the units numbered from the other end.
    fn turned_round(&self) -> Self {
        let mut other = self.clone();
        other.units.reverse();
        for (no, ..) in &mut other.uses {
            *no = self.units.len() - 1 - *no;
        }
        other
    }

    fn code(&self, no: UnitNo) -> &str {
        &self.units[no].code
    }
}

fn uses(first: Night, units: usize) -> impl Strategy<Value = Vec<(UnitNo, Night, NightUse)>> {
    let run = (0..units, 0..NIGHTS, 1_u32..15, select(&NightUse::ALL[..]));
    // Enough that many units are taken, few enough that some are not.
    vec(run, 0..=units * 2).prop_map(move |runs| {
        runs.into_iter()
            .flat_map(|(no, from, n, night_use)| {
                nights_from(later(first, from), n).iter().map(move |night| (no, night, night_use))
            })
            .collect()
    })
}

fn names(names: &'static [&'static str], most: usize) -> impl Strategy<Value = BTreeSet<String>> {
    subsequence(names, 0..=most).prop_map(|names| names.into_iter().map(str::to_owned).collect())
}

/// Mostly asks that several units answer to; some for nights beyond the calendar or with every wish there is.
fn ask(first: Night) -> impl Strategy<Value = Ask> {
    let nights = (0_u32..NIGHTS + 3, 1_u32..9).prop_map(move |(from, n)| nights_from(later(first, from), n));
    let people = (1_u16..4, 0_u16..4).prop_map(|(adults, children)| People { adults, children });
    let wishes = prop_oneof![3 => names(&FEATURES, 1), 1 => features()];
    let wanted = prop_oneof![2 => Just(BTreeSet::new()), 1 => names(&DISTRICTS, 4)];
    let unwanted = prop_oneof![2 => Just(BTreeSet::new()), 1 => names(&DISTRICTS, 2)];
    let property = option::weighted(0.1, (0_usize..8).prop_map(|n| PropertyId(id(n))));
    let danger = prop_oneof![1 => Just(BTreeSet::new()), 1 => names(&PLACES, 2)];
    let near = prop_oneof![1 => Just(BTreeSet::new()), 1 => names(&PLACES, 2)];
    let bar = prop_oneof![Just(Bar::Mixed), Just(Bar::Conflict(HouseholdId(id(9))))];
    let barred = btree_map((0_usize..8).prop_map(|n| PropertyId(id(n))), bar, 0..2);
    let too_long = option::weighted(0.05, Just(TooLong { nights: 9, longest: 7 }));
    let rules = (danger, near, barred, too_long);
    let scheme = prop_oneof![3 => Just(Scheme::SafeSpace), 1 => Just(Scheme::MoveOn)];
    (nights, people, wishes, wanted, unwanted, property, scheme, rules).prop_map(
        |(nights, people, features, wanted, unwanted, property, scheme, (danger, near, barred, too_long))| {
            Ask {
                nights,
                people,
                scheme,
                features,
                wanted,
                unwanted,
                property,
                danger,
                near,
                barred,
                too_long,
            }
        },
    )
}

/// Few units, so that ten thousand worlds take seconds.
fn small_world() -> impl Strategy<Value = World> {
    world_of(|first| vec(sketch(first), 1..6).boxed())
}

fn world() -> impl Strategy<Value = World> {
    world_of(|first| sketches(first).boxed())
}

fn world_of(sketches: impl Fn(Night) -> BoxedStrategy<Vec<Sketch>>) -> impl Strategy<Value = World> {
    first_night()
        .prop_flat_map(move |first| (Just(first), sketches(first)))
        .prop_flat_map(|(first, sketches)| {
            let n = sketches.len();
            (Just(first), Just(sketches), uses(first, n), 0_u32..4, ask(first))
        })
        .prop_map(|(first, sketches, uses, turnaround, ask)| {
            let units = sketches.iter().enumerate().map(|(no, sketch)| unit(no, sketch)).collect();
            World { first, units, uses, turnaround, ask }
        })
}

/// The reasons against a unit, each found by looking at the unit and the nights alone.
fn naive_reasons(world: &World, naive: &NaiveCalendar, no: UnitNo) -> Vec<Exclusion> {
    let (unit, ask) = (&world.units[no], &world.ask);
    let home = (0..8).map(property).find(|property| property.id == unit.property).unwrap();
    let lacks: Vec<_> = ask.features.iter().filter(|code| !unit.features.contains(*code)).cloned().collect();
    let out_of_stock = ask.nights.iter().find(|night| !naive.is_in_stock(no, *night));
    let with_turnaround = nights_from(ask.nights.arrival(), ask.nights.len() + world.turnaround);
    let taken = with_turnaround.iter().find(|night| naive.use_on(no, *night).is_some());
    let mut reasons = Vec::new();
    let mut when = |is_so: bool, reason: Exclusion| {
        if is_so {
            reasons.push(reason);
        }
    };
    when(home.scheme != ask.scheme, Exclusion::OtherScheme);
    when(ask.property.is_some_and(|id| id != unit.property), Exclusion::OtherProperty);
    when(unit.sleeps < ask.people.adults + ask.people.children, Exclusion::TooSmall(unit.sleeps));
    when(!lacks.is_empty(), Exclusion::Lacks(lacks));
    when(ask.unwanted.contains(&home.district), Exclusion::UnwantedDistrict(home.district.clone()));
    when(
        !ask.wanted.is_empty() && !ask.wanted.contains(&home.district),
        Exclusion::NotInWantedDistrict(home.district.clone()),
    );
    let names = [Some(&home.district), home.locality.as_ref()];
    for name in names.into_iter().flatten().filter(|name| ask.danger.contains(*name)) {
        reasons.push(Exclusion::DangerArea(name.clone()));
    }
    for (area, district, _) in LOCALITIES.into_iter().filter(|(name, ..)| ask.danger.contains(*name)) {
        let too_near = match &home.locality {
            Some(locality) => locality != area && (says_near(area, locality) || says_near(locality, area)),
            None => home.district == district,
        };
        if too_near {
            reasons.push(Exclusion::TooNear { area: area.into(), locality: home.locality.clone() });
        }
    }
    reasons.extend(ask.barred.get(&home.id).map(|bar| Exclusion::NotTogether(*bar)));
    reasons.extend(ask.too_long.filter(|_| home.scheme == ask.scheme).map(Exclusion::TooLong));
    if let Some(night) = out_of_stock {
        let open = unit
            .in_service
            .iter()
            .any(|run| run.opened_on <= night && run.closed_on.is_none_or(|end| night < end));
        let closes = naive.is_in_stock(no, ask.nights.arrival()) && !open;
        reasons.push(if closes { Exclusion::ClosesTooSoon(night) } else { Exclusion::OutOfService(night) });
    }
    if let Some(night) = taken {
        let mut until = next(night);
        while naive.use_on(no, until).is_some() {
            until = next(until);
        }
        reasons.push(Exclusion::Taken { night, by: naive.use_on(no, night).unwrap(), until });
    }
    reasons
}

fn says_near(one: &str, other: &str) -> bool {
    LOCALITIES.iter().any(|(name, _, near)| *name == one && near.contains(&other))
}

/// How many features that nobody asked for no other unit of the scheme has, of those free on these nights.
fn naive_last_with(world: &World, naive: &NaiveCalendar, no: UnitNo) -> u16 {
    let ask = &world.ask;
    let scheme = |no: UnitNo| (0..8).map(property).find(|p| p.id == world.units[no].property).unwrap().scheme;
    let also = |code: &String| {
        (0..world.units.len()).any(|other| {
            other != no
                && scheme(other) == ask.scheme
                && world.units[other].features.contains(code)
                && naive.is_free_on(other, ask.nights, world.turnaround)
        })
    };
    let last = world.units[no].features.difference(&ask.features).filter(|code| !also(code));
    u16::try_from(last.count()).unwrap()
}

fn naive_fit(world: &World, naive: &NaiveCalendar, no: UnitNo) -> Fit {
    let (unit, ask) = (&world.units[no], &world.ask);
    let mut gap_nights = 0;
    for n in 1..=GAP_LOOK {
        if !naive.is_free(no, earlier(ask.nights.arrival(), n)) {
            break;
        }
        gap_nights += 1;
    }
    for n in 0..GAP_LOOK {
        if !naive.is_free(no, later(ask.nights.departure(), world.turnaround + n)) {
            break;
        }
        gap_nights += 1;
    }
    let home = (0..8).map(property).find(|property| property.id == unit.property).unwrap();
    let there =
        ask.near.contains(&home.district) || home.locality.is_some_and(|name| ask.near.contains(&name));
    Fit {
        last_with: naive_last_with(world, naive, no),
        far: !ask.near.is_empty() && !there,
        spare_beds: unit.sleeps - ask.people.adults - ask.people.children,
        unneeded_features: u16::try_from(unit.features.difference(&ask.features).count()).unwrap(),
        gap_nights,
    }
}

fn by_code(mut reasons: Vec<Exclusion>) -> Vec<Exclusion> {
    reasons.sort_by_key(|reason| (reason.code(), reason.to_string()));
    reasons
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn no_rule_is_broken_by_an_offer_and_every_reason_against_the_others_is_true(world in small_world()) {
        let naive = world.naive();
        let offered = world.offers();
        let excluded: BTreeMap<_, _> = world.exclusions().into_iter().collect();
        prop_assert_eq!(offered.len() + excluded.len(), world.units.len());
        for (no, fit) in offered {
            prop_assert_eq!(naive_reasons(&world, &naive, no), [], "{}", world.code(no));
            prop_assert_eq!(fit, naive_fit(&world, &naive, no), "{}", world.code(no));
        }
        for (no, told) in excluded {
            prop_assert!(!told.is_empty());
            prop_assert_eq!(by_code(told), by_code(naive_reasons(&world, &naive, no)), "{}", world.code(no));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_unit_is_either_offered_or_excluded_with_a_reason(world in world()) {
        let offered: Vec<_> = world.offers().into_iter().map(|(no, _)| no).collect();
        let excluded = world.exclusions();
        let mut all: Vec<_> = offered.iter().copied().chain(excluded.iter().map(|(no, _)| *no)).collect();
        all.sort_unstable();
        prop_assert_eq!(all, (0..world.units.len()).collect::<Vec<_>>());
        prop_assert!(excluded.iter().all(|(_, reasons)| !reasons.is_empty()));
        let (calendar, spaces) = (world.calendar(), world.spaces());
        prop_assert!(offered.iter().all(|no| why_not(&calendar, &spaces, &world.ask, *no).is_empty()));
    }

    #[test]
    fn the_offers_are_exactly_the_units_that_are_free_and_fit(world in world()) {
        let naive = world.naive();
        let offered: BTreeSet<_> = world.offers().into_iter().map(|(no, _)| no).collect();
        for no in 0..world.units.len() {
            let free = naive.is_free_on(no, world.ask.nights, world.turnaround);
            let misfits = naive_reasons(&world, &naive, no)
                .into_iter()
                .filter(|reason| !matches!(reason, Exclusion::Taken { .. } | Exclusion::OutOfService(_) | Exclusion::ClosesTooSoon(_)));
            let fits = misfits.count() == 0;
            prop_assert_eq!(offered.contains(&no), free && fits, "{}", world.code(no));
        }
    }

    #[test]
    fn every_reason_is_true_and_none_is_left_out(world in world()) {
        let naive = world.naive();
        let excluded: BTreeMap<_, _> = world.exclusions().into_iter().collect();
        for no in 0..world.units.len() {
            let told = excluded.get(&no).cloned().unwrap_or_default();
            prop_assert_eq!(by_code(told), by_code(naive_reasons(&world, &naive, no)), "{}", world.code(no));
        }
    }

    #[test]
    fn offers_come_best_fit_first_then_by_code_and_exclusions_by_code(world in world()) {
        let naive = world.naive();
        let offers = world.offers();
        for (no, fit) in &offers {
            prop_assert_eq!(*fit, naive_fit(&world, &naive, *no), "{}", world.code(*no));
        }
        let in_order = |(a, fit_a): &(UnitNo, Fit), (b, fit_b): &(UnitNo, Fit)| {
            let worth = |fit: &Fit| (fit.last_with, fit.spare_beds, fit.unneeded_features, fit.far, fit.gap_nights);
            (worth(fit_a), world.code(*a)) < (worth(fit_b), world.code(*b))
        };
        prop_assert!(offers.is_sorted_by(in_order), "{:?}", offers);
        let excluded = world.exclusions();
        prop_assert!(excluded.is_sorted_by(|(a, _), (b, _)| world.code(*a) < world.code(*b)));
    }

    #[test]
    fn what_is_told_for_and_against_a_unit_is_what_its_fit_counts(world in world()) {
        let (calendar, spaces) = (world.calendar(), world.spaces());
        for (no, fit) in world.offers() {
            let mut told = Fit { last_with: 0, spare_beds: 0, unneeded_features: 0, far: false, gap_nights: 0 };
            for preference in preferences(&calendar, &spaces, &world.ask, no) {
                match preference {
                    Preference::LastWith(codes) => told.last_with = u16::try_from(codes.len()).unwrap(),
                    Preference::SpareBeds(beds) => told.spare_beds = beds,
                    Preference::Unneeded(codes) => told.unneeded_features = u16::try_from(codes.len()).unwrap(),
                    Preference::Near(place) => prop_assert!(world.ask.near.contains(&place)),
                    Preference::Far => told.far = true,
                    Preference::GapNights(nights) => told.gap_nights = nights,
                }
            }
            prop_assert_eq!(told, fit);
            prop_assert!(why(&calendar, &spaces, &world.ask, no).starts_with(world.code(no)));
        }
    }

    #[test]
    fn the_same_question_has_the_same_answer_whatever_the_order_of_the_units(world in world()) {
        prop_assert_eq!(world.offers(), world.offers());
        prop_assert_eq!(world.exclusions(), world.exclusions());
        let other = world.turned_round();
        let named = |world: &World| {
            let offers = world.offers().into_iter().map(|(no, fit)| (world.code(no).to_owned(), fit));
            let excluded = world.exclusions().into_iter().map(|(no, why)| (world.code(no).to_owned(), why));
            (offers.collect::<Vec<_>>(), excluded.collect::<Vec<_>>())
        };
        prop_assert_eq!(named(&world), named(&other));
    }
}

/// Three units of one safe-space property in Stevenage, which sleep two, four and four; the last has a cot.
fn three_units() -> World {
    let first = d("2020-11-01");
    let sketch = |sleeps, features: &[&str]| Sketch {
        property: 0,
        sleeps,
        features: features.iter().map(|code| (*code).to_owned()).collect(),
        in_service: vec![in_service(first, None)],
    };
    let sketches = [sketch(2, &[]), sketch(4, &[]), sketch(4, &["cot"])];
    let people = People { adults: 1, children: 2 };
    World {
        first,
        units: sketches.iter().enumerate().map(|(no, sketch)| unit(no, sketch)).collect(),
        uses: Vec::new(),
        turnaround: 0,
        ask: Ask::plain(nights("2020-11-03", "2020-11-10"), people, Scheme::SafeSpace),
    }
}

fn offered(world: &World) -> Vec<UnitNo> {
    world.offers().into_iter().map(|(no, _)| no).collect()
}

#[test]
fn a_family_of_three_is_offered_what_leaves_the_cot_to_others() {
    let mut world = three_units();
    assert_eq!(offered(&world), [1, 2]);
    assert_eq!(world.exclusions(), [(0, vec![Exclusion::TooSmall(2)])]);
    world.ask.features.insert("cot".into());
    assert_eq!(offered(&world), [2]);
}

#[test]
fn a_unit_between_two_stays_comes_before_one_that_is_free_for_weeks() {
    let mut world = three_units();
    world.units[2].features.clear();
    for (from, to) in [("2020-11-01", "2020-11-03"), ("2020-11-10", "2020-11-12")] {
        world.uses.extend(nights(from, to).iter().map(|night| (2, night, NightUse::Booked)));
    }
    assert_eq!(offered(&world), [2, 1]);
}

#[test]
fn what_takes_a_unit_is_named_with_its_first_night_and_when_it_ends() {
    let mut world = three_units();
    world.uses.extend(nights("2020-11-08", "2020-11-13").iter().map(|night| (1, night, NightUse::Void)));
    let (calendar, spaces) = (world.calendar(), world.spaces());
    let taken = Exclusion::Taken { night: d("2020-11-08"), by: NightUse::Void, until: d("2020-11-13") };
    let told = why_not(&calendar, &spaces, &world.ask, 1);
    assert_eq!(told, [taken]);
    assert_eq!(told[0].to_string(), "taken on the night of 2020-11-08 (void), until 2020-11-13");
}

#[test]
fn turnaround_after_the_stay_must_be_free_too() {
    let mut world = three_units();
    world.uses.extend([1, 2].map(|no| (no, d("2020-11-11"), NightUse::Booked)));
    assert_eq!(offered(&world), [1, 2]);
    world.turnaround = 1;
    assert_eq!(offered(&world), [1, 2]);
    world.turnaround = 2;
    assert_eq!(offered(&world), [] as [UnitNo; 0]);
}

#[test]
fn why_a_unit_stands_where_it_does_is_one_sentence() {
    let mut world = three_units();
    world.ask.near.insert("Stevenage".into());
    let (calendar, spaces) = (world.calendar(), world.spaces());
    assert_eq!(
        why(&calendar, &spaces, &world.ask, 2),
        format!(
            "{} is the last free one with cot; leaves 1 bed empty; has cot, which nobody asked for; is in Stevenage, \
             where school or work is, and leaves 16 free nights around it.",
            world.code(2)
        )
    );
    world.ask.danger.insert("Bedwell".into());
    assert_eq!(
        why(&calendar, &spaces, &world.ask, 2),
        format!(
            "{} may be in or near Bedwell, where the household is not safe: its locality is not known.",
            world.code(2)
        )
    );
}
