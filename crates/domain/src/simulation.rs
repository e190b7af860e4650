//! Homes and those who ask for one, simulated: how many are turned away, and how full the homes are.
//!
//! A loss system, from event to event: households come, each takes the smallest free unit that fits, and is turned away
//! where there is none. Nobody waits, comes back or moves. Households come without memory (Poisson): the number of those
//! who come on a day does not depend on the day before, on the day of the week, nor on how full the homes are. Each is
//! drawn whole from the service's own history, so that large households stay as long as large households did.
//!
//! A seed decides every draw. What is drawn does not depend on the homes, so that two sets of homes are compared by the
//! very same households.

use std::{cmp::Reverse, collections::BinaryHeap, ops::Range};

use rust_decimal::Decimal;

use crate::{
    nights::{Night, Nights, later},
    occupancy::per_cent,
    units::{Scheme, Unit},
};

/// Nights of a simulated year.
pub const NIGHTS_OF_A_YEAR: u32 = 365;
/// Into how many parts of the same length a run is cut for the confidence intervals.
pub const BATCHES: u32 = 20;
/// Student's t for 19 degrees of freedom, 95 per cent, both sides.
const T_OF_19: f64 = 2.093;

/// A unit, as far as a simulation goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// The code that people see, such as `SS-07`.
    pub code: String,
    /// How many people it sleeps.
    pub sleeps: u16,
    /// What it is for.
    pub scheme: Scheme,
    /// Nights kept free after each stay.
    pub turnaround_nights: u32,
    /// When it is in service, in nights of the simulated year (0 to 365), the same every year. What reaches the end of
    /// the year goes on after it; a run that ends before is a closing, across which nobody stays.
    pub serves: Vec<Range<u32>>,
}

impl Home {
    /// A unit that is in service all year.
    pub fn all_year(code: impl Into<String>, sleeps: u16, scheme: Scheme, turnaround_nights: u32) -> Self {
        let year = 0..NIGHTS_OF_A_YEAR;
        Self { code: code.into(), sleeps, scheme, turnaround_nights, serves: vec![year] }
    }

    /// The unit as it is in service in the year that begins on `first`.
    pub fn in_year(unit: &Unit, scheme: Scheme, turnaround_nights: u32, first: Night) -> Self {
        let year = Nights::between(first, later(first, NIGHTS_OF_A_YEAR));
        let clipped = unit.in_service.iter().map(|run| {
            let end = run.closed_on.unwrap_or(year.departure());
            year.intersection(Nights::between(run.opened_on, end))
        });
        let number = |night| Nights::between(first, night).len();
        let serves = clipped
            .filter(|run| !run.is_empty())
            .map(|run| number(run.arrival())..number(run.departure()))
            .collect();
        Self { code: unit.code.clone(), sleeps: unit.sleeps, scheme, turnaround_nights, serves }
    }

    /// Whether it is in service on that night of the year.
    pub fn serves_on(&self, night: u32) -> bool {
        self.serves.iter().any(|run| run.contains(&night))
    }

    /// Whether somebody may come on that night of the year and stay so long.
    pub fn serves_for(&self, night: u32, nights: u32) -> bool {
        let holds = |run: &Range<u32>| run.end >= NIGHTS_OF_A_YEAR || nights <= run.end - night;
        self.serves.iter().any(|run| run.contains(&night) && holds(run))
    }

    fn fits(&self, household: Past) -> bool {
        self.scheme == household.scheme && household.people <= self.sleeps
    }
}

/// A household that came once, as it is drawn again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// How many people.
    pub people: u16,
    /// How many nights it stayed; one at least counts.
    pub nights: u32,
    /// What kind of home it needed.
    pub scheme: Scheme,
}

/// What is simulated.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// The units, the smallest first: in this order they are taken.
    homes: Vec<Home>,
    /// Households that come in a night, on average.
    per_night: f64,
    /// Those of whom they are drawn, each as likely.
    households: Vec<Past>,
}

/// How long is simulated, and by which chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Years that are counted.
    pub years: u32,
    /// Nights before them, from empty homes, that are not.
    pub warm_up_nights: u32,
    /// Decides every draw.
    pub seed: u64,
}

impl Default for Run {
    /// A thousand years after one to warm up.
    fn default() -> Self {
        Self { years: 1_000, warm_up_nights: NIGHTS_OF_A_YEAR, seed: 1 }
    }
}

impl Run {
    /// Nights that are counted.
    pub fn nights(&self) -> u64 {
        u64::from(self.years) * u64::from(NIGHTS_OF_A_YEAR)
    }

    fn all_nights(&self) -> u64 {
        u64::from(self.warm_up_nights) + self.nights()
    }
}

/// What was counted. Nights are cut into parts in a run by parts of days; the rates are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Households that came.
    pub asked: u64,
    /// Of those, who found no free unit that fits.
    pub turned_away: u64,
    /// Nights.
    pub nights: u64,
    /// Unit-nights in stock.
    pub available_nights: u64,
    /// Of those, with a household in residence.
    pub occupied_nights: u64,
    /// Nights on which every available unit is occupied.
    pub full_nights: u64,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.asked += other.asked;
        self.turned_away += other.turned_away;
        self.nights += other.nights;
        self.available_nights += other.available_nights;
        self.occupied_nights += other.occupied_nights;
        self.full_nights += other.full_nights;
    }

    /// Part and whole of those who were turned away.
    const fn turned_away_of(&self) -> (u64, u64) {
        (self.turned_away, self.asked)
    }

    /// Part and whole of the occupancy rate.
    const fn occupied_of(&self) -> (u64, u64) {
        (self.occupied_nights, self.available_nights)
    }

    /// Part and whole of the full share: of nothing, where nothing was available.
    const fn full_of(&self) -> (u64, u64) {
        if self.available_nights == 0 { (0, 0) } else { (self.full_nights, self.nights) }
    }
}

/// A rate, and how far chance may have moved it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Per cent, two decimals, half-up.
    pub rate: Decimal,
    /// Its confidence interval, where there is enough to tell one.
    pub interval: Option<Interval>,
}

/// Within which the true rate is in 95 of 100 runs, per cent, two decimals, rounded outwards.
///
/// By batch means: the run is cut into [`BATCHES`] parts, long beside a stay and so as good as independent; the rate of
/// the whole ± Student's t × the deviation of the parts' rates ÷ √parts. Source: A. M. Law, *Simulation Modeling and
/// Analysis*, on the method of batch means; B. Schmeiser, "Batch size effects in the analysis of simulation output",
/// Operations Research 30 (1982), that 10 to 30 batches serve. It tells the chance of the simulation, never whether the
/// future will be like the past. It is too narrow where a batch is not long beside a stay (few years, or stays of months),
/// and a rough guide where something happens in few batches; where it happens in none, it has no width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Its lower end.
    pub low: Decimal,
    /// Its upper end.
    pub high: Decimal,
}

/// What a run found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// All that was counted.
    pub total: Tally,
    /// The same by parts of the run, in order.
    pub batches: Vec<Tally>,
}

impl Outcome {
    fn of(batches: Vec<Tally>) -> Self {
        let mut total = Tally::default();
        for batch in &batches {
            total.add(batch);
        }
        Self { total, batches }
    }

    /// Households turned away ÷ households that came. None when nobody came.
    pub fn turned_away(&self) -> Option<Rate> {
        self.rate(Tally::turned_away_of)
    }

    /// Occupied ÷ available. None when nothing was available. Nights of turnaround are available, and not occupied.
    pub fn occupancy_rate(&self) -> Option<Rate> {
        self.rate(Tally::occupied_of)
    }

    /// Full nights ÷ nights. None when nothing was available.
    pub fn full_share(&self) -> Option<Rate> {
        self.rate(Tally::full_of)
    }

    fn rate(&self, of: impl Fn(&Tally) -> (u64, u64)) -> Option<Rate> {
        let (part, whole) = of(&self.total);
        let rate = per_cent(part, whole)?;
        let shares: Option<Vec<_>> = self.batches.iter().map(|batch| share(of(batch))).collect();
        let interval = share((part, whole)).zip(shares).and_then(|(share, shares)| interval(share, &shares));
        Some(Rate { rate, interval })
    }
}

/// A part of a whole, from 0 to 1; none of nothing.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52, and a last digit is no matter")]
pub(crate) fn share((part, whole): (u64, u64)) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The interval around a share, by those of the batches; none unless there are [`BATCHES`].
#[expect(clippy::cast_possible_truncation, reason = "hundredths of a per cent are from 0 to 10,000")]
fn interval(middle: f64, shares: &[f64]) -> Option<Interval> {
    let batches = f64::from(BATCHES);
    if shares.len() != BATCHES as usize {
        return None;
    }
    let mean = shares.iter().sum::<f64>() / batches;
    let variance = shares.iter().map(|share| (share - mean).powi(2)).sum::<f64>() / (batches - 1.0);
    let half = T_OF_19 * (variance / batches).sqrt();
    let hundredths = |share: f64| share.clamp(0.0, 1.0) * 10_000.0;
    Some(Interval {
        low: Decimal::new(hundredths(middle - half).floor() as i64, 2),
        high: Decimal::new(hundredths(middle + half).ceil() as i64, 2),
    })
}

impl World {
    /// These units, and households that come at this rate a night, each drawn from `households` as likely. Nobody comes
    /// where there is none to draw from, or where the rate is no number above zero.
    pub fn new(mut homes: Vec<Home>, per_night: f64, households: Vec<Past>) -> Self {
        homes.retain(|home| !home.serves.is_empty());
        homes.sort_by_key(|home| home.sleeps);
        Self { homes, per_night, households }
    }

    /// The same households, and other units.
    #[must_use]
    pub fn with_homes(&self, homes: Vec<Home>) -> Self {
        Self::new(homes, self.per_night, self.households.clone())
    }

    /// The units, in the order in which they are taken.
    pub fn homes(&self) -> &[Home] {
        &self.homes
    }

    /// Households that come in a night, on average.
    pub const fn per_night(&self) -> f64 {
        self.per_night
    }

    /// Those who come, in order, without end; of nobody, at once at its end.
    pub fn arrivals(&self, seed: u64) -> Arrivals<'_> {
        self.arrivals_in_parts(seed, 1)
    }

    fn arrivals_in_parts(&self, seed: u64, parts: u32) -> Arrivals<'_> {
        Arrivals { world: self, rng: fastrand::Rng::with_seed(seed), night: 0.0, parts: f64::from(parts) }
    }

    /// Simulates night by night: whoever leaves on a day makes room for whoever comes on that day.
    pub fn simulate(&self, run: &Run) -> Outcome {
        self.simulate_in_parts(run, 1)
    }

    /// As [`World::simulate`], with each day cut into so many parts: households come in one of them, and leave in the
    /// same one. With very many it is time without a grain, as formulas have it ([`erlang`](crate::erlang)); the
    /// service's days are one part each.
    pub fn simulate_in_parts(&self, run: &Run, parts: u32) -> Outcome {
        let parts = parts.max(1);
        let end = run.all_nights() * u64::from(parts);
        let mut state = State::new(self, run, parts);
        for (at, household) in self.arrivals_in_parts(run.seed, parts).take_while(|(at, _)| *at < end) {
            state.pass_to(at);
            state.ask(household);
        }
        state.pass_to(end);
        Outcome::of(state.batches)
    }
}

/// Those who come, each with the moment: the night, from 0 on, or the part of it.
#[derive(Clone, Debug)]
pub struct Arrivals<'a> {
    world: &'a World,
    rng: fastrand::Rng,
    /// Where the last one came.
    night: f64,
    parts: f64,
}

impl Iterator for Arrivals<'_> {
    type Item = (u64, Past);

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the moment that it is in")]
    fn next(&mut self) -> Option<Self::Item> {
        let World { per_night, households, .. } = self.world;
        if households.is_empty() || per_night.is_nan() || *per_night <= 0.0 {
            return None;
        }
        // Without memory: the times between two are exponential, so those who come on a day are Poisson.
        self.night -= (1.0 - self.rng.f64()).ln() / per_night;
        let household = *households.get(self.rng.usize(..households.len()))?;
        Some(((self.night * self.parts) as u64, household))
    }
}

/// Where the homes stand at a moment.
struct State<'a> {
    homes: &'a [Home],
    parts: u64,
    now: u64,
    /// From when on each unit can be taken again.
    ready: Vec<u64>,
    /// Who leaves next: the moment and the unit.
    leaving: BinaryHeap<Reverse<(u64, usize)>>,
    /// Units that are in service, or whose household is still there.
    in_stock: u64,
    /// Nights of the year on which a unit opens or closes.
    turns: Vec<u64>,
    warm_up: u64,
    end: u64,
    batches: Vec<Tally>,
}

impl<'a> State<'a> {
    fn new(world: &'a World, run: &Run, parts: u32) -> Self {
        let parts = u64::from(parts);
        let homes = &world.homes;
        let runs = || homes.iter().flat_map(|home| &home.serves);
        // The end of the year is the beginning of the next.
        let in_year = |turn| u64::from(turn % NIGHTS_OF_A_YEAR);
        let mut turns: Vec<_> = runs().flat_map(|run| [in_year(run.start), in_year(run.end)]).collect();
        turns.sort_unstable();
        turns.dedup();
        let mut state = Self {
            homes,
            parts,
            now: 0,
            ready: vec![0; homes.len()],
            leaving: BinaryHeap::with_capacity(homes.len()),
            in_stock: 0,
            turns: if runs().all(|run| *run == (0..NIGHTS_OF_A_YEAR)) { Vec::new() } else { turns },
            warm_up: u64::from(run.warm_up_nights) * parts,
            end: run.all_nights() * parts,
            batches: vec![Tally::default(); BATCHES as usize],
        };
        state.count_stock();
        state
    }

    /// The night of the year.
    fn night(&self) -> u32 {
        u32::try_from(self.now / self.parts % u64::from(NIGHTS_OF_A_YEAR)).unwrap_or(0)
    }

    /// Lets time pass, with all who leave and all that opens and closes, also at that very moment.
    fn pass_to(&mut self, to: u64) {
        loop {
            let leaves = self.leaving.peek().map_or(u64::MAX, |Reverse((at, _))| *at);
            let turns = self.next_turn();
            let next = to.min(leaves).min(turns);
            self.count(next);
            if leaves == next {
                self.leaving.pop();
                if !self.turns.is_empty() {
                    self.count_stock();
                }
            } else if turns == next {
                self.count_stock();
            } else {
                break;
            }
        }
    }

    /// The next moment at which a unit opens or closes.
    fn next_turn(&self) -> u64 {
        let Some(first) = self.turns.first() else { return u64::MAX };
        let year = u64::from(NIGHTS_OF_A_YEAR) * self.parts;
        let (begun, within) = (self.now - self.now % year, self.now % year);
        let later = self.turns.iter().map(|turn| turn * self.parts).find(|turn| *turn > within);
        begun + later.unwrap_or(year + first * self.parts)
    }

    fn count_stock(&mut self) {
        let night = self.night();
        let open = self.homes.iter().map(|home| home.serves_on(night)).enumerate();
        let open = open.filter(|(no, open)| *open || self.leaving.iter().any(|Reverse((_, of))| of == no));
        self.in_stock = open.count() as u64;
    }

    /// Counts what has been from now to then, by batches.
    fn count(&mut self, then: u64) {
        let occupied = self.leaving.len() as u64;
        let (mut from, to) = (self.now.max(self.warm_up), then.min(self.end));
        self.now = then;
        while from < to {
            let batch = self.batch_of(from);
            let until = self.beginning_of(batch + 1).min(to);
            let time = until - from;
            if let Some(tally) = self.batches.get_mut(batch) {
                tally.nights += time;
                tally.available_nights += self.in_stock * time;
                tally.occupied_nights += occupied * time;
                tally.full_nights += if occupied > 0 && occupied == self.in_stock { time } else { 0 };
            }
            from = until;
        }
    }

    fn beginning_of(&self, batch: usize) -> u64 {
        // Rounded up, so that `batch_of` a batch's beginning is that batch.
        self.warm_up + ((self.end - self.warm_up) * batch as u64).div_ceil(u64::from(BATCHES))
    }

    fn batch_of(&self, at: u64) -> usize {
        let batch = (at - self.warm_up) * u64::from(BATCHES) / (self.end - self.warm_up).max(1);
        usize::try_from(batch).unwrap_or(usize::MAX)
    }

    /// Somebody comes now, and takes the smallest free unit that fits.
    fn ask(&mut self, household: Past) {
        let (now, night, nights) = (self.now, self.night(), household.nights.max(1));
        let free = if self.leaving.len() == self.homes.len() {
            None
        } else {
            self.homes.iter().zip(&mut self.ready).enumerate().find(|(_, (home, ready))| {
                **ready <= now && home.fits(household) && home.serves_for(night, nights)
            })
        };
        let placed = free.map(|(no, (home, ready))| {
            let leaves = now + u64::from(nights) * self.parts;
            *ready = leaves + u64::from(home.turnaround_nights) * self.parts;
            self.leaving.push(Reverse((leaves, no)));
        });
        if now >= self.warm_up {
            let batch = self.batch_of(now);
            if let Some(tally) = self.batches.get_mut(batch) {
                tally.asked += 1;
                tally.turned_away += u64::from(placed.is_none());
            }
        }
    }
}
