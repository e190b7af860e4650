//! Voids: nights on which a unit is out of service.

use safespace_domain::{
    AccountId, Night, Nights, Refusal, TokenId, VoidId,
    access::{Actor, Permission},
    codes,
    ledger::LedgerChange,
    nights::END_OF_NIGHTS,
    units::Unit,
    voids::{Void, kept},
};
use safespace_store::{Page, StoreError, StoredVoid, VoidFilter};
use uuid::Uuid;

use crate::{
    ChangeVoid, Engine, EngineError, Outcome, RecordVoid,
    clashes::Clash,
    units::unit,
    work::{Done, Failure, Work},
};

/// A void with its note, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoidView {
    /// The void.
    pub void: Void,
    /// Its note.
    pub note: Option<String>,
    /// Whether only whoever recorded it may change it.
    pub kept: bool,
}

impl Engine {
    /// The void with this id.
    pub async fn void(&self, actor: &Actor, id: VoidId) -> Result<Option<VoidView>, EngineError> {
        self.must(actor, Permission::SeeSpaces)?;
        match self.store.reader().void(id).await? {
            Some(stored) => Ok(Some(self.view(stored).await?)),
            None => {
                let closed = self.closed_to(actor).await?;
                let instead = self.voids_instead(&closed).await?.into_iter().find(|void| void.id == id);
                Ok(instead.map(|void| VoidView { void, note: None, kept: true }))
            }
        }
    }

    /// A page of the voids that pass the filter, oldest first.
    pub async fn voids(
        &self,
        actor: &Actor,
        filter: &VoidFilter,
        page: Page<VoidId>,
    ) -> Result<Vec<VoidView>, EngineError> {
        self.must(actor, Permission::SeeSpaces)?;
        let mut views = Vec::new();
        for stored in self.store.reader().voids(filter, page).await? {
            views.push(self.view(stored).await?);
        }
        let closed = self.closed_to(actor).await?;
        if !closed.is_empty() {
            let instead = self.voids_instead(&closed).await?;
            let instead = instead.into_iter().filter(|void| filter.has(void));
            let instead = instead.filter(|void| page.after.is_none_or(|after| void.id > after));
            views.extend(instead.map(|void| VoidView { void, note: None, kept: true }));
            views.sort_by_key(|view| view.void.id);
            views.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
        }
        Ok(views)
    }

    async fn view(&self, stored: StoredVoid) -> Result<VoidView, EngineError> {
        let StoredVoid { void, note, kept_by } = stored;
        let property = self.spaces().unit_by_id(void.unit).map(|unit| unit.property);
        let note = match (note, property) {
            (Some(sealed), Some(owner)) => {
                Some(self.open_sealed(owner.0, &note_context(void.id), &sealed).await?)
            }
            _ => None,
        };
        Ok(VoidView { void, note, kept: kept_by.is_some() })
    }

    pub(crate) async fn record_void(&self, work: &mut Work, ask: RecordVoid) -> Done<Outcome> {
        let nights = Nights::from_to(ask.from, ask.to)?;
        work.spaces.must_know_void_reason(&ask.reason)?;
        let unit = unit(work, ask.unit)?;
        unit.must_serve(nights)?;
        let void =
            Void { id: VoidId(self.ids.next()), unit: unit.id, nights, reason: ask.reason, cancelled: false };
        let note = self.sealed_note(work, &unit, &void, ask.note.as_deref()).await?;
        // What the service itself records is everybody's.
        let kept_by = work.actor.named().filter(|_| ask.kept);
        let stored = StoredVoid { void, note, kept_by };
        work.tx.add_void(&stored).await?;
        self.keep_void(work, &unit, stored.void).await
    }

    pub(crate) async fn change_void(&self, work: &mut Work, ask: ChangeVoid) -> Done<Outcome> {
        let before = self.lock_void(work, ask.void).await?;
        let unit = unit(work, before.void.unit)?;
        let old = before.void.nights;
        let nights = Nights::from_to(ask.from.unwrap_or(old.arrival()), ask.to.unwrap_or(old.departure()))?;
        let reason = ask.reason.unwrap_or_else(|| before.void.reason.clone());
        work.spaces.must_know_void_reason(&reason)?;
        let void = before.void.change(nights, reason)?;
        unit.must_serve(nights)?;
        let note = match ask.note {
            Some(note) if note.is_empty() => None,
            Some(note) => self.sealed_note(work, &unit, &void, Some(&note)).await?,
            None => before.note,
        };
        let stored = StoredVoid { void, note, kept_by: before.kept_by };
        work.tx.save_void(&stored).await?;
        self.keep_void(work, &unit, stored.void).await
    }

    pub(crate) async fn cancel_void(&self, work: &mut Work, id: VoidId) -> Done<Outcome> {
        let before = self.lock_void(work, id).await?;
        let unit = unit(work, before.void.unit)?;
        let stored = StoredVoid { void: before.void.cancel()?, ..before };
        work.tx.save_void(&stored).await?;
        self.keep_void(work, &unit, stored.void).await
    }

    async fn lock_void(&self, work: &Work, id: VoidId) -> Done<StoredVoid> {
        let Some(stored) = work.tx.lock_void(id).await? else {
            // What looks like a void to the actor is answered as one that somebody keeps.
            let instead = self.voids_instead(&self.closed_to(&work.actor).await?).await?;
            let looks_like_one = instead.iter().any(|void| void.id == id);
            return Err(if looks_like_one { kept() } else { Refusal::not_found("void", "void") }.into());
        };
        if let Some(keeper) = stored.kept_by.filter(|keeper| *keeper != work.actor.who.id())
            && self.is_still_there(work, keeper).await?
        {
            return Err(kept().into());
        }
        Ok(stored)
    }

    /// Whether an account or token can still be used: what is kept by one that can't is everybody's again.
    async fn is_still_there(&self, work: &Work, id: Uuid) -> Done<bool> {
        let read = work.tx.reader();
        if let Some(stored) = read.account(AccountId(id)).await? {
            return Ok(stored.account.disabled_at.is_none());
        }
        let token = read.token_by_id(TokenId(id)).await?;
        Ok(token.is_some_and(|token| {
            token.revoked_at.is_none() && token.expires_at.is_none_or(|expires_at| work.now < expires_at)
        }))
    }

    async fn sealed_note(
        &self,
        work: &Work,
        unit: &Unit,
        void: &Void,
        note: Option<&str>,
    ) -> Done<Option<Vec<u8>>> {
        let Some(note) = note else { return Ok(None) };
        let note = codes::note(note, "note")?;
        Ok(Some(self.seal(&work.tx, unit.property.0, &note_context(void.id), &note).await?))
    }

    async fn keep_void(&self, work: &mut Work, unit: &Unit, void: Void) -> Done<Outcome> {
        let held = work.tx.reader().entries_by(unit.id, void.id.0).await?;
        let change = LedgerChange::from_to(&held, &void.entries());
        match work.change_ledger(&change).await {
            Ok(()) => {}
            Err(StoreError::NightTaken) => {
                return Err(Failure::Clash(Clash {
                    unit: unit.clone(),
                    nights: void.nights,
                    by: void.id.0,
                    household: None,
                    whose: None,
                    instead: None,
                }));
            }
            Err(other) => return Err(other.into()),
        }
        self.give_back(work, unit, &change.release, None).await?;
        if !void.cancelled {
            self.must_still_serve(work, unit, void.nights).await?;
        }
        work.audit(Some(void.id.0), &[unit.id], &void);
        Ok(Outcome::Void(void))
    }

    /// Gives voids of a unit back the nights from `from` on that an overstay had taken from them; those that have
    /// passed, too, for nobody slept there.
    pub(crate) async fn give_back_to_voids(&self, work: &mut Work, unit: &Unit, from: Night) -> Done<()> {
        let nights = Nights::between(from, END_OF_NIGHTS);
        let filter = VoidFilter { unit: Some(unit.id), nights: Some(nights), cancelled_too: false };
        for stored in work.tx.reader().voids(&filter, Page { after: None, limit: 1_000 }).await? {
            // Locked and read again: it may have been taken back a moment ago.
            let Some(stored) = work.tx.lock_void(stored.void.id).await? else { continue };
            let held = work.tx.reader().entries_by(unit.id, stored.void.id.0).await?;
            let lost = LedgerChange::from_to(&held, &stored.void.entries()).claim;
            work.claim_free(&lost).await?;
        }
        Ok(())
    }
}

/// The place to which a void's note is bound.
pub(crate) fn note_context(id: VoidId) -> String {
    format!("void.note.{id}")
}
