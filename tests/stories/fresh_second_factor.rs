//! What decides who gets in, and who sees a case, needs a second factor that was just given, and managers hear of it.

use chrono::TimeDelta;
use safespace_domain::access::Role;
use safespace_engine::{Command, LiftRestriction, NewAccount, NewToken, Page, RestrictCase, SearchAudit};
use safespace_tests::{BROWSER, Databases, HERE, PASSWORD, World, on_both, refused};

on_both![
    accounts_and_tokens_need_a_fresh_second_factor_of_an_administrator,
    restrictions_and_the_audit_need_a_fresh_second_factor_of_a_manager,
    the_command_line_needs_none,
    managers_hear_of_accounts_that_an_administrator_makes_or_resets,
    a_reset_lets_its_owner_in_at_once_whoever_has_tried_before,
];

const EVENING: &str = "2020-11-03T21:00:00Z";
const ALL: Page<safespace_domain::NoticeId> = Page { after: None, limit: 100 };

fn officer(name: &str) -> NewAccount {
    NewAccount { name: name.into(), role: Role::Officer, council: None }
}

async fn accounts_and_tokens_need_a_fresh_second_factor_of_an_administrator(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let administrator = world.person_with(Role::Administrator).await.actor;
    let made = engine.create_account(&administrator, officer("night.officer")).await.unwrap().account.id;
    engine.disable_account(&administrator, made).await.unwrap();
    engine.enable_account(&administrator, made).await.unwrap();
    engine.reset_account(&administrator, made).await.unwrap();
    engine.create_token(&administrator, NewToken::of(Role::Officer, None, None)).await.unwrap();
    let before = (world.count("account").await, world.count("token").await, world.count("audit").await);
    world.clock.forward(TimeDelta::minutes(5));
    for late in [
        refused(engine.create_account(&administrator, officer("other.officer")).await),
        refused(engine.reset_account(&administrator, made).await),
        refused(engine.disable_account(&administrator, made).await),
        refused(engine.enable_account(&administrator, made).await),
        refused(engine.create_token(&administrator, NewToken::of(Role::Officer, None, None)).await),
    ] {
        assert!(late.starts_with("SECOND_FACTOR_NEEDED"), "{late}");
    }
    let after = (world.count("account").await, world.count("token").await, world.count("audit").await);
    assert_eq!(before, after, "nothing was done");
    engine.accounts(&administrator, Page { after: None, limit: 10 }).await.unwrap();
}

async fn restrictions_and_the_audit_need_a_fresh_second_factor_of_a_manager(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let engine = &world.engine;
    world.officer().book("SS-01", "R-1", "2020-11-05", 3).await.unwrap();
    let denied = world.owner_of_account("knows.them", Role::Officer).await.account.id.0;
    let manager = world.person_with(Role::Manager).await;
    let restrict = || {
        let ask = RestrictCase { household: "R-1".into(), denied, reason: "knows the family".into() };
        Command::RestrictCase(ask)
    };
    let lift = || Command::LiftRestriction(LiftRestriction { household: "R-1".into(), denied });
    let search =
        || engine.search_audit(&manager.actor, SearchAudit::default(), Page { after: None, limit: 5 });
    manager.run_once("restrict", restrict()).await.unwrap();
    manager.run(lift()).await.unwrap();
    assert_eq!(search().await.unwrap().len(), 5);
    world.clock.forward(TimeDelta::minutes(5));
    for late in [
        refused(manager.run(restrict()).await),
        refused(manager.run_once("restrict", restrict()).await),
        refused(manager.run(lift()).await),
        refused(search().await),
    ] {
        assert!(late.starts_with("SECOND_FACTOR_NEEDED"), "{late}");
    }
    assert_eq!(world.count("restriction").await, 0);
}

async fn the_command_line_needs_none(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let (engine, local) = (&world.engine, world.engine.local());
    let made = engine.create_account(&local, officer("night.officer")).await.unwrap().account.id;
    engine.disable_account(&local, made).await.unwrap();
    engine.enable_account(&local, made).await.unwrap();
    engine.reset_account(&local, made).await.unwrap();
    world.officer().book("SS-01", "R-1", "2020-11-05", 3).await.unwrap();
    let ask = RestrictCase { household: "R-1".into(), denied: made.0, reason: "knows the family".into() };
    world.service().run(Command::RestrictCase(ask)).await.unwrap();
    engine.search_audit(&local, SearchAudit::default(), Page { after: None, limit: 5 }).await.unwrap();
}

async fn managers_hear_of_accounts_that_an_administrator_makes_or_resets(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let manager = world.person_with(Role::Manager).await.actor;
    let administrator = world.person_with(Role::Administrator).await.actor;
    assert!(engine.notices(&manager, true, ALL).await.unwrap().is_empty());
    let made = engine.create_account(&administrator, officer("night.officer")).await.unwrap().account.id;
    engine.reset_account(&administrator, made).await.unwrap();
    let notices = engine.notices(&manager, true, ALL).await.unwrap();
    let heard: Vec<_> = notices.iter().map(|it| (it.kind.as_str(), it.subject, it.by)).collect();
    let by = Some(administrator.who.id());
    assert_eq!(heard, [("create_account", made.0, by), ("reset_account", made.0, by)]);
    engine.mark_notice_seen(&manager, notices[0].id).await.unwrap();
    assert_eq!(engine.notices(&manager, true, ALL).await.unwrap().len(), 1);
}

async fn a_reset_lets_its_owner_in_at_once_whoever_has_tried_before(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let elsewhere = "198.51.100.9".parse().unwrap();
    let half = engine.sign_in("night.officer", PASSWORD, elsewhere).await.unwrap().cookie;
    for _ in 0..30 {
        engine.sign_in("Night.Officer", "a guess of many guesses", elsewhere).await.unwrap_err();
        engine.give_code(&half, "000000", elsewhere).await.unwrap_err();
        world.clock.forward(TimeDelta::seconds(7));
    }
    assert!(engine.sign_in("night.officer", PASSWORD, HERE).await.is_err(), "its owner must wait");
    let link = engine.reset_account(&engine.local(), owner.account.id).await.unwrap().link;
    engine.choose_password(&link, "another set of quiet words", HERE).await.unwrap();
    let factor = engine.new_second_factor(&link, BROWSER).await.unwrap().secret;
    let code = |at| safespace_engine::code_now(&factor, at).unwrap();
    engine.confirm_second_factor(&link, &code(world.now()), HERE).await.unwrap();
    let begun = engine.sign_in("night.officer", "another set of quiet words", HERE).await.unwrap();
    let next = code(world.now() + TimeDelta::seconds(30));
    engine.give_code(&begun.cookie, &next, HERE).await.unwrap();
}
