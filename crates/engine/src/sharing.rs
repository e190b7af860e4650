//! Who is under which roof, and who must be kept apart.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use safespace_domain::{
    HouseholdId, Nights, Refusal, RefusalCode, UnitId,
    access::{Actor, Permission},
    availability::Spaces,
    codes,
    ledger::Entry,
    nights::runs,
    sharing::{Party, Sharer, SharesAs, bars},
    units::Unit,
};
use safespace_store::StoredConflict;

use crate::{
    Engine, EngineError, Outcome,
    commands::KeepApart,
    work::{Done, Work},
};

/// Two households that must be kept apart, as seen from one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApartView {
    /// The other household.
    pub other: HouseholdId,
    /// Since when.
    pub made_at: DateTime<Utc>,
    /// Why; none once one of them was erased.
    pub reason: Option<String>,
}

impl Engine {
    /// The households that one must be kept apart from, as far as the actor may know of them.
    pub async fn kept_apart(
        &self,
        actor: &Actor,
        household: HouseholdId,
    ) -> Result<Vec<ApartView>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        self.must_be_open_to(actor, household, "household")?;
        let mut views = Vec::new();
        for pair in self.store.reader().conflicts_of(household).await? {
            let other = if pair.household == household { pair.other } else { pair.household };
            if self.is_closed_to(actor, other) {
                continue;
            }
            let context = reason_context(pair.household, pair.other);
            let reason = if pair.reason.is_empty() {
                None
            } else {
                self.open_unless_erased(pair.household.0, &context, &pair.reason).await?
            };
            views.push(ApartView { other, made_at: pair.made_at, reason });
        }
        Ok(views)
    }

    pub(crate) async fn keep_apart(&self, work: &mut Work, ask: KeepApart) -> Done<Outcome> {
        let reason = codes::note(&ask.reason, "reason")?;
        let (household, other) = self.two(work, &ask.household, &ask.other).await?;
        let (low, high) = (household.min(other), household.max(other));
        let sealed = self.seal(&work.tx, low.0, &reason_context(low, high), &reason).await?;
        let pair = StoredConflict {
            household,
            other,
            reason: sealed,
            made_by: work.actor.who.id(),
            made_at: work.now,
        };
        if !work.tx.add_conflict(pair).await? {
            let message = "These two are kept apart already.";
            return Err(Refusal::new(RefusalCode::WrongState, message).on("other").into());
        }
        audit_pair(work, household, other);
        Ok(Outcome::Apart { household, other })
    }

    pub(crate) async fn end_keep_apart(
        &self,
        work: &mut Work,
        household: &str,
        other: &str,
    ) -> Done<Outcome> {
        let (household, other) = self.two(work, household, other).await?;
        if !work.tx.remove_conflict(household, other).await? {
            let message = "These two are not kept apart.";
            return Err(Refusal::new(RefusalCode::WrongState, message).on("other").into());
        }
        audit_pair(work, household, other);
        Ok(Outcome::Apart { household, other })
    }

    /// Two households, locked in the order of their ids.
    async fn two(&self, work: &mut Work, one: &str, other: &str) -> Done<(HouseholdId, HouseholdId)> {
        let household = self.open_household(work, one).await?;
        let other = self.open_household(work, other).await?;
        if household == other {
            return Err(Refusal::bad("other", "Name two different households.").into());
        }
        Ok((household, other))
    }

    /// Everybody in the homes where it matters who else is there, on these nights.
    pub(crate) async fn sharers(&self, spaces: &Spaces, nights: Nights) -> Result<Vec<Sharer>, EngineError> {
        let units = units_with_neighbours(spaces);
        if units.is_empty() {
            return Ok(Vec::new());
        }
        let entries = self.store.reader().entries(&units, nights).await?;
        let households: BTreeSet<HouseholdId> =
            entries.iter().filter_map(|entry| entry.take.household).collect();
        let shares_as = self.store.reader().shares_as_of(&households).await?;
        Ok(sharers_of(entries, &shares_as))
    }

    /// The household, as far as others under one roof matter. `shares_as` is what is known of it otherwise.
    pub(crate) async fn party(
        &self,
        household: Option<HouseholdId>,
        shares_as: Option<SharesAs>,
    ) -> Result<Party, EngineError> {
        let Some(id) = household else {
            return Ok(Party { household: None, shares_as, conflicts: BTreeSet::new() });
        };
        let known = self.store.reader().shares_as_of(&BTreeSet::from([id])).await?;
        let conflicts = self.store.reader().conflicts_of(id).await?;
        Ok(Party {
            household,
            shares_as: known.get(&id).copied().or(shares_as),
            conflicts: others(id, &conflicts),
        })
    }

    /// Refused where the household must not be under that roof on these nights. Nobody else moves in there meanwhile.
    pub(crate) async fn must_be_together(
        &self,
        work: &Work,
        household: HouseholdId,
        unit: &Unit,
        nights: Nights,
    ) -> Done<()> {
        let Some(property) = work.spaces.property_of(unit) else { return Ok(()) };
        let units: Vec<UnitId> = work
            .spaces
            .units_of(property.id)
            .iter()
            .filter_map(|no| work.spaces.unit(no))
            .map(|unit| unit.id)
            .collect();
        if units.len() < 2 && !property.sharing.is_shared() {
            return Ok(());
        }
        let conflicts = others(household, &work.tx.reader().conflicts_of(household).await?);
        if conflicts.is_empty() && !property.sharing.is_shared() {
            return Ok(());
        }
        work.tx.lock_property(property.id).await?;
        let entries = work.tx.reader().entries(&units, nights).await?;
        let mut households: BTreeSet<HouseholdId> =
            entries.iter().filter_map(|entry| entry.take.household).collect();
        households.insert(household);
        let shares_as = work.tx.reader().shares_as_of(&households).await?;
        let sharers = sharers_of(entries, &shares_as);
        let own = shares_as.get(&household).copied();
        let barred = bars(&work.spaces, &sharers, Some(household), own, &conflicts, nights);
        match barred.get(&property.id) {
            None => Ok(()),
            Some(bar) => Err(Refusal::new(
                RefusalCode::Unsuitable,
                format!("{} {bar}: choose another unit, or say whom the household's adults are.", unit.code),
            )
            .on("unit")
            .into()),
        }
    }
}

/// Whether anything is shared where the unit is.
pub(crate) fn is_shared(spaces: &Spaces, unit: &Unit) -> bool {
    spaces.property_of(unit).is_some_and(|property| property.sharing.is_shared())
}

/// Each of the two is told in the records of its own case, and neither names the other.
fn audit_pair(work: &mut Work, household: HouseholdId, other: HouseholdId) {
    for one in [household, other] {
        work.about(one);
        work.audit(Some(one.0), &[], &serde_json::json!({}));
    }
}

/// The units that have others in their property, or share it.
fn units_with_neighbours(spaces: &Spaces) -> Vec<UnitId> {
    let mut of_property: BTreeMap<_, Vec<UnitId>> = BTreeMap::new();
    for unit in spaces.units() {
        of_property.entry(unit.property).or_default().push(unit.id);
    }
    let shared = |property: &safespace_domain::PropertyId, units: &[UnitId]| {
        units.len() > 1 || spaces.property(*property).is_some_and(|property| property.sharing.is_shared())
    };
    of_property
        .into_iter()
        .filter(|(property, units)| shared(property, units))
        .flat_map(|(_, units)| units)
        .collect()
}

fn sharers_of(entries: Vec<Entry>, shares_as: &BTreeMap<HouseholdId, SharesAs>) -> Vec<Sharer> {
    let mut nights: BTreeMap<(UnitId, HouseholdId), Vec<safespace_domain::Night>> = BTreeMap::new();
    for entry in entries {
        if let Some(household) = entry.take.household {
            nights.entry((entry.unit, household)).or_default().push(entry.night);
        }
    }
    let sharer = |((unit, household), there): ((UnitId, HouseholdId), Vec<_>)| {
        let shares_as = shares_as.get(&household).copied();
        runs(there).into_iter().map(move |nights| Sharer { household, unit, nights, shares_as })
    };
    nights.into_iter().flat_map(sharer).collect()
}

/// Those that one must be kept apart from.
pub(crate) fn others(household: HouseholdId, conflicts: &[StoredConflict]) -> BTreeSet<HouseholdId> {
    let other = |pair: &StoredConflict| {
        if pair.household == household { pair.other } else { pair.household }
    };
    conflicts.iter().map(other).collect()
}

/// The place to which the reason is bound why two households are kept apart.
fn reason_context(low: HouseholdId, high: HouseholdId) -> String {
    format!("household_conflict.reason.{low}.{high}")
}
