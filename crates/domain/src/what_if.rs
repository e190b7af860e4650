//! How many homes do we need: what if? The past of the service, what would be other than now, and the answer.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    clock::service_day,
    ids::{HouseholdId, StayId, UnitId},
    nights::{Night, Nights},
    referrals::{Referral, ReferralState},
    refusal::Refusal,
    simulation::{Home, NIGHTS_OF_A_YEAR, Outcome, Past, Run, World, share},
    stays::{Stay, StayState},
    units::{MOST_SLEEPS, Scheme},
};

/// The most units that are simulated, and up to which more are tried.
pub const MOST_UNITS: usize = 1_000;
/// The most years that are simulated.
pub const MOST_YEARS: u32 = 10_000;
/// The most nights to warm up.
pub const MOST_WARM_UP_NIGHTS: u32 = 3_650;
/// The most households that may come in a run: more would take minutes.
pub const MOST_ASKED: u32 = 20_000_000;
/// By how much more, per cent, households may come than in the past.
pub const MOST_MORE: i32 = 1_000;
/// By how many nights stays may be longer or shorter.
pub const MOST_NIGHTS_LONGER: i32 = 365;
/// The most household-units that a run may go through: each household that comes looks at each unit. More would take
/// more than a few seconds.
pub const MOST_LOOKS: u64 = 150_000_000;
/// Of households of more schemes than one, so many are made to draw from.
const DRAWN_FROM: usize = 10_000;
/// What a decline counts as whose household came for a home, and was turned away.
const WANTED_A_HOME: [&str; 2] = ["no_capacity", "could_not_meet_need"];

/// What each figure means, to be printed beside it.
pub const DEFINITIONS: [(&str, &str); 7] = [
    (
        "came for a home",
        "Referrals received on the days of the history that were accepted, or declined because no home was free or none met \
         the need. Other declines, and what was withdrawn before anybody decided, are not. Households without a referral \
         count by their stay. Each stay in a move-on home counts as coming for one: who was turned away from those is not \
         on record.",
    ),
    (
        "stays known whole",
        "Stays that ended on the days of the history, a household that moved within a scheme counted once, with all its \
         nights. From these the households that come are drawn, people and nights together, each as likely. Households that \
         were turned away stay, when drawn, as those who were placed did.",
    ),
    (
        "units",
        "Units in stock today, in service all year, with the turnaround of their scheme; no voids. Each household takes the \
         smallest free unit of its scheme that sleeps it, at once, or is turned away: nobody waits, shares or comes back.",
    ),
    (
        "turned away",
        "Simulated households that found no free unit, divided by all that came, per cent, two decimals, half up. Empty when \
         nobody came.",
    ),
    ("occupancy rate, full share", "As for occupancy, of the simulated nights."),
    (
        "interval",
        "In 95 of 100 runs by another seed the true rate lies in it. It tells the chance of the simulation, never whether the \
         future will be like the past.",
    ),
    (
        "units enough",
        "The least number of units, more of the same kinds, with which at most 1 in 10 would be turned away. Empty where that \
         is so already, or no number does it.",
    ),
];

/// The share turned away that units are added to come down to: one in ten.
const ENOUGH: f64 = 0.1;

/// The service's own past, from which is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Households that came for a home: also those who were turned away, or nobody would seem to be missing.
    pub arrivals: u32,
    /// Over how many days they came.
    pub days: u32,
    /// Those whose stay is known whole, each as often as its like is drawn.
    pub households: Vec<Past>,
}

/// The records from which a history is put together.
#[derive(Clone, Copy)]
pub struct Records<'r> {
    /// The days of the history.
    pub days: Nights,
    /// The referrals that came on these days.
    pub referrals: &'r [Referral],
    /// All stays of those households that have one on these days.
    pub stays: &'r [Stay],
    /// The households for whom a referral was ever accepted.
    pub referred: &'r BTreeSet<HouseholdId>,
    /// What a reason for declining counts as.
    pub counts_as: &'r dyn Fn(&str) -> String,
    /// What a unit is for.
    pub scheme: &'r dyn Fn(UnitId) -> Option<Scheme>,
}

/// A household's time in homes of one scheme, moves included.
#[derive(Clone, Copy, Debug)]
struct Journey {
    household: HouseholdId,
    scheme: Scheme,
    people: u16,
    arrival: Night,
    /// None while it lasts.
    departure: Option<Night>,
}

impl Records<'_> {
    /// Who came for a home, and how long they stayed; only for homes of this scheme, where one is given. And how many stays
    /// of theirs are known whole.
    pub fn history(&self, only: Option<Scheme>) -> (History, usize) {
        let journeys = self.journeys();
        let mut kinds = Vec::new();
        for scheme in Scheme::ALL.into_iter().filter(|scheme| only.is_none_or(|only| only == *scheme)) {
            let came = self.came_for(scheme, &journeys);
            let of_scheme = journeys.iter().filter(|journey| journey.scheme == scheme);
            let known: Vec<Past> = of_scheme.filter_map(|journey| journey.past(self.days)).collect();
            if came > 0 {
                kinds.push((came, known));
            }
        }
        // Of whom no stay is known, nobody can be drawn.
        if kinds.iter().any(|(_, known)| !known.is_empty()) {
            kinds.retain(|(_, known)| !known.is_empty());
        }
        let arrivals = kinds.iter().map(|(came, _)| came).sum();
        let known = kinds.iter().map(|(_, known)| known.len()).sum();
        (History { arrivals, days: self.days.len(), households: mixed(kinds, arrivals) }, known)
    }

    /// Each household's time in homes, from the first stay of each in a scheme on.
    fn journeys(&self) -> Vec<Journey> {
        let by_id: BTreeMap<StayId, &Stay> = self.stays.iter().map(|stay| (stay.id, stay)).collect();
        let scheme_of = |stay: &Stay| (self.scheme)(stay.unit);
        let in_scheme = |id: Option<StayId>, scheme: Scheme| {
            id.and_then(|id| by_id.get(&id)).copied().filter(|stay| scheme_of(stay) == Some(scheme))
        };
        let begun = self.stays.iter().filter_map(|stay| {
            let scheme = scheme_of(stay)?;
            let came = matches!(stay.state, StayState::InResidence { .. } | StayState::Departed { .. });
            (came && in_scheme(stay.moved_from, scheme).is_none()).then_some((stay, scheme))
        });
        let journey = |(first, scheme): (&Stay, Scheme)| {
            let moved_to = |stay: &&Stay| match stay.state {
                StayState::Departed { moved_to, .. } => in_scheme(moved_to, scheme),
                _ => None,
            };
            let last =
                std::iter::successors(Some(first), moved_to).take(self.stays.len()).last().unwrap_or(first);
            let has_left = matches!(last.state, StayState::Departed { .. });
            Journey {
                household: first.household,
                scheme,
                people: first.people.total(),
                arrival: first.nights.arrival(),
                departure: has_left.then(|| last.nights.departure()),
            }
        };
        begun.map(journey).collect()
    }

    /// How many came for a home of a scheme.
    fn came_for(&self, scheme: Scheme, journeys: &[Journey]) -> u32 {
        let of = |household: HouseholdId, scheme: Scheme| {
            journeys.iter().any(|journey| journey.household == household && journey.scheme == scheme)
        };
        let began =
            journeys.iter().filter(|journey| journey.scheme == scheme && self.days.contains(journey.arrival));
        let came = match scheme {
            Scheme::MoveOn => began.count(),
            Scheme::SafeSpace => {
                let only_moved_on =
                    |household| of(household, Scheme::MoveOn) && !of(household, Scheme::SafeSpace);
                let asked = self.referrals.iter().filter(|referral| {
                    self.days.contains(service_day(referral.received_at))
                        && self.asked_for_a_home(referral)
                        && !referral.household().is_some_and(only_moved_on)
                });
                asked.count() + began.filter(|journey| !self.referred.contains(&journey.household)).count()
            }
        };
        u32::try_from(came).unwrap_or(u32::MAX)
    }

    fn asked_for_a_home(&self, referral: &Referral) -> bool {
        match &referral.state {
            ReferralState::Accepted { .. } | ReferralState::Placed { .. } | ReferralState::Closed { .. } => {
                true
            }
            ReferralState::Declined { reason, household, .. } => {
                household.is_some() || WANTED_A_HOME.contains(&(self.counts_as)(reason).as_str())
            }
            ReferralState::Withdrawn { household, .. } => household.is_some(),
            ReferralState::Received | ReferralState::Assessing { .. } => false,
        }
    }
}

impl Journey {
    /// As it is drawn, where it ended on these days.
    fn past(&self, days: Nights) -> Option<Past> {
        let departure = self.departure.filter(|departure| days.contains(*departure))?;
        let nights = Nights::between(self.arrival, departure).len();
        Some(Past { people: self.people, nights, scheme: self.scheme })
    }
}

/// Households to draw from, those of each kind as often as they come.
fn mixed(mut kinds: Vec<(u32, Vec<Past>)>, arrivals: u32) -> Vec<Past> {
    if kinds.len() < 2 {
        return kinds.pop().map(|(_, known)| known).unwrap_or_default();
    }
    let mut all = Vec::with_capacity(DRAWN_FROM);
    for (came, known) in kinds {
        let wanted = DRAWN_FROM * came as usize / arrivals.max(1) as usize;
        all.extend((0..wanted).filter_map(|no| known.get(no * known.len() / wanted)));
    }
    all
}

impl History {
    /// Households in a night, on average.
    fn per_night(&self) -> f64 {
        f64::from(self.arrivals) / f64::from(self.days)
    }

    fn check(&self) -> Result<(), Refusal> {
        if self.days == 0 {
            return Err(Refusal::bad("from", "The history has no days: choose a longer time."));
        }
        if self.arrivals > 0 && self.households.is_empty() {
            let why = "No stay of that time is known to its end: choose a longer time.";
            return Err(Refusal::bad("from", why));
        }
        Ok(())
    }
}

/// What would be other than now. By default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WhatIf {
    /// By how much more households come, per cent: 90 for 90% more, -50 for half as many.
    pub arrivals_percent: i32,
    /// By how many nights every stay is longer; below zero, shorter. One night at least is left.
    pub longer_by_nights: i32,
    /// Units that are added.
    pub added: Vec<Home>,
    /// The codes of units that are closed.
    pub closed: BTreeSet<String>,
}

impl WhatIf {
    /// The world as it would be. Refused where a value is impossible or beyond its limit, and where a unit to close is
    /// none of `homes`.
    pub fn of(&self, homes: &[Home], history: &History) -> Result<World, Refusal> {
        self.check(homes)?;
        history.check()?;
        let open = homes.iter().filter(|home| !self.closed.contains(&home.code));
        let homes: Vec<_> = open.chain(&self.added).cloned().collect();
        if homes.len() > MOST_UNITS {
            return Err(Refusal::bad("added", format!("At most {MOST_UNITS} units are simulated.")));
        }
        let per_night = history.per_night() * f64::from(100 + self.arrivals_percent) / 100.0;
        let longer = |past: &Past| {
            let nights = past.nights.saturating_add_signed(self.longer_by_nights).max(1);
            Past { nights, ..*past }
        };
        Ok(World::new(homes, per_night, history.households.iter().map(longer).collect()))
    }

    fn check(&self, homes: &[Home]) -> Result<(), Refusal> {
        if !(-100..=MOST_MORE).contains(&self.arrivals_percent) {
            let why = format!("The change in those who come must be -100 to {MOST_MORE} per cent.");
            return Err(Refusal::bad("arrivalsPercent", why));
        }
        if !(-MOST_NIGHTS_LONGER..=MOST_NIGHTS_LONGER).contains(&self.longer_by_nights) {
            let why = format!("Stays can be up to {MOST_NIGHTS_LONGER} nights longer or shorter.");
            return Err(Refusal::bad("longerByNights", why));
        }
        if self.added.iter().any(|home| home.sleeps == 0 || home.sleeps > MOST_SLEEPS) {
            return Err(Refusal::bad("added", format!("A unit sleeps 1 to {MOST_SLEEPS} people.")));
        }
        match self.closed.iter().find(|code| homes.iter().all(|home| home.code != **code)) {
            Some(code) => Err(Refusal::bad("closed", format!("There is no unit {code} to close."))),
            None => Ok(()),
        }
    }
}

/// What would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What the run found.
    pub outcome: Outcome,
    /// With how many units at most one in ten would be turned away, where more than that are now and [`MOST_UNITS`] can
    /// do it.
    pub units_enough: Option<usize>,
    /// All of it in one sentence.
    pub sentence: String,
}

impl World {
    /// Simulates, looks for the number of units with which at most one in ten would be turned away, and says both in a
    /// sentence. Units are added like the present ones: each as often, in an order by the seed. Refused where the run
    /// would be too long.
    pub fn answer(&self, run: &Run) -> Result<Answer, Refusal> {
        self.check(run)?;
        let outcome = self.simulate(run);
        let turned_away = share_of(&outcome);
        let units_enough = turned_away.filter(|share| *share > ENOUGH).and_then(|_| self.units_enough(run));
        let sentence = self.sentence(turned_away, units_enough);
        Ok(Answer { outcome, units_enough, sentence })
    }

    fn check(&self, run: &Run) -> Result<(), Refusal> {
        if run.years == 0 || run.years > MOST_YEARS {
            return Err(Refusal::bad("years", format!("The years must be 1 to {MOST_YEARS}.")));
        }
        if run.warm_up_nights > MOST_WARM_UP_NIGHTS {
            let why = format!("At most {MOST_WARM_UP_NIGHTS} nights to warm up.");
            return Err(Refusal::bad("warmUpNights", why));
        }
        let most = f64::from(MOST_ASKED);
        if self.per_night() * f64::from(run.years) * f64::from(NIGHTS_OF_A_YEAR) > most {
            let why = "With so many who come, so many years would take too long: simulate fewer.";
            return Err(Refusal::bad("years", why));
        }
        Ok(())
    }

    /// How many household-units a run goes through: what limits what is asked for by many ([`MOST_LOOKS`]).
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "too many are the most there are"
    )]
    pub fn looks(&self, run: &Run) -> u64 {
        let asked = self.per_night() * f64::from(run.years) * f64::from(NIGHTS_OF_A_YEAR);
        (asked as u64).saturating_mul(self.homes().len().max(1) as u64)
    }

    /// The least number of units with which at most one in ten is turned away: by doubling what is added, then halving
    /// the gap. The households are the same each time, so that more units are hardly ever worse.
    fn units_enough(&self, run: &Run) -> Option<usize> {
        let present = self.homes().len();
        if present == 0 {
            return None;
        }
        let like = self.like_present(run);
        let enough = |units: usize| {
            share_of(&self.of_units(&like, units).simulate(run)).is_some_and(|share| share <= ENOUGH)
        };
        let (mut too_few, mut more) = (present, 1);
        let mut plenty = loop {
            let units = (present + more).min(MOST_UNITS);
            if units <= too_few {
                return None;
            }
            if enough(units) {
                break units;
            }
            (too_few, more) = (units, more * 2);
        };
        while too_few + 1 < plenty {
            let middle = usize::midpoint(too_few, plenty);
            if enough(middle) {
                plenty = middle;
            } else {
                too_few = middle;
            }
        }
        Some(plenty)
    }

    /// What a run finds with other numbers of units: more are added like the present ones as for
    /// [`Answer::units_enough`], fewer are left of these.
    pub fn by_units(&self, run: &Run, numbers: &[usize]) -> Vec<(usize, Outcome)> {
        let like = self.like_present(run);
        numbers.iter().map(|units| (*units, self.of_units(&like, *units).simulate(run))).collect()
    }

    /// The present units, in an order by the seed.
    fn like_present(&self, run: &Run) -> Vec<Home> {
        let mut like = self.homes().to_vec();
        fastrand::Rng::with_seed(run.seed).shuffle(&mut like);
        like
    }

    fn of_units(&self, like: &[Home], units: usize) -> Self {
        match units.checked_sub(self.homes().len()) {
            Some(more) => {
                self.with_homes(self.homes().iter().chain(like.iter().cycle().take(more)).cloned().collect())
            }
            None => self.with_homes(like.iter().take(units).cloned().collect()),
        }
    }

    fn sentence(&self, turned_away: Option<f64>, units_enough: Option<usize>) -> String {
        let counted = |n: usize, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
        let units = counted(self.homes().len(), "unit");
        let Some(share) = turned_away else {
            return format!("With {units} and nobody who comes, nobody would be turned away.");
        };
        // Half-up, as all that is told.
        let a_week = match (self.per_night() * 7.0).round() {
            0.0 => "less than 1 referral a week".to_owned(),
            1.0 => "1 referral a week".to_owned(),
            week => format!("{week:.0} referrals a week"),
        };
        let then = match units_enough {
            Some(enough) => format!("; {enough} units bring it to 1 in 10 or fewer"),
            None if share <= ENOUGH => ", which is no more than 1 in 10".to_owned(),
            None if self.homes().is_empty() => String::new(),
            None => format!("; no number of such units up to {MOST_UNITS} brings it to 1 in 10"),
        };
        format!("With {units} and {a_week}, {} would be turned away{then}.", about(share))
    }
}

fn share_of(outcome: &Outcome) -> Option<f64> {
    share((outcome.total.turned_away, outcome.total.asked))
}

/// A share as one says it.
fn about(share: f64) -> String {
    match share {
        0.0 => "nobody".to_owned(),
        1.0 => "everybody".to_owned(),
        share if share < 0.01 => "fewer than 1 in 100".to_owned(),
        share if share < 0.15 => format!("about 1 in {:.0}", 1.0 / share),
        share if share < 0.95 => format!("about {:.0} in 10", share * 10.0),
        _ => "nearly everybody".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_are_turned_away_with_more_units_and_as_many_as_before_with_as_many() {
        let homes =
            (1..=6).map(|no| Home::all_year(format!("SS-{no:02}"), 4, Scheme::SafeSpace, 0)).collect();
        let household = Past { people: 2, nights: 7, scheme: Scheme::SafeSpace };
        let world = World::new(homes, 1.0, vec![household]);
        let run = Run { years: 20, ..Run::default() };
        let answer = world.answer(&run).unwrap();
        let enough = answer.units_enough.unwrap();
        let found = world.by_units(&run, &[3, 6, enough - 1, enough]);
        let shares: Vec<f64> = found.iter().map(|(_, outcome)| share_of(outcome).unwrap()).collect();
        assert_eq!(found[1], (6, answer.outcome));
        assert!(shares[0] > shares[1] && shares[2] > ENOUGH && shares[3] <= ENOUGH, "{shares:?}");
        assert_eq!(
            world.by_units(&run, &[0])[0].1.total.turned_away,
            world.by_units(&run, &[0])[0].1.total.asked
        );
    }

    #[test]
    fn a_share_is_said_in_small_whole_numbers() {
        for (share, said) in [
            (0.0, "nobody"),
            (0.004, "fewer than 1 in 100"),
            (0.01, "about 1 in 100"),
            (0.1, "about 1 in 10"),
            (0.14, "about 1 in 7"),
            (0.16, "about 2 in 10"),
            (0.31, "about 3 in 10"),
            (0.94, "about 9 in 10"),
            (0.97, "nearly everybody"),
            (1.0, "everybody"),
        ] {
            assert_eq!(about(share), said);
        }
    }
}
