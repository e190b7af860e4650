//! A manager may allow a longer stay, with a reason that the record keeps, sealed.

use safespace_domain::{Nights, RefusalCode, stays::Stay};
use safespace_tests::{Databases, World, day, on_both, refused};

on_both![
    only_a_manager_grants_an_exception,
    the_reason_is_read_back_and_never_kept_in_the_clear,
    an_exception_lengthens_a_stay_in_residence,
    an_exception_needs_a_reason,
    an_exception_that_is_not_needed_is_not_recorded,
    an_exception_does_not_open_a_unit_that_is_taken,
    a_check_in_is_not_taken_back_to_more_nights_than_the_policy_allows,
    an_exception_goes_with_the_household_when_it_moves,
    nights_that_were_granted_once_need_no_second_exception,
    a_manager_finds_the_stays_that_are_too_long_and_what_was_granted,
];

const EVENING: &str = "2020-11-03T21:00:00Z";
const REASON: &str = "No refuge place anywhere until the fifteenth";

/// Nobody can read this text in the database: not in a row, and on `SQLite` not in a byte of its files.
pub async fn must_not_be_in_the_clear(world: &World, text: &str) {
    for (table, column) in
        [("audit", "detail"), ("command_key", "answer"), ("stay", "status"), ("void", "reason")]
    {
        let sql = format!("SELECT count(*) FROM {table} WHERE {column} LIKE '%{text}%'");
        assert_eq!(world.one::<i64>(&sql).await, Some(0), "{text:?} is in {table}.{column}");
    }
    let Some(path) = world.url.strip_prefix("sqlite:") else { return };
    let mut read = 0;
    for file in [path.to_owned(), format!("{path}-wal")] {
        let Ok(bytes) = std::fs::read(&file) else { continue };
        read += bytes.len();
        assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text:?} is in {file}");
    }
    assert!(read > 0, "the files of the database are somewhere else");
}

async fn only_a_manager_grants_an_exception(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let officer = world.officer().book_with_exception("SS-01", "R-1", "2020-11-03", 9, REASON).await;
    assert_words_snapshot!(refused(officer), @"NOT_ALLOWED (exception): A sign-in as officer can't grant an exception: ask a manager.");
    assert_eq!((world.count("stay").await, world.count("stay_exception").await), (0, 0));
    world.manager().book_with_exception("SS-01", "R-1", "2020-11-03", 9, REASON).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 10).await, "bbbbbbbbb.");
}

async fn the_reason_is_read_back_and_never_kept_in_the_clear(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.manager().book_with_exception("SS-01", "R-1", "2020-11-03", 9, REASON).await.unwrap();
    assert_eq!(reasons(&world, &stay).await, [(9, REASON.to_owned())]);
    must_not_be_in_the_clear(&world, "refuge place").await;
}

async fn an_exception_lengthens_a_stay_in_residence(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 7).await.unwrap();
    world.officer().check_in(&stay).await.unwrap();
    assert!(world.officer().extend_with_exception(&stay, "2020-11-11", REASON).await.is_err());
    let stay = world.manager().extend_with_exception(&stay, "2020-11-11", REASON).await.unwrap();
    assert_eq!(stay.nights.len(), 8);
    assert!(world.officer().extend(&stay, "2020-11-12").await.is_err(), "one exception is no licence");
    world.manager().extend_with_exception(&stay, "2020-11-12", "And one more night").await.unwrap();
    let told = [(8, REASON.to_owned()), (9, "And one more night".to_owned())];
    assert_eq!(reasons(&world, &stay).await, told);
}

async fn an_exception_needs_a_reason(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let empty = world.manager().book_with_exception("SS-01", "R-1", "2020-11-03", 9, "  ").await;
    assert_words_snapshot!(refused(empty), @"BAD_VALUE (exception): The reason for a longer stay is empty: say why in a few words.");
    let endless =
        world.manager().book_with_exception("SS-01", "R-1", "2020-11-03", 9, &"x".repeat(2_001)).await;
    assert_words_snapshot!(refused(endless), @"BAD_VALUE (exception): The reason for a longer stay is longer than 2000 characters.");
}

async fn an_exception_that_is_not_needed_is_not_recorded(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.manager().book_with_exception("SS-01", "R-1", "2020-11-03", 7, REASON).await.unwrap();
    assert!(reasons(&world, &stay).await.is_empty());
}

async fn an_exception_does_not_open_a_unit_that_is_taken(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    world.officer().book("SS-01", "R-1", "2020-11-11", 1).await.unwrap();
    let refusal = world.manager().book_with_exception("SS-01", "R-2", "2020-11-03", 9, REASON).await;
    assert_words_snapshot!(refused(refusal), @"TAKEN (unit): SS-01 is not free on all of these nights: stay R-1 in SS-01, 2020-11-11 to 2020-11-12. Choose other nights or another unit.");
    assert_eq!(world.count("stay_exception").await, 0);
}

async fn reasons(world: &World, stay: &Stay) -> Vec<(u32, String)> {
    let views = world.engine.exceptions(&world.manager().actor, stay).await.unwrap();
    views.into_iter().map(|view| (view.nights, view.reason.unwrap())).collect()
}

async fn a_check_in_is_not_taken_back_to_more_nights_than_the_policy_allows(on: &Databases) {
    let world = World::at("2020-11-01T21:00:00Z", on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-01", 4).await.unwrap();
    world.wake_at("2020-11-03T21:00:00Z").await;
    let stay = world.officer().check_in(&stay).await.unwrap();
    let stay = world.officer().extend(&stay, "2020-11-10").await.expect("seven nights from the 3rd");
    let refusal = world.officer().reinstate(&stay).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::LongestStay, "nine from the 1st");
    assert_eq!(world.line("SS-01", "2020-11-01", 9).await, "..RRRRRRR");
}

async fn an_exception_goes_with_the_household_when_it_moves(on: &Databases) {
    let world = World::at("2020-11-01T21:00:00Z", on).with_units(["SS-01", "SS-02"]).await;
    let stay =
        world.manager().book_with_exception("SS-01", "R-1", "2020-11-01", 10, "no home yet").await.unwrap();
    let stay = world.officer().check_in(&stay).await.unwrap();
    world.wake_at("2020-11-03T10:00:00Z").await;
    let (_, moved) = world.officer().move_to(&stay, "SS-02").await.unwrap();
    let left = world.officer().check_out(&moved).await.unwrap();
    let back = world.officer().reinstate(&left).await.expect("a slip of the hand");
    assert_eq!(back.nights.departure(), day("2020-11-11"));
}

async fn nights_that_were_granted_once_need_no_second_exception(on: &Databases) {
    let world = World::at("2020-11-01T21:00:00Z", on).with_unit("SS-01").await;
    let stay =
        world.manager().book_with_exception("SS-01", "R-1", "2020-11-01", 10, "no home yet").await.unwrap();
    let stay = world.officer().shorten(&stay, "2020-11-09").await.unwrap();
    let stay = world.officer().extend(&stay, "2020-11-11").await.expect("ten were granted");
    let refusal = world.officer().extend(&stay, "2020-11-12").await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::LongestStay);
}

async fn a_manager_finds_the_stays_that_are_too_long_and_what_was_granted(on: &Databases) {
    let world = World::at("2020-11-01T21:00:00Z", on).with_units(["SS-01", "SS-02", "SS-03"]).await;
    let granted =
        world.manager().book_with_exception("SS-01", "R-1", "2020-11-01", 10, REASON).await.unwrap();
    let over = world.officer().book("SS-02", "R-2", "2020-11-01", 7).await.unwrap();
    world.officer().check_in(&over).await.unwrap();
    world.officer().book("SS-03", "R-3", "2020-11-01", 7).await.unwrap();
    let manager = world.manager();
    let told = async || {
        let long = world.engine.long_stays(&manager.actor).await.unwrap();
        long.iter()
            .map(|long| (long.stay.id, long.nights, long.allowed, long.is_undecided()))
            .collect::<Vec<_>>()
    };
    assert_eq!(told().await, [(granted.id, 10, Some(10), false)]);
    world.wake_at("2020-11-09T21:00:00Z").await;
    assert_eq!(
        told().await,
        [(over.id, 8, None, true), (granted.id, 10, Some(10), false)],
        "R-2 is still there"
    );
    let on_days = async |from: &str, to: &str| {
        let days = Nights::new(day(from), day(to)).unwrap();
        let found = world.engine.exceptions_granted(&manager.actor, days).await.unwrap();
        found.into_iter().map(|(stay, view)| (stay.id, view.nights, view.reason)).collect::<Vec<_>>()
    };
    assert_eq!(on_days("2020-11-01", "2020-11-02").await, [(granted.id, 10, Some(REASON.to_owned()))]);
    assert!(on_days("2020-11-02", "2020-11-10").await.is_empty());
}
