//! Immediate needs: a household's checklist, which begins when it comes.

use std::collections::BTreeSet;

use safespace_domain::{
    HouseholdId, ImmediateNeedId, Refusal, RefusalCode,
    access::{Actor, Permission},
    immediate_needs::{ImmediateNeed, NeedDecision, NeedState, checklist, due},
    reasons::ReasonKind,
};

use crate::{
    Engine, EngineError, Outcome, SaveImmediateNeed, SettleImmediateNeeds,
    erasure::must_not_be_erased,
    work::{Done, Work},
};

impl Engine {
    /// The immediate needs of these households, what is due first at the top, as far as their cases are open to the actor.
    pub async fn immediate_needs(
        &self,
        actor: &Actor,
        households: &[HouseholdId],
    ) -> Result<Vec<ImmediateNeed>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        let open = self.open_among(actor, households);
        Ok(self.store.reader().immediate_needs(&open).await?)
    }

    /// A household has come: its checklist begins. It is locked. The record of its arrival is the record of this, too: what
    /// is asked follows from the code list, of which every change is on record.
    pub(crate) async fn ask_needs(&self, work: &Work, household: HouseholdId) -> Done<()> {
        let open = work.tx.reader().open_needs(&[household]).await?;
        let id = || ImmediateNeedId(self.ids.next());
        let needs = checklist(&open, household, &work.spaces.reasons, work.now, id);
        Ok(work.tx.save_immediate_needs(&needs).await?)
    }

    pub(crate) async fn save_immediate_need(&self, work: &mut Work, ask: SaveImmediateNeed) -> Done<Outcome> {
        let listed = work.spaces.reason(ReasonKind::ImmediateNeed, &ask.kind, "kind")?.clone();
        let due_at = due(ask.due_at, &listed, work.now)?;
        let household = self.open_household(work, &ask.household).await?;
        let open = work.tx.reader().open_needs(&[household]).await?;
        let need = match open.into_iter().find(|need| need.kind == listed.code) {
            Some(need) => ImmediateNeed { due_at, ..need },
            None => ImmediateNeed {
                id: ImmediateNeedId(self.ids.next()),
                household,
                kind: listed.code,
                asked_at: work.now,
                due_at,
                state: NeedState::Open,
            },
        };
        self.keep_needs(work, household, vec![need]).await
    }

    pub(crate) async fn settle_immediate_needs(
        &self,
        work: &mut Work,
        ask: SettleImmediateNeeds,
    ) -> Done<Outcome> {
        if ask.met.is_empty() && ask.not_needed.is_empty() {
            let message = "Say which needs were met, or are not needed.";
            return Err(Refusal::bad("needs", message).into());
        }
        if !ask.met.is_disjoint(&ask.not_needed) {
            let message = "A need can't be both met and not needed.";
            return Err(Refusal::bad("needs", message).into());
        }
        let household = self.open_household(work, &ask.household).await?;
        let there = work.tx.reader().immediate_needs(&[household]).await?;
        let mut settled = Vec::new();
        for (kinds, decision) in [(&ask.met, NeedDecision::Met), (&ask.not_needed, NeedDecision::NotNeeded)] {
            for kind in kinds {
                settled.push(latest(&there, kind)?.settle(decision, work.now)?);
            }
        }
        self.keep_needs(work, household, settled).await
    }

    pub(crate) async fn reopen_immediate_need(&self, work: &mut Work, id: ImmediateNeedId) -> Done<Outcome> {
        let not_found = || Refusal::not_found("need", "need");
        let household = work.tx.reader().immediate_need(id).await?.ok_or_else(not_found)?.household;
        self.must_be_open_to(&work.actor, household, "need")?;
        work.tx.lock_household_by_id(household).await?;
        must_not_be_erased(&work.tx, household).await?;
        work.about(household);
        let need = work.tx.reader().immediate_need(id).await?.ok_or_else(not_found)?.reopen()?;
        let open = work.tx.reader().open_needs(&[household]).await?;
        if open.iter().any(|other| other.kind == need.kind) {
            let message = format!("{} is open on this household's list already.", need.kind);
            return Err(Refusal::new(RefusalCode::WrongState, message).on("need").into());
        }
        self.keep_needs(work, household, vec![need]).await
    }

    async fn keep_needs(
        &self,
        work: &mut Work,
        household: HouseholdId,
        needs: Vec<ImmediateNeed>,
    ) -> Done<Outcome> {
        work.tx.save_immediate_needs(&needs).await?;
        work.audit(Some(household.0), &[], &needs);
        Ok(Outcome::ImmediateNeeds(needs))
    }
}

/// The need of a kind that is open, or else the one that was asked last.
fn latest(there: &[ImmediateNeed], kind: &str) -> Result<ImmediateNeed, Refusal> {
    let of_kind = there.iter().filter(|need| need.kind == kind);
    let found = of_kind.max_by_key(|need| (need.is_open(), need.asked_at, need.id));
    found.cloned().ok_or_else(|| {
        let known: BTreeSet<&str> =
            there.iter().filter(|need| need.is_open()).map(|need| need.kind.as_str()).collect();
        let known: Vec<&str> = known.into_iter().collect();
        let open = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
        Refusal::bad("needs", format!("There is no such need on this household's list. Open on it: {open}."))
    })
}
