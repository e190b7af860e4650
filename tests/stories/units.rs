//! Properties and units: registered, described, opened and closed on dates.

use std::collections::BTreeSet;

use safespace_domain::{Nights, RefusalCode, periods::PeriodKind, units::Scheme};
use safespace_engine::{Command, DescribeProperty, DescribeUnit, RegisterUnit};
use safespace_tests::{Databases, World, day, nights, on_both, refused};

on_both![
    a_unit_is_described_and_found_by_what_it_has,
    a_code_is_given_once,
    impossible_units_are_refused_and_say_what_is_wrong,
    a_stay_lies_within_the_dates_in_service,
    closing_reports_what_stands_in_the_way,
    a_unit_closes_and_reopens_and_is_in_stock_meanwhile_not,
    a_property_closes_as_a_whole_or_not_at_all,
    a_property_that_moves_district_takes_its_units_along,
    an_opening_that_was_recorded_wrong_is_put_right,
    a_reopening_is_taken_back,
];

const EVENING: &str = "2020-11-03T21:00:00Z";

async fn a_unit_is_described_and_found_by_what_it_has(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let features = BTreeSet::from(["step_free".to_owned()]);
    let better = DescribeUnit {
        unit: world.unit("SS-02").await,
        code: Some("SS-22".into()),
        opened_on: None,
        sleeps: Some(6),
        features: Some(features.clone()),
    };
    world.manager().run(Command::DescribeUnit(better)).await.unwrap();
    let mut ask = world.officer().to_book("SS-22", "R-1", "2020-11-03", 2).await;
    ask.unit = None;
    ask.features = features;
    let stay = world.officer().book_as(ask).await.unwrap();
    assert_eq!(stay.unit, world.unit("SS-22").await);
}

async fn a_code_is_given_once(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let same = safespace_tests::home("HOUSE", Scheme::SafeSpace, "Stevenage");
    assert_words_snapshot!(refused(world.manager().run(Command::RegisterProperty(same)).await), @"CODE_IN_USE (code): There is a property HOUSE already: choose another code.");
    let same = DescribeUnit {
        unit: world.unit("SS-02").await,
        code: Some("ss-01".into()),
        opened_on: None,
        sleeps: None,
        features: None,
    };
    assert_words_snapshot!(refused(world.manager().run(Command::DescribeUnit(same)).await), @"CODE_IN_USE (code): There is a unit ss-01 already: choose another code.");
}

async fn impossible_units_are_refused_and_say_what_is_wrong(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let good = RegisterUnit {
        code: "SS-02".into(),
        property: world.property("HOUSE").await,
        sleeps: 3,
        features: BTreeSet::new(),
        opened_on: day("2020-11-01"),
        closed_on: None,
    };
    let attempts = [
        RegisterUnit { code: "SS 02".into(), ..good.clone() },
        RegisterUnit { code: "SS-01".into(), ..good.clone() },
        RegisterUnit { property: safespace_domain::PropertyId(world.new_id()), ..good.clone() },
        RegisterUnit { sleeps: 0, ..good.clone() },
        RegisterUnit { sleeps: -3, ..good.clone() },
        RegisterUnit { sleeps: 1_000, ..good.clone() },
        RegisterUnit { features: BTreeSet::from(["sauna".to_owned()]), ..good.clone() },
        RegisterUnit { closed_on: Some(day("2020-11-01")), ..good.clone() },
        RegisterUnit { opened_on: day("0001-11-01"), ..good.clone() },
    ];
    let mut answers = Vec::new();
    for ask in attempts {
        answers.push(refused(world.manager().run(Command::RegisterUnit(ask)).await));
    }
    let nowhere = safespace_tests::home("P-2", Scheme::MoveOn, "Atlantis");
    answers.push(refused(world.manager().run(Command::RegisterProperty(nowhere)).await));
    assert_words_snapshot!(answers.join("\n"), @r#"
    BAD_VALUE (code): The code must be 1 to 40 letters, digits or any of - _ . / and begin with a letter or a digit.
    CODE_IN_USE (code): There is a unit SS-01 already: choose another code.
    NOT_FOUND (property): There is no such property.
    BAD_VALUE (sleeps): A unit sleeps 1 to 60 people.
    BAD_VALUE (sleeps): A unit can't sleep -3.
    BAD_VALUE (sleeps): A unit sleeps 1 to 60 people.
    BAD_VALUE (features): There is no feature "sauna". Known: accessible_bathroom, cot, garden, ground_floor, lift, men_only, own_bathroom, own_kitchen, parking, pets, self_contained, step_free, wheelchair, women_only.
    BAD_VALUE (closedOn): The unit closes on 2020-11-01, which must be after it opens, 2020-11-01.
    BAD_VALUE (openedOn): 0001-11-01 is not a date on which a unit could open.
    BAD_VALUE (district): There is no district "Atlantis". Known: North Herts, Stevenage.
    "#);
    assert_eq!((world.count("unit").await, world.count("property").await), (1, 1));
}

async fn a_stay_lies_within_the_dates_in_service(on: &Databases) {
    let world = World::at(EVENING, on).with_unit_until("SS-01", "2020-11-08").await;
    assert_words_snapshot!(refused(world.officer().book("SS-01", "R-1", "2020-11-06", 3).await), @"OUT_OF_SERVICE (unit): SS-01 is out of service on the night of 2020-11-08: choose other nights or another unit.");
    let stay = world.officer().book("SS-01", "R-1", "2020-11-06", 2).await.unwrap();
    assert_words_snapshot!(refused(world.officer().extend(&stay, "2020-11-09").await), @"OUT_OF_SERVICE (unit): SS-01 is out of service on the night of 2020-11-08: choose other nights or another unit.");
}

async fn closing_reports_what_stands_in_the_way(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-7", "2020-11-05", 3).await.unwrap();
    let void = world.officer().record_void("SS-01", "2020-11-20", 2).await.unwrap();
    let audit = world.count("audit").await;
    let refusal = world.manager().close("SS-01", "2020-11-07").await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::StandsInTheWay);
    assert_eq!(refusal.in_the_way.len(), 2);
    assert_words_snapshot!(refused::<()>(Err(refusal)), @"STANDS_IN_THE_WAY (on): Can't close on 2020-11-07: stay R-7 in SS-01, 2020-11-07 to 2020-11-08; void repair in SS-01, 2020-11-20 to 2020-11-22. Move or end these first.");
    assert_eq!(world.count("audit").await, audit);
    world.officer().book("SS-01", "R-8", "2021-01-01", 2).await.expect("it is still open");
    world.officer().cancel_void(&void).await.unwrap();
    world.officer().cancel(&stay).await.unwrap();
    let refusal = world.manager().close("SS-01", "2020-11-07").await.unwrap_err();
    assert_eq!(refusal.in_the_way.len(), 1);
    world.manager().close("SS-01", "2021-01-03").await.expect("from the day of the last departure");
}

async fn a_unit_closes_and_reopens_and_is_in_stock_meanwhile_not(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    world.manager().close("SS-01", "2020-11-05").await.unwrap();
    assert_words_snapshot!(refused(world.manager().close("SS-01", "2020-11-06").await), @"WRONG_STATE (on): SS-01 closes on 2020-11-05 already: to close it later, reopen it from that night first.");
    assert!(world.officer().free("2020-11-05", 1).await.is_empty());
    assert_words_snapshot!(refused(world.manager().reopen("SS-01", "2020-11-04").await), @"WRONG_STATE (on): SS-01 closes on 2020-11-05: reopen it from that night or later.");
    world.manager().reopen("SS-01", "2020-11-07").await.unwrap();
    assert_words_snapshot!(refused(world.manager().reopen("SS-01", "2020-11-09").await), @"WRONG_STATE (on): SS-01 is open already.");
    assert!(world.officer().free("2020-11-06", 1).await.is_empty());
    assert_eq!(world.officer().free("2020-11-07", 1).await, ["SS-01"]);
    let refusal = world.officer().book("SS-01", "R-1", "2020-11-04", 4).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::OutOfService, "not across the nights between");
    assert_eq!(in_stock(&world, nights("2020-11-03", 6)).await, [1, 1, 0, 0, 1, 1]);
}

async fn a_property_closes_as_a_whole_or_not_at_all(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let property = world.property("HOUSE").await;
    let stay = world.officer().book("SS-02", "R-1", "2020-11-05", 3).await.unwrap();
    let close = || Command::CloseProperty { property, on: day("2020-11-04") };
    let refusal = world.manager().run(close()).await;
    assert_words_snapshot!(refused(refusal), @"STANDS_IN_THE_WAY (on): Can't close on 2020-11-04: stay R-1 in SS-02, 2020-11-05 to 2020-11-08. Move or end these first.");
    assert_eq!(in_stock(&world, nights("2020-11-04", 1)).await, [2]);
    world.officer().cancel(&stay).await.unwrap();
    world.manager().run(close()).await.unwrap();
    assert_eq!(in_stock(&world, nights("2020-11-03", 2)).await, [2, 0]);
    let reopen = Command::ReopenProperty { property, on: day("2020-11-04") };
    world.manager().run(reopen).await.unwrap();
    assert_eq!(in_stock(&world, nights("2020-11-03", 2)).await, [2, 2]);
}

async fn a_property_that_moves_district_takes_its_units_along(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let moved = DescribeProperty {
        property: world.property("HOUSE").await,
        code: None,
        district: Some("North Herts".into()),
        locality: None,
        sharing: None,
    };
    world.manager().run(Command::DescribeProperty(moved)).await.unwrap();
    let mut ask = world.officer().to_book("SS-01", "R-1", "2020-11-03", 2).await;
    ask.unit = None;
    ask.wanted_districts = BTreeSet::from(["Stevenage".to_owned()]);
    assert_eq!(world.officer().book_as(ask.clone()).await.unwrap_err().code, RefusalCode::NoneFree);
    ask.wanted_districts = BTreeSet::from(["North Herts".to_owned()]);
    world.officer().book_as(ask).await.unwrap();
}

async fn in_stock(world: &World, range: Nights) -> Vec<u64> {
    let officer = world.officer();
    let rows = world.engine.occupancy(&officer.actor, range, PeriodKind::Night, None).await.unwrap();
    rows.iter().map(|row| row.in_stock_nights).collect()
}

async fn an_opening_that_was_recorded_wrong_is_put_right(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let officer = world.officer();
    officer.book("SS-01", "R-1", "2020-11-05", 2).await.unwrap();
    let unit = world.unit("SS-01").await;
    let manager = world.manager();
    let open = async |on: &str| {
        let ask = DescribeUnit { unit, code: None, opened_on: Some(day(on)), sleeps: None, features: None };
        manager.run(Command::DescribeUnit(ask)).await
    };
    open("2020-11-05").await.unwrap();
    assert!(officer.free("2020-11-04", 1).await.is_empty(), "it was not open yet");
    assert_words_snapshot!(refused(open("2020-11-06").await), @"STANDS_IN_THE_WAY (openedOn): Can't open on 2020-11-06: stay R-1 in SS-01, 2020-11-05 to 2020-11-06. Move or end these first.");
    open("2020-11-04").await.unwrap();
    assert_eq!(officer.free("2020-11-04", 1).await, ["SS-01"]);
    assert_words_snapshot!(refused(open("1920-11-04").await), @"BAD_VALUE (openedOn): 1920-11-04 is not a date on which a unit could open.");
    open("2015-03-01").await.unwrap();
    let range = nights("2015-02-27", 4);
    let figures = world.engine.occupancy(&officer.actor, range, PeriodKind::Year, None).await.unwrap();
    assert_eq!(figures[0].in_stock_nights, 2, "the 1st and 2nd of March");
}

async fn a_reopening_is_taken_back(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let manager = world.manager();
    manager.close("SS-01", "2020-11-10").await.unwrap();
    manager.reopen("SS-01", "2020-11-20").await.unwrap();
    let unit = manager.close("SS-01", "2020-11-20").await.unwrap();
    assert_eq!(unit.closes_on(), Some(day("2020-11-10")));
    assert!(world.officer().free("2020-11-20", 1).await.is_empty());
    assert_words_snapshot!(refused(manager.close("SS-01", "2020-11-25").await), @"WRONG_STATE (on): SS-01 closes on 2020-11-10 already: to close it later, reopen it from that night first.");
}
