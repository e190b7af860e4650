//! The plan for tonight: all households that wait, and all units, looked at together.
//!
//! One household after another, each in the unit that fits it best, leaves somebody without a unit that another did not
//! need. The plan is an assignment instead: every unit to at most one household; those who are placed are the first in
//! order of risk, then of waiting, who can all be placed; nobody begins later so that somebody lower in that order begins
//! earlier; and with that, the units fit as well as they can.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
};

use chrono::{DateTime, Utc};
use pathfinding::{kuhn_munkres::kuhn_munkres_min, matrix::Matrix};

use crate::{
    availability::{Ask, Fit, Spaces, fits, offers, suitable, why_not},
    calendar::{Calendar, UnitNo},
    ids::{HouseholdId, PropertyId, ReferralId, StayId, UnitId},
    ledger::NightUse,
    nights::{Night, Nights, later},
    sharing::{Party, Sharer, Sharing},
    units::Scheme,
};

/// The most households that are planned at once; those lower in the order wait for the next plan.
pub const MOST_PLANNED: usize = 100;
/// The furthest look-ahead in days.
pub const FURTHEST_LOOK: u32 = 31;
/// The look-ahead in days where nobody says another: on the page of the plan, and for what needs attention.
pub const USUAL_LOOK: u32 = 3;
/// How many assignments are worked out at most to keep apart households of the plan that must not be together. Beyond
/// it, the lower of two in the order gives way.
const MOST_BRANCHES: usize = 100;
/// The most nights that a household is sent elsewhere, so that a unit is free for the rest.
pub const MOST_NIGHTS_ELSEWHERE: u32 = 2;

/// What reads `reasons` when a unit would do but for another placement of the plan.
pub const PLANNED_FOR_ANOTHER: &str = "PLANNED_FOR_ANOTHER";
/// What reads `reasons` when the household is in the plan already, under another referral.
pub const HOUSEHOLD_PLANNED: &str = "HOUSEHOLD_PLANNED";
/// What reads `reasons` when more than [`MOST_PLANNED`] wait.
pub const NOT_PLANNED: &str = "NOT_PLANNED";

/// A household that waits for a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The referral.
    pub id: ReferralId,
    /// Who it is to others under the same roof.
    pub party: Party,
    /// How high the risk is; 0 is the highest.
    pub risk_rank: u8,
    /// Since when it waits.
    pub since: DateTime<Utc>,
    /// What it asks for. Which properties are barred, the plan works out itself.
    pub ask: Ask,
}

/// A household in residence, which might go on to another home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resident {
    /// Its stay.
    pub stay: StayId,
    /// Where it is.
    pub unit: UnitId,
    /// The nights of the stay.
    pub nights: Nights,
    /// Who it is to others under the same roof.
    pub party: Party,
    /// What it needs of the home that it would go on to, and for how many nights. They are taken to begin when the other
    /// household arrives. Which properties are barred, the plan works out itself.
    pub onward: Ask,
}

/// Everything that the plan is made from, besides those who wait.
#[derive(Clone, Copy, Debug)]
pub struct Tonight<'a> {
    /// What is free.
    pub calendar: &'a Calendar,
    /// What there is.
    pub spaces: &'a Spaces,
    /// Who is or will be where, in any property.
    pub sharers: &'a [Sharer],
    /// Who might go on to another home.
    pub residents: &'a [Resident],
    /// How many days later than asked a household may begin, when it can't be helped; at most [`FURTHEST_LOOK`].
    pub days: u32,
}

/// A household with its unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The referral.
    pub referral: ReferralId,
    /// Where it would go.
    pub unit: UnitId,
    /// On which nights: as many as asked for, perhaps later.
    pub nights: Nights,
    /// How well the unit fits, as if nobody else were placed.
    pub fit: Fit,
}

/// One change with which a household could be placed that the plan leaves without a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// No void on these nights: then this unit is free.
    EndVoid {
        /// The unit.
        unit: UnitId,
        /// From the first to the last void night that is in the way.
        nights: Nights,
    },
    /// A household in residence goes on to another home when this one arrives: then its unit is free.
    MoveOn {
        /// The unit that becomes free.
        unit: UnitId,
        /// The stay that ends.
        stay: StayId,
        /// The nights that it would have had after that.
        nights: Nights,
        /// Where its household could go.
        to: UnitId,
    },
    /// The first night or two with a partner: then this unit is free for the rest.
    NightsElsewhere {
        /// The unit.
        unit: UnitId,
        /// The nights elsewhere.
        nights: Nights,
    },
}

/// A household that the plan leaves without a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unplaced {
    /// The referral.
    pub referral: ReferralId,
    /// How many units are not for it, by the codes of [`crate::availability::Exclusion`] and of this module, each unit
    /// under each of its reasons, on the nights asked for.
    pub reasons: BTreeMap<&'static str, usize>,
    /// A change that would place it, everything else being as planned.
    pub change: Option<Change>,
}

/// The plan. Each part is in the order in which households come first: risk, then waiting, then referral.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Who gets which unit.
    pub placed: Vec<Placement>,
    /// Who gets none.
    pub unplaced: Vec<Unplaced>,
}

/// Plans. Deterministic: the same world gives the same plan, in whichever order units and households come.
///
/// A household is looked at in each unit only from the first night on which it can have it. Later nights are not tried
/// when it begins before or after its own other nights without a night between: whether that is too long, only the ask's
/// own nights say.
pub fn plan(tonight: &Tonight<'_>, waiting: &[Waiting]) -> Plan {
    let mut order: Vec<&Waiting> = waiting.iter().collect();
    order.sort_by_key(|w| (w.risk_rank, w.since, w.id));
    let mut households: Vec<HouseholdId> = Vec::new();
    let (mut planned, mut twice, mut too_many) = (Vec::new(), Vec::new(), Vec::new());
    for w in order {
        if w.party.household.is_some_and(|id| households.contains(&id)) {
            twice.push(w);
        } else if planned.len() == MOST_PLANNED {
            too_many.push(w);
        } else {
            households.extend(w.party.household);
            planned.push(w);
        }
    }
    let assignment = Assignment::new(tonight, &planned);
    let chosen = assignment.best();
    let placed: Vec<Placed<'_>> = planned
        .iter()
        .zip(&chosen)
        .filter_map(|(w, edge)| Some(Placed { waiting: w, edge: (*edge)? }))
        .collect();
    let code_only = |w: &Waiting, code| Unplaced {
        referral: w.id,
        reasons: BTreeMap::from([(code, tonight.spaces.units().len())]),
        change: None,
    };
    let without = planned.iter().zip(&chosen).filter(|(_, edge)| edge.is_none());
    let mut unplaced: Vec<_> = without.map(|(w, _)| told(tonight, &placed, w)).collect();
    unplaced.extend(twice.into_iter().map(|w| code_only(w, HOUSEHOLD_PLANNED)));
    unplaced.extend(too_many.into_iter().map(|w| code_only(w, NOT_PLANNED)));
    let placed = placed
        .iter()
        .filter_map(|Placed { waiting, edge }| {
            let unit = tonight.spaces.unit(edge.unit)?.id;
            Some(Placement { referral: waiting.id, unit, nights: edge.nights, fit: edge.fit })
        })
        .collect();
    Plan { placed, unplaced }
}

/// A household and a unit that it could have, at the earliest.
#[derive(Clone, Copy, Debug)]
struct Edge {
    unit: UnitNo,
    property: PropertyId,
    sharing: Sharing,
    delay: u32,
    nights: Nights,
    fit: Fit,
}

/// A placement of the plan, with who it is.
struct Placed<'a> {
    waiting: &'a Waiting,
    edge: Edge,
}

/// How good an assignment is, smaller being better: who is left out, by place in the order; how late each begins; and
/// what the units' fits add up to.
type Worth = (Vec<bool>, Vec<u32>, i128);

/// Households and units, and which can have which.
struct Assignment<'a> {
    households: &'a [&'a Waiting],
    /// The units that somebody can have, in order of code.
    units: Vec<UnitNo>,
    /// For each household: a column of `units`, and how it could have it; in order of column.
    edges: Vec<Vec<(usize, Edge)>>,
}

/// Pairs that may not be used: household, column.
type Forbidden = BTreeSet<Pair>;

/// A household and a column of its unit, each by its place.
type Pair = (usize, usize);

/// One assignment: for each household the column of its unit.
type Columns = Vec<Option<usize>>;

impl<'a> Assignment<'a> {
    fn new(tonight: &Tonight<'_>, households: &'a [&'a Waiting]) -> Self {
        let found: Vec<Vec<Edge>> = households.iter().map(|w| edges(tonight, w)).collect();
        let mut units: Vec<UnitNo> = found.iter().flatten().map(|edge| edge.unit).collect();
        units.sort_by_key(|no| (tonight.spaces.unit(*no).map(|unit| unit.code.as_str()), *no));
        units.dedup();
        let columns: BTreeMap<UnitNo, usize> = units.iter().enumerate().map(|(i, no)| (*no, i)).collect();
        let edges = found
            .into_iter()
            .map(|edges| {
                let mut edges: Vec<_> =
                    edges.into_iter().filter_map(|edge| Some((*columns.get(&edge.unit)?, edge))).collect();
                edges.sort_by_key(|(column, _)| *column);
                edges
            })
            .collect();
        Self { households, units, edges }
    }

    fn edge(&self, household: usize, column: usize) -> Option<&Edge> {
        let edges = self.edges.get(household)?;
        let at = edges.binary_search_by_key(&column, |(column, _)| *column).ok()?;
        edges.get(at).map(|(_, edge)| edge)
    }

    /// The best assignment in which nobody is with whom they must not be. Looks at the best without that rule; where two
    /// clash, at the best without one of the two and at the best without the other; always at the best first, so that
    /// the first without a clash is the best of all.
    fn best(&self) -> Vec<Option<Edge>> {
        let mut open = BinaryHeap::new();
        let mut tried = 0;
        let mut push = |open: &mut BinaryHeap<_>, forbidden: Forbidden| {
            let (worth, columns) = self.solve(&forbidden);
            open.push(Reverse((worth, tried, columns, forbidden)));
            tried += 1;
            tried
        };
        push(&mut open, Forbidden::new());
        let mut branches = true;
        while let Some(Reverse((_, _, columns, forbidden))) = open.pop() {
            let Some((high, low)) = self.clash(&columns) else {
                let edge =
                    |(household, column): (usize, &Option<usize>)| self.edge(household, (*column)?).copied();
                return columns.iter().enumerate().map(edge).collect();
            };
            let (of_high, of_low) = self.apart(high, low);
            let without = |pairs: Vec<Pair>| forbidden.iter().copied().chain(pairs).collect();
            if branches {
                push(&mut open, without(of_high));
            } else {
                open.clear();
            }
            branches = push(&mut open, without(of_low)) < MOST_BRANCHES;
        }
        vec![None; self.households.len()]
    }

    /// Two households of the assignment that must not be together and are, the higher in the order first.
    fn clash(&self, columns: &Columns) -> Option<(Pair, Pair)> {
        let placed: Vec<Pair> = columns
            .iter()
            .enumerate()
            .filter_map(|(household, column)| Some((household, (*column)?)))
            .collect();
        placed.iter().enumerate().find_map(|(i, high)| {
            let low = placed.iter().skip(i + 1).find(|low| self.clash_of(*high, **low))?;
            Some((*high, *low))
        })
    }

    fn clash_of(&self, a: Pair, b: Pair) -> bool {
        let (Some(edge_a), Some(edge_b)) = (self.edge(a.0, a.1), self.edge(b.0, b.1)) else { return false };
        let (Some(of_a), Some(of_b)) = (self.households.get(a.0), self.households.get(b.0)) else {
            return false;
        };
        edge_a.property == edge_b.property
            && edge_a.nights.overlaps(edge_b.nights)
            && of_a.party.clashes_with(&of_b.party, edge_a.sharing)
    }

    /// What to forbid to the one or to the other of two that clash: the whole property, where the two would clash in
    /// whichever units of it; else their units alone.
    fn apart(&self, a: Pair, b: Pair) -> (Vec<Pair>, Vec<Pair>) {
        let in_property = |of: Pair| -> Vec<Pair> {
            let property = self.edge(of.0, of.1).map(|edge| edge.property);
            let edges = self.edges.get(of.0).into_iter().flatten();
            edges
                .filter(|(_, edge)| Some(edge.property) == property)
                .map(|(column, _)| (of.0, *column))
                .collect()
        };
        let (all_a, all_b) = (in_property(a), in_property(b));
        if all_a.iter().all(|a| all_b.iter().all(|b| a.1 == b.1 || self.clash_of(*a, *b))) {
            (all_a, all_b)
        } else {
            (vec![a], vec![b])
        }
    }

    /// The best assignment without the forbidden pairs. Who must not be together is not looked at.
    fn solve(&self, forbidden: &Forbidden) -> (Worth, Columns) {
        let mut latest: Vec<Option<u32>> = vec![None; self.households.len()];
        let mut matching = Matching::new(self, forbidden);
        // Whoever can be placed beside all before, is: the first in order, and so also as many as can be.
        for household in 0..self.households.len() {
            if let Some(at) = latest.get_mut(household) {
                *at = Some(FURTHEST_LOOK);
            }
            if !matching.place(household, &latest)
                && let Some(at) = latest.get_mut(household)
            {
                *at = None;
            }
        }
        // As early as can be, one after another, and never later again.
        for household in 0..self.households.len() {
            let Some(now) = matching.delay(household) else { continue };
            for delay in 0..=now {
                if let Some(at) = latest.get_mut(household) {
                    *at = Some(delay);
                }
                if delay == now || matching.replace(household, &latest) {
                    break;
                }
            }
        }
        self.fitting_best(forbidden, &latest)
    }

    /// With who is placed and until when settled: the units that fit best.
    fn fitting_best(&self, forbidden: &Forbidden, latest: &[Option<u32>]) -> (Worth, Columns) {
        let rows: Vec<usize> =
            (0..latest.len()).filter(|i| latest.get(*i).is_some_and(Option::is_some)).collect();
        let mut columns = vec![None; latest.len()];
        let mut cost = 0;
        if !rows.is_empty() {
            let costs = Matrix::from_fn(rows.len(), self.units.len(), |(row, column)| {
                let allowed = rows.get(row).and_then(|household| {
                    let edge = self.edge(*household, column)?;
                    let in_time = Some(edge.delay) <= latest.get(*household).copied().flatten();
                    (in_time && !forbidden.contains(&(*household, column))).then(|| cost_of(&edge.fit))
                });
                allowed.unwrap_or(NEVER)
            });
            let (total, units) = kuhn_munkres_min(&costs);
            cost = total;
            for (household, column) in rows.iter().zip(units) {
                if let Some(at) = columns.get_mut(*household) {
                    *at = Some(column);
                }
            }
        }
        let delays = columns.iter().enumerate().map(|(household, column)| {
            column.and_then(|column| self.edge(household, column)).map_or(0, |edge| edge.delay)
        });
        let worth = (columns.iter().map(Option::is_none).collect(), delays.collect(), cost);
        (worth, columns)
    }
}

/// Dearer than all fits of a plan together: such a pair is never taken where all can be placed.
const NEVER: i128 = 1 << 90;

/// A fit as one number, so that the numbers of a whole plan compare as its fits do, added up field by field. No field
/// of [`MOST_PLANNED`] fits overflows its 16 bits.
fn cost_of(fit: &Fit) -> i128 {
    let field = |n: u32| i128::from(n.min(600));
    let fields = [
        field(fit.last_with.into()),
        field(fit.spare_beds.into()),
        field(fit.unneeded_features.into()),
        field(fit.far.into()),
        field(fit.gap_nights),
    ];
    fields.into_iter().fold(0, |cost, field| (cost << 16) + field)
}

/// Who is placed where while it is settled who can be: augmenting paths.
struct Matching<'a> {
    assignment: &'a Assignment<'a>,
    forbidden: &'a Forbidden,
    /// By column, the household.
    holder: Vec<Option<usize>>,
}

impl<'a> Matching<'a> {
    fn new(assignment: &'a Assignment<'a>, forbidden: &'a Forbidden) -> Self {
        Self { assignment, forbidden, holder: vec![None; assignment.units.len()] }
    }

    fn column(&self, household: usize) -> Option<usize> {
        self.holder.iter().position(|holder| *holder == Some(household))
    }

    fn delay(&self, household: usize) -> Option<u32> {
        Some(self.assignment.edge(household, self.column(household)?)?.delay)
    }

    /// Finds the household a unit, others changing theirs where needed; none of them loses one or begins later than
    /// `latest` allows. False, and all as it was, where that can't be.
    fn place(&mut self, household: usize, latest: &[Option<u32>]) -> bool {
        let mut seen = vec![false; self.holder.len()];
        self.augment(household, latest, &mut seen)
    }

    /// As [`Matching::place`], for one that has a unit; it keeps it where nothing earlier can be had.
    fn replace(&mut self, household: usize, latest: &[Option<u32>]) -> bool {
        let Some(column) = self.column(household) else { return false };
        self.set(column, None);
        let placed = self.place(household, latest);
        if !placed {
            self.set(column, Some(household));
        }
        placed
    }

    fn set(&mut self, column: usize, holder: Option<usize>) {
        if let Some(at) = self.holder.get_mut(column) {
            *at = holder;
        }
    }

    fn augment(&mut self, household: usize, latest: &[Option<u32>], seen: &mut [bool]) -> bool {
        let limit = latest.get(household).copied().flatten();
        let assignment = self.assignment;
        for (column, edge) in assignment.edges.get(household).into_iter().flatten() {
            if Some(edge.delay) > limit || self.forbidden.contains(&(household, *column)) {
                continue;
            }
            match seen.get_mut(*column) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            let holder = self.holder.get(*column).copied().flatten();
            if holder.is_none_or(|other| self.augment(other, latest, seen)) {
                self.set(*column, Some(household));
                return true;
            }
        }
        false
    }
}

/// The nights of the ask, so many days later.
fn shifted(nights: Nights, days: u32) -> Nights {
    Nights::between(later(nights.arrival(), days), later(nights.departure(), days))
}

/// Whether the household is elsewhere on one of the nights, or on the one before or after.
fn meets_own_nights(sharers: &[Sharer], household: Option<HouseholdId>, nights: Nights) -> bool {
    sharers.iter().any(|sharer| {
        Some(sharer.household) == household
            && sharer.nights.arrival() <= nights.departure()
            && nights.arrival() <= sharer.nights.departure()
    })
}

/// Every unit that the household can have within the look-ahead, each from its first night on.
fn edges(tonight: &Tonight<'_>, waiting: &Waiting) -> Vec<Edge> {
    let Tonight { calendar, spaces, sharers, days, .. } = *tonight;
    let mut edges: BTreeMap<UnitNo, Edge> = BTreeMap::new();
    for delay in 0..=days.min(FURTHEST_LOOK) {
        let nights = shifted(waiting.ask.nights, delay);
        if delay > 0 && meets_own_nights(sharers, waiting.party.household, nights) {
            continue;
        }
        let ask = waiting.party.asks(spaces, sharers, &waiting.ask, nights);
        for (unit, fit) in fits(calendar, spaces, &ask) {
            let Some(property) = spaces.unit(unit).and_then(|unit| spaces.property_of(unit)) else {
                continue;
            };
            let (property, sharing) = (property.id, property.sharing);
            edges.entry(unit).or_insert(Edge { unit, property, sharing, delay, nights, fit });
        }
    }
    edges.into_values().collect()
}

/// Whether the plan leaves this unit to the household on these nights: nobody is placed in it, and nobody with whom it
/// must not be in its property.
fn leaves(spaces: &Spaces, placed: &[Placed<'_>], no: UnitNo, party: &Party, nights: Nights) -> Left {
    if placed.iter().any(|p| p.edge.unit == no) {
        return Left::No(PLANNED_FOR_ANOTHER);
    }
    let property = spaces.unit(no).map(|unit| unit.property);
    let clash = placed.iter().any(|p| {
        Some(p.edge.property) == property
            && p.edge.nights.overlaps(nights)
            && p.waiting.party.clashes_with(party, p.edge.sharing)
    });
    if clash { Left::No("NOT_TOGETHER") } else { Left::Yes }
}

/// See [`leaves`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    Yes,
    /// The code of the reason.
    No(&'static str),
}

fn told(tonight: &Tonight<'_>, placed: &[Placed<'_>], waiting: &Waiting) -> Unplaced {
    let Tonight { calendar, spaces, sharers, .. } = *tonight;
    let ask = waiting.party.asks(spaces, sharers, &waiting.ask, waiting.ask.nights);
    let mut reasons: BTreeMap<&'static str, usize> = BTreeMap::new();
    for no in 0..spaces.units().len() {
        let against = why_not(calendar, spaces, &ask, no);
        for reason in &against {
            *reasons.entry(reason.code()).or_default() += 1;
        }
        if against.is_empty()
            && let Left::No(code) = leaves(spaces, placed, no, &waiting.party, ask.nights)
        {
            *reasons.entry(code).or_default() += 1;
        }
    }
    let change = end_void(tonight, placed, waiting, &ask)
        .or_else(|| move_on(tonight, placed, waiting, &ask))
        .or_else(|| nights_elsewhere(tonight, placed, waiting, &ask));
    Unplaced { referral: waiting.id, reasons, change }
}

/// The nights that the ask needs free: its own and the turnaround after them.
fn kept(spaces: &Spaces, ask: &Ask) -> Nights {
    let turnaround = spaces.policy(ask.scheme).turnaround_nights;
    Nights::between(ask.nights.arrival(), later(ask.nights.departure(), turnaround))
}

fn void_nights(calendar: &Calendar, no: UnitNo, nights: Nights) -> Vec<Night> {
    nights.iter().filter(|night| calendar.use_on(no, *night) == Some(NightUse::Void)).collect()
}

fn end_void(tonight: &Tonight<'_>, placed: &[Placed<'_>], waiting: &Waiting, ask: &Ask) -> Option<Change> {
    let Tonight { calendar, spaces, .. } = *tonight;
    let kept = kept(spaces, ask);
    let mut without = None;
    for no in suitable(spaces, ask).iter() {
        for night in void_nights(calendar, no, kept) {
            without.get_or_insert_with(|| calendar.clone()).set(no, night, None);
        }
    }
    let offers = offers(without.as_ref()?, spaces, ask);
    offers.into_iter().find_map(|(no, _)| {
        let nights = void_nights(calendar, no, kept);
        let (first, last) = (nights.first()?, nights.last()?);
        let left = leaves(spaces, placed, no, &waiting.party, ask.nights) == Left::Yes;
        left.then_some(Change::EndVoid {
            unit: spaces.unit(no)?.id,
            nights: Nights::between(*first, later(*last, 1)),
        })
    })
}

/// Only where nothing is kept between two stays: else the unit would not be ready tonight.
fn move_on(tonight: &Tonight<'_>, placed: &[Placed<'_>], waiting: &Waiting, ask: &Ask) -> Option<Change> {
    let spaces = tonight.spaces;
    if ask.scheme != Scheme::SafeSpace || spaces.policy(ask.scheme).turnaround_nights > 0 {
        return None;
    }
    let mut residents: Vec<&Resident> = tonight.residents.iter().collect();
    residents.sort_by_key(|r| (r.nights.departure(), r.stay));
    residents.into_iter().find_map(|resident| {
        let no = spaces.no(resident.unit)?;
        let there = resident.nights.contains(ask.nights.arrival());
        // What the resident alone keeps from the household. Cheap, before it is looked for a home.
        let rest =
            resident.nights.intersection(Nights::between(ask.nights.arrival(), resident.nights.departure()));
        let freed = there && free_but_for(tonight, no, rest, ask.nights);
        let left = leaves(spaces, placed, no, &waiting.party, ask.nights) == Left::Yes;
        if !(freed && left && may_follow(tonight, waiting, resident, no)) {
            return None;
        }
        let to = onward(tonight, placed, waiting, resident)?;
        Some(Change::MoveOn { unit: resident.unit, stay: resident.stay, nights: rest, to })
    })
}

/// Whether the unit is free on the nights but for those of the one in residence.
fn free_but_for(tonight: &Tonight<'_>, no: UnitNo, resident: Nights, nights: Nights) -> bool {
    let calendar = tonight.calendar;
    nights.iter().all(|night| {
        let its_own = resident.contains(night) && calendar.use_on(no, night) == Some(NightUse::Resident);
        calendar.is_in_stock(no, night) && (its_own || calendar.use_on(no, night).is_none())
    })
}

/// Whether the unit suits the household once the resident is gone.
fn may_follow(tonight: &Tonight<'_>, waiting: &Waiting, resident: &Resident, no: UnitNo) -> bool {
    let others: Vec<Sharer> = tonight.sharers.iter().filter(|s| !is_stay_of(s, resident)).copied().collect();
    let ask = waiting.party.asks(tonight.spaces, &others, &waiting.ask, waiting.ask.nights);
    suitable(tonight.spaces, &ask).contains(no)
}

fn is_stay_of(sharer: &Sharer, resident: &Resident) -> bool {
    Some(sharer.household) == resident.party.household
        && sharer.unit == resident.unit
        && sharer.nights.overlaps(resident.nights)
}

/// The unit that fits the resident best, of those that it could go on to when the other household arrives.
fn onward(
    tonight: &Tonight<'_>,
    placed: &[Placed<'_>],
    waiting: &Waiting,
    resident: &Resident,
) -> Option<UnitId> {
    let Tonight { calendar, spaces, sharers, .. } = *tonight;
    let from = waiting.ask.nights.arrival();
    let nights = Nights::between(from, later(from, resident.onward.nights.len()));
    let elsewhere = sharers.iter().any(|sharer| {
        Some(sharer.household) == resident.party.household
            && !is_stay_of(sharer, resident)
            && sharer.nights.overlaps(nights)
    });
    if elsewhere || resident.onward.scheme != Scheme::MoveOn {
        return None;
    }
    let ask = resident.party.asks(spaces, sharers, &resident.onward, nights);
    let mut offers = offers(calendar, spaces, &ask).into_iter().map(|(no, _)| no);
    let to = offers.find(|no| leaves(spaces, placed, *no, &resident.party, nights) == Left::Yes)?;
    Some(spaces.unit(to)?.id)
}

fn nights_elsewhere(
    tonight: &Tonight<'_>,
    placed: &[Placed<'_>],
    waiting: &Waiting,
    ask: &Ask,
) -> Option<Change> {
    let Tonight { calendar, spaces, sharers, .. } = *tonight;
    (1..=MOST_NIGHTS_ELSEWHERE.min(ask.nights.len().saturating_sub(1))).find_map(|n| {
        let begins = later(ask.nights.arrival(), n);
        let rest = Nights::between(begins, ask.nights.departure());
        let ask_for_rest = waiting.party.asks(spaces, sharers, &waiting.ask, rest);
        let mut offers = offers(calendar, spaces, &ask_for_rest).into_iter().map(|(no, _)| no);
        let no = offers.find(|no| leaves(spaces, placed, *no, &waiting.party, rest) == Left::Yes)?;
        let nights = Nights::between(ask.nights.arrival(), begins);
        Some(Change::NightsElsewhere { unit: spaces.unit(no)?.id, nights })
    })
}
