//! Addresses of properties: written down by a manager, and brought out only by an act of revealing.

use safespace_domain::{PropertyId, Refusal, addresses};

use crate::{
    Engine, Outcome,
    commands::SetAddress,
    work::{Done, Work},
};

impl Engine {
    /// Whether a property's address is known.
    pub fn has_address(&self, property: PropertyId) -> bool {
        self.live.is_addressed(property)
    }

    pub(crate) async fn set_address(&self, work: &mut Work, ask: SetAddress) -> Done<Outcome> {
        let address = addresses::address(&ask.address, "address")?;
        let property = work.tx.lock_property(ask.property).await?;
        let property = property.ok_or_else(|| Refusal::not_found("property", "property"))?;
        let context = address_context(property.id);
        let sealed = self.seal(&work.tx, property.id.0, &context, &address).await?;
        work.tx.save_address(property.id, sealed, work.now).await?;
        work.change_spaces();
        work.audit(Some(property.id.0), &[], &serde_json::json!({}));
        Ok(Outcome::Property(property))
    }
}

/// The place to which an address is bound.
pub(crate) fn address_context(property: PropertyId) -> String {
    format!("property_address.sealed.{property}")
}
