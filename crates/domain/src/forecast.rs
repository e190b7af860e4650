//! How many homes will be free: expected free units on each of the next nights, with a range that is tried against what
//! came of earlier forecasts.
//!
//! Each household that has a unit now, is booked, or has one held keeps a unit on a coming night with a likelihood that
//! comes from how it went with others (`forecast/learning.rs`). How many units are free then has the distribution of a sum of
//! independent chances ([`distribution`]): its mean is the expected number, its quantiles are the range. Whether the
//! range holds is found out on past days, from what was known on each (`forecast/back_test.rs`); where it held less often than it
//! says, it is made wider by as many units as it would have needed.

mod back_test;
pub mod distribution;
mod learning;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use crate::{
    clock::{at_service_time, service_day, service_time},
    departure_changes::{DepartureChange, planned_at},
    holds::{Hold, HoldState},
    ids::StayId,
    nights::{Night, Nights, later},
    occupancy::per_cent,
    stays::{Stay, StayState},
    units::{InService, Scheme},
};
use distribution::Distribution;
use learning::{Claim, Learned, Lessons, When};

/// So many nights ahead, tonight the first, are foreseen at most.
pub const MOST_NIGHTS: u32 = 28;
/// So many days of history are learned from.
pub const LEARNED_DAYS: u32 = 365;
/// So many weeks back the range is tried on.
pub const TRIED_WEEKS: u32 = 26;
/// How often the range is meant to hold, per cent.
pub const MEANT_TO_HOLD: u32 = 80;
/// By how many nights ahead it is told how often the range held: the first and the last night of each.
pub const BANDS: [(u32, u32); 3] = [(1, 7), (8, 14), (15, 28)];
/// From the day on which it was so to the day on which it is known how it went.
const KNOWN_AFTER: u32 = MOST_NIGHTS + 1;

/// What each figure means, to be printed beside it.
pub const DEFINITIONS: [(&str, &str); 6] = [
    (
        "free",
        "Units in stock and not out of service that none of the households takes which are there, booked or held for now. \
         Households that are still to come, and voids that are still to be recorded, are not foreseen: free is what there \
         is for them. Expected: the mean, two decimals, half up.",
    ),
    ("taken", "Units in stock and not out of service, less free. Turnaround after a stay counts as taken."),
    ("out of service", "Units in stock with a void on the night, as recorded now."),
    (
        "likelihood",
        "Of a household that is there: in how many of the comparable days of the past year (same scheme, as many nights \
         before or after the planned departure as it was planned then) the household kept its unit for as long. Of a \
         booking or a hold likewise, by how soon it begins: cancellations, no-shows and holds that lapse included. A move \
         within the scheme goes on as the same stay. Only days at least 29 days ago count, of which it is known whole how \
         it went, and stays since the first change of a departure that is on record. With fewer than 20 comparable days \
         the rest is made up: 8 of 10 leave as planned, 1 a night before, 1 a night after; 1 of 10 bookings does not \
         come; of 10 households overdue 5 leave today, 3 tomorrow, 2 later.",
    ),
    (
        "range",
        "From the number of free units that fewer occur below in 10 of 100 cases to the one that more occur above in 10 \
         of 100: it is meant to hold in 80 of 100 nights. Made wider at both ends by `widened by` units, where it had \
         held less often in the last 26 weeks.",
    ),
    (
        "held",
        "The range, tried: a forecast for each of the last 26 weeks of which it is known how it went, by what was known \
         on that day alone, also of how wide to make it; in how many the number that was free lay in the range. Voids and \
         the days on which units open and close are taken as they are on record now.",
    ),
];

/// A unit that may be free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What it is for.
    pub scheme: Scheme,
    /// Nights kept free after each stay.
    pub turnaround_nights: u32,
    /// When it is in stock.
    pub in_service: Vec<InService>,
}

/// A stay, and what was planned of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The stay as it is now.
    pub stay: Stay,
    /// The place of its unit in [`Records::places`].
    pub place: usize,
    /// The changes of its planned departure, oldest first.
    pub changes: Vec<DepartureChange>,
}

/// Nights on which a unit is out of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// The place of the unit.
    pub place: usize,
    /// On which nights.
    pub nights: Nights,
    /// Since when that is known.
    pub since: DateTime<Utc>,
}

/// All that a forecast looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// The units.
    pub places: Vec<Place>,
    /// The stays of the time that is looked at, whatever became of them.
    pub stays: Vec<Record>,
    /// The holds of that time, each with the place of its unit.
    pub holds: Vec<(usize, Hold)>,
    /// Nights out of service.
    pub outages: Vec<Outage>,
}

/// What is expected of one night.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NightForecast {
    /// The night.
    pub night: Night,
    /// Units in stock.
    pub in_stock: u32,
    /// Of those, out of service.
    pub out_of_service: u32,
    /// Expected free units, two decimals.
    pub free: Decimal,
    /// The least of the range.
    pub low: u32,
    /// The most of the range.
    pub high: u32,
}

impl NightForecast {
    /// Expected units taken, two decimals.
    pub fn taken(&self) -> Decimal {
        Decimal::from(self.in_stock - self.out_of_service) - self.free
    }
}

/// How often the range held, of forecasts so many nights ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The first night ahead, tonight being 1.
    pub from_night: u32,
    /// The last.
    pub to_night: u32,
    /// How many forecasts of a night were tried.
    pub forecasts: u64,
    /// In how many the range held.
    pub held: u64,
    /// By how many units the range of today is made wider at either end.
    pub widened_by: u32,
}

impl Held {
    /// Per cent of the forecasts tried; none where none was.
    pub fn share(&self) -> Option<Decimal> {
        per_cent(self.held, self.forecasts)
    }
}

/// What is expected of the units of a scheme, or of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemeForecast {
    /// The scheme; none for all together.
    pub scheme: Option<Scheme>,
    /// Night by night, tonight first.
    pub nights: Vec<NightForecast>,
    /// How often the range held.
    pub held: Vec<Held>,
}

/// The forecast: a scheme after the other, as far as there are units, then all together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// The first of the nights.
    pub tonight: Night,
    /// By scheme, and all together.
    pub schemes: Vec<SchemeForecast>,
}

/// What is expected of one night before anything is rounded, and without widening.
#[derive(Clone, Debug)]
struct Expected {
    night: Night,
    in_stock: u32,
    out_of_service: u32,
    free: Distribution,
}

/// The units that are looked at together.
type Group = Option<Scheme>;

/// By group, night by night.
type ByGroup<T> = BTreeMap<Group, Vec<T>>;

/// How far back records are needed, in days before today.
pub const fn days_needed() -> u32 {
    LEARNED_DAYS + 2 * KNOWN_AFTER + 7 * back_test::ALL_WEEKS
}

/// What is expected of so many nights (28 at most), tonight the first, from the records as they are now.
pub fn forecast(records: &Records, now: DateTime<Utc>, nights: u32) -> Forecast {
    let nights = nights.clamp(1, MOST_NIGHTS);
    let past = Past::new(records, now);
    let tried = back_test::tried(&past);
    let expected = past.expected(now, &past.lessons_at(service_day(now)));
    let schemes = expected.into_iter().map(|(scheme, expected)| {
        let held = tried.get(&scheme).cloned().unwrap_or_default();
        let widened =
            |ahead: usize| held.iter().find(|held| in_band(held, ahead)).map_or(0, |h| h.widened_by);
        let told = expected.iter().take(nights as usize).enumerate();
        let nights = told.map(|(ahead, expected)| expected.told(widened(ahead + 1))).collect();
        SchemeForecast { scheme, nights, held }
    });
    // All together, whose key comes first in order, is told last.
    let mut schemes: Vec<_> = schemes.collect();
    schemes.sort_by_key(|group| (group.scheme.is_none(), group.scheme));
    Forecast { tonight: service_day(now), schemes }
}

fn in_band(held: &Held, ahead: usize) -> bool {
    (held.from_night as usize..=held.to_night as usize).contains(&ahead)
}

impl Expected {
    /// The range that is meant to hold, wider by so many units at either end.
    fn range(&self, widened_by: u32) -> (u32, u32) {
        let tail = f64::from(100 - MEANT_TO_HOLD) / 200.0;
        let (low, high) = (self.free.quantile(tail), self.free.quantile(1.0 - tail));
        let most = self.in_stock - self.out_of_service;
        (low.saturating_sub(widened_by), high.saturating_add(widened_by).min(most))
    }

    #[expect(clippy::cast_possible_truncation, reason = "units are few")]
    fn told(&self, widened_by: u32) -> NightForecast {
        let (low, high) = self.range(widened_by);
        let free = Decimal::new((self.free.mean() * 100.0).round() as i64, 2);
        let Self { night, in_stock, out_of_service, .. } = *self;
        NightForecast { night, in_stock, out_of_service, free, low, high }
    }
}

/// A stay as it was at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// Not booked yet, or over.
    Nothing,
    /// Booked, nobody has come.
    Booked,
    /// There.
    There,
}

/// A stay with the instants of its changes, some of them made up where a file did not say.
struct Known<'r> {
    record: &'r Record,
    scheme: Scheme,
    arrived_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    /// Where it goes on within its scheme, once it has been moved.
    next: Option<usize>,
    /// Whether what was known of it at any time is on record.
    is_told_whole: bool,
}

impl Known<'_> {
    fn then(&self, at: DateTime<Utc>) -> Then {
        let by_then = |instant: Option<DateTime<Utc>>| instant.is_some_and(|instant| instant <= at);
        if self.record.stay.booked_at > at || by_then(self.ended_at) {
            Then::Nothing
        } else if by_then(self.arrived_at) {
            Then::There
        } else {
            Then::Booked
        }
    }

    /// What the household may have of its unit, as it was planned at an instant.
    fn claim(&self, at: DateTime<Utc>) -> Option<Claim> {
        let (stay, today) = (&self.record.stay, service_day(at));
        let departs = ahead(today, planned_at(stay.planned.departure(), &self.record.changes, at));
        let when = match self.then(at) {
            Then::Nothing => return None,
            Then::Booked => When::Booked { begins: ahead(today, stay.planned.arrival()) },
            Then::There => When::There,
        };
        Some(Claim { scheme: self.scheme, when, departs })
    }
}

/// How many nights a day is ahead of another; below zero where it is before it.
fn ahead(today: Night, day: Night) -> i32 {
    i32::try_from((day - today).num_days()).unwrap_or(i32::MAX)
}

/// The records, made ready to be asked how things stood at any time.
struct Past<'r> {
    records: &'r Records,
    now: DateTime<Utc>,
    stays: Vec<Known<'r>>,
    by_id: BTreeMap<StayId, usize>,
    lessons: Lessons,
}

impl<'r> Past<'r> {
    fn new(records: &'r Records, now: DateTime<Utc>) -> Self {
        let kept_since =
            records.stays.iter().flat_map(|record| &record.changes).map(|change| change.at).min();
        let by_id: BTreeMap<StayId, usize> =
            records.stays.iter().enumerate().map(|(no, record)| (record.stay.id, no)).collect();
        let scheme_of = |record: &Record| records.places.get(record.place).map(|place| place.scheme);
        let known = |record: &'r Record| {
            let scheme = scheme_of(record).unwrap_or(Scheme::SafeSpace);
            let moved_to = match record.stay.state {
                StayState::Departed { moved_to, .. } => moved_to.and_then(|id| by_id.get(&id).copied()),
                _ => None,
            };
            let next = moved_to.filter(|next| records.stays.get(*next).and_then(scheme_of) == Some(scheme));
            let (arrived_at, ended_at, told) = instants(&record.stay);
            let is_told_whole = told && kept_since.is_some_and(|since| record.stay.booked_at >= since);
            Known { record, scheme, arrived_at, ended_at, next, is_told_whole }
        };
        let stays = records.stays.iter().map(known).collect();
        let mut past = Self { records, now, stays, by_id, lessons: Lessons::default() };
        past.lessons = past.all_lessons();
        past
    }

    /// The time of this day at which it is now.
    fn at(&self, day: Night) -> DateTime<Utc> {
        at_service_time(day, service_time(self.now))
    }

    /// The day on which a household left in the end, as far as it stayed within the scheme; none while it is there.
    fn left(&self, from: usize) -> Option<Night> {
        let last = self.journey(from).last()?;
        matches!(last.record.stay.state, StayState::Departed { .. })
            .then(|| last.record.stay.nights.departure())
    }

    /// A stay, and those that it goes on to within its scheme.
    fn journey(&self, from: usize) -> impl Iterator<Item = &Known<'r>> {
        let first = self.stays.get(from);
        std::iter::successors(first, |known| self.stays.get(known.next?)).take(self.stays.len())
    }

    /// What there is to learn from each day of which it is known how it went.
    fn all_lessons(&self) -> Lessons {
        let mut lessons = Lessons::default();
        let known = service_day(self.now - TimeDelta::days(i64::from(KNOWN_AFTER)));
        for (no, stay) in self.stays.iter().enumerate().filter(|(_, stay)| stay.is_told_whole) {
            let came = self.came(no);
            let mut day = service_day(stay.record.stay.booked_at);
            while day <= known && stay.ended_at.is_none_or(|ended| self.at(day) < ended) {
                if let Some(claim) = stay.claim(self.at(day)) {
                    lessons.add(
                        day,
                        claim,
                        came.map(|(from, to)| {
                            let late = ahead(stay.record.stay.planned.arrival(), from);
                            (late, to.map(|to| ahead(day, to)))
                        }),
                    );
                }
                day = later(day, 1);
            }
        }
        for (_, hold) in &self.records.holds {
            match hold.state {
                HoldState::Active => {}
                HoldState::Confirmed { at, .. } => lessons.add_hold(service_day(at), true),
                HoldState::Released { at } => lessons.add_hold(service_day(at), false),
                HoldState::Lapsed => lessons.add_hold(service_day(hold.lapses_at), false),
            }
        }
        lessons
    }

    /// From which night a household came, and the day on which it left in the end, if it did; none where it did not come.
    fn came(&self, no: usize) -> Option<(Night, Option<Night>)> {
        let stay = &self.stays.get(no)?.record.stay;
        match stay.state {
            StayState::InResidence { .. } | StayState::Departed { .. } => {
                Some((stay.nights.arrival(), self.left(no)))
            }
            StayState::Booked | StayState::Cancelled { .. } | StayState::NoShow { .. } => None,
        }
    }

    /// What could be learned by a day.
    fn lessons_at(&self, day: Night) -> Learned {
        self.lessons.known_on(day, KNOWN_AFTER, LEARNED_DAYS)
    }

    /// The groups that there are.
    fn groups(&self) -> impl Iterator<Item = Group> + '_ {
        let has = |scheme: &Scheme| self.records.places.iter().any(|place| place.scheme == *scheme);
        Scheme::ALL.into_iter().filter(has).map(Some).chain([None])
    }

    /// Who has a unit at an instant, or is to have one: the place, the claim, and the stay, where there is one already.
    fn claims(&self, at: DateTime<Utc>, only_told_whole: bool) -> Vec<(usize, Claim, Option<usize>)> {
        let stays = self.stays.iter().enumerate().filter(|(_, stay)| stay.is_told_whole || !only_told_whole);
        let of_stays = stays.filter_map(|(no, stay)| Some((stay.record.place, stay.claim(at)?, Some(no))));
        let held = self.records.holds.iter().filter(|(_, hold)| is_held(hold, at));
        let of_holds = held.filter_map(|(place, hold)| {
            let today = service_day(at);
            let when = When::Held { begins: ahead(today, hold.nights.arrival()) };
            let scheme = self.records.places.get(*place)?.scheme;
            let stay = match hold.state {
                HoldState::Confirmed { stay, .. } => self.by_id.get(&stay).copied(),
                _ => None,
            };
            Some((*place, Claim { scheme, when, departs: ahead(today, hold.nights.departure()) }, stay))
        });
        of_stays.chain(of_holds).collect()
    }

    /// What is expected, by what is known at an instant and was learned.
    fn expected(&self, at: DateTime<Utc>, learned: &Learned) -> ByGroup<Expected> {
        self.expected_of(&self.claims(at, at < self.now), at, learned)
    }

    fn expected_of(
        &self,
        claims: &[(usize, Claim, Option<usize>)],
        at: DateTime<Utc>,
        learned: &Learned,
    ) -> ByGroup<Expected> {
        // The likelihood that nobody takes the unit, by place and night.
        let mut free = vec![[1.0; MOST_NIGHTS as usize]; self.records.places.len()];
        let mut likelihoods = learned.likelihoods();
        for (place, claim, _) in claims {
            let turnaround = self.records.places.get(*place).map_or(0, |place| place.turnaround_nights);
            let taken = likelihoods.of(*claim, turnaround);
            if let Some(free) = free.get_mut(*place) {
                free.iter_mut().zip(taken).for_each(|(free, taken)| *free *= 1.0 - taken);
            }
        }
        let stock = self.stock(at);
        let today = service_day(at);
        let night = |group: Group, ahead: u32| {
            let mut chances = Vec::new();
            let (mut in_stock, mut out_of_service) = (0, 0);
            let nights = self.records.places.iter().zip(&free).zip(&stock);
            for ((_, free), stock) in
                nights.filter(|((place, _), _)| group.is_none_or(|of| place.scheme == of))
            {
                match stock.get(ahead as usize) {
                    Some(Stock::Available) => {
                        in_stock += 1;
                        chances.extend(free.get(ahead as usize));
                    }
                    Some(Stock::OutOfService) => {
                        in_stock += 1;
                        out_of_service += 1;
                    }
                    Some(Stock::None) | None => {}
                }
            }
            let free = Distribution::of(&chances);
            Expected { night: later(today, ahead), in_stock, out_of_service, free }
        };
        self.groups()
            .map(|group| (group, (0..MOST_NIGHTS).map(|ahead| night(group, ahead)).collect()))
            .collect()
    }

    /// What there is of each place on the nights from an instant on, as it was known then.
    fn stock(&self, at: DateTime<Utc>) -> Vec<[Stock; MOST_NIGHTS as usize]> {
        let today = service_day(at);
        let span = Nights::between(today, later(today, MOST_NIGHTS));
        let mut stock = vec![[Stock::None; MOST_NIGHTS as usize]; self.records.places.len()];
        for (place, nights) in self.records.places.iter().zip(&mut stock) {
            for (night, stock) in span.iter().zip(nights) {
                if place.in_service.iter().any(|run| run.contains(night)) {
                    *stock = Stock::Available;
                }
            }
        }
        for outage in self.records.outages.iter().filter(|outage| outage.since <= at) {
            let Some(nights) = stock.get_mut(outage.place) else { continue };
            let out = span.iter().zip(nights).filter(|(night, _)| outage.nights.contains(*night));
            out.filter(|(_, stock)| **stock == Stock::Available)
                .for_each(|(_, stock)| *stock = Stock::OutOfService);
        }
        stock
    }
}

/// What there is of a unit on a night.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stock {
    None,
    OutOfService,
    Available,
}

/// Whether a hold kept its unit at an instant.
fn is_held(hold: &Hold, at: DateTime<Utc>) -> bool {
    let ended = match hold.state {
        HoldState::Active | HoldState::Lapsed => hold.lapses_at,
        HoldState::Confirmed { at, .. } | HoldState::Released { at } => at,
    };
    hold.made_at <= at && at < ended
}

/// When a household came, when it was over, and whether both are on record where they have been. What a file did not say
/// is taken to be when the day began.
fn instants(stay: &Stay) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>, bool) {
    let on = |day: Night| at_service_time(day, NaiveTime::MIN);
    match stay.state {
        StayState::Booked => (None, None, true),
        StayState::InResidence { arrived_at } => {
            (Some(arrived_at.unwrap_or_else(|| on(stay.nights.arrival()))), None, arrived_at.is_some())
        }
        StayState::Departed { arrived_at, departed_at, .. } => (
            Some(arrived_at.unwrap_or_else(|| on(stay.nights.arrival()))),
            Some(departed_at.unwrap_or_else(|| on(stay.nights.departure()))),
            arrived_at.is_some() && departed_at.is_some(),
        ),
        StayState::Cancelled { at } | StayState::NoShow { at } => {
            (None, Some(at.unwrap_or(stay.booked_at)), at.is_some())
        }
    }
}
