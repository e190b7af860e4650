//! The service's day is Europe/London, and turns once.

use safespace_domain::{RefusalCode, stays::StayStatus};
use safespace_tests::{Databases, World, day, on_both};

on_both![
    the_day_turns_at_midnight_in_london,
    the_nights_of_the_clock_changes_are_nights_like_others,
    who_arrives_after_midnight_was_expected_last_night,
    tonight_can_be_booked_until_late_arrivals_end,
    who_arrives_on_the_last_night_after_midnight_still_has_it,
    the_day_turns_twice_and_has_turned_once,
];

async fn the_day_turns_at_midnight_in_london(on: &Databases) {
    let world = World::at("2020-07-01T12:00:00Z", on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-07-01", 1).await.unwrap();
    world.officer().check_in(&stay).await.unwrap();
    world.wake_at("2020-07-02T22:59:59Z").await;
    assert_eq!(world.line("SS-01", "2020-07-01", 4).await, "R...", "a second before, it is still the 2nd");
    world.wake_at("2020-07-02T23:00:00Z").await;
    assert_eq!(world.engine.today(), day("2020-07-03"), "in summer the day turns at eleven, UTC");
    assert_eq!(world.line("SS-01", "2020-07-01", 4).await, "RRR.");
}

async fn the_nights_of_the_clock_changes_are_nights_like_others(on: &Databases) {
    for (before, nights, after) in [
        ("2020-03-27T20:00:00Z", ["2020-03-27", "2020-03-28", "2020-03-29"], "2020-03-29T23:00:00Z"),
        ("2020-10-23T20:00:00Z", ["2020-10-23", "2020-10-24", "2020-10-25"], "2020-10-26T00:00:00Z"),
    ] {
        let world = World::at(before, on).with_unit("SS-01").await;
        let stay = world.officer().book("SS-01", "R-1", nights[0], 3).await.unwrap();
        world.officer().check_in(&stay).await.unwrap();
        assert_eq!(stay.nights.iter().map(|night| night.to_string()).collect::<Vec<_>>(), nights);
        world.wake_at(after).await;
        assert_eq!(world.engine.today(), stay.nights.departure(), "midnight in London, to the second");
        assert!(world.officer().attention().await.is_empty());
        let stay = world.officer().check_out(&stay).await.unwrap();
        assert_eq!(stay.nights.len(), 3);
        assert_eq!(world.line("SS-01", nights[0], 4).await, "RRR.");
    }
}

async fn who_arrives_after_midnight_was_expected_last_night(on: &Databases) {
    let world = World::at("2020-11-03T21:00:00Z", on).with_units(["SS-01", "SS-02"]).await;
    let early = world.officer().book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    let late = world.officer().book("SS-02", "R-2", "2020-11-03", 3).await.unwrap();
    world.wake_at("2020-11-04T05:59:59Z").await;
    world.officer().check_in(&early).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 4).await, "RRR.");
    world.wake_at("2020-11-04T06:00:00Z").await;
    world.officer().check_in(&late).await.unwrap();
    assert_eq!(world.line("SS-02", "2020-11-03", 4).await, ".RR.");
}

async fn tonight_can_be_booked_until_late_arrivals_end(on: &Databases) {
    let world = World::at("2020-11-04T00:30:00Z", on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 1).await.unwrap();
    let stay = world.officer().check_in(&stay).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 2).await, "R.");
    world.wake_at("2020-11-04T06:00:00Z").await;
    world.officer().check_out(&stay).await.unwrap();
    let refusal = world.officer().book("SS-01", "R-2", "2020-11-03", 1).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::WrongTime);
}

async fn who_arrives_on_the_last_night_after_midnight_still_has_it(on: &Databases) {
    let world = World::at("2020-11-03T21:00:00Z", on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 1).await.unwrap();
    world.wake_at("2020-11-04T00:30:00Z").await;
    let stay = world.officer().check_in(&stay).await.unwrap();
    assert_eq!(stay.status(), StayStatus::InResidence);
    assert!(world.officer().attention().await.is_empty(), "to leave today is no overstay");
}

async fn the_day_turns_twice_and_has_turned_once(on: &Databases) {
    let world = World::at("2020-11-03T21:00:00Z", on).with_units(["SS-01", "SS-02"]).await;
    for (unit, household) in [("SS-01", "R-1"), ("SS-02", "R-2")] {
        let stay = world.officer().book(unit, household, "2020-11-03", 1).await.unwrap();
        world.officer().check_in(&stay).await.unwrap();
    }
    world.clock.set("2020-11-05T00:00:00Z");
    let audit = world.count("audit").await;
    assert_eq!(world.engine.turn_day().await.unwrap().len(), 2);
    let (ledger, turned) = (world.ledger().await, world.count("audit").await);
    assert_eq!(turned, audit + 2);
    assert!(world.engine.turn_day().await.unwrap().is_empty());
    world.wake_at("2020-11-05T20:00:00Z").await;
    assert_eq!((world.ledger().await, world.count("audit").await), (ledger, turned));
    let (one, other) = tokio::join!(world.engine.turn_day(), world.engine.turn_day());
    assert_eq!((one.unwrap().len(), other.unwrap().len()), (0, 0));
}
