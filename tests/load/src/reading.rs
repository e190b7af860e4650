//! Availability by GraphQL, beside a bare endpoint that answers the same query from memory.

use std::sync::{Arc, atomic::AtomicU64};

use serde_json::json;

use crate::{
    AT_A_TIME, Measure, Result, Run,
    client::{Target, Work, drive},
    data::{self, Dice},
    database::{Database, Kind},
    report::{Middle, Report, Row, latency, median, per_second, ratio},
    server::Serving,
};

/// So many units in the database that is read.
const UNITS: u64 = 1_000;
/// So many different requests take turns.
const REQUESTS: usize = 512;
/// What a request's p99 may be, in milliseconds.
const P99: f64 = 10.0;
/// What share of the floor is aimed at.
const SHARE: f64 = 0.5;

const AVAILABILITY: &str = "query ($ask: AvailabilityInput!) { availability(ask: $ask) { offers(first: 20) { edges { \
                            node { unit { id code sleeps district { name } } } } } } }";
const LIST: &str = "query ($first: Int!) { units(first: $first) { id code sleeps district { name } } }";

/// A served database with a thousand units and two years of stays.
pub struct Homes {
    serving: Serving,
    /// Where it is served.
    pub target: Target,
}

impl Homes {
    /// Fills it by an import and serves it.
    pub fn open(run: &Run) -> Result<Self> {
        eprintln!("== {UNITS} units, two years of nights, nine in ten taken");
        let folder = run.scratch.path();
        let today = data::today();
        let spaces = data::spaces(folder, UNITS, data::shift(today, -365))?;
        let stays = data::stays_at_nine_tenths(folder, UNITS, today)?;
        let database = Database::new(run, Kind::Sqlite, "homes")?;
        run.program.import(&database, &spaces, Some(&stays))?;
        let token = run.program.token(&database, "officer")?;
        let serving = run.program.serve(&database)?;
        let target = Target::new(serving.address, Some(&token));
        Ok(Self { serving, target })
    }
}

/// Requests that take turns, and how each answer begins.
struct Requests {
    bodies: Vec<String>,
    begins: &'static [u8],
}

impl Work for Requests {
    fn body(&self, number: u64, body: &mut String) -> bool {
        let at = usize::try_from(number).unwrap_or(0) % self.bodies.len();
        body.push_str(self.bodies.get(at).map_or("", String::as_str));
        true
    }

    fn is_right(&self, answer: &[u8]) -> bool {
        answer.starts_with(self.begins)
    }
}

/// Measures.
pub fn measure(run: &Run, homes: &Homes, report: &mut Report) -> Result<()> {
    if !report.wants(Measure::Reading) {
        return Ok(());
    }
    eprintln!("== availability by GraphQL");
    let mut dice = Dice::new(4);
    let asks: Vec<_> = (0..REQUESTS)
        .map(|_| {
            let arrival = data::shift(data::today(), i64::try_from(dice.between(1, 350))?);
            let (departure, children) = (data::shift(arrival, 7), dice.between(0, 1));
            Ok(json!({ "ask": { "arrival": arrival, "departure": departure, "adults": 1, "children": children } }))
        })
        .collect::<Result<_>>()?;
    let offered: Vec<f64> = asks
        .iter()
        .step_by(8)
        .map(|ask| {
            let data = homes.target.ask(AVAILABILITY, ask)?;
            let edges = data.pointer("/availability/offers/edges").and_then(serde_json::Value::as_array);
            Ok(f64::from(u32::try_from(edges.ok_or("no offers")?.len())?))
        })
        .collect::<Result<_>>()?;
    let body = |query: &str, variables: &serde_json::Value| {
        json!({ "query": query, "variables": variables }).to_string()
    };
    let availability = Arc::new(Requests {
        bodies: asks.iter().map(|ask| body(AVAILABILITY, ask)).collect(),
        begins: br#"{"data":{"availability":{"offers":{"edges":[{"node":{"unit":{"id":"#,
    });
    let list = Arc::new(Requests {
        bodies: vec![body(LIST, &json!({ "first": 20 }))],
        begins: br#"{"data":{"units":[{"id":"#,
    });
    let floor = Serving::floor()?;
    let bare = Target::new(floor.address, None);
    let number = Arc::new(AtomicU64::new(0));
    let mut turns = [
        (&bare, &availability, &floor, Vec::new(), Vec::new()),
        (&homes.target, &availability, &homes.serving, Vec::new(), Vec::new()),
        (&bare, &list, &floor, Vec::new(), Vec::new()),
    ];
    for (target, work, ..) in &turns {
        drive(target, AT_A_TIME, run.warm_up, work, &number)?;
    }
    for round in run.rounds() {
        round?;
        for (target, work, server, rounds, cost) in &mut turns {
            let before = server.on_core()?;
            let round = drive(target, AT_A_TIME, run.round, work, &number)?;
            cost.push((server.on_core()? - before) * 1e6 / f64::from(u32::try_from(round.count())?));
            rounds.push(round);
        }
    }
    let costs = turns.each_ref().map(|(.., costs)| median(costs.iter().copied()));
    let [(_, _, _, same, _), (_, _, _, ours, _), (_, _, _, plain, _)] = turns;
    let middle = Middle::of(&ours);
    for (what, floor) in [("the same query", &same), ("a plain list", &plain)] {
        let share = ratio(&ours, floor);
        report.add(Row {
            what: format!("availability, {AT_A_TIME} connections; floor: {what} of the same 20 from memory"),
            result: per_second(middle.rate),
            latency: latency(middle.p50, middle.p99),
            floor: per_second(Middle::of(floor).rate),
            ratio: format!("{share:.2}"),
            target: format!("≥ {SHARE} of the floor, p99 < {P99:.0} ms"),
            met: Some(share >= SHARE && middle.p99 < P99),
        });
    }
    report.note(format!(
        "An availability answer has {:.1} units on average; the floor's has 20, always the same.",
        offered.iter().sum::<f64>() / f64::from(u32::try_from(offered.len())?)
    ));
    let [same, ours, plain] = costs;
    report.note(format!(
        "Time on a core per answer, which depends less on who else is busy: availability {ours:.0} µs; floor, the same \
         query, {same:.0} µs; floor, a plain list, {plain:.0} µs."
    ));
    Ok(())
}
