//! The audit: who did what, when, to which record and why, in the same transaction as the change.

use safespace_domain::{HouseholdId, access::Actor};
use safespace_store::{AuditRecord, StoreError, Tx};
use uuid::Uuid;

use crate::Engine;

impl Engine {
    /// A record of something that the actor does now.
    pub(crate) fn record_of(
        &self,
        actor: &Actor,
        action: &'static str,
        subject: Option<Uuid>,
    ) -> AuditRecord {
        AuditRecord {
            at: self.clock.now(),
            by: actor.named(),
            role: actor.named_role(),
            action,
            subject,
            case: None,
            units: Vec::new(),
            spaces: false,
            origin: self.origin,
            detail: "{}".to_owned(),
            sealed: None,
        }
    }

    /// Writes records of the audit. The last thing before the commit.
    pub(crate) async fn record(&self, tx: &Tx, records: &[AuditRecord]) -> Result<(), StoreError> {
        tx.record(records, &|bytes| self.vault.audit_code(bytes)).await
    }

    /// Why something was done, sealed for a record of the audit under the data key of a property or household.
    pub(crate) async fn sealed_why(
        &self,
        tx: &Tx,
        owner: Uuid,
        why: &str,
    ) -> Result<Option<(Uuid, Vec<u8>)>, crate::EngineError> {
        Ok(Some((owner, self.seal(tx, owner, WHY, why).await?)))
    }
}

/// The place to which a reason in the audit is bound; its owner is bound by the key.
pub(crate) const WHY: &str = "audit.sealed";

/// A record that belongs to a household's case.
pub(crate) fn of_case(record: AuditRecord, case: HouseholdId) -> AuditRecord {
    AuditRecord { case: Some(case), ..record }
}
