//! A database from before an upgrade: what is in it is there still, and credentials that nothing vouches for open nothing.

use safespace_domain::{access::Role, sessions::Stage};
use safespace_engine::Page;
use safespace_migrations::{Migrator, MigratorTrait};
use safespace_tests::{BROWSER, Databases, HERE, PASSWORD, World, on_both};
use sea_orm::{ConnectionTrait, Database};
use sha2::{Digest, Sha256};

on_both![credentials_from_before_they_carried_a_code_open_nothing];

const EVENING: &str = "2020-11-03T21:00:00Z";
/// The migrations before credentials, and then accounts, carried a code.
const BEFORE: u32 = 7;

async fn credentials_from_before_they_carried_a_code_open_nothing(on: &Databases) {
    let world = World::at(EVENING, on).await;
    // A partner, who needs no second factor: their password alone was enough.
    let owner = world.owner_of_account("old.partner", Role::Partner).await;
    let hash: String = world.one("SELECT password FROM account WHERE name = 'old.partner'").await.unwrap();
    let url = on.untouched().await;
    let old = Database::connect(if on.are_postgres() { url.clone() } else { format!("{url}?mode=rwc") })
        .await
        .unwrap();
    Migrator::up(&old, Some(BEFORE)).await.unwrap();
    let bytes = |bytes: &[u8]| {
        let digits = bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        if on.are_postgres() { format!("'\\x{digits}'::bytea") } else { format!("X'{digits}'") }
    };
    let id = |last: u8| {
        let digits = format!("0175811a8423700080000000000000{last:02x}");
        if on.are_postgres() { format!("'{digits}'::uuid") } else { format!("X'{digits}'") }
    };
    let now = "'2020-11-03 20:59:00+00:00'";
    let (cookie, token, recovery) = ("a cookie", "ss_manager_a_token", "abcdabcdabcdabcd");
    for row in [
        format!(
            "INSERT INTO account (id, name, role, council, password, made_at)
             VALUES ({}, 'old.partner', 'partner', 'North Herts', '{hash}', {now})",
            id(1)
        ),
        format!(
            "INSERT INTO session (id, account_id, hash, stage, begun_at, seen_at)
             VALUES ({}, {}, {}, 'whole', {now}, {now})",
            id(2),
            id(1),
            bytes(&Sha256::digest(cookie))
        ),
        format!(
            "INSERT INTO recovery_code (account_id, hash) VALUES ({}, {})",
            id(1),
            bytes(&Sha256::digest(recovery))
        ),
        format!(
            "INSERT INTO token (id, hash, role, created_at, scopes, name)
             VALUES ({}, {}, 'manager', {now}, 'read change', 'a program')",
            id(3),
            bytes(&Sha256::digest(token))
        ),
        format!("INSERT INTO household (id, reference) VALUES ({}, 'R-OLD')", id(4)),
    ] {
        old.execute_unprepared(&row).await.unwrap();
    }
    old.close().await.unwrap();

    let engine = world.engine_on(&url).await;
    assert!(engine.session(cookie).await.unwrap().is_none());
    assert!(engine.authenticate(token).await.unwrap().is_none());
    assert!(engine.sign_in("old.partner", PASSWORD, HERE).await.is_err());
    let local = std::sync::Arc::new(engine.local());
    assert!(engine.household(&local, "R-OLD").await.unwrap().is_some(), "what is not a credential stays");
    let listed = engine.accounts(&local, Page { after: None, limit: 10 }).await.unwrap();
    assert!(listed.len() == 1 && !listed[0].has_password, "who must be set up again shows: {listed:?}");

    let link = engine.reset_account(&local, listed[0].id).await.unwrap().link;
    engine.choose_password(&link, PASSWORD, HERE).await.unwrap();
    engine.new_second_factor(&link, BROWSER).await.unwrap();
    assert_eq!(engine.sign_in("old.partner", PASSWORD, HERE).await.unwrap().stage, Stage::Whole);
    assert_ne!(owner.account.id, listed[0].id);
    engine.close().await.unwrap();
}
