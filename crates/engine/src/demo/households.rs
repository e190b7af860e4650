//! Households: who comes, as counts and needs, and under which reference.

use std::collections::{BTreeSet, VecDeque};

use chrono::Datelike;
use safespace_domain::{Night, households::People};

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
const LENGTHS: [(u32, u32); 6] = [(2, 2), (3, 3), (4, 3), (5, 4), (6, 4), (7, 9)];
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
/// Where some are not safe, with how many of a thousand are not.
const NOT_SAFE_IN: [(&str, u32); 3] = [("Stevenage", 60), ("North Herts", 25), ("East Herts", 25)];
/// How many of a thousand households have been here before, and after how many days at the earliest.
const COME_AGAIN: (u32, i64) = (35, 60);
/// So many past households may come again.
const REMEMBERED: usize = 300;

/// A household that needs a safe space.
pub(super) struct Need {
    pub(super) people: People,
    pub(super) nights: u32,
    pub(super) features: BTreeSet<String>,
    pub(super) unwanted: BTreeSet<String>,
}

impl Need {
    pub(super) fn draw(rng: &mut fastrand::Rng) -> Self {
        let people =
            weighted(rng, MADE_UP.map(|(adults, children, often)| (People { adults, children }, often)));
        let people = people.unwrap_or(People { adults: 1, children: 0 });
        let mut features = some_of(rng, &NEEDS);
        if people.children > 0 && rng.u32(0..1_000) < COT {
            features.insert("cot".to_owned());
        }
        let nights = weighted(rng, LENGTHS).unwrap_or(2);
        Self { people, nights, features, unwanted: some_of(rng, &NOT_SAFE_IN) }
    }

    /// The same with no more people than a unit sleeps, and no other needs.
    pub(super) fn squeezed_into(self, sleeps: u16) -> Self {
        let adults = self.people.adults.min(sleeps);
        let people = People { adults, children: self.people.children.min(sleeps.saturating_sub(adults)) };
        Self { people, features: BTreeSet::new(), unwanted: BTreeSet::new(), ..self }
    }
}

fn weighted<T>(rng: &mut fastrand::Rng, from: impl IntoIterator<Item = (T, u32)> + Clone) -> Option<T> {
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
    people: People,
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

    /// The reference that was given last was not used.
    pub(super) fn take_back(&mut self) {
        self.given = self.given.saturating_sub(1);
    }

    /// A household that comes again, if one does.
    pub(super) fn again(&mut self, today: Night, rng: &mut fastrand::Rng) -> Option<(String, People)> {
        let (of_thousand, days) = COME_AGAIN;
        let long_gone = self.past.front().is_some_and(|past| (today - past.left).num_days() >= days);
        if rng.u32(0..1_000) >= of_thousand || !long_gone {
            return None;
        }
        self.past.pop_front().map(|past| (past.reference, past.people))
    }

    /// A household has left.
    pub(super) fn remember(&mut self, left: Night, reference: String, people: People) {
        self.past.push_back(Past { left, reference, people });
        if self.past.len() > REMEMBERED {
            self.past.pop_front();
        }
    }
}
