//! What a household needs, and where it is not safe: what places it well. Codes and counts that a home is chosen by, and
//! a few words. Nothing here says who they are.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    codes,
    households::People,
    items::Avoids,
    refusal::{Refusal, RefusalCode},
};

/// The most people that one referral may be about. More are several households.
pub const MOST_REFERRED: u16 = 20;
/// The most names in one list.
const MOST_NAMES: usize = 20;
/// The DASH risk checklist: so many of its 27 questions.
const DASH_QUESTIONS: u8 = 27;
/// So many ticks or more suggest a high risk (`SafeLives`' DASH guidance).
pub const DASH_HIGH: u8 = 14;

/// How great the danger is, as the DASH assessment gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Standard.
    Standard,
    /// Medium.
    Medium,
    /// High: serious harm may come at any time.
    High,
}

impl Risk {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Standard, Self::Medium, Self::High];

    /// The level's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// Where who is in this danger comes among those who wait, first being 0. Who was not assessed comes before those
    /// of whom it is known that the danger is less than high.
    pub const fn rank(risk: Option<Self>) -> u8 {
        match risk {
            Some(Self::High) => 0,
            None => 1,
            Some(Self::Medium) => 2,
            Some(Self::Standard) => 3,
        }
    }
}

impl std::fmt::Display for Risk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Risk {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|risk| risk.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not a level of risk: use standard, medium or high"))
    }
}

/// A risk assessment: the level, and what it stands on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// The level. None while nobody has assessed it.
    pub risk: Option<Risk>,
    /// How many questions of the DASH checklist were ticked, where it was gone through.
    pub dash_ticks: Option<u8>,
    /// Whether the case goes to a multi-agency risk assessment conference, where that is known.
    pub marac: Option<bool>,
}

impl Assessment {
    /// Refuses ticks that there can't be, and a level that the ticks do not suggest unless judgement gives its reason.
    pub fn check(&self, reason: Option<&str>) -> Result<(), Refusal> {
        let Some(ticks) = self.dash_ticks else { return Ok(()) };
        if ticks > DASH_QUESTIONS {
            return Err(Refusal::bad(
                "dashTicks",
                format!("The DASH checklist has {DASH_QUESTIONS} questions: there can't be {ticks} ticks."),
            ));
        }
        let Some(risk) = self.risk else {
            return Err(Refusal::bad("risk", "Say which level of risk the assessment comes to."));
        };
        let suggests_high = ticks >= DASH_HIGH;
        if suggests_high == (risk == Risk::High) || reason.is_some() {
            return Ok(());
        }
        let suggested = if suggests_high { "a high risk" } else { "no high risk" };
        Err(Refusal::bad(
            "riskReason",
            format!(
                "{ticks} ticks suggest {suggested}: professional judgement overrides that, with its reason."
            ),
        ))
    }
}

/// Children by age.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChildAges {
    /// Under two.
    pub under_2: u16,
    /// Two to four.
    pub from_2_to_4: u16,
    /// Five to ten.
    pub from_5_to_10: u16,
    /// Eleven to fifteen.
    pub from_11_to_15: u16,
    /// Sixteen and seventeen.
    pub from_16_to_17: u16,
}

impl ChildAges {
    /// How many children.
    pub const fn total(self) -> u32 {
        self.under_2 as u32
            + self.from_2_to_4 as u32
            + self.from_5_to_10 as u32
            + self.from_11_to_15 as u32
            + self.from_16_to_17 as u32
    }
}

/// Adults by sex, as they say it themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AdultsBySex {
    /// Women.
    pub female: u16,
    /// Men.
    pub male: u16,
    /// Another answer, or none.
    pub other_or_not_said: u16,
}

impl AdultsBySex {
    /// How many adults.
    pub const fn total(self) -> u32 {
        self.female as u32 + self.male as u32 + self.other_or_not_said as u32
    }
}

/// What a household needs, beyond beds. Kept sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Needs {
    /// Districts and localities where it is not safe.
    pub danger_areas: BTreeSet<String>,
    /// Districts and localities where its school or work is.
    pub near: BTreeSet<String>,
    /// The children by age, where somebody has asked.
    pub child_ages: Option<ChildAges>,
    /// Pets that come with it.
    pub pets: Option<String>,
    /// Care and mobility needs, in words; what a home must have for them is a feature.
    pub care: Option<String>,
    /// Languages that it is best spoken to in.
    pub languages: Vec<String>,
    /// What it eats, in words.
    pub diet: Option<String>,
    /// Allergies, in words.
    pub allergies: Option<String>,
    /// What it can't or won't have, in codes: what it is given is chosen by these, not by the words. A home is not.
    #[serde(skip_serializing_if = "Avoids::is_nothing")]
    pub avoids: Avoids,
    /// The adults by sex, where somebody has asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adults_by_sex: Option<AdultsBySex>,
    /// What the annual returns ask for of somebody of it, in codes of the service's list: special category data, for figures
    /// as counts. Nothing said is not the same as no.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub characteristics: BTreeSet<String>,
    /// The organisation that refers it.
    pub organisation: Option<String>,
    /// The worker's number to call back. Never the household's.
    pub call_back: Option<String>,
    /// Why judgement overrides what the DASH ticks suggest.
    pub risk_reason: Option<String>,
}

impl Needs {
    /// The district that the household flees from, where it is said to be safe all the same.
    pub fn says_safe_in<'d>(&self, from_district: Option<&'d str>) -> Option<&'d str> {
        from_district.filter(|district| !self.danger_areas.contains(*district))
    }

    /// The same, checked and tidied. What is empty is left out.
    pub fn checked(self, people: People) -> Result<Self, Refusal> {
        let line = |text: Option<String>, field: &str| match text.filter(|text| !text.trim().is_empty()) {
            Some(text) => one_line(&text, field).map(Some),
            None => Ok(None),
        };
        if let Some(ages) = self.child_ages
            && ages.total() != u32::from(people.children)
        {
            return Err(Refusal::bad(
                "childAges",
                format!(
                    "The ages are of {} children, and the household has {}.",
                    ages.total(),
                    people.children
                ),
            ));
        }
        if let Some(sexes) = self.adults_by_sex
            && sexes.total() != u32::from(people.adults)
        {
            return Err(Refusal::bad(
                "adultsBySex",
                format!(
                    "The sexes are of {} adults, and the household has {}.",
                    sexes.total(),
                    people.adults
                ),
            ));
        }
        if self.languages.len() > MOST_NAMES {
            return Err(Refusal::bad("languages", format!("At most {MOST_NAMES} languages.")));
        }
        let languages =
            self.languages.iter().map(|text| one_line(text, "languages")).collect::<Result<_, _>>()?;
        let reason = self.risk_reason.filter(|text| !text.trim().is_empty());
        Ok(Self {
            languages,
            pets: line(self.pets, "pets")?,
            care: line(self.care, "care")?,
            diet: line(self.diet, "diet")?,
            allergies: line(self.allergies, "allergies")?,
            organisation: line(self.organisation, "organisation")?,
            call_back: line(self.call_back, "callBack")?,
            risk_reason: reason.map(|text| codes::note(&text, "riskReason")).transpose()?,
            danger_areas: self.danger_areas,
            near: self.near,
            child_ages: self.child_ages,
            avoids: self.avoids,
            adults_by_sex: self.adults_by_sex,
            characteristics: self.characteristics,
        })
    }
}

fn one_line(text: &str, field: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let fits = !text.is_empty()
        && text.chars().count() <= codes::LONGEST_NAME
        && !text.chars().any(char::is_control);
    if fits {
        Ok(text.to_owned())
    } else {
        let longest = codes::LONGEST_NAME;
        let what = match field {
            "languages" => "Each language".to_owned(),
            "allergies" => "What is said of allergies".to_owned(),
            "care" | "diet" | "pets" => format!("What is said of {field}"),
            _ => format!("The {}", codes::spoken(field)),
        };
        Err(Refusal::bad(field, format!("{what} must be 1 to {longest} characters on one line.")))
    }
}

/// Refused for more people than one referral may be about.
pub fn one_household(people: People) -> Result<(), Refusal> {
    if people.total() <= MOST_REFERRED {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalCode::BadValue,
        format!(
            "A referral is about one household, of at most {MOST_REFERRED} people: refer families that need homes of \
             their own one by one."
        ),
    )
    .on(if people.adults > MOST_REFERRED { "adults" } else { "children" }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::items::{Allergen, Diet};

    const PEOPLE: People = People { adults: 1, children: 2 };

    #[test]
    fn what_is_too_long_is_told_in_words() {
        let needs = Needs { call_back: Some("1".repeat(81)), ..Needs::default() };
        let refused = needs.checked(PEOPLE).unwrap_err();
        assert_eq!(refused.message, "The number to call back must be 1 to 80 characters on one line.");
        assert_eq!(refused.field.as_deref(), Some("callBack"));
        let needs = Needs { languages: vec![String::new()], ..Needs::default() };
        let refused = needs.checked(PEOPLE).unwrap_err();
        assert_eq!(refused.message, "Each language must be 1 to 80 characters on one line.");
    }

    #[test]
    fn ticks_suggest_a_level_and_judgement_overrides_it_with_a_reason() {
        let with = |risk, ticks| Assessment { risk: Some(risk), dash_ticks: Some(ticks), marac: None };
        assert!(with(Risk::High, 14).check(None).is_ok());
        assert!(with(Risk::Medium, 13).check(None).is_ok());
        assert!(with(Risk::Medium, 14).check(None).unwrap_err().message.contains("suggest a high risk"));
        assert!(with(Risk::Medium, 14).check(Some("the person who harmed them is in prison")).is_ok());
        assert!(with(Risk::High, 3).check(None).is_err());
        assert!(with(Risk::High, 28).check(Some("?")).is_err());
        assert!(Assessment { dash_ticks: Some(9), ..Assessment::default() }.check(None).is_err());
        assert!(Assessment { risk: Some(Risk::High), ..Assessment::default() }.check(None).is_ok());
    }

    #[test]
    fn who_was_not_assessed_waits_before_those_whose_danger_is_known_to_be_less() {
        let mut all = [Some(Risk::Standard), None, Some(Risk::High), Some(Risk::Medium)];
        all.sort_by_key(|risk| Risk::rank(*risk));
        assert_eq!(all, [Some(Risk::High), None, Some(Risk::Medium), Some(Risk::Standard)]);
    }

    #[test]
    fn the_ages_are_of_as_many_children_as_there_are() {
        let ages = ChildAges { under_2: 1, ..ChildAges::default() };
        let needs = Needs { child_ages: Some(ages), ..Needs::default() };
        assert!(needs.checked(PEOPLE).unwrap_err().message.contains("1 children"));
        let blank = Needs { diet: Some("  ".into()), ..Needs::default() };
        assert_eq!(blank.checked(PEOPLE).unwrap(), Needs::default());
    }

    #[test]
    fn the_sexes_are_of_as_many_adults_as_there_are() {
        let with = |female, male, other_or_not_said| {
            let sexes = AdultsBySex { female, male, other_or_not_said };
            Needs { adults_by_sex: Some(sexes), ..Needs::default() }.checked(PEOPLE)
        };
        assert!(with(1, 0, 0).is_ok() && with(0, 1, 0).is_ok() && with(0, 0, 1).is_ok());
        for wrong in [with(0, 0, 0), with(1, 1, 0), with(1, 0, 1), with(u16::MAX, u16::MAX, 3)] {
            assert_eq!(wrong.unwrap_err().field.as_deref(), Some("adultsBySex"));
        }
        assert!(Needs::default().checked(PEOPLE).is_ok(), "nobody must ask");
    }

    #[test]
    fn what_was_sealed_before_households_said_what_they_avoid_still_opens_and_is_written_as_it_was() {
        let before = r#"{"danger_areas":["Stevenage"],"near":[],"child_ages":null,"pets":null,"care":null,"languages":[],"diet":"no pork","allergies":"nuts","organisation":null,"call_back":null,"risk_reason":null}"#;
        let needs: Needs = serde_json::from_str(before).unwrap();
        assert!(needs.avoids.is_nothing(), "words are not read as codes");
        assert!(needs.adults_by_sex.is_none() && needs.characteristics.is_empty(), "nobody had asked");
        assert_eq!(needs.allergies.as_deref(), Some("nuts"));
        // Also a command that is sent again with its key is the same as before.
        assert_eq!(serde_json::to_string(&needs).unwrap(), before);
    }

    #[test]
    fn what_a_household_avoids_is_kept_with_what_it_needs() {
        let avoids = Avoids { allergens: [Allergen::Nuts].into(), diets: [Diet::Halal].into() };
        let needs = Needs { avoids, ..Needs::default() };
        assert_ne!(needs, Needs::default(), "it is worth keeping by itself");
        assert_eq!(needs.clone().checked(PEOPLE).unwrap(), needs);
        let text = serde_json::to_string(&needs).unwrap();
        assert_eq!(serde_json::from_str::<Needs>(&text).unwrap(), needs);
    }

    #[test]
    fn who_they_are_is_kept_with_what_they_need() {
        let adults_by_sex = Some(AdultsBySex { female: 1, ..AdultsBySex::default() });
        let characteristics = ["disability".to_owned()].into();
        let needs = Needs { adults_by_sex, characteristics, ..Needs::default() };
        assert_eq!(needs.clone().checked(PEOPLE).unwrap(), needs);
        let text = serde_json::to_string(&needs).unwrap();
        assert_eq!(serde_json::from_str::<Needs>(&text).unwrap(), needs);
    }

    #[test]
    fn a_referral_is_about_one_household() {
        assert!(one_household(PEOPLE).is_ok());
        assert_eq!(
            one_household(People { adults: 2, children: 38 }).unwrap_err().field.as_deref(),
            Some("children")
        );
    }
}
