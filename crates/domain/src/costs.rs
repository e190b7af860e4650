//! What provisions cost: for each household, for each person and night, by category, month and source of the money.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{GrantId, HouseholdId, StayId},
    money::Pence,
    nights::{Night, Nights, next},
    periods::PeriodKind,
    stays::{Stay, StayStatus},
    stock::Origin,
};

/// What each figure means, to be printed beside it.
pub const DEFINITIONS: [(&str, &str); 5] = [
    (
        "cost",
        "What was issued to households, at what its lot cost, less what came back. In the month in which it was issued or \
         came back.",
    ),
    (
        "cost per household",
        "Cost divided by the households that something was issued to, half up to the penny.",
    ),
    (
        "person-nights",
        "People of the stay times its nights so far, over the stays that something was issued to. Stays whose people \
         nobody counted have none.",
    ),
    (
        "cost per person and night",
        "Cost of stays that have person-nights divided by those person-nights, half up to the penny. Empty where there \
         are none.",
    ),
    (
        "source",
        "The grant that paid for the lot; the service's own money where none did; donated where it was given, at what it \
         is worth.",
    ),
];

/// Where the money came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Funding {
    /// A grant.
    Grant(GrantId),
    /// The service's own money.
    Own,
    /// Nobody's: it was given.
    Donated,
}

impl From<&Origin> for Funding {
    fn from(origin: &Origin) -> Self {
        match origin {
            Origin::Bought { grant: Some(grant), .. } => Self::Grant(*grant),
            Origin::Bought { grant: None, .. } => Self::Own,
            Origin::Donated { .. } => Self::Donated,
        }
    }
}

/// Something that a household was issued, or gave back: then it is worth less than nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The household.
    pub household: HouseholdId,
    /// The stay.
    pub stay: StayId,
    /// When.
    pub on: Night,
    /// The code of the item's category.
    pub category: String,
    /// Where the money came from.
    pub funding: Funding,
    /// What it cost.
    pub value: Pence,
}

/// A stay that things were issued to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stayed {
    /// The stay.
    pub stay: StayId,
    /// How many people. None counted where it is zero.
    pub people: u16,
    /// How many nights so far.
    pub nights: u32,
}

impl Stayed {
    /// A stay as it is today: tonight is one of its nights where the household is there.
    pub fn of(stay: &Stay, today: Night) -> Self {
        let nights = match stay.status() {
            StayStatus::InResidence | StayStatus::Departed => {
                let kept = stay.kept(today);
                kept.intersection(Nights::between(kept.arrival(), next(today))).len()
            }
            StayStatus::Booked | StayStatus::Cancelled | StayStatus::NoShow => 0,
        };
        Self { stay: stay.id, people: stay.people.total(), nights }
    }

    fn person_nights(&self) -> u64 {
        u64::from(self.people) * u64::from(self.nights)
    }
}

/// Money, and over what it is spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// Money.
    pub cost: Pence,
    /// Of it, that of stays that have person-nights.
    pub cost_of_counted: Pence,
    /// Person-nights.
    pub person_nights: u64,
}

impl Spread {
    /// Pounds for each person and night.
    pub fn per_person_night(&self) -> Option<Decimal> {
        self.cost_of_counted.per(self.person_nights)
    }
}

/// What was spent, and on what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// Together.
    pub total: Spread,
    /// For each household.
    pub households: BTreeMap<HouseholdId, Spread>,
    /// By category.
    pub categories: BTreeMap<String, Pence>,
    /// By month, `2020-11`, in order.
    pub months: BTreeMap<String, Pence>,
    /// By where the money came from.
    pub funding: BTreeMap<Funding, Pence>,
    /// By category, month and where the money came from: each of the above is a sum of these.
    pub cells: BTreeMap<(String, String, Funding), Pence>,
}

impl Costs {
    /// Pounds for each household.
    pub fn per_household(&self) -> Option<Decimal> {
        self.total.cost.per(self.households.len() as u64)
    }
}

/// Sums what was issued. `stays` are those that it was issued to; one that is not among them has no person-nights.
pub fn costs<'c>(issued: impl IntoIterator<Item = &'c Cost>, stays: &[Stayed]) -> Costs {
    let person_nights: BTreeMap<StayId, u64> =
        stays.iter().map(|stayed| (stayed.stay, stayed.person_nights())).collect();
    let mut costs = Costs::default();
    let mut spread_over: BTreeSet<StayId> = BTreeSet::new();
    for cost in issued {
        let nights = person_nights.get(&cost.stay).copied().unwrap_or(0);
        let new = spread_over.insert(cost.stay);
        let household = costs.households.entry(cost.household).or_default();
        for spread in [&mut costs.total, household] {
            spread.cost = spread.cost + cost.value;
            if nights > 0 {
                spread.cost_of_counted = spread.cost_of_counted + cost.value;
            }
            if new {
                spread.person_nights = spread.person_nights.saturating_add(nights);
            }
        }
        let month = PeriodKind::Month.label(cost.on);
        let plus = |sum: &mut Pence| *sum = *sum + cost.value;
        plus(costs.categories.entry(cost.category.clone()).or_default());
        plus(costs.months.entry(month.clone()).or_default());
        plus(costs.funding.entry(cost.funding).or_default());
        plus(costs.cells.entry((cost.category.clone(), month, cost.funding)).or_default());
    }
    costs
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::stays::StayState::{Booked, Departed, InResidence, NoShow};

    fn cost(household: u128, stay: u128, on: &str, category: &str, funding: Funding, pence: i64) -> Cost {
        Cost {
            household: HouseholdId(Uuid::from_u128(household)),
            stay: StayId(Uuid::from_u128(stay)),
            on: on.parse().unwrap(),
            category: category.into(),
            funding,
            value: Pence(pence),
        }
    }

    fn stayed(stay: u128, people: u16, nights: u32) -> Stayed {
        Stayed { stay: StayId(Uuid::from_u128(stay)), people, nights }
    }

    #[test]
    fn costs_are_spread_over_households_people_and_nights_half_up() {
        let grant = Funding::Grant(GrantId(Uuid::nil()));
        let issued = [
            cost(1, 1, "2020-10-31", "food", grant, 1_000),
            cost(1, 1, "2020-11-01", "food", grant, -250),
            cost(1, 2, "2020-11-03", "baby", Funding::Own, 501),
            cost(2, 3, "2020-11-03", "food", Funding::Donated, 300),
        ];
        let told = costs(&issued, &[stayed(1, 3, 7), stayed(2, 3, 1), stayed(3, 0, 4)]);
        assert_eq!(told.total.cost, Pence(1_551));
        assert_eq!(told.per_household().unwrap().to_string(), "7.76");
        assert_eq!(told.total.person_nights, 24);
        assert_eq!(told.total.per_person_night().unwrap().to_string(), "0.52", "12.51 ÷ 24");
        let second = &told.households[&HouseholdId(Uuid::from_u128(2))];
        assert_eq!((second.cost, second.per_person_night()), (Pence(300), None), "nobody counted them");
        assert_eq!(told.months["2020-10"], Pence(1_000));
        assert_eq!(told.months["2020-11"], Pence(551));
        assert_eq!(told.categories["food"], Pence(1_050));
        assert_eq!(told.funding[&grant], Pence(750));
        for sum in [
            told.cells.values().copied().sum(),
            told.categories.values().copied().sum(),
            told.months.values().copied().sum(),
            told.funding.values().copied().sum::<Pence>(),
        ] {
            assert_eq!(sum, told.total.cost);
        }
    }

    #[test]
    fn nights_count_once_they_have_begun_and_somebody_was_there() {
        let day = |text: &str| text.parse::<Night>().unwrap();
        let stay = |state| Stay {
            id: StayId(Uuid::nil()),
            household: HouseholdId(Uuid::nil()),
            unit: crate::UnitId(Uuid::nil()),
            people: crate::households::People { adults: 1, children: 2 },
            planned: Nights::between(day("2020-11-03"), day("2020-11-10")),
            nights: Nights::between(day("2020-11-03"), day("2020-11-10")),
            state,
            moved_from: None,
            booked_at: "2020-11-03T09:00:00Z".parse().unwrap(),
            over_limit: false,
        };
        let departed = Departed { arrived_at: None, departed_at: None, moved_to: None };
        for (state, today, nights) in [
            (Booked, "2020-11-05", 0),
            (InResidence { arrived_at: None }, "2020-11-03", 1),
            (InResidence { arrived_at: None }, "2020-11-05", 3),
            (InResidence { arrived_at: None }, "2020-11-12", 10),
            (departed, "2020-12-01", 7),
            (NoShow { at: None }, "2020-12-01", 0),
        ] {
            let stayed = Stayed::of(&stay(state), day(today));
            assert_eq!((stayed.people, stayed.nights), (3, nights), "{today}");
        }
    }

    #[test]
    fn nothing_to_divide_by_is_empty_and_never_zero() {
        let none = costs(&[], &[]);
        assert_eq!((none.per_household(), none.total.per_person_night()), (None, None));
        assert_eq!(none.total.cost.pounds().to_string(), "0.00");
    }
}
