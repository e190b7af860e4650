//! Availability: which units a household could have for a run of nights, best fit first, and why not the others.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
};

use serde::{Deserialize, Serialize};

use crate::{
    accommodation_kinds::{self, AccommodationKind},
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
    pack_templates::PackTemplate,
    policies::Policy,
    properties::Property,
    reasons::{self, Reason, ReasonKind},
    refusal::{Refusal, RefusalCode},
    sharing::Bar,
    standards::Standards,
    statutory_return::ReturnLine,
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
    by_locality: BTreeMap<String, UnitSet>,
    /// By district: the units of which nobody knows the locality.
    somewhere_in: BTreeMap<String, UnitSet>,
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
    /// The templates that packs are made by, in all their versions.
    pub pack_templates: Vec<PackTemplate>,
    /// The lines of the statutory return, by section, in order.
    pub return_lines: Vec<ReturnLine>,
    /// The code list of kinds of accommodation, by code.
    pub accommodation_kinds: BTreeMap<String, AccommodationKind>,
    /// The kind that a scheme's homes are, by code; a scheme that is not here has its default.
    pub scheme_kinds: BTreeMap<Scheme, String>,
    /// The kind that a property is, where it is another than its scheme's.
    pub property_kinds: BTreeMap<PropertyId, String>,
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
            match &property.locality {
                Some(locality) => self.by_locality.entry(locality.clone()).or_default().insert(no),
                None => self.somewhere_in.entry(property.district.clone()).or_default().insert(no),
            }
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

    /// Whether the property has more than one unit.
    pub fn has_several_units(&self, property: PropertyId) -> bool {
        self.by_property.get(&property).is_some_and(|units| units.len() > 1)
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

    /// The code of the kind of accommodation that the scheme's homes are.
    pub fn kind_of_scheme(&self, scheme: Scheme) -> &str {
        self.scheme_kinds
            .get(&scheme)
            .map_or_else(|| accommodation_kinds::default_for(scheme), String::as_str)
    }

    /// The code of the kind of accommodation that the property is: its own, else its scheme's.
    pub fn kind_of(&self, property: &Property) -> &str {
        let own = self.property_kinds.get(&property.id);
        own.map_or_else(|| self.kind_of_scheme(property.scheme), String::as_str)
    }

    /// The kind of accommodation with this code; refused when it is not on the list.
    pub fn accommodation_kind(&self, code: &str, field: &str) -> Result<&AccommodationKind, Refusal> {
        let instead = || known(self.accommodation_kinds.keys());
        let unknown =
            || Refusal::bad(field, format!("There is no kind of accommodation {code:?}. {}", instead()));
        self.accommodation_kinds.get(code).ok_or_else(unknown)
    }

    /// A feature in the middle of a sentence: its label, which begins with a small letter there unless it is a name or an
    /// abbreviation; its code, where it is on no list.
    pub fn feature_in_words(&self, code: &str) -> String {
        let Some(Feature { label, .. }) = self.features.get(code) else { return code.to_owned() };
        let mut signs = label.chars();
        match (signs.next(), signs.next()) {
            (Some(first), Some(second)) if second.is_lowercase() => {
                first.to_lowercase().chain(label.chars().skip(1)).collect()
            }
            _ => label.clone(),
        }
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
        let is_known =
            |name: &&String| self.districts.contains_key(*name) || self.localities.contains_key(*name);
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

    /// Refused when a characteristic is not on the list. What was given is not repeated.
    pub fn must_know_characteristics(&self, codes: &BTreeSet<String>, field: &str) -> Result<(), Refusal> {
        codes.iter().try_for_each(|code| self.reason(ReasonKind::Characteristic, code, field).map(drop))
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
    /// Districts and localities where the household is not safe. Never a wish: no unit there or near is offered. A name
    /// that is neither matches nothing.
    pub danger: BTreeSet<String>,
    /// Districts and localities where school or work is: a wish.
    pub near: BTreeSet<String>,
    /// Properties where the household must not be on these nights, because of who is there: [`crate::sharing::bars`].
    pub barred: BTreeMap<PropertyId, Bar>,
    /// Where the nights are over the scheme's longest stay.
    pub too_long: Option<TooLong>,
}

/// Nights that are over the longest stay of a scheme: then no unit of it is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TooLong {
    /// How many nights it would be, back-to-back stays of the household counted.
    pub nights: u32,
    /// How many the policy allows.
    pub longest: u32,
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
            danger: BTreeSet::new(),
            near: BTreeSet::new(),
            barred: BTreeMap::new(),
            too_long: None,
        }
    }
}

/// How well a unit fits, smaller being better: in the order of the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fit {
    /// Features that nobody asked for and that only this one has, of the scheme's units that are free on these nights:
    /// whoever needs one of them next finds none.
    pub last_with: u16,
    /// Beds that stay empty.
    pub spare_beds: u16,
    /// Features that nobody asked for, and that others may need.
    pub unneeded_features: u16,
    /// Whether it is elsewhere than school or work, where these are known.
    pub far: bool,
    /// Free nights left over before and after, as far as a fortnight each: few, so that the calendar stays whole.
    pub gap_nights: u32,
}

/// One thing that a unit's [`Fit`] counts, with what is behind the number. It reads after a unit's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preference {
    /// It is the last free one with these features, by their labels, for which nobody asked.
    LastWith(Vec<String>),
    /// So many beds stay empty.
    SpareBeds(u16),
    /// It has these features, by their labels, for which nobody asked.
    Unneeded(Vec<String>),
    /// It is in this district or locality, where school or work is.
    Near(String),
    /// It is elsewhere than school and work.
    Far,
    /// So many free nights are left around the stay, as far as a fortnight each way.
    GapNights(u32),
}

impl fmt::Display for Preference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LastWith(features) => write!(f, "is the last free one with {}", features.join(", with ")),
            Self::SpareBeds(0) => f.write_str("leaves no bed empty"),
            Self::SpareBeds(1) => f.write_str("leaves 1 bed empty"),
            Self::SpareBeds(beds) => write!(f, "leaves {beds} beds empty"),
            Self::Unneeded(features) => write!(f, "has {}, which nobody asked for", features.join(", ")),
            Self::Near(place) => write!(f, "is in {place}, where school or work is"),
            Self::Far => f.write_str("is not where school or work is"),
            Self::GapNights(0) => f.write_str("leaves no free night around it"),
            Self::GapNights(1) => f.write_str("leaves 1 free night around it"),
            Self::GapNights(nights) => write!(f, "leaves {nights} free nights around it"),
        }
    }
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
    /// Lacks these features, by their labels.
    Lacks(Vec<String>),
    /// In a district that is not wanted.
    UnwantedDistrict(String),
    /// Not in one of the districts that were asked for.
    NotInWantedDistrict(String),
    /// In this district or locality, where the household is not safe.
    DangerArea(String),
    /// Near a locality where the household is not safe, or perhaps in it.
    TooNear {
        /// Where the household is not safe.
        area: String,
        /// The locality that the property is in; none where nobody knows: then it may be that very one.
        locality: Option<String>,
    },
    /// With somebody under the same roof with whom the household must not be.
    NotTogether(Bar),
    /// Over the scheme's longest stay, wherever it is.
    TooLong(TooLong),
    /// In stock when the nights begin, but not until they end: the first night out of stock.
    ClosesTooSoon(Night),
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
            Self::DangerArea(_) => "DANGER_AREA",
            Self::TooNear { .. } => "TOO_NEAR",
            Self::NotTogether(_) => "NOT_TOGETHER",
            Self::TooLong(_) => "TOO_LONG",
            Self::ClosesTooSoon(_) => "CLOSES_TOO_SOON",
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
            Self::DangerArea(area) => write!(f, "is in {area}, where the household is not safe"),
            Self::TooNear { area, locality: Some(locality) } => {
                write!(f, "is in {locality}, near {area}, where the household is not safe")
            }
            Self::TooNear { area, locality: None } => write!(
                f,
                "may be in or near {area}, where the household is not safe: its locality is not known"
            ),
            Self::NotTogether(bar) => bar.fmt(f),
            Self::TooLong(TooLong { nights, longest }) => {
                write!(f, "would make {nights} nights, and the longest stay is {longest}")
            }
            Self::ClosesTooSoon(night) => {
                write!(f, "closes too soon: out of stock from the night of {night}")
            }
        }
    }
}

/// The units that fit, best first. Deterministic: ties go by code.
pub fn offers(calendar: &Calendar, spaces: &Spaces, ask: &Ask) -> Vec<(UnitNo, Fit)> {
    let mut ranked = fits(calendar, spaces, ask);
    ranked.sort_by(|(a, fit_a), (b, fit_b)| {
        let code = |no: &UnitNo| spaces.unit(*no).map(|unit| unit.code.as_str());
        fit_a.cmp(fit_b).then_with(|| code(a).cmp(&code(b)))
    });
    ranked
}

/// The units that fit, in order of number.
pub(crate) fn fits(calendar: &Calendar, spaces: &Spaces, ask: &Ask) -> Vec<(UnitNo, Fit)> {
    let measure = Measure::new(calendar, spaces, ask);
    let mut fitting = suitable(spaces, ask);
    fitting.keep(&measure.free);
    fitting.iter().filter_map(|no| spaces.unit(no).map(|unit| (no, measure.fit(no, unit)))).collect()
}

/// How many units fit.
pub fn how_many(calendar: &Calendar, spaces: &Spaces, ask: &Ask) -> usize {
    let mut fitting = suitable(spaces, ask);
    fitting.keep(&calendar.free(ask.nights, spaces.policy(ask.scheme).turnaround_nights));
    fitting.len()
}

/// The units that would do, were they free.
pub(crate) fn suitable(spaces: &Spaces, ask: &Ask) -> UnitSet {
    let none = UnitSet::none(spaces.units.len());
    if ask.too_long.is_some() {
        return none;
    }
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
    for units in ask.barred.keys().filter_map(|property| spaces.by_property.get(property)) {
        set.remove_all(units);
    }
    let danger = Danger::new(spaces, ask);
    let unsafe_units = ask
        .danger
        .iter()
        .flat_map(|name| [spaces.by_district.get(name), spaces.by_locality.get(name)])
        .chain(danger.near.keys().map(|name| spaces.by_locality.get(*name)))
        .chain(danger.within.keys().map(|name| spaces.somewhere_in.get(*name)));
    unsafe_units.flatten().for_each(|units| set.remove_all(units));
    set
}

/// What the danger areas of an ask mean for its surroundings.
#[derive(Default)]
struct Danger<'a> {
    /// By locality: the danger areas that it is near.
    near: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// By district: the danger areas that are localities of it.
    within: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Danger<'a> {
    fn new(spaces: &'a Spaces, ask: &'a Ask) -> Self {
        let mut danger = Self::default();
        if ask.danger.is_empty() {
            return danger;
        }
        for Locality { name, district, near } in spaces.localities.values() {
            if ask.danger.contains(name) {
                danger.within.entry(district).or_default().insert(name);
                near.iter().filter(|other| *other != name).for_each(|other| {
                    danger.near.entry(other).or_default().insert(name);
                });
            }
            for area in near.intersection(&ask.danger).filter(|area| *area != name) {
                // Only a locality is near to something.
                if spaces.localities.contains_key(area) {
                    danger.near.entry(name).or_default().insert(area);
                }
            }
        }
        danger
    }

    /// Every reason that the danger areas give against a property.
    fn reasons(&self, ask: &Ask, property: &Property) -> impl Iterator<Item = Exclusion> {
        let locality = property.locality.as_deref();
        let inside = [Some(property.district.as_str()), locality]
            .into_iter()
            .flatten()
            .filter(|name| ask.danger.contains(*name))
            .map(|name| Exclusion::DangerArea(name.to_owned()));
        let around = match locality {
            Some(locality) => self.near.get(locality),
            None => self.within.get(property.district.as_str()),
        };
        let around = around.into_iter().flatten().map(move |area| Exclusion::TooNear {
            area: (*area).to_owned(),
            locality: locality.map(str::to_owned),
        });
        inside.chain(around)
    }
}

/// What is measured against when units are ranked for an ask, worked out once for all of them.
pub(crate) struct Measure<'a> {
    calendar: &'a Calendar,
    spaces: &'a Spaces,
    ask: &'a Ask,
    /// The units that are free on these nights, of either scheme.
    pub(crate) free: UnitSet,
    turnaround: u32,
    /// The features that only one free unit of the scheme has and nobody asked for, with that unit.
    last_with: Vec<(UnitNo, &'a str)>,
}

impl<'a> Measure<'a> {
    pub(crate) fn new(calendar: &'a Calendar, spaces: &'a Spaces, ask: &'a Ask) -> Self {
        let turnaround = spaces.policy(ask.scheme).turnaround_nights;
        let free = calendar.free(ask.nights, turnaround);
        let mut of_scheme = free.clone();
        of_scheme.keep(spaces.by_scheme.get(&ask.scheme).unwrap_or(&UnitSet::default()));
        let last_with = spaces
            .by_feature
            .iter()
            .filter(|(code, _)| !ask.features.contains(*code))
            .filter_map(|(code, units)| Some((of_scheme.the_only_one_in(units)?, code.as_str())))
            .collect();
        Self { calendar, spaces, ask, free, turnaround, last_with }
    }

    pub(crate) fn fit(&self, no: UnitNo, unit: &Unit) -> Fit {
        let (calendar, ask) = (self.calendar, self.ask);
        let before = (1..=GAP_LOOK).take_while(|n| calendar.is_free(no, earlier(ask.nights.arrival(), *n)));
        let end = later(ask.nights.departure(), self.turnaround);
        let after = (0..GAP_LOOK).take_while(|n| calendar.is_free(no, later(end, *n)));
        Fit {
            last_with: few(self.last_with.iter().filter(|(last, _)| *last == no).count()),
            spare_beds: unit.sleeps.saturating_sub(ask.people.total()),
            unneeded_features: few(self.unneeded(unit).count()),
            far: !ask.near.is_empty() && self.near(unit).is_none(),
            gap_nights: u32::try_from(before.count() + after.count()).unwrap_or(u32::MAX),
        }
    }

    fn unneeded<'u>(&self, unit: &'u Unit) -> impl Iterator<Item = &'u String> {
        unit.features.iter().filter(|code| !self.ask.features.contains(*code))
    }

    /// Where school or work is, if the unit is there: the narrower of the two names.
    fn near(&self, unit: &Unit) -> Option<&'a str> {
        let property = self.spaces.property_of(unit)?;
        [property.locality.as_deref(), Some(property.district.as_str())]
            .into_iter()
            .flatten()
            .find(|name| self.ask.near.contains(*name))
    }
}

fn few(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

/// What the unit's fit counts for and against it, in the order in which it counts. What is not so, is left out, except
/// for beds and nights: there, none is worth telling.
pub fn preferences(calendar: &Calendar, spaces: &Spaces, ask: &Ask, no: UnitNo) -> Vec<Preference> {
    let Some(unit) = spaces.unit(no) else { return Vec::new() };
    let measure = Measure::new(calendar, spaces, ask);
    let fit = measure.fit(no, unit);
    let last_with = measure.last_with.iter().filter(|(last, _)| *last == no);
    let last_with: Vec<String> = last_with.map(|(_, code)| spaces.feature_in_words(code)).collect();
    let unneeded: Vec<String> = measure.unneeded(unit).map(|code| spaces.feature_in_words(code)).collect();
    let place = match measure.near(unit) {
        Some(place) => Some(Preference::Near(place.to_owned())),
        None => fit.far.then_some(Preference::Far),
    };
    let mut told = Vec::new();
    told.extend((!last_with.is_empty()).then_some(Preference::LastWith(last_with)));
    told.push(Preference::SpareBeds(fit.spare_beds));
    told.extend((!unneeded.is_empty()).then_some(Preference::Unneeded(unneeded)));
    told.extend(place);
    told.push(Preference::GapNights(fit.gap_nights));
    told
}

/// Why the unit stands where it stands in the ranking, or why it is not offered, in one sentence.
pub fn why(calendar: &Calendar, spaces: &Spaces, ask: &Ask, no: UnitNo) -> String {
    let code = spaces.unit(no).map_or("", |unit| unit.code.as_str());
    let against = why_not(calendar, spaces, ask, no);
    let told: Vec<String> = if against.is_empty() {
        preferences(calendar, spaces, ask, no).iter().map(ToString::to_string).collect()
    } else {
        against.iter().map(ToString::to_string).collect()
    };
    match told.split_last() {
        None => format!("{code}."),
        Some((only, [])) => format!("{code} {only}."),
        Some((last, others)) => format!("{code} {}, and {last}.", others.join("; ")),
    }
}

/// Every unit that is not offered, in order of code, with every reason why not.
pub fn exclusions(calendar: &Calendar, spaces: &Spaces, ask: &Ask) -> Vec<(UnitNo, Vec<Exclusion>)> {
    let danger = Danger::new(spaces, ask);
    let turnaround = spaces.policy(ask.scheme).turnaround_nights;
    let mut excluded: Vec<_> = spaces
        .units
        .iter()
        .enumerate()
        .map(|(no, unit)| (no, reasons(calendar, spaces, ask, &danger, turnaround, (no, unit))))
        .filter(|(_, reasons)| !reasons.is_empty())
        .collect();
    let code = |no: UnitNo| spaces.unit(no).map(|unit| unit.code.as_str());
    excluded.sort_by(|(a, _), (b, _)| code(*a).cmp(&code(*b)));
    excluded
}

/// Refuses a unit that somebody chose although it has not what they look for.
pub fn must_suit(spaces: &Spaces, ask: &Ask, unit: &Unit) -> Result<(), Refusal> {
    let reasons = why_unsuitable(spaces, ask, &Danger::new(spaces, ask), unit);
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
fn why_unsuitable(spaces: &Spaces, ask: &Ask, danger: &Danger<'_>, unit: &Unit) -> Vec<Exclusion> {
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
    let lacks = ask.features.difference(&unit.features);
    let lacks: Vec<_> = lacks.map(|code| spaces.feature_in_words(code)).collect();
    if !lacks.is_empty() {
        reasons.push(Exclusion::Lacks(lacks));
    }
    if ask.unwanted.contains(&property.district) {
        reasons.push(Exclusion::UnwantedDistrict(property.district.clone()));
    }
    if !ask.wanted.is_empty() && !ask.wanted.contains(&property.district) {
        reasons.push(Exclusion::NotInWantedDistrict(property.district.clone()));
    }
    reasons.extend(danger.reasons(ask, property));
    reasons.extend(ask.barred.get(&property.id).copied().map(Exclusion::NotTogether));
    if property.scheme == ask.scheme {
        reasons.extend(ask.too_long.map(Exclusion::TooLong));
    }
    reasons
}

/// Every reason why the unit is not offered; none when it is.
pub fn why_not(calendar: &Calendar, spaces: &Spaces, ask: &Ask, no: UnitNo) -> Vec<Exclusion> {
    let Some(unit) = spaces.unit(no) else { return Vec::new() };
    let turnaround = spaces.policy(ask.scheme).turnaround_nights;
    reasons(calendar, spaces, ask, &Danger::new(spaces, ask), turnaround, (no, unit))
}

fn reasons(
    calendar: &Calendar,
    spaces: &Spaces,
    ask: &Ask,
    danger: &Danger<'_>,
    turnaround: u32,
    (no, unit): (UnitNo, &Unit),
) -> Vec<Exclusion> {
    let mut reasons = why_unsuitable(spaces, ask, danger, unit);
    if let Some(night) = ask.nights.iter().find(|night| !calendar.is_in_stock(no, *night)) {
        // Beyond the calendar's last night nothing closes: there nobody may book.
        let closes = night > ask.nights.arrival() && !unit.is_in_stock(night);
        reasons.push(if closes { Exclusion::ClosesTooSoon(night) } else { Exclusion::OutOfService(night) });
    }
    let kept = Nights::between(ask.nights.arrival(), later(ask.nights.departure(), turnaround));
    if let Some((night, by)) = kept.iter().find_map(|night| Some((night, calendar.use_on(no, night)?))) {
        let until = std::iter::successors(Some(night), |night| Some(next(*night)))
            .find(|night| calendar.use_on(no, *night).is_none())
            .unwrap_or(night);
        reasons.push(Exclusion::Taken { night, by, until });
    }
    reasons
}
