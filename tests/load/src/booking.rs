//! Booking by GraphQL with every rule and record, beside the bare rows of a booking.

use std::sync::{Arc, atomic::AtomicU64};

use chrono::NaiveDate;
use serde_json::{Value as Json, json};

use crate::{
    AT_A_TIME, Result, Run,
    client::{Target, Work, drive},
    data,
    database::{Database, Kind},
    report::{Middle, Report, Row, latency, per_second, ratio},
    writing::{self, Floor, Sample},
};

/// So many units, all free.
pub const UNITS: u64 = 2_000;
/// So many weeks ahead are booked: within what the service allows.
const WEEKS: u64 = 100;
/// What share of the floor is aimed at.
const SHARE: f64 = 1.0 / 3.0;

const BOOK: &str = "mutation ($input: BookStayInput!) { bookStay(input: $input) { __typename ... on StayBooked { stay { \
                    id arrival departure unit { code } } } ... on Refused { code message } } }";
const UNIT_IDS: &str = "query ($after: String) { units(first: 100, after: $after) { nodes { id } pageInfo { \
                        hasNextPage endCursor } } }";

/// Which unit and week each booking gets: no two the same, neighbours far apart.
#[derive(Clone, Copy)]
pub struct Slots {
    first: NaiveDate,
}

impl Slots {
    /// From tomorrow week on.
    pub fn new() -> Self {
        Self { first: data::shift(data::today(), 7) }
    }

    /// The unit's number and the day of arrival of booking `number`; none when all are given away.
    pub fn get(self, number: u64) -> Option<(u64, NaiveDate)> {
        if number >= UNITS * WEEKS {
            return None;
        }
        // A prime that does not divide the number of units: it visits each before it comes back to the first.
        let unit = number * 7_919 % UNITS;
        let week = (number / UNITS + unit) % WEEKS;
        Some((unit, data::shift(self.first, i64::try_from(week * 7).ok()?)))
    }
}

/// Bookings, each for a household of its own.
struct Bookings {
    units: Vec<String>,
    slots: Slots,
}

impl Work for Bookings {
    fn body(&self, number: u64, body: &mut String) -> bool {
        let slot = self.slots.get(number);
        let slot =
            slot.and_then(|(unit, arrival)| Some((self.units.get(usize::try_from(unit).ok()?)?, arrival)));
        let Some((unit, arrival)) = slot else { return false };
        let input = json!({
            "household": format!("LOAD-{number}"),
            "arrival": arrival,
            "departure": data::shift(arrival, 7),
            "adults": 1,
            "unit": unit,
            "idempotencyKey": format!("load-{number}"),
        });
        body.push_str(&json!({ "query": BOOK, "variables": { "input": input } }).to_string());
        true
    }

    fn is_right(&self, answer: &[u8]) -> bool {
        answer.starts_with(br#"{"data":{"bookStay":{"__typename":"StayBooked""#)
    }
}

/// The ids of all units, by code, as the API gives them.
fn unit_ids(target: &Target) -> Result<Vec<String>> {
    let (mut ids, mut after) = (Vec::new(), Json::Null);
    loop {
        let data = target.ask(UNIT_IDS, &json!({ "after": after }))?;
        let nodes = data.pointer("/units/nodes").and_then(Json::as_array).ok_or("no units")?;
        ids.extend(nodes.iter().filter_map(|node| node.get("id")?.as_str().map(str::to_owned)));
        if data.pointer("/units/pageInfo/hasNextPage") != Some(&Json::Bool(true)) {
            return Ok(ids);
        }
        after = data.pointer("/units/pageInfo/endCursor").cloned().unwrap_or(Json::Null);
    }
}

/// Measures, on each kind of database.
pub fn measure(run: &Run, report: &mut Report) -> Result<()> {
    for kind in Database::kinds(run) {
        measure_on(run, kind, report)?;
    }
    report.note(
        "The writing floor puts a booking's own rows (household, stay, seven nights, idempotency key, audit) in by \
         prepared statements, one transaction each, and checks nothing: on SQLite by one writer, for more would only \
         wait; on PostgreSQL by 16. A ratio above 1 is no miracle: on SQLite the service commits bookings that wait for \
         the writer together.",
    );
    Ok(())
}

fn measure_on(run: &Run, kind: Kind, report: &mut Report) -> Result<()> {
    eprintln!("== booking by GraphQL on {kind}");
    let spaces = data::spaces(run.scratch.path(), UNITS, data::today())?;
    let database = Database::new(run, kind, "booking")?;
    run.program.import(&database, &spaces, None)?;
    let token = run.program.token(&database, "officer")?;
    let serving = run.program.serve(&database)?;
    let target = Target::new(serving.address, Some(&token));
    let slots = Slots::new();
    let bookings = Arc::new(Bookings { units: unit_ids(&target)?, slots });
    if u64::try_from(bookings.units.len())? != UNITS {
        return Err(format!("the server knows {} units, not {UNITS}", bookings.units.len()).into());
    }
    let number = Arc::new(AtomicU64::new(0));
    let warm_up = drive(&target, AT_A_TIME, run.warm_up, &bookings, &number)?;

    let runtime = tokio::runtime::Runtime::new()?;
    let bare = Database::new(run, kind, "booking_floor")?;
    run.program.import(&bare, &spaces, None)?;
    let sample = runtime.block_on(Sample::of(&database, "book_stay"))?;
    let units = runtime.block_on(writing::units(&bare))?;
    let floor = Floor::new(bare, sample, units, slots)?;
    let writers = if kind == Kind::Sqlite { 1 } else { AT_A_TIME };
    runtime.block_on(floor.drive(writers, run.warm_up, false))?;

    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for round in run.rounds() {
        round?;
        bare.push(runtime.block_on(floor.drive(writers, run.round, false))?);
        ours.push(drive(&target, AT_A_TIME, run.round, &bookings, &number)?);
    }
    let (middle, share) = (Middle::of(&ours), ratio(&ours, &bare));
    report.add(Row {
        what: format!("booking on {kind}, {AT_A_TIME} clients, seven nights, with idempotency keys"),
        result: per_second(middle.rate),
        latency: latency(middle.p50, middle.p99),
        floor: per_second(Middle::of(&bare).rate),
        ratio: format!("{share:.2}"),
        target: "≥ 0.33 of the floor".into(),
        met: Some(share >= SHARE),
    });
    // What was acknowledged must be there, once, with its nights and its record.
    let booked =
        i64::try_from(warm_up.count() + ours.iter().map(crate::report::Round::count).sum::<usize>())?;
    let found = runtime.block_on(writing::counts(&database))?;
    if found != (booked, booked * 7, booked) {
        return Err(format!("{booked} bookings were acknowledged, and {kind} has {found:?}").into());
    }
    report.note(format!(
        "{booked} bookings were acknowledged on {kind}; so many stays and audit records, and seven times as many nights, were in the database afterwards."
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_bookings_want_the_same_unit_and_week() {
        let slots = Slots { first: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() };
        let all: BTreeSet<_> = (0..UNITS * WEEKS).map(|number| slots.get(number).unwrap()).collect();
        assert_eq!(u64::try_from(all.len()).unwrap(), UNITS * WEEKS);
        assert_eq!(slots.get(UNITS * WEEKS), None);
    }
}
