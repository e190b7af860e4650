//! The night ledger: one entry per unit and night that is taken, with what took it.
//!
//! The database keeps it in `unit_night(unit_id, night)`, whose primary key is what makes a double booking
//! impossible. Here is what each record takes, and how a change of a record becomes a change of entries.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ids::{HouseholdId, UnitId},
    nights::Night,
};

/// What takes a unit on a night.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NightUse {
    /// A stay that has not begun.
    Booked,
    /// A stay in residence, or departed by now.
    Resident,
    /// A hold.
    Held,
    /// Out of service.
    Void,
    /// Kept to make the unit ready after a stay.
    Turnaround,
}

impl NightUse {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Booked, Self::Resident, Self::Held, Self::Void, Self::Turnaround];

    /// The use's name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Resident => "resident",
            Self::Held => "held",
            Self::Void => "void",
            Self::Turnaround => "turnaround",
        }
    }

    /// The kind of record that takes the night so, in a word for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Booked | Self::Resident => "stay",
            Self::Held => "hold",
            Self::Void => "void",
            Self::Turnaround => "turnaround",
        }
    }

    /// Whether an overstay takes the night from it: nobody sleeps there yet.
    pub const fn gives_way_to_an_overstay(self) -> bool {
        !matches!(self, Self::Resident)
    }
}

impl fmt::Display for NightUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for NightUse {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|u| u.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not a use of a night"))
    }
}

/// What took a night, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Take {
    /// How the night is used.
    pub night_use: NightUse,
    /// The stay, hold or void that took it; for turnaround, the stay before it.
    pub by: Uuid,
    /// The household that sleeps or will sleep there. None for voids and turnaround.
    pub household: Option<HouseholdId>,
}

/// One entry: a unit, a night, and what took it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The unit.
    pub unit: UnitId,
    /// The night.
    pub night: Night,
    /// What took it.
    pub take: Take,
}

impl Entry {
    /// Where it stands in the order in which entries are always written, so that two writers never wait for
    /// each other in a circle.
    pub fn key(&self) -> (UnitId, Night) {
        (self.unit, self.night)
    }
}

/// What must change in the ledger for it to hold `after` instead of `before`, both the entries of one record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerChange {
    /// Entries to give up.
    pub release: Vec<Entry>,
    /// Entries to take; refused when another record has one.
    pub claim: Vec<Entry>,
    /// Entries that stay with the record and change their use.
    pub turn: Vec<Entry>,
}

impl LedgerChange {
    /// The change from one set of entries to another.
    pub fn from_to(before: &[Entry], after: &[Entry]) -> Self {
        let mut old: BTreeMap<_, _> = before.iter().map(|entry| (entry.key(), *entry)).collect();
        let mut change = Self::default();
        for entry in after {
            match old.remove(&entry.key()) {
                None => change.claim.push(*entry),
                Some(held) if held.take != entry.take => change.turn.push(*entry),
                Some(_) => {}
            }
        }
        change.release = old.into_values().collect();
        change.claim.sort_by_key(Entry::key);
        change
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.release.is_empty() && self.claim.is_empty() && self.turn.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_releases_claims_and_turns_only_what_differs() {
        let entry = |night: &str, night_use| Entry {
            unit: UnitId(Uuid::nil()),
            night: night.parse().unwrap(),
            take: Take { night_use, by: Uuid::nil(), household: None },
        };
        let before = [entry("2020-01-01", NightUse::Booked), entry("2020-01-02", NightUse::Booked)];
        let after = [entry("2020-01-02", NightUse::Resident), entry("2020-01-03", NightUse::Resident)];
        let change = LedgerChange::from_to(&before, &after);
        assert_eq!(change.release, [before[0]]);
        assert_eq!(change.turn, [after[0]]);
        assert_eq!(change.claim, [after[1]]);
        assert!(LedgerChange::from_to(&after, &after).is_empty());
    }
}
