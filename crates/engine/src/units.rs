//! Units.

use safespace_domain::{
    Night, Nights, Refusal, RefusalCode, UnitId, codes,
    nights::END_OF_NIGHTS,
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
        let mut unit = lock_unit(work, ask.unit).await?;
        if let Some(code) = ask.code {
            unit.code = codes::code(&code, "code")?;
        }
        let opened_on = unit.in_service.first().map(|run| run.opened_on);
        if let Some(on) = ask.opened_on {
            unit = unit.open_from(on)?;
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
        if let (Some(before), Some(on)) = (opened_on, ask.opened_on.filter(|on| opened_on < Some(*on))) {
            self.must_be_free(
                work,
                &[unit.id],
                Nights::between(before, on),
                "openedOn",
                &format!("open on {on}"),
            )
            .await?;
        }
        work.change_spaces();
        work.audit(Some(unit.id.0), &[], &unit);
        Ok(Outcome::Unit(unit))
    }

    pub(crate) async fn close_unit(&self, work: &mut Work, id: UnitId, on: Night) -> Done<Outcome> {
        let unit = lock_unit(work, id).await?;
        let mut closed = self.close_units(work, vec![unit], on).await?;
        let unit = closed.pop().ok_or(Refusal::not_found("unit", "unit"))?;
        Ok(Outcome::Unit(unit))
    }

    /// Closes units that are locked, unless something stands in the way: then all of it is named, and none is closed.
    pub(crate) async fn close_units(&self, work: &mut Work, units: Vec<Unit>, on: Night) -> Done<Vec<Unit>> {
        let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
        let closed = units.into_iter().map(|unit| unit.close(on)).collect::<Result<Vec<_>, _>>()?;
        for unit in &closed {
            unit.check()?;
            work.tx.save_unit(unit).await?;
        }
        self.must_be_free(work, &ids, Nights::between(on, END_OF_NIGHTS), "on", &format!("close on {on}"))
            .await?;
        work.change_spaces();
        for unit in &closed {
            work.audit(Some(unit.id.0), &[], &serde_json::json!({ "on": on }));
        }
        Ok(closed)
    }

    /// Refused while anything has a night on which units that are locked are to be out of stock; all of it is named.
    async fn must_be_free(
        &self,
        work: &Work,
        units: &[UnitId],
        out_of_stock: Nights,
        field: &str,
        what: &str,
    ) -> Done<()> {
        // The lock has waited for bookings of the units that were under way: they are seen now.
        let entries = work.tx.reader().entries(units, out_of_stock).await?;
        let in_the_way = self.obstacles(&work.actor, &entries).await?;
        if in_the_way.is_empty() {
            return Ok(());
        }
        let first: Vec<_> = in_the_way.iter().take(5).map(ToString::to_string).collect();
        let more = in_the_way.len().saturating_sub(first.len());
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        Err(Refusal::new(
            RefusalCode::StandsInTheWay,
            format!("Can't {what}: {}{more}. Move or end these first.", first.join("; ")),
        )
        .on(field)
        .because_of(in_the_way)
        .into())
    }

    pub(crate) async fn reopen_unit(&self, work: &mut Work, id: UnitId, on: Night) -> Done<Outcome> {
        let unit = lock_unit(work, id).await?;
        Ok(Outcome::Unit(self.reopen(work, unit, on).await?))
    }

    /// Reopens a unit that is locked.
    pub(crate) async fn reopen(&self, work: &mut Work, unit: Unit, on: Night) -> Done<Unit> {
        let unit = unit.reopen(on)?;
        unit.check()?;
        work.tx.save_unit(&unit).await?;
        work.change_spaces();
        work.audit(Some(unit.id.0), &[], &serde_json::json!({ "on": on }));
        Ok(unit)
    }

    /// Asks the database itself whether the unit is in service: another process may have closed it a moment ago.
    /// The nights are in the ledger by now, so a closing that comes later finds them.
    pub(crate) async fn must_still_serve(&self, work: &Work, unit: &Unit, nights: Nights) -> Done<()> {
        if work.tx.reader().serve(&[(unit.id, nights)]).await? {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalCode::OutOfService,
            format!("{} was taken out of service a moment ago: look again, then decide.", unit.code),
        )
        .on("unit")
        .into())
    }
}

fn sleeps(n: i64) -> Result<u16, Refusal> {
    u16::try_from(n).map_err(|_| Refusal::bad("sleeps", format!("A unit can't sleep {n}.")))
}

/// The unit with this id as the database has it, for a change of it: another process may have changed it a moment ago,
/// and nobody else does until the transaction ends.
pub(crate) async fn lock_unit(work: &Work, id: UnitId) -> Done<Unit> {
    work.tx.lock_unit(id).await?;
    let unit = work.tx.reader().unit(id).await?;
    Ok(unit.ok_or_else(|| Refusal::not_found("unit", "unit"))?)
}

/// The unit with this id.
pub(crate) fn unit(work: &Work, id: UnitId) -> Result<Unit, Refusal> {
    work.spaces
        .unit_by_id(id)
        .cloned()
        .ok_or_else(|| Refusal::new(RefusalCode::NotFound, "There is no such unit.").on("unit"))
}
