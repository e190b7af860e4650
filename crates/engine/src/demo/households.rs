//! Households: who comes, as counts and needs, and under which reference.

use std::collections::{BTreeSet, VecDeque};

use chrono::Datelike;
use safespace_domain::{
    Night, Nights,
    availability::Ask,
    households::People,
    items::{Allergen, Avoids, Diet},
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
        }
    }

    pub(super) fn draw(rng: &mut fastrand::Rng) -> Self {
        let avoids = avoided(&mut fastrand::Rng::with_seed(rng.get_seed() ^ AVOIDS_STREAM));
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
        Self { people, nights, features, shares_as, from, danger: not_safe_in(rng, from), avoids }
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
