//! How long it takes to look ahead for 1,000 households and 500 items, next to its floor: one sum over all that is needed
//! and all that is on hand, by item, without days, lots or working.
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
    ItemId, LotId, Night, PackTemplateId, PlaceId, StayId,
    households::People,
    items::{Allergen, Avoids, Catalogue, Diet, Item, Level},
    money::Pence,
    needs::ChildAges,
    nights::later,
    pack_lists::{Asked, PackFor, pack_list},
    pack_templates::{AgeBand, PackTemplate, Per, TemplateLine},
    shopping::{Ahead, Demand, Who, demand, look_ahead},
    stock::{Balance, Lot, OnHand, Origin},
};
use uuid::Uuid;

const HOUSEHOLDS: usize = 1_000;
const ITEMS: usize = 500;
const LINES: usize = 60;
const PLACES: usize = 20;
const LOTS_OF_AN_ITEM: usize = 6;
const DAYS: u32 = 14;

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

    fn index(&mut self, n: usize) -> usize {
        self.below(u32::try_from(n).unwrap()) as usize
    }
}

fn id(n: usize) -> Uuid {
    Uuid::from_u128(n as u128 + 1)
}

fn catalogue(numbers: &mut Numbers) -> Catalogue {
    let mut item = |n: usize| {
        let contains: BTreeSet<Allergen> =
            Allergen::ALL.into_iter().filter(|_| numbers.below(8) == 0).collect();
        let item = Item {
            id: ItemId(id(n)),
            code: format!("I-{n:03}"),
            name: format!("Item {n}"),
            category: "food".to_owned(),
            unit_of_issue: "unit".to_owned(),
            pack_size: 1 + numbers.below(24),
            price: Pence(i64::from(50 + numbers.below(2_000))),
            supplier: Some(format!("Supplier {}", numbers.below(8))),
            eaten: n.is_multiple_of(2),
            contains: Some(contains),
            suits: Diet::ALL.into_iter().filter(|_| numbers.below(2) == 0).collect(),
            shelf_life_days: (numbers.below(2) == 0).then(|| 1 + numbers.below(60)),
            perishable: n.is_multiple_of(3),
            barcode: None,
            retired: n % 50 == 49,
        };
        (item.id, item)
    };
    (0..ITEMS).map(&mut item).collect()
}

fn template(numbers: &mut Numbers) -> PackTemplate {
    let per = |n: usize| match n % 4 {
        0 => Per::Household,
        1 => Per::Adult,
        2 => Per::Person,
        _ => Per::ChildOf(AgeBand::ALL[n / 4 % AgeBand::ALL.len()]),
    };
    let line = |n: usize| TemplateLine {
        alternatives: (0..4).map(|k| ItemId(id((n * 8 + k * 131 + numbers.index(3)) % ITEMS))).collect(),
        per: per(n),
        quantity: 1 + numbers.below(3),
        every_nights: (numbers.below(2) == 0).then(|| 1 + numbers.below(4)),
    };
    PackTemplate {
        id: PackTemplateId(id(0)),
        code: "ARRIVAL".to_owned(),
        name: "Arrival".to_owned(),
        version: 1,
        scheme: None,
        lines: (0..LINES).map(line).collect(),
        retired: false,
    }
}

/// Who comes, each with something that it avoids or nothing.
fn household(numbers: &mut Numbers) -> PackFor {
    let children = u16::try_from(numbers.below(4)).unwrap();
    let allergens = Allergen::ALL.into_iter().filter(|_| numbers.below(40) == 0).collect();
    let diets = Diet::ALL.into_iter().filter(|_| numbers.below(10) == 0).collect();
    PackFor {
        people: People { adults: 1 + u16::try_from(numbers.below(2)).unwrap(), children },
        ages: Some(ChildAges { under_2: children, ..ChildAges::default() }),
        avoids: Avoids { allergens, diets },
        nights: 1 + numbers.below(7),
        asked: (0..3).map(|_| Asked { item: ItemId(id(numbers.index(ITEMS))), quantity: 1 }).collect(),
        goes_on: false,
    }
}

fn stock(first: Night, numbers: &mut Numbers) -> Vec<OnHand> {
    let mut one = |n: usize| {
        let quantity = 1 + numbers.below(40);
        let lot = Lot {
            id: LotId(id(n)),
            item: ItemId(id(n % ITEMS)),
            code: Some(format!("L{n}")),
            expires_on: (numbers.below(4) > 0).then(|| later(first, numbers.below(40))),
            received_at: "2020-11-01T09:00:00Z".parse().unwrap(),
            origin: Origin::Bought { supplier: "Supplier".to_owned(), delivery_note: None, grant: None },
            quantity,
            cost: Pence(i64::from(quantity * 75)),
        };
        let place = PlaceId(id(numbers.index(PLACES)));
        OnHand { balance: Balance { item: lot.item, place, lot: lot.id, quantity, value: lot.cost }, lot }
    };
    (0..ITEMS * LOTS_OF_AN_ITEM).map(&mut one).collect()
}

fn levels(numbers: &mut Numbers) -> Vec<Level> {
    let mut level = |n: usize| {
        let reorder_point = numbers.below(10);
        let target = reorder_point + 1 + numbers.below(20);
        Level { place: PlaceId(id(n / ITEMS)), item: ItemId(id(n % ITEMS)), reorder_point, target }
    };
    (0..ITEMS * PLACES).map(&mut level).collect()
}

/// By item: needed and on hand.
fn naive(demands: &[Demand], on_hand: &[OnHand]) -> BTreeMap<ItemId, (u64, u64)> {
    let mut sums: BTreeMap<ItemId, (u64, u64)> = BTreeMap::new();
    for demand in demands {
        if let Some(item) = demand.item {
            sums.entry(item).or_default().0 += u64::from(demand.units);
        }
    }
    for one in on_hand {
        sums.entry(one.balance.item).or_default().1 += u64::from(one.balance.quantity);
    }
    sums
}

fn shopping(c: &mut Criterion) {
    let mut numbers = Numbers(2020);
    let today: Night = "2020-11-03".parse().unwrap();
    let (catalogue, template) = (catalogue(&mut numbers), template(&mut numbers));
    let comers: Vec<_> = (0..HOUSEHOLDS)
        .map(|n| {
            let day = later(today, numbers.below(DAYS));
            (Who::Stay(StayId(id(n))), day, household(&mut numbers))
        })
        .collect();
    let (on_hand, levels) = (stock(today, &mut numbers), levels(&mut numbers));
    let demands = || -> Vec<Demand> {
        let lines = |(who, day, to): &(Who, Night, PackFor)| {
            let listed = pack_list(&template, to, &catalogue, &[]);
            demand(*who, *day, &listed.lines).collect::<Vec<_>>()
        };
        comers.iter().flat_map(lines).collect()
    };
    let list = |demands: &[Demand]| {
        let catalogue = &catalogue;
        look_ahead(&Ahead { today, days: DAYS, demands, on_hand: &on_hand, levels: &levels, catalogue })
    };
    let known = demands();
    let told = list(&known);
    println!(
        "{} demands of {} items; {} low, {} expiring, {} unmet; {}",
        known.len(),
        told.lines.len(),
        told.low.len(),
        told.expiring.len(),
        told.unmet.len(),
        told.cost()
    );

    let mut group = c.benchmark_group("shopping_1000_households_500_items");
    group.bench_function(BenchmarkId::from_parameter("lists_and_shopping"), |b| {
        b.iter(|| black_box(list(&demands())));
    });
    group.bench_function(BenchmarkId::from_parameter("shopping"), |b| b.iter(|| black_box(list(&known))));
    group.bench_function(BenchmarkId::from_parameter("floor"), |b| {
        b.iter(|| black_box(naive(&known, &on_hand)));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_500));
    targets = shopping
}
criterion_main!(benches);
