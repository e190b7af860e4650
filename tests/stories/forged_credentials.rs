//! Whoever can write the database, and has no key, makes no session, token or link, and has none say more than it said.

use chrono::TimeDelta;
use safespace_domain::access::Role;
use safespace_engine::{EngineError, NewAccount, NewToken};
use safespace_tests::{BROWSER, Databases, HERE, PASSWORD, World, on_both};
use sea_orm::ConnectionTrait;
use sha2::{Digest, Sha256};

on_both![
    a_session_that_somebody_wrote_into_the_database_is_none,
    a_session_says_no_more_than_the_service_had_it_say,
    a_token_that_somebody_wrote_or_changed_in_the_database_opens_nothing,
    a_link_is_of_its_own_account_only,
    an_account_that_somebody_changed_in_the_database_opens_nothing,
    a_recovery_code_that_somebody_put_in_opens_nothing,
    what_is_the_services_word_holds_when_it_starts_again,
    a_second_factor_is_shown_to_one_browser_only,
];

const EVENING: &str = "2020-11-03T21:00:00Z";

async fn change(world: &World, sql: &str) -> u64 {
    world.rows.execute_unprepared(sql).await.unwrap().rows_affected()
}

/// Bytes as SQL writes them.
fn literal(world: &World, bytes: &[u8]) -> String {
    let digits = bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    if world.url.starts_with("sqlite") { format!("X'{digits}'") } else { format!("'\\x{digits}'::bytea") }
}

/// An engine that remembers nothing of what it has seen.
async fn opens(world: &World, cookie: &str) -> bool {
    world.another_engine().await.session(cookie).await.unwrap().is_some()
}

async fn a_session_that_somebody_wrote_into_the_database_is_none(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let owner = world.owner_of_account("night.manager", Role::Manager).await;
    let cookie = world.sign_in(&owner).await.cookie;
    assert!(opens(&world, &cookie).await);
    // The plain hash of a secret of one's own, as releases before kept it; with somebody's code, or with none.
    for (id, mac) in [("1", "mac"), ("2", "NULL"), ("3", "hash")] {
        let id = literal_id(&world, id);
        let hash = literal(&world, &Sha256::digest(format!("a secret of one's own {id}")));
        let insert = format!(
            "INSERT INTO session (id, account_id, hash, stage, begun_at, seen_at, second_factor_at, mac)
             SELECT {id}, account_id, {hash}, stage, begun_at, seen_at, second_factor_at, {mac} FROM session
             WHERE ended_at IS NULL AND stage = 'whole' LIMIT 1"
        );
        assert_eq!(change(&world, &insert).await, 1);
        assert!(!opens(&world, &format!("a secret of one's own {id}")).await);
    }
    let actor = world.in_session(&cookie).await.unwrap();
    assert_eq!(world.engine.own_sessions(&actor).await.unwrap().len(), 1, "they are not shown as one's own");
    // Somebody else's session with the secret of one's own in it.
    let officer = world.owner_of_account("night.officer", Role::Officer).await;
    let own = world.sign_in(&officer).await.cookie;
    assert!(opens(&world, &own).await);
    let of_officer =
        "account_id = (SELECT id FROM account WHERE name = 'night.officer') AND ended_at IS NULL";
    let hash: Vec<u8> = world.one(&format!("SELECT hash FROM session WHERE {of_officer}")).await.unwrap();
    assert_eq!(change(&world, &format!("DELETE FROM session WHERE {of_officer}")).await, 1);
    let put = format!("UPDATE session SET hash = {} WHERE hash = {}", literal(&world, &hash), {
        let theirs: Vec<u8> = world
            .one("SELECT hash FROM session WHERE ended_at IS NULL AND mac <> hash ORDER BY id DESC")
            .await
            .unwrap();
        literal(&world, &theirs)
    });
    assert_eq!(change(&world, &put).await, 1);
    assert!(!opens(&world, &own).await);
}

fn literal_id(world: &World, last: &str) -> String {
    let id = format!("0000000000000000000000000000000{last}");
    if world.url.starts_with("sqlite") { format!("X'{id}'") } else { format!("'{id}'::uuid") }
}

async fn a_session_says_no_more_than_the_service_had_it_say(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    world.owner_of_account("night.manager", Role::Manager).await;
    let half = engine.sign_in("night.officer", safespace_tests::PASSWORD, HERE).await.unwrap().cookie;
    let whole = world.sign_in(&owner).await.cookie;
    world.clock.forward(TimeDelta::minutes(1));
    let manager = "(SELECT id FROM account WHERE name = 'night.manager')";
    let later = "(SELECT max(seen_at) FROM session)";
    for (cookie, which, what) in [
        (&half, "stage = 'password'", "stage = 'whole'".to_owned()),
        (&half, "stage = 'password'", format!("second_factor_at = {later}")),
        (&whole, "stage = 'whole'", format!("account_id = {manager}")),
        (&whole, "stage = 'whole'", "second_factor_at = NULL".to_owned()),
        (&whole, "stage = 'whole'", "begun_at = (SELECT min(begun_at) FROM session)".to_owned()),
    ] {
        assert!(opens(&world, cookie).await);
        let kept = "CREATE TABLE kept AS SELECT * FROM session";
        change(&world, kept).await;
        let changed =
            change(&world, &format!("UPDATE session SET {what} WHERE ended_at IS NULL AND {which}")).await;
        assert_eq!(changed, 1, "{what}");
        assert!(!opens(&world, cookie).await, "{what}");
        assert!(world.another_engine().await.give_code(cookie, "000000", HERE).await.is_err());
        change(&world, "DELETE FROM session").await;
        change(&world, "INSERT INTO session SELECT * FROM kept").await;
        change(&world, "DROP TABLE kept").await;
    }
    // When it was used last is not sealed: it changes each minute, and eight hours are the most whatever it says.
    change(&world, &format!("UPDATE session SET seen_at = {later}")).await;
    assert!(opens(&world, &whole).await);
}

async fn a_token_that_somebody_wrote_or_changed_in_the_database_opens_nothing(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let new = NewToken {
        scopes: Some([safespace_domain::access::Scope::Read].into()),
        ..NewToken::of(Role::Officer, None, Some(1))
    };
    let (token, text) = engine.create_token(&engine.local(), new).await.unwrap();
    let id = literal(&world, token.id.0.as_bytes());
    let id = if world.url.starts_with("sqlite") { id } else { format!("'{}'::uuid", token.id.0) };
    let is_good = async || world.another_engine().await.authenticate(&text).await.unwrap().is_some();
    assert!(is_good().await);
    for what in [
        "role = 'manager'",
        "scopes = 'read change'",
        "council = 'North Herts'",
        "expires_at = (SELECT max(expires_at) FROM token)",
        "expires_at = NULL",
        "mac = NULL",
        "mac = (SELECT mac FROM token WHERE role = 'manager')",
    ] {
        change(&world, &format!("CREATE TABLE kept AS SELECT * FROM token WHERE id = {id}")).await;
        assert_eq!(change(&world, &format!("UPDATE token SET {what} WHERE id = {id}")).await, 1);
        assert!(!is_good().await, "{what}");
        change(&world, &format!("DELETE FROM token WHERE id = {id}")).await;
        change(&world, "INSERT INTO token SELECT * FROM kept").await;
        change(&world, "DROP TABLE kept").await;
        assert!(is_good().await);
    }
    // A manager's token with the secret of the officer's in it, and one with a plain hash.
    let manager = "role = 'manager' AND name LIKE 'a program%'";
    change(&world, &format!("UPDATE token SET revoked_at = created_at, hash = mac WHERE id = {id}")).await;
    for hash in [literal(&world, &token.hash), literal(&world, &Sha256::digest(text.as_bytes()))] {
        assert_eq!(change(&world, &format!("UPDATE token SET hash = {hash} WHERE {manager}")).await, 1);
        assert!(!is_good().await);
    }
}

async fn a_link_is_of_its_own_account_only(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let mut links = Vec::new();
    for (name, role) in [("own.officer", Role::Officer), ("new.manager", Role::Manager)] {
        let new = NewAccount { name: name.into(), role, council: None };
        links.push(engine.create_account(&engine.local(), new).await.unwrap().link);
    }
    let of = |column: &str| format!("{column} = (SELECT {column} FROM kept)");
    change(&world, "CREATE TABLE kept AS SELECT * FROM account WHERE name = 'own.officer'").await;
    change(&world, "UPDATE account SET link_hash = NULL WHERE name = 'own.officer'").await;
    let all = [of("link_hash"), of("link_mac"), of("link_expires_at")].join(", ");
    assert_eq!(change(&world, &format!("UPDATE account SET {all} WHERE name = 'new.manager'")).await, 1);
    for link in &links {
        assert!(matches!(engine.set_up(link).await, Err(EngineError::Refused(_))));
    }
    let plain = literal(&world, &Sha256::digest(b"a link of one's own"));
    change(&world, &format!("UPDATE account SET link_hash = {plain} WHERE name = 'new.manager'")).await;
    assert!(matches!(engine.set_up("a link of one's own").await, Err(EngineError::Refused(_))));
}

async fn an_account_that_somebody_changed_in_the_database_opens_nothing(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    world.owner_of_account("night.manager", Role::Manager).await;
    let cookie = world.sign_in(&owner).await.cookie;
    let theirs =
        |column: &str| format!("{column} = (SELECT {column} FROM account WHERE name = 'night.manager')");
    let signs_in =
        async || world.another_engine().await.sign_in("night.officer", PASSWORD, HERE).await.is_ok();
    for what in [
        "role = 'manager'".to_owned(),
        "council = 'North Herts'".to_owned(),
        "second_factor_confirmed = false".to_owned(),
        "mac = NULL".to_owned(),
        theirs("mac"),
        theirs("second_factor"),
        theirs("password"),
    ] {
        let kept = "CREATE TABLE kept AS SELECT * FROM account WHERE name = 'night.officer'";
        change(&world, kept).await;
        assert_eq!(
            change(&world, &format!("UPDATE account SET {what} WHERE name = 'night.officer'")).await,
            1
        );
        assert!(!opens(&world, &cookie).await, "{what}");
        assert!(!signs_in().await, "{what}");
        world.clock.forward(TimeDelta::minutes(1));
        for column in ["role", "council", "second_factor_confirmed", "mac", "second_factor", "password"] {
            let back = format!(
                "UPDATE account SET {column} = (SELECT {column} FROM kept) WHERE name = 'night.officer'"
            );
            change(&world, &back).await;
        }
        change(&world, "DROP TABLE kept").await;
        assert!(opens(&world, &cookie).await && signs_in().await, "{what}");
    }

    // Whoever has raised themselves is not made whole by an administrator's hand, who takes the role for granted.
    change(&world, "UPDATE account SET role = 'manager' WHERE name = 'night.officer'").await;
    let administrator = world.person_with(Role::Administrator).await;
    let (engine, id) = (world.another_engine().await, owner.account.id);
    for told in [
        engine.reset_account(&administrator.actor, id).await.map(drop),
        engine.disable_account(&administrator.actor, id).await.map(drop),
        engine.enable_account(&administrator.actor, id).await.map(drop),
    ] {
        let Err(EngineError::Refused(refusal)) = told else { panic!("{told:?}") };
        assert!(refusal.message.contains("safespace admin reset"), "{refusal}");
    }
    // Whoever has the command line may shut it, and what was put in does not come back with it.
    engine.disable_account(&engine.local(), id).await.unwrap();
    for by in [&*administrator.actor, &engine.local()] {
        assert!(matches!(engine.enable_account(by, id).await, Err(EngineError::Refused(_))));
    }
    assert!(engine.sign_in("night.officer", PASSWORD, HERE).await.is_err());
    engine.reset_account(&engine.local(), id).await.unwrap();
    engine.enable_account(&administrator.actor, id).await.unwrap();
}

async fn a_recovery_code_that_somebody_put_in_opens_nothing(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let other = world.owner_of_account("night.manager", Role::Manager).await;
    let of = |name: &str| format!("account_id = (SELECT id FROM account WHERE name = '{name}')");
    // A plain hash of one's own, and all of one's own codes at somebody else's account.
    let own = "abcd-abcd-abcd-abcd-abcd-abcd";
    let plain = literal(&world, &Sha256::digest(own.replace('-', "")));
    let insert = format!(
        "INSERT INTO recovery_code (account_id, hash) SELECT id, {plain} FROM account WHERE name = 'night.manager'"
    );
    assert_eq!(change(&world, &insert).await, 1);
    let give = format!(
        "UPDATE recovery_code SET account_id = (SELECT id FROM account WHERE name = 'night.manager') WHERE {}",
        of("night.officer")
    );
    assert_eq!(change(&world, &give).await, 10);
    for (code, good) in [(own, false), (&*owner.recovery_codes[0], false), (&*other.recovery_codes[0], true)]
    {
        world.clock.forward(TimeDelta::minutes(1));
        let begun = world.engine.sign_in("night.manager", PASSWORD, HERE).await.unwrap();
        assert_eq!(world.engine.give_code(&begun.cookie, code, HERE).await.is_ok(), good, "{code}");
    }
}

async fn what_is_the_services_word_holds_when_it_starts_again(on: &Databases) {
    let world = World::at("2020-11-03T21:00:00.123456789Z", on).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let cookie = world.sign_in(&owner).await.cookie;
    let new = NewAccount { name: "new.manager".into(), role: Role::Manager, council: None };
    let link = world.engine.create_account(&world.engine.local(), new).await.unwrap().link;
    let again = world.another_engine().await;
    assert!(again.session(&cookie).await.unwrap().is_some());
    assert!(again.authenticate(&world.officer_token).await.unwrap().is_some());
    assert!(again.authenticate(&world.partner_token).await.unwrap().is_some());
    again.set_up(&link).await.unwrap();
}

async fn a_second_factor_is_shown_to_one_browser_only(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let new = NewAccount { name: "night.officer".into(), role: Role::Officer, council: None };
    let link = engine.create_account(&engine.local(), new).await.unwrap().link;
    engine.choose_password(&link, safespace_tests::PASSWORD, HERE).await.unwrap();
    let first = engine.new_second_factor(&link, BROWSER).await.unwrap();
    assert_eq!(
        engine.new_second_factor(&link, BROWSER).await.unwrap(),
        first,
        "a page can be looked at twice"
    );
    let elsewhere = engine.new_second_factor(&link, "another browser").await.unwrap();
    assert_ne!(elsewhere.secret, first.secret, "what was shown before is shown to nobody else");
    let code = safespace_engine::code_now(&first.secret, world.now()).unwrap();
    assert!(engine.confirm_second_factor(&link, &code, HERE).await.is_err(), "and is good for nothing now");
    let back = engine.new_second_factor(&link, BROWSER).await.unwrap();
    assert!(back.secret != first.secret && back.secret != elsewhere.secret);
    let code = safespace_engine::code_now(&back.secret, world.now()).unwrap();
    engine.confirm_second_factor(&link, &code, HERE).await.unwrap();
}
