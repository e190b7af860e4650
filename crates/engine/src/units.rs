//! Units.

use safespace_domain::{
    Night, Nights, Refusal, RefusalCode, UnitId, codes,
    nights::{LAST_YEAR, next},
    units::{InService, Unit},
};

use crate::{
    DescribeUnit, Engine, Outcome, RegisterUnit,
    properties::code_in_use,
    work::{Done, Work},
};

impl Engine {
    pub(crate) async fn register_unit(&self, work: &mut Work, ask: RegisterUnit) -> Done<Outcome> {
        if work.spaces.property(ask.property).is_none() {
            return Err(Refusal::not_found("property", "property").into());
        }
        work.spaces.must_know_features(&ask.features, "features")?;
        let unit = Unit {
            id: UnitId(self.ids.next()),
            code: codes::code(&ask.code, "code")?,
            property: ask.property,
            sleeps: sleeps(ask.sleeps)?,
            features: ask.features,
            in_service: vec![InService { opened_on: ask.opened_on, closed_on: ask.closed_on }],
        };
        unit.check()?;
        work.tx.add_unit(&unit).await.map_err(code_in_use("unit", &unit.code))?;
        work.change_spaces();
        work.audit(Some(unit.id.0), &[], &unit);
        Ok(Outcome::Unit(unit))
    }

    pub(crate) async fn describe_unit(&self, work: &mut Work, ask: DescribeUnit) -> Done<Outcome> {
        let mut unit = unit(work, ask.unit)?;
        if let Some(code) = ask.code {
            unit.code = codes::code(&code, "code")?;
        }
        if let Some(n) = ask.sleeps {
            unit.sleeps = sleeps(n)?;
        }
        if let Some(features) = ask.features {
            work.spaces.must_know_features(&features, "features")?;
            unit.features = features;
        }
        unit.check()?;
        work.tx.save_unit(&unit).await.map_err(code_in_use("unit", &unit.code))?;
        work.change_spaces();
        work.audit(Some(unit.id.0), &[], &unit);
        Ok(Outcome::Unit(unit))
    }

    pub(crate) async fn close_unit(&self, work: &mut Work, id: UnitId, on: Night) -> Done<Outcome> {
        let unit = unit(work, id)?;
        let mut closed = self.close_units(work, vec![unit], on).await?;
        let unit = closed.pop().ok_or(Refusal::not_found("unit", "unit"))?;
        Ok(Outcome::Unit(unit))
    }

    /// Closes units, unless something stands in the way: then all of it is named, and none is closed.
    pub(crate) async fn close_units(&self, work: &mut Work, units: Vec<Unit>, on: Night) -> Done<Vec<Unit>> {
        let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
        let closed = units.into_iter().map(|unit| unit.close(on)).collect::<Result<Vec<_>, _>>()?;
        for unit in &closed {
            unit.check()?;
            // First the lock, which waits for bookings of the unit that are under way; then the look.
            work.tx.lock_unit(unit.id).await?;
            work.tx.save_unit(unit).await?;
        }
        let for_ever = Nights::between(on, Night::from_ymd_opt(LAST_YEAR + 1, 1, 1).unwrap_or(next(on)));
        let entries = work.tx.reader().entries(&ids, for_ever).await?;
        let in_the_way = self.obstacles(&entries).await?;
        if !in_the_way.is_empty() {
            let first: Vec<_> = in_the_way.iter().take(5).map(ToString::to_string).collect();
            let more = in_the_way.len().saturating_sub(first.len());
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            return Err(Refusal::new(
                RefusalCode::StandsInTheWay,
                format!("Can't close on {on}: {}{more}. Move or end these first.", first.join("; ")),
            )
            .on("on")
            .because_of(in_the_way)
            .into());
        }
        work.change_spaces();
        for unit in &closed {
            work.audit(Some(unit.id.0), &[], &serde_json::json!({ "on": on }));
        }
        Ok(closed)
    }

    pub(crate) async fn reopen_unit(&self, work: &mut Work, id: UnitId, on: Night) -> Done<Outcome> {
        let unit = unit(work, id)?;
        Ok(Outcome::Unit(self.reopen(work, unit, on).await?))
    }

    pub(crate) async fn reopen(&self, work: &mut Work, unit: Unit, on: Night) -> Done<Unit> {
        let unit = unit.reopen(on)?;
        unit.check()?;
        work.tx.save_unit(&unit).await?;
        work.change_spaces();
        work.audit(Some(unit.id.0), &[], &serde_json::json!({ "on": on }));
        Ok(unit)
    }
}

fn sleeps(n: i64) -> Result<u16, Refusal> {
    u16::try_from(n).map_err(|_| Refusal::bad("sleeps", format!("A unit can't sleep {n}.")))
}

/// The unit with this id.
pub(crate) fn unit(work: &Work, id: UnitId) -> Result<Unit, Refusal> {
    work.spaces
        .unit_by_id(id)
        .cloned()
        .ok_or_else(|| Refusal::new(RefusalCode::NotFound, "There is no such unit.").on("unit"))
}
