//! Properties.

use safespace_domain::{
    Night, PropertyId, Refusal, RefusalCode, UnitId, codes, properties::Property, units::Unit,
};
use safespace_store::StoreError;

use crate::{
    Engine, Outcome,
    commands::{DescribeProperty, RegisterProperty},
    units::lock_unit,
    work::{Done, Failure, Work},
};

/// A code that another record has.
pub(crate) fn code_in_use(what: &str, code: &str) -> impl FnOnce(StoreError) -> Failure {
    let refusal = Refusal::new(
        RefusalCode::CodeInUse,
        format!("There is a {what} {code} already: choose another code."),
    )
    .on("code");
    move |error| match error {
        StoreError::InUse(_) => refusal.into(),
        other => other.into(),
    }
}

impl Engine {
    pub(crate) async fn register_property(&self, work: &mut Work, ask: RegisterProperty) -> Done<Outcome> {
        work.spaces.must_know_district(&ask.district, "district")?;
        let property = Property {
            id: PropertyId(self.ids.next()),
            code: codes::code(&ask.code, "code")?,
            scheme: ask.scheme,
            district: ask.district,
            locality: ask.locality,
            sharing: ask.sharing,
        };
        must_be_in(work, &property)?;
        work.tx.add_property(&property).await.map_err(code_in_use("property", &property.code))?;
        work.change_spaces();
        work.audit(Some(property.id.0), &[], &property);
        Ok(Outcome::Property(property))
    }

    pub(crate) async fn describe_property(&self, work: &mut Work, ask: DescribeProperty) -> Done<Outcome> {
        let property = work.tx.lock_property(ask.property).await?;
        let mut property = property.ok_or_else(|| Refusal::not_found("property", "property"))?;
        if let Some(code) = ask.code {
            property.code = codes::code(&code, "code")?;
        }
        if let Some(district) = ask.district {
            work.spaces.must_know_district(&district, "district")?;
            property.district = district;
            property.locality = None;
        }
        if ask.locality.is_some() {
            property.locality = ask.locality;
        }
        property.sharing = ask.sharing.unwrap_or(property.sharing);
        must_be_in(work, &property)?;
        work.tx.save_property(&property).await.map_err(code_in_use("property", &property.code))?;
        work.change_spaces();
        work.audit(Some(property.id.0), &[], &property);
        Ok(Outcome::Property(property))
    }

    pub(crate) async fn close_property(&self, work: &mut Work, id: PropertyId, on: Night) -> Done<Outcome> {
        let property = property(work, id)?;
        let open: Vec<Unit> = lock_units_of(work, id)
            .await?
            .into_iter()
            .filter(|unit| unit.closes_on().is_none_or(|closes| on < closes))
            .collect();
        if open.is_empty() {
            return Err(Refusal::new(
                RefusalCode::WrongState,
                format!("{} has no unit that is open on {on}: there is nothing to close.", property.code),
            )
            .on("on")
            .into());
        }
        self.close_units(work, open, on).await?;
        work.audit(Some(id.0), &[], &serde_json::json!({ "on": on }));
        Ok(Outcome::Property(property))
    }

    pub(crate) async fn reopen_property(&self, work: &mut Work, id: PropertyId, on: Night) -> Done<Outcome> {
        let property = property(work, id)?;
        let closed: Vec<Unit> =
            lock_units_of(work, id).await?.into_iter().filter(|unit| unit.closes_on().is_some()).collect();
        if closed.is_empty() {
            return Err(Refusal::new(
                RefusalCode::WrongState,
                format!("{} has no closed unit.", property.code),
            )
            .into());
        }
        for unit in closed {
            self.reopen(work, unit, on).await?;
        }
        work.audit(Some(id.0), &[], &serde_json::json!({ "on": on }));
        Ok(Outcome::Property(property))
    }
}

/// Refused where the property's locality is in another district, or unknown.
fn must_be_in(work: &Work, property: &Property) -> Result<(), Refusal> {
    let Some(name) = &property.locality else { return Ok(()) };
    let district = &property.district;
    match work.spaces.localities.get(name) {
        Some(locality) if locality.district == *district => Ok(()),
        Some(locality) => Err(Refusal::bad(
            "locality",
            format!(
                "{name} is in {}, and the property in {district}: choose a locality there.",
                locality.district
            ),
        )),
        None => Err(Refusal::bad("locality", format!("There is no locality {name:?}: save it first."))),
    }
}

fn property(work: &Work, id: PropertyId) -> Result<Property, Refusal> {
    work.spaces.property(id).cloned().ok_or_else(|| Refusal::not_found("property", "property"))
}

/// The units of a property, in the order of their ids, in which they are always locked.
async fn lock_units_of(work: &Work, property: PropertyId) -> Done<Vec<Unit>> {
    let mut ids: Vec<UnitId> = work
        .spaces
        .units_of(property)
        .iter()
        .filter_map(|no| work.spaces.unit(no))
        .map(|unit| unit.id)
        .collect();
    ids.sort();
    let mut units = Vec::new();
    for id in ids {
        units.push(lock_unit(work, id).await?);
    }
    Ok(units)
}
