//! How long it takes to rank the units for a household with every rule there is, to say why not the others, and to plan
//! for everybody who waits; each next to its floor.
//!
//! The floor of a ranking is one byte per unit and night, a unit at a time, which only says yes or no; the floor of a plan
//! is to look for each household alone.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark is no library, and a panic is how a surprise is told"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    hint::black_box,
    time::Duration,
};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use safespace_domain::{
    HouseholdId, Night, Nights, PropertyId, ReferralId, UnitId,
    availability::{Ask, Spaces, exclusions, offers},
    calendar::{Calendar, UnitNo},
    households::People,
    ledger::NightUse,
    localities::Locality,
    nights::later,
    plan::{Tonight, Waiting, plan},
    properties::Property,
    sharing::{Party, Sharer, SharesAs, Sharing},
    units::{InService, Scheme, Unit},
};
use uuid::Uuid;

const SIZES: [usize; 2] = [19, 1_000];
const NIGHTS: u32 = 730;
const STAY: u32 = 7;
const PLANNED_UNITS: usize = 200;
const PLANNED_HOUSEHOLDS: usize = 50;
const DAYS: u32 = 7;
const DISTRICTS: [&str; 5] = ["Stevenage", "North Herts", "East Herts", "Welwyn Hatfield", "Hertsmere"];
const FEATURES: [&str; 4] = ["step_free", "cot", "pets", "garden"];
const WOMEN_AND_MEN: [Option<SharesAs>; 3] =
    [Some(SharesAs::Women), Some(SharesAs::Women), Some(SharesAs::Men)];

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

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(u32::try_from(all.len()).unwrap()) as usize]
    }
}

fn id(n: usize) -> Uuid {
    Uuid::from_u128(n as u128 + 1)
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Units with who is in them.
struct World {
    spaces: Spaces,
    calendar: Calendar,
    first: Night,
    sharers: Vec<Sharer>,
    /// Whether each night of each unit is taken: all nights of the first unit, then all of the second.
    bytes: Vec<u8>,
    numbers: Numbers,
}

impl World {
    fn new(units: usize, share_free: u32) -> Self {
        let first: Night = "2020-01-01".parse().unwrap();
        let mut numbers = Numbers(2020);
        let mut world = Self {
            spaces: spaces(units, first, &mut numbers),
            calendar: Calendar::new(Nights::between(first, later(first, NIGHTS)), units),
            first,
            sharers: Vec::new(),
            bytes: vec![0; units * NIGHTS as usize],
            numbers,
        };
        for no in 0..units {
            world.calendar.set_in_service(no, &[InService { opened_on: first, closed_on: None }]);
            world.fill(no, share_free);
        }
        world
    }

    /// Stays of one to seven nights with gaps between.
    fn fill(&mut self, no: UnitNo, share_free: u32) {
        let mut at = self.numbers.below(STAY);
        while at + STAY < NIGHTS {
            let n = 1 + self.numbers.below(STAY);
            if self.numbers.below(100) >= share_free {
                let nights = Nights::between(later(self.first, at), later(self.first, at + n));
                let shares_as = self.numbers.one_of(&WOMEN_AND_MEN);
                for (night, day) in nights.iter().zip(at as usize..) {
                    self.calendar.set(no, night, Some(NightUse::Resident));
                    self.bytes[no * NIGHTS as usize + day] = 1;
                }
                let (household, unit) = (HouseholdId(id(1_000 + self.sharers.len())), UnitId(id(no)));
                // Who left long ago, no caller would give.
                if (NIGHTS / 2 - STAY..NIGHTS / 2 + 30).contains(&at) {
                    self.sharers.push(Sharer { household, unit, nights, shares_as });
                }
            }
            at += n;
        }
    }

    fn tonight(&self) -> Night {
        later(self.first, NIGHTS / 2)
    }

    /// Asks with a danger area, work somewhere and a conflict.
    fn ask(&mut self, nights: Nights) -> (Party, Ask) {
        let other = self.sharers[self.numbers.below(u32::try_from(self.sharers.len()).unwrap()) as usize];
        let party = Party {
            household: None,
            shares_as: self.numbers.one_of(&WOMEN_AND_MEN),
            conflicts: BTreeSet::from([other.household]),
        };
        let people = People { adults: 1, children: u16::try_from(self.numbers.below(3)).unwrap() };
        let area = format!("{} {}", self.numbers.one_of(&DISTRICTS), self.numbers.below(4));
        let ask = Ask {
            danger: set(&[&area]),
            near: set(&[self.numbers.one_of(&DISTRICTS)]),
            ..Ask::plain(nights, people, Scheme::SafeSpace)
        };
        (party, ask)
    }

    fn naive(&self, nights: Nights) -> usize {
        let from = Nights::between(self.first, nights.arrival()).len() as usize;
        let free = |no: &usize| {
            let from = no * NIGHTS as usize + from;
            self.bytes[from..from + nights.len() as usize].iter().all(|byte| *byte == 0)
        };
        (0..self.spaces.units().len()).filter(free).count()
    }
}

/// Four units in a property, every tenth property for moving on, every second one shared.
fn spaces(units: usize, first: Night, numbers: &mut Numbers) -> Spaces {
    let property = |n: usize| {
        let district = DISTRICTS[n % DISTRICTS.len()];
        Property {
            id: PropertyId(id(n)),
            code: format!("P-{n:05}"),
            scheme: if n % 10 == 9 { Scheme::MoveOn } else { Scheme::SafeSpace },
            district: district.to_owned(),
            locality: (!n.is_multiple_of(7)).then(|| format!("{district} {}", n % 4)),
            sharing: if n.is_multiple_of(2) { Sharing::SelfContained } else { Sharing::ALL[n % 4] },
        }
    };
    let properties: Vec<_> = (0..units.div_ceil(4)).map(property).collect();
    let mut unit = |no: usize| Unit {
        id: UnitId(id(no)),
        code: format!("SS-{no:05}"),
        property: PropertyId(id(no / 4)),
        sleeps: 1 + u16::try_from(numbers.below(6)).unwrap(),
        features: FEATURES.into_iter().filter(|_| numbers.below(2) == 0).map(str::to_owned).collect(),
        in_service: vec![InService { opened_on: first, closed_on: None }],
    };
    let units: Vec<_> = (0..units).map(&mut unit).collect();
    let mut spaces = Spaces::new(units, properties, Vec::new(), Vec::new(), Vec::new(), Vec::new());
    spaces.localities = localities();
    spaces
}

/// Four localities in each district, each near the one before it.
fn localities() -> BTreeMap<String, Locality> {
    let locality = |district: &str, n: usize| Locality {
        name: format!("{district} {n}"),
        district: district.to_owned(),
        near: (n > 0).then(|| format!("{district} {}", n - 1)).into_iter().collect(),
    };
    let all = DISTRICTS.into_iter().flat_map(|district| (0..4).map(move |n| locality(district, n)));
    all.map(|locality| (locality.name.clone(), locality)).collect()
}

fn ranking(c: &mut Criterion) {
    let mut group = c.benchmark_group("rank_and_exclude");
    for units in SIZES {
        let mut world = World::new(units, 30);
        let nights = Nights::between(world.tonight(), later(world.tonight(), STAY));
        let (party, ask) = world.ask(nights);
        let answer = || {
            let ask = party.asks(&world.spaces, &world.sharers, &ask, nights);
            let ranked = offers(&world.calendar, &world.spaces, &ask);
            let excluded = exclusions(&world.calendar, &world.spaces, &ask);
            assert_eq!(ranked.len() + excluded.len(), units);
            (ranked, excluded)
        };
        group.bench_function(BenchmarkId::new("calendar", units), |b| b.iter(|| black_box(answer())));
        group.bench_function(BenchmarkId::new("floor", units), |b| b.iter(|| black_box(world.naive(nights))));
    }
    group.finish();
}

fn planning(c: &mut Criterion) {
    let mut group = c.benchmark_group("plan_50_households_200_units");
    for (name, share_free) in [("many_free", 70), ("few_free", 4)] {
        let mut world = World::new(PLANNED_UNITS, share_free);
        let tonight = world.tonight();
        let waiting: Vec<_> = (0..PLANNED_HOUSEHOLDS)
            .map(|n| {
                let stay = 1 + world.numbers.below(STAY);
                let (party, ask) = world.ask(Nights::between(tonight, later(tonight, stay)));
                Waiting {
                    id: ReferralId(id(n)),
                    party: Party { household: Some(HouseholdId(id(n))), ..party },
                    risk_rank: u8::try_from(world.numbers.below(3)).unwrap(),
                    since: "2020-12-31T12:00:00Z".parse().unwrap(),
                    ask,
                }
            })
            .collect();
        let World { spaces, calendar, sharers, .. } = &world;
        let tonight = Tonight { calendar, spaces, sharers, residents: &[], days: DAYS };
        let made = plan(&tonight, &waiting);
        println!("{name}: {} placed, {} unplaced", made.placed.len(), made.unplaced.len());
        let floor = || -> usize {
            let nights_of = |ask: &Ask, delay: u32| {
                Nights::between(later(ask.nights.arrival(), delay), later(ask.nights.departure(), delay))
            };
            let asks = waiting.iter().flat_map(|w| (0..=DAYS).map(move |delay| (w, delay)));
            let found = asks.map(|(w, delay)| {
                let ask = w.party.asks(spaces, sharers, &w.ask, nights_of(&w.ask, delay));
                offers(calendar, spaces, &ask).len()
            });
            found.sum()
        };
        group.bench_function(BenchmarkId::new("plan", name), |b| {
            b.iter(|| black_box(plan(&tonight, &waiting)));
        });
        group.bench_function(BenchmarkId::new("floor", name), |b| b.iter(|| black_box(floor())));
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_500));
    targets = ranking, planning
}
criterion_main!(benches);
