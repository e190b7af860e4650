//! Accounts and tokens: made by an administrator, set up by their owners, taken back.

use chrono::TimeDelta;
use safespace_domain::access::{Permission, Role, Scope};
use safespace_engine::{NewAccount, NewToken, Page, PasswordCost, code_now};
use safespace_tests::{BROWSER, Databases, HERE, PASSWORD, World, on_both, refused};

on_both![
    an_account_is_set_up_by_its_link_once,
    a_link_is_good_for_a_day_and_of_no_use_to_a_disabled_account,
    passwords_are_long_and_hard_to_guess,
    a_reset_ends_everything_that_was,
    names_and_councils_make_sense,
    the_last_administrator_can_not_lock_everybody_out,
    only_administrators_keep_accounts_and_they_see_no_case,
    a_token_has_scopes_an_end_and_a_last_use,
    a_revoked_token_opens_nothing_and_hears_nothing,
];

const EVENING: &str = "2020-11-03T21:00:00Z";

fn officer(name: &str) -> NewAccount {
    NewAccount { name: name.into(), role: Role::Officer, council: None }
}

async fn an_account_is_set_up_by_its_link_once(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let invited = engine.create_account(&engine.local(), officer("night.officer")).await.unwrap();
    let link = &invited.link;
    assert!(refused(engine.new_second_factor(link, BROWSER).await).contains("Choose a password first"));
    assert!(
        refused(engine.confirm_second_factor(link, "000000", HERE).await).contains("Add a second factor")
    );
    engine.choose_password(link, PASSWORD, HERE).await.unwrap();
    assert!(engine.sign_in("night.officer", PASSWORD, HERE).await.is_err(), "not without a second factor");
    let factor = engine.new_second_factor(link, BROWSER).await.unwrap();
    assert!(refused(engine.confirm_second_factor(link, "12345", HERE).await).starts_with("BAD_VALUE (code)"));
    let code = code_now(&factor.secret, world.now()).unwrap();
    let codes = engine.confirm_second_factor(link, &code, HERE).await.unwrap();
    assert_eq!(codes.len(), 10);
    for again in [
        refused(engine.set_up(link).await),
        refused(engine.choose_password(link, PASSWORD, HERE).await),
        refused(engine.confirm_second_factor(link, &code, HERE).await),
    ] {
        assert!(again.starts_with("NOT_GOOD"), "{again}");
    }
}

async fn a_link_is_good_for_a_day_and_of_no_use_to_a_disabled_account(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let invited = engine.create_account(&engine.local(), officer("late.officer")).await.unwrap();
    let other = engine.create_account(&engine.local(), officer("gone.officer")).await.unwrap();
    engine.disable_account(&engine.local(), other.account.id).await.unwrap();
    assert!(refused(engine.set_up(&other.link).await).starts_with("NOT_GOOD"));
    assert!(refused(engine.set_up(&invited.link[1..]).await).starts_with("NOT_GOOD"));
    assert!(engine.set_up(&invited.link).await.is_ok());
    world.clock.forward(TimeDelta::hours(24));
    assert!(refused(engine.choose_password(&invited.link, PASSWORD, HERE).await).starts_with("NOT_GOOD"));
}

async fn passwords_are_long_and_hard_to_guess(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let invited = engine.create_account(&engine.local(), officer("night.officer")).await.unwrap();
    for bad in [
        "xkcd-93-Zwölf!",
        &"four quiet lamps below the stair".repeat(5),
        "passwordpassword",
        "night.officer.night.officer",
        "stevenage stevenage",
    ] {
        let refused = refused(engine.choose_password(&invited.link, bad, HERE).await);
        assert!(refused.starts_with("BAD_VALUE (password)"), "{bad}: {refused}");
    }
    engine.choose_password(&invited.link, "  fünf Äpfel hinter dem Deich  ", HERE).await.unwrap();
    assert_eq!(PasswordCost::USUAL, PasswordCost { memory: 65_536, passes: 3 });
}

async fn a_reset_ends_everything_that_was(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let cookie = world.sign_in(&owner).await.cookie;
    let invited = engine.reset_account(&engine.local(), owner.account.id).await.unwrap();
    assert!(world.in_session(&cookie).await.is_none());
    assert!(engine.sign_in("night.officer", PASSWORD, HERE).await.is_err());
    world.clock.forward(TimeDelta::minutes(1));
    engine.choose_password(&invited.link, "another set of quiet words", HERE).await.unwrap();
    let factor = engine.new_second_factor(&invited.link, BROWSER).await.unwrap();
    assert_ne!(factor.secret, owner.factor);
    let old = world.next_code(&owner);
    assert!(engine.confirm_second_factor(&invited.link, &old, HERE).await.is_err());
    let codes: i64 = world.count("recovery_code").await;
    assert_eq!(codes, 0, "the old recovery codes are gone");
}

async fn names_and_councils_make_sense(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let local = engine.local();
    engine.create_account(&local, officer("night.officer")).await.unwrap();
    assert!(
        refused(engine.create_account(&local, officer("NIGHT.officer")).await)
            .starts_with("CODE_IN_USE (name)")
    );
    assert!(refused(engine.create_account(&local, officer("a b")).await).starts_with("BAD_VALUE (name)"));
    let partner = NewAccount { role: Role::Partner, ..officer("herts.duty") };
    assert!(refused(engine.create_account(&local, partner).await).starts_with("BAD_VALUE (council)"));
    let officer_of = NewAccount { council: Some("North Herts".into()), ..officer("x.officer") };
    assert!(refused(engine.create_account(&local, officer_of).await).starts_with("BAD_VALUE (council)"));
}

async fn the_last_administrator_can_not_lock_everybody_out(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let only = world.person_with(Role::Administrator).await;
    let accounts = engine.accounts(&only.actor, Page { after: None, limit: 10 }).await.unwrap();
    let own = accounts[0].id;
    assert!(refused(engine.disable_account(&only.actor, own).await).starts_with("STANDS_IN_THE_WAY"));
    assert!(refused(engine.reset_account(&only.actor, own).await).starts_with("STANDS_IN_THE_WAY"));
    world.owner_of_account("second.admin", Role::Administrator).await;
    engine.disable_account(&only.actor, own).await.unwrap();
    engine.reset_account(&engine.local(), own).await.unwrap();
}

async fn only_administrators_keep_accounts_and_they_see_no_case(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let engine = &world.engine;
    for role in [Role::Officer, Role::Manager, Role::Partner] {
        let person = world.person_with(role).await;
        assert!(
            refused(engine.create_account(&person.actor, officer("x.officer")).await)
                .starts_with("NOT_ALLOWED")
        );
        let new = NewToken::of(Role::Officer, None, None);
        assert!(refused(engine.create_token(&person.actor, new).await).starts_with("NOT_ALLOWED"));
    }
    let administrator = world.person_with(Role::Administrator).await;
    let seen = Permission::ALL.into_iter().filter(|permission| administrator.actor.may(*permission));
    assert!(seen.eq([Permission::ManageAccounts]));
    assert!(administrator.book("SS-01", "R-1", "2020-11-03", 1).await.is_err());
    assert!(engine.household(&administrator.actor, "R-1").await.is_err());
}

async fn a_token_has_scopes_an_end_and_a_last_use(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let engine = &world.engine;
    let local = engine.local();
    let reads = NewToken { scopes: Some([Scope::Read].into()), ..NewToken::of(Role::Officer, None, None) };
    let (token, text) = engine.create_token(&local, reads.clone()).await.unwrap();
    assert_eq!(token.expires_at, Some(world.now() + TimeDelta::days(90)));
    let actor = engine.authenticate(&text).await.unwrap().unwrap();
    assert!(actor.may(Permission::SeeStays) && !actor.may(Permission::PlaceHouseholds));
    world.clock.forward(TimeDelta::minutes(2));
    engine.authenticate(&text).await.unwrap().unwrap();
    let listed = engine.tokens(&local, Page { after: None, limit: 100 }).await.unwrap();
    let listed = listed.into_iter().find(|listed| listed.id == token.id).unwrap();
    assert_eq!(listed.last_used_at, Some(world.now()));
    for (bad, why) in [
        (NewToken { scopes: Some([Scope::Room].into()), ..reads.clone() }, "BAD_VALUE (scopes)"),
        (NewToken { scopes: Some([].into()), ..reads.clone() }, "BAD_VALUE (scopes)"),
        (NewToken { days: Some(0), ..reads.clone() }, "BAD_VALUE (days)"),
        (NewToken { days: Some(367), ..reads.clone() }, "BAD_VALUE (days)"),
        (NewToken { role: Role::Administrator, scopes: None, ..reads.clone() }, "BAD_VALUE (role)"),
        (NewToken { role: Role::Partner, scopes: None, ..reads.clone() }, "BAD_VALUE (council)"),
        (NewToken { name: "=1+1".into(), ..reads.clone() }, "BAD_VALUE (name)"),
    ] {
        assert!(refused(engine.create_token(&local, bad).await).starts_with(why), "{why}");
    }
    for tampered in
        [text.to_uppercase(), text[..text.len() - 1].to_owned(), String::new(), "x".repeat(1 << 20)]
    {
        assert!(engine.authenticate(&tampered).await.unwrap().is_none());
    }
    world.clock.forward(TimeDelta::days(90));
    assert!(engine.authenticate(&text).await.unwrap().is_none());
}

async fn a_revoked_token_opens_nothing_and_hears_nothing(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let engine = &world.engine;
    let (token, text) =
        engine.create_token(&engine.local(), NewToken::of(Role::Officer, None, None)).await.unwrap();
    let actor = engine.authenticate(&text).await.unwrap().unwrap();
    let other = world.another_engine().await;
    assert!(other.authenticate(&text).await.unwrap().is_some());
    let mut changes = engine.board_changes(&actor).unwrap();
    let stay = world.officer().book("SS-01", "R-1", "2020-11-05", 3).await.unwrap();
    assert!(changes.next().await.is_some());
    engine.revoke_token(&engine.local(), token.id).await.unwrap();
    assert!(engine.authenticate(&text).await.unwrap().is_none());
    world.officer().cancel(&stay).await.unwrap();
    assert_eq!(changes.next().await, None, "its subscription has ended");
    other.catch_up().await.unwrap();
    assert!(other.authenticate(&text).await.unwrap().is_none(), "and so it has elsewhere");
    assert!(refused(engine.revoke_token(&engine.local(), token.id).await).starts_with("WRONG_STATE"));
}
