//! Repacking: where only the bookings to come lie scattered, moving the fewest of them frees a unit.

use std::collections::BTreeSet;

use crate::{
    availability::{Ask, Fit, Measure, Spaces, suitable},
    calendar::{Calendar, UnitNo},
    ids::{StayId, UnitId},
    ledger::NightUse,
    nights::{Night, Nights, later},
    sharing::{Party, Sharer},
};

/// The most moves that are looked for.
pub const MOST_MOVES: usize = 3;
/// How many placements are tried at most; beyond it, none is found.
const MOST_TRIES: usize = 20_000;

/// A booking that may be moved: nobody has come yet, nor will before anybody could tell them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    /// The stay.
    pub stay: StayId,
    /// Where it is booked.
    pub unit: UnitId,
    /// Who it is to others under the same roof.
    pub party: Party,
    /// Its nights, and what it needs of its unit. Which properties are barred, is worked out with the moves made.
    pub ask: Ask,
}

/// A booking that changes its unit, on the same nights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// The stay.
    pub stay: StayId,
    /// Where it is booked.
    pub from: UnitId,
    /// Where it would be.
    pub to: UnitId,
}

/// Moves that free a unit. They hold when all are made, not one by one: two may change places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repacking {
    /// The unit that is free then.
    pub unit: UnitId,
    /// The moves; where it can be, each after the one that makes room for it.
    pub moves: Vec<Move>,
}

/// The fewest moves, at most [`MOST_MOVES`], of these bookings that free a unit for the household; of those, the ones
/// whose unit fits best. None where a unit is free as it is, or none can be freed.
///
/// `sharers` are all who are or will be somewhere, whether they may be moved or not; a booking that may be moved is also in
/// the way where the household must not be in its property. Who must not be together is told of both.
///
/// Only the nights of these bookings are freed, with the turnaround that follows each of them; never those of anybody or
/// anything else. Each moved booking fits its new unit by all its own rules, those of sharing with the moves made.
pub fn repack(
    calendar: &Calendar,
    spaces: &Spaces,
    sharers: &[Sharer],
    bookings: &[Booking],
    party: &Party,
    ask: &Ask,
) -> Option<Repacking> {
    let mut bookings: Vec<&Booking> = bookings.iter().collect();
    bookings.sort_by_key(|booking| booking.stay);
    let mut search = Search {
        spaces,
        asker: Asker { party, ask },
        calendar: calendar.clone(),
        sharers: sharers
            .iter()
            .filter(|sharer| !bookings.iter().any(|b| is_of(b, sharer)))
            .copied()
            .collect(),
        bookings,
        evicted: Vec::new(),
        placed: Vec::new(),
        tries: 0,
    };
    if !search.ways(None, 0).is_empty() {
        return None;
    }
    (1..=MOST_MOVES).find_map(|most| search.find(most))
}

/// The one for whom a unit is to be freed.
#[derive(Clone, Copy)]
struct Asker<'a> {
    party: &'a Party,
    ask: &'a Ask,
}

/// The world while moves are tried: each is made, looked at, and taken back.
struct Search<'a> {
    spaces: &'a Spaces,
    /// In order of stay.
    bookings: Vec<&'a Booking>,
    asker: Asker<'a>,
    calendar: Calendar,
    /// Those who stay where they are whatever is moved.
    sharers: Vec<Sharer>,
    /// The bookings that have lost their unit, by place; those that have none yet come last.
    evicted: Vec<usize>,
    /// The asker and the evicted that have a unit by now, in that order.
    placed: Vec<(Option<usize>, UnitNo)>,
    tries: usize,
}

/// A unit that somebody could have, once these bookings are out of it.
struct Way {
    unit: UnitNo,
    blockers: Vec<usize>,
    fit: Fit,
}

impl Search<'_> {
    /// Who is meant: a booking, or the asker.
    fn who(&self, who: Option<usize>) -> Asker<'_> {
        let booking = who.and_then(|i| self.bookings.get(i));
        booking.map_or(self.asker, |booking| Asker { party: &booking.party, ask: &booking.ask })
    }

    fn find(&mut self, most: usize) -> Option<Repacking> {
        let free = self.spaces;
        if !self.settle(None, most) {
            return None;
        }
        let mut placed = std::mem::take(&mut self.placed).into_iter();
        let unit = placed.next().and_then(|(_, no)| free.unit(no))?.id;
        let mut moves: Vec<Move> = placed
            .filter_map(|(who, no)| {
                let booking = self.bookings.get(who?)?;
                Some(Move { stay: booking.stay, from: booking.unit, to: free.unit(no)?.id })
            })
            .collect();
        moves.reverse();
        Some(Repacking { unit, moves })
    }

    /// Finds a unit for this one, and for everybody who loses theirs by that, with at most so many more who do. All is as
    /// it was, where that can't be.
    fn settle(&mut self, who: Option<usize>, budget: usize) -> bool {
        for Way { unit, blockers, .. } in self.ways(who, budget) {
            self.tries += 1;
            if self.tries > MOST_TRIES {
                return false;
            }
            let undone: Vec<_> = blockers.iter().map(|i| self.evict(*i)).collect();
            let nights = self.take(who, unit);
            self.placed.push((who, unit));
            let homeless = self.evicted.get(self.placed.len() - 1).copied();
            if homeless.is_none_or(|next| self.settle(Some(next), budget - blockers.len())) {
                return true;
            }
            self.placed.pop();
            self.give_back(unit, &nights);
            undone.into_iter().rev().for_each(|undo| self.restore(undo));
        }
        false
    }

    /// The units that this one could have with at most so many bookings out of them, fewest first, then best fit.
    fn ways(&mut self, who: Option<usize>, most: usize) -> Vec<Way> {
        let Asker { party, ask } = self.who(who);
        let ask = party.asks(self.spaces, &self.sharers, ask, ask.nights);
        let party = party.clone();
        let mut ways = Vec::new();
        for no in suitable(self.spaces, &ask).iter() {
            if self.meets_placed(no, &party, ask.nights) {
                continue;
            }
            if let Some(way) = self.way(no, &party, &ask, most) {
                ways.push(way);
            }
        }
        // For the asker the fit alone decides: every way costs as many moves as there may be.
        let weight = |way: &Way| if who.is_none() { 0 } else { way.blockers.len() };
        ways.sort_by_key(|way| {
            (weight(way), way.fit, self.spaces.unit(way.unit).map(|unit| unit.code.as_str()))
        });
        ways
    }

    fn way(&mut self, no: UnitNo, party: &Party, ask: &Ask, most: usize) -> Option<Way> {
        let blockers = self.blockers(no, party, ask)?;
        if blockers.len() > most {
            return None;
        }
        let undone: Vec<_> = blockers.iter().map(|i| self.evict(*i)).collect();
        let measure = Measure::new(&self.calendar, self.spaces, ask);
        let unit = self.spaces.unit(no)?;
        let fit = measure.free.contains(no).then(|| measure.fit(no, unit));
        undone.into_iter().rev().for_each(|undo| self.restore(undo));
        Some(Way { unit: no, blockers, fit: fit? })
    }

    /// Whether one that was placed already is in the same property, and must not be.
    fn meets_placed(&self, no: UnitNo, party: &Party, nights: Nights) -> bool {
        let property = |no: UnitNo| self.spaces.unit(no).and_then(|unit| self.spaces.property_of(unit));
        let Some(here) = property(no) else { return true };
        self.placed.iter().any(|(other, there)| {
            let Asker { party: other, ask } = self.who(*other);
            property(*there).is_some_and(|there| there.id == here.id)
                && ask.nights.overlaps(nights)
                && party.clashes_with(other, here.sharing)
        })
    }

    fn turnaround(&self, ask: &Ask) -> u32 {
        self.spaces.policy(ask.scheme).turnaround_nights
    }

    /// The bookings that are in the way: of the unit, those that take nights which the ask needs; of its property, those
    /// with whom the household must not be. None where anything else takes one of the nights.
    fn blockers(&self, no: UnitNo, party: &Party, ask: &Ask) -> Option<Vec<usize>> {
        let end = later(ask.nights.departure(), self.turnaround(ask));
        let unmoved = |i: &usize| !self.evicted.contains(i);
        let mut blockers: BTreeSet<usize> = (0..self.bookings.len())
            .filter(|i| unmoved(i) && self.bookings.get(*i).is_some_and(|b| self.meets(b, no, party, ask)))
            .collect();
        for night in Nights::between(ask.nights.arrival(), end).iter() {
            if self.calendar.use_on(no, night).is_some() {
                let id = self.spaces.unit(no)?.id;
                let takes = |i: &usize| {
                    self.bookings.get(*i).is_some_and(|booking| {
                        booking.unit == id && unmoved(i) && self.takes(booking, no, night)
                    })
                };
                blockers.insert((0..self.bookings.len()).find(takes)?);
            }
        }
        Some(blockers.into_iter().collect())
    }

    /// Whether the booking is in the unit's property on one of the nights, and must not be there with the household.
    fn meets(&self, booking: &Booking, no: UnitNo, party: &Party, ask: &Ask) -> bool {
        let here = self.spaces.unit(no).and_then(|unit| self.spaces.property_of(unit));
        let there = self.spaces.unit_by_id(booking.unit);
        here.zip(there).is_some_and(|(here, there)| {
            there.property == here.id
                && booking.ask.nights.overlaps(ask.nights)
                && party.clashes_with(&booking.party, here.sharing)
        })
    }

    /// Whether the booking takes the night in its unit: as one of its own, or for the turnaround after it.
    fn takes(&self, booking: &Booking, no: UnitNo, night: Night) -> bool {
        let end = booking.ask.nights.departure();
        match self.calendar.use_on(no, night) {
            Some(NightUse::Booked) => booking.ask.nights.contains(night),
            Some(NightUse::Turnaround) => {
                Nights::between(end, later(end, self.turnaround(&booking.ask))).contains(night)
            }
            _ => false,
        }
    }

    /// Takes the booking out of its unit.
    fn evict(&mut self, booking: usize) -> Undo {
        let mut undo = Undo::new();
        if let Some(evicted) = self.bookings.get(booking).copied()
            && let Some(no) = self.spaces.no(evicted.unit)
        {
            let end = later(evicted.ask.nights.departure(), self.turnaround(&evicted.ask));
            for night in Nights::between(evicted.ask.nights.arrival(), end).iter() {
                if self.takes(evicted, no, night) {
                    undo.extend(self.calendar.use_on(no, night).map(|by| (no, night, by)));
                    self.calendar.set(no, night, None);
                }
            }
        }
        self.evicted.push(booking);
        undo
    }

    fn restore(&mut self, undo: Undo) {
        self.evicted.pop();
        for (no, night, by) in undo {
            self.calendar.set(no, night, Some(by));
        }
    }

    /// Takes the unit's nights, and the turnaround after them where nothing else is there, for the one placed in it.
    fn take(&mut self, who: Option<usize>, no: UnitNo) -> Vec<Night> {
        let ask = self.who(who).ask;
        let end = later(ask.nights.departure(), self.turnaround(ask));
        let (nights, kept) = (ask.nights, Nights::between(ask.nights.departure(), end));
        nights.iter().for_each(|night| self.calendar.set(no, night, Some(NightUse::Booked)));
        kept.iter().for_each(|night| self.calendar.set(no, night, Some(NightUse::Turnaround)));
        nights.iter().chain(kept.iter()).collect()
    }

    fn give_back(&mut self, no: UnitNo, nights: &[Night]) {
        for night in nights {
            self.calendar.set(no, *night, None);
        }
    }
}

/// What a booking took, to be put back.
type Undo = Vec<(UnitNo, Night, NightUse)>;

/// Whether this is the booking, among those who are or will be somewhere.
fn is_of(booking: &Booking, sharer: &Sharer) -> bool {
    Some(sharer.household) == booking.party.household
        && sharer.unit == booking.unit
        && sharer.nights == booking.ask.nights
}
