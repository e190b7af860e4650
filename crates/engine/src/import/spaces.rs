//! `spaces.csv`: properties and units.

use std::{collections::BTreeMap, sync::Arc};

use safespace_domain::{
    Night, Nights, PropertyId, UnitId,
    availability::Spaces,
    codes,
    districts::{District, DistrictKind},
    nights::{LAST_YEAR, next},
    properties::Property,
    units::{InService, Unit},
};
use safespace_store::AuditRecord;

use super::{
    Import, Mode,
    rows::{Row, Space},
};
use crate::EngineError;

/// What the file adds.
#[derive(Default)]
struct Additions {
    districts: BTreeMap<String, District>,
    /// Properties and units under [`codes::key`].
    properties: BTreeMap<String, Property>,
    units: BTreeMap<String, Unit>,
    /// The keys of the units, in the order of their rows.
    order: Vec<String>,
}

impl Import<'_> {
    pub(super) async fn spaces(&mut self, rows: Vec<Row<Space>>) -> Result<(), EngineError> {
        let mut new = Additions::default();
        for Row { line, cells, says } in rows {
            match says.and_then(|space| self.plan_space(&space, &mut new)) {
                Ok(Planned::New) => self.report.imported += 1,
                Ok(Planned::There) => self.report.unchanged += 1,
                Err(why) => self.refuse("spaces", line, cells, why),
            }
        }
        if new.units.is_empty() {
            return Ok(());
        }
        self.report.new_districts = new.districts.keys().cloned().collect();
        if self.mode == Mode::Write {
            self.write_spaces(&new).await?;
        }
        self.know(new);
        Ok(())
    }

    fn plan_space(&self, space: &Space, new: &mut Additions) -> Result<Planned, String> {
        let code = &space.unit;
        if let Some(known) = self.spaces.unit_by_code(code).or_else(|| new.units.get(&codes::key(code))) {
            let added = || new.properties.values().find(|property| property.id == known.property);
            let property = self.spaces.property(known.property).or_else(added);
            return match difference(space, known, property) {
                None => Ok(Planned::There),
                Some(what) => Err(format!(
                    "there is a unit {code} already, and its {what} is another: change it in the program"
                )),
            };
        }
        if let Some(unknown) =
            space.features.iter().find(|feature| !self.spaces.features.contains_key(*feature))
        {
            let known: Vec<_> = self.spaces.features.keys().map(String::as_str).collect();
            return Err(format!("there is no feature {unknown:?}; known: {}", known.join(", ")));
        }
        let known = self
            .spaces
            .property_by_code(&space.property)
            .or_else(|| new.properties.get(&codes::key(&space.property)));
        let property = match known {
            Some(property) if property.scheme != space.scheme => {
                return Err(format!(
                    "the property {} has another scheme, {}",
                    property.code, property.scheme
                ));
            }
            Some(property) if property.district != space.district => {
                return Err(format!(
                    "the property {} is in another district, {}",
                    property.code, property.district
                ));
            }
            Some(property) => property.clone(),
            None => Property {
                id: PropertyId(self.engine.ids.next()),
                code: space.property.clone(),
                scheme: space.scheme,
                district: space.district.clone(),
                locality: None,
                sharing: safespace_domain::sharing::Sharing::SelfContained,
            },
        };
        let unit = Unit {
            id: UnitId(self.engine.ids.next()),
            code: code.clone(),
            property: property.id,
            sleeps: space.sleeps,
            features: space.features.clone(),
            in_service: vec![InService { opened_on: space.opened_on, closed_on: space.closed_on }],
        };
        unit.check().map_err(|refusal| refusal.message)?;
        if !self.spaces.districts.contains_key(&space.district) {
            // Nothing in the file says what the district is to the service: most are partners.
            let district = District { name: space.district.clone(), kind: DistrictKind::Partner };
            new.districts.insert(space.district.clone(), district);
        }
        new.properties.entry(codes::key(&space.property)).or_insert(property);
        new.units.insert(codes::key(code), unit);
        new.order.push(codes::key(code));
        Ok(Planned::New)
    }

    async fn write_spaces(&self, new: &Additions) -> Result<(), EngineError> {
        let tx = self.engine.store.begin().await?;
        let mut records: Vec<AuditRecord> = Vec::new();
        for district in new.districts.values() {
            tx.save_district(district).await?;
        }
        for property in new.properties.values().filter(|property| self.spaces.property(property.id).is_none())
        {
            tx.add_property(property).await?;
            records.push(self.record("import_property", property.id.0, &serde_json::json!(property)));
        }
        for unit in new.order.iter().filter_map(|key| new.units.get(key)) {
            tx.add_unit(unit).await?;
            records.push(self.record("import_unit", unit.id.0, &serde_json::json!(unit)));
        }
        for record in &mut records {
            record.spaces = true;
        }
        self.engine.record(&tx, &records).await?;
        tx.commit().await?;
        self.engine.live.reread_spaces(&self.engine.store, self.today).await?;
        Ok(())
    }

    /// Plans with the new units from now on.
    fn know(&mut self, new: Additions) {
        let Additions { districts, properties, mut units, order } = new;
        let old = &self.spaces;
        let all_units: Vec<Unit> =
            old.units().iter().cloned().chain(order.iter().filter_map(|code| units.remove(code))).collect();
        let first = all_units.iter().flat_map(|unit| &unit.in_service).map(|run| run.opened_on).min();
        let mut all_properties: BTreeMap<PropertyId, Property> =
            old.properties().map(|property| (property.id, property.clone())).collect();
        all_properties.extend(properties.into_values().map(|property| (property.id, property)));
        self.spaces = Arc::new(Spaces::new(
            all_units,
            all_properties.into_values().collect(),
            old.districts.values().cloned().chain(districts.into_values()).collect(),
            old.features.values().cloned().collect(),
            old.void_reasons.values().cloned().collect(),
            safespace_domain::units::Scheme::ALL.into_iter().map(|scheme| old.policy(scheme)).collect(),
        ));
        self.reach(Nights::between(first.unwrap_or(self.today), next(self.today)));
    }

    /// The last night that anything may have.
    pub(super) fn last_night() -> Night {
        Night::from_ymd_opt(LAST_YEAR, 12, 31).unwrap_or(Night::MAX)
    }
}

/// What became of a row.
enum Planned {
    New,
    There,
}

/// In what the row differs from the unit that has its code.
fn difference(space: &Space, unit: &Unit, property: Option<&Property>) -> Option<&'static str> {
    let property = property?;
    let first = unit.in_service.first()?;
    let checks = [
        (!property.code.eq_ignore_ascii_case(&space.property), "property"),
        (property.scheme != space.scheme, "scheme"),
        (property.district != space.district, "district"),
        (unit.sleeps != space.sleeps, "number of people it sleeps"),
        (unit.features != space.features, "list of features"),
        (first.opened_on != space.opened_on, "opening"),
        (unit.in_service.len() == 1 && first.closed_on != space.closed_on, "closing"),
    ];
    checks.into_iter().find(|(differs, _)| *differs).map(|(_, what)| what)
}
