//! Who must not be where, because of who is there.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection::vec, option, prelude::*, sample::select};
use safespace_domain::{
    HouseholdId, UnitId,
    sharing::{Bar, Sharer, SharesAs, Sharing, bars},
};

use crate::world::{Sketch, d, id, in_service, nights, nights_from, property, spaces, unit};

fn shares_as() -> impl Strategy<Value = Option<SharesAs>> {
    option::weighted(0.9, select(&SharesAs::ALL[..]))
}

fn sketch(property: usize) -> Sketch {
    let in_service = vec![in_service(d("2020-01-01"), None)];
    Sketch { property, sleeps: 2, features: BTreeSet::new(), in_service }
}

fn sharer(no: usize) -> impl Strategy<Value = Sharer> {
    (0_usize..5, 0..no, 1_u32..12, 1_u32..5, shares_as()).prop_map(|(household, no, from, n, shares_as)| {
        Sharer {
            household: HouseholdId(id(household)),
            unit: UnitId(id(no)),
            nights: nights_from(d(&format!("2020-11-{from:02}")), n),
            shares_as,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_property_is_barred_exactly_where_a_rule_says_so(
        properties in vec(0_usize..8, 1..7),
        sharers in vec(sharer(7), 0..5),
        me in option::of(0_usize..5),
        shares_as in shares_as(),
        foes in proptest::collection::btree_set(0_usize..5, 0..3),
    ) {
        let units = properties.iter().enumerate().map(|(no, p)| unit(no, &sketch(*p))).collect();
        let spaces = spaces(units, 0);
        let (mine, me) = (nights("2020-11-04", "2020-11-07"), me.map(|n| HouseholdId(id(n))));
        let conflicts: BTreeSet<_> = foes.into_iter().map(|n| HouseholdId(id(n))).collect();
        let barred = bars(&spaces, &sharers, me, shares_as, &conflicts, mine);
        for property in (0..8).map(property) {
            let units: Vec<_> = spaces.units().iter().filter(|unit| unit.property == property.id).collect();
            let there: Vec<_> = sharers
                .iter()
                .filter(|s| units.iter().any(|unit| unit.id == s.unit) && Some(s.household) != me)
                .filter(|s| mine.iter().any(|night| s.nights.contains(night)))
                .collect();
            let conflict = units.len() > 1 && there.iter().any(|s| conflicts.contains(&s.household));
            let one_sex = matches!(shares_as, Some(SharesAs::Women | SharesAs::Men))
                && !(property.sharing == Sharing::WomenOnly && shares_as == Some(SharesAs::Men))
                && !(property.sharing == Sharing::MenOnly && shares_as == Some(SharesAs::Women))
                && there.iter().all(|s| s.shares_as == shares_as);
            let may = !conflict && (property.sharing == Sharing::SelfContained || one_sex);
            prop_assert_eq!(!barred.contains_key(&property.id), may, "{:?}: {:?}", property, barred);
            let bar = barred.get(&property.id);
            prop_assert_eq!(matches!(bar, Some(Bar::Conflict(_))), conflict);
            if let Some(household) = bar.and_then(Bar::household) {
                prop_assert!(there.iter().any(|s| s.household == household));
            }
        }
    }
}

#[test]
fn whoever_comes_first_decides_for_whom_a_shared_home_is() {
    // Property 3 is for women or for men.
    let spaces = spaces(vec![unit(0, &sketch(3)), unit(1, &sketch(3))], 0);
    let there = Sharer {
        household: HouseholdId(id(1)),
        unit: UnitId(id(0)),
        nights: nights("2020-11-03", "2020-11-10"),
        shares_as: Some(SharesAs::Women),
    };
    let asked = |shares_as, from: &str| {
        let nights = nights(from, "2020-11-12");
        bars(&spaces, &[there], None, shares_as, &BTreeSet::new(), nights).get(&property(3).id).copied()
    };
    assert_eq!(asked(Some(SharesAs::Women), "2020-11-05"), None);
    assert_eq!(asked(Some(SharesAs::Men), "2020-11-05"), Some(Bar::OtherSex(HouseholdId(id(1)))));
    assert_eq!(asked(Some(SharesAs::Men), "2020-11-10"), None, "she leaves on the day he comes");
    assert_eq!(asked(None, "2020-11-10").map(|bar| bar.code()), Some("UNKNOWN"));
    let none: BTreeMap<_, _> = bars(&spaces, &[], None, Some(SharesAs::Men), &BTreeSet::new(), there.nights);
    assert!(none.get(&property(1).id).is_some_and(|bar| *bar == Bar::WomenOnly));
}
