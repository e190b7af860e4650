//! The board: for a window of nights, every unit with what takes each night; and word of its changes.

use std::sync::Arc;

use safespace_domain::access::Role;
use safespace_engine::{EngineError, NewToken};
use safespace_tests::{Databases, World, nights, on_both, refused};

on_both![
    the_board_shows_what_takes_each_night_of_each_unit,
    the_board_comes_in_pages_and_is_not_too_wide,
    a_change_of_the_board_is_told_with_its_units_and_nights,
    nobody_is_told_of_changes_once_the_credential_has_expired,
];

const EVENING: &str = "2020-11-03T21:00:00Z";

/// A line per unit: its uses within the window, and whose they are.
async fn board(world: &World, from: &str, n: u32, after: Option<&str>, limit: usize) -> (String, bool) {
    let officer = world.officer().actor;
    let window = world.engine.board(&officer, nights(from, n), after, limit).await.unwrap();
    let mut lines = Vec::new();
    for row in window.rows {
        let uses: Vec<_> = row
            .uses
            .iter()
            .map(|board_use| {
                let whose = window.names.get(&board_use.take.by).map_or("", String::as_str);
                format!("{} {} {whose}", board_use.nights, board_use.take.night_use)
            })
            .collect();
        lines.push(format!("{}: {}", row.unit.code, uses.join(", ")).trim_end().to_owned());
    }
    (lines.join("\n"), window.more)
}

async fn the_board_shows_what_takes_each_night_of_each_unit(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02", "SS-03"]).with_turnaround(1).await;
    let officer = world.officer();
    let there = officer.book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    officer.check_in(&there).await.unwrap();
    officer.book("SS-01", "R-2", "2020-11-07", 3).await.unwrap();
    officer.record_void("SS-02", "2020-11-02", 4).await.unwrap();
    assert_words_snapshot!(board(&world, "2020-11-04", 5, None, 10).await.0, @r"
    SS-01: 2020-11-04 to 2020-11-06 resident R-1, 2020-11-06 to 2020-11-07 turnaround R-1, 2020-11-07 to 2020-11-09 booked R-2
    SS-02: 2020-11-04 to 2020-11-06 void repair
    SS-03:
    ");
}

async fn the_board_comes_in_pages_and_is_not_too_wide(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-03", "SS-01", "SS-02"]).await;
    assert_eq!(board(&world, "2020-11-03", 7, None, 2).await, ("SS-01:\nSS-02:".into(), true));
    assert_eq!(board(&world, "2020-11-03", 7, Some("SS-02"), 2).await, ("SS-03:".into(), false));
    let wide = world.engine.board(&world.officer().actor, nights("2020-11-03", 93), None, 10).await;
    let Err(EngineError::Refused(refusal)) = wide else { panic!("{wide:?} should have been refused") };
    assert_words_snapshot!(refused::<()>(Err(refusal)), @"BAD_VALUE (to): The board shows at most 92 nights: ask for fewer.");
}

async fn a_change_of_the_board_is_told_with_its_units_and_nights(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let officer = world.officer();
    let mut changes = world.engine.board_changes(&officer.actor).unwrap();
    let stay = officer.book("SS-02", "R-1", "2020-11-05", 3).await.unwrap();
    let change = changes.next().await.unwrap();
    assert_eq!((change.units, change.nights), (vec![stay.unit], nights("2020-11-05", 3)));
    officer.shorten(&stay, "2020-11-07").await.unwrap();
    assert_eq!(changes.next().await.unwrap().nights, nights("2020-11-07", 1));
}

async fn nobody_is_told_of_changes_once_the_credential_has_expired(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let engine = &world.engine;
    let new = NewToken::of(Role::Officer, None, Some(1));
    let (_, token) = engine.create_token(&engine.local(), new).await.unwrap();
    let guest = engine.authenticate(&token).await.unwrap().unwrap();
    let mut changes = engine.board_changes(&guest).unwrap();
    let stay = world.officer().book("SS-01", "R-1", "2020-11-05", 3).await.unwrap();
    assert!(changes.next().await.is_some());
    world.clock.set("2020-11-04T21:00:00Z");
    world.officer().cancel(&stay).await.unwrap();
    assert_eq!(changes.next().await, None);
    assert!(engine.board_changes(&Arc::clone(&guest)).is_err(), "nor can one begin anew");
    assert_eq!(engine.authenticate(&token).await.unwrap(), None);
}
