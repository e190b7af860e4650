//! A backup that the database's own tool makes, and the figures: nothing confidential can be read in either.

use std::{path::PathBuf, process::Command as Process};

use safespace_domain::access::Role;
use safespace_engine::{Command, RestrictCase};
use safespace_tests::{Databases, World, api::Api, canary, household_to_refer, on_both};
use sea_orm::ConnectionTrait as _;
use serde_json::json;

on_both![
    nothing_confidential_can_be_read_in_a_backup_or_in_the_figures,
    what_lies_in_the_clear_is_found_in_a_backup,
];

const EVENING: &str = "2020-11-03T21:00:00Z";

/// PostgreSQL's own tool for backups, which every installation of its server has.
fn pg_dump() -> PathBuf {
    let asked = Process::new("pg_config").arg("--bindir").output().ok().filter(|said| said.status.success());
    let said = asked.map(|said| PathBuf::from(String::from_utf8(said.stdout).unwrap().trim()));
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut packaged: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    // The newest reads what any older server has, and not the other way round.
    packaged.sort();
    let on_path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let folders = packaged.into_iter().rev().chain(said).chain(on_path.into_iter().flatten());
    let tool = folders.map(|folder| folder.join("pg_dump")).find(|tool| tool.is_file());
    tool.expect(
        "pg_dump, which comes with PostgreSQL (Debian: postgresql-client), must be here for this story",
    )
}

/// A backup, as the database's own tool makes it.
async fn backup(world: &World) -> Vec<u8> {
    if world.url.starts_with("sqlite:") {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("backup.sqlite");
        world.rows.execute_unprepared(&format!("VACUUM INTO '{}'", file.display())).await.unwrap();
        return std::fs::read(file).unwrap();
    }
    let made = Process::new(pg_dump()).arg("--dbname").arg(&world.url).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    made.stdout
}

/// A world in which everything is written down that is confidential, each by its usual way, and brought out again.
async fn everything_planted(on: &Databases) -> World {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    // The address comes with the home, and the household's details with the booking.
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    let manager = world.person_with(Role::Manager).await;
    manager.record_void("SS-02", "2020-12-01", 2).await.unwrap();
    manager.extend_with_exception(&stay, "2020-11-14", canary::NOTE).await.unwrap();
    let denied = world.partner().actor.who.id();
    let closed = RestrictCase { household: "R-1".into(), denied, reason: canary::NOTE.into() };
    // Under a key: the answer is remembered with what was asked.
    manager.run_once("closing", Command::RestrictCase(closed)).await.unwrap();
    let note = format!("{}, {}, {}", canary::NAME, canary::CONTACT, canary::NOTE);
    let referral = household_to_refer(1, 2, "2020-11-04", Some(&note));
    world.partner().run_once("referring", Command::SubmitReferral(referral)).await.unwrap();

    let officer = world.person_with(Role::Officer).await;
    let engine = &world.engine;
    let property = world.property("HOUSE").await;
    assert_eq!(engine.reveal_address(&officer.actor, property, canary::NOTE).await.unwrap(), canary::ADDRESS);
    let household = engine.household(&officer.actor, "R-1").await.unwrap().unwrap().id;
    let revealed = engine.reveal_household_details(&officer.actor, household, canary::NOTE).await.unwrap();
    assert_eq!(revealed.name.as_deref(), Some(canary::NAME));
    assert_eq!(engine.households_by_contact(&officer.actor, canary::CONTACT).await.unwrap().len(), 1);
    world
}

async fn nothing_confidential_can_be_read_in_a_backup_or_in_the_figures(on: &Databases) {
    let world = everything_planted(on).await;
    let made = backup(&world).await;
    let whole: &[u8] =
        if on.are_postgres() { b"PostgreSQL database dump complete" } else { b"SQLite format 3\0" };
    assert!(made.windows(whole.len()).any(|part| part == whole), "this is no backup");
    assert!(made.windows(5).any(|part| part == b"SS-01"), "this is a backup of something else");
    canary::must_not_be_in(&made, "a backup");

    let api = Api::serve(&world.engine).await;
    let at = |path: &str| api.url.replace("/graphql", path);
    for word in [canary::ADDRESS, canary::NAME, canary::CONTACT, canary::NOTE] {
        let path = at(&format!("/{word}?q={word}"));
        let asked = api.raw().get(path).bearer_auth(word.replace(' ', "-")).send().await.unwrap();
        assert_eq!(asked.status().as_u16(), 404);
        let query = json!({ "query": format!("{{ {} }}", word.split(' ').next().unwrap()) });
        api.raw().post(&api.url).bearer_auth(&world.officer_token).json(&query).send().await.unwrap();
    }
    let figures = api.raw().get(at("/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(figures.contains("safespace_http_requests_total{route=\"other\",status=\"4xx\"} 4"), "{figures}");
    canary::must_not_be_in(figures.as_bytes(), "the figures");
}

/// The negative control: the search can find what it looks for.
async fn what_lies_in_the_clear_is_found_in_a_backup(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let bytes = if on.are_postgres() { "BYTEA" } else { "BLOB" };
    if !on.are_postgres() {
        world.rows.execute_unprepared("PRAGMA secure_delete = ON").await.unwrap();
    }
    for (column, what, value) in [
        ("TEXT", "an address", format!("'{}'", canary::ADDRESS)),
        ("TEXT", "a name", format!("'Mx {}'", canary::NAME)),
        ("TEXT", "a contact", format!("'{}'", &canary::CONTACT[..12])),
        (bytes, "a note", bytes_of(canary::NOTE, on)),
    ] {
        assert_eq!(canary::found_in(&backup(&world).await), None);
        for sql in
            [format!("CREATE TABLE control (it {column})"), format!("INSERT INTO control VALUES ({value})")]
        {
            world.rows.execute_unprepared(&sql).await.unwrap();
        }
        assert_eq!(canary::found_in(&backup(&world).await), Some(what));
        world.rows.execute_unprepared("DROP TABLE control").await.unwrap();
        if !on.are_postgres() {
            // It leaves nothing that the search at the story's end would find.
            world.rows.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
        }
    }
}

/// As the database's language writes bytes.
fn bytes_of(text: &str, on: &Databases) -> String {
    let digits = text.bytes().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
    if on.are_postgres() { format!("'\\x{digits}'") } else { format!("x'{digits}'") }
}
