//! A command under way: its transaction, and what it has changed so far.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use safespace_domain::{
    HouseholdId, Night, UnitId,
    access::Actor,
    availability::Spaces,
    ledger::{Entry, LedgerChange},
};
use safespace_store::{AuditRecord, StoreError, Tx};
use serde::Serialize;
use uuid::Uuid;

use crate::{EngineError, calendar::Cell, clashes::Clash};

/// Why a command was not carried out.
pub(crate) enum Failure {
    Error(EngineError),
    /// A night was taken by another record; said in full once the transaction is gone.
    Clash(Clash),
    /// Another command came first; the same once more may do.
    Again,
}

impl<E: Into<EngineError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

pub(crate) type Done<T> = Result<T, Failure>;

/// A command under way: its transaction, its time, and what it has changed so far.
pub(crate) struct Work {
    pub(crate) tx: Tx,
    pub(crate) actor: Arc<Actor>,
    pub(crate) now: DateTime<Utc>,
    pub(crate) today: Night,
    pub(crate) spaces: Arc<Spaces>,
    /// What became of nights, for the calendar once it is committed.
    pub(crate) cells: Vec<Cell>,
    pub(crate) records: Vec<AuditRecord>,
    /// Whose case it is about, where it is about one.
    pub(crate) case: Option<HouseholdId>,
    /// Why, sealed, for the next record.
    pub(crate) why: Option<(Uuid, Vec<u8>)>,
    pub(crate) spaces_changed: bool,
    pub(crate) action: &'static str,
    pub(crate) origin: Uuid,
}

impl Work {
    /// Writes the audit record of one change.
    pub(crate) fn audit(&mut self, subject: Option<Uuid>, units: &[UnitId], detail: &impl Serialize) {
        self.records.push(AuditRecord {
            at: self.now,
            by: self.actor.named(),
            role: self.actor.named_role(),
            action: self.action,
            subject,
            case: self.case,
            units: units.to_vec(),
            spaces: self.spaces_changed,
            origin: self.origin,
            detail: serde_json::to_string(detail).unwrap_or_default(),
            sealed: self.why.take(),
        });
    }

    /// The records that follow belong to this household's case.
    pub(crate) fn about(&mut self, household: HouseholdId) {
        self.case = Some(household);
    }

    /// What there is has changed.
    pub(crate) fn change_spaces(&mut self) {
        self.spaces_changed = true;
    }

    /// Carries out a change of the night ledger.
    pub(crate) async fn change_ledger(&mut self, change: &LedgerChange) -> Result<(), StoreError> {
        let changed = self.tx.change_ledger(change).await?;
        self.cells.extend(changed);
        Ok(())
    }

    /// Claims the entries that nobody has.
    pub(crate) async fn claim_free(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        let held = self.tx.claim_free(entries).await?;
        self.changed(&held);
        Ok(())
    }

    /// Takes entries from whatever gives way; returns those that could be had.
    pub(crate) async fn displace(&mut self, entries: &[Entry]) -> Result<Vec<Entry>, StoreError> {
        let held = self.tx.displace(entries).await?;
        self.changed(&held);
        Ok(held)
    }

    fn changed(&mut self, held: &[Entry]) {
        self.cells.extend(held.iter().map(|entry| (entry.unit, entry.night, Some(entry.take.night_use))));
    }
}
