//! Occupancy by month and district over a year, by GraphQL, one request after the other.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use serde_json::json;

use crate::{
    Measure, Result, Run,
    client::{Work, drive},
    data,
    reading::Homes,
    report::{Report, Row, latency},
};

/// So many requests.
const REQUESTS: u64 = 1_000;
/// What a request may take, in milliseconds.
const TARGET: f64 = 20.0;

const QUERY: &str = "query ($from: Date!, $to: Date!) { occupancy(from: $from, to: $to, by: MONTH, group: DISTRICT) { \
                     rows(first: 100) { edges { node { period group inStockNights voidNights availableNights \
                     occupiedNights reservedNights occupancyRate nights fullNights fullShare } } } } }";

struct Requests(String);

impl Work for Requests {
    fn body(&self, number: u64, body: &mut String) -> bool {
        body.push_str(&self.0);
        number < REQUESTS
    }

    fn is_right(&self, answer: &[u8]) -> bool {
        answer.starts_with(br#"{"data":{"occupancy":{"rows":{"edges":[{"node":{"period":"#)
    }
}

/// Measures.
pub fn measure(run: &Run, homes: &Homes, report: &mut Report) -> Result<()> {
    if !report.wants(Measure::Occupancy) {
        return Ok(());
    }
    eprintln!("== occupancy by GraphQL");
    let today = data::today();
    let variables = json!({ "from": data::shift(today, -365), "to": today });
    let body = json!({ "query": QUERY, "variables": variables }).to_string();
    let rows = homes.target.ask(QUERY, &variables)?;
    let rows = rows.pointer("/occupancy/rows/edges").and_then(|rows| rows.as_array()).map_or(0, Vec::len);
    let round = drive(
        &homes.target,
        1,
        run.round.max(Duration::from_secs(2)) * 2,
        &Arc::new(Requests(body)),
        &Arc::new(AtomicU64::new(0)),
    )?;
    let (p50, p99) = (round.within(50), round.within(99));
    report.add(Row {
        what: format!(
            "occupancy by month and district over a year, 1,000 units ({rows} rows), one connection"
        ),
        result: format!("{p50:.2} ms"),
        latency: latency(p50, p99),
        target: format!("< {TARGET:.0} ms"),
        met: Some(p99 < TARGET),
        ..Row::default()
    });
    Ok(())
}
