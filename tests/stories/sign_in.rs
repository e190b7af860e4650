//! Signing in: who gets in, who does not, and that nobody learns why not.

use chrono::TimeDelta;
use safespace_domain::{Refusal, access::Role, sessions::Stage};
use safespace_engine::{EngineError, NewAccount, SignedIn, code_now};
use safespace_tests::{BROWSER, Databases, HERE, PASSWORD, World, on_both};

on_both![
    a_password_and_a_code_let_an_officer_in,
    a_partner_gets_in_without_a_second_factor,
    whatever_is_wrong_the_answer_and_the_work_are_the_same,
    ten_thousand_wrong_passwords_open_nothing_and_cost_little,
    many_tries_at_once_are_counted_each,
    a_code_is_good_once_also_for_two_at_the_same_moment,
    a_recovery_code_is_good_once,
    wrong_codes_are_throttled_too,
    a_stage_that_needs_a_code_opens_nothing_and_ends_soon,
    what_is_kept_opens_nothing,
];

const EVENING: &str = "2020-11-03T21:00:00Z";

fn refusal(told: Result<SignedIn, EngineError>) -> Refusal {
    match told {
        Err(EngineError::Refused(refusal)) => refusal,
        other => panic!("{other:?} should have been refused"),
    }
}

async fn a_password_and_a_code_let_an_officer_in(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let begun = world.engine.sign_in(" Night.OFFICER ", PASSWORD, HERE).await.unwrap();
    assert_eq!(begun.stage, Stage::CodeNeeded);
    let code = world.next_code(&owner);
    let whole = world.engine.give_code(&begun.cookie, &code, HERE).await.unwrap();
    assert_eq!(whole.stage, Stage::Whole);
    assert_ne!(whole.cookie, begun.cookie, "the secret is renewed");
    assert!(world.engine.session(&begun.cookie).await.unwrap().is_none(), "the old one is dead");
    let session = world.engine.session(&whole.cookie).await.unwrap().unwrap();
    assert_eq!((session.name.as_str(), session.actor.role), ("night.officer", Role::Officer));
    assert_eq!(session.actor.second_factor_at, Some(world.now()));
    let actions = "SELECT action FROM audit WHERE subject_id IN (SELECT id FROM account) AND by_id IS NOT NULL ORDER BY at, seq";
    let actions = world.select(actions).await;
    let actions: Vec<String> = actions.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    assert_eq!(
        actions,
        ["choose_password", "begin_second_factor", "confirm_second_factor", "sign_in", "give_code"]
    );
}

async fn a_partner_gets_in_without_a_second_factor(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let new =
        NewAccount { name: "herts.duty".into(), role: Role::Partner, council: Some("North Herts".into()) };
    let invited = engine.create_account(&engine.local(), new).await.unwrap();
    let set_up = engine.choose_password(&invited.link, PASSWORD, HERE).await.unwrap();
    assert!(!set_up.needs_second_factor);
    let in_one = engine.sign_in("herts.duty", PASSWORD, HERE).await.unwrap();
    assert_eq!(in_one.stage, Stage::Whole);
    let actor = world.in_session(&in_one.cookie).await.unwrap();
    assert_eq!(actor.council.as_deref(), Some("North Herts"));
    assert_eq!(actor.second_factor_at, None);
    engine.new_second_factor(&invited.link, BROWSER).await.unwrap();
    let again = engine.sign_in("herts.duty", PASSWORD, HERE).await.unwrap();
    assert_eq!(again.stage, Stage::Whole, "one that was not confirmed is none");
}

async fn whatever_is_wrong_the_answer_and_the_work_are_the_same(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    world.owner_of_account("night.officer", Role::Officer).await;
    let gone = world.owner_of_account("gone.officer", Role::Officer).await;
    engine.disable_account(&engine.local(), gone.account.id).await.unwrap();
    let new = NewAccount { name: "new.officer".into(), role: Role::Officer, council: None };
    let invited = engine.create_account(&engine.local(), new).await.unwrap();
    engine.choose_password(&invited.link, PASSWORD, HERE).await.unwrap();
    engine.sign_in("nobody.at.all", "warm up the comparison", HERE).await.unwrap_err();
    let mut told = Vec::new();
    for (name, password) in [
        ("night.officer", "four quiet lamps below the door"),
        ("nobody.here", PASSWORD),
        ("gone.officer", PASSWORD),
        ("new.officer", PASSWORD),
        ("", ""),
        ("<script>", "x"),
    ] {
        let before = engine.passwords_hashed();
        let refused = refusal(engine.sign_in(name, password, HERE).await);
        told.push((refused, engine.passwords_hashed() - before));
    }
    assert!(told.iter().all(|one| *one == told[0]), "{told:#?}");
    assert_eq!(told[0].1, 1, "one password was hashed for each");
}

async fn ten_thousand_wrong_passwords_open_nothing_and_cost_little(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let before = world.engine.passwords_hashed();
    for n in 0..10_000 {
        let told = world.engine.sign_in("night.officer", &format!("guess number {n} of many"), HERE).await;
        assert_eq!(refusal(told).code.as_str(), "NOT_GOOD");
        world.clock.forward(TimeDelta::milliseconds(10));
    }
    assert!(world.engine.passwords_hashed() - before < 15, "most tries are not even compared");
    let told = world.engine.sign_in("night.officer", PASSWORD, HERE).await;
    assert_eq!(refusal(told).code.as_str(), "NOT_GOOD", "the right one, too soon");
    let records: i64 =
        world.one("SELECT count(*) FROM audit WHERE action = 'throttle_sign_in'").await.unwrap();
    assert!((1..5).contains(&records), "{records} records of 10,000 tries");
    world.clock.forward(TimeDelta::minutes(16));
    world.sign_in(&owner).await;
    let after = world.engine.sign_in("night.officer", PASSWORD, HERE).await;
    assert!(after.is_ok(), "who gets in is forgiven");
}

async fn many_tries_at_once_are_counted_each(on: &Databases) {
    let world = World::at(EVENING, on).await;
    world.owner_of_account("night.officer", Role::Officer).await;
    let before = world.engine.passwords_hashed();
    let tries = (0..40).map(|n| {
        let engine = world.engine.clone();
        async move { engine.sign_in("night.officer", &format!("guess number {n} of many"), HERE).await }
    });
    let told = futures_util::future::join_all(tries).await;
    assert!(told.into_iter().all(|told| told.is_err()));
    let compared = world.engine.passwords_hashed() - before;
    assert!((1..=4).contains(&compared), "{compared} of 40 were compared at one moment");
}

async fn a_code_is_good_once_also_for_two_at_the_same_moment(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let code = world.next_code(&owner);
    let first = world.engine.sign_in("night.officer", PASSWORD, HERE).await.unwrap();
    let second = world.engine.sign_in("night.officer", PASSWORD, HERE).await.unwrap();
    let (one, other) = tokio::join!(
        world.engine.give_code(&first.cookie, &code, HERE),
        world.engine.give_code(&second.cookie, &code, HERE),
    );
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let third = world.engine.sign_in("night.officer", PASSWORD, HERE).await.unwrap();
    assert!(world.engine.give_code(&third.cookie, &code, HERE).await.is_err(), "replayed");
    world.clock.forward(TimeDelta::seconds(-30));
    let earlier = code_now(&owner.factor, world.now()).unwrap();
    world.clock.forward(TimeDelta::seconds(30));
    assert!(world.engine.give_code(&third.cookie, &earlier, HERE).await.is_err(), "of a step before");
}

async fn a_recovery_code_is_good_once(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let code = owner.recovery_codes[3].to_uppercase();
    let begun = world.engine.sign_in("night.officer", PASSWORD, HERE).await.unwrap();
    let whole = world.engine.give_code(&begun.cookie, &code, HERE).await.unwrap();
    assert!(world.in_session(&whole.cookie).await.is_some());
    let again = world.engine.sign_in("night.officer", PASSWORD, HERE).await.unwrap();
    assert_eq!(refusal(world.engine.give_code(&again.cookie, &code, HERE).await).code.as_str(), "NOT_GOOD");
    let used: i64 = world.one("SELECT count(*) FROM audit WHERE action = 'use_recovery_code'").await.unwrap();
    assert_eq!(used, 1);
}

async fn wrong_codes_are_throttled_too(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let begun = world.engine.sign_in("night.officer", PASSWORD, HERE).await.unwrap();
    for n in 0..1_000 {
        let code = format!("{n:06}");
        let told = world.engine.give_code(&begun.cookie, &code, HERE).await;
        assert_eq!(refusal(told).code.as_str(), "NOT_GOOD");
    }
    let failures: i32 = world.one("SELECT max(failures) FROM throttle").await.unwrap();
    assert!(failures < 10, "{failures} of a thousand were compared");
    let code = world.next_code(&owner);
    world.engine.give_code(&begun.cookie, &code, HERE).await.unwrap();
}

async fn a_stage_that_needs_a_code_opens_nothing_and_ends_soon(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let begun = world.engine.sign_in("night.officer", PASSWORD, HERE).await.unwrap();
    let session = world.engine.session(&begun.cookie).await.unwrap().unwrap();
    assert_eq!(session.stage, Stage::CodeNeeded);
    world.clock.forward(TimeDelta::minutes(5));
    assert!(world.engine.session(&begun.cookie).await.unwrap().is_none());
    let code = world.next_code(&owner);
    assert!(world.engine.give_code(&begun.cookie, &code, HERE).await.is_err());
}

async fn what_is_kept_opens_nothing(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let cookie = world.sign_in(&owner).await.cookie;
    let hash: Vec<u8> = world.one("SELECT hash FROM session WHERE ended_at IS NULL").await.unwrap();
    let hexadecimal = hash.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    for tampered in [
        hexadecimal,
        cookie.to_uppercase(),
        cookie[..cookie.len() - 1].to_owned(),
        format!("{cookie}0"),
        String::new(),
        "x".repeat(1 << 20),
        "\u{0}\u{fffd}".to_owned(),
    ] {
        assert!(world.engine.session(&tampered).await.unwrap().is_none());
        assert!(world.engine.give_code(&tampered, "000000", HERE).await.is_err());
        world.engine.sign_out(&tampered).await.unwrap();
    }
    let sealed: Vec<u8> = world.one("SELECT second_factor FROM account").await.unwrap();
    assert!(!sealed.windows(8).any(|part| part == &owner.factor.as_bytes()[..8]), "the secret is sealed");
    assert!(world.in_session(&cookie).await.is_some());
}
