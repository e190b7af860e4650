//! Retention: what has been kept for long enough goes, batch by batch.

use std::sync::Arc;

use safespace_domain::{
    access::{Actor, Permission},
    retention::{RetentionKind, RetentionPolicy},
};
use safespace_store::AuditRecord;

use crate::{
    Engine, EngineError, Outcome,
    work::{Done, Work},
};

/// So many records go in one transaction: a bound on how long others wait.
const BATCH: u64 = 500;

/// What a run of retention is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetentionRun {
    /// To say what is due. Changes nothing.
    Count,
    /// To take it away.
    TakeAway,
}

/// What a run found, or took away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetentionCount {
    /// The policy by which it was due.
    pub policy: RetentionPolicy,
    /// How many records.
    pub records: u64,
}

impl Engine {
    /// How long records of each kind are kept.
    pub async fn retention_policies(&self, actor: &Actor) -> Result<Vec<RetentionPolicy>, EngineError> {
        self.must(actor, Permission::KeepRecords)?;
        let set = self.store.reader().retention_policies().await?;
        let policy = |kind| {
            let set = set.iter().find(|policy| policy.kind == kind).copied();
            set.unwrap_or(RetentionPolicy::default_for(kind))
        };
        Ok(RetentionKind::ALL.into_iter().map(policy).collect())
    }

    pub(crate) async fn set_retention_policy(
        &self,
        work: &mut Work,
        policy: RetentionPolicy,
    ) -> Done<Outcome> {
        policy.check()?;
        work.tx.save_retention_policy(policy).await?;
        work.audit(None, &[], &policy);
        Ok(Outcome::RetentionPolicy(policy))
    }

    /// Takes away what has been kept for long enough, or says what that is. Each batch is a transaction of its own, with
    /// its record in the audit: a run that was broken off is gone on with by the next one.
    pub async fn retention_run(
        &self,
        actor: &Arc<Actor>,
        run: RetentionRun,
    ) -> Result<Vec<RetentionCount>, EngineError> {
        let mut counts = Vec::new();
        for policy in self.retention_policies(actor).await? {
            let records = match (run, policy.kind) {
                (RetentionRun::Count, kind) => {
                    self.store.reader().due(kind, policy.due_if_ended_by(self.today())).await?
                }
                (RetentionRun::TakeAway, RetentionKind::HouseholdCase) => {
                    self.erase_all_due(actor, policy).await?
                }
                (RetentionRun::TakeAway, _) => self.take_away(actor, policy).await?,
            };
            counts.push(RetentionCount { policy, records });
        }
        Ok(counts)
    }

    async fn erase_all_due(&self, actor: &Actor, policy: RetentionPolicy) -> Result<u64, EngineError> {
        let ended_by = policy.due_if_ended_by(self.today());
        let (mut count, mut after) = (0, None);
        loop {
            let due = self.store.reader().due_cases(ended_by, after, BATCH).await?;
            let Some(last) = due.last() else { return Ok(count) };
            after = Some(*last);
            for household in due {
                if self.is_closed_to(actor, household) {
                    continue;
                }
                count += u64::from(self.erase_due(actor, household, ended_by).await?.is_some());
            }
        }
    }

    async fn take_away(&self, actor: &Actor, policy: RetentionPolicy) -> Result<u64, EngineError> {
        let ended_by = policy.due_if_ended_by(self.today());
        let mut count = 0;
        loop {
            let tx = self.store.begin().await?;
            let gone = tx.take_away(policy.kind, ended_by, BATCH).await?;
            if gone > 0 {
                let detail = serde_json::json!({ "policy": policy, "records": gone }).to_string();
                let record = self.record_of(actor, "take_away", None);
                self.record(&tx, &[AuditRecord { detail, ..record }]).await?;
            }
            tx.commit().await?;
            count += gone;
            if gone < BATCH {
                return Ok(count);
            }
        }
    }
}
