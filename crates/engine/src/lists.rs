//! Looking records up, one or a page of them.

use chrono::{DateTime, Utc};
use safespace_domain::{
    HouseholdId, StayId, VoidId,
    access::{Actor, Permission},
    households::Household,
    stays::Stay,
    voids::Void,
};
use safespace_store::{Page, StayFilter, StoredVoid, VoidFilter};
use uuid::Uuid;

use crate::{Engine, EngineError, stays::exception_context, voids::note_context};

/// A void with its note, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoidView {
    /// The void.
    pub void: Void,
    /// Its note.
    pub note: Option<String>,
}

/// A manager's exception with its reason, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionView {
    /// Its id.
    pub id: Uuid,
    /// How many unbroken nights it allowed.
    pub nights: u32,
    /// When it was granted.
    pub granted_at: DateTime<Utc>,
    /// Why.
    pub reason: String,
}

impl Engine {
    /// The stay with this id.
    pub async fn stay(&self, actor: &Actor, id: StayId) -> Result<Option<Stay>, EngineError> {
        actor.must(Permission::SeeStays)?;
        Ok(self.store.reader().stay(id).await?)
    }

    /// A page of the stays that pass the filter, oldest booking first.
    pub async fn stays(
        &self,
        actor: &Actor,
        filter: &StayFilter,
        page: Page<StayId>,
    ) -> Result<Vec<Stay>, EngineError> {
        actor.must(Permission::SeeStays)?;
        Ok(self.store.reader().stays(filter, page).await?)
    }

    /// The exceptions granted for a stay, oldest first.
    pub async fn exceptions(&self, actor: &Actor, stay: &Stay) -> Result<Vec<ExceptionView>, EngineError> {
        actor.must(Permission::SeeStays)?;
        let mut views = Vec::new();
        for stored in self.store.reader().exceptions_of(stay.id).await? {
            views.push(ExceptionView {
                id: stored.id,
                nights: stored.nights,
                granted_at: stored.granted_at,
                reason: self
                    .open_sealed(stay.household.0, &exception_context(stored.id), &stored.reason)
                    .await?,
            });
        }
        Ok(views)
    }

    /// The households with these ids, in no order.
    pub async fn households(
        &self,
        actor: &Actor,
        ids: &[HouseholdId],
    ) -> Result<Vec<Household>, EngineError> {
        actor.must(Permission::SeeStays)?;
        Ok(self.store.reader().households(ids).await?)
    }

    /// The household with this reference.
    pub async fn household(&self, actor: &Actor, reference: &str) -> Result<Option<Household>, EngineError> {
        actor.must(Permission::SeeStays)?;
        let mut found = self.store.reader().households_by_reference(&[reference.to_owned()]).await?;
        Ok(found.pop())
    }

    /// The void with this id.
    pub async fn void(&self, actor: &Actor, id: VoidId) -> Result<Option<VoidView>, EngineError> {
        actor.must(Permission::SeeSpaces)?;
        match self.store.reader().void(id).await? {
            Some(stored) => Ok(Some(self.view(stored).await?)),
            None => Ok(None),
        }
    }

    /// A page of the voids that pass the filter, oldest first.
    pub async fn voids(
        &self,
        actor: &Actor,
        filter: &VoidFilter,
        page: Page<VoidId>,
    ) -> Result<Vec<VoidView>, EngineError> {
        actor.must(Permission::SeeSpaces)?;
        let mut views = Vec::new();
        for stored in self.store.reader().voids(filter, page).await? {
            views.push(self.view(stored).await?);
        }
        Ok(views)
    }

    async fn view(&self, stored: StoredVoid) -> Result<VoidView, EngineError> {
        let StoredVoid { void, note } = stored;
        let property = self.spaces().unit_by_id(void.unit).map(|unit| unit.property);
        let note = match (note, property) {
            (Some(sealed), Some(owner)) => {
                Some(self.open_sealed(owner.0, &note_context(void.id), &sealed).await?)
            }
            _ => None,
        };
        Ok(VoidView { void, note })
    }
}
