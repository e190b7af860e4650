//! What is on the shopping list is what is missing: with it everybody gets what they need, and with less somebody does not.

use proptest::{collection::vec, option, prelude::*};
use safespace_domain::{
    ItemId, LotId, Night, PlaceId, StayId,
    households::People,
    items::{Avoids, Catalogue, Item, Level},
    money::Pence,
    nights::{earlier, later},
    pack_lists::{PackFor, Rule},
    pack_templates::Per,
    shopping::{Ahead, Demand, Low, Past, Who, likely, look_ahead},
    stock::{Balance, Lot, OnHand, Origin},
    units::Scheme,
};

use crate::world::{d, id};

const ITEMS: usize = 3;
const DAYS: u32 = 6;
const TODAY: &str = "2020-11-03";

fn catalogue() -> Catalogue {
    let item = |n: usize| Item {
        id: ItemId(id(n)),
        code: format!("I-{n}"),
        name: format!("Item {n}"),
        category: "food".into(),
        unit_of_issue: "unit".into(),
        pack_size: [1, 4, 6][n % 3],
        price: Pence(150),
        supplier: (n > 0).then(|| format!("Supplier {n}")),
        eaten: true,
        contains: None,
        suits: [].into(),
        shelf_life_days: None,
        perishable: false,
        barcode: None,
        retired: false,
    };
    (0..ITEMS).map(item).map(|item| (item.id, item)).collect()
}

/// Needs from two days ago to after the days that are looked at.
fn demands() -> impl Strategy<Value = Vec<Demand>> {
    vec((0..ITEMS, 0..DAYS + 4, 1_u32..4, 0_usize..5), 0..8).prop_map(|all| {
        let demand = |(item, day, units, stay): (usize, u32, u32, usize)| {
            let rule =
                Rule::Line { per: Per::Adult, heads: units, quantity: 1, every_nights: None, nights: 7 };
            let item = Some(ItemId(id(item)));
            let day = later(earlier(d(TODAY), 2), day);
            Demand { who: Who::Stay(StayId(id(stay))), day, item, first: item, units, rule }
        };
        all.into_iter().map(demand).collect()
    })
}

fn shelf() -> impl Strategy<Value = Vec<OnHand>> {
    vec((0..ITEMS, 0_usize..2, 1_u32..4, option::of(0..DAYS + 3)), 0..8).prop_map(|all| {
        let one = |(n, (item, place, quantity, keeps)): (usize, (usize, usize, u32, Option<u32>))| {
            let lot = Lot {
                id: LotId(id(n)),
                item: ItemId(id(item)),
                code: None,
                expires_on: keeps.map(|days| later(earlier(d(TODAY), 1), days)),
                received_at: "2020-11-01T12:00:00Z".parse().unwrap(),
                origin: Origin::Donated { by: None, delivery_note: None },
                quantity,
                cost: Pence(100),
            };
            let place = PlaceId(id(place));
            OnHand { balance: Balance { item: lot.item, place, lot: lot.id, quantity, value: lot.cost }, lot }
        };
        all.into_iter().enumerate().map(one).collect()
    })
}

/// The most needs of single units, on their days, that units which keep until theirs can meet (augmenting paths).
fn most_met(needs: &[Night], keeps: &[Night]) -> usize {
    fn meet(
        need: usize,
        needs: &[Night],
        keeps: &[Night],
        met_by: &mut [Option<usize>],
        seen: &mut [bool],
    ) -> bool {
        for unit in 0..keeps.len() {
            if seen[unit] || keeps[unit] < needs[need] {
                continue;
            }
            seen[unit] = true;
            if met_by[unit].is_none_or(|other| meet(other, needs, keeps, met_by, seen)) {
                met_by[unit] = Some(need);
                return true;
            }
        }
        false
    }
    let mut met_by = vec![None; keeps.len()];
    (0..needs.len())
        .filter(|need| meet(*need, needs, keeps, &mut met_by, &mut vec![false; keeps.len()]))
        .count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn with_what_is_on_the_list_everybody_gets_what_they_need_and_with_less_somebody_does_not(
        (demands, on_hand) in (demands(), shelf()),
    ) {
        let catalogue = catalogue();
        let today = d(TODAY);
        let told = look_ahead(&Ahead {
            today,
            days: DAYS,
            demands: &demands,
            on_hand: &on_hand,
            levels: &[],
            catalogue: &catalogue,
        });
        for item in catalogue.values() {
            let mut needs: Vec<Night> = Vec::new();
            for demand in demands.iter().filter(|one| one.item == Some(item.id) && one.day < later(today, DAYS)) {
                needs.extend((0..demand.units).map(|_| demand.day.max(today)));
            }
            let mut keeps: Vec<Night> = Vec::new();
            for one in on_hand.iter().filter(|one| one.lot.item == item.id) {
                let last = one.lot.expires_on.unwrap_or(Night::MAX);
                keeps.extend((0..one.balance.quantity).map(|_| last));
            }
            let Some(line) = told.lines.iter().find(|line| line.item == item.id) else {
                prop_assert!(needs.is_empty());
                continue;
            };
            prop_assert_eq!(line.needed as usize, needs.len());
            prop_assert_eq!(line.in_stock as usize, most_met(&needs, &keeps), "no more could have been met");
            let short = line.short();
            prop_assert_eq!(line.needs.iter().map(|need| need.units).sum::<u32>(), line.needed);
            // Who comes first has first: up to any need, no more could have been met.
            let (mut by_then, mut met) = (Vec::new(), 0);
            for need in &line.needs {
                by_then.extend((0..need.units).map(|_| need.day));
                met += need.units - need.short;
                prop_assert_eq!(met as usize, most_met(&by_then, &keeps));
            }
            prop_assert!(by_then.is_sorted());
            prop_assert_eq!(line.needs.iter().map(|need| need.short).sum::<u32>(), short);
            prop_assert!(line.units >= short && line.units < short + item.pack_size);
            prop_assert_eq!(line.units, line.packs * item.pack_size);
            prop_assert_eq!(line.cost, Pence(150 * i64::from(line.packs)));
            let with = |bought: u32| {
                let mut keeps = keeps.clone();
                keeps.extend((0..bought).map(|_| Night::MAX));
                most_met(&needs, &keeps)
            };
            prop_assert_eq!(with(line.units), needs.len());
            prop_assert!(short == 0 || with(short - 1) < needs.len());
        }
        let totals: Pence = told.suppliers.iter().map(|supplier| supplier.cost).sum();
        prop_assert_eq!(totals, told.cost());
        let mut names: Vec<_> = told.suppliers.iter().map(|supplier| supplier.supplier.clone()).collect();
        let all = names.len();
        names.dedup();
        prop_assert_eq!(names.len(), all, "each supplier once");
    }

    #[test]
    fn with_what_is_on_the_list_every_low_place_can_be_filled_up(
        (demands, on_hand) in (demands(), shelf()),
        levels in vec((0_u32..4, 1_u32..6), ITEMS * 2),
    ) {
        let catalogue = catalogue();
        let today = d(TODAY);
        let level = |(n, (reorder_point, more)): (usize, &(u32, u32))| Level {
            place: PlaceId(id(n % 2)),
            item: ItemId(id(n / 2)),
            reorder_point: *reorder_point,
            target: reorder_point + more,
        };
        let levels: Vec<_> = levels.iter().enumerate().map(level).collect();
        let ahead = Ahead { today, days: DAYS, demands: &demands, on_hand: &on_hand, levels: &levels, catalogue: &catalogue };
        let told = look_ahead(&ahead);
        for level in &levels {
            let good = |one: &&OnHand| one.lot.expires_on.is_none_or(|last| last >= today);
            let here = on_hand.iter().filter(|one| one.lot.item == level.item && one.balance.place == level.place);
            let has: u32 = here.filter(good).map(|one| one.balance.quantity).sum();
            let low = told.low.iter().find(|low| low.level == *level);
            prop_assert_eq!(low.map(|low| low.has), (has <= level.reorder_point).then_some(has));
        }
        for line in &told.lines {
            let refill: u32 = told.low.iter().filter(|low| low.level.item == line.item).map(Low::refill).sum();
            prop_assert_eq!(line.refill, refill);
            prop_assert!(line.transfer <= refill);
            prop_assert!(line.units >= line.short() + refill - line.transfer);
            let held: u32 = on_hand.iter().filter(|one| one.lot.item == line.item).map(|one| one.balance.quantity).sum();
            prop_assert!(line.in_stock + line.transfer <= held, "a unit is given or transferred, not both");
        }
    }

    #[test]
    fn with_nobody_booked_as_many_are_likely_as_came_day_by_day(
        past in vec(1_u32..40, 0..30),
        booked in vec(0_u32..20, 0..10),
        days in 1_u32..30,
        back in 1_u32..30,
    ) {
        let today = d(TODAY);
        let of = PackFor {
            people: People { adults: 1, children: 0 },
            ages: None,
            avoids: Avoids::default(),
            nights: 7,
            asked: [].into(),
            goes_on: false,
        };
        let past: Vec<_> = past.into_iter().map(|ago| Past { began: earlier(today, ago), scheme: Scheme::SafeSpace, of: of.clone() }).collect();
        let came = past.iter().filter(|stay| stay.began >= earlier(today, back)).count() as u64;
        let half_up = |day: u32| (came * u64::from(day) * 2 + u64::from(back)) / (2 * u64::from(back));
        let told = likely(&past, &[], today, days, back);
        for day in 1..=days {
            let by_then = told.iter().filter(|one| one.day < later(today, day)).count() as u64;
            prop_assert_eq!(by_then, half_up(day));
        }
        let booked: Vec<_> = booked.into_iter().map(|ahead| later(today, ahead)).collect();
        let less = likely(&past, &booked, today, days, back);
        let known = booked.iter().filter(|day| **day < later(today, days)).count() as u64;
        let all = less.len() as u64 + known;
        prop_assert!(all >= half_up(days), "{} of {}", all, half_up(days));
        prop_assert!(less.len() <= told.len());
    }
}
