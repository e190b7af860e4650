//! Households' personal details: optional, sealed, and brought out only by an act of revealing.

use std::sync::Arc;

use safespace_domain::{
    HouseholdId, Refusal, RefusalCode,
    access::{Actor, Permission},
    details::{DetailKind, Details, contact_key},
    households::Household,
};
use safespace_store::{AuditRecord, StoredDetail};

use crate::{
    Engine, EngineError, Fault, Outcome,
    commands::SetHouseholdDetails,
    keys::Purpose,
    work::{Done, Work},
};

/// The most households that one contact is looked for in.
const MOST_FOUND: u64 = 20;

impl Engine {
    pub(crate) async fn set_household_details(
        &self,
        work: &mut Work,
        ask: SetHouseholdDetails,
    ) -> Done<Outcome> {
        let details = Details { name: ask.name, contact: ask.contact, note: ask.note }.checked()?;
        let household = self.open_household(work, &ask.household).await?;
        let kinds = self.keep_details(work, household, &details).await?;
        work.audit(Some(household.0), &[], &serde_json::json!({ "kinds": kinds }));
        let found = work.tx.reader().households(&[household]).await?;
        let found = found.into_iter().next().ok_or(Fault::Broken("a household that was locked is gone"))?;
        let closed = self.closed_references(&work.actor).await?;
        Ok(Outcome::Household(Household { reference: closed.seen(found.reference), ..found }))
    }

    /// Seals a household's details and keeps them instead of all that were there. Returns which there are.
    pub(crate) async fn keep_details(
        &self,
        work: &Work,
        household: HouseholdId,
        details: &Details,
    ) -> Done<Vec<&'static str>> {
        let mut stored = Vec::new();
        for kind in DetailKind::ALL {
            let Some(text) = details.get(kind) else { continue };
            let context = detail_context(household, kind);
            let sealed = self.seal(&work.tx, household.0, &context, text).await?;
            let blind = match kind {
                DetailKind::Contact => Some(self.blind(text)?),
                DetailKind::Name | DetailKind::Note => None,
            };
            stored.push(StoredDetail { kind, sealed, blind });
        }
        work.tx.save_details(household, &stored, work.now).await?;
        Ok(stored.iter().map(|detail| detail.kind.as_str()).collect())
    }

    /// The code by which a contact is found again, and from which nobody can tell it.
    pub(crate) fn blind(&self, contact: &str) -> Result<Vec<u8>, Fault> {
        let text = format!("household_detail.contact {}", contact_key(contact));
        Ok(self.vault.code(Purpose::Blind, text.as_bytes())?.to_vec())
    }

    /// The households that can be reached by a contact, exactly: how one that comes back is known again without its name.
    /// The look is recorded; what was looked for is not.
    pub async fn households_by_contact(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        contact: &str,
    ) -> Result<Vec<Household>, EngineError> {
        self.must(actor, Permission::KeepHouseholdDetails)?;
        if contact_key(contact).len() < 6 {
            return Err(Refusal::new(
                RefusalCode::BadValue,
                "Give the whole telephone number or e-mail address: only an exact match is found.",
            )
            .on("contact")
            .into());
        }
        let ids = self.store.reader().households_by_blind(&self.blind(contact)?, MOST_FOUND).await?;
        let found = self.households(actor, &ids).await?;
        let tx = self.store.begin().await?;
        // As many as the actor may know of: whoever searches the audit must not count closed cases by it.
        let detail = serde_json::json!({ "found": found.len() }).to_string();
        let record = self.record_of(actor, "look_for_contact", None);
        self.record(&tx, &[AuditRecord { detail, ..record }]).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// A household's details, opened. For acts that are recorded.
    pub(crate) async fn open_details(&self, household: HouseholdId) -> Result<Option<Details>, EngineError> {
        let stored = self.store.reader().details(household).await?;
        if stored.is_empty() {
            return Ok(None);
        }
        let mut details = Details::default();
        for detail in stored {
            let context = detail_context(household, detail.kind);
            let Some(text) = self.open_unless_erased(household.0, &context, &detail.sealed).await? else {
                return Ok(None);
            };
            details.set(detail.kind, text);
        }
        Ok(Some(details))
    }
}

/// The place to which one of a household's details is bound.
fn detail_context(household: HouseholdId, kind: DetailKind) -> String {
    format!("household_detail.{}.{household}", kind.as_str())
}
