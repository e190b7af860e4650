//! Households, by their pseudonymous references.

use safespace_domain::{
    HouseholdId,
    access::{Actor, Permission},
    codes,
    households::Household,
    stays::Stay,
};

use crate::{
    Engine, EngineError,
    work::{Done, Work},
};

impl Engine {
    /// The households with these ids, in no order.
    pub async fn households(
        &self,
        actor: &Actor,
        ids: &[HouseholdId],
    ) -> Result<Vec<Household>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        let mut found = self.store.reader().households(ids).await?;
        found.retain(|household| !self.is_closed_to(actor, household.id));
        let closed = self.closed_references(actor).await?;
        Ok(found
            .into_iter()
            .map(|household| Household { reference: closed.seen(household.reference), ..household })
            .collect())
    }

    /// The stays of a household that came to be or are to come, by arrival.
    pub async fn journey(&self, actor: &Actor, household: HouseholdId) -> Result<Vec<Stay>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        self.must_be_open_to(actor, household, "household")?;
        let mut stays = self.store.reader().stays_of_household(household).await?;
        stays.sort_by_key(|stay| (stay.nights, stay.id));
        Ok(stays)
    }

    /// The household with this reference.
    pub async fn household(&self, actor: &Actor, reference: &str) -> Result<Option<Household>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        if codes::reference(reference, "reference").is_err() {
            // No household has it; and not every sign that a caller can send can be sent to a database.
            return Ok(None);
        }
        let closed = self.closed_references(actor).await?;
        let Some(meant) = closed.meant(reference) else { return Ok(None) };
        let mut found = self.store.reader().households_by_reference(&[meant]).await?;
        let open = found.pop().filter(|household| !self.is_closed_to(actor, household.id));
        Ok(open.map(|household| Household { reference: closed.seen(household.reference), ..household }))
    }

    pub(crate) async fn add_household(&self, work: &Work, reference: String) -> Done<HouseholdId> {
        let household = Household { id: HouseholdId(self.ids.next()), reference, has_details: false };
        let id = household.id;
        work.tx.add_households(&[household]).await?;
        Ok(id)
    }
}
