//! How long it takes to ask who is free, what fits, and how full the homes were; next to the same questions put to
//! one byte per unit and night, a unit at a time, which is the floor.
//!
//! Both are asked over two years with 90% of nights taken, for nineteen units, a thousand and ten thousand, and have
//! to give the same answer before they are measured.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark is no library, and a panic is how a surprise is told"
)]

use std::{collections::BTreeSet, hint::black_box, time::Duration};

use chrono::Datelike;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use safespace_domain::{
    Night, Nights, PropertyId, UnitId,
    availability::{Ask, Spaces, offers},
    calendar::{Calendar, UnitNo},
    households::People,
    ledger::NightUse,
    nights::later,
    occupancy::{GroupKind, OccupancyRow, occupancy},
    periods::PeriodKind,
    properties::Property,
    sharing::Sharing,
    units::{InService, Scheme, Unit},
};
use uuid::Uuid;

const SIZES: [usize; 3] = [19, 1_000, 10_000];
const NIGHTS: u32 = 730;
const STAY: u32 = 7;
const DISTRICTS: [&str; 5] = ["Stevenage", "North Herts", "East Herts", "Welwyn Hatfield", "Hertsmere"];
const FEATURES: [&str; 4] = ["step_free", "cot", "pets", "women_only"];

/// Numbers that look random and are the same every time (`SplitMix64`).
struct Numbers(u64);

impl Numbers {
    /// A number below `n`.
    fn below(&mut self, n: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        u32::try_from((z ^ (z >> 31)) % u64::from(n)).unwrap_or(0)
    }
}

/// Units, their calendar, and the same as bytes.
struct World {
    spaces: Spaces,
    calendar: Calendar,
    first: Night,
    /// What takes each night of each unit: all nights of the first unit, then all of the second.
    bytes: Vec<u8>,
}

const FREE: u8 = 0;
const RESIDENT: u8 = 1;
const VOID: u8 = 2;

impl World {
    fn new(units: usize) -> Self {
        let first: Night = "2020-01-01".parse().unwrap();
        let span = Nights::between(first, later(first, NIGHTS));
        let mut numbers = Numbers(2020);
        let mut calendar = Calendar::new(span, units);
        let mut bytes = vec![FREE; units * NIGHTS as usize];
        for no in 0..units {
            calendar.set_in_service(no, &[InService { opened_on: first, closed_on: None }]);
            let of_unit = &mut bytes[no * NIGHTS as usize..][..NIGHTS as usize];
            fill(of_unit, &mut numbers);
            for (night, byte) in span.iter().zip(of_unit) {
                let night_use = match *byte {
                    RESIDENT => Some(NightUse::Resident),
                    VOID => Some(NightUse::Void),
                    _ => None,
                };
                calendar.set(no, night, night_use);
            }
        }
        let taken = bytes.iter().filter(|byte| **byte != FREE).count();
        assert!((88..=92).contains(&(taken * 100 / bytes.len())), "not 90% of nights are taken");
        Self { spaces: spaces(units, first, &mut numbers), calendar, first, bytes }
    }

    /// The nights of the search with that number: another week each time.
    fn week(&self, n: u32) -> Nights {
        let arrival = later(self.first, n * 37 % (NIGHTS - STAY));
        Nights::between(arrival, later(arrival, STAY))
    }

    fn place(&self, no: UnitNo, night: Night) -> usize {
        no * NIGHTS as usize + Nights::between(self.first, night).len() as usize
    }

    fn naive_is_free(&self, no: UnitNo, nights: Nights) -> bool {
        let from = self.place(no, nights.arrival());
        self.bytes[from..from + nights.len() as usize].iter().all(|byte| *byte == FREE)
    }

    fn naive_free(&self, nights: Nights) -> Vec<UnitNo> {
        (0..self.spaces.units().len()).filter(|no| self.naive_is_free(*no, nights)).collect()
    }

    /// The units that are free and fit, in order of number: no ranking.
    fn naive_fitting(&self, ask: &Ask) -> Vec<UnitNo> {
        let fits = |unit: &Unit| {
            let property = self.spaces.property_of(unit).unwrap();
            property.scheme == ask.scheme
                && unit.sleeps >= ask.people.total()
                && ask.features.is_subset(&unit.features)
                && !ask.unwanted.contains(&property.district)
        };
        let units = self.spaces.units().iter().enumerate();
        units
            .filter(|(no, unit)| fits(unit) && self.naive_is_free(*no, ask.nights))
            .map(|(no, _)| no)
            .collect()
    }

    /// Available and occupied unit-nights by month and district, in order.
    fn naive_occupancy(&self, range: Nights) -> Vec<(u64, u64)> {
        let mut names = DISTRICTS;
        names.sort_unstable();
        let district_of: Vec<usize> = self
            .spaces
            .units()
            .iter()
            .map(|unit| {
                let property = self.spaces.property_of(unit).unwrap();
                names.iter().position(|name| *name == property.district).unwrap()
            })
            .collect();
        let mut rows = vec![(0, 0); 12 * DISTRICTS.len()];
        let months: Vec<_> = range.iter().map(|night| night.month0() as usize).collect();
        for (no, district) in district_of.iter().enumerate() {
            let from = self.place(no, range.arrival());
            for (byte, month) in self.bytes[from..].iter().zip(&months) {
                let (available, occupied) = &mut rows[month * DISTRICTS.len() + district];
                *available += u64::from(*byte != VOID);
                *occupied += u64::from(*byte == RESIDENT);
            }
        }
        rows
    }
}

/// Weeks of stays one after another, now and then a void, and gaps of a few days up to two weeks between: about 90%
/// are taken.
fn fill(nights: &mut [u8], numbers: &mut Numbers) {
    let mut at = numbers.below(60) as usize;
    nights[..at].fill(RESIDENT);
    while at < nights.len() {
        let gap = 2 + numbers.below(13) as usize;
        let taken = 40 + numbers.below(65) as usize;
        let (from, to) = ((at + gap).min(nights.len()), (at + gap + taken).min(nights.len()));
        let by = if numbers.below(20) == 0 { VOID } else { RESIDENT };
        nights[from..to].fill(by);
        at = to;
    }
}

/// Four units in a property, every tenth property for moving on.
fn spaces(units: usize, first: Night, numbers: &mut Numbers) -> Spaces {
    let id = |n: usize| Uuid::from_u128(n as u128 + 1);
    let property = |n: usize| Property {
        id: PropertyId(id(n)),
        code: format!("P-{n:05}"),
        scheme: if n % 10 == 9 { Scheme::MoveOn } else { Scheme::SafeSpace },
        district: DISTRICTS[n % DISTRICTS.len()].to_owned(),
        locality: None,
        sharing: Sharing::SelfContained,
    };
    let mut unit = |no: usize| Unit {
        id: UnitId(id(no)),
        code: format!("SS-{no:05}"),
        property: PropertyId(id(no / 4)),
        sleeps: 1 + u16::try_from(numbers.below(6)).unwrap_or(0),
        features: FEATURES.into_iter().filter(|_| numbers.below(2) == 0).map(str::to_owned).collect(),
        in_service: vec![InService { opened_on: first, closed_on: None }],
    };
    let units: Vec<_> = (0..units).map(&mut unit).collect();
    let properties = (0..units.len().div_ceil(4)).map(property).collect();
    Spaces::new(units, properties, Vec::new(), Vec::new(), Vec::new(), Vec::new())
}

/// One adult and a child for a week, where there is a cot, not in Hertsmere.
fn family(nights: Nights) -> Ask {
    Ask {
        features: BTreeSet::from(["cot".to_owned()]),
        unwanted: BTreeSet::from(["Hertsmere".to_owned()]),
        ..Ask::plain(nights, People { adults: 1, children: 1 }, Scheme::SafeSpace)
    }
}

fn found(world: &World, ask: &Ask) -> Vec<UnitNo> {
    offers(&world.calendar, &world.spaces, ask).into_iter().map(|(no, _)| no).collect()
}

fn by_month_and_district(world: &World, range: Nights) -> Vec<OccupancyRow> {
    let group = Some(GroupKind::District);
    occupancy(&world.calendar, &world.spaces, range, PeriodKind::Month, group, range.departure())
}

/// Measures two ways to the same answer. Each is told how often it was asked, so that it can ask for another week.
fn measure<A, B>(
    c: &mut Criterion,
    name: &str,
    units: usize,
    calendar: impl Fn(u32) -> A,
    floor: impl Fn(u32) -> B,
) {
    let mut group = c.benchmark_group(name);
    let mut n = 0_u32;
    group.bench_function(BenchmarkId::new("calendar", units), |bencher| {
        bencher.iter(|| {
            n = (n + 1) % 10_000;
            black_box(calendar(n))
        });
    });
    group.bench_function(BenchmarkId::new("floor", units), |bencher| {
        bencher.iter(|| {
            n = (n + 1) % 10_000;
            black_box(floor(n))
        });
    });
    group.finish();
}

fn all(c: &mut Criterion) {
    for units in SIZES {
        let world = World::new(units);
        must_agree(&world);
        let week = |n| world.week(n);
        let plain = family(world.week(0));
        let ask = |n| Ask { nights: week(n), ..plain.clone() };
        let year = Nights::between(world.first, "2021-01-01".parse().unwrap());
        let free = |n| world.calendar.free(week(n), 0);
        measure(c, "free_for_7_nights", units, free, |n| world.naive_free(week(n)));
        measure(c, "offers", units, |n| found(&world, &ask(n)), |n| world.naive_fitting(&ask(n)));
        let occupancy = |_| by_month_and_district(&world, year);
        measure(c, "occupancy_by_month_and_district", units, occupancy, |_| world.naive_occupancy(year));
    }
}

/// What is compared must be the same question.
fn must_agree(world: &World) {
    for week in (0..100).map(|n| world.week(n)) {
        let free: Vec<_> = world.calendar.free(week, 0).iter().collect();
        assert_eq!(free, world.naive_free(week));
        let mut offered = found(world, &family(week));
        offered.sort_unstable();
        assert_eq!(offered, world.naive_fitting(&family(week)));
    }
    let year = Nights::between(world.first, "2021-01-01".parse().unwrap());
    let rows = by_month_and_district(world, year).into_iter();
    let figures: Vec<_> = rows.map(|row| (row.available_nights, row.occupied_nights)).collect();
    assert_eq!(figures, world.naive_occupancy(year));
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_200));
    targets = all
}
criterion_main!(benches);
