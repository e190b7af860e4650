//! Voids: nights on which a unit is out of service.

use safespace_domain::{
    RefusalCode, VoidId,
    access::{Role, Who},
};
use safespace_engine::{ChangeVoid, Command, RecordVoid};
use safespace_tests::{Databases, World, day, on_both, refused};

use crate::exceptions::must_not_be_in_the_clear;

on_both![
    a_void_takes_its_nights,
    a_void_over_a_booked_stay_is_refused_and_names_the_stay,
    a_void_is_changed_and_cancelled,
    a_void_does_not_grow_over_a_stay,
    the_note_of_a_void_is_read_back_and_never_kept_in_the_clear,
    a_note_stays_until_another_is_given,
    a_kept_void_is_changed_by_whoever_recorded_it_alone_for_as_long_as_they_can_sign_in,
    impossible_voids_are_refused_and_say_what_is_wrong,
];

const EVENING: &str = "2020-11-03T21:00:00Z";

async fn a_void_takes_its_nights(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    world.officer().record_void("SS-01", "2020-11-04", 3).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 5).await, ".vvv.");
    assert_eq!(world.officer().free("2020-11-05", 1).await, ["SS-02"]);
    let refusal = world.officer().book("SS-01", "R-1", "2020-11-06", 3).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::Taken);
    assert_words_snapshot!(refused::<()>(Err(refusal)), @"TAKEN (unit): SS-01 is not free on all of these nights: void repair in SS-01, 2020-11-06 to 2020-11-07. SS-02 is free instead.");
    world.officer().book("SS-01", "R-1", "2020-11-07", 3).await.unwrap();
}

async fn a_void_over_a_booked_stay_is_refused_and_names_the_stay(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    world.officer().book("SS-01", "R-2020-0551", "2020-11-05", 3).await.unwrap();
    let refusal = world.officer().record_void("SS-01", "2020-11-03", 3).await.unwrap_err();
    assert_words_snapshot!(&refusal.in_the_way[0], @"stay R-2020-0551 in SS-01, 2020-11-05 to 2020-11-06");
    assert_words_snapshot!(refused::<()>(Err(refusal)), @"TAKEN (unit): SS-01 is not free on all of these nights: stay R-2020-0551 in SS-01, 2020-11-05 to 2020-11-06. Choose other nights or another unit.");
    assert_eq!(world.count("void").await, 0);
    assert_eq!(world.line("SS-01", "2020-11-03", 6).await, "..bbb.");
}

async fn a_void_is_changed_and_cancelled(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let void = world.officer().record_void("SS-01", "2020-11-04", 3).await.unwrap();
    let void = world.officer().change_void(&void, "2020-11-05", 4).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 7).await, "..vvvv.");
    let void = world.officer().cancel_void(&void).await.unwrap();
    assert!(world.ledger().await.is_empty());
    assert_words_snapshot!(refused(world.officer().cancel_void(&void).await), @"WRONG_STATE: This void was cancelled, so it can't be cancelled: record a new one.");
    assert_words_snapshot!(refused(world.officer().change_void(&void, "2020-11-05", 1).await), @"WRONG_STATE: This void was cancelled, so it can't be changed: record a new one.");
}

async fn a_void_does_not_grow_over_a_stay(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let void = world.officer().record_void("SS-01", "2020-11-04", 2).await.unwrap();
    world.officer().book("SS-01", "R-1", "2020-11-06", 2).await.unwrap();
    assert_words_snapshot!(refused(world.officer().change_void(&void, "2020-11-04", 3).await), @"TAKEN (unit): SS-01 is not free on all of these nights: stay R-1 in SS-01, 2020-11-06 to 2020-11-07. Choose other nights or another unit.");
    assert_eq!(world.line("SS-01", "2020-11-03", 6).await, ".vvbb.");
}

async fn the_note_of_a_void_is_read_back_and_never_kept_in_the_clear(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let note = "The back door was kicked in on Imaginary Lane";
    let void = world.officer().record_void_with_note("SS-01", "2020-11-04", 2, Some(note)).await.unwrap();
    let view = world.engine.void(&world.officer().actor, void.id).await.unwrap().unwrap();
    assert_eq!(view.note.as_deref(), Some(note));
    must_not_be_in_the_clear(&world, "kicked in").await;
    world.officer().cancel_void(&void).await.unwrap();
    must_not_be_in_the_clear(&world, "kicked in").await;
}

async fn a_note_stays_until_another_is_given(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let officer = world.officer();
    let void = officer.record_void_with_note("SS-01", "2020-11-04", 2, Some("boiler")).await.unwrap();
    officer.change_void(&void, "2020-11-04", 3).await.unwrap();
    let note = async || world.engine.void(&officer.actor, void.id).await.unwrap().unwrap().note;
    assert_eq!(note().await.as_deref(), Some("boiler"));
    let other = ChangeVoid { void: void.id, from: None, to: None, reason: None, note: Some("roof".into()) };
    officer.run(Command::ChangeVoid(other.clone())).await.unwrap();
    assert_eq!(note().await.as_deref(), Some("roof"));
    officer.run(Command::ChangeVoid(ChangeVoid { note: Some(String::new()), ..other })).await.unwrap();
    assert_eq!(note().await, None);
}

async fn a_kept_void_is_changed_by_whoever_recorded_it_alone_for_as_long_as_they_can_sign_in(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let (keeper, manager) = (world.person_with(Role::Officer).await, world.manager());
    let void = keeper.record_kept_void("SS-01", "2020-11-04", 2).await.unwrap();
    let kept = "WRONG_STATE (void): This void is kept by whoever recorded it, and only they may change it or take it \
                back: ask the team whose it is.";
    assert_eq!(refused(manager.change_void(&void, "2020-11-04", 3).await), kept);
    assert_eq!(refused(manager.cancel_void(&void).await), kept);
    let view = world.engine.void(&manager.actor, void.id).await.unwrap().unwrap();
    assert!(view.kept);
    let void = keeper.change_void(&void, "2020-11-04", 3).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 5).await, ".vvv.");
    let admin = world.person_with(Role::Administrator).await;
    let Who::Person { account: id, .. } = keeper.actor.who else { unreachable!() };
    world.engine.disable_account(&admin.actor, id).await.unwrap();
    manager.cancel_void(&void).await.unwrap();
    assert!(world.ledger().await.is_empty());
}

async fn impossible_voids_are_refused_and_say_what_is_wrong(on: &Databases) {
    let world = World::at(EVENING, on).with_unit_until("SS-01", "2020-12-01").await;
    let good = RecordVoid {
        unit: world.unit("SS-01").await,
        from: day("2020-11-10"),
        to: day("2020-11-12"),
        reason: "repair".into(),
        note: None,
        kept: false,
    };
    let attempts = [
        RecordVoid { to: day("2020-11-10"), ..good.clone() },
        RecordVoid { from: day("0020-11-10"), ..good.clone() },
        RecordVoid { to: day("2220-11-10"), ..good.clone() },
        RecordVoid { to: day("2020-12-02"), ..good.clone() },
        RecordVoid { reason: "boredom".into(), ..good.clone() },
        RecordVoid { note: Some("  ".into()), ..good.clone() },
        RecordVoid { note: Some("x".repeat(2_001)), ..good.clone() },
        RecordVoid { unit: safespace_domain::UnitId(world.new_id()), ..good.clone() },
    ];
    let mut answers = Vec::new();
    for ask in attempts {
        answers.push(refused(world.officer().run(Command::RecordVoid(ask)).await));
    }
    let nobody = Command::CancelVoid { void: VoidId(world.new_id()) };
    answers.push(refused(world.officer().run(nobody).await));
    assert_words_snapshot!(answers.join("\n"), @r#"
    BAD_VALUE (to): The nights must end after they begin: 2020-11-10 is not after 2020-11-10.
    BAD_VALUE (from): 0020-11-10 is outside the years 1990 to 2100: check the date.
    BAD_VALUE (to): 2220-11-10 is outside the years 1990 to 2100: check the date.
    OUT_OF_SERVICE (unit): SS-01 is out of service on the night of 2020-12-01: choose other nights or another unit.
    BAD_VALUE (reason): There is no reason "boredom". Known: deep_clean, handback, other, repair, safety.
    BAD_VALUE (note): The note is empty: say why in a few words.
    BAD_VALUE (note): The note is longer than 2000 characters.
    NOT_FOUND (unit): There is no such unit.
    NOT_FOUND (void): There is no such void.
    "#);
    assert_eq!((world.count("void").await, world.count("unit_night").await), (0, 0));
}
