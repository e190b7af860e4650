//! Erasing a household: its data key is destroyed and its reference replaced. Its nights stay, and are nobody's, so that
//! past occupancy stays right.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use safespace_domain::{
    HouseholdId, Night, Refusal, RefusalCode,
    access::{Actor, Permission},
    codes,
    holds::HoldStatus,
    households::Household,
    stays::StayStatus,
};
use safespace_store::{AuditRecord, StoreError, Tx};

use crate::{
    Engine, EngineError, Fault,
    audit::of_case,
    keys::{Purpose, SERVICE, to_hex},
};

/// Before every anonymous reference. With the space no reference that somebody types can be one.
const ERASED: &str = "erased ";

/// A household that was erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erased {
    /// Its id, which names nobody.
    pub household: HouseholdId,
    /// What it is called from now on.
    pub reference: String,
    /// When it was erased.
    pub at: DateTime<Utc>,
}

impl Engine {
    /// Erases a household. It goes on to its end even when the caller hangs up. The reason is kept, and outlasts the
    /// erasure: it should name nobody. Backups keep what they have until they expire.
    pub async fn erase_household(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        reference: &str,
        reason: &str,
    ) -> Result<Erased, EngineError> {
        self.must_freshly(actor, Permission::KeepRecords)?;
        let (reference, reason) = (reference.trim().to_owned(), codes::note(reason, "reason")?);
        let (engine, actor) = (Arc::clone(self), Arc::clone(actor));
        let task = tokio::spawn(async move {
            let first = engine.erase_to_the_end(&actor, &reference, &reason).await;
            match first {
                // A command on one of its stays locked it the other way round, and went first.
                Err(EngineError::Fault(Fault::Store(StoreError::Deadlock))) => {
                    engine.erase_to_the_end(&actor, &reference, &reason).await
                }
                done => done,
            }
        });
        task.await.unwrap_or(Err(EngineError::Fault(Fault::Broken("an erasure panicked"))))
    }

    async fn erase_to_the_end(
        &self,
        actor: &Actor,
        reference: &str,
        reason: &str,
    ) -> Result<Erased, EngineError> {
        let anonymous = reference.strip_prefix(ERASED).unwrap_or(reference);
        codes::reference(anonymous, "household")?;
        let not_found = || Refusal::not_found("household", "household");
        let meant = self.closed_references(actor).await?.meant(reference).ok_or_else(not_found)?;
        let tx = self.store.begin().await?;
        let found = tx.lock_household(&meant).await?.ok_or_else(not_found)?;
        self.must_be_open_to(actor, found.id, "household")?;
        must_not_be_erased(&tx, found.id).await?;
        let stays = tx.reader().stays_of_household(found.id).await?;
        if stays.iter().any(|stay| matches!(stay.status(), StayStatus::Booked | StayStatus::InResidence)) {
            return Err(Refusal::new(
                RefusalCode::StandsInTheWay,
                "A household with a stay that is booked or in residence can't be erased: check it out or cancel the \
                 booking first.",
            )
            .on("household")
            .into());
        }
        let held = tx.reader().active_hold_of(found.id).await?;
        if held.is_some_and(|hold| hold.status(self.clock.now()) == HoldStatus::Active) {
            let message = "A unit is held for this household: release the hold first.";
            return Err(Refusal::new(RefusalCode::StandsInTheWay, message).on("household").into());
        }
        let sealed = self.sealed_why(&tx, SERVICE, reason).await?;
        let record = AuditRecord { sealed, ..self.record_of(actor, "erase_household", Some(found.id.0)) };
        self.erase(tx, found.id, record).await
    }

    /// Erases a household whose time has come, unless somebody has placed it again meanwhile.
    pub(crate) async fn erase_due(
        &self,
        actor: &Actor,
        household: HouseholdId,
        ended_by: Night,
    ) -> Result<Option<Erased>, EngineError> {
        let tx = self.store.begin().await?;
        tx.lock_household_by_id(household).await?;
        if !tx.reader().is_due_case(household, ended_by).await? {
            return Ok(None);
        }
        let detail = serde_json::json!({ "retention": true }).to_string();
        let record = self.record_of(actor, "erase_household", Some(household.0));
        self.erase(tx, household, AuditRecord { detail, ..record }).await.map(Some)
    }

    async fn erase(
        &self,
        tx: Tx,
        household: HouseholdId,
        record: AuditRecord,
    ) -> Result<Erased, EngineError> {
        let code = self.vault.code(Purpose::Reference, household.0.as_bytes())?;
        let reference = format!("{ERASED}{}", to_hex(&code).get(..16).unwrap_or_default().to_uppercase());
        let at = self.clock.now();
        let named = tx.reader().households(&[household]).await?.pop();
        tx.erase_household(household, &reference, at).await?;
        let mut records = vec![of_case(record, household)];
        if let Some(heir) = self.heir_of(&tx, named).await? {
            let taken = self.record_of(&self.local(), "take_reference", Some(heir.0));
            records.push(of_case(taken, heir));
        }
        self.record(&tx, &records).await?;
        tx.commit().await?;
        Ok(Erased { household, reference, at })
    }

    /// The household that gets the reference of one that was erased: the one that somebody to whom that case was closed
    /// knew by it all the time. To them it must not change its name.
    async fn heir_of(&self, tx: &Tx, erased: Option<Household>) -> Result<Option<HouseholdId>, EngineError> {
        let Some(Household { reference, .. }) = erased else { return Ok(None) };
        for number in codes::NUMBERS {
            if let Some(heir) = tx.lock_household(&format!("{reference}~{number}")).await? {
                tx.rename_household(heir.id, &reference).await?;
                return Ok(Some(heir.id));
            }
        }
        Ok(None)
    }
}

/// Refused where the household was erased: nothing new is sealed for it, and its key comes not to life again.
pub(crate) async fn must_not_be_erased(tx: &Tx, household: HouseholdId) -> Result<(), EngineError> {
    match tx.reader().erased_at(household).await? {
        None => Ok(()),
        Some(at) => Err(Refusal::new(
            RefusalCode::WrongState,
            format!("This household was erased on {}: there is nothing left of it.", at.format("%-d %B %Y")),
        )
        .on("household")
        .into()),
    }
}
