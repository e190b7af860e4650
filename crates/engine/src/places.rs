//! Places that hold stock: the store at the office, and a cupboard in each property.

use safespace_domain::{
    PlaceId, PropertyId, Refusal, RefusalCode,
    access::{Actor, Permission},
    codes,
    places::{Place, PlaceKind},
};
use safespace_store::StoreError;
use serde::{Deserialize, Serialize};

use crate::{
    Engine, EngineError, Outcome,
    work::{Done, Work},
};

/// See [`crate::Command::AddPlace`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddPlace {
    /// The code that people see. Never an address.
    pub code: String,
    /// Its name. Never an address.
    pub name: String,
    /// The property whose cupboard it is; none for a store at the office.
    pub property: Option<PropertyId>,
}

impl Engine {
    /// The places that hold stock, by code: also those that are closed.
    pub async fn places(&self, actor: &Actor) -> Result<Vec<Place>, EngineError> {
        self.must(actor, Permission::SeeSpaces)?;
        Ok(self.store.reader().places().await?)
    }

    pub(crate) async fn add_place(&self, work: &mut Work, ask: AddPlace) -> Done<Outcome> {
        let kind = match ask.property {
            None => PlaceKind::Office,
            Some(property) if work.spaces.property(property).is_some() => PlaceKind::Cupboard { property },
            Some(_) => return Err(Refusal::not_found("property", "property").into()),
        };
        let id = PlaceId(self.ids.next());
        let place = Place { id, code: ask.code, name: ask.name, kind, closed: false }.checked()?;
        work.tx.add_place(&place).await.map_err(|error| match error {
            StoreError::InUse("place_code") => {
                EngineError::from(Refusal::bad("code", format!("There is a place {} already.", place.code)))
            }
            StoreError::InUse("place_property") => EngineError::from(Refusal::bad(
                "property",
                "This property has a cupboard already: use that one, open it again if it is closed.",
            )),
            error => error.into(),
        })?;
        work.audit(Some(place.id.0), &[], &place);
        Ok(Outcome::Place(place))
    }

    pub(crate) async fn close_place(&self, work: &mut Work, code: &str) -> Done<Outcome> {
        let place = self.lock_place(work, code).await?;
        let holds = work.tx.reader().units_in(place.id).await?;
        self.keep_place(work, place.close(holds)?).await
    }

    pub(crate) async fn reopen_place(&self, work: &mut Work, code: &str) -> Done<Outcome> {
        let place = self.lock_place(work, code).await?;
        self.keep_place(work, place.reopen()?).await
    }

    async fn keep_place(&self, work: &mut Work, place: Place) -> Done<Outcome> {
        work.tx.save_place(&place).await?;
        work.audit(Some(place.id.0), &[], &place);
        Ok(Outcome::Place(place))
    }

    async fn lock_place(&self, work: &Work, code: &str) -> Done<Place> {
        Ok(work.tx.lock_place(code).await?.ok_or_else(|| no_place(code, "place"))?)
    }

    /// The place with this code; it is not closed meanwhile.
    pub(crate) async fn use_place(&self, work: &Work, code: &str, field: &str) -> Done<Place> {
        Ok(work.tx.use_place(code).await?.ok_or_else(|| no_place(code, field))?)
    }
}

fn no_place(code: &str, field: &str) -> Refusal {
    let message = match codes::code(code, field) {
        Ok(code) => format!("There is no place {code} that holds stock."),
        Err(_) => "Give the code of a place that holds stock.".to_owned(),
    };
    Refusal::new(RefusalCode::NotFound, message).on(field)
}
