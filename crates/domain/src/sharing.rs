//! Sharing: who may live under one roof. A home of one's own shares nothing; in a shared property each unit is a room.
//!
//! Guidance on dispersed accommodation asks for a single sex wherever anything is shared; and some households must never
//! be together, whatever they share.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use crate::{
    availability::{Ask, Spaces},
    ids::{HouseholdId, PropertyId, UnitId},
    nights::Nights,
    properties::Property,
};

/// Who may share a property.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// Nothing is shared: each unit is a home of its own.
    #[default]
    SelfContained,
    /// Rooms for women and their children.
    WomenOnly,
    /// Rooms for men and their children.
    MenOnly,
    /// Rooms for women or for men: whoever is there first.
    OneSex,
}

impl Sharing {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::SelfContained, Self::WomenOnly, Self::MenOnly, Self::OneSex];

    /// The name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SelfContained => "self_contained",
            Self::WomenOnly => "women_only",
            Self::MenOnly => "men_only",
            Self::OneSex => "one_sex",
        }
    }

    /// Whether anything is shared.
    pub const fn is_shared(self) -> bool {
        !matches!(self, Self::SelfContained)
    }
}

impl fmt::Display for Sharing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Sharing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|sharing| sharing.as_str() == text).ok_or_else(|| {
            format!("{text:?} is no way of sharing: use self_contained, women_only, men_only or one_sex")
        })
    }
}

/// Whom a household's adults are, where it shares a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SharesAs {
    /// Women, with or without children.
    Women,
    /// Men, with or without children.
    Men,
    /// Both, or somebody who is neither: in a home of its own only.
    Mixed,
}

impl SharesAs {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Women, Self::Men, Self::Mixed];

    /// The name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Women => "women",
            Self::Men => "men",
            Self::Mixed => "mixed",
        }
    }
}

impl fmt::Display for SharesAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SharesAs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|shares_as| shares_as.as_str() == text)
            .ok_or_else(|| format!("{text:?} is nobody to share with: use women, men or mixed"))
    }
}

/// A household that is or will be in a unit. Those in homes of their own count, too: whoever must not be together must
/// not be in one building.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sharer {
    /// The household.
    pub household: HouseholdId,
    /// Where.
    pub unit: UnitId,
    /// On which nights.
    pub nights: Nights,
    /// Whom its adults are; none where nobody knows.
    pub shares_as: Option<SharesAs>,
}

/// Why a household must not be in a property. Its sentence names no household: who shows it decides who may see one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bar {
    /// This household is there, and the two must not be together.
    Conflict(HouseholdId),
    /// Something is shared, and the household's adults are women and men both, or somebody who is neither.
    Mixed,
    /// Something is shared, and nobody knows whom the household's adults are.
    Unknown,
    /// For women only.
    WomenOnly,
    /// For men only.
    MenOnly,
    /// This household is there, of the other sex.
    OtherSex(HouseholdId),
    /// This household is there, and nobody knows whom its adults are.
    UnknownThere(HouseholdId),
}

impl Bar {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Conflict(_) => "CONFLICT",
            Self::Mixed => "MIXED",
            Self::Unknown => "UNKNOWN",
            Self::WomenOnly => "WOMEN_ONLY",
            Self::MenOnly => "MEN_ONLY",
            Self::OtherSex(_) => "OTHER_SEX",
            Self::UnknownThere(_) => "UNKNOWN_THERE",
        }
    }

    /// The household that is there, where the bar is about one.
    pub const fn household(&self) -> Option<HouseholdId> {
        match self {
            Self::Conflict(household) | Self::OtherSex(household) | Self::UnknownThere(household) => {
                Some(*household)
            }
            Self::Mixed | Self::Unknown | Self::WomenOnly | Self::MenOnly => None,
        }
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Conflict(_) => "is in a property with a household that this one must not be together with",
            Self::Mixed => "is in a shared property, for adults of one sex",
            Self::Unknown => "is in a shared property, and it is not known whether women or men would come",
            Self::WomenOnly => "is in a shared property for women",
            Self::MenOnly => "is in a shared property for men",
            Self::OtherSex(_) => "is in a shared property where a household of the other sex is",
            Self::UnknownThere(_) => {
                "is in a shared property with a household of which it is not known whether it is women or men"
            }
        })
    }
}

/// The properties where the household must not be on these nights, each with the first reason: a conflict before all
/// else, then who may share the property, then who is there.
///
/// A conflict bars every property of more than one unit, shared or not; that adults be of one sex is asked only where
/// something is shared. Who is there on other nights does not matter, and nobody is barred by themselves.
pub fn bars(
    spaces: &Spaces,
    sharers: &[Sharer],
    household: Option<HouseholdId>,
    shares_as: Option<SharesAs>,
    conflicts: &BTreeSet<HouseholdId>,
    nights: Nights,
) -> BTreeMap<PropertyId, Bar> {
    let mut there: BTreeMap<PropertyId, Vec<&Sharer>> = BTreeMap::new();
    for sharer in sharers.iter().filter(|sharer| sharer.nights.overlaps(nights)) {
        if household != Some(sharer.household)
            && let Some(unit) = spaces.unit_by_id(sharer.unit)
        {
            there.entry(unit.property).or_default().push(sharer);
        }
    }
    let bar = |property: &Property| {
        let there = there.get(&property.id).map_or(&[][..], Vec::as_slice);
        conflict(spaces, property, there, conflicts).or_else(|| one_sex(property.sharing, there, shares_as))
    };
    spaces.properties().filter_map(|property| Some((property.id, bar(property)?))).collect()
}

fn conflict(
    spaces: &Spaces,
    property: &Property,
    there: &[&Sharer],
    conflicts: &BTreeSet<HouseholdId>,
) -> Option<Bar> {
    let met = there.iter().map(|sharer| sharer.household).filter(|id| conflicts.contains(id)).min()?;
    spaces.has_several_units(property.id).then_some(Bar::Conflict(met))
}

/// What bars these adults from a property that is shared so, with these households.
fn one_sex(sharing: Sharing, there: &[&Sharer], shares_as: Option<SharesAs>) -> Option<Bar> {
    let barred = match (sharing, shares_as) {
        (Sharing::SelfContained, _) => return None,
        (_, None) => Some(Bar::Unknown),
        (_, Some(SharesAs::Mixed)) => Some(Bar::Mixed),
        (Sharing::WomenOnly, Some(SharesAs::Men)) => Some(Bar::WomenOnly),
        (Sharing::MenOnly, Some(SharesAs::Women)) => Some(Bar::MenOnly),
        _ => None,
    };
    barred.or_else(|| {
        let other =
            there.iter().filter(|sharer| sharer.shares_as != shares_as).min_by_key(|s| s.household)?;
        Some(match other.shares_as {
            None => Bar::UnknownThere(other.household),
            Some(_) => Bar::OtherSex(other.household),
        })
    })
}

/// A household that is to come under some roof, as far as others there matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    /// The household; none where a referral has none yet.
    pub household: Option<HouseholdId>,
    /// Whom its adults are; none where nobody knows.
    pub shares_as: Option<SharesAs>,
    /// The households with which it must not be together.
    pub conflicts: BTreeSet<HouseholdId>,
}

impl Party {
    /// What the household asks for, on these nights, with the properties barred that then are: see [`bars`].
    pub fn asks(&self, spaces: &Spaces, sharers: &[Sharer], ask: &Ask, nights: Nights) -> Ask {
        let barred = bars(spaces, sharers, self.household, self.shares_as, &self.conflicts, nights);
        Ask { nights, barred, ..ask.clone() }
    }

    /// Whether the two must not be in the same property at the same time, in different units of it. Either of them may
    /// be the one that says so.
    pub fn clashes_with(&self, other: &Self, sharing: Sharing) -> bool {
        let says = |a: &Self, b: &Self| b.household.is_some_and(|id| a.conflicts.contains(&id));
        let same = self.household.is_some() && self.household == other.household;
        let of_one_sex = self.shares_as == other.shares_as
            && matches!(self.shares_as, Some(SharesAs::Women | SharesAs::Men));
        !same && (says(self, other) || says(other, self) || (sharing.is_shared() && !of_one_sex))
    }
}
