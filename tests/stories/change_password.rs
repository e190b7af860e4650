//! People change their own password: with the old one and a fresh second factor, and everybody else is signed out.

use chrono::TimeDelta;
use safespace_domain::access::Role;
use safespace_engine::NewAccount;
use safespace_tests::{Databases, HERE, PASSWORD, World, on_both, refused};

on_both![
    a_password_is_changed_with_the_old_one_and_every_other_session_ends,
    whoever_sits_down_at_an_open_screen_can_not_change_it,
    a_new_password_is_as_hard_to_guess_as_the_first,
    a_partner_without_a_second_factor_changes_theirs,
    nobody_guesses_the_old_password_in_somebodys_session,
    an_account_that_was_reset_meanwhile_keeps_what_the_reset_left,
];

const EVENING: &str = "2020-11-03T21:00:00Z";
const NEW: &str = "seven grey boats under one roof";

async fn a_password_is_changed_with_the_old_one_and_every_other_session_ends(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let other = world.sign_in(&owner).await.cookie;
    let half = engine.sign_in("night.officer", PASSWORD, HERE).await.unwrap().cookie;
    let this = world.sign_in(&owner).await.cookie;
    let actor = world.in_session(&this).await.unwrap();
    engine.change_password(&actor, PASSWORD, NEW, HERE).await.unwrap();
    assert!(world.in_session(&this).await.is_some(), "this one goes on");
    assert!(world.in_session(&other).await.is_none());
    assert!(world.in_session(&half).await.is_none(), "nor does one go on that waits for a code");
    assert!(refused(engine.sign_in("night.officer", PASSWORD, HERE).await).starts_with("NOT_GOOD"));
    engine.sign_in("night.officer", NEW, HERE).await.unwrap();
    let sql = "SELECT by_id, detail FROM audit WHERE action = 'change_password'";
    let records = world.select(sql).await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].try_get_by_index::<uuid::Uuid>(0).unwrap(), owner.account.id.0);
    assert_eq!(records[0].try_get_by_index::<String>(1).unwrap(), "{}");
    assert_eq!(engine.own_sessions(&actor).await.unwrap().len(), 1);
}

async fn whoever_sits_down_at_an_open_screen_can_not_change_it(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let officer = world.person_with(Role::Officer).await.actor;
    let wrong = refused(engine.change_password(&officer, NEW, NEW, HERE).await);
    assert!(wrong.starts_with("NOT_GOOD (current)"), "{wrong}");
    world.clock.forward(TimeDelta::minutes(5));
    let late = refused(engine.change_password(&officer, PASSWORD, NEW, HERE).await);
    assert!(late.starts_with("SECOND_FACTOR_NEEDED"), "{late}");
    for program in [world.officer().actor, world.service().actor] {
        assert!(
            refused(engine.change_password(&program, PASSWORD, NEW, HERE).await).starts_with("NOT_ALLOWED")
        );
    }
}

async fn a_new_password_is_as_hard_to_guess_as_the_first(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let cookie = world.sign_in(&owner).await.cookie;
    let actor = world.in_session(&cookie).await.unwrap();
    for bad in ["", "too short", "passwordpassword", "night.officer.night.officer", PASSWORD, &NEW.repeat(5)]
    {
        let refused = refused(engine.change_password(&actor, PASSWORD, bad, HERE).await);
        assert!(refused.starts_with("BAD_VALUE (password)"), "{bad}: {refused}");
    }
    engine.change_password(&actor, PASSWORD, NEW, HERE).await.unwrap();
}

async fn a_partner_without_a_second_factor_changes_theirs(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let new =
        NewAccount { name: "herts.duty".into(), role: Role::Partner, council: Some("North Herts".into()) };
    let invited = engine.create_account(&engine.local(), new).await.unwrap();
    engine.choose_password(&invited.link, PASSWORD, HERE).await.unwrap();
    let cookie = engine.sign_in("herts.duty", PASSWORD, HERE).await.unwrap().cookie;
    let actor = world.in_session(&cookie).await.unwrap();
    let about = refused(engine.change_password(&actor, PASSWORD, "north herts north herts", HERE).await);
    assert!(about.starts_with("BAD_VALUE (password)"), "{about}");
    engine.change_password(&actor, PASSWORD, NEW, HERE).await.unwrap();
    engine.sign_in("herts.duty", NEW, HERE).await.unwrap();
}

async fn nobody_guesses_the_old_password_in_somebodys_session(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let officer = world.person_with(Role::Officer).await.actor;
    let before = engine.passwords_hashed();
    for n in 0..200 {
        let guess = format!("guess number {n} of many");
        assert!(refused(engine.change_password(&officer, &guess, NEW, HERE).await).starts_with("NOT_GOOD"));
    }
    assert!(engine.passwords_hashed() - before < 10, "most guesses are not even compared");
    let soon = refused(engine.change_password(&officer, PASSWORD, NEW, HERE).await);
    assert!(soon.starts_with("NOT_GOOD"), "the right one, too soon: {soon}");
}

async fn an_account_that_was_reset_meanwhile_keeps_what_the_reset_left(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let cookie = world.sign_in(&owner).await.cookie;
    let actor = world.in_session(&cookie).await.unwrap();
    engine.reset_account(&engine.local(), owner.account.id).await.unwrap();
    let gone = refused(engine.change_password(&actor, PASSWORD, NEW, HERE).await);
    assert!(gone.starts_with("WRONG_STATE"), "{gone}");
    let kept: Option<String> =
        world.one("SELECT password FROM account WHERE name = 'night.officer'").await.unwrap();
    assert_eq!(kept, None);
}
