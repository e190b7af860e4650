//! Verifying a long audit, beside reading its rows.

use std::{fmt::Write as _, fs, path::PathBuf, time::Instant};

use sea_orm::sqlx;
use serde_json::{Value as Json, json};

use crate::{
    Result, Run,
    client::Target,
    data,
    database::{Database, Kind},
    report::{Report, Row, median},
};

/// One property with so many units: closing or reopening it writes a record for each, and one for itself.
const UNITS: u32 = 1_000;
/// So many records there are to be, and how long verifying them may take, in seconds.
const RECORDS: (u32, f64) = (1_000_000, 10.0);
/// In a quick run.
const FEW: u32 = 100_000;
/// Rows that the floor reads at a time.
const PAGE: i64 = 10_000;

/// Measures, on each kind of database. Writing the records takes minutes.
pub fn measure(run: &Run, report: &mut Report) -> Result<()> {
    for kind in Database::kinds(run) {
        measure_on(run, kind, report)?;
    }
    report.note(
        "The floor of verifying the audit reads the text and the codes of the same records, and computes nothing.",
    );
    Ok(())
}

fn measure_on(run: &Run, kind: Kind, report: &mut Report) -> Result<()> {
    let (records, most) = if run.quick { (FEW, RECORDS.1 / 10.0) } else { RECORDS };
    eprintln!("== writing {records} records of the audit on {kind}");
    let database = Database::new(run, kind, "audit")?;
    run.program.import(&database, &spaces(run)?, None)?;
    write_records(run, &database, records)?;

    eprintln!("== verifying them");
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    let runtime = tokio::runtime::Runtime::new()?;
    let mut said = String::new();
    for _ in 0..run.imports {
        let (read, took) = runtime.block_on(read_rows(&database))?;
        if read < i64::from(records) {
            return Err(format!("{kind} has {read} records, and {records} were written").into());
        }
        floor.push(took);
        let ended = run.program.run(&database, &["audit", "verify"])?;
        ours.push(ended.took.as_secs_f64());
        said = ended.said;
    }
    let (took, bare) = (median(ours), median(floor));
    report.add(Row {
        what: format!("verifying an audit of {records} records on {kind}, the whole command"),
        result: format!("{took:.1} s"),
        floor: format!("{bare:.1} s"),
        ratio: format!("{:.2}", bare / took),
        target: format!("≤ {most:.0} s"),
        met: Some(took <= most),
        ..Row::default()
    });
    eprintln!("{}", said.trim());
    Ok(())
}

/// A file of one property and its units.
fn spaces(run: &Run) -> Result<PathBuf> {
    let mut text = String::from("unit,property,scheme,district,sleeps,features,opened_on,closed_on\n");
    for unit in 0..UNITS {
        writeln!(text, "A-{unit:04},P-001,safe_space,Stevenage,2,,{},", data::today())?;
    }
    let file = run.scratch.path().join("audit.csv");
    fs::write(&file, text)?;
    Ok(file)
}

/// Closes and reopens the property until there are so many records.
fn write_records(run: &Run, database: &Database, records: u32) -> Result<()> {
    let token = run.program.token(database, "manager")?;
    let serving = run.program.serve(database)?;
    let target = Target::new(serving.address, Some(&token));
    let found = target.ask("{ properties(first: 1) { nodes { id } } }", &json!({}))?;
    let property = found.pointer("/properties/nodes/0/id").cloned().ok_or("there is no property")?;
    let input = json!({ "property": property, "on": data::shift(data::today(), 30) });
    for command in 0..records.div_ceil(UNITS) {
        crate::stop::must_not()?;
        let field = if command % 2 == 0 { "closeProperty" } else { "reopenProperty" };
        let query = format!(
            "mutation ($input: PropertyOnInput!) {{ it: {field}(input: $input) {{ __typename ... on Refused {{ message }} }} }}"
        );
        let answer = target.ask(&query, &json!({ "input": input }))?;
        if answer.pointer("/it/message").is_some_and(Json::is_string) {
            return Err(format!("{field} was refused: {answer}").into());
        }
    }
    Ok(())
}

/// How many records there are, and how many seconds reading what they say and their codes takes.
async fn read_rows(database: &Database) -> Result<(i64, f64)> {
    let begun = Instant::now();
    let sql = "SELECT seq, action, detail, mac FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2";
    let (mut count, mut after) = (0, 0);
    macro_rules! read {
        ($connection:expr) => {{
            let mut connection = $connection;
            loop {
                let page: Vec<(i64, String, String, Option<Vec<u8>>)> =
                    sqlx::query_as(sql).bind(after).bind(PAGE).fetch_all(&mut connection).await?;
                let Some((last, ..)) = page.last() else { break };
                after = *last;
                count += i64::try_from(page.len())?;
            }
        }};
    }
    match database.kind {
        Kind::Sqlite => read!(database.sqlite().await?),
        Kind::Postgres => read!(database.postgres().await?),
    }
    Ok((count, begun.elapsed().as_secs_f64()))
}
