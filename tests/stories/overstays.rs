//! A stay in residence past its departure keeps its unit, night by night, until the household leaves.

use safespace_domain::{RefusalCode, access::Role, stays::StayStatus};
use safespace_engine::{Page, StayFilter};
use safespace_tests::{Databases, World, actor_with, nights, on_both, refused};

on_both![
    an_overstay_keeps_its_unit_night_by_night,
    the_roll_over_changes_nothing_the_second_time,
    a_service_that_was_down_for_days_catches_up_at_its_start,
    a_booking_that_an_overstay_blocks_is_reported_with_where_it_could_go,
    a_blocked_booking_is_not_checked_in_and_can_be_moved,
    nights_are_given_back_when_the_overstay_leaves,
    turnaround_after_an_overstay_gives_way_to_who_is_booked,
    an_overstay_that_moves_gives_the_nights_back_too,
    a_void_gets_its_nights_back_when_the_overstay_leaves,
    an_overstay_is_made_good_by_an_extension,
    a_household_that_overstays_into_its_own_next_booking_does_not_stop_the_day,
    nobody_is_checked_in_to_a_unit_that_is_not_left_yet,
    nobody_moves_or_comes_back_to_a_unit_that_is_not_left_yet,
    a_household_is_checked_out_of_one_home_before_it_is_checked_in_to_the_next,
    a_household_is_checked_out_past_midnight_though_its_next_booking_has_that_night,
    a_blocked_booking_can_be_shortened_and_extended,
    past_midnight_a_blocked_booking_is_offered_what_it_can_move_to,
    nothing_is_blocked_any_more_once_the_overstay_has_left,
    a_list_of_a_night_has_who_overstays_then,
    a_void_gets_back_what_has_passed_before_turnaround_takes_it,
    nights_are_given_back_when_an_overstay_that_was_extended_leaves,
    a_booking_gets_its_night_back_from_whoever_had_it_meanwhile,
    what_needs_attention_says_what_to_do,
    an_overstay_has_one_count_of_nights_and_leaves_today_without_an_exception,
];

const EVENING: &str = "2020-11-03T21:00:00Z";

/// R-1 is in SS-01 from the 3rd, was to leave on the 5th, and is still there on the day named.
macro_rules! overstay_until {
    ($world:expr, $day:literal) => {{
        let stay = $world.officer().book("SS-01", "R-1", "2020-11-03", 2).await.unwrap();
        let stay = $world.officer().check_in(&stay).await.unwrap();
        $world.wake_at(concat!($day, "T09:00:00Z")).await;
        stay
    }};
}

async fn an_overstay_keeps_its_unit_night_by_night(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = overstay_until!(world, "2020-11-05");
    assert_eq!(world.line("SS-01", "2020-11-03", 6).await, "RR....", "the day of departure is no overstay");
    world.wake_at("2020-11-06T09:00:00Z").await;
    assert_eq!(world.line("SS-01", "2020-11-03", 6).await, "RRRR..");
    assert!(world.officer().free("2020-11-06", 1).await.is_empty());
    assert_eq!(world.officer().attention().await, ["R-1 overstays in SS-01, nights: 1"]);
    world.wake_at("2020-11-07T09:00:00Z").await;
    assert_eq!(world.line("SS-01", "2020-11-03", 6).await, "RRRRR.");
    let stay = world.officer().check_out(&stay).await.unwrap();
    assert_eq!((stay.status(), stay.nights.len()), (StayStatus::Departed, 4));
    assert_eq!(world.line("SS-01", "2020-11-03", 6).await, "RRRR..");
    assert!(world.officer().attention().await.is_empty());
}

async fn the_roll_over_changes_nothing_the_second_time(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    overstay_until!(world, "2020-11-06");
    let (ledger, audit) = (world.ledger().await, world.count("audit").await);
    assert!(world.engine.turn_day().await.unwrap().is_empty());
    assert_eq!(world.ledger().await, ledger);
    assert_eq!(world.count("audit").await, audit);
}

async fn a_service_that_was_down_for_days_catches_up_at_its_start(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 2).await.unwrap();
    world.officer().check_in(&stay).await.unwrap();
    world.clock.set("2020-11-08T09:00:00Z");
    let restarted = world.another_engine().await;
    assert_eq!(world.line("SS-01", "2020-11-03", 7).await, "RRRRRR.");
    assert_eq!(world.officer_at(&restarted).free("2020-11-08", 1).await, [""; 0]);
    assert_eq!(world.officer_at(&restarted).free("2020-11-09", 1).await, ["SS-01"]);
}

async fn a_booking_that_an_overstay_blocks_is_reported_with_where_it_could_go(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02", "SS-03"]).await;
    world.officer().book("SS-01", "R-2", "2020-11-05", 4).await.unwrap();
    world.officer().book("SS-02", "R-3", "2020-11-08", 2).await.unwrap();
    overstay_until!(world, "2020-11-05");
    assert!(world.officer().attention().await.is_empty());
    world.wake_at("2020-11-06T00:05:00Z").await;
    assert_eq!(world.line("SS-01", "2020-11-03", 7).await, "RRRRbb.");
    assert_words_snapshot!(world.officer().attention().await.join("\n"), @r"
    R-1 overstays in SS-01, nights: 1
    R-2 is blocked in SS-01, 2020-11-05 to 2020-11-07, and could move to SS-03
    ");
}

async fn a_blocked_booking_is_not_checked_in_and_can_be_moved(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let blocked = world.officer().book("SS-01", "R-2", "2020-11-06", 3).await.unwrap();
    overstay_until!(world, "2020-11-06");
    assert_words_snapshot!(world.officer().attention().await.join("\n"), @r"
    R-1 overstays in SS-01, nights: 1
    R-2 is blocked in SS-01, 2020-11-06 to 2020-11-07, and could move to SS-02
    ");
    let before = world.ledger().await;
    assert!(world.officer().check_in(&blocked).await.is_err(), "R-1 is still there");
    assert_eq!(world.ledger().await, before);
    let (_, moved) = world.officer().move_to(&blocked, "SS-02").await.unwrap();
    world.officer().check_in(&moved).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 7).await, "RRRR...");
    assert_eq!(world.line("SS-02", "2020-11-03", 7).await, "...RRR.");
    assert_eq!(world.officer().attention().await, ["R-1 overstays in SS-01, nights: 1"]);
}

async fn nights_are_given_back_when_the_overstay_leaves(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let blocked = world.officer().book("SS-01", "R-2", "2020-11-06", 3).await.unwrap();
    let stay = overstay_until!(world, "2020-11-06");
    assert_eq!(world.line("SS-01", "2020-11-03", 7).await, "RRRRbb.");
    world.officer().check_out(&stay).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 7).await, "RRRbbb.");
    assert!(world.officer().attention().await.is_empty());
    world.officer().check_in(&blocked).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 7).await, "RRRRRR.");
}

async fn turnaround_after_an_overstay_gives_way_to_who_is_booked(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").with_turnaround(1).await;
    let blocked = world.officer().book("SS-01", "R-2", "2020-11-06", 3).await.unwrap();
    let stay = overstay_until!(world, "2020-11-06");
    assert_eq!(world.line("SS-01", "2020-11-03", 8).await, "RRRRbbt.");
    world.officer().check_out(&stay).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 8).await, "RRRbbbt.");
    assert!(world.officer().attention().await.is_empty());
    world.officer().check_in(&blocked).await.unwrap();
}

async fn an_overstay_that_moves_gives_the_nights_back_too(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    world.officer().book("SS-01", "R-2", "2020-11-06", 3).await.unwrap();
    let stay = overstay_until!(world, "2020-11-06");
    assert_words_snapshot!(refused(world.officer().move_to(&stay, "SS-02").await), @"BAD_VALUE (departure): The stay was to end on 2020-11-05: say until when it goes on in the other unit.");
    world.officer().move_until(&stay, "SS-02", Some("2020-11-08")).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 7).await, "RRRbbb.");
    assert_eq!(world.line("SS-02", "2020-11-03", 7).await, "...RR..");
    assert!(world.officer().attention().await.is_empty());
}

async fn a_void_gets_its_nights_back_when_the_overstay_leaves(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    world.officer().record_void("SS-01", "2020-11-06", 3).await.unwrap();
    let stay = overstay_until!(world, "2020-11-06");
    assert_eq!(world.line("SS-01", "2020-11-03", 7).await, "RRRRvv.");
    world.officer().check_out(&stay).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 7).await, "RRRvvv.");
}

async fn an_overstay_is_made_good_by_an_extension(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = overstay_until!(world, "2020-11-07");
    assert_eq!(
        world.officer().extend(&stay, "2020-11-11").await.unwrap_err().code,
        RefusalCode::LongestStay,
        "the nights overstayed count"
    );
    world.officer().extend(&stay, "2020-11-09").await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 8).await, "RRRRRR..");
    assert!(world.officer().attention().await.is_empty());
}

async fn a_household_that_overstays_into_its_own_next_booking_does_not_stop_the_day(on: &Databases) {
    for turnaround in [0, 1] {
        let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).with_move_on_unit("MO-01");
        let world = world.with_turnaround(turnaround).await;
        // R-1 is to go on to a home of its own on the 5th, and another household overstays that night, too.
        let next = world.officer().book("MO-01", "R-1", "2020-11-05", 28).await.unwrap();
        let other = world.officer().book("SS-02", "R-2", "2020-11-03", 2).await.unwrap();
        world.officer().check_in(&other).await.unwrap();
        let stay = overstay_until!(world, "2020-11-05");
        world.clock.set("2020-11-06T09:00:00Z");
        let turned = world.engine.turn_day().await;
        assert!(turned.is_ok(), "the day must turn: {turned:?}");
        assert_eq!(world.line("SS-02", "2020-11-03", 5).await, "RRRR.", "the other overstay keeps its unit");
        assert_eq!(world.line("SS-01", "2020-11-03", 5).await, "RRRR.", "and so does this one");
        let attention = world.officer().attention().await;
        assert!(attention.contains(&"R-1 overstays in SS-01, nights: 1".to_owned()), "{attention:?}");
        assert!(
            attention.iter().any(|item| item.contains("MO-01")),
            "its booking is reported: {attention:?}"
        );
        world.officer().check_out(&stay).await.unwrap();
        world.officer().check_in(&next).await.expect("its own booking has its nights back");
        assert_eq!(world.line("MO-01", "2020-11-05", 4).await, ".RRR");
        assert_eq!(world.officer().attention().await, ["R-2 overstays in SS-02, nights: 1"]);
    }
}

async fn nobody_is_checked_in_to_a_unit_that_is_not_left_yet(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let next = world.officer().book("SS-01", "R-2", "2020-11-05", 3).await.unwrap();
    let stay = overstay_until!(world, "2020-11-05");
    let refusal = world.officer().check_in(&next).await;
    assert!(refusal.is_err(), "R-1 was to leave today, and has not yet: {refusal:?}");
    world.officer().check_out(&stay).await.unwrap();
    world.officer().check_in(&next).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 6).await, "RRRRR.");
}

async fn nobody_moves_or_comes_back_to_a_unit_that_is_not_left_yet(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let other = world.officer().book("SS-02", "R-2", "2020-11-03", 4).await.unwrap();
    world.officer().check_in(&other).await.unwrap();
    let stay = overstay_until!(world, "2020-11-05");
    assert!(
        world.officer().move_to(&other, "SS-01").await.is_err(),
        "R-1 was to leave today, and has not yet"
    );
    world.officer().check_out(&stay).await.unwrap();
    world.officer().move_to(&other, "SS-01").await.unwrap();
    assert!(world.officer().reinstate(&stay).await.is_err(), "R-2 is there now");
    assert_eq!(world.line("SS-01", "2020-11-03", 5).await, "RRRR.");
    assert_eq!(world.line("SS-02", "2020-11-03", 5).await, "RR...");
}

async fn a_household_is_checked_out_of_one_home_before_it_is_checked_in_to_the_next(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let next = world.officer().book("SS-02", "R-1", "2020-11-05", 3).await.unwrap();
    let stay = overstay_until!(world, "2020-11-05");
    let both = world.officer().check_in(&next).await;
    assert!(both.is_err(), "else it would be in two homes, and overstay in one tomorrow: {both:?}");
    world.officer().check_out(&stay).await.unwrap();
    world.officer().check_in(&next).await.unwrap();
    world.wake_at("2020-11-06T09:00:00Z").await;
    assert!(world.officer().attention().await.is_empty());
}

async fn a_household_is_checked_out_past_midnight_though_its_next_booking_has_that_night(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).with_turnaround(1).await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 2).await.unwrap();
    let stay = world.officer().check_in(&stay).await.unwrap();
    world.officer().book("SS-02", "R-1", "2020-11-05", 2).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 4).await, "RRt.");
    // The day has not turned in the database yet: the night that it slept there too is kept for turnaround.
    world.clock.set("2020-11-06T00:30:00Z");
    world.officer().check_out(&stay).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 5).await, "RRRt.");
    assert_eq!(world.line("SS-02", "2020-11-03", 5).await, "...bt");
}

async fn a_blocked_booking_can_be_shortened_and_extended(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let blocked = world.officer().book("SS-01", "R-2", "2020-11-06", 4).await.unwrap();
    overstay_until!(world, "2020-11-06");
    assert_eq!(world.line("SS-01", "2020-11-03", 8).await, "RRRRbbb.");
    let blocked = world.officer().shorten(&blocked, "2020-11-09").await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 8).await, "RRRRbb..");
    world.officer().extend(&blocked, "2020-11-11").await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 8).await, "RRRRbbbb");
}

async fn past_midnight_a_blocked_booking_is_offered_what_it_can_move_to(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02", "SS-03"]).await;
    let blocked = world.officer().book("SS-01", "R-2", "2020-11-06", 3).await.unwrap();
    overstay_until!(world, "2020-11-06");
    world.officer().record_void("SS-02", "2020-11-06", 1).await.unwrap();
    // Half past midnight on the 7th is the night of the 6th still: SS-02 was not to be had on it.
    world.wake_at("2020-11-07T00:30:00Z").await;
    assert!(world.officer().attention().await.iter().any(|line| line.ends_with("and could move to SS-03")));
    assert!(world.officer().move_to(&blocked, "SS-02").await.is_err());
    world.officer().move_to(&blocked, "SS-03").await.unwrap();
}

async fn nothing_is_blocked_any_more_once_the_overstay_has_left(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let blocked = world.officer().book("SS-01", "R-2", "2020-11-05", 4).await.unwrap();
    let stay = overstay_until!(world, "2020-11-06");
    world.officer().check_out_on(&stay, "2020-11-06").await.unwrap();
    assert_eq!(world.officer().attention().await, ["R-2 has not arrived in SS-01"]);
    world.officer().check_in(&blocked).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 7).await, "RRRRRR.");
}

async fn a_list_of_a_night_has_who_overstays_then(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = overstay_until!(world, "2020-11-07");
    let (_, officer) = actor_with(&world.engine, Role::Officer).await;
    let on_night = async |night: &str| {
        let filter = StayFilter { nights: Some(nights(night, 1)), ..StayFilter::default() };
        let found = world.engine.stays(&officer, &filter, Page { after: None, limit: 9 }).await.unwrap();
        found.iter().map(|stay| stay.id).collect::<Vec<_>>()
    };
    assert_eq!(on_night("2020-11-07").await, [stay.id], "tonight");
    assert_eq!(on_night("2020-11-06").await, [stay.id], "last night");
    assert_eq!(on_night("2020-11-08").await, [], "nobody knows yet");
}

async fn a_void_gets_back_what_has_passed_before_turnaround_takes_it(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").with_turnaround(1).await;
    world.officer().record_void("SS-01", "2020-11-07", 3).await.unwrap();
    let stay = overstay_until!(world, "2020-11-08");
    assert_eq!(world.line("SS-01", "2020-11-03", 8).await, "RRRRRRv.");
    world.officer().check_out_on(&stay, "2020-11-07").await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 8).await, "RRRRvvv.");
}

async fn nights_are_given_back_when_an_overstay_that_was_extended_leaves(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    world.officer().book("SS-01", "R-2", "2020-11-06", 3).await.unwrap();
    let stay = overstay_until!(world, "2020-11-07");
    assert_eq!(world.line("SS-01", "2020-11-03", 7).await, "RRRRRb.");
    let stay = world.officer().extend(&stay, "2020-11-08").await.unwrap();
    assert_eq!(
        world.officer().attention().await,
        ["R-2 is blocked in SS-01, 2020-11-07 to 2020-11-08, and could move to nowhere"]
    );
    world.officer().check_out(&stay).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 7).await, "RRRRbb.");
}

async fn a_booking_gets_its_night_back_from_whoever_had_it_meanwhile(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let next = world.officer().book("SS-02", "R-1", "2020-11-06", 2).await.unwrap();
    let stay = overstay_until!(world, "2020-11-06");
    let other = world.officer().book("SS-02", "R-3", "2020-11-06", 1).await.unwrap();
    world.officer().cancel(&other).await.unwrap();
    assert_eq!(world.line("SS-02", "2020-11-03", 6).await, "....b.", "R-1 still sleeps in SS-01");
    let other = world.officer().book("SS-02", "R-3", "2020-11-06", 1).await.unwrap();
    world.officer().check_out(&stay).await.unwrap();
    assert_eq!(
        world.officer().attention().await,
        ["R-1 is blocked in SS-02, 2020-11-06 to 2020-11-07, and could move to SS-01"]
    );
    world.officer().cancel(&other).await.unwrap();
    assert_eq!(world.officer().attention().await, [""; 0]);
    world.officer().check_in(&next).await.unwrap();
    assert_eq!(world.line("SS-02", "2020-11-03", 6).await, "...RR.");
}

async fn what_needs_attention_says_what_to_do(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02", "SS-03"]).await;
    let officer = world.officer();
    officer.book("SS-01", "R-2", "2020-11-06", 2).await.unwrap();
    officer.book("SS-02", "R-1", "2020-11-06", 2).await.unwrap();
    officer.book("SS-03", "R-3", "2020-11-03", 2).await.unwrap();
    officer.book("SS-03", "R-4", "2020-11-05", 3).await.unwrap();
    overstay_until!(world, "2020-11-06");
    let items = world.engine.attention(&officer.actor).await.unwrap();
    let (spaces, today) = (world.engine.spaces(), world.engine.today());
    let said: Vec<_> = items.iter().map(|item| item.message(&spaces, today)).collect();
    assert_words_snapshot!(said.join("\n"), @r"
    R-3 was expected in SS-03 on 2020-11-03 and never checked in; its nights are over. Mark it as a no-show.
    R-1 is in SS-01, and nobody has spoken with the household since it came; that was due by 4 November, 21:00: offer support, or record that you have.
    R-1 is in SS-01, and this is due and not settled: Clothes; Medical help; A safe telephone; Safety plan; Injunction and court orders; Money and benefits; Pets. See to it, or say that it is not needed.
    R-1 is in SS-01 and has no key worker: name one.
    R-1 was to leave SS-01 on 2020-11-05 and is still there, 1 night over. Extend the stay, move the household, or check it out.
    R-4 was expected in SS-03 on 2020-11-05 and was not checked in. Check it in, or mark it as a no-show.
    R-2 is booked into SS-01 from 2020-11-06, and the home is taken, 2020-11-06 to 2020-11-07. No other unit is free for it.
    R-1 is booked into SS-02 from 2020-11-06, and has not left the home that it had before: check it out there, then check it in here.
    ");
}

async fn an_overstay_has_one_count_of_nights_and_leaves_today_without_an_exception(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let officer = world.officer();
    let stay = officer.book("SS-01", "R-1", "2020-11-03", 7).await.unwrap();
    let stay = officer.check_in(&stay).await.unwrap();
    world.wake_at("2020-11-13T07:00:00Z").await;
    assert_eq!(officer.attention().await, ["R-1 overstays in SS-01, nights: 3"]);
    let length = world.engine.stay_length(&officer.actor, &stay).await.unwrap().unwrap();
    assert_eq!((length.used, length.nights.len()), (10, 10), "and the coming night has not been slept");
    let long = world.engine.long_stays(&officer.actor).await.unwrap();
    assert_eq!(long.iter().map(|long| long.nights).collect::<Vec<_>>(), [10]);
    assert_words_snapshot!(refused(officer.extend(&stay, "2020-11-13").await), @"WRONG_TIME (departure): The household can leave today, 2020-11-13, without an extension: check it out.");
    assert!(refused(officer.extend(&stay, "2020-11-14").await).starts_with("LONGEST_STAY"));
    assert_eq!(officer.check_out(&stay).await.unwrap().nights.len(), 10);
}
