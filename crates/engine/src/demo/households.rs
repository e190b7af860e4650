//! Households: who comes, as counts and needs, and under which reference.

use std::collections::{BTreeSet, VecDeque};

use chrono::Datelike;
use safespace_domain::{
    Night, Nights,
    availability::Ask,
    households::People,
    items::{Allergen, Avoids, Diet},
    needs::AdultsBySex,
    sharing::SharesAs,
    units::Scheme,
};

use super::homes::LOCALITIES;

/// How households are made up: adults, children, and how often.
const MADE_UP: [(u16, u16, u32); 11] = [
    (1, 0, 30),
    (1, 1, 20),
    (1, 2, 18),
    (1, 3, 10),
    (1, 4, 3),
    (1, 5, 1),
    (2, 0, 5),
    (2, 1, 4),
    (2, 2, 4),
    (2, 3, 2),
    (2, 4, 1),
];
/// How long safe spaces are asked for: nights, and how often. Never over seven.
const LENGTHS: [(u32, u32); 6] = [(2, 1), (3, 2), (4, 2), (5, 4), (6, 5), (7, 16)];
/// What some need, with how many of a thousand do.
const NEEDS: [(&str, u32); 6] = [
    ("step_free", 12),
    ("wheelchair", 5),
    ("ground_floor", 15),
    ("pets", 10),
    ("own_bathroom", 15),
    ("own_kitchen", 10),
];
/// A child in a cot: of a thousand households with children.
const COT: u32 = 150;
/// What makes somebody of them ill, with in how many of a thousand households.
const ALLERGENS: [(Allergen, u32); 7] = [
    (Allergen::Milk, 30),
    (Allergen::Nuts, 25),
    (Allergen::Peanuts, 20),
    (Allergen::Gluten, 15),
    (Allergen::Eggs, 12),
    (Allergen::Sesame, 5),
    (Allergen::Fish, 5),
];
/// How they eat, and how often.
const DIETS: [(Option<Diet>, u32); 7] = [
    (None, 840),
    (Some(Diet::Halal), 70),
    (Some(Diet::Vegetarian), 45),
    (Some(Diet::Vegan), 20),
    (Some(Diet::NoPork), 15),
    (Some(Diet::NoBeef), 7),
    (Some(Diet::Kosher), 3),
];
/// What annual returns count, with of how many of a thousand households it is said. Made up, in the order of what the
/// published tables for England say of individuals.
const CHARACTERISTICS: [(&str, u32); 14] = [
    ("minority_ethnic", 250),
    ("mental_health", 230),
    ("disability", 140),
    ("lgbt", 35),
    ("trans", 5),
    ("gypsy_roma_traveller", 12),
    ("drug_or_alcohol", 80),
    ("religion_or_belief", 30),
    ("language", 90),
    ("immigration", 60),
    ("pregnancy", 70),
    ("young", 160),
    ("older", 40),
    ("care_leaver", 30),
];
/// Who has several of these at once has multiple needs.
const TOGETHER: [&str; 3] = ["mental_health", "disability", "drug_or_alcohol"];
/// Of a thousand households, of how many the sex of the adults is known, of how many one gives another answer or none, and
/// of how many nobody has asked.
const SEXES: [(Sexes, u32); 3] = [(Sexes::Known, 925), (Sexes::OneNotSaid, 15), (Sexes::NotAsked, 60)];
/// Who they are is drawn aside, too.
const WHO_STREAM: u64 = 0x0a70_3a1b_c0de_0a11;
/// What they avoid is drawn aside: everything else comes out as if nobody had asked.
const AVOIDS_STREAM: u64 = 0x0a70_1d5f_00d5_0a11;
/// From where they flee, and how often: mostly from the host district.
const FROM: [(&str, u32); 5] =
    [("Stevenage", 9), ("North Herts", 5), ("East Herts", 5), ("Welwyn Hatfield", 4), ("Hertsmere", 2)];
/// Of a thousand, how many are safe nowhere in the district that they flee from, and how many not in one locality of it.
const NOT_SAFE_IN: (u32, u32) = (110, 120);
/// Of a thousand adults who come alone, and of a thousand pairs, how many are women. The rest are men, or mixed.
const WOMEN: (u32, u32) = (880, 350);
/// How many of a thousand households have been here before, and after how many days at the earliest.
const COME_AGAIN: (u32, i64) = (35, 60);
/// So many past households may come again.
const REMEMBERED: usize = 300;

/// What is known of the sexes of the adults of a household.
#[derive(Clone, Copy)]
pub(super) enum Sexes {
    Known,
    OneNotSaid,
    NotAsked,
}

impl Sexes {
    /// The adults by sex: women or men as they share a home, or some of both.
    pub(super) fn of(self, adults: u16, shares_as: SharesAs) -> Option<AdultsBySex> {
        let not_said = match self {
            Self::Known => 0,
            Self::OneNotSaid => adults.min(1),
            Self::NotAsked => return None,
        };
        let known = adults.saturating_sub(not_said);
        let female = match shares_as {
            SharesAs::Women => known,
            SharesAs::Men => 0,
            SharesAs::Mixed => known.min(1),
        };
        let male = known.saturating_sub(female);
        Some(AdultsBySex { female, male, other_or_not_said: not_said })
    }
}

/// A household that needs a safe space.
#[derive(Clone)]
pub(super) struct Need {
    pub(super) people: People,
    pub(super) nights: u32,
    pub(super) features: BTreeSet<String>,
    pub(super) shares_as: SharesAs,
    /// The district that it flees from.
    pub(super) from: &'static str,
    /// Districts and localities where it is not safe.
    pub(super) danger: BTreeSet<String>,
    /// What it can't or won't have.
    pub(super) avoids: Avoids,
    /// What is known of the sexes of its adults.
    pub(super) sexes: Sexes,
    /// What is said of it that annual returns count.
    pub(super) characteristics: BTreeSet<String>,
}

impl Need {
    /// These people, from the host district, and nothing else.
    pub(super) fn of(people: People) -> Self {
        Self {
            people,
            nights: 7,
            features: BTreeSet::new(),
            shares_as: SharesAs::Women,
            from: "Stevenage",
            danger: BTreeSet::new(),
            avoids: Avoids::default(),
            sexes: Sexes::Known,
            characteristics: BTreeSet::new(),
        }
    }

    pub(super) fn draw(rng: &mut fastrand::Rng) -> Self {
        let avoids = avoided(&mut fastrand::Rng::with_seed(rng.get_seed() ^ AVOIDS_STREAM));
        let mut who = fastrand::Rng::with_seed(rng.get_seed() ^ WHO_STREAM);
        let sexes = weighted(&mut who, SEXES).unwrap_or(Sexes::Known);
        let people =
            weighted(rng, MADE_UP.map(|(adults, children, often)| (People { adults, children }, often)));
        let people = people.unwrap_or(People { adults: 1, children: 0 });
        let mut features = some_of(rng, &NEEDS);
        if people.children > 0 && rng.u32(0..1_000) < COT {
            features.insert("cot".to_owned());
        }
        let nights = weighted(rng, LENGTHS).unwrap_or(2);
        let from = weighted(rng, FROM).unwrap_or("Stevenage");
        let (alone, pair) = WOMEN;
        let shares_as = match (people.adults, rng.u32(0..1_000)) {
            (1, drawn) if drawn >= alone => SharesAs::Men,
            (2.., drawn) if drawn >= pair => SharesAs::Mixed,
            _ => SharesAs::Women,
        };
        let characteristics = characterised(&mut who, people, shares_as);
        let danger = not_safe_in(rng, from);
        Self { people, nights, features, shares_as, from, danger, avoids, sexes, characteristics }
    }

    /// What it asks for on these nights.
    pub(super) fn asks(&self, nights: Nights, scheme: Scheme) -> Ask {
        Ask {
            features: self.features.clone(),
            danger: self.danger.clone(),
            ..Ask::plain(nights, self.people, scheme)
        }
    }

    /// The same with no more people than a unit sleeps, and no other needs.
    pub(super) fn squeezed_into(self, sleeps: u16) -> Self {
        let adults = self.people.adults.min(sleeps);
        let people = People { adults, children: self.people.children.min(sleeps.saturating_sub(adults)) };
        let shares_as = if adults < self.people.adults { SharesAs::Women } else { self.shares_as };
        Self { people, shares_as, features: BTreeSet::new(), danger: BTreeSet::new(), ..self }
    }
}

fn avoided(rng: &mut fastrand::Rng) -> Avoids {
    let some = ALLERGENS.into_iter().filter(|(_, of_thousand)| rng.u32(0..1_000) < *of_thousand);
    let allergens = some.map(|(allergen, _)| allergen).collect();
    Avoids { allergens, diets: weighted(rng, DIETS).flatten().into_iter().collect() }
}

/// What is said of a household, as far as it goes together.
fn characterised(rng: &mut fastrand::Rng, people: People, shares_as: SharesAs) -> BTreeSet<String> {
    let mut said = some_of(rng, &CHARACTERISTICS);
    if shares_as == SharesAs::Men {
        said.remove("pregnancy");
    }
    if people.children > 0 || said.contains("young") || said.contains("pregnancy") {
        said.remove("older");
    }
    if said.contains("trans") {
        said.insert("lgbt".to_owned());
    }
    if TOGETHER.iter().filter(|code| said.contains(**code)).count() > 1 {
        said.insert("multiple_needs".to_owned());
    }
    said
}

fn not_safe_in(rng: &mut fastrand::Rng, from: &str) -> BTreeSet<String> {
    let (district, locality) = NOT_SAFE_IN;
    let chance = rng.u32(0..1_000);
    let there = LOCALITIES.iter().filter(|locality| locality.1 == from).map(|locality| locality.0);
    let named = match chance {
        _ if chance < district => Some(from),
        _ if chance < district + locality => rng.choice(there.collect::<Vec<_>>()),
        _ => None,
    };
    named.into_iter().map(str::to_owned).collect()
}

/// One of these, each as often as it says.
pub(super) fn weighted<T>(
    rng: &mut fastrand::Rng,
    from: impl IntoIterator<Item = (T, u32)> + Clone,
) -> Option<T> {
    let all: u32 = from.clone().into_iter().map(|(_, often)| often).sum();
    let mut left = rng.u32(0..all.max(1));
    for (what, often) in from {
        if left < often {
            return Some(what);
        }
        left -= often;
    }
    None
}

fn some_of(rng: &mut fastrand::Rng, from: &[(&str, u32)]) -> BTreeSet<String> {
    let chosen = from.iter().filter(|(_, of_thousand)| rng.u32(0..1_000) < *of_thousand);
    chosen.map(|(what, _)| (*what).to_owned()).collect()
}

/// References, in order of the year, and those of households that may come again.
#[derive(Default)]
pub(super) struct References {
    year: i32,
    given: u32,
    past: VecDeque<Past>,
}

struct Past {
    left: Night,
    reference: String,
    need: Need,
}

impl References {
    /// The next new reference of the year.
    pub(super) fn next(&mut self, today: Night) -> String {
        if self.year != today.year() {
            (self.year, self.given) = (today.year(), 0);
        }
        self.given += 1;
        format!("R-{:04}-{:04}", self.year, self.given)
    }

    /// A household that comes again, if one does.
    pub(super) fn again(&mut self, today: Night, rng: &mut fastrand::Rng) -> Option<(String, Need)> {
        let (of_thousand, days) = COME_AGAIN;
        let long_gone = self.past.front().is_some_and(|past| (today - past.left).num_days() >= days);
        if rng.u32(0..1_000) >= of_thousand || !long_gone {
            return None;
        }
        self.past.pop_front().map(|past| (past.reference, past.need))
    }

    /// A household has left.
    pub(super) fn remember(&mut self, left: Night, reference: String, need: Need) {
        self.past.retain(|past| past.reference != reference);
        self.past.push_back(Past { left, reference, need });
        if self.past.len() > REMEMBERED {
            self.past.pop_front();
        }
    }
}
