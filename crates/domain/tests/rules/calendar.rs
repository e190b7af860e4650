//! The calendar of bitmaps says what a naive map of nights says, whatever is done to it.

use std::collections::BTreeSet;

use proptest::{collection::vec, option, prelude::*, sample::select};
use safespace_domain::{
    Night, Nights,
    calendar::{Calendar, Counts, UnitNo, UnitSet},
    ledger::NightUse,
    nights::{earlier, later},
    units::InService,
};

use crate::{
    naive::NaiveCalendar,
    world::{d, first_night, in_service, nights, nights_from, service},
};

/// Something that is done to a calendar. Units and nights may lie outside it: then nothing happens.
#[derive(Clone, Debug)]
enum Op {
    /// On each of the nights, this takes the unit.
    Set(UnitNo, Nights, Option<NightUse>),
    /// These units, one after another, serve so.
    Serve(UnitNo, usize, Vec<InService>),
    Clear(UnitNo),
    /// So many nights more before and after, and so many units.
    Grow(u32, u32, usize),
}

fn op(first: Night) -> impl Strategy<Value = Op> {
    let unit = || 0_usize..160;
    let run =
        (0_u32..80, 1_u32..20).prop_map(move |(from, n)| nights_from(later(earlier(first, 15), from), n));
    prop_oneof![
        24 => (unit(), run, option::weighted(0.85, select(&NightUse::ALL[..])))
            .prop_map(|(unit, nights, night_use)| Op::Set(unit, nights, night_use)),
        4 => (unit(), 1_usize..20, service(first)).prop_map(|(unit, n, runs)| Op::Serve(unit, n, runs)),
        1 => unit().prop_map(Op::Clear),
        1 => (0_u32..12, 0_u32..12, unit()).prop_map(|(before, after, units)| Op::Grow(before, after, units)),
    ]
}

/// A calendar after many deeds, and what a naive one holds after the same.
#[derive(Clone, Debug)]
struct Pair {
    calendar: Calendar,
    naive: NaiveCalendar,
}

impl Pair {
    fn new(span: Nights, units: usize) -> Self {
        let mut pair = Self { calendar: Calendar::new(span, units), naive: NaiveCalendar::new(span, units) };
        // Most units are in stock from the start, as in life.
        for unit in (0..units).filter(|unit| unit % 5 != 0) {
            pair.serve(unit, &[in_service(span.arrival(), None)]);
        }
        pair
    }

    fn serve(&mut self, unit: UnitNo, runs: &[InService]) {
        self.calendar.set_in_service(unit, runs);
        self.naive.set_in_service(unit, runs);
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Set(unit, nights, night_use) => {
                for night in nights.iter() {
                    self.calendar.set(*unit, night, *night_use);
                    self.naive.set(*unit, night, *night_use);
                }
            }
            Op::Serve(first, n, runs) => (*first..first + n).for_each(|unit| self.serve(unit, runs)),
            Op::Clear(unit) => {
                self.calendar.clear(*unit);
                self.naive.clear(*unit);
            }
            Op::Grow(before, after, units) => {
                let span = self.naive.span;
                let wider =
                    Nights::between(earlier(span.arrival(), *before), later(span.departure(), *after));
                self.calendar.grow(wider, *units);
                self.naive.grow(wider, *units);
            }
        }
    }

    /// The nights of the span, and one on either side.
    fn nights_and_some(&self) -> impl Iterator<Item = Night> + use<> {
        let span = self.naive.span;
        Nights::between(earlier(span.arrival(), 1), later(span.departure(), 1)).iter()
    }
}

fn pair() -> impl Strategy<Value = Pair> {
    (first_night(), 1_u32..45, 0_usize..150)
        .prop_flat_map(|(first, n, units)| (Just(nights_from(first, n)), Just(units), vec(op(first), 0..120)))
        .prop_map(|(span, units, ops)| {
            let mut pair = Pair::new(span, units);
            for op in &ops {
                pair.apply(op);
            }
            pair
        })
}

fn some_nights() -> impl Strategy<Value = Vec<(u32, u32, u32)>> {
    vec((0_u32..70, 0_u32..10, 0_u32..5), 1..20)
}

fn group() -> impl Strategy<Value = BTreeSet<UnitNo>> {
    vec(0_usize..160, 0..60).prop_map(|units| units.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_unit_and_night_reads_as_it_was_written(pair in pair()) {
        let Pair { calendar, naive } = &pair;
        prop_assert_eq!((calendar.span(), calendar.units()), (naive.span, naive.units));
        for night in pair.nights_and_some() {
            for unit in 0..naive.units + 2 {
                prop_assert_eq!(calendar.use_on(unit, night), naive.use_on(unit, night), "{} {}", unit, night);
                prop_assert_eq!(calendar.is_in_stock(unit, night), naive.is_in_stock(unit, night));
                prop_assert_eq!(calendar.is_free(unit, night), naive.is_free(unit, night));
            }
        }
    }

    #[test]
    fn free_units_are_those_in_stock_and_not_taken_on_every_night_nor_in_the_turnaround(
        pair in pair(),
        asks in some_nights(),
    ) {
        let first = earlier(pair.naive.span.arrival(), 2);
        for (from, n, turnaround) in asks {
            let nights = nights_from(later(first, from), n);
            let free = pair.calendar.free(nights, turnaround);
            let naive = pair.naive.free(nights, turnaround);
            prop_assert_eq!(free.len(), naive.len());
            prop_assert_eq!(free.iter().collect::<Vec<_>>(), naive, "{:?}, turnaround {}", nights, turnaround);
        }
    }

    #[test]
    fn counts_are_what_a_recount_of_the_group_finds(pair in pair(), group in group()) {
        let sparse = group.iter().copied().collect::<UnitSet>().sparse();
        for night in pair.nights_and_some() {
            let naive = pair.naive.counts(night, group.iter().copied());
            prop_assert_eq!(pair.calendar.counts(night, &sparse), naive, "{}", night);
        }
    }

    #[test]
    fn every_night_what_is_occupied_reserved_turned_around_void_and_free_makes_up_the_stock(pair in pair()) {
        let Pair { calendar, naive } = &pair;
        let everything = UnitSet::all(naive.units).sparse();
        for night in pair.nights_and_some() {
            let Counts { in_stock, void, resident, reserved, turnaround } = calendar.counts(night, &everything);
            let free = calendar.free(nights_from(night, 1), 0).len();
            prop_assert_eq!(resident + reserved + turnaround + void + u32::try_from(free)?, in_stock);
            prop_assert_eq!(calendar.counts(night, &everything).free() as usize, free);
            let stock = (0..naive.units).filter(|unit| naive.is_in_stock(*unit, night)).count();
            prop_assert_eq!(in_stock as usize, stock);
        }
    }

    #[test]
    fn growing_forgets_nothing_and_adds_nothing(
        pair in pair(),
        before in 0_u32..40,
        after in 0_u32..40,
        units in 0_usize..200,
    ) {
        let mut grown = pair.clone();
        grown.apply(&Op::Grow(before, after, units));
        for night in grown.nights_and_some() {
            for unit in 0..grown.naive.units {
                prop_assert_eq!(grown.calendar.use_on(unit, night), pair.naive.use_on(unit, night));
                prop_assert_eq!(grown.calendar.is_in_stock(unit, night), pair.naive.is_in_stock(unit, night));
            }
        }
    }

    #[test]
    fn a_set_of_units_is_a_set(
        units in group(),
        others in group(),
        room in 0_usize..160,
    ) {
        let both = |change: fn(&mut UnitSet, &UnitSet)| {
            let mut set: UnitSet = units.iter().copied().collect();
            change(&mut set, &others.iter().copied().collect());
            set.iter().collect::<Vec<_>>()
        };
        prop_assert_eq!(both(UnitSet::keep), units.intersection(&others).copied().collect::<Vec<_>>());
        prop_assert_eq!(both(UnitSet::remove_all), units.difference(&others).copied().collect::<Vec<_>>());
        prop_assert_eq!(both(UnitSet::add_all), units.union(&others).copied().collect::<Vec<_>>());

        let set: UnitSet = units.iter().copied().collect();
        prop_assert_eq!((set.len(), set.is_empty()), (units.len(), units.is_empty()));
        prop_assert!((0..200).all(|unit| set.contains(unit) == units.contains(&unit)));
        prop_assert_eq!(UnitSet::all(room).iter().collect::<Vec<_>>(), (0..room).collect::<Vec<_>>());
        prop_assert!(UnitSet::none(room).is_empty());
    }
}

#[test]
fn a_night_outside_the_calendar_is_never_free() {
    let mut calendar = Calendar::new(nights("2020-02-27", "2020-03-02"), 1);
    calendar.set_in_service(0, &[in_service(d("2020-01-01"), None)]);
    assert!(calendar.free(nights("2020-02-27", "2020-03-02"), 3).contains(0), "the leap day is a night");
    assert!(calendar.free(nights("2020-02-26", "2020-02-28"), 0).is_empty());
    assert!(calendar.free(nights("2020-03-01", "2020-03-03"), 0).is_empty());
}
