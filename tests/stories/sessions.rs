//! Sessions: how long they last, and how they end.

use chrono::TimeDelta;
use safespace_domain::access::Role;
use safespace_tests::{Databases, HERE, World, on_both};

on_both![
    a_session_ends_when_nothing_is_asked_and_after_eight_hours_at_most,
    a_fresh_second_factor_renews_the_secret_but_not_the_eight_hours,
    signing_out_ends_a_session_and_signing_out_everywhere_all,
    a_disabled_account_has_no_session,
    a_clock_that_moves_makes_no_session_last,
    a_forms_token_is_its_sessions_own,
    another_process_knows_of_a_sign_out,
];

const EVENING: &str = "2020-11-03T21:00:00Z";

async fn a_session_ends_when_nothing_is_asked_and_after_eight_hours_at_most(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let idle = world.sign_in(&owner).await.cookie;
    let busy = world.sign_in(&owner).await.cookie;
    let mut hours = 0;
    while world.in_session(&busy).await.is_some() {
        world.clock.forward(TimeDelta::minutes(10));
        hours += 1;
        assert!(hours < 100, "it never ends");
    }
    assert_eq!(hours, 48, "eight hours, ten minutes at a time");
    assert!(world.in_session(&idle).await.is_none());
    let soon = world.sign_in(&owner).await.cookie;
    world.clock.forward(TimeDelta::minutes(14));
    assert!(world.in_session(&soon).await.is_some());
    world.clock.forward(TimeDelta::minutes(15));
    assert!(world.in_session(&soon).await.is_none());
}

async fn a_fresh_second_factor_renews_the_secret_but_not_the_eight_hours(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let first = world.sign_in(&owner).await.cookie;
    let begun = world.engine.session(&first).await.unwrap().unwrap().begun_at;
    world.clock.forward(TimeDelta::minutes(10));
    let actor = world.in_session(&first).await.unwrap();
    assert!(actor.must_have_fresh_second_factor(world.now()).is_err());
    let code = world.next_code(&owner);
    let fresh = world.engine.give_code(&first, &code, HERE).await.unwrap().cookie;
    assert!(world.in_session(&first).await.is_none(), "the old secret is dead at once");
    let session = world.engine.session(&fresh).await.unwrap().unwrap();
    assert_eq!(session.begun_at, begun);
    session.actor.must_have_fresh_second_factor(world.now()).unwrap();
}

async fn signing_out_ends_a_session_and_signing_out_everywhere_all(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let other = world.owner_of_account("other.officer", Role::Officer).await;
    let theirs = world.sign_in(&other).await.cookie;
    let mut cookies = Vec::new();
    for _ in 0..4 {
        cookies.push(world.sign_in(&owner).await.cookie);
    }
    world.engine.sign_out(&cookies[0]).await.unwrap();
    assert!(world.in_session(&cookies[0]).await.is_none());
    let actor = world.in_session(&cookies[1]).await.unwrap();
    let sessions = world.engine.own_sessions(&actor).await.unwrap();
    assert_eq!(sessions.len(), 3);
    let others = world.in_session(&theirs).await.unwrap();
    let their_own = world.engine.own_sessions(&others).await.unwrap();
    assert!(world.engine.end_session(&actor, their_own[0].id).await.is_err(), "not one's own: not found");
    world.engine.end_session(&actor, sessions[0].id).await.unwrap();
    assert_eq!(world.engine.end_all_sessions(&actor).await.unwrap(), 2);
    for cookie in &cookies {
        assert!(world.in_session(cookie).await.is_none());
    }
    assert!(world.in_session(&theirs).await.is_some());
}

async fn a_disabled_account_has_no_session(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let cookie = world.sign_in(&owner).await.cookie;
    assert!(world.in_session(&cookie).await.is_some());
    let local = world.engine.local();
    world.engine.disable_account(&local, owner.account.id).await.unwrap();
    assert!(world.in_session(&cookie).await.is_none());
    world.engine.enable_account(&local, owner.account.id).await.unwrap();
    assert!(world.in_session(&cookie).await.is_none(), "a session that has ended stays so");
    world.sign_in(&owner).await;
}

async fn a_clock_that_moves_makes_no_session_last(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let cookie = world.sign_in(&owner).await.cookie;
    world.clock.forward(TimeDelta::hours(-3));
    assert!(world.in_session(&cookie).await.is_none(), "it has not begun yet");
    world.clock.forward(TimeDelta::hours(3) + TimeDelta::minutes(1));
    assert!(world.in_session(&cookie).await.is_some());
    world.clock.forward(TimeDelta::days(10_000));
    assert!(world.in_session(&cookie).await.is_none());
}

async fn a_forms_token_is_its_sessions_own(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let (one, other) = (world.sign_in(&owner).await.cookie, world.sign_in(&owner).await.cookie);
    let token = world.engine.forgery_token(&one).unwrap();
    assert!(world.engine.is_forgery_token(&one, &token));
    assert!(!world.engine.is_forgery_token(&other, &token));
    assert!(!world.engine.is_forgery_token(&one, ""));
    assert!(!world.engine.is_forgery_token(&one, &token[1..]));
    assert!(!world.engine.is_forgery_token(&one, &format!("{token}0")));
    assert!(!token.contains(&one[..16]));
}

async fn another_process_knows_of_a_sign_out(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let cookie = world.sign_in(&owner).await.cookie;
    let other = world.another_engine().await;
    assert!(other.session(&cookie).await.unwrap().is_some());
    world.engine.sign_out(&cookie).await.unwrap();
    world.clock.forward(TimeDelta::seconds(6));
    assert!(other.session(&cookie).await.unwrap().is_none(), "within seconds");
}
