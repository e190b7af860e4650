//! What telling other processes of every commit by `NOTIFY` would cost on PostgreSQL. The service reads a sequence of
//! changes instead; this says why.

use crate::{
    AT_A_TIME, Result, Run,
    booking::{Slots, UNITS},
    data,
    database::{Database, Kind},
    report::{Middle, Report, Row, latency, per_second, ratio},
    writing::{self, Floor, Sample},
};

/// Measures.
pub fn measure(run: &Run, report: &mut Report) -> Result<()> {
    if run.cluster.is_none() {
        return Ok(());
    }
    eprintln!("== NOTIFY inside the transaction on PostgreSQL");
    let spaces = data::spaces(run.scratch.path(), UNITS, data::today())?;
    let database = Database::new(run, Kind::Postgres, "notify")?;
    run.program.import(&database, &spaces, None)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let units = runtime.block_on(writing::units(&database))?;
    let floor = Floor::new(database, Sample::plain(), units, Slots::new())?;
    runtime.block_on(floor.drive(AT_A_TIME, run.warm_up, false))?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for round in run.rounds() {
        round?;
        without.push(runtime.block_on(floor.drive(AT_A_TIME, run.round, false))?);
        with.push(runtime.block_on(floor.drive(AT_A_TIME, run.round, true))?);
    }
    let middle = Middle::of(&with);
    report.add(Row {
        what: format!(
            "bare rows of a booking with `NOTIFY` in the transaction, {AT_A_TIME} clients; floor: without"
        ),
        result: per_second(middle.rate),
        latency: latency(middle.p50, middle.p99),
        floor: per_second(Middle::of(&without).rate),
        ratio: format!("{:.2}", ratio(&with, &without)),
        ..Row::default()
    });
    Ok(())
}
