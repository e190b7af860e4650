//! The board: for a window of nights, what takes each night of each unit.

use crate::{
    ledger::{Entry, Take},
    nights::{Nights, next},
};

/// The widest window, in nights.
pub const WIDEST_WINDOW: u32 = 92;

/// Consecutive nights of one unit that one record takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoardUse {
    /// The nights, within the window.
    pub nights: Nights,
    /// What takes them.
    pub take: Take,
}

/// The uses of one unit from its ledger entries, which are in order of night.
pub fn uses(entries: impl IntoIterator<Item = Entry>) -> Vec<BoardUse> {
    let mut uses: Vec<BoardUse> = Vec::new();
    for Entry { night, take, .. } in entries {
        match uses.last_mut() {
            Some(last) if last.take == take && last.nights.departure() == night => {
                last.nights = Nights::between(last.nights.arrival(), next(night));
            }
            _ => uses.push(BoardUse { nights: Nights::between(night, next(night)), take }),
        }
    }
    uses
}
