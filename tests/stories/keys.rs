//! Root keys: nothing is touched with the wrong one, and another takes over while the service runs.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures_util::FutureExt;
use safespace_domain::{HouseholdId, nights::later, stays::Stay};
use safespace_engine::{
    self as engine, Command, Engine, Fault, FixedKey, KeyError, KeyFile, KeyProvider, PasswordCost,
    RestrictCase, StoreSettings,
};
use safespace_tests::{
    CountedIds, Databases, Person, World, day, on_both,
    program::{Ended, Program, ended},
};
use sea_orm::ConnectionTrait;
use tempfile::TempDir;

on_both![
    a_bad_key_file_is_refused_before_a_database_is_made,
    a_missing_or_wrong_key_is_refused_before_the_database_is_touched,
    a_key_takes_over_while_a_server_runs_and_seals,
    a_rotation_that_is_ended_half_way_goes_on_when_it_is_run_again,
    two_rotations_at_the_same_time_are_one,
    no_key_is_dropped_while_something_does_not_open,
    keys_in_the_environment_are_rotated_by_whoever_keeps_them,
    the_command_line_rotates_beside_a_running_service,
];

const EVENING: &str = "2020-11-03T21:00:00Z";

/// Books without the made-up details that worlds give their households: each booking is one record.
async fn book(who: &Person<'_>, household: &str, arrival: &str, nights: u32) -> Stay {
    let ask = who.to_book("SS-01", household, arrival, nights).await;
    who.book_as(ask).await.unwrap()
}
const REASON: &str = "made-up reason";

/// The key file of a world's database.
fn key_file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    write_key(&file, "07".repeat(32) + "\n", 0o400);
    (folder, file)
}

fn write_key(file: &Path, text: impl AsRef<[u8]>, mode: u32) {
    let _ = fs::remove_file(file);
    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
}

async fn try_open(world: &World, keys: Arc<dyn KeyProvider>) -> Result<Arc<Engine>, Fault> {
    let clock = Arc::clone(&world.clock);
    let outside = engine::World {
        clock,
        ids: Arc::new(CountedIds::default()),
        keys,
        passwords: PasswordCost::FOR_TESTS,
    };
    Engine::open(&StoreSettings::new(&world.url), outside).await
}

async fn open(world: &World, file: &Path) -> Arc<Engine> {
    try_open(world, Arc::new(KeyFile(file.to_owned()))).await.unwrap()
}

/// Has something sealed under a data key of its own.
async fn seal(world: &World, engine: &Arc<Engine>, n: u32) -> HouseholdId {
    let reference = format!("R-{n}");
    let night = later(day("2020-12-01"), n).to_string();
    let stay = book(&world.officer_at(engine), &reference, &night, 1).await;
    let denied = world.partner().actor.who.id();
    let ask = RestrictCase { household: reference, denied, reason: REASON.into() };
    engine.run(&Arc::new(engine.local()), None, Command::RestrictCase(ask)).await.unwrap();
    stay.household
}

async fn must_open(engine: &Arc<Engine>, households: &[HouseholdId]) {
    for household in households {
        let found = engine.restrictions(&engine.local(), *household).await.unwrap();
        assert_eq!(found[0].reason.as_deref(), Some(REASON));
    }
}

/// What a story's files and rows are, to see that nothing was touched.
async fn state(world: &World) -> String {
    let mut state = format!("{} records", world.count("audit").await);
    for row in world.select("SELECT version FROM seaql_migrations ORDER BY version").await {
        state += &row.try_get_by_index::<String>(0).unwrap();
    }
    state
}

async fn a_bad_key_file_is_refused_before_a_database_is_made(on: &Databases) {
    let good = "07".repeat(32) + "\n";
    let bad: [(&str, u32, &str); 5] = [
        (&good, 0o444, "can be read by others"),
        (&good, 0o440, "can be read by others"),
        ("", 0o400, "must hold keys"),
        ("0707", 0o400, "must hold keys"),
        ("07 not a key", 0o400, "must hold keys"),
    ];
    let url = on.untouched().await;
    let program = Program::on(&url);
    for (text, mode, why) in bad {
        write_key(&program.file("key"), text, mode);
        for call in [&["migrate"][..], &["serve", "--listen", "127.0.0.1:0"], &["keys", "rotate"]] {
            let Ended { code, out, err } = program.run(call);
            assert_eq!((code, out.as_str()), (1, ""), "{call:?}: {err}");
            assert!(err.contains(why), "{err}");
            assert!(!err.contains("0707"), "{err}");
        }
        if let Some(file) = url.strip_prefix("sqlite:") {
            assert!(!Path::new(file).exists(), "nothing was made");
        }
    }
    write_key(&program.file("key"), &good, 0o400);
    assert_eq!(program.run(["migrate"]).code, 0);
}

async fn a_missing_or_wrong_key_is_refused_before_the_database_is_touched(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    // As if it were from before the last migration: with the right key, it would be brought up to date.
    let last: String = world.one("SELECT max(version) FROM seaql_migrations").await.unwrap();
    world
        .rows
        .execute_unprepared(&format!("DELETE FROM seaql_migrations WHERE version = '{last}'"))
        .await
        .unwrap();
    let before = state(&world).await;
    let (folder, file) = key_file();
    let wrong = try_open(&world, Arc::new(FixedKey([8; 32]))).await.map(|_| ());
    assert!(matches!(wrong, Err(Fault::Key(KeyError::Wrong))), "{wrong:?}");
    fs::remove_file(&file).unwrap();
    let missing = try_open(&world, Arc::new(KeyFile(file.clone()))).await.map(|_| ());
    assert!(matches!(missing, Err(Fault::Key(KeyError::Missing))), "{missing:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "no key was made");
    // Whoever takes the proof away does not get another key in.
    world.rows.execute_unprepared("DELETE FROM key_check").await.unwrap();
    let wrong = try_open(&world, Arc::new(FixedKey([8; 32]))).await.map(|_| ());
    assert!(matches!(wrong, Err(Fault::Key(KeyError::Wrong))), "{wrong:?}");
    assert_eq!(state(&world).await, before);
    assert_eq!(world.count("key_check").await, 0);
}

async fn a_key_takes_over_while_a_server_runs_and_seals(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let (_folder, file) = key_file();
    let server = open(&world, &file).await;
    let mut sealed = Vec::new();
    for n in 0..12 {
        sealed.push(seal(&world, &server, n).await);
    }
    let other = open(&world, &file).await;
    let seals = async {
        let mut more = Vec::new();
        for n in 12..36 {
            more.push(seal(&world, &server, n).await);
        }
        more
    };
    let local = other.local();
    let (rotated, more) = futures_util::future::join(other.rotate_keys(&local), seals).await;
    let rotated = rotated.unwrap();
    assert!(rotated.made && rotated.wrapped >= 13 && rotated.dropped == 1, "{rotated:?}");
    sealed.extend(more);
    sealed.push(seal(&world, &server, 40).await);
    must_open(&server, &sealed).await;

    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert!(!text.contains("0707"), "the old key is gone");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o400);
    let next = open(&world, &file).await;
    must_open(&next, &sealed).await;
    let status = next.keys_status(&next.local()).await.unwrap();
    assert!(status.is_settled(), "{status:?}");
    assert_eq!(i64::try_from(status.keys[0].data_keys).unwrap(), world.count("data_key").await);
    let old = try_open(&world, Arc::new(FixedKey([7; 32]))).await.map(|_| ());
    assert!(matches!(old, Err(Fault::Key(KeyError::Wrong))), "{old:?}");
    for action in ["begin_key_rotation", "rotate_keys", "see_keys"] {
        let n: i64 =
            world.one(&format!("SELECT count(*) FROM audit WHERE action = '{action}'")).await.unwrap();
        assert_eq!(n, 1, "{action}");
    }
    assert!(next.verify_audit(None).await.unwrap().is_whole(), "the chain's key is not a root key");
}

async fn a_rotation_that_is_ended_half_way_goes_on_when_it_is_run_again(on: &Databases) {
    const LOOKS: u32 = 40;
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let (_folder, file) = key_file();
    let server = open(&world, &file).await;
    let mut sealed = Vec::new();
    for n in 0..LOOKS {
        sealed.push(seal(&world, &server, n).await);
        let local = server.local();
        {
            let mut rotation = Box::pin(server.rotate_keys(&local));
            for _ in 0..n {
                if rotation.as_mut().now_or_never().is_some() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        let keys = fs::read_to_string(&file).unwrap().lines().count();
        assert!((1..=2).contains(&keys), "{keys}");
        let next = open(&world, &file).await;
        must_open(&next, &sealed).await;
        next.close().await.unwrap();
    }
    let before = fs::read_to_string(&file).unwrap();
    let rotated = server.rotate_keys(&server.local()).await.unwrap();
    assert_eq!(rotated.made, before.lines().count() == 1, "one that was begun is gone on with");
    assert!(server.keys_status(&server.local()).await.unwrap().is_settled());
    must_open(&server, &sealed).await;
    let next = open(&world, &file).await;
    must_open(&next, &sealed).await;
}

async fn two_rotations_at_the_same_time_are_one(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let (_folder, file) = key_file();
    let keys = KeyFile(file.clone());
    let server = open(&world, &file).await;
    let held = keys.hold().unwrap();
    let refused = server.rotate_keys(&server.local()).await.unwrap_err().to_string();
    assert!(refused.contains("another program is changing the key file"), "{refused}");
    assert_eq!(keys.load().unwrap(), [[7; 32]]);
    drop(held);
    server.rotate_keys(&server.local()).await.unwrap();
}

async fn no_key_is_dropped_while_something_does_not_open(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let (_folder, file) = key_file();
    let server = open(&world, &file).await;
    let sealed = [seal(&world, &server, 1).await, seal(&world, &server, 2).await];
    let byte = if on.are_postgres() { "'\\x01'" } else { "x'01'" };
    let owner =
        if on.are_postgres() { format!("'{}'", sealed[1].0) } else { format!("x'{}'", sealed[1].0.simple()) };
    world.rows.execute_unprepared("CREATE TABLE saved AS SELECT * FROM data_key").await.unwrap();
    world
        .rows
        .execute_unprepared(&format!("UPDATE data_key SET wrapped = {byte} WHERE owner = {owner}"))
        .await
        .unwrap();
    let rotated = server.rotate_keys(&server.local()).await.unwrap();
    assert_eq!((rotated.damaged, rotated.dropped), (1, 0));
    must_open(&server, &sealed[..1]).await;
    // A backup of it brings it back, because the key of its time is still there.
    world
        .rows
        .execute_unprepared(&format!(
            "UPDATE data_key SET wrapped = (SELECT wrapped FROM saved WHERE saved.owner = data_key.owner) \
             WHERE owner = {owner}"
        ))
        .await
        .unwrap();
    let rotated = server.rotate_keys(&server.local()).await.unwrap();
    assert_eq!((rotated.made, rotated.wrapped, rotated.dropped), (false, 1, 1));
    must_open(&server, &sealed).await;
}

async fn keys_in_the_environment_are_rotated_by_whoever_keeps_them(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    let run = |keys: &str, call: &[&str]| {
        let mut command = program.command(call);
        command.env_remove("SAFESPACE_KEY_FILE").env("SAFESPACE_KEY", keys);
        ended(command)
    };
    let (old, new) = ("1f".repeat(32), "2e".repeat(32));
    for none in ["", "1f1f", &format!("{old}{new}"), &format!("{old};{new}")] {
        let ended = run(none, &["migrate"]);
        assert_eq!(ended.code, 2, "{none:?}");
        assert!(ended.err.contains("SAFESPACE_KEY must hold keys"), "{}", ended.err);
        assert!(!ended.err.contains("1f1f"), "{}", ended.err);
    }
    let mut both = program.command(["migrate"]);
    both.env("SAFESPACE_KEY", &old);
    let both = ended(both);
    assert_eq!(both.code, 2);
    assert!(both.err.contains("given twice"), "{}", both.err);
    assert_eq!(run(&old, &["migrate"]).code, 0);
    assert!(!run(&old, &["serve", "--help"]).out.contains("1f1f"));

    let alone = run(&old, &["keys", "rotate"]);
    assert_eq!(alone.code, 1);
    assert!(alone.err.contains("put it before the others in SAFESPACE_KEY"), "{}", alone.err);
    let two = format!("{new},{old}");
    let status = run(&two, &["keys", "status"]);
    assert!(status.out.contains("`safespace keys rotate` goes on"), "{}", status.out);
    let rotated = run(&two, &["keys", "rotate"]);
    assert_eq!((rotated.code, rotated.err.as_str()), (0, ""));
    assert!(rotated.out.contains("take them out of SAFESPACE_KEY"), "{}", rotated.out);
    assert_eq!(run(&two, &["keys", "rotate"]).code, 0, "twice does no harm");
    assert_eq!(run(&new, &["migrate"]).code, 0);
    let wrong = run(&old, &["migrate"]);
    assert_eq!(wrong.code, 1);
    assert!(wrong.err.contains("this is not the key"), "{}", wrong.err);
}

async fn the_command_line_rotates_beside_a_running_service(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    let service = program.serve(&[]);
    let before = fs::read_to_string(program.file("key")).unwrap();
    let rotated = program.run(["keys", "rotate"]);
    assert_eq!((rotated.code, rotated.err.as_str()), (0, ""));
    assert!(rotated.out.contains("A new root key has taken over"), "{}", rotated.out);
    let after = fs::read_to_string(program.file("key")).unwrap();
    assert_ne!(before, after);
    let status = program.run(["keys", "status"]);
    assert_eq!(status.code, 0, "{}", status.err);
    assert!(status.out.contains("current; 1 data keys"), "{}", status.out);
    for said in [&rotated.out, &status.out] {
        assert!(!said.contains(after.trim()) && !said.contains(before.trim()));
    }
    assert_eq!(service.stop(), 0);
    assert_eq!(program.run(["audit", "verify"]).code, 0);
}
