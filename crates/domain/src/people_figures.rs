//! Figures of people: how many households and persons were helped, and what they have in common, as counts only.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    figures::{Counted, Figures, Leaves, Measure, MeasuredIn, Record, Summand},
    flow::NOT_SAID,
    households::People,
    ids::HouseholdId,
    needs::{AdultsBySex, ChildAges},
    nights::{Night, Nights, next},
    referrals::NeedKind,
    stays::{Stay, StayStatus},
    units::{Scheme, SchemeOf},
};

/// Of whom the people of households are, in the order in which they are told.
const WHO: [&str; 10] = [
    "adults, women",
    "adults, men",
    "adults, another answer or none",
    "adults, nobody asked",
    "children under 2",
    "children from 2 to 4",
    "children from 5 to 10",
    "children from 11 to 15",
    "children of 16 and 17",
    "children, age not said",
];
/// What households are made of, in the order in which it is told.
const MADE_OF: [&str; 6] = [
    "one adult",
    "several adults",
    "one adult with children",
    "several adults with children",
    "children only",
    "not counted",
];

static HOUSEHOLDS: Measure = Measure {
    code: "households_helped",
    title: "Households helped",
    measured_in: MeasuredIn::Count,
    means: "Households that were in a home of the service on a night of the period, each once. By what they are made of and \
            what they flee from; by scheme and by characteristic, where one household may be in several or in none.",
    leaves: Leaves::DistinctNumbers,
};
static PERSONS: Measure = Measure {
    code: "persons_helped",
    title: "Persons helped",
    measured_in: MeasuredIn::Count,
    means: "People of the households helped, by age and sex, as the last of their stays in the period counts them. Ages and \
            sexes are those that the referral says, where they are of as many people as came.",
    leaves: Leaves::DistinctNumbers,
};
static ADULTS: Measure = Measure {
    code: "adults_helped",
    title: "Adults helped",
    measured_in: MeasuredIn::Count,
    means: "Adults, 18 and over, of the households helped.",
    leaves: Leaves::SumOf(&[Summand { measure: "persons_helped", by: "who", groups: &["adults"] }]),
};
static CHILDREN: Measure = Measure {
    code: "children_helped",
    title: "Children helped",
    measured_in: MeasuredIn::Count,
    means: "Children, under 18, of the households helped.",
    leaves: Leaves::SumOf(&[Summand { measure: "persons_helped", by: "who", groups: &["children"] }]),
};

/// What is measured.
pub static MEASURES: [&Measure; 4] = [&HOUSEHOLDS, &PERSONS, &ADULTS, &CHILDREN];

/// What is known of a household besides how many they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Described {
    /// From what it flees.
    pub need: Option<NeedKind>,
    /// The children by age.
    pub child_ages: Option<ChildAges>,
    /// The adults by sex.
    pub adults_by_sex: Option<AdultsBySex>,
    /// Codes of characteristics.
    pub characteristics: BTreeSet<String>,
}

/// What the figures of people are counted from.
#[derive(Clone, Copy)]
pub struct PeopleRecords<'r> {
    /// The stays with a night in the period, or more.
    pub stays: &'r [Stay],
    /// What is known of their households.
    pub described: &'r BTreeMap<HouseholdId, Described>,
    /// Codes of the characteristics that there are.
    pub characteristics: &'r [String],
    /// What a unit is for.
    pub scheme: SchemeOf<'r>,
    /// Today: no night after it has been.
    pub today: Night,
}

/// A household that was in a home in the period.
struct Helped {
    household: HouseholdId,
    /// As the last of its stays counts them.
    people: People,
    last: Night,
    schemes: BTreeSet<Scheme>,
}

/// The figures of those who were in a home on a night of the period.
pub fn people(figures: &mut Figures, records: &PeopleRecords<'_>, period: Nights) {
    let helped = helped(records, period);
    let none = Described::default();
    let described = |helped: &Helped| records.described.get(&helped.household).unwrap_or(&none);
    figures.count(&HOUSEHOLDS, helped.iter().map(counted).collect());
    let made_of = helped.iter().map(|helped| (made_of(helped.people).to_owned(), counted(helped)));
    figures.parts(&HOUSEHOLDS, "made of", MADE_OF, made_of);
    let need = helped.iter().map(|helped| {
        let need = described(helped).need.map_or(NOT_SAID, NeedKind::as_str);
        (need.to_owned(), counted(helped))
    });
    let needs = NeedKind::ALL.map(NeedKind::as_str).into_iter().chain([NOT_SAID]);
    figures.parts(&HOUSEHOLDS, "need", needs, need);
    let scheme = helped
        .iter()
        .flat_map(|helped| helped.schemes.iter().map(|scheme| (scheme.to_string(), counted(helped))));
    figures.marks(&HOUSEHOLDS, "scheme", Scheme::ALL.map(Scheme::as_str), scheme);
    let has = helped.iter().flat_map(|helped| {
        described(helped).characteristics.iter().map(|code| (code.clone(), counted(helped)))
    });
    // Who has which is no list that anybody may ask for.
    figures.marks_without_records(
        &HOUSEHOLDS,
        "characteristic",
        records.characteristics.iter().map(String::as_str),
        has,
    );
    let who: Vec<(String, Counted)> = helped
        .iter()
        .flat_map(|helped| {
            let described = described(helped);
            let (adults, children) = (adults(helped.people, described), children(helped.people, described));
            let counts = adults.into_iter().chain(children).zip(WHO).filter(|(count, _)| *count > 0);
            counts.map(|(count, name)| (name.to_owned(), Counted { count, ..counted(helped) }))
        })
        .collect();
    let of = |begins: &str| {
        let named = who.iter().filter(|(name, _)| name.starts_with(begins));
        named.map(|(_, counted)| *counted).collect::<Vec<_>>()
    };
    figures.count(&PERSONS, of(""));
    figures.count(&ADULTS, of("adults"));
    figures.count(&CHILDREN, of("children"));
    figures.parts(&PERSONS, "who", WHO, who);
}

fn counted(helped: &Helped) -> Counted {
    Counted::one(Record::Household(helped.household))
}

fn helped(records: &PeopleRecords<'_>, period: Nights) -> Vec<Helped> {
    let mut found: BTreeMap<HouseholdId, Helped> = BTreeMap::new();
    let until =
        Nights::between(period.arrival(), period.departure().min(next(records.today)).max(period.arrival()));
    for stay in records.stays {
        let there = matches!(stay.status(), StayStatus::InResidence | StayStatus::Departed);
        let nights = stay.kept(records.today).intersection(until);
        if !there || nights.is_empty() {
            continue;
        }
        let helped = found.entry(stay.household).or_insert_with(|| Helped {
            household: stay.household,
            people: stay.people,
            last: nights.arrival(),
            schemes: BTreeSet::new(),
        });
        if nights.arrival() > helped.last {
            (helped.people, helped.last) = (stay.people, nights.arrival());
        }
        helped.schemes.extend((records.scheme)(stay.unit));
    }
    found.into_values().collect()
}

const fn made_of(people: People) -> &'static str {
    match (people.adults, people.children) {
        (0, 0) => "not counted",
        (0, _) => "children only",
        (1, 0) => "one adult",
        (_, 0) => "several adults",
        (1, _) => "one adult with children",
        _ => "several adults with children",
    }
}

/// How many adults there are of each of [`WHO`]. Sexes that are not those of as many adults as came are not theirs.
fn adults(people: People, described: &Described) -> [u32; 4] {
    let adults = u32::from(people.adults);
    match described.adults_by_sex.filter(|sexes| sexes.total() == adults) {
        Some(AdultsBySex { female, male, other_or_not_said }) => {
            [u32::from(female), u32::from(male), u32::from(other_or_not_said), 0]
        }
        None => [0, 0, 0, adults],
    }
}

/// As [`adults`], of children by age.
fn children(people: People, described: &Described) -> [u32; 6] {
    let children = u32::from(people.children);
    match described.child_ages.filter(|ages| ages.total() == children) {
        Some(ages) => {
            let ChildAges { under_2, from_2_to_4, from_5_to_10, from_11_to_15, from_16_to_17 } = ages;
            [under_2, from_2_to_4, from_5_to_10, from_11_to_15, from_16_to_17, 0].map(u32::from)
        }
        None => [0, 0, 0, 0, 0, children],
    }
}
