//! Revealing: an address, a household's details or what a council wrote with a referral, one at a time, to a person with
//! a reason and a fresh second factor.
//!
//! The record and the notice to managers are on the disk before the plaintext is opened.

use std::sync::Arc;

use chrono::TimeDelta;
use safespace_domain::{
    HouseholdId, NoticeId, PropertyId, ReferralId, Refusal, RefusalCode,
    access::{Actor, Permission, Who},
    codes,
    details::Details,
    reveals::must_be_within_quota,
};
use safespace_store::{AuditRecord, Notice, Page};
use uuid::Uuid;

use crate::{Engine, EngineError, Fault, addresses::address_context, erasure::must_not_be_erased};

/// What is revealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confidential {
    Address(PropertyId),
    Details(HouseholdId),
    Referral(ReferralId),
}

impl Confidential {
    const fn owner(self) -> Uuid {
        match self {
            Self::Address(property) => property.0,
            Self::Details(household) => household.0,
            Self::Referral(referral) => referral.0,
        }
    }

    const fn action(self) -> &'static str {
        match self {
            Self::Address(_) => "reveal_address",
            Self::Details(_) => "reveal_household_details",
            Self::Referral(_) => "reveal_referral_details",
        }
    }
}

impl Engine {
    /// Reveals the address of a property. It goes on to its end even when the caller hangs up: what was recorded was
    /// revealed, and nothing else was.
    pub async fn reveal_address(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        property: PropertyId,
        reason: &str,
    ) -> Result<String, EngineError> {
        self.must(actor, Permission::Reveal)?;
        let Some(sealed) = self.store.reader().address(property).await? else {
            return Err(Refusal::not_found("property with an address", "property").into());
        };
        self.record_reveal(actor, Confidential::Address(property), reason).await?;
        self.open_sealed(property.0, &address_context(property), &sealed).await
    }

    /// Reveals the personal details of a household.
    pub async fn reveal_household_details(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        household: HouseholdId,
        reason: &str,
    ) -> Result<Details, EngineError> {
        self.must(actor, Permission::Reveal)?;
        self.must_be_open_to(actor, household, "household")?;
        if self.store.reader().details(household).await?.is_empty() {
            return Err(Refusal::not_found("household with details", "household").into());
        }
        self.record_reveal(actor, Confidential::Details(household), reason).await?;
        let details = self.open_details(household).await?;
        Ok(details.ok_or_else(|| Refusal::not_found("household with details", "household"))?)
    }

    /// Counts it, records it, tells the managers: in one transaction, in a task of its own.
    pub(crate) async fn record_reveal(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        what: Confidential,
        reason: &str,
    ) -> Result<(), EngineError> {
        let reason = codes::note(reason, "reason")?;
        actor.must_have_fresh_second_factor(self.clock.now())?;
        let (engine, actor) = (Arc::clone(self), Arc::clone(actor));
        let task = tokio::spawn(async move { engine.write_reveal(&actor, what, &reason).await });
        task.await.unwrap_or(Err(EngineError::Fault(Fault::Broken("a reveal panicked"))))
    }

    async fn write_reveal(&self, actor: &Actor, what: Confidential, reason: &str) -> Result<(), EngineError> {
        let Who::Person { account, .. } = actor.who else {
            return Err(Fault::Broken("only people may have something revealed").into());
        };
        let now = self.clock.now();
        let tx = self.store.begin().await?;
        // Two at the same moment are counted one after the other.
        tx.lock_account(account).await?;
        let case = match what {
            Confidential::Address(_) => None,
            Confidential::Details(household) => {
                tx.lock_household_by_id(household).await?;
                must_not_be_erased(&tx, household).await?;
                Some(household)
            }
            Confidential::Referral(referral) => self.lock_to_reveal(&tx, actor, referral).await?,
        };
        let earlier = tx.reader().reveals_by(account.0, now - TimeDelta::days(1)).await?;
        must_be_within_quota(&earlier, now)?;
        tx.add_reveal(self.ids.next(), account.0, now).await?;
        let notice = Notice {
            id: NoticeId(self.ids.next()),
            at: now,
            kind: what.action().to_owned(),
            subject: what.owner(),
            by: Some(account.0),
            seen_at: None,
        };
        tx.add_notice(&notice).await?;
        let record = AuditRecord {
            case,
            sealed: self.sealed_why(&tx, what.owner(), reason).await?,
            ..self.record_of(actor, what.action(), Some(what.owner()))
        };
        self.record(&tx, &[record]).await?;
        Ok(tx.commit().await?)
    }

    /// A page of the notices to managers, oldest first.
    pub async fn notices(
        &self,
        actor: &Actor,
        unseen_only: bool,
        page: Page<NoticeId>,
    ) -> Result<Vec<Notice>, EngineError> {
        self.must(actor, Permission::SearchAudit)?;
        let hidden: Vec<Uuid> = self.subjects_closed_to(actor).await?.into_iter().collect();
        Ok(self.store.reader().notices(unseen_only, &hidden, page).await?)
    }

    /// A manager has seen a notice.
    pub async fn mark_notice_seen(&self, actor: &Actor, id: NoticeId) -> Result<Notice, EngineError> {
        self.must(actor, Permission::SearchAudit)?;
        let not_found = || Refusal::not_found("notice", "notice");
        let notice = self.store.reader().notice(id).await?.ok_or_else(not_found)?;
        if self.subjects_closed_to(actor).await?.contains(&notice.subject) {
            return Err(not_found().into());
        }
        let now = self.clock.now();
        let tx = self.store.begin().await?;
        if !tx.see_notice(id, actor.who.id(), now).await? {
            return Err(Refusal::new(
                RefusalCode::WrongState,
                "This notice was seen already: there is nothing to do.",
            )
            .on("notice")
            .into());
        }
        self.record(&tx, &[self.record_of(actor, "mark_notice_seen", Some(id.0))]).await?;
        tx.commit().await?;
        Ok(Notice { seen_at: Some(now), ..notice })
    }
}
