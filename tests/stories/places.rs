//! Where the data lives, and what is said when it can't live there.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use safespace_tests::{
    Databases, on_both,
    program::{Ended, Program, binary, ended},
};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};

on_both![
    a_database_that_is_newer_than_the_program_is_left_alone,
    a_key_that_is_not_the_databases_is_refused_before_anything,
];

fn data(name: &str) -> String {
    format!("{}/data/{name}.csv", env!("CARGO_MANIFEST_DIR"))
}

async fn connection(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.unwrap()
}

fn must_fail(ended: &Ended, code: i32, why: &str) {
    assert_eq!((ended.code, ended.out.as_str()), (code, ""), "{ended:?}");
    assert!(ended.err.contains(why), "{why:?} is not what it said: {ended:?}");
    assert!(!ended.err.contains("panicked"), "{ended:?}");
    assert_eq!(ended.err.trim().lines().count(), 1, "one sentence: {ended:?}");
}

async fn a_database_that_is_newer_than_the_program_is_left_alone(on: &Databases) {
    let url = on.untouched().await;
    let program = Program::on(&url);
    assert_eq!(program.run(["migrate"]).code, 0);
    let rows = connection(&url).await;
    rows.execute_unprepared("INSERT INTO seaql_migrations VALUES ('m9999_from_the_future', 0)")
        .await
        .unwrap();
    for arguments in [&["migrate"][..], &["serve"], &["import", "--spaces", &data("spaces")]] {
        must_fail(&program.run(arguments), 1, "this database is newer than this program");
    }
}

async fn a_key_that_is_not_the_databases_is_refused_before_anything(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    assert_eq!(program.run(["migrate"]).code, 0);
    let key = program.file("key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o400);
    let right = fs::read(&key).unwrap();

    fs::set_permissions(&key, fs::Permissions::from_mode(0o444)).unwrap();
    must_fail(&program.run(["migrate"]), 1, "chmod 400");
    fs::remove_file(&key).unwrap();
    must_fail(&program.run(["migrate"]), 1, "key");
    assert!(!key.exists(), "none is made beside a database that was sealed with another");
    for wrong in [&b""[..], b"abc", &right[..right.len() / 2], "00".repeat(32).as_bytes()] {
        fs::write(&key, wrong).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).unwrap();
        must_fail(&program.run(["migrate"]), 1, "key");
        fs::remove_file(&key).unwrap();
    }
    fs::write(&key, &right).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(program.run(["migrate"]).code, 0);
}

#[test]
fn an_address_that_names_no_database_is_said_to_be_none() {
    let folder = Program::at_home();
    let text =
        folder.write("letter.txt", "Dear all, this is no database, and long enough to be taken for one.");
    let in_folder = |name: &str| format!("sqlite:{}", folder.file(name).display());
    for (url, code, why) in [
        ("mysql://root@127.0.0.1/x".to_owned(), 2, "not a kind of database that safespace knows"),
        ("somewhere".to_owned(), 2, "the address names no kind of database that safespace knows"),
        ("sqlite:".to_owned(), 2, "give the SQLite database a file"),
        ("sqlite::memory:".to_owned(), 2, "give the SQLite database a file"),
        (format!("sqlite:{}", folder.home.path().display()), 2, "must be a file, and this is a folder"),
        (in_folder("no/such/folder/x.sqlite"), 2, "does not exist: create it first"),
        (format!("sqlite:{}", text.display()), 2, "not a SQLite database"),
        ("postgres://nobody@127.0.0.1:1/none".to_owned(), 1, "can't be reached"),
        ("postgres://me:s3cret@127.0.0.1:port/x".to_owned(), 2, "can't be read as an address"),
    ] {
        let ended = Program::on(&url).run(["migrate"]);
        must_fail(&ended, code, why);
        assert!(!ended.err.contains("s3cret"), "{}", ended.err);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_another_program_has_locked_is_said_to_be_locked() {
    let on = Databases::sqlite();
    let url = on.untouched().await;
    let program = Program::on(&url);
    assert_eq!(program.run(["migrate"]).code, 0);
    let other = connection(&url).await;
    other.execute_unprepared("BEGIN IMMEDIATE").await.unwrap();
    let import = ["import".to_owned(), "--spaces".to_owned(), data("spaces")];
    must_fail(&program.run(&import), 1, "locked by another program");
    other.execute_unprepared("ROLLBACK").await.unwrap();
    let after = program.run(&import);
    assert_eq!(after.code, 0);
    assert!(after.out.contains("imported   8"), "nothing was half-written: {}", after.out);
}

#[test]
fn a_file_or_folder_that_is_read_only_is_said_to_be_so() {
    let program = Program::at_home();
    let folder = program.file("kept");
    fs::create_dir(&folder).unwrap();
    // The superuser may write everything, so it is somebody else who tries.
    let root = fs::metadata("/proc/self").unwrap();
    let root = std::os::unix::fs::MetadataExt::uid(&root) == 0;
    let outer: &[&str] =
        if root { &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] } else { &["env"] };
    let mine = program.file("safespace");
    fs::copy(binary(), &mine).unwrap();
    let file = folder.join("x.sqlite");
    let url = format!("sqlite:{}", file.display());
    let key = folder.join("x.key");
    let run = |arguments: &[&str]| {
        let mut command = program.command_through(outer, &mine, arguments);
        command.env("SAFESPACE_DATABASE_URL", &url).env("SAFESPACE_KEY_FILE", &key);
        ended(command)
    };
    let modes = |mode: u32, paths: &[&Path]| {
        for path in paths {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    modes(0o777, &[program.home.path(), &folder]);
    assert_eq!(run(&["migrate"]).code, 0);
    modes(0o444, &[&file]);
    modes(0o555, &[&folder]);
    must_fail(&run(&["import", "--spaces", &data_for(&program)]), 1, "the database can't be written");
    modes(0o777, &[&folder]);
    modes(0o644, &[&file]);
    let after = run(&["import", "--spaces", &data_for(&program)]);
    assert_eq!(after.code, 0, "{after:?}");
    modes(0o555, &[&folder]);
    let elsewhere = format!("sqlite:{}", folder.join("new.sqlite").display());
    let mut command = program.command_through(outer, &mine, ["migrate"]);
    command.env("SAFESPACE_DATABASE_URL", elsewhere).env("SAFESPACE_KEY_FILE", &key);
    must_fail(&ended(command), 1, "the database can't be written");
    modes(0o777, &[&folder]);
}

/// The example spaces where anybody can read them.
fn data_for(program: &Program) -> String {
    let file = program.write("spaces.csv", fs::read(data("spaces")).unwrap());
    file.to_str().unwrap().to_owned()
}

/// A limit on the size of a file stands for a disk that has no more room: the write fails half-way.
#[test]
fn a_disk_without_room_is_named_and_what_was_refused_comes_in_later() {
    let on = Program::at_home();
    let url = format!("sqlite:{}", on.file("x.sqlite").display());
    let program = Program::on(&url);
    assert_eq!(program.run(["migrate"]).code, 0);
    let files = ["import", "--spaces", &data("spaces"), "--stays", &data("stays"), "--voids", &data("voids")]
        .map(str::to_owned);
    let limited = |kibibytes: u32| {
        let script = format!("trap '' XFSZ; ulimit -f {kibibytes}; exec \"$@\"");
        let shell = ["bash", "-c", &script, "bash"];
        ended(program.command_through(&shell, &binary(), &files))
    };
    for kibibytes in [30, 60, 120] {
        must_fail(&limited(kibibytes), 1, "no room");
    }
    let after = program.run(&files);
    assert_eq!(after.code, 0, "{after:?}");
    let second = program.run(&files);
    assert!(second.out.contains("unchanged  51"), "{}", second.out);
    let check = Command::new("sqlite3").arg(on.file("x.sqlite")).arg("PRAGMA integrity_check").output();
    if let Ok(check) = check {
        assert_eq!(String::from_utf8_lossy(&check.stdout).trim(), "ok");
    }
}
