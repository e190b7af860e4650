//! Availability: which units a household could have for a run of nights, best fit first, and why not the others.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
};

use serde::{Deserialize, Serialize};

use crate::{
    calendar::{Calendar, UnitNo, UnitSet},
    codes,
    disclosure::DisclosurePolicy,
    districts::District,
    features::Feature,
    households::People,
    ids::{PropertyId, UnitId},
    ledger::NightUse,
    localities::Locality,
    nights::{Night, Nights, earlier, later, next},
    policies::Policy,
    properties::Property,
    reasons::{self, Reason, ReasonKind},
    refusal::{Refusal, RefusalCode},
    standards::Standards,
    units::{Scheme, Unit},
    voids::VoidReason,
};

/// How far around a gap is looked at when units are ranked by how well they fit it, in nights.
const GAP_LOOK: u32 = 14;

/// What there is: the units with their properties, and the code lists and policies. Small, and kept in memory.
#[derive(Clone, Debug, Default)]
pub struct Spaces {
    units: Vec<Unit>,
    by_id: HashMap<UnitId, UnitNo>,
    /// Under [`codes::key`].
    by_code: HashMap<String, UnitNo>,
    properties: BTreeMap<PropertyId, Property>,
    /// Places of `units` by their property's and district's name.
    by_district: BTreeMap<String, UnitSet>,
    by_property: BTreeMap<PropertyId, UnitSet>,
    by_feature: BTreeMap<String, UnitSet>,
    by_scheme: BTreeMap<Scheme, UnitSet>,
    /// At `n`: the units that sleep at least `n`.
    by_sleeps: Vec<UnitSet>,
    /// The code list of districts, by name.
    pub districts: BTreeMap<String, District>,
    /// The code list of features, by code.
    pub features: BTreeMap<String, Feature>,
    /// The code list of reasons for voids, by code.
    pub void_reasons: BTreeMap<String, VoidReason>,
    policies: BTreeMap<Scheme, Policy>,
    /// What partner councils are told.
    pub disclosure: DisclosurePolicy,
    /// The code list of localities, by name.
    pub localities: BTreeMap<String, Locality>,
    /// The code lists of reasons.
    pub reasons: Vec<Reason>,
    /// How soon what is to be done.
    pub standards: Standards,
}

impl Spaces {
    /// Puts together what there is. Units keep the order in which they come.
    pub fn new(
        units: Vec<Unit>,
        properties: Vec<Property>,
        districts: Vec<District>,
        features: Vec<Feature>,
        void_reasons: Vec<VoidReason>,
        policies: Vec<Policy>,
    ) -> Self {
        let mut spaces = Self {
            properties: properties.into_iter().map(|property| (property.id, property)).collect(),
            districts: districts.into_iter().map(|district| (district.name.clone(), district)).collect(),
            features: features.into_iter().map(|feature| (feature.code.clone(), feature)).collect(),
            void_reasons: void_reasons.into_iter().map(|reason| (reason.code.clone(), reason)).collect(),
            policies: policies.into_iter().map(|policy| (policy.scheme, policy)).collect(),
            ..Self::default()
        };
        units.into_iter().enumerate().for_each(|(no, unit)| spaces.add(no, unit));
        spaces
    }

    fn add(&mut self, no: UnitNo, unit: Unit) {
        self.by_id.insert(unit.id, no);
        self.by_code.insert(codes::key(&unit.code), no);
        self.by_property.entry(unit.property).or_default().insert(no);
        if let Some(property) = self.properties.get(&unit.property) {
            self.by_district.entry(property.district.clone()).or_default().insert(no);
            self.by_scheme.entry(property.scheme).or_default().insert(no);
        }
        for feature in &unit.features {
            self.by_feature.entry(feature.clone()).or_default().insert(no);
        }
        for n in 0..=usize::from(unit.sleeps) {
            if self.by_sleeps.len() <= n {
                self.by_sleeps.push(UnitSet::default());
            }
            if let Some(set) = self.by_sleeps.get_mut(n) {
                set.insert(no);
            }
        }
        self.units.push(unit);
    }

    /// Every unit, in order.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// Every property.
    pub fn properties(&self) -> impl Iterator<Item = &Property> {
        self.properties.values()
    }

    /// The unit with this number.
    pub fn unit(&self, no: UnitNo) -> Option<&Unit> {
        self.units.get(no)
    }

    /// The number of the unit.
    pub fn no(&self, id: UnitId) -> Option<UnitNo> {
        self.by_id.get(&id).copied()
    }

    /// The unit with this id.
    pub fn unit_by_id(&self, id: UnitId) -> Option<&Unit> {
        self.unit(self.no(id)?)
    }

    /// The unit with this code, in upper or lower case.
    pub fn unit_by_code(&self, code: &str) -> Option<&Unit> {
        self.unit(*self.by_code.get(&codes::key(code))?)
    }

    /// The property with this id.
    pub fn property(&self, id: PropertyId) -> Option<&Property> {
        self.properties.get(&id)
    }

    /// The property with this code, in upper or lower case.
    pub fn property_by_code(&self, code: &str) -> Option<&Property> {
        self.properties.values().find(|property| property.code.eq_ignore_ascii_case(code))
    }

    /// The property that the unit is in.
    pub fn property_of(&self, unit: &Unit) -> Option<&Property> {
        self.property(unit.property)
    }

    /// The units of a property, by number.
    pub fn units_of(&self, property: PropertyId) -> UnitSet {
        self.by_property.get(&property).cloned().unwrap_or_default()
    }

    /// The units of a district, by number.
    pub fn units_in(&self, district: &str) -> UnitSet {
        self.by_district.get(district).cloned().unwrap_or_default()
    }

    /// The scheme's policy.
    pub fn policy(&self, scheme: Scheme) -> Policy {
        self.policies.get(&scheme).cloned().unwrap_or_else(|| Policy::default_for(scheme))
    }

    /// The policy that holds for a unit: its property's scheme's.
    pub fn policy_of(&self, unit: &Unit) -> Policy {
        self.policy(self.property_of(unit).map_or(Scheme::SafeSpace, |property| property.scheme))
    }

    /// Refused when a feature is on no code list.
    pub fn must_know_features(&self, features: &BTreeSet<String>, field: &str) -> Result<(), Refusal> {
        match features.iter().find(|code| !self.features.contains_key(*code)) {
            None => Ok(()),
            Some(code) => Err(Refusal::bad(
                field,
                format!("There is no feature {code:?}. {}", known(self.features.keys())),
            )),
        }
    }

    /// Refused when a district is on no list.
    pub fn must_know_district(&self, name: &str, field: &str) -> Result<(), Refusal> {
        if self.districts.contains_key(name) {
            return Ok(());
        }
        Err(Refusal::bad(field, format!("There is no district {name:?}. {}", known(self.districts.keys()))))
    }

    /// Refused when one of these is neither a district nor a locality.
    pub fn must_know_places(&self, names: &BTreeSet<String>, field: &str) -> Result<(), Refusal> {
        let is_known = |name: &&String| self.districts.contains_key(*name) || self.localities.contains_key(*name);
        match names.iter().find(|name| !is_known(name)) {
            None => Ok(()),
            Some(name) => Err(Refusal::bad(
                field,
                format!(
                    "There is no district or locality {name:?}. {}",
                    known(self.districts.keys().chain(self.localities.keys()))
                ),
            )),
        }
    }

    /// The reason with this code; refused when it is not on its list.
    pub fn reason(&self, kind: ReasonKind, code: &str, field: &str) -> Result<&Reason, Refusal> {
        reasons::known(&self.reasons, kind, code, field)
    }

    /// Refused when a reason for voids is on no list.
    pub fn must_know_void_reason(&self, code: &str) -> Result<(), Refusal> {
        if self.void_reasons.contains_key(code) {
            return Ok(());
        }
        Err(Refusal::bad(
            "reason",
            format!("There is no reason {code:?}. {}", known(self.void_reasons.keys())),
        ))
    }
}

/// What there is instead.
fn known<'a>(words: impl Iterator<Item = &'a String>) -> String {
    let words: Vec<&str> = words.map(String::as_str).collect();
    if words.is_empty() {
        "None is known yet: save it first.".into()
    } else {
        format!("Known: {}.", words.join(", "))
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The nights.
    pub nights: Nights,
    /// Who comes.
    pub people: People,
    /// The scheme.
    pub scheme: Scheme,
    /// Features that the unit must have.
    pub features: BTreeSet<String>,
    /// Only these districts; empty for any.
    pub wanted: BTreeSet<String>,
    /// None of these districts.
    pub unwanted: BTreeSet<String>,
    /// Only this property, where one is named.
    pub property: Option<PropertyId>,
}

impl Ask {
    /// An ask with nothing but nights, people and scheme.
    pub fn plain(nights: Nights, people: People, scheme: Scheme) -> Self {
        Self {
            nights,
            people,
            scheme,
            features: BTreeSet::new(),
            wanted: BTreeSet::new(),
            unwanted: BTreeSet::new(),
            property: None,
        }
    }
}

/// How well a unit fits, smaller being better: in the order of the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fit {
    /// Beds that stay empty.
    pub spare_beds: u16,
    /// Features that nobody asked for, and that others may need.
    pub unneeded_features: u16,
    /// Free nights left over before and after, as far as a fortnight each: few, so that the calendar stays whole.
    pub gap_nights: u32,
}

/// Why a unit is not offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exclusion {
    /// Belongs to the other scheme.
    OtherScheme,
    /// In another property than the one asked for.
    OtherProperty,
    /// Out of service on this night, the first of them.
    OutOfService(Night),
    /// Taken on this night, the first of them, by this, until that day.
    Taken {
        /// The first of the nights that is taken.
        night: Night,
        /// By what.
        by: NightUse,
        /// The first night after it on which the unit is not taken, as far as is known.
        until: Night,
    },
    /// Sleeps fewer people: so many.
    TooSmall(u16),
    /// Lacks these features.
    Lacks(Vec<String>),
    /// In a district that is not wanted.
    UnwantedDistrict(String),
    /// Not in one of the districts that were asked for.
    NotInWantedDistrict(String),
}

impl Exclusion {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OtherScheme => "OTHER_SCHEME",
            Self::OtherProperty => "OTHER_PROPERTY",
            Self::OutOfService(_) => "OUT_OF_SERVICE",
            Self::Taken { .. } => "TAKEN",
            Self::TooSmall(_) => "TOO_SMALL",
            Self::Lacks(_) => "LACKS_FEATURE",
            Self::UnwantedDistrict(_) => "UNWANTED_DISTRICT",
            Self::NotInWantedDistrict(_) => "NOT_IN_WANTED_DISTRICT",
        }
    }
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherScheme => f.write_str("belongs to the other scheme"),
            Self::OtherProperty => f.write_str("is in another property"),
            Self::OutOfService(night) => write!(f, "out of service on the night of {night}"),
            Self::Taken { night, by, until } => {
                write!(f, "taken on the night of {night} ({}), until {until}", by.word())
            }
            Self::TooSmall(sleeps) => write!(f, "sleeps only {sleeps}"),
            Self::Lacks(features) => write!(f, "lacks {}", features.join(", ")),
            Self::UnwantedDistrict(district) => write!(f, "is in {district}, which is to be avoided"),
            Self::NotInWantedDistrict(district) => write!(f, "is in {district}, which was not asked for"),
        }
    }
}

/// The units that fit, best first. Deterministic: ties go by code.
pub fn offers(calendar: &Calendar, spaces: &Spaces, ask: &Ask) -> Vec<(UnitNo, Fit)> {
    let turnaround = spaces.policy(ask.scheme).turnaround_nights;
    let mut fitting = suitable(spaces, ask);
    fitting.keep(&calendar.free(ask.nights, turnaround));
    let mut ranked: Vec<(UnitNo, Fit)> = fitting
        .iter()
        .filter_map(|no| spaces.unit(no).map(|unit| (no, fit(calendar, no, unit, ask, turnaround))))
        .collect();
    ranked.sort_by(|(a, fit_a), (b, fit_b)| {
        let code = |no: &UnitNo| spaces.unit(*no).map(|unit| unit.code.as_str());
        fit_a.cmp(fit_b).then_with(|| code(a).cmp(&code(b)))
    });
    ranked
}

/// How many units fit.
pub fn how_many(calendar: &Calendar, spaces: &Spaces, ask: &Ask) -> usize {
    let mut fitting = suitable(spaces, ask);
    fitting.keep(&calendar.free(ask.nights, spaces.policy(ask.scheme).turnaround_nights));
    fitting.len()
}

/// The units that would do, were they free.
fn suitable(spaces: &Spaces, ask: &Ask) -> UnitSet {
    let none = UnitSet::none(spaces.units.len());
    let mut set = spaces.by_scheme.get(&ask.scheme).cloned().unwrap_or_default();
    set.keep(spaces.by_sleeps.get(usize::from(ask.people.total())).unwrap_or(&none));
    for feature in &ask.features {
        set.keep(spaces.by_feature.get(feature).unwrap_or(&none));
    }
    if let Some(property) = ask.property {
        set.keep(spaces.by_property.get(&property).unwrap_or(&none));
    }
    if !ask.wanted.is_empty() {
        let mut wanted = none.clone();
        ask.wanted
            .iter()
            .filter_map(|name| spaces.by_district.get(name))
            .for_each(|units| wanted.add_all(units));
        set.keep(&wanted);
    }
    for units in ask.unwanted.iter().filter_map(|name| spaces.by_district.get(name)) {
        set.remove_all(units);
    }
    set
}

fn fit(calendar: &Calendar, no: UnitNo, unit: &Unit, ask: &Ask, turnaround: u32) -> Fit {
    let before = (1..=GAP_LOOK).take_while(|n| calendar.is_free(no, earlier(ask.nights.arrival(), *n)));
    let end = later(ask.nights.departure(), turnaround);
    let after = (0..GAP_LOOK).take_while(|n| calendar.is_free(no, later(end, *n)));
    let unneeded = unit.features.iter().filter(|code| !ask.features.contains(*code)).count();
    Fit {
        spare_beds: unit.sleeps.saturating_sub(ask.people.total()),
        unneeded_features: u16::try_from(unneeded).unwrap_or(u16::MAX),
        gap_nights: u32::try_from(before.count() + after.count()).unwrap_or(u32::MAX),
    }
}

/// Every unit that is not offered, in order of code, with every reason why not.
pub fn exclusions(calendar: &Calendar, spaces: &Spaces, ask: &Ask) -> Vec<(UnitNo, Vec<Exclusion>)> {
    let mut excluded: Vec<_> = (0..spaces.units.len())
        .map(|no| (no, why_not(calendar, spaces, ask, no)))
        .filter(|(_, reasons)| !reasons.is_empty())
        .collect();
    excluded.sort_by_key(|(no, _)| spaces.unit(*no).map(|unit| unit.code.clone()));
    excluded
}

/// Refuses a unit that somebody chose although it has not what they look for.
pub fn must_suit(spaces: &Spaces, ask: &Ask, unit: &Unit) -> Result<(), Refusal> {
    let reasons = why_unsuitable(spaces, ask, unit);
    if reasons.is_empty() {
        return Ok(());
    }
    let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
    Err(Refusal::new(
        RefusalCode::Unsuitable,
        format!("{} {}: choose another unit, or ask for less.", unit.code, reasons.join(", and ")),
    )
    .on("unit"))
}

/// Every reason why the unit would not do, were it free.
fn why_unsuitable(spaces: &Spaces, ask: &Ask, unit: &Unit) -> Vec<Exclusion> {
    let mut reasons = Vec::new();
    let Some(property) = spaces.property_of(unit) else { return reasons };
    if property.scheme != ask.scheme {
        reasons.push(Exclusion::OtherScheme);
    }
    if ask.property.is_some_and(|wanted| wanted != property.id) {
        reasons.push(Exclusion::OtherProperty);
    }
    if unit.sleeps < ask.people.total() {
        reasons.push(Exclusion::TooSmall(unit.sleeps));
    }
    let lacks: Vec<_> = ask.features.difference(&unit.features).cloned().collect();
    if !lacks.is_empty() {
        reasons.push(Exclusion::Lacks(lacks));
    }
    if ask.unwanted.contains(&property.district) {
        reasons.push(Exclusion::UnwantedDistrict(property.district.clone()));
    }
    if !ask.wanted.is_empty() && !ask.wanted.contains(&property.district) {
        reasons.push(Exclusion::NotInWantedDistrict(property.district.clone()));
    }
    reasons
}

/// Every reason why the unit is not offered; none when it is.
pub fn why_not(calendar: &Calendar, spaces: &Spaces, ask: &Ask, no: UnitNo) -> Vec<Exclusion> {
    let Some(unit) = spaces.unit(no) else { return Vec::new() };
    let mut reasons = why_unsuitable(spaces, ask, unit);
    if let Some(night) = ask.nights.iter().find(|night| !calendar.is_in_stock(no, *night)) {
        reasons.push(Exclusion::OutOfService(night));
    }
    let turnaround = spaces.policy(ask.scheme).turnaround_nights;
    let kept = Nights::between(ask.nights.arrival(), later(ask.nights.departure(), turnaround));
    if let Some((night, by)) = kept.iter().find_map(|night| Some((night, calendar.use_on(no, night)?))) {
        let until = std::iter::successors(Some(night), |night| Some(next(*night)))
            .find(|night| calendar.use_on(no, *night).is_none())
            .unwrap_or(night);
        reasons.push(Exclusion::Taken { night, by, until });
    }
    reasons
}
