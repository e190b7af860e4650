//! Whatever a household needs, nothing that it wants is dropped and nothing that it avoids is given.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use proptest::{
    collection::{btree_map, btree_set, vec},
    option,
    prelude::*,
    sample::select,
};
use safespace_domain::{
    HouseholdId, ItemId, LotId, PackId, PackTemplateId, PlaceId, StayId, UnitId,
    clock::service_day,
    households::People,
    items::{Allergen, Avoids, Catalogue, Diet, Item},
    money::Pence,
    needs::ChildAges,
    nights::{Nights, earlier, later},
    pack_lists::{Asked, PackFor, PackLine, PackList, pack_list},
    pack_templates::{AgeBand, PackTemplate, Per, TemplateLine},
    packs::Pack,
    picking::{Shortfall, pick},
    places::{Place, PlaceKind},
    stays::{Stay, StayState},
    stock::{self, Balance, Change, Issued, Lot, OnHand, Origin},
};

use crate::world::id;

const ITEMS: usize = 8;

fn allergens() -> impl Strategy<Value = BTreeSet<Allergen>> {
    btree_set(select(&Allergen::ALL[..3]), 0..3)
}

fn diets() -> impl Strategy<Value = BTreeSet<Diet>> {
    btree_set(select(&Diet::ALL[..]), 0..4)
}

fn catalogue() -> impl Strategy<Value = Catalogue> {
    let item = (option::weighted(0.9, allergens()), diets(), any::<bool>(), prop::bool::weighted(0.1));
    vec(item, ITEMS).prop_map(|items| {
        let item = |(n, (contains, suits, eaten, retired))| Item {
            id: ItemId(id(n)),
            code: format!("I-{n}"),
            name: format!("Item {n}"),
            category: "food".into(),
            unit_of_issue: "unit".into(),
            pack_size: 1,
            price: Pence(100),
            supplier: None,
            eaten,
            contains,
            suits,
            shelf_life_days: None,
            perishable: false,
            barcode: None,
            retired,
        };
        items.into_iter().enumerate().map(item).map(|item| (item.id, item)).collect()
    })
}

fn template() -> impl Strategy<Value = PackTemplate> {
    let line = (
        proptest::sample::subsequence((0..ITEMS).collect::<Vec<_>>(), 1..4).prop_shuffle(),
        select(&Per::ALL[..]),
        1_u32..4,
        option::of(1_u32..5),
    );
    let line = line.prop_map(|(items, per, quantity, every_nights)| TemplateLine {
        alternatives: items.into_iter().map(|n| ItemId(id(n))).collect(),
        per,
        quantity,
        every_nights,
    });
    vec(line, 1..8).prop_map(|lines| PackTemplate {
        id: PackTemplateId(id(0)),
        code: "T".into(),
        name: "T".into(),
        version: 3,
        scheme: None,
        lines,
        retired: false,
    })
}

fn avoids() -> impl Strategy<Value = Avoids> {
    (allergens(), btree_set(select(&Diet::ALL[..]), 0..2))
        .prop_map(|(allergens, diets)| Avoids { allergens, diets })
}

fn whom() -> impl Strategy<Value = PackFor> {
    let ages = (0_u16..3, 0_u16..3, 0_u16..2);
    let asked = btree_map((0..ITEMS).prop_map(|n| ItemId(id(n))), 1_u32..4, 0..3);
    (0_u16..3, ages, any::<bool>(), avoids(), 1_u32..15, asked, any::<bool>()).prop_map(
        |(adults, (young, middle, old), known, avoids, nights, asked, goes_on)| PackFor {
            people: People { adults, children: young + middle + old },
            ages: known.then(|| ChildAges {
                under_2: young,
                from_5_to_10: middle,
                from_16_to_17: old,
                ..ChildAges::default()
            }),
            avoids,
            nights,
            asked: asked.into_iter().map(|(item, quantity)| Asked { item, quantity }).collect(),
            goes_on,
        },
    )
}

fn now() -> DateTime<Utc> {
    "2020-11-03T12:00:00Z".parse().unwrap()
}

fn place() -> Place {
    Place {
        id: PlaceId(id(0)),
        code: "OFFICE".into(),
        name: "Office".into(),
        kind: PlaceKind::Office,
        closed: false,
    }
}

/// Lots of random items, some of which have expired.
fn shelf() -> impl Strategy<Value = Vec<OnHand>> {
    let lot = (0..ITEMS, 1_u32..30, 0_i64..500, option::of(0_u32..6));
    vec(lot, 0..16).prop_map(|lots| {
        let first = earlier(service_day(now()), 2);
        let one = |(n, (of, quantity, pence, keeps)): (usize, (usize, u32, i64, Option<u32>))| {
            let lot = Lot {
                id: LotId(id(n)),
                item: ItemId(id(of)),
                code: None,
                expires_on: keeps.map(|days| later(first, days)),
                received_at: now(),
                origin: Origin::Donated { by: None, delivery_note: None },
                quantity,
                cost: Pence(pence),
            };
            let (item, place) = (lot.item, place().id);
            OnHand { balance: Balance { item, place, lot: lot.id, quantity, value: lot.cost }, lot }
        };
        lots.into_iter().enumerate().map(one).collect()
    })
}

/// How many units a line gives, head by head and night by night.
fn naive_units(line: &TemplateLine, to: &PackFor) -> u32 {
    let ages = to.ages.unwrap_or_default();
    let heads = match line.per {
        Per::Household => 1,
        Per::Person => to.people.adults + to.people.children,
        Per::Adult => to.people.adults,
        Per::Child => to.people.children,
        Per::ChildOf(AgeBand::Under2) => ages.under_2,
        Per::ChildOf(AgeBand::From5To10) => ages.from_5_to_10,
        Per::ChildOf(AgeBand::From16To17) => ages.from_16_to_17,
        Per::ChildOf(AgeBand::From2To4 | AgeBand::From11To15) => 0,
    };
    let mut units = 0;
    if to.goes_on && line.every_nights.is_none() {
        return units;
    }
    for _ in 0..heads {
        for night in 0..to.nights {
            let again = line.every_nights.map_or(night == 0, |every| night % every == 0);
            units += if again { line.quantity } else { 0 };
        }
    }
    units
}

/// Whether somebody could be harmed or offended by it: the rule in its plainest words.
fn may_have(item: &Item, avoids: &Avoids) -> bool {
    let marked = |diet: &Diet| {
        let by: &[Diet] = match diet {
            Diet::Vegetarian => &[Diet::Vegetarian, Diet::Vegan],
            Diet::NoPork => &[Diet::NoPork, Diet::Halal, Diet::Kosher, Diet::Vegetarian, Diet::Vegan],
            Diet::NoBeef => &[Diet::NoBeef, Diet::Vegetarian, Diet::Vegan],
            other => std::slice::from_ref(other),
        };
        by.iter().any(|diet| item.suits.contains(diet))
    };
    let harmless = match &item.contains {
        Some(contains) => contains.is_disjoint(&avoids.allergens),
        None => !item.eaten || avoids.allergens.is_empty(),
    };
    harmless && (!item.eaten || avoids.diets.iter().all(marked))
}

fn stay() -> Stay {
    let arrival = service_day(now());
    let nights = Nights::new(arrival, later(arrival, 7)).unwrap();
    Stay {
        id: StayId(id(0)),
        household: HouseholdId(id(0)),
        unit: UnitId(id(0)),
        people: People { adults: 1, children: 0 },
        planned: nights,
        nights,
        state: StayState::InResidence { arrived_at: None },
        moved_from: None,
        booked_at: now(),
        over_limit: false,
    }
}

fn planned(template: &PackTemplate) -> Pack {
    Pack::planned(PackId(id(0)), &stay(), template, now())
}

/// What was given by these changes, and has not come back.
fn given(changes: &[Change]) -> Vec<Issued> {
    stock::issued(changes.iter().map(|change| &change.posting))
}

/// The pack made up of what the shelf has: it, what is in it, and what changed.
fn prepared(
    template: &PackTemplate,
    list: &PackList,
    catalogue: &Catalogue,
    shelf: Vec<OnHand>,
    avoids: &Avoids,
) -> (Pack, Vec<Change>) {
    let picked = pick(list, catalogue, shelf, avoids, now());
    planned(template).prepare(&stay(), &picked, now()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_list_has_all_that_the_template_and_the_household_want(
        (catalogue, template, to) in (catalogue(), template(), whom()),
    ) {
        let listed = pack_list(&template, &to, &catalogue, &[]);
        let mut wanted: Vec<(Vec<ItemId>, u32)> = template
            .lines
            .iter()
            .map(|line| (line.alternatives.clone(), naive_units(line, &to)))
            .filter(|(_, units)| *units > 0)
            .collect();
        wanted.extend(to.asked.iter().map(|asked| (vec![asked.item], asked.quantity)));
        let got: Vec<_> =
            listed.lines.iter().map(|line| (line.alternatives.clone(), line.quantity)).collect();
        prop_assert_eq!(got, wanted);
        for line in &listed.lines {
            let first = line.alternatives.iter().find(|item| {
                let item = &catalogue[item];
                may_have(item, &to.avoids) && !item.retired
            });
            prop_assert_eq!(line.wanted.as_ref(), first);
            let told = format!("= {}", line.quantity);
            prop_assert!(line.rule.to_string().ends_with(&told), "{} {}", line.rule, told);
            let passed = listed.passed_over.iter().filter(|passed| passed.line == line.no);
            let before = line.alternatives.iter().take_while(|item| Some(**item) != line.wanted);
            prop_assert_eq!(passed.map(|passed| passed.item).collect::<Vec<_>>(), before.copied().collect::<Vec<_>>());
        }
        let banded = template.lines.iter().filter(|line| matches!(line.per, Per::ChildOf(_))).count();
        let asks = to.ages.is_none() && to.people.children > 0;
        prop_assert_eq!(listed.unanswered.len(), if asks { banded } else { 0 });
    }

    #[test]
    fn what_is_given_and_what_is_short_is_what_was_wanted_and_nobody_is_given_what_they_avoid(
        (catalogue, template, to, shelf) in (catalogue(), template(), whom(), shelf()),
        // What came to light only after the list was made.
        also in option::of(avoids()),
    ) {
        let avoids = also.unwrap_or_else(|| to.avoids.clone());
        let list = pack_list(&template, &to, &catalogue, &[]);
        let picked = pick(&list, &catalogue, shelf.clone(), &avoids, now());
        let mut taken: BTreeMap<LotId, u32> = BTreeMap::new();
        for one in &picked.takings {
            let item = &catalogue[&one.taking.balance.item];
            prop_assert!(may_have(item, &avoids), "{:?} {:?}", item, avoids);
            prop_assert!(one.taking.expires_on.is_none_or(|last| last >= service_day(now())));
            *taken.entry(one.taking.balance.lot).or_default() += one.taking.quantity;
        }
        for one in &shelf {
            let all = taken.get(&one.lot.id).copied().unwrap_or(0);
            prop_assert!(all <= one.balance.quantity);
        }
        for line in &list.lines {
            let got: u32 =
                picked.takings.iter().filter(|one| one.line == line.no).map(|one| one.taking.quantity).sum();
            let of_wanted: u32 = picked
                .takings
                .iter()
                .filter(|one| one.line == line.no && Some(one.taking.balance.item) == line.wanted)
                .map(|one| one.taking.quantity)
                .sum();
            let short: Vec<_> = picked.shortfalls.iter().filter(|short| short.line == line.no).collect();
            prop_assert!(short.len() <= 1);
            let unmet = short.first().map_or(0, |short| short.unmet());
            let missing = short.first().map_or(0, |short| short.missing);
            prop_assert_eq!(got + unmet, line.quantity);
            prop_assert_eq!(of_wanted + missing, line.quantity);
        }
        let (prepared, changes) = planned(&template).prepare(&stay(), &picked, now()).unwrap();
        let unmet: u32 = picked.shortfalls.iter().map(Shortfall::unmet).sum();
        prop_assert_eq!(prepared.unmet, unmet);
        let issued: i64 = changes.iter().map(|change| -change.posting.quantity).sum();
        prop_assert_eq!(issued, i64::from(list.outstanding() - unmet));
        // Listed again with what is known by now, the pack has all of it, and nothing is amiss.
        let now = pack_list(&template, &PackFor { avoids, ..to }, &catalogue, &given(&changes));
        prop_assert!(!now.is_amiss());
        let has: u32 = now.lines.iter().map(PackLine::given_units).sum();
        prop_assert_eq!(i64::from(has), issued);
    }

    #[test]
    fn a_stay_that_is_extended_and_cut_short_again_has_its_pack_as_it_was(
        (catalogue, template, to, shelf) in (catalogue(), template(), whom(), shelf()),
        more in 1_u32..8,
    ) {
        let list = pack_list(&template, &to, &catalogue, &[]);
        let (_, changes) = prepared(&template, &list, &catalogue, shelf, &to.avoids);
        let given = given(&changes);
        let list = pack_list(&template, &to, &catalogue, &given);
        let longer = PackFor { nights: to.nights + more, ..to.clone() };
        let extended = pack_list(&template, &longer, &catalogue, &given);
        for (before, after) in list.lines.iter().zip(&extended.lines) {
            prop_assert_eq!((before.no, &before.given), (after.no, &after.given));
            prop_assert!(before.quantity <= after.quantity);
            prop_assert_eq!(before.beyond(), 0);
        }
        prop_assert!(extended.outstanding() >= list.outstanding());
    }

    #[test]
    fn what_comes_to_light_later_is_amiss_and_wanted_again(
        (catalogue, template, to, shelf) in (catalogue(), template(), whom(), shelf()),
        also in avoids(),
    ) {
        let list = pack_list(&template, &to, &catalogue, &[]);
        let (_, changes) = prepared(&template, &list, &catalogue, shelf, &to.avoids);
        let given = given(&changes);
        let now = pack_list(&template, &PackFor { avoids: also.clone(), ..to }, &catalogue, &given);
        for line in &now.lines {
            for issued in &line.given {
                prop_assert!(may_have(&catalogue[&issued.item], &also));
            }
            for issued in &line.amiss {
                prop_assert!(!may_have(&catalogue[&issued.item], &also));
            }
        }
        let in_it: Vec<Issued> = now.lines.iter().flat_map(PackLine::contents).copied().collect();
        prop_assert_eq!(in_it.iter().map(|one| one.quantity).sum::<u32>(), given.iter().map(|one| one.quantity).sum());
    }

    #[test]
    fn a_pack_that_is_not_needed_puts_back_every_unit_and_every_penny(
        (catalogue, template, to, shelf) in (catalogue(), template(), whom(), shelf()),
    ) {
        let list = pack_list(&template, &to, &catalogue, &[]);
        let (prepared, changes) = prepared(&template, &list, &catalogue, shelf.clone(), &to.avoids);
        let mut here: BTreeMap<LotId, Balance> =
            shelf.iter().map(|one| (one.lot.id, one.balance)).collect();
        here.extend(changes.iter().map(|change| (change.balance.lot, change.balance)));
        let balances: Vec<_> = here.values().copied().collect();
        let full = pack_list(&template, &to, &catalogue, &given(&changes));
        let back = full.unopened(&[]).unwrap();
        let returned = prepared.put_back(&full, &back, &place(), &balances).unwrap();
        here.extend(returned.iter().map(|change| (change.balance.lot, change.balance)));
        for one in &shelf {
            prop_assert_eq!(here[&one.lot.id], one.balance);
        }
        let all: Vec<Change> = changes.into_iter().chain(returned).collect();
        prop_assert!(given(&all).iter().all(|issued| issued.quantity == 0));
    }
}
