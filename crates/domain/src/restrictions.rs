//! Restrictions: cases that are closed to staff with a conflict of interest, because they know the family.
//!
//! Whoever is on a case's deny-list can't find it, count it or infer it. What can't be hidden is that a home is not
//! free on some nights: they would book it. So to them those nights are a void like any other, in every list, figure
//! and refusal alike.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    codes,
    ids::{HouseholdId, UnitId, VoidId},
    ledger::{Entry, NightUse, Take},
    nights::{Nights, next},
    voids::Void,
};

/// A case that is closed to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restriction {
    /// Whose case.
    pub household: HouseholdId,
    /// To whom it is closed: an account's or a token's id.
    pub denied: Uuid,
    /// Who closed it: an account's id; nil for the service.
    pub made_by: Uuid,
    /// When.
    pub made_at: DateTime<Utc>,
}

/// Everything that is closed to one person. Empty for nearly everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closed {
    households: BTreeSet<HouseholdId>,
    /// The stays of those households, each with its unit and the id of the void that it looks like.
    stays: BTreeMap<Uuid, (UnitId, Uuid)>,
    /// The reason that such a void has.
    reason: String,
}

impl Closed {
    /// These households, and their stays with their units and the ids of the voids that they look like.
    pub fn new(
        households: BTreeSet<HouseholdId>,
        stays: BTreeMap<Uuid, (UnitId, Uuid)>,
        reason: impl Into<String>,
    ) -> Self {
        Self { households, stays, reason: reason.into() }
    }

    /// Whether nothing is closed.
    pub fn is_empty(&self) -> bool {
        self.households.is_empty()
    }

    /// Whether a household's case is closed.
    pub fn hides(&self, household: HouseholdId) -> bool {
        self.households.contains(&household)
    }

    /// The households whose cases are closed.
    pub const fn households(&self) -> &BTreeSet<HouseholdId> {
        &self.households
    }

    /// The stays that are closed.
    pub fn stays(&self) -> impl Iterator<Item = Uuid> + '_ {
        self.stays.keys().copied()
    }

    /// The units that those stays are in.
    pub fn units(&self) -> impl Iterator<Item = UnitId> + '_ {
        self.stays.values().map(|(unit, _)| *unit)
    }

    /// The reason that the voids have which closed stays look like.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// An entry of the ledger as the person sees it.
    #[must_use]
    pub fn disguise(&self, entry: Entry) -> Entry {
        match self.stays.get(&entry.take.by) {
            Some((_, as_void)) => {
                Entry { take: Take { night_use: NightUse::Void, by: *as_void, household: None }, ..entry }
            }
            None => entry,
        }
    }

    /// The voids that closed stays look like, from all entries of those stays, and the nights that each had or was to
    /// have; in the order of their ids. A stay that
    /// takes no night any more looks like a void that was cancelled.
    pub fn voids(
        &self,
        entries: impl IntoIterator<Item = Entry>,
        ended: impl IntoIterator<Item = (Uuid, Nights)>,
    ) -> Vec<Void> {
        let mut voids: BTreeMap<Uuid, Void> = BTreeMap::new();
        for Entry { unit, night, take } in entries.into_iter().map(|entry| self.disguise(entry)) {
            let grown = |nights: Nights| {
                Nights::between(nights.arrival().min(night), nights.departure().max(next(night)))
            };
            voids.entry(take.by).and_modify(|void| void.nights = grown(void.nights)).or_insert_with(|| {
                Void {
                    id: VoidId(take.by),
                    unit,
                    nights: Nights::between(night, next(night)),
                    reason: self.reason.clone(),
                    cancelled: false,
                }
            });
        }
        for (id, nights) in ended {
            if let Some((unit, as_void)) = self.stays.get(&id) {
                voids.entry(*as_void).or_insert_with(|| Void {
                    id: VoidId(*as_void),
                    unit: *unit,
                    nights,
                    reason: self.reason.clone(),
                    cancelled: true,
                });
            }
        }
        voids.into_values().collect()
    }
}

/// The references of the cases that are closed to one person, and what stands for them.
///
/// To them such a reference is one that nobody has, and they may give it to a household. That household has the reference
/// with a number after it, `R-1~2`: everybody else sees that, and they see what they gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClosedReferences(BTreeSet<String>);

impl ClosedReferences {
    /// These references.
    pub fn new(references: impl IntoIterator<Item = String>) -> Self {
        Self(references.into_iter().map(|reference| codes::key(&reference)).collect())
    }

    /// The reference of the household that the person means by this; none where it can be nobody's that they know.
    pub fn meant(&self, reference: &str) -> Option<String> {
        if codes::numbered(reference).is_some_and(|(plain, _)| self.has(plain)) {
            return None;
        }
        let mut meant = reference.to_owned();
        let mut number = 1_u32;
        while self.has(&meant) {
            number = number.saturating_add(1);
            meant = format!("{reference}~{number}");
        }
        Some(meant)
    }

    /// What the person calls a household with this reference.
    pub fn seen(&self, reference: String) -> String {
        match codes::numbered(&reference) {
            Some((plain, _)) if self.has(plain) => plain.to_owned(),
            _ => reference,
        }
    }

    fn has(&self, reference: &str) -> bool {
        self.0.contains(&codes::key(reference))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(night: &str, by: u128, night_use: NightUse) -> Entry {
        let household = (night_use != NightUse::Turnaround).then_some(HouseholdId(Uuid::from_u128(7)));
        let take = Take { night_use, by: Uuid::from_u128(by), household };
        Entry { unit: UnitId(Uuid::from_u128(1)), night: night.parse().unwrap(), take }
    }

    #[test]
    fn a_closed_reference_can_be_given_again_and_is_called_as_it_was_given() {
        let closed = ClosedReferences::new(["R-1".to_owned(), "r-1~2".to_owned()]);
        assert_eq!(closed.meant("r-1").unwrap(), "r-1~3");
        assert_eq!(closed.seen("r-1~3".to_owned()), "r-1");
        assert_eq!(closed.meant("R-1~3"), None, "they do not know that it is called so");
        assert_eq!(closed.meant("R-2~2").unwrap(), "R-2~2");
        assert_eq!(closed.seen("R-2~2".to_owned()), "R-2~2");
        let none = ClosedReferences::default();
        assert_eq!(
            (none.meant("R-1").unwrap(), none.seen("R-1~2".to_owned())),
            ("R-1".into(), "R-1~2".into())
        );
    }

    #[test]
    fn a_closed_stay_and_its_turnaround_look_like_one_void_and_other_stays_like_themselves() {
        let households = BTreeSet::from([HouseholdId(Uuid::from_u128(7))]);
        let unit = UnitId(Uuid::from_u128(1));
        let stays = BTreeMap::from([(Uuid::from_u128(2), (unit, Uuid::from_u128(99)))]);
        let closed = Closed::new(households, stays, "repair");
        let nights = [
            entry("2020-11-03", 2, NightUse::Resident),
            entry("2020-11-04", 2, NightUse::Resident),
            entry("2020-11-05", 2, NightUse::Turnaround),
        ];
        let seen = nights.map(|entry| closed.disguise(entry).take);
        assert!(seen.iter().all(|take| *take == seen[0]), "no seam shows: {seen:?}");
        assert_eq!((seen[0].night_use, seen[0].household), (NightUse::Void, None));
        let voids = closed.voids(nights, []);
        assert_eq!(voids.len(), 1);
        assert_eq!(voids[0].nights.to_string(), "2020-11-03 to 2020-11-06");
        let other = entry("2020-11-03", 3, NightUse::Resident);
        assert_eq!(closed.disguise(other), other);
        assert_eq!(Closed::default().disguise(nights[0]), nights[0]);
    }
}
