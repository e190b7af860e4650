//! Pack templates: what goes into a pack, by rule. So much for the household, for each adult, for each child of an age, once
//! or for every so many nights.
//!
//! A template is never changed, only followed by its next version: a pack keeps the one that it was made by.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use crate::{
    codes,
    ids::{ItemId, PackTemplateId},
    items::Catalogue,
    needs::ChildAges,
    refusal::Refusal,
    units::Scheme,
};

/// The most lines of a template.
pub const MOST_LINES: usize = 200;
/// The most alternatives of a line.
pub const MOST_ALTERNATIVES: usize = 10;
/// The most units that a line gives one head at a time.
pub const MOST_A_HEAD: u32 = 100;
/// The most nights after which a line gives the same again.
pub const MOST_NIGHTS_BETWEEN: u32 = 365;

/// Children of an age, in the bands of [`ChildAges`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgeBand {
    /// Under two.
    Under2,
    /// Two to four.
    From2To4,
    /// Five to ten.
    From5To10,
    /// Eleven to fifteen.
    From11To15,
    /// Sixteen and seventeen.
    From16To17,
}

impl AgeBand {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Under2, Self::From2To4, Self::From5To10, Self::From11To15, Self::From16To17];

    /// How many of the children are of this age.
    pub const fn of(self, ages: ChildAges) -> u16 {
        match self {
            Self::Under2 => ages.under_2,
            Self::From2To4 => ages.from_2_to_4,
            Self::From5To10 => ages.from_5_to_10,
            Self::From11To15 => ages.from_11_to_15,
            Self::From16To17 => ages.from_16_to_17,
        }
    }
}

/// For whom a line of a template is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// For the household together.
    Household,
    /// For each of its people.
    Person,
    /// For each adult.
    Adult,
    /// For each child, whatever its age.
    Child,
    /// For each child of an age.
    ChildOf(AgeBand),
}

impl Per {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Household,
        Self::Person,
        Self::Adult,
        Self::Child,
        Self::ChildOf(AgeBand::Under2),
        Self::ChildOf(AgeBand::From2To4),
        Self::ChildOf(AgeBand::From5To10),
        Self::ChildOf(AgeBand::From11To15),
        Self::ChildOf(AgeBand::From16To17),
    ];

    /// The name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Household => "household",
            Self::Person => "person",
            Self::Adult => "adult",
            Self::Child => "child",
            Self::ChildOf(AgeBand::Under2) => "child_under_2",
            Self::ChildOf(AgeBand::From2To4) => "child_2_to_4",
            Self::ChildOf(AgeBand::From5To10) => "child_5_to_10",
            Self::ChildOf(AgeBand::From11To15) => "child_11_to_15",
            Self::ChildOf(AgeBand::From16To17) => "child_16_to_17",
        }
    }

    /// So many of them in words.
    pub(crate) fn words(self, heads: u32) -> String {
        let (kind, age) = match self {
            Self::Household => (["household", "households"], ""),
            Self::Person => (["person", "people"], ""),
            Self::Adult => (["adult", "adults"], ""),
            Self::Child => (["child", "children"], ""),
            Self::ChildOf(band) => (
                ["child", "children"],
                match band {
                    AgeBand::Under2 => " under 2",
                    AgeBand::From2To4 => " of 2 to 4",
                    AgeBand::From5To10 => " of 5 to 10",
                    AgeBand::From11To15 => " of 11 to 15",
                    AgeBand::From16To17 => " of 16 to 17",
                },
            ),
        };
        let [one, more] = kind;
        format!("{heads} {}{age}", if heads == 1 { one } else { more })
    }
}

impl fmt::Display for Per {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Per {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|per| per.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|per| per.as_str()).collect();
            format!("{text:?} is not for whom a line is: use {}", known.join(", "))
        })
    }
}

/// A line of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateLine {
    /// What is given: the first of these that suits the household. The others stand in for it.
    pub alternatives: Vec<ItemId>,
    /// For whom.
    pub per: Per,
    /// How many units for each.
    pub quantity: u32,
    /// The same again after so many nights; 1 is every night. None where it is given once for the stay.
    pub every_nights: Option<u32>,
}

/// A pack template, in one of its versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackTemplate {
    /// Its id, which all its versions have.
    pub id: PackTemplateId,
    /// The code that people see.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Which version, from 1 on.
    pub version: u32,
    /// The scheme whose stays get it. None where it is for those that no other template is for.
    pub scheme: Option<Scheme>,
    /// What goes in, and by which rule. The first is line 1.
    pub lines: Vec<TemplateLine>,
    /// Whether no more packs are made by it.
    pub retired: bool,
}

impl PackTemplate {
    /// The same, tidied. Refused with what can't be.
    pub fn checked(self, catalogue: &Catalogue) -> Result<Self, Refusal> {
        if !(1..=MOST_LINES).contains(&self.lines.len()) {
            return Err(Refusal::bad("lines", format!("A template has 1 to {MOST_LINES} lines.")));
        }
        for (line, no) in self.lines.iter().zip(1_u32..) {
            let bad = |message: String| Refusal::bad("lines", format!("Line {no}: {message}"));
            if !(1..=MOST_A_HEAD).contains(&line.quantity) {
                return Err(bad(format!("a quantity is 1 to {MOST_A_HEAD} units, not {}.", line.quantity)));
            }
            if line.every_nights.is_some_and(|every| !(1..=MOST_NIGHTS_BETWEEN).contains(&every)) {
                return Err(bad(format!(
                    "something is given again after 1 to {MOST_NIGHTS_BETWEEN} nights."
                )));
            }
            if !(1..=MOST_ALTERNATIVES).contains(&line.alternatives.len()) {
                return Err(bad(format!("give 1 to {MOST_ALTERNATIVES} items, the one that is best first.")));
            }
            if line.alternatives.iter().collect::<BTreeSet<_>>().len() < line.alternatives.len() {
                return Err(bad("an item is there twice.".to_owned()));
            }
            for item in &line.alternatives {
                let item = catalogue.get(item).ok_or_else(|| bad("there is no such item.".to_owned()))?;
                item.must_be_current("lines")?;
            }
        }
        Ok(Self { code: codes::code(&self.code, "code")?, name: codes::name(&self.name, "name")?, ..self })
    }

    /// The next version, with other lines. Packs that were made by this one keep it.
    #[must_use]
    pub fn edited(&self, name: String, scheme: Option<Scheme>, lines: Vec<TemplateLine>) -> Self {
        Self { name, scheme, lines, version: self.version.saturating_add(1), ..self.clone() }
    }
}

/// The template by which a stay of the scheme gets its pack: the latest version of the one for the scheme, else of the one
/// for all. Of several, that whose code comes first.
pub fn template_for<'t>(
    templates: impl IntoIterator<Item = &'t PackTemplate>,
    scheme: Scheme,
) -> Option<&'t PackTemplate> {
    let mut latest: BTreeMap<PackTemplateId, &PackTemplate> = BTreeMap::new();
    for template in templates {
        let known = latest.entry(template.id).or_insert(template);
        if known.version < template.version {
            *known = template;
        }
    }
    let fits = |template: &&PackTemplate| {
        !template.retired && template.scheme.is_none_or(|only_for| only_for == scheme)
    };
    latest.into_values().filter(fits).min_by_key(|template| (template.scheme.is_none(), &template.code))
}
