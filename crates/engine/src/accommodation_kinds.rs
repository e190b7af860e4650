//! Kinds of accommodation: the code list, and which kind schemes and properties are.

use safespace_domain::{
    PropertyId, Refusal,
    accommodation_kinds::{AccommodationKind, PropertyKind, SchemeKind},
    codes,
};

use crate::{
    Engine, Outcome,
    work::{Done, Work},
};

impl Engine {
    pub(crate) async fn save_accommodation_kind(
        &self,
        work: &mut Work,
        ask: AccommodationKind,
    ) -> Done<Outcome> {
        let (code, label) = (codes::code(&ask.code, "code")?, codes::name(&ask.label, "label")?);
        let saved = AccommodationKind { code, label };
        work.tx.save_accommodation_kind(&saved).await?;
        work.change_spaces();
        work.audit(None, &[], &saved);
        Ok(Outcome::AccommodationKind(saved))
    }

    pub(crate) async fn set_scheme_kind(&self, work: &mut Work, ask: SchemeKind) -> Done<Outcome> {
        let kind = work.spaces.accommodation_kind(&ask.kind, "kind")?.clone();
        work.tx.save_scheme_kind(&ask).await?;
        work.change_spaces();
        work.audit(None, &[], &ask);
        Ok(Outcome::AccommodationKind(kind))
    }

    pub(crate) async fn set_property_kind(
        &self,
        work: &mut Work,
        id: PropertyId,
        kind: Option<String>,
    ) -> Done<Outcome> {
        let property = work.tx.lock_property(id).await?;
        let property = property.ok_or_else(|| Refusal::not_found("property", "property"))?;
        match &kind {
            Some(kind) => {
                work.spaces.accommodation_kind(kind, "kind")?;
                work.tx.save_property_kind(&PropertyKind { property: id, kind: kind.clone() }).await?;
            }
            None => work.tx.forget_property_kind(id).await?,
        }
        work.change_spaces();
        work.audit(Some(id.0), &[], &serde_json::json!({ "kind": kind }));
        Ok(Outcome::Property(property))
    }
}
