//! Small worlds: dates, ids, units with their properties, and strategies for random ones.

use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*, sample::subsequence};
use safespace_domain::{
    HouseholdId, Night, Nights, PropertyId, StayId, UnitId,
    availability::Spaces,
    districts::{District, DistrictKind},
    features::Feature,
    households::People,
    localities::Locality,
    nights::later,
    policies::Policy,
    properties::Property,
    sharing::Sharing,
    stays::{Stay, StayState},
    units::{InService, Scheme, Unit},
};
use uuid::Uuid;

/// First nights of random spans: they run across month ends, year ends, leap days and clock changes.
const FIRST_NIGHTS: [&str; 6] =
    ["2020-02-20", "2019-12-20", "2021-02-20", "2020-03-25", "2020-10-20", "2000-02-25"];

pub const DISTRICTS: [&str; 5] = ["Stevenage", "North Herts", "East Herts", "Welwyn Hatfield", "Hertsmere"];
/// Localities with their districts and those they say are near.
pub const LOCALITIES: [(&str, &str, &[&str]); 6] = [
    ("Old Town", "Stevenage", &["Bedwell", "Hitchin"]),
    ("Bedwell", "Stevenage", &[]),
    ("Hitchin", "North Herts", &["Letchworth"]),
    ("Letchworth", "North Herts", &[]),
    ("Ware", "East Herts", &["Hatfield"]),
    ("Hatfield", "Welwyn Hatfield", &[]),
];
/// The locality of each property; none where nobody knows.
const LOCALITY_OF: [Option<&str>; 8] =
    [None, Some("Hitchin"), Some("Ware"), None, None, Some("Old Town"), Some("Letchworth"), None];
/// The properties, by number, that are dispersed homes: one of each scheme.
pub const DISPERSED: [usize; 2] = [3, 5];
pub const FEATURES: [&str; 5] = ["step_free", "ground_floor", "cot", "pets", "women_only"];

/// The night that is written so: `2020-11-03`.
pub fn d(text: &str) -> Night {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is not a date"))
}

/// The nights from one day up to, not including, another.
pub fn nights(from: &str, to: &str) -> Nights {
    Nights::new(d(from), d(to)).unwrap()
}

/// So many nights from a day on.
pub fn nights_from(first: Night, n: u32) -> Nights {
    Nights::between(first, later(first, n))
}

pub fn first_night() -> impl Strategy<Value = Night> {
    proptest::sample::select(&FIRST_NIGHTS[..]).prop_map(d)
}

/// The id that stands for a number, for any kind of id.
pub fn id(n: usize) -> Uuid {
    Uuid::from_u128(n as u128 + 1)
}

/// In stock from a night on, perhaps up to another.
pub fn in_service(opened_on: Night, closed_on: Option<Night>) -> InService {
    InService { opened_on, closed_on }
}

/// A stay as it is booked.
pub fn booked(n: usize, unit: usize, nights: Nights) -> Stay {
    Stay {
        id: StayId(id(n)),
        household: HouseholdId(id(n)),
        unit: UnitId(id(unit)),
        people: People { adults: 1, children: 1 },
        planned: nights,
        nights,
        state: StayState::Booked,
        moved_from: None,
        booked_at: "2000-01-01T12:00:00Z".parse().unwrap(),
        over_limit: false,
    }
}

/// What a random unit is like, before it has a number.
#[derive(Clone, Debug)]
pub struct Sketch {
    pub property: usize,
    pub sleeps: u16,
    pub features: BTreeSet<String>,
    pub in_service: Vec<InService>,
}

/// Runs of service in the nights from `first` on: most units are open all along, some open or close within, and
/// some close and open again.
pub fn service(first: Night) -> impl Strategy<Value = Vec<InService>> {
    let on = move |n: u32| later(first, n);
    prop_oneof![
        4 => Just(vec![in_service(first, None)]),
        2 => (0_u32..70).prop_map(move |open| vec![in_service(on(open), None)]),
        1 => (0_u32..40, 1_u32..30)
            .prop_map(move |(open, n)| vec![in_service(on(open), Some(on(open + n)))]),
        1 => (0_u32..20, 1_u32..20, 1_u32..10).prop_map(move |(open, n, shut)| vec![
            in_service(on(open), Some(on(open + n))),
            in_service(on(open + n + shut), None),
        ]),
    ]
}

pub fn features() -> impl Strategy<Value = BTreeSet<String>> {
    subsequence(FEATURES.to_vec(), 0..=FEATURES.len())
        .prop_map(|codes| codes.into_iter().map(str::to_owned).collect())
}

pub fn sketch(first: Night) -> impl Strategy<Value = Sketch> {
    (0_usize..8, 1_u16..8, features(), service(first)).prop_map(|(property, sleeps, features, in_service)| {
        Sketch { property, sleeps, features, in_service }
    })
}

/// Units in up to eight properties: mostly a handful, at times more than a word of the calendar's bitmaps holds.
pub fn sketches(first: Night) -> impl Strategy<Value = Vec<Sketch>> {
    prop_oneof![
        8 => vec(sketch(first), 1..12),
        1 => vec(sketch(first), 60..150),
    ]
}

/// The code of a unit. In another order than the numbers.
pub fn unit_code(no: usize) -> String {
    format!("SS-{:03}", no * 37 % 151)
}

/// The property of a number: the schemes take turns, and so do the districts.
pub fn property(n: usize) -> Property {
    Property {
        id: PropertyId(id(n)),
        code: format!("P-{n}"),
        scheme: if n % 3 == 2 { Scheme::MoveOn } else { Scheme::SafeSpace },
        district: DISTRICTS[n % DISTRICTS.len()].to_owned(),
        locality: LOCALITY_OF[n].map(str::to_owned),
        sharing: Sharing::ALL[n % Sharing::ALL.len()],
    }
}

pub fn unit(no: usize, sketch: &Sketch) -> Unit {
    Unit {
        id: UnitId(id(no)),
        code: unit_code(no),
        property: PropertyId(id(sketch.property)),
        sleeps: sketch.sleeps,
        features: sketch.features.clone(),
        in_service: sketch.in_service.clone(),
    }
}

/// What there is, with these units in this order, and the turnaround in every scheme.
pub fn spaces(units: Vec<Unit>, turnaround_nights: u32) -> Spaces {
    let mut spaces = Spaces::new(
        units,
        (0..8).map(property).collect(),
        DISTRICTS.map(|name| District { name: name.into(), kind: DistrictKind::Partner }).to_vec(),
        FEATURES.map(|code| Feature { code: code.into(), label: code.into() }).to_vec(),
        Vec::new(),
        Scheme::ALL.map(|scheme| Policy { turnaround_nights, ..Policy::default_for(scheme) }).to_vec(),
    );
    let locality = |(name, district, near): (&str, &str, &[&str])| Locality {
        name: name.into(),
        district: district.into(),
        near: near.iter().map(|name| (*name).to_owned()).collect(),
    };
    spaces.localities =
        LOCALITIES.into_iter().map(locality).map(|locality| (locality.name.clone(), locality)).collect();
    // Of one scheme managers have said which kind it is, of the other nobody has; and some properties are another.
    spaces.scheme_kinds = [(Scheme::SafeSpace, "other_emergency".to_owned())].into();
    spaces.property_kinds = DISPERSED.map(|n| (PropertyId(id(n)), "dispersed".to_owned())).into();
    spaces
}
