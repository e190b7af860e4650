//! Picking: what is taken from the shelf for a pack, and what was not there.
//!
//! Where nothing is on the shelf that suits the household, what was wanted stays on record as a shortfall: it is never
//! dropped.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    clock::service_day,
    ids::{ItemId, PlaceId},
    items::{Avoids, Catalogue},
    nights::Night,
    pack_lists::PackList,
    places::Place,
    stock::{OnHand, Shelf, Taking},
};

/// What was wanted and was not on the shelf, and what went in instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortfall {
    /// The number of the line.
    pub line: u32,
    /// When it was looked for.
    pub at: DateTime<Utc>,
    /// What was wanted. None where nothing in the catalogue suits the household.
    pub wanted: Option<ItemId>,
    /// How many units of it were missing.
    pub missing: u32,
    /// What stood in for them, in units.
    pub substitutes: Vec<(ItemId, u32)>,
}

impl Shortfall {
    /// How many units nothing stood in for.
    pub fn unmet(&self) -> u32 {
        self.substitutes.iter().fold(self.missing, |left, (_, units)| left.saturating_sub(*units))
    }
}

/// What is taken from the shelf for a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineTaking {
    /// The number of the line.
    pub line: u32,
    /// What is taken.
    pub taking: Taking,
}

/// What is to be taken from the shelf for a pack, and what is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picked {
    /// What is taken, in the order in which it is to be entered.
    pub takings: Vec<LineTaking>,
    /// What was not there.
    pub shortfalls: Vec<Shortfall>,
}

/// Looks on the shelf for what a pack still needs: first for each line what is wanted, then what stands in for it. Nothing
/// goes in that the household can't or won't have, whatever the list says. What is retired and still there goes in.
pub fn pick(
    list: &PackList,
    catalogue: &Catalogue,
    on_hand: impl IntoIterator<Item = OnHand>,
    avoids: &Avoids,
    at: DateTime<Utc>,
) -> Picked {
    let day = service_day(at);
    let mut shelf = Shelf::new(on_hand);
    let mut picked = Picked::default();
    let suits = |item: &ItemId| catalogue.get(item).is_some_and(|item| item.unsuited(avoids).is_empty());
    let mut take = |picked: &mut Picked, line: u32, item: ItemId, units: u32| {
        let takings = shelf.take(item, units, day);
        let taken = takings.iter().fold(0, |sum: u32, taking| sum.saturating_add(taking.quantity));
        picked.takings.extend(takings.into_iter().map(|taking| LineTaking { line, taking }));
        taken
    };
    let mut short = Vec::new();
    // First what is wanted, on all lines: else a stand-in for one would be missing on another that wants it.
    for line in list.lines.iter().filter(|line| line.outstanding() > 0) {
        let taken = match line.wanted.filter(suits) {
            Some(item) => take(&mut picked, line.no, item, line.outstanding()),
            None => 0,
        };
        if taken < line.outstanding() {
            short.push((line, line.outstanding() - taken));
        }
    }
    for (line, missing) in short {
        let mut substitutes = Vec::new();
        let mut left = missing;
        let others = line.alternatives.iter().filter(|item| Some(**item) != line.wanted && suits(item));
        for item in others {
            let taken = take(&mut picked, line.no, *item, left);
            if taken > 0 {
                substitutes.push((*item, taken));
                left -= taken;
            }
        }
        picked.shortfalls.push(Shortfall { line: line.no, at, wanted: line.wanted, missing, substitutes });
    }
    picked
}

/// A row of the list that somebody takes to the shelf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PickingRow {
    /// The place's code.
    pub place: String,
    /// The item's code.
    pub item: String,
    /// The item's name.
    pub name: String,
    /// What one unit is.
    pub unit_of_issue: String,
    /// How many units.
    pub quantity: u32,
    /// The code on the lot.
    pub lot: Option<String>,
    /// The last day on which the lot may be given out.
    pub expires_on: Option<Night>,
    /// The number of the pack's line.
    pub line: u32,
}

/// The picking list: place by place, in order of the items' codes, what expires first coming first.
pub fn picking_list(
    picked: &Picked,
    catalogue: &Catalogue,
    places: &BTreeMap<PlaceId, Place>,
) -> Vec<PickingRow> {
    let row = |LineTaking { line, taking }: &LineTaking| {
        let item = catalogue.get(&taking.balance.item)?;
        Some(PickingRow {
            place: places.get(&taking.balance.place)?.code.clone(),
            item: item.code.clone(),
            name: item.name.clone(),
            unit_of_issue: item.unit_of_issue.clone(),
            quantity: taking.quantity,
            lot: taking.code.clone(),
            expires_on: taking.expires_on,
            line: *line,
        })
    };
    let mut rows: Vec<_> = picked.takings.iter().filter_map(row).collect();
    rows.sort_by(|a, b| {
        let key = |row: &PickingRow| (row.expires_on.is_none(), row.expires_on, row.line);
        (&a.place, &a.item).cmp(&(&b.place, &b.item)).then_with(|| key(a).cmp(&key(b)))
    });
    rows
}
