//! How occupancy grows with the number of units: a year by month and district, by GraphQL, on either database.

use std::{
    fmt::Write as _,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use serde_json::{Value as Json, json};

use crate::{
    Measure, Result, Run,
    client::{Target, Work, drive},
    data,
    database::{Database, Kind},
    plot::{Mark, Plot, Series},
    report::{Report, Row, latency},
    stop,
};

/// The sizes that are measured, in units.
const SIZES: [u64; 6] = [19, 100, 300, 1_000, 3_000, 10_000];
/// What a request may take where there is an aim, in milliseconds: units, and the time within which 99 in 100 are answered.
const TARGETS: [(u64, f64); 3] = [(19, 20.0), (1_000, 100.0), (10_000, 1_000.0)];
/// At most so many requests.
const REQUESTS: u64 = 1_000;

/// What is asked for each row.
const FIGURES: &str = "inStockNights voidNights availableNights occupiedNights reservedNights occupancyRate nights \
                       fullNights fullShare";

/// A year by month and district, alone or beside the month before and the same a year before.
fn query(beside: bool) -> String {
    let beside =
        if beside { format!(" before {{ {FIGURES} }} aYearBefore {{ {FIGURES} }}") } else { String::new() };
    format!(
        "query ($from: Date!, $to: Date!) {{ occupancy(from: $from, to: $to, by: MONTH, group: DISTRICT) {{ \
         rows(first: 100) {{ nodes {{ period group {FIGURES}{beside} }} }} }} }}"
    )
}

/// The same request again and again; nothing changes meanwhile, so the answer is the same to the byte.
struct Requests {
    body: String,
    answer: Vec<u8>,
}

impl Work for Requests {
    fn body(&self, number: u64, body: &mut String) -> bool {
        body.push_str(&self.body);
        number < REQUESTS
    }

    fn is_right(&self, answer: &[u8]) -> bool {
        answer == self.answer
    }
}

/// What was found for one size on one kind of database: p50 and p99 in milliseconds.
struct Found {
    units: u64,
    kind: Kind,
    alone: (f64, f64),
    beside: (f64, f64),
}

/// Measures.
pub fn measure(run: &Run, report: &mut Report) -> Result<()> {
    if !report.wants(Measure::Growth) {
        return Ok(());
    }
    let mut all = Vec::new();
    for units in SIZES {
        for kind in Database::kinds(run) {
            stop::must_not()?;
            eprintln!("== occupancy of {units} units on {kind}");
            let found = one(run, units, kind)?;
            add(&found, report);
            all.push(found);
        }
    }
    report.table(table(&all));
    if let Some(file) = &run.plot {
        std::fs::write(file, plot(&all).svg())?;
    }
    Ok(())
}

/// A database with so many units and a year of stays, served and asked.
fn one(run: &Run, units: u64, kind: Kind) -> Result<Found> {
    let today = data::today();
    let from = data::shift(today, -365);
    let folder = run.scratch.path();
    let spaces = data::spaces(folder, units, data::shift(today, -800))?;
    let (stays, occupied) = data::a_year_of_long_stays(folder, units, today)?;
    let database = Database::new(run, kind, &format!("growth{units}"))?;
    run.program.import(&database, &spaces, Some(&stays))?;
    let token = run.program.token(&database, "officer")?;
    let serving = run.program.serve(&database)?;
    let target = Target::new(serving.address, Some(&token));
    let variables = json!({ "from": from, "to": today });
    let time = |beside: bool| {
        let query = query(beside);
        let told = target.ask(&query, &variables)?;
        let counted = sum(&told, "occupiedNights");
        if counted != occupied {
            return Err(format!("{counted} nights are occupied, and the file says {occupied}").into());
        }
        let body = json!({ "query": query, "variables": variables }).to_string();
        let answer = target.raw(&body)?;
        let work = Arc::new(Requests { body, answer });
        let number = Arc::new(AtomicU64::new(0));
        drive(&target, 1, run.warm_up, &work, &number)?;
        number.store(0, std::sync::atomic::Ordering::Relaxed);
        let round = drive(&target, 1, run.round.max(Duration::from_secs(2)), &work, &number)?;
        Ok::<_, crate::Failure>((round.within(50), round.within(99)))
    };
    Ok(Found { units, kind, alone: time(false)?, beside: time(true)? })
}

/// The sum of a figure over all rows.
fn sum(told: &Json, figure: &str) -> u64 {
    let rows = told.pointer("/occupancy/rows/nodes").and_then(Json::as_array);
    let rows = rows.map(Vec::as_slice).unwrap_or_default();
    rows.iter().filter_map(|row| row.get(figure)?.as_u64()).sum()
}

fn add(found: &Found, report: &mut Report) {
    let Found { units, kind, alone, beside } = found;
    let Some((_, target)) = TARGETS.iter().find(|(size, _)| size == units) else { return };
    for (what, (p50, p99)) in [("", alone), (", beside the month before and the same a year before", beside)]
    {
        report.add(Row {
            what: format!("occupancy by month and district over a year{what}, {units} units on {kind}"),
            result: format!("{p50:.2} ms"),
            latency: latency(*p50, *p99),
            target: format!("< {target:.0} ms"),
            met: Some(p99 < target),
            ..Row::default()
        });
    }
}

/// The figures of the plot, as a table: it goes beneath.
fn table(all: &[Found]) -> String {
    let mut text = String::from(
        "| units | unit-nights | database | a year by month and district, p50 / p99 | beside other times, p50 / p99 |\n\
         |---:|---:|---|---:|---:|\n",
    );
    for Found { units, kind, alone, beside } in all {
        let [alone, beside] = [alone, beside].map(|(p50, p99)| latency(*p50, *p99));
        // Writing to a String never fails.
        let _ = writeln!(text, "| {units} | {} | {kind} | {alone} | {beside} |", units * 365);
    }
    text
}

fn plot(all: &[Found]) -> Plot {
    let series = |name: &str, mark: Mark, kind: Kind, of: fn(&Found) -> f64| Series {
        name: name.to_owned(),
        mark,
        points: all.iter().filter(|one| one.kind == kind).map(|one| (whole(one.units), of(one))).collect(),
    };
    let series = vec![
        series("SQLite", Mark::Dot, Kind::Sqlite, |one| one.alone.0),
        series("PostgreSQL", Mark::Ring, Kind::Postgres, |one| one.alone.0),
        series("SQLite, beside other times", Mark::Square, Kind::Sqlite, |one| one.beside.0),
        series("PostgreSQL, beside other times", Mark::Frame, Kind::Postgres, |one| one.beside.0),
    ];
    Plot {
        title: "Time for a year of occupancy by month and district".to_owned(),
        description: "Median milliseconds of one request against the number of units, both on scales that grow tenfold. \
                      The table beneath has the figures."
            .to_owned(),
        across: "units".to_owned(),
        up: "milliseconds".to_owned(),
        series: series.into_iter().filter(|one| !one.points.is_empty()).collect(),
        targets: TARGETS.map(|(units, most)| (whole(units), most)).to_vec(),
    }
}

fn whole(n: u64) -> f64 {
    u32::try_from(n).map_or(f64::INFINITY, f64::from)
}
