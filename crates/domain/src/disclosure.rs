//! What partner councils are told of how full the homes are: bands, never counts, and how often they may ask.
//!
//! Whoever may ask often and exactly can work out where the homes are and who came and went. So an answer is a band
//! of the whole service's safe spaces, for a class of household sizes and not for the size itself, within the next
//! few nights, and each council asks a limited number of questions a day. The policy is data; managers keep it.

use std::{collections::BTreeSet, fmt};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    availability::{self, Ask, Spaces},
    calendar::Calendar,
    clock::service_day,
    households::{MOST_PEOPLE, People},
    nights::{Night, Nights, later},
    policies::Policy,
    refusal::{Refusal, RefusalCode},
    stays::arrival_night,
    units::Scheme,
};

/// The longest run of nights that one question asks for: as long as a stay in a safe space (SADA's strategy).
pub const LONGEST_RUN: u32 = 7;
/// The most classes of household size.
const MOST_CLASSES: usize = 20;

/// What partner councils are told, as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisclosurePolicy {
    /// From so many free homes on, the answer is "several"; below, "some". At least 3, so that no band but "none" is
    /// a count.
    pub several_from: u32,
    /// The last night that may be asked for is so many nights after tonight.
    pub nights_ahead: u32,
    /// So many questions may each council ask on a day of the service (Europe/London).
    pub questions_a_day: u32,
    /// The classes of household size, each by the largest household in it, in order. A household is answered for the
    /// largest of its class, so that asking for each size in turn does not tell how many a free home sleeps. A
    /// household larger than the last is told to ask.
    pub sizes: Vec<u16>,
}

impl Default for DisclosurePolicy {
    fn default() -> Self {
        Self { several_from: 3, nights_ahead: 7, questions_a_day: 50, sizes: vec![1, 2, 4, 6, 8] }
    }
}

impl DisclosurePolicy {
    /// Refuses a policy that no service could mean.
    pub fn check(&self) -> Result<(), Refusal> {
        let between = |field: &str, n: u32, least: u32, most: u32, what: &str| {
            if (least..=most).contains(&n) {
                return Ok(());
            }
            Err(Refusal::bad(field, format!("{what} must be {least} to {most}.")))
        };
        between("severalFrom", self.several_from, 3, 1_000, "The number from which homes are several")?;
        between("nightsAhead", self.nights_ahead, 0, 28, "The nights that may be asked ahead")?;
        between("questionsADay", self.questions_a_day, 0, 10_000, "The questions a day")?;
        let in_order = self.sizes.windows(2).all(|pair| matches!(pair, [less, more] if less < more));
        let possible = self.sizes.iter().all(|size| (1..=MOST_PEOPLE).contains(size));
        if self.sizes.is_empty() || self.sizes.len() > MOST_CLASSES || !in_order || !possible {
            return Err(Refusal::bad(
                "sizes",
                format!(
                    "The classes of household size must be 1 to {MOST_CLASSES} different numbers from 1 to \
                     {MOST_PEOPLE}, smallest first."
                ),
            ));
        }
        Ok(())
    }

    /// The largest household of the class that so many people are in. None where they are more than every class has.
    pub fn class_of(&self, people: u16) -> Option<u16> {
        self.sizes.iter().copied().find(|most| people <= *most)
    }

    /// The band that so many free homes are in.
    pub const fn band(&self, free: usize) -> Band {
        if free == 0 {
            Band::None
        } else if free < self.several_from as usize {
            Band::Some
        } else {
            Band::Several
        }
    }

    /// The nights of a question, when they may be asked for: from tonight up to `nights_ahead` nights later. Until
    /// late arrivals end, tonight is the night that began yesterday evening.
    pub fn askable(
        &self,
        arrival: Night,
        nights: i64,
        at: DateTime<Utc>,
        policy: &Policy,
    ) -> Result<Nights, Refusal> {
        let Some(run) = u32::try_from(nights).ok().filter(|run| (1..=LONGEST_RUN).contains(run)) else {
            return Err(Refusal::bad("nights", format!("Ask for 1 to {LONGEST_RUN} nights, not {nights}.")));
        };
        let tonight = arrival_night(at, policy);
        let last = later(service_day(at), self.nights_ahead);
        let wrong =
            |message: String, field: &str| Err(Refusal::new(RefusalCode::WrongTime, message).on(field));
        if arrival < tonight {
            return wrong(format!("{arrival} has passed: ask for tonight, {tonight}, or later."), "arrival");
        }
        if arrival > last {
            return wrong(
                format!("{arrival} is too far ahead: whether there is room is told up to {last}."),
                "arrival",
            );
        }
        let asked = Nights::between(arrival, later(arrival, run));
        if asked.departure() > later(last, 1) {
            return wrong(
                format!("Whether there is room is told up to the night of {last}: ask for fewer nights."),
                "nights",
            );
        }
        Ok(asked)
    }
}

impl fmt::Display for DisclosurePolicy {
    /// The policy in words, for whoever is told so much.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { several_from, nights_ahead, questions_a_day, sizes } = self;
        let sizes: Vec<String> = sizes.iter().map(ToString::to_string).collect();
        let largest = sizes.last().map_or("0", String::as_str);
        write!(
            f,
            "Whether there is room is told over the whole service, never for one home, for tonight and the next nights \
             up to {nights_ahead} after it: none, some, or several, which means {several_from} or more. A household is \
             answered for the largest of its class of size, which are up to {} people; for one of more than {largest}, \
             ask the team. Each council may ask {questions_a_day} questions a day, and each is recorded with its answer.",
            sizes.join(", ")
        )
    }
}

/// How many homes are free, as far as it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// None.
    None,
    /// One or a few.
    Some,
    /// More than a few.
    Several,
}

/// What a council is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomAnswer {
    /// No home of this size is free.
    None,
    /// One or a few are.
    Some,
    /// More than a few are.
    Several,
    /// The household is too large for this to be told: ask the team. Says nothing of what is free.
    AskUs,
}

impl RoomAnswer {
    /// Every answer.
    pub const ALL: [Self; 4] = [Self::None, Self::Some, Self::Several, Self::AskUs];

    /// The answer's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Some => "some",
            Self::Several => "several",
            Self::AskUs => "ask_us",
        }
    }
}

impl From<Band> for RoomAnswer {
    fn from(band: Band) -> Self {
        match band {
            Band::None => Self::None,
            Band::Some => Self::Some,
            Band::Several => Self::Several,
        }
    }
}

impl fmt::Display for RoomAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for RoomAnswer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|answer| answer.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not an answer: use none, some, several or ask_us"))
    }
}

/// What a council may wish beyond beds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wishes {
    /// Codes of features that a home must have.
    pub features: BTreeSet<String>,
    /// Districts where the household is not safe.
    pub unwanted: BTreeSet<String>,
}

impl Wishes {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.features.is_empty() && self.unwanted.is_empty()
    }
}

/// Whether there is room for so many people on all of the nights, as far as it is told: over all safe spaces.
///
/// Answers to questions with wishes could be subtracted from one another, and so tell in which district a home is free or
/// with which feature. So such a question is answered with "some" only where several homes would do; with "none" only
/// where there is none at all, whatever is wished; and else with "ask us".
pub fn room(
    calendar: &Calendar,
    spaces: &Spaces,
    nights: Nights,
    people: People,
    wishes: &Wishes,
) -> RoomAnswer {
    let policy = &spaces.disclosure;
    let Some(most) = policy.class_of(people.total()) else { return RoomAnswer::AskUs };
    let ask = Ask::plain(nights, People { adults: most, children: 0 }, Scheme::SafeSpace);
    let at_all = policy.band(availability::how_many(calendar, spaces, &ask));
    if at_all == Band::None || wishes.is_empty() {
        return at_all.into();
    }
    let ask = Ask { features: wishes.features.clone(), unwanted: wishes.unwanted.clone(), ..ask };
    match policy.band(availability::how_many(calendar, spaces, &ask)) {
        Band::Several => RoomAnswer::Some,
        Band::None | Band::Some => RoomAnswer::AskUs,
    }
}

/// Where there is no room: the first later night from which on there would be some for as many nights, as things stand,
/// among those that may be asked for until `last`. What a question for each of them would be answered, and no more.
pub fn next_likely(
    calendar: &Calendar,
    spaces: &Spaces,
    nights: Nights,
    people: People,
    last: Night,
) -> Option<Night> {
    let run = nights.len();
    let later_ones = std::iter::successors(Some(later(nights.arrival(), 1)), |night| Some(later(*night, 1)));
    later_ones.take_while(|night| later(*night, run) <= later(last, 1)).find(|night| {
        let asked = Nights::between(*night, later(*night, run));
        matches!(
            room(calendar, spaces, asked, people, &Wishes::default()),
            RoomAnswer::Some | RoomAnswer::Several
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Night {
        text.parse().unwrap()
    }

    fn askable(arrival: &str, nights: i64, at: &str) -> Result<Nights, Refusal> {
        let policy = Policy::default_for(Scheme::SafeSpace);
        DisclosurePolicy::default().askable(d(arrival), nights, at.parse().unwrap(), &policy)
    }

    #[test]
    fn a_household_is_answered_for_the_largest_of_its_class() {
        let policy = DisclosurePolicy::default();
        let classes: Vec<_> = (1..=9).map(|people| policy.class_of(people)).collect();
        let most = [1, 2, 4, 4, 6, 6, 8, 8].map(Some);
        assert_eq!(classes, most.into_iter().chain([None]).collect::<Vec<_>>());
    }

    #[test]
    fn bands_are_none_some_and_several() {
        let policy = DisclosurePolicy::default();
        let bands: Vec<_> = (0..5).map(|free| policy.band(free)).collect();
        assert_eq!(bands, [Band::None, Band::Some, Band::Some, Band::Several, Band::Several]);
    }

    #[test]
    fn tonight_and_the_next_seven_nights_may_be_asked_for() {
        let evening = "2020-11-03T21:00:00Z";
        assert_eq!(askable("2020-11-03", 7, evening).unwrap().len(), 7);
        assert!(askable("2020-11-10", 1, evening).is_ok());
        assert_eq!(askable("2020-11-04", 7, evening).unwrap().departure(), d("2020-11-11"));
        for (arrival, nights, field) in [
            ("2020-11-02", 1, "arrival"),
            ("2020-11-11", 1, "arrival"),
            ("2020-11-05", 7, "nights"),
            ("2020-11-03", 0, "nights"),
            ("2020-11-03", 8, "nights"),
            ("2020-11-03", -1, "nights"),
        ] {
            let refusal = askable(arrival, nights, evening).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some(field), "{arrival}, {nights} nights");
        }
    }

    #[test]
    fn past_midnight_tonight_is_still_the_night_before() {
        assert!(askable("2020-11-03", 1, "2020-11-04T00:30:00Z").is_ok());
        assert!(askable("2020-11-03", 1, "2020-11-04T06:00:00Z").is_err());
    }

    #[test]
    fn a_policy_that_would_tell_a_count_or_makes_no_sense_is_refused() {
        let good = DisclosurePolicy::default();
        good.check().unwrap();
        for (bad, field) in [
            (DisclosurePolicy { several_from: 2, ..good.clone() }, "severalFrom"),
            (DisclosurePolicy { nights_ahead: 29, ..good.clone() }, "nightsAhead"),
            (DisclosurePolicy { questions_a_day: 10_001, ..good.clone() }, "questionsADay"),
            (DisclosurePolicy { sizes: vec![], ..good.clone() }, "sizes"),
            (DisclosurePolicy { sizes: vec![2, 2], ..good.clone() }, "sizes"),
            (DisclosurePolicy { sizes: vec![0], ..good.clone() }, "sizes"),
            (DisclosurePolicy { sizes: vec![61], ..good.clone() }, "sizes"),
        ] {
            assert_eq!(bad.check().unwrap_err().field.as_deref(), Some(field));
        }
    }
}
