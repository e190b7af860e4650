//! The calendar: for each night, bitmaps of the units that are in stock and of those that are taken.
//!
//! "Free on all of these nights, and fit" is a handful of ANDs over them, and occupancy is a population count. The
//! calendar only ever *suggests*: the night ledger's primary key decides.

use crate::{
    ledger::NightUse,
    nights::{Night, Nights},
    units::InService,
};

/// The number of a unit in the calendar and in [`crate::availability::Spaces`]: its place in their order.
pub type UnitNo = usize;

/// A set of units, one bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitSet(Vec<u64>);

impl UnitSet {
    /// The empty set, with room for `units`.
    pub fn none(units: usize) -> Self {
        Self(vec![0; words_for(units)])
    }

    /// Every unit up to `units`.
    pub fn all(units: usize) -> Self {
        let mut set = Self::none(units);
        (0..units).for_each(|unit| set.insert(unit));
        set
    }

    /// Adds a unit; makes room where needed.
    pub fn insert(&mut self, unit: UnitNo) {
        let (word, bit) = place(unit);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(w) = self.0.get_mut(word) {
            *w |= bit;
        }
    }

    /// Whether the unit is in it.
    pub fn contains(&self, unit: UnitNo) -> bool {
        let (word, bit) = place(unit);
        self.0.get(word).is_some_and(|w| w & bit != 0)
    }

    /// Keeps only what is in both.
    pub fn keep(&mut self, other: &Self) {
        for (i, word) in self.0.iter_mut().enumerate() {
            *word &= other.0.get(i).copied().unwrap_or(0);
        }
    }

    /// Takes away what is in the other.
    pub fn remove_all(&mut self, other: &Self) {
        for (word, gone) in self.0.iter_mut().zip(&other.0) {
            *word &= !gone;
        }
    }

    /// Adds what is in the other.
    pub fn add_all(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }

    /// The units in it, in order.
    pub fn iter(&self) -> impl Iterator<Item = UnitNo> + '_ {
        self.0.iter().enumerate().flat_map(|(i, word)| {
            std::iter::successors(Some(*word), |rest| Some(rest & rest.wrapping_sub(1)))
                .take_while(|rest| *rest != 0)
                .map(move |rest| i * 64 + rest.trailing_zeros() as usize)
        })
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// The one unit that is in both sets; none where there are more, or none.
    pub fn the_only_one_in(&self, other: &Self) -> Option<UnitNo> {
        let mut only = None;
        for (i, word) in self.0.iter().zip(&other.0).map(|(a, b)| a & b).enumerate() {
            match (word.count_ones(), only) {
                (0, _) => {}
                (1, None) => only = Some(i * 64 + word.trailing_zeros() as usize),
                _ => return None,
            }
        }
        only
    }

    /// The words that are not zero, with their places: what a small group costs to count.
    pub fn sparse(&self) -> Vec<(usize, u64)> {
        self.0.iter().copied().enumerate().filter(|(_, word)| *word != 0).collect()
    }
}

impl FromIterator<UnitNo> for UnitSet {
    fn from_iter<I: IntoIterator<Item = UnitNo>>(units: I) -> Self {
        let mut set = Self::default();
        units.into_iter().for_each(|unit| set.insert(unit));
        set
    }
}

const fn words_for(units: usize) -> usize {
    units.div_ceil(64)
}

const fn place(unit: UnitNo) -> (usize, u64) {
    (unit / 64, 1 << (unit % 64))
}

/// How many of a group's units are what on one night.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// In stock.
    pub in_stock: u32,
    /// Of those, void.
    pub void: u32,
    /// Of those, with a stay in residence or departed.
    pub resident: u32,
    /// Of those, booked or held.
    pub reserved: u32,
    /// Of those, kept for turnaround.
    pub turnaround: u32,
}

impl Counts {
    /// In stock and taken by nothing.
    pub const fn free(&self) -> u32 {
        self.in_stock - self.void - self.resident - self.reserved - self.turnaround
    }
}

/// One kind of bitmap: a row of words per night.
#[derive(Clone, Debug, Default)]
struct Layer(Vec<u64>);

impl Layer {
    fn set(&mut self, at: usize, bit: u64, on: bool) {
        if let Some(word) = self.0.get_mut(at) {
            if on {
                *word |= bit;
            } else {
                *word &= !bit;
            }
        }
    }

    fn word(&self, at: usize) -> u64 {
        self.0.get(at).copied().unwrap_or(0)
    }
}

/// The calendar over a span of nights.
#[derive(Clone, Debug)]
pub struct Calendar {
    span: Nights,
    units: usize,
    /// Words per night.
    words: usize,
    in_stock: Layer,
    taken: Layer,
    resident: Layer,
    reserved: Layer,
    void: Layer,
}

impl Calendar {
    /// An empty calendar: no unit in stock on any night of the span.
    pub fn new(span: Nights, units: usize) -> Self {
        // Room to grow by a unit or two without a new layout.
        let words = words_for(units + 16);
        let layer = || Layer(vec![0; words * span.len() as usize]);
        Self {
            span,
            units,
            words,
            in_stock: layer(),
            taken: layer(),
            resident: layer(),
            reserved: layer(),
            void: layer(),
        }
    }

    /// The nights that it covers.
    pub const fn span(&self) -> Nights {
        self.span
    }

    /// How many units it knows.
    pub const fn units(&self) -> usize {
        self.units
    }

    /// Makes the calendar cover these nights and units, too. What it knew stays.
    pub fn grow(&mut self, span: Nights, units: usize) {
        let wider = Nights::between(
            self.span.arrival().min(span.arrival()),
            self.span.departure().max(span.departure()),
        );
        let units = units.max(self.units);
        if wider == self.span && words_for(units) <= self.words {
            self.units = units;
            return;
        }
        let mut grown = Self::new(wider, units);
        let offset = Nights::between(wider.arrival(), self.span.arrival()).len() as usize;
        for night in 0..self.span.len() as usize {
            for word in 0..self.words {
                let (from, to) = (night * self.words + word, (night + offset) * grown.words + word);
                for (old, new) in [
                    (&self.in_stock, &mut grown.in_stock),
                    (&self.taken, &mut grown.taken),
                    (&self.resident, &mut grown.resident),
                    (&self.reserved, &mut grown.reserved),
                    (&self.void, &mut grown.void),
                ] {
                    if let Some(slot) = new.0.get_mut(to) {
                        *slot = old.word(from);
                    }
                }
            }
        }
        *self = grown;
    }

    /// Says on which nights the unit is in stock.
    pub fn set_in_service(&mut self, unit: UnitNo, runs: &[InService]) {
        for night in self.span.iter() {
            if let Some((at, bit)) = self.slot(unit, night) {
                self.in_stock.set(at, bit, runs.iter().any(|run| run.contains(night)));
            }
        }
    }

    /// Says what takes the unit on the night, if anything.
    pub fn set(&mut self, unit: UnitNo, night: Night, night_use: Option<NightUse>) {
        let Some((at, bit)) = self.slot(unit, night) else { return };
        self.taken.set(at, bit, night_use.is_some());
        self.resident.set(at, bit, night_use == Some(NightUse::Resident));
        self.reserved.set(at, bit, matches!(night_use, Some(NightUse::Booked | NightUse::Held)));
        self.void.set(at, bit, night_use == Some(NightUse::Void));
    }

    /// Forgets what takes the unit, on every night.
    pub fn clear(&mut self, unit: UnitNo) {
        self.span.iter().for_each(|night| self.set(unit, night, None));
    }

    /// The units that are free on all of the nights, and not taken on the nights kept after them for turnaround.
    /// None where a night is outside the span.
    pub fn free(&self, nights: Nights, turnaround: u32) -> UnitSet {
        let Some(first) = self.row(nights.arrival()) else { return UnitSet::none(self.units) };
        if nights.departure() > self.span.departure() || nights.is_empty() {
            return UnitSet::none(self.units);
        }
        let stay_rows = first..first + nights.len() as usize;
        // Turnaround beyond the span takes nothing that anybody could have booked.
        let last_row = self.span.len() as usize;
        let ready_rows = stay_rows.end..(stay_rows.end + turnaround as usize).min(last_row);
        let mut free = vec![!0_u64; self.words];
        for row in stay_rows {
            let at = row * self.words;
            let range = at..at + self.words;
            if let (Some(stock), Some(taken)) = (self.in_stock.0.get(range.clone()), self.taken.0.get(range))
            {
                for ((free, stock), taken) in free.iter_mut().zip(stock).zip(taken) {
                    *free &= stock & !taken;
                }
            }
        }
        for row in ready_rows {
            let at = row * self.words;
            if let Some(taken) = self.taken.0.get(at..at + self.words) {
                free.iter_mut().zip(taken).for_each(|(free, taken)| *free &= !taken);
            }
        }
        UnitSet(free)
    }

    /// Whether the unit is in stock on the night.
    pub fn is_in_stock(&self, unit: UnitNo, night: Night) -> bool {
        self.slot(unit, night).is_some_and(|(at, bit)| self.in_stock.word(at) & bit != 0)
    }

    /// Whether the unit is in stock and not taken on the night.
    pub fn is_free(&self, unit: UnitNo, night: Night) -> bool {
        self.is_in_stock(unit, night) && self.use_on(unit, night).is_none()
    }

    /// What takes the unit on the night. A hold reads as a booking: both reserve.
    pub fn use_on(&self, unit: UnitNo, night: Night) -> Option<NightUse> {
        let (at, bit) = self.slot(unit, night)?;
        let has = |layer: &Layer| layer.word(at) & bit != 0;
        if !has(&self.taken) {
            None
        } else if has(&self.resident) {
            Some(NightUse::Resident)
        } else if has(&self.reserved) {
            Some(NightUse::Booked)
        } else if has(&self.void) {
            Some(NightUse::Void)
        } else {
            Some(NightUse::Turnaround)
        }
    }

    /// What the group's units are on the night, by population count. `group` as [`UnitSet::sparse`] gives it.
    pub fn counts(&self, night: Night, group: &[(usize, u64)]) -> Counts {
        let mut counts = Counts::default();
        let Some(row) = self.row(night) else { return counts };
        for (word, mask) in group.iter().copied().filter(|(word, _)| *word < self.words) {
            let at = row * self.words + word;
            let stock = self.in_stock.word(at) & mask;
            if stock == 0 {
                continue;
            }
            let taken = self.taken.word(at) & stock;
            let resident = self.resident.word(at) & stock;
            let reserved = self.reserved.word(at) & stock;
            let void = self.void.word(at) & stock;
            counts.in_stock += stock.count_ones();
            counts.resident += resident.count_ones();
            counts.reserved += reserved.count_ones();
            counts.void += void.count_ones();
            counts.turnaround += (taken & !resident & !reserved & !void).count_ones();
        }
        counts
    }

    fn row(&self, night: Night) -> Option<usize> {
        self.span.contains(night).then(|| Nights::between(self.span.arrival(), night).len() as usize)
    }

    fn slot(&self, unit: UnitNo, night: Night) -> Option<(usize, u64)> {
        let (word, bit) = place(unit);
        (unit < self.units).then_some(())?;
        Some((self.row(night)? * self.words + word, bit))
    }
}
