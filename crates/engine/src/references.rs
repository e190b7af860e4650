//! Households' references as somebody gives and sees them. To whom a case is closed its reference is one that nobody has.

use safespace_domain::{HouseholdId, Refusal, access::Actor, codes, restrictions::ClosedReferences};

use crate::{
    Engine, Fault,
    work::{Done, Work},
};

impl Engine {
    /// The references of the cases that are closed to the actor. Free for whom nothing is.
    pub(crate) async fn closed_references(&self, actor: &Actor) -> Result<ClosedReferences, Fault> {
        let Some(households) = self.live.closed_households(actor.who.id()) else {
            return Ok(ClosedReferences::default());
        };
        let ids: Vec<HouseholdId> = households.iter().copied().collect();
        let found = self.store.reader().households(&ids).await?;
        Ok(ClosedReferences::new(found.into_iter().map(|household| household.reference)))
    }

    /// The household that the actor calls so, locked, if there is one that they may know of.
    pub(crate) async fn lock_called(&self, work: &Work, reference: &str) -> Done<Option<HouseholdId>> {
        let Some(meant) = self.closed_references(&work.actor).await?.meant(reference) else {
            return Ok(None);
        };
        let found = work.tx.lock_household(&meant).await?.map(|household| household.id);
        Ok(found.filter(|household| !self.is_closed_to(&work.actor, *household)))
    }

    /// Adds a household that the actor calls so. The reference must be one that people may give.
    pub(crate) async fn add_called(&self, work: &Work, reference: &str) -> Done<HouseholdId> {
        let reference = codes::code(reference, "household")?;
        let meant = self.closed_references(&work.actor).await?.meant(&reference);
        let meant = meant.ok_or_else(|| Refusal::not_found("household", "household"))?;
        self.add_household(work, meant).await
    }
}
