//! The calendar as nobody would build it: a map of what is taken and a set of what is in stock.

use std::collections::{HashMap, HashSet};

use safespace_domain::{
    Night, Nights,
    calendar::{Counts, UnitNo},
    ledger::NightUse,
    nights::later,
    units::InService,
};

/// Same questions and answers as [`safespace_domain::calendar::Calendar`], one unit and night at a time.
#[derive(Clone, Debug)]
pub struct NaiveCalendar {
    pub span: Nights,
    pub units: usize,
    taken: HashMap<(UnitNo, Night), NightUse>,
    in_stock: HashSet<(UnitNo, Night)>,
}

impl NaiveCalendar {
    pub fn new(span: Nights, units: usize) -> Self {
        Self { span, units, taken: HashMap::new(), in_stock: HashSet::new() }
    }

    fn knows(&self, unit: UnitNo, night: Night) -> bool {
        unit < self.units && self.span.contains(night)
    }

    pub fn grow(&mut self, span: Nights, units: usize) {
        self.span = Nights::between(
            self.span.arrival().min(span.arrival()),
            self.span.departure().max(span.departure()),
        );
        self.units = self.units.max(units);
    }

    pub fn set_in_service(&mut self, unit: UnitNo, runs: &[InService]) {
        for night in self.span.iter().filter(|_| unit < self.units) {
            if runs.iter().any(|run| run.opened_on <= night && run.closed_on.is_none_or(|end| night < end)) {
                self.in_stock.insert((unit, night));
            } else {
                self.in_stock.remove(&(unit, night));
            }
        }
    }

    pub fn set(&mut self, unit: UnitNo, night: Night, night_use: Option<NightUse>) {
        if !self.knows(unit, night) {
            return;
        }
        match night_use {
            Some(night_use) => self.taken.insert((unit, night), night_use),
            None => self.taken.remove(&(unit, night)),
        };
    }

    pub fn clear(&mut self, unit: UnitNo) {
        self.taken.retain(|(taken, _), _| *taken != unit);
    }

    pub fn is_in_stock(&self, unit: UnitNo, night: Night) -> bool {
        self.in_stock.contains(&(unit, night))
    }

    /// A hold reads as a booking.
    pub fn use_on(&self, unit: UnitNo, night: Night) -> Option<NightUse> {
        self.taken.get(&(unit, night)).map(|night_use| match night_use {
            NightUse::Held => NightUse::Booked,
            other => *other,
        })
    }

    pub fn is_free(&self, unit: UnitNo, night: Night) -> bool {
        self.is_in_stock(unit, night) && self.use_on(unit, night).is_none()
    }

    /// Free on each of the nights, and not taken on those kept after them. No nights: no unit.
    pub fn is_free_on(&self, unit: UnitNo, nights: Nights, turnaround: u32) -> bool {
        let mut after = (0..turnaround).map(|n| later(nights.departure(), n));
        !nights.is_empty()
            && nights.iter().all(|night| self.is_free(unit, night))
            && after.all(|night| self.use_on(unit, night).is_none())
    }

    pub fn free(&self, nights: Nights, turnaround: u32) -> Vec<UnitNo> {
        (0..self.units).filter(|unit| self.is_free_on(*unit, nights, turnaround)).collect()
    }

    pub fn counts(&self, night: Night, group: impl IntoIterator<Item = UnitNo>) -> Counts {
        let mut counts = Counts::default();
        for unit in group.into_iter().filter(|unit| self.is_in_stock(*unit, night)) {
            counts.in_stock += 1;
            match self.use_on(unit, night) {
                Some(NightUse::Resident) => counts.resident += 1,
                Some(NightUse::Booked | NightUse::Held) => counts.reserved += 1,
                Some(NightUse::Void) => counts.void += 1,
                Some(NightUse::Turnaround) => counts.turnaround += 1,
                None => {}
            }
        }
        counts
    }
}
