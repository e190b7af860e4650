//! The command that has another root key take over is killed, with no chance to tidy up.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    process::{Child, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use safespace_domain::{PropertyId, access::Role, units::Scheme};
use safespace_engine::{
    self as engine, Command, Engine, KeyFile, Outcome, PasswordCost, SetAddress, StoreSettings,
};
use safespace_tests::{CountedIds, Databases, World, canary, on_both, program::Program};
use sea_orm::ConnectionTrait as _;

on_both![a_rotation_that_is_killed_is_seen_and_gone_on_with];

const EVENING: &str = "2020-11-03T21:00:00Z";
/// More data keys than are wrapped in one transaction.
const HOMES: usize = 205;
const PATIENCE: Duration = Duration::from_mins(2);

async fn home(world: &World, n: usize) -> PropertyId {
    let code = format!("HOUSE-{n}");
    let home = safespace_tests::home(code, Scheme::SafeSpace, "Stevenage");
    let Outcome::Property(property) = world.manager().run(Command::RegisterProperty(home)).await.unwrap()
    else {
        panic!("no property")
    };
    let address = SetAddress { property: property.id, address: canary::ADDRESS.into() };
    world.manager().run(Command::SetAddress(address)).await.unwrap();
    property.id
}

async fn sql(world: &World, statements: &[&str]) {
    for statement in statements {
        world.rows.execute_unprepared(statement).await.unwrap();
    }
}

/// Sees to it that the rotation comes to its last data key and no further.
async fn hold_up_the_last(world: &World, on: &Databases) {
    sql(world, &["CREATE TABLE before AS SELECT * FROM data_key"]).await;
    if on.are_postgres() {
        let last = "SELECT owner FROM data_key ORDER BY owner DESC LIMIT 1 FOR UPDATE";
        sql(world, &["BEGIN", last]).await;
    } else {
        // Walks through more rows than there is time for.
        let endless = "CREATE TRIGGER endless AFTER UPDATE ON data_key \
                       WHEN NEW.owner = (SELECT max(owner) FROM data_key) BEGIN \
                       SELECT count(*) FROM data_key a, data_key b, data_key c, data_key d, data_key e \
                       WHERE a.owner > b.owner OR c.owner > d.owner OR e.owner > a.owner; END";
        sql(world, &[endless]).await;
    }
}

async fn hold_up_no_more(world: &World, on: &Databases) {
    sql(world, if on.are_postgres() { &["ROLLBACK"] } else { &["DROP TRIGGER endless"] }).await;
}

async fn wrapped_afresh(world: &World) -> i64 {
    let changed = "SELECT count(*) FROM data_key JOIN before ON before.owner = data_key.owner \
                   WHERE before.wrapped <> data_key.wrapped";
    world.one(changed).await.unwrap()
}

/// Kills it, as `kill -9` does.
fn kill(mut child: Child) {
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().code(), None, "it was killed, and did not end by itself");
}

async fn a_rotation_that_is_killed_is_seen_and_gone_on_with(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let mut homes = Vec::new();
    for n in 0..HOMES {
        homes.push(home(&world, n).await);
    }
    let officer = world.person_with(Role::Officer).await;
    let keys = world.count("data_key").await;
    let program = Program::on(&world.url);
    let file = program.write("key", "07".repeat(32) + "\n");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();

    hold_up_the_last(&world, on).await;
    let mut rotation = program.command(["keys", "rotate"]);
    let rotation = rotation.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while wrapped_afresh(&world).await == 0 {
        assert!(begun.elapsed() < PATIENCE, "nothing was wrapped afresh");
        tokio::task::yield_now().await;
    }
    kill(rotation);
    hold_up_no_more(&world, on).await;
    let done = wrapped_afresh(&world).await;
    assert!(0 < done && done < keys, "{done} of {keys}");

    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 2, "the old key is still needed");
    let status = program.run(["keys", "status"]);
    assert_eq!((status.code, status.err.as_str()), (0, ""));
    assert!(status.out.contains(&format!("current; {done} data keys")), "{}", status.out);
    assert!(
        status.out.contains(&format!("older, or about to take over; {} data keys", keys - done)),
        "{}",
        status.out
    );
    assert!(status.out.contains("`safespace keys rotate` goes on with it"), "{}", status.out);

    let again = program.run(["keys", "rotate"]);
    assert_eq!((again.code, again.err.as_str()), (0, ""));
    let goes_on =
        format!("The newest root key has taken over: {} data keys were wrapped afresh", keys - done);
    assert!(again.out.contains(&goes_on), "{}", again.out);
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 1);
    let status = program.run(["keys", "status"]);
    assert!(status.out.contains(&format!("current; {keys} data keys")), "{}", status.out);
    assert!(!status.out.contains("goes on with it"), "{}", status.out);
    assert_eq!(program.run(["audit", "verify"]).code, 0);

    let outside = engine::World {
        clock: Arc::<safespace_tests::MovableClock>::clone(&world.clock),
        ids: Arc::new(CountedIds::default()),
        keys: Arc::new(KeyFile(file)),
        passwords: PasswordCost::FOR_TESTS,
    };
    let next = Engine::open(&StoreSettings::new(&world.url), outside).await.unwrap();
    let mut revealed = 0;
    for property in [homes[0], homes[HOMES - 1]] {
        let address = next.reveal_address(&officer.actor, property, "made-up reason").await.unwrap();
        revealed += usize::from(address == canary::ADDRESS);
    }
    assert_eq!(revealed, 2, "what was wrapped before and after the kill is opened");
    next.close().await.unwrap();
}
