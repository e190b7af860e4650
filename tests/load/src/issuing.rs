//! Issuing twenty lines by GraphQL with every rule and record, beside the bare rows of the same.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sqlx::{self, AssertSqlSafe};
use serde_json::{Value as Json, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    AT_A_TIME, Result, Run,
    client::{Target, Work, drive},
    data::{self, Dice},
    database::{Database, Kind},
    report::{Middle, Report, Round, Row, latency, per_second, ratio},
    stop,
    writing::Sample,
};

/// Lines of one issue, each of another item.
const LINES: usize = 20;
/// So many places, each with lots of its own and a household beside it: four times as many as clients, so that no two
/// clients are ever at the same.
const PLACES: usize = 64;
/// Units of each lot: more than anybody issues in a run.
const UNITS: i64 = 100_000;
/// What share of the floor is aimed at.
const SHARE: f64 = 0.25;

const ISSUE: &str = "mutation ($input: IssueStockInput!) { issueStock(input: $input) { __typename ... on StockPosted { \
                     entries { id quantity value } } ... on Refused { code message } } }";

fn item(line: usize) -> String {
    format!("ITEM-{line:02}")
}

fn place(n: usize) -> String {
    format!("PLACE-{n:02}")
}

/// Does something, which must be done.
fn act(target: &Target, mutation: &str, input_type: &str, input: &Json, done: &str) -> Result<Json> {
    let query = format!(
        "mutation ($input: {input_type}!) {{ it: {mutation}(input: $input) {{ __typename ... on {done} ... on Refused \
         {{ code message }} }} }}"
    );
    let answer = target.ask(&query, &json!({ "input": input }))?;
    match answer.pointer("/it/code") {
        None => Ok(answer),
        Some(_) => Err(format!("{mutation} was refused: {answer}").into()),
    }
}

/// Fills a database with items, places, lots and households. Gives the ids of the stays, by place.
fn furnish(target: &Target) -> Result<Vec<String>> {
    for line in 0..LINES {
        let input = json!({
            "code": item(line), "name": item(line), "category": "food", "unitOfIssue": "tin", "packSize": 6,
            "price": "6.00", "eaten": true, "contains": [],
        });
        act(target, "saveItem", "SaveItemInput", &input, "ItemSaved { item { id } }")?;
    }
    let mut stays = Vec::new();
    for n in 0..PLACES {
        let input = json!({ "code": place(n), "name": place(n) });
        act(target, "addStockPlace", "AddStockPlaceInput", &input, "StockPlaceSaved { place { id } }")?;
        let line = |line| json!({ "item": item(line), "quantity": UNITS, "cost": "99999.00" });
        let lines: Vec<Json> = (0..LINES).map(line).collect();
        let from = json!({ "bought": { "supplier": "Examplewick Wholesale" } });
        let input = json!({ "place": place(n), "from": from, "lines": lines });
        act(target, "receiveStock", "ReceiveStockInput", &input, "StockPosted { entries { id } }")?;
        let arrival = data::today();
        let input = json!({
            "household": format!("LOAD-{n}"), "arrival": arrival, "departure": data::shift(arrival, 7), "adults": 1,
        });
        let booked = act(target, "bookStay", "BookStayInput", &input, "StayBooked { stay { id } }")?;
        let stay = booked.pointer("/it/stay/id").and_then(Json::as_str).ok_or("no stay")?;
        stays.push(stay.to_owned());
    }
    Ok(stays)
}

/// Issues, each from another place than those beside it.
struct Issues {
    stays: Vec<String>,
}

impl Work for Issues {
    fn body(&self, number: u64, body: &mut String) -> bool {
        let n = usize::try_from(number).unwrap_or(0) % PLACES;
        let Some(stay) = self.stays.get(n) else { return false };
        let lines: Vec<Json> = (0..LINES).map(|line| json!({ "item": item(line), "quantity": 1 })).collect();
        let input = json!({ "place": place(n), "stay": stay, "lines": lines, "idempotencyKey": format!("load-{number}") });
        body.push_str(&json!({ "query": ISSUE, "variables": { "input": input } }).to_string());
        true
    }

    fn is_right(&self, answer: &[u8]) -> bool {
        answer.starts_with(br#"{"data":{"issueStock":{"__typename":"StockPosted""#)
    }
}

/// Measures, on each kind of database.
pub fn measure(run: &Run, report: &mut Report) -> Result<()> {
    for kind in Database::kinds(run) {
        measure_on(run, kind, report)?;
    }
    report.note(
        "The floor of issuing puts the same rows (twenty entries, twenty balances, idempotency key, audit) in by prepared \
         statements, one transaction each, and looks nothing up: on SQLite by one writer, on PostgreSQL by 16.",
    );
    Ok(())
}

fn measure_on(run: &Run, kind: Kind, report: &mut Report) -> Result<()> {
    eprintln!("== issuing by GraphQL on {kind}");
    let spaces = data::spaces(run.scratch.path(), 2 * u64::try_from(PLACES)?, data::today())?;
    let prepared = |name: &str| -> Result<_> {
        let database = Database::new(run, kind, name)?;
        run.program.import(&database, &spaces, None)?;
        let token = run.program.token(&database, "manager")?;
        let serving = run.program.serve(&database)?;
        let target = Target::new(serving.address, Some(&token));
        let stays = furnish(&target)?;
        Ok((database, serving, target, stays))
    };
    let (bare, serving, ..) = prepared("issuing_floor")?;
    drop(serving);
    let (database, _serving, target, stays) = prepared("issuing")?;
    let issues = Arc::new(Issues { stays });
    let number = Arc::new(AtomicU64::new(0));
    let warm_up = drive(&target, AT_A_TIME, run.warm_up, &issues, &number)?;

    let runtime = tokio::runtime::Runtime::new()?;
    let sample = runtime.block_on(Sample::of(&database, "issue_stock"))?;
    let shelves = runtime.block_on(shelves(&bare))?;
    let floor = Floor::new(bare, sample, shelves)?;
    let writers = if kind == Kind::Sqlite { 1 } else { AT_A_TIME };
    runtime.block_on(floor.drive(writers, run.warm_up))?;

    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for round in run.rounds() {
        round?;
        bare.push(runtime.block_on(floor.drive(writers, run.round))?);
        ours.push(drive(&target, AT_A_TIME, run.round, &issues, &number)?);
    }
    let (middle, share) = (Middle::of(&ours), ratio(&ours, &bare));
    report.add(Row {
        what: format!("issuing {LINES} lines on {kind}, {AT_A_TIME} clients, with idempotency keys"),
        result: per_second(middle.rate),
        latency: latency(middle.p50, middle.p99),
        floor: per_second(Middle::of(&bare).rate),
        ratio: format!("{share:.2}"),
        target: "≥ 0.25 of the floor".into(),
        met: Some(share >= SHARE),
    });
    // What was acknowledged must be there, once, and must be gone from the shelves.
    let lines = i64::try_from((warm_up.count() + ours.iter().map(Round::count).sum::<usize>()) * LINES)?;
    let found = runtime.block_on(counts(&database))?;
    let whole = UNITS * i64::try_from(PLACES * LINES)?;
    if found != (lines, whole - lines) {
        return Err(format!("{lines} lines were acknowledged, and {kind} has {found:?} of {whole}").into());
    }
    Ok(())
}

/// How many lines were issued, and how many units are on hand.
async fn counts(database: &Database) -> Result<(i64, i64)> {
    let sql = "SELECT (SELECT count(*) FROM stock_entry WHERE movement = 'issued'), \
               (SELECT CAST(sum(quantity) AS bigint) FROM stock)";
    Ok(match database.kind {
        Kind::Sqlite => sqlx::query_as(sql).fetch_one(&mut database.sqlite().await?).await?,
        Kind::Postgres => sqlx::query_as(sql).fetch_one(&mut database.postgres().await?).await?,
    })
}

/// What is in one place, and who is given it: the place, the stay, and the item and the lot of each line.
#[derive(Clone)]
struct Shelf {
    place: Uuid,
    stay: Uuid,
    lines: Vec<(Uuid, Uuid)>,
}

async fn shelves(database: &Database) -> Result<Vec<Shelf>> {
    let sql = "SELECT place_id, item_id, lot_id FROM stock ORDER BY place_id, lot_id";
    let whose = "SELECT id FROM stay ORDER BY id";
    let (stock, stays): (Vec<(Uuid, Uuid, Uuid)>, Vec<Uuid>) = match database.kind {
        Kind::Sqlite => {
            let mut connection = database.sqlite().await?;
            (
                sqlx::query_as(sql).fetch_all(&mut connection).await?,
                sqlx::query_scalar(whose).fetch_all(&mut connection).await?,
            )
        }
        Kind::Postgres => {
            let mut connection = database.postgres().await?;
            (
                sqlx::query_as(sql).fetch_all(&mut connection).await?,
                sqlx::query_scalar(whose).fetch_all(&mut connection).await?,
            )
        }
    };
    let mut shelves: Vec<Shelf> = Vec::new();
    for (place, item, lot) in stock {
        match shelves.last_mut().filter(|shelf| shelf.place == place) {
            Some(shelf) => shelf.lines.push((item, lot)),
            None => {
                let stay = *stays.get(shelves.len()).ok_or("fewer stays than places")?;
                shelves.push(Shelf { place, stay, lines: vec![(item, lot)] });
            }
        }
    }
    if shelves.len() == PLACES && shelves.iter().all(|shelf| shelf.lines.len() == LINES) {
        Ok(shelves)
    } else {
        Err("the floor's places are not filled as they should be".into())
    }
}

/// So many rows of so many values, as they stand after `VALUES`.
fn rows(rows: usize, values: usize) -> String {
    let row = |row: usize| {
        let each: Vec<String> = (1..=values).map(|value| format!("${}", row * values + value)).collect();
        format!("({})", each.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// Where bare rows go.
struct Floor {
    database: Arc<Database>,
    sample: Sample,
    shelves: Arc<Vec<Shelf>>,
    number: Arc<AtomicU64>,
    began: DateTime<Utc>,
}

impl Floor {
    fn new(database: Database, sample: Sample, shelves: Vec<Shelf>) -> Result<Self> {
        let began = data::today().and_hms_opt(0, 0, 0).ok_or("no midnight")?.and_utc();
        let (database, shelves) = (Arc::new(database), Arc::new(shelves));
        Ok(Self { database, sample, shelves, number: Arc::new(AtomicU64::new(0)), began })
    }

    /// Writes for so long, by so many clients, each on a connection of its own.
    async fn drive(&self, clients: usize, long: Duration) -> Result<Round> {
        let started = Instant::now();
        let mut tasks = JoinSet::new();
        for seed in 0..clients {
            let client = Client {
                database: Arc::clone(&self.database),
                sample: self.sample.clone(),
                shelves: Arc::clone(&self.shelves),
                number: Arc::clone(&self.number),
                began: self.began,
                dice: Dice::new(u64::try_from(seed)? + 1_000 * self.number.load(Ordering::Relaxed)),
                until: started + long,
                entries: format!(
                    "INSERT INTO stock_entry (id, at, by_id, movement, item_id, place_id, lot_id, quantity, value, \
                     stay_id) VALUES {}",
                    rows(LINES, 10)
                ),
                balances: format!(
                    "INSERT INTO stock (place_id, lot_id, item_id, quantity, value) VALUES {} ON CONFLICT (place_id, \
                     lot_id) DO UPDATE SET quantity = excluded.quantity, value = excluded.value",
                    rows(LINES, 5)
                ),
            };
            match self.database.kind {
                Kind::Sqlite => tasks.spawn(client.sqlite()),
                Kind::Postgres => tasks.spawn(client.postgres()),
            };
        }
        let mut latencies = Vec::new();
        while let Some(done) = tasks.join_next().await {
            latencies.extend(done??);
        }
        stop::must_not()?;
        Ok(Round::new(started.elapsed(), latencies))
    }
}

struct Client {
    database: Arc<Database>,
    sample: Sample,
    shelves: Arc<Vec<Shelf>>,
    number: Arc<AtomicU64>,
    began: DateTime<Utc>,
    dice: Dice,
    until: Instant,
    entries: String,
    balances: String,
}

/// One issue.
struct Issue {
    number: u64,
    shelf: Shelf,
    /// The ids of its entries.
    ids: Vec<Uuid>,
    at: DateTime<Utc>,
    /// What is left of each lot.
    left: i32,
}

macro_rules! insert {
    ($connection:expr, $client:expr, $issue:expr) => {{
        let (client, Issue { number, shelf, ids, at, left }) = ($client, $issue);
        let (token, origin) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut entries = sqlx::query(AssertSqlSafe(client.entries.clone()));
        for (id, (item, lot)) in ids.iter().zip(&shelf.lines) {
            entries = entries
                .bind(*id)
                .bind(at)
                .bind(token)
                .bind("issued")
                .bind(*item)
                .bind(shelf.place)
                .bind(*lot)
                .bind(-1_i64)
                .bind(-99_i64)
                .bind(shelf.stay);
        }
        entries.execute(&mut $connection).await?;
        let mut balances = sqlx::query(AssertSqlSafe(client.balances.clone()));
        for (item, lot) in &shelf.lines {
            let value = i64::from(left) * 99;
            balances = balances.bind(shelf.place).bind(*lot).bind(*item).bind(left).bind(value);
        }
        balances.execute(&mut $connection).await?;
        sqlx::query(
            "INSERT INTO command_key (by_id, idempotency_key, payload, answer, at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(token)
        .bind(format!("floor-{number}"))
        .bind(&client.sample.payload)
        .bind(&client.sample.answer)
        .bind(at)
        .execute(&mut $connection)
        .await?;
        sqlx::query(
            "INSERT INTO audit (at, by_id, role, action, subject_id, units, origin, detail) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(at)
        .bind(token)
        .bind(&client.sample.role)
        .bind(&client.sample.action)
        .bind(ids.first().copied())
        .bind("")
        .bind(origin)
        .bind(&client.sample.detail)
        .execute(&mut $connection)
        .await?;
    }};
}

impl Client {
    fn next(&mut self) -> Result<Option<Issue>> {
        if Instant::now() >= self.until || stop::asked() {
            return Ok(None);
        }
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let n = usize::try_from(number)?;
        let from = self.shelves.get(n % PLACES).ok_or("no such place")?.clone();
        let at = self.began + TimeDelta::microseconds(i64::try_from(number)? * 97);
        // In order of time with chance behind it, as the service's own ids are.
        let millis = u64::try_from(at.timestamp_millis())?;
        let dice = &mut self.dice;
        let id = |_| {
            let mut random = [0; 10];
            random.iter_mut().zip(dice.next().to_le_bytes()).for_each(|(to, from)| *to = from);
            uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
        };
        let ids = (0..LINES).map(id).collect();
        let left = i32::try_from(UNITS - 1 - i64::try_from(n / PLACES)?)?;
        Ok(Some(Issue { number, shelf: from, ids, at, left }))
    }

    async fn sqlite(mut self) -> Result<Vec<Duration>> {
        let mut connection = self.database.sqlite().await?;
        let mut latencies = Vec::new();
        loop {
            let started = Instant::now();
            let Some(issue) = self.next()? else { return Ok(latencies) };
            sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await?;
            insert!(connection, &self, issue);
            sqlx::query("COMMIT").execute(&mut connection).await?;
            latencies.push(started.elapsed());
        }
    }

    async fn postgres(mut self) -> Result<Vec<Duration>> {
        let mut connection = self.database.postgres().await?;
        let mut latencies = Vec::new();
        loop {
            let started = Instant::now();
            let Some(issue) = self.next()? else { return Ok(latencies) };
            sqlx::query("BEGIN").execute(&mut connection).await?;
            insert!(connection, &self, issue);
            sqlx::query("COMMIT").execute(&mut connection).await?;
            latencies.push(started.elapsed());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_numbered_through() {
        assert_eq!(rows(2, 3), "($1, $2, $3), ($4, $5, $6)");
    }
}
