//! Many want the same few units at once. The primary key of the night ledger decides, and the race proves that it is
//! the key: the same race without it books double.

use std::sync::Arc;

use futures_util::future::join_all;
use safespace_domain::{Night, RefusalCode, nights::later};
use safespace_engine::{BookStay, Command, Engine, EngineError, Outcome};
use safespace_tests::{Databases, World, day, on_both};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};
use tokio::sync::Barrier;

/// So many want the same nights.
const RUNNERS: usize = 64;
const UNITS: [&str; 4] = ["SS-01", "SS-02", "SS-03", "SS-04"];
const EVENING: &str = "2020-11-03T21:00:00Z";

on_both![
    four_of_sixty_four_get_four_units_that_they_named,
    four_of_sixty_four_get_four_units_when_any_will_do,
    two_engines_race_for_the_same_units,
];

async fn four_of_sixty_four_get_four_units_that_they_named(on: &Databases) {
    let world = World::at(EVENING, on).with_units(UNITS).await;
    for arrival in ["2020-11-04", "2020-11-12"] {
        let mut asks = Vec::new();
        for n in 0..RUNNERS {
            let household = format!("R-{arrival}-{n}");
            asks.push(world.officer().to_book(UNITS[n % UNITS.len()], &household, arrival, 7).await);
        }
        let answers = race(&world, &[Arc::clone(&world.engine)], asks).await;
        must_be_four(&world, &answers, arrival).await;
        for refusal in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            assert_eq!(refusal.code, RefusalCode::Taken);
            assert!(!refusal.in_the_way.is_empty(), "what is in the way? {refusal:?}");
        }
    }
}

async fn four_of_sixty_four_get_four_units_when_any_will_do(on: &Databases) {
    let world = World::at(EVENING, on).with_units(UNITS).await;
    let asks = anything(&world, "2020-11-04").await;
    let answers = race(&world, &[Arc::clone(&world.engine)], asks).await;
    must_be_four(&world, &answers, "2020-11-04").await;
    for refusal in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(matches!(refusal.code, RefusalCode::NoneFree | RefusalCode::Changed), "{refusal:?}");
    }
}

async fn two_engines_race_for_the_same_units(on: &Databases) {
    let world = World::at(EVENING, on).with_units(UNITS).await;
    let engines = [Arc::clone(&world.engine), world.another_engine().await];
    let mut asks = Vec::new();
    for n in 0..RUNNERS {
        // Half of a runner's rivals for a unit are at the other engine.
        let household = format!("R-{n}");
        asks.push(world.officer().to_book(UNITS[n / 2 % UNITS.len()], &household, "2020-11-04", 7).await);
    }
    let answers = race(&world, &engines, asks).await;
    must_be_four(&world, &answers, "2020-11-04").await;
    for engine in engines {
        engine.catch_up().await.unwrap();
        assert_eq!(world.officer_at(&engine).free("2020-11-04", 1).await, [""; 0]);
        assert_eq!(world.officer_at(&engine).free("2020-11-11", 1).await, UNITS);
    }
}

/// The negative control: the same rows, the same race, and a program that looks before it writes; but no key.
/// Were this not to book double, the stories above would prove nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_key_the_same_race_books_double() {
    let Some(on) = Databases::postgres("race::without_the_key_the_same_race_books_double") else { return };
    let world = World::at(EVENING, &on).with_units(UNITS).await;
    for keyed in [false, true] {
        let name = if keyed { "ledger_with_key" } else { "ledger_without_key" };
        let key = if keyed { "INCLUDING ALL" } else { "" };
        let create = format!("CREATE TABLE {name} (LIKE unit_night {key})");
        world.rows.execute_unprepared(&create).await.unwrap();
        let mut booked = 0;
        for round in 0..20 {
            booked = look_then_write(&world, name, later(day("2021-01-01"), round * 7)).await;
            if booked > UNITS.len() {
                break;
            }
        }
        let double =
            "SELECT count(*) FROM (SELECT 1 FROM {} GROUP BY unit_id, night HAVING count(*) > 1) AS double";
        let double: i64 = world.one(&double.replace("{}", name)).await.unwrap();
        if keyed {
            assert_eq!((booked, double), (UNITS.len(), 0), "with the key, nobody is booked double");
        } else {
            assert!(
                booked > UNITS.len() && double > 0,
                "this race finds no double booking: it proves nothing"
            );
        }
    }
    on.tidy().await;
}

/// Sixteen connections, four to a unit: look whether the seven nights are free, then write them. Returns how many
/// took all of them.
async fn look_then_write(world: &World, table: &'static str, arrival: Night) -> usize {
    let mut options = ConnectOptions::new(world.url.clone());
    options.max_connections(16).min_connections(16).sqlx_logging(false);
    let pool = Database::connect(options).await.unwrap();
    let start = Arc::new(Barrier::new(16));
    let mut runners = Vec::new();
    for n in 0..16 {
        let unit = world.unit(UNITS[n % UNITS.len()]).await.0;
        let (pool, start, by) = (pool.clone(), Arc::clone(&start), world.new_id());
        runners.push(tokio::spawn(async move {
            start.wait().await;
            let nights: Vec<Night> = (0..7).map(|n| later(arrival, n)).collect();
            take(&pool, table, unit, by, &nights).await
        }));
    }
    let took = join_all(runners).await.into_iter().filter(|took| *took.as_ref().unwrap()).count();
    pool.close().await.unwrap();
    took
}

async fn take(
    pool: &DatabaseConnection,
    table: &str,
    unit: uuid::Uuid,
    by: uuid::Uuid,
    nights: &[Night],
) -> bool {
    use sea_orm::TransactionTrait;
    let tx = pool.begin().await.unwrap();
    let backend = tx.get_database_backend();
    let look = format!("SELECT count(*) FROM {table} WHERE unit_id = $1 AND night >= $2 AND night < $3");
    let span = [unit.into(), nights[0].into(), later(nights[6], 1).into()];
    let found = tx.query_one_raw(Statement::from_sql_and_values(backend, look, span)).await.unwrap().unwrap();
    if found.try_get_by_index::<i64>(0).unwrap() > 0 {
        return false;
    }
    for night in nights {
        let write = format!(
            "INSERT INTO {table} (unit_id, night, night_use, taken_by) VALUES ($1, $2, 'booked', $3)"
        );
        let row = [unit.into(), (*night).into(), by.into()];
        if tx.execute_raw(Statement::from_sql_and_values(backend, write, row)).await.is_err() {
            return false;
        }
    }
    tx.commit().await.is_ok()
}

/// The asks of the runners, for whichever unit.
async fn anything(world: &World, arrival: &str) -> Vec<BookStay> {
    let ask = world.officer().to_book("SS-01", "R", arrival, 7).await;
    let ask = |n| BookStay { unit: None, household: format!("R-{n}"), ..ask.clone() };
    (0..RUNNERS).map(ask).collect()
}

/// All of them at once, each at one of the engines in turn.
async fn race(
    world: &World,
    engines: &[Arc<Engine>],
    asks: Vec<BookStay>,
) -> Vec<safespace_tests::Told<Outcome>> {
    let start = Arc::new(Barrier::new(asks.len()));
    let runners = asks.into_iter().enumerate().map(|(n, ask)| {
        let engine = Arc::clone(&engines[n % engines.len()]);
        let (actor, start) = (world.officer().actor, Arc::clone(&start));
        tokio::spawn(async move {
            start.wait().await;
            engine.run(&actor, None, Command::BookStay(ask)).await
        })
    });
    let answers = join_all(runners.collect::<Vec<_>>()).await;
    let told = |answer| match answer {
        Ok(outcome) => Ok(outcome),
        Err(EngineError::Refused(refusal)) => Err(refusal),
        Err(EngineError::Fault(fault)) => panic!("a fault, where an answer was due: {fault:?}"),
    };
    answers.into_iter().map(|answer| told(answer.unwrap())).collect()
}

/// Four bookings, and in the database four units of seven nights each, of four households.
async fn must_be_four(world: &World, answers: &[safespace_tests::Told<Outcome>], arrival: &str) {
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), UNITS.len());
    let arrival = day(arrival);
    let rows = world.ledger().await;
    let rows: Vec<_> =
        rows.iter().filter(|row| arrival <= row.night && row.night < later(arrival, 7)).collect();
    assert_eq!(rows.len(), UNITS.len() * 7);
    let mut takers: Vec<_> = rows.iter().map(|row| (row.unit, row.taken_by, row.household)).collect();
    takers.sort_unstable();
    takers.dedup();
    assert_eq!(takers.len(), UNITS.len(), "one household to a unit, for all of its nights");
    let stays = format!("SELECT count(*) FROM stay WHERE arrival = '{arrival}'");
    assert_eq!(world.one::<i64>(&stays).await, Some(4), "nobody who was refused left a stay behind");
}
