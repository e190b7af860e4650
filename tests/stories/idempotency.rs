//! The same command with the same idempotency key has one effect and one answer.

use std::{collections::BTreeSet, sync::Arc};

use futures_util::future::join_all;

use safespace_domain::RefusalCode;
use safespace_engine::{BookStay, Command, Engine, EngineError, Outcome};
use safespace_tests::{Databases, World, day, on_both, refused};

use crate::exceptions::must_not_be_in_the_clear;

on_both![
    a_command_sent_again_has_one_effect_and_one_answer,
    a_refusal_sent_again_is_the_same_refusal,
    a_key_used_for_another_command_is_refused,
    a_key_belongs_to_the_credential_that_used_it,
    a_key_is_known_after_a_restart,
    sixteen_at_once_with_one_key_have_one_effect_and_one_answer,
    sixteen_at_once_that_are_refused_have_one_answer,
    impossible_keys_are_refused,
    what_is_remembered_under_a_key_is_not_in_the_clear,
];

const EVENING: &str = "2020-11-03T21:00:00Z";

async fn a_command_sent_again_has_one_effect_and_one_answer(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let ask = BookStay { unit: None, ..world.officer().to_book("SS-01", "R-1", "2020-11-03", 3).await };
    let first = world.officer().run_once("k-1", Command::BookStay(ask.clone())).await.unwrap();
    let (ledger, audit) = (world.ledger().await, world.count("audit").await);
    world.clock.set("2020-11-04T21:00:00Z");
    let again = world.officer().run_once("k-1", Command::BookStay(ask)).await.unwrap();
    assert_eq!(again, first, "also when the day has turned and the booking would be refused by now");
    assert_eq!((world.ledger().await, world.count("audit").await), (ledger, audit));
    assert_eq!(world.count("stay").await, 1);
}

async fn a_refusal_sent_again_is_the_same_refusal(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let in_the_way = world.officer().book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    let ask = world.officer().to_book("SS-01", "R-2", "2020-11-04", 3).await;
    let first = world.officer().run_once("k-1", Command::BookStay(ask.clone())).await.unwrap_err();
    world.officer().cancel(&in_the_way).await.unwrap();
    let again = world.officer().run_once("k-1", Command::BookStay(ask.clone())).await.unwrap_err();
    assert_eq!(again, first, "one key, one answer: to try again is another command");
    world.officer().run_once("k-2", Command::BookStay(ask)).await.unwrap();
}

async fn a_key_used_for_another_command_is_refused(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let ask = world.officer().to_book("SS-01", "R-1", "2020-11-03", 3).await;
    world.officer().run_once("k-1", Command::BookStay(ask.clone())).await.unwrap();
    let other = BookStay { departure: day("2020-11-07"), ..ask };
    assert_words_snapshot!(refused(world.officer().run_once("k-1", Command::BookStay(other)).await), @"KEY_REUSED (idempotencyKey): This idempotency key was used for another command: use a new key for a new command.");
    assert_eq!(world.line("SS-01", "2020-11-03", 5).await, "bbb..");
}

async fn a_key_belongs_to_the_credential_that_used_it(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let mine = world.officer().to_book("SS-01", "R-1", "2020-11-03", 3).await;
    let theirs = world.officer().to_book("SS-02", "R-2", "2020-11-03", 3).await;
    world.officer().run_once("k-1", Command::BookStay(mine)).await.unwrap();
    world.manager().run_once("k-1", Command::BookStay(theirs)).await.unwrap();
    assert_eq!(world.count("stay").await, 2);
}

async fn a_key_is_known_after_a_restart(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let ask = world.officer().to_book("SS-01", "R-1", "2020-11-03", 3).await;
    let first = world.officer().run_once("k-1", Command::BookStay(ask.clone())).await.unwrap();
    let restarted = world.another_engine().await;
    let again = world.officer_at(&restarted).run_once("k-1", Command::BookStay(ask)).await.unwrap();
    assert_eq!(again, first);
}

async fn sixteen_at_once_with_one_key_have_one_effect_and_one_answer(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    for unit in [Some(world.unit("SS-01").await), None] {
        let key = format!("k-{}", unit.is_some());
        let ask = world.officer().to_book("SS-01", "R-1", "2020-11-03", 3).await;
        let household = if unit.is_some() { "R-1" } else { "R-2" };
        let ask = BookStay { unit, household: household.into(), ..ask };
        let (stays, audit) = (world.count("stay").await, world.count("audit").await);
        let answers = sixteen(&world, &key, Command::BookStay(ask)).await;
        assert!(answers[0].is_ok(), "{:?}", answers[0]);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
        assert_eq!((world.count("stay").await, world.count("audit").await), (stays + 1, audit + 1));
    }
    assert_eq!(world.count("unit_night").await, 6);
}

async fn sixteen_at_once_that_are_refused_have_one_answer(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    world.officer().book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    let ask = world.officer().to_book("SS-01", "R-2", "2020-11-04", 3).await;
    let answers = sixteen(&world, "k-1", Command::BookStay(ask)).await;
    assert!(matches!(&answers[0], Err(refusal) if refusal.code == RefusalCode::Taken));
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    assert_eq!(world.count("command_key").await, 1);
}

async fn impossible_keys_are_refused(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    for key in ["", "with space", "caf\u{e9}", &"k".repeat(201)] {
        let ask = world.officer().to_book("SS-01", "R-1", "2020-11-03", 3).await;
        let refusal = world.officer().run_once(key, Command::BookStay(ask)).await.unwrap_err();
        assert_eq!((refusal.code, refusal.field.as_deref()), (RefusalCode::BadValue, Some("idempotencyKey")));
    }
    assert_eq!(world.count("stay").await, 0);
}

async fn what_is_remembered_under_a_key_is_not_in_the_clear(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let ask = world.officer().to_book("SS-01", "R-1", "2020-11-03", 3).await;
    let slip = BookStay { features: BTreeSet::from(["Imaginary Person".to_owned()]), ..ask };
    let refusal = world.officer().run_once("k-1", Command::BookStay(slip)).await.unwrap_err();
    assert!(refusal.message.contains("Imaginary Person"), "the answer may repeat what was typed");
    assert_eq!(world.count("command_key").await, 1);
    must_not_be_in_the_clear(&world, "Imaginary").await;
}

/// Sends one command sixteen times at once, under one key.
async fn sixteen(world: &World, key: &str, command: Command) -> Vec<safespace_tests::Told<Outcome>> {
    let actor = world.officer().actor;
    let sends = (0..16).map(|_| {
        let (engine, actor) = (Arc::<Engine>::clone(&world.engine), Arc::clone(&actor));
        let (key, command) = (key.to_owned(), command.clone());
        tokio::spawn(async move { engine.run(&actor, Some(&key), command).await })
    });
    let answers = join_all(sends).await;
    let told = |answer| match answer {
        Ok(outcome) => Ok(outcome),
        Err(EngineError::Refused(refusal)) => Err(refusal),
        Err(EngineError::Fault(fault)) => panic!("a fault, where an answer was due: {fault:?}"),
    };
    answers.into_iter().map(|answer| told(answer.unwrap())).collect()
}
