//! Two processes on one database: each learns what the other did, and neither is misled into a wrong booking.

use safespace_domain::RefusalCode;
use safespace_engine::{Command, DescribeProperty, DescribeUnit};
use safespace_tests::{Databases, World, on_both, refused};

on_both![
    what_another_process_books_is_caught_up_with,
    what_another_process_frees_is_caught_up_with,
    a_unit_that_another_process_registers_is_caught_up_with,
    a_unit_that_another_process_closes_is_not_booked,
    of_a_closing_and_a_booking_at_the_same_time_one_is_refused,
    a_unit_that_another_process_closes_is_not_put_out_of_service,
    what_two_processes_change_of_a_unit_is_kept_of_both,
    what_two_processes_change_of_a_property_is_kept_of_both,
    a_policy_that_another_process_sets_is_caught_up_with,
    a_stale_engine_refuses_a_taken_unit_and_names_a_free_one,
    a_stale_engine_finds_a_unit_when_any_will_do,
    a_stay_that_another_process_changed_is_changed_from_there,
    an_engine_that_has_nothing_to_catch_up_with_stays_as_it_is,
];

const EVENING: &str = "2020-11-03T21:00:00Z";

async fn what_another_process_books_is_caught_up_with(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let other = world.another_engine().await;
    world.officer().book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    other.catch_up().await.unwrap();
    assert_eq!(world.officer_at(&other).free("2020-11-05", 1).await, ["SS-02"]);
    world.officer_at(&other).book("SS-02", "R-2", "2020-11-05", 3).await.unwrap();
    world.engine.catch_up().await.unwrap();
    assert_eq!(world.officer().free("2020-11-05", 1).await, [""; 0]);
    assert_eq!(world.officer().free("2020-11-06", 1).await, ["SS-01"]);
}

async fn what_another_process_frees_is_caught_up_with(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    let other = world.another_engine().await;
    world.officer().cancel(&stay).await.unwrap();
    other.catch_up().await.unwrap();
    assert_eq!(world.officer_at(&other).free("2020-11-03", 3).await, ["SS-01"]);
}

async fn a_unit_that_another_process_registers_is_caught_up_with(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let other = world.another_engine().await;
    let property = world.property("HOUSE").await;
    world.register_unit("SS-02", property, 3, None).await;
    other.catch_up().await.unwrap();
    assert_eq!(world.officer_at(&other).free("2020-11-03", 3).await, ["SS-02", "SS-01"]);
    // Units that two engines register in turns do not change places.
    world.officer_at(&other).book("SS-02", "R-1", "2020-11-03", 3).await.unwrap();
    world.register_unit("SS-03", property, 4, None).await;
    for engine in [&other, &world.engine] {
        engine.catch_up().await.unwrap();
        assert_eq!(world.officer_at(engine).free("2020-11-03", 3).await, ["SS-01", "SS-03"]);
    }
}

async fn a_unit_that_another_process_closes_is_not_booked(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let other = world.another_engine().await;
    world.manager().close("SS-01", "2020-11-05").await.unwrap();
    let refusal = world.officer_at(&other).book("SS-01", "R-1", "2020-11-04", 3).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::OutOfService, "although it knows nothing of the closing yet");
    assert!(world.ledger().await.is_empty());
    other.catch_up().await.unwrap();
    assert_eq!(world.officer_at(&other).free("2020-11-05", 1).await, [""; 0]);
}

async fn of_a_closing_and_a_booking_at_the_same_time_one_is_refused(on: &Databases) {
    let units: Vec<String> = (1..=12).map(|n| format!("SS-{n:02}")).collect();
    let world = World::at(EVENING, on).with_unit("SS-00").await;
    let property = world.property("HOUSE").await;
    for unit in &units {
        world.register_unit(unit, property, 3, None).await;
    }
    let other = world.another_engine().await;
    let races = units.iter().enumerate().map(|(n, unit)| {
        let (world, other) = (&world, &other);
        async move {
            let (manager, officer) = (world.manager(), world.officer_at(other));
            let household = format!("R-{n}");
            let close = manager.close(unit, "2020-11-05");
            let book = officer.book(unit, &household, "2020-11-04", 3);
            let (closed, booked) = futures_util::future::join(close, book).await;
            match (closed, booked) {
                (Ok(_), Err(refusal)) => assert_eq!(refusal.code, RefusalCode::OutOfService, "{unit}"),
                (Err(refusal), Ok(_)) => assert_eq!(refusal.code, RefusalCode::StandsInTheWay, "{unit}"),
                both => panic!("{unit}: {both:?}"),
            }
        }
    });
    futures_util::future::join_all(races).await;
}

async fn a_unit_that_another_process_closes_is_not_put_out_of_service(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let other = world.another_engine().await;
    let void = world.officer().record_void("SS-01", "2020-11-04", 1).await.unwrap();
    world.manager().close("SS-01", "2020-11-05").await.unwrap();
    let before = world.ledger().await;
    let refusal = world.officer_at(&other).record_void("SS-01", "2020-11-05", 2).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::OutOfService);
    let refusal = world.officer_at(&other).change_void(&void, "2020-11-04", 3).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::OutOfService);
    assert_eq!(world.ledger().await, before);
    world.officer_at(&other).cancel_void(&void).await.unwrap();
}

async fn what_two_processes_change_of_a_unit_is_kept_of_both(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let other = world.another_engine().await;
    world.manager().close("SS-01", "2020-11-05").await.unwrap();
    let unit = world.unit("SS-01").await;
    let sleeps = DescribeUnit { unit, code: None, opened_on: None, sleeps: Some(5), features: None };
    world.manager_at(&other).run(Command::DescribeUnit(sleeps)).await.unwrap();
    other.catch_up().await.unwrap();
    assert_eq!(world.officer_at(&other).free("2020-11-05", 1).await, [""; 0], "it is closed still");
    world.manager_at(&other).reopen("SS-01", "2020-11-05").await.unwrap();
    world.engine.catch_up().await.unwrap();
    assert_eq!(world.engine.spaces().unit_by_id(unit).unwrap().sleeps, 5);
}

async fn what_two_processes_change_of_a_property_is_kept_of_both(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let other = world.another_engine().await;
    let property = world.property("HOUSE").await;
    let code = DescribeProperty {
        property,
        code: Some("HOME".into()),
        district: None,
        locality: None,
        sharing: None,
    };
    world.manager().run(Command::DescribeProperty(code)).await.unwrap();
    let district = DescribeProperty {
        property,
        code: None,
        district: Some("North Herts".into()),
        locality: None,
        sharing: None,
    };
    world.manager_at(&other).run(Command::DescribeProperty(district)).await.unwrap();
    world.engine.catch_up().await.unwrap();
    let spaces = world.engine.spaces();
    let now = spaces.property(property).unwrap();
    assert_eq!((now.code.as_str(), now.district.as_str()), ("HOME", "North Herts"));
}

async fn a_policy_that_another_process_sets_is_caught_up_with(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let other = world.another_engine().await;
    world.set_turnaround(2).await;
    other.catch_up().await.unwrap();
    world.officer_at(&other).book("SS-01", "R-1", "2020-11-03", 2).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 5).await, "bbtt.");
}

async fn a_stale_engine_refuses_a_taken_unit_and_names_a_free_one(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let stale = world.another_engine().await;
    world.officer().book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    let refusal = world.officer_at(&stale).book("SS-01", "R-2", "2020-11-04", 3).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::Taken);
    assert_eq!(refusal.next_free.as_deref(), Some("SS-02"));
    assert_words_snapshot!(refused::<()>(Err(refusal)), @"TAKEN (unit): SS-01 is not free on all of these nights: stay R-1 in SS-01, 2020-11-04 to 2020-11-06. SS-02 is free instead.");
    assert_eq!(world.line("SS-01", "2020-11-03", 5).await, "bbb..");
}

async fn a_stale_engine_finds_a_unit_when_any_will_do(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let stale = world.another_engine().await;
    world.officer().book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    let stay = world.officer_at(&stale).book_any("R-2", "2020-11-03", 3).await;
    assert_eq!(stay.map(|stay| stay.unit), Ok(world.unit("SS-02").await), "SS-02 is free all the time");
}

async fn a_stay_that_another_process_changed_is_changed_from_there(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let other = world.another_engine().await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    world.officer_at(&other).check_in(&stay).await.unwrap();
    let refusal = world.officer().cancel(&stay).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::WrongState);
    world.officer().extend(&stay, "2020-11-08").await.unwrap();
    other.catch_up().await.unwrap();
    assert_eq!(world.officer_at(&other).free("2020-11-07", 1).await, [""; 0]);
    assert_eq!(world.line("SS-01", "2020-11-03", 6).await, "RRRRR.");
}

async fn an_engine_that_has_nothing_to_catch_up_with_stays_as_it_is(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    world.officer().book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    for _ in 0..3 {
        world.engine.catch_up().await.unwrap();
        assert_eq!(world.officer().free("2020-11-03", 3).await, ["SS-02"]);
        assert_eq!(world.officer().free("2020-11-06", 1).await, ["SS-01", "SS-02"]);
    }
}
