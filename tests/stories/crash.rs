//! What was acknowledged survives a crash; what was not is wholly there, or not at all.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use safespace_domain::{Night, StayId, nights::later};
use safespace_engine::{Command, Engine};
use safespace_tests::{Databases, World, day, on_both};
use sea_orm::ConnectionTrait;

on_both![
    what_was_acknowledged_is_there_for_who_opens_the_database_next,
    a_command_whose_caller_goes_away_is_wholly_there_or_not_at_all,
];

const EVENING: &str = "2020-11-03T21:00:00Z";

/// The files as they are at a moment, with nobody closing anything. This is what a power cut leaves, but for what the
/// operating system had not yet put on the disk; that `synchronous=FULL` answers for.
#[tokio::test]
async fn the_files_of_the_moment_hold_every_booking_that_was_acknowledged() {
    let on = Databases::sqlite();
    let world = World::at(EVENING, &on).with_unit("SS-01").await;
    let mut acknowledged: Vec<StayId> = Vec::new();
    for n in 0..40 {
        acknowledged.push(book_night(&world, n).await);
        if n % 8 == 7 {
            let copy = on.fresh().await;
            copy_files(&world.url, &copy);
            must_hold(&world, &copy, &acknowledged).await;
        }
    }
}

/// The same while others are being written, so that many share one commit.
#[tokio::test]
async fn the_files_of_the_moment_hold_bookings_that_were_committed_together() {
    let on = Databases::sqlite();
    let world = Arc::new(World::at(EVENING, &on).with_unit("SS-01").await);
    let acknowledged: Arc<Mutex<Vec<StayId>>> = Arc::default();
    let bookings: Vec<_> = (0..48)
        .map(|n| {
            let (world, acknowledged) = (Arc::clone(&world), Arc::clone(&acknowledged));
            tokio::spawn(async move {
                let id = book_night(&world, n).await;
                acknowledged.lock().unwrap().push(id);
            })
        })
        .collect();
    while acknowledged.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    // Holding the write lock keeps the two files from changing between the copy of one and of the other.
    world.rows.execute_unprepared("BEGIN IMMEDIATE").await.unwrap();
    let by_then = acknowledged.lock().unwrap().clone();
    let copy = on.fresh().await;
    copy_files(&world.url, &copy);
    world.rows.execute_unprepared("ROLLBACK").await.unwrap();
    must_hold(&world, &copy, &by_then).await;
    for booking in bookings {
        booking.await.unwrap();
    }
    let all = acknowledged.lock().unwrap().clone();
    assert_eq!(all.len(), 48);
    copy_files(&world.url, &copy);
    must_hold(&world, &copy, &all).await;
}

async fn what_was_acknowledged_is_there_for_who_opens_the_database_next(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    for n in 0..9 {
        let id = book_night(&world, n).await;
        if n % 3 == 2 {
            let next = world.another_engine().await;
            assert!(next.stay(&world.officer().actor, id).await.unwrap().is_some());
            assert!(world.officer_at(&next).free(&night(n).to_string(), 1).await.is_empty());
            next.close().await.unwrap();
        }
    }
}

async fn a_command_whose_caller_goes_away_is_wholly_there_or_not_at_all(on: &Databases) {
    const LOOKS: u32 = 24;
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let actor = world.officer().actor;
    // Counted when the officer, who holds on to the engine, too, has gone.
    let alone = Arc::strong_count(&world.engine);
    for n in 0..LOOKS {
        let ask = world.officer().to_book("SS-01", &format!("R-{n}"), &night(n).to_string(), 1).await;
        let (engine, by) = (Arc::<Engine>::clone(&world.engine), Arc::clone(&actor));
        let mut sent = Box::pin(async move { engine.run(&by, None, Command::BookStay(ask)).await });
        // The caller looks for the answer so many times, then hangs up.
        for _ in 0..n {
            if sent.as_mut().now_or_never().is_some() {
                break;
            }
            tokio::task::yield_now().await;
            must_be_whole(&world).await;
        }
        drop(sent);
        must_be_whole(&world).await;
    }
    // What goes on without its caller holds on to the engine until it has come to its end.
    while Arc::strong_count(&world.engine) > alone {
        tokio::task::yield_now().await;
    }
    must_be_whole(&world).await;
    let line = world.line("SS-01", &night(0).to_string(), LOOKS).await;
    assert!(
        line.starts_with('.') && line.ends_with('b'),
        "nobody looked at the first, and all began: {line}"
    );
    for (n, letter) in (0..).zip(line.chars()) {
        let free = !world.officer().free(&night(n).to_string(), 1).await.is_empty();
        assert_eq!(free, letter == '.', "the calendar in memory says otherwise of {}", night(n));
    }
}

/// A booking of one night is one stay, one row of the ledger and one record of the audit, at every moment.
async fn must_be_whole(world: &World) {
    let sql = "SELECT (SELECT count(*) FROM stay), (SELECT count(*) FROM unit_night), \
               (SELECT count(*) FROM audit WHERE action = 'book_stay')";
    let row = world.select(sql).await.remove(0);
    let count = |at| row.try_get_by_index::<i64>(at).unwrap();
    assert!(
        count(0) == count(1) && count(1) == count(2),
        "half a booking: {:?}",
        [count(0), count(1), count(2)]
    );
}

fn night(n: u32) -> Night {
    later(day("2020-12-01"), n)
}

async fn book_night(world: &World, n: u32) -> StayId {
    world.officer().book("SS-01", &format!("R-{n}"), &night(n).to_string(), 1).await.unwrap().id
}

async fn must_hold(world: &World, url: &str, acknowledged: &[StayId]) {
    let survivor = world.engine_on(url).await;
    for id in acknowledged {
        let stay = survivor.stay(&world.officer().actor, *id).await.unwrap();
        let stay = stay.unwrap_or_else(|| panic!("{id} was acknowledged, and is gone"));
        let free = world.officer_at(&survivor).free(&stay.nights.arrival().to_string(), 1).await;
        assert!(free.is_empty(), "the night of {id} is free");
    }
    survivor.close().await.unwrap();
}

/// Copies a database and the log beside it, as they are.
fn copy_files(from: &str, to: &str) {
    let file = |url: &str| url.strip_prefix("sqlite:").unwrap().to_owned();
    let (from, to) = (file(from), file(to));
    for stale in ["-shm", "-wal"] {
        let _ = std::fs::remove_file(format!("{to}{stale}"));
    }
    std::fs::copy(&from, &to).unwrap();
    std::fs::copy(format!("{from}-wal"), format!("{to}-wal")).unwrap();
}
