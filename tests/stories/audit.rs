//! The audit is a chain: what somebody with the database in their hands does to it shows, and where.

use std::path::PathBuf;

use base64::Engine as _;
use futures_util::future::join_all;
use safespace_domain::{
    AccountId, SessionId,
    access::{Actor, Role, Who},
    stays::Stay,
};
use safespace_engine::{
    AuditReport, AuditView, BreakKind, Command, EngineError, LiftRestriction, Page, RestrictCase, SearchAudit,
};
use safespace_tests::{Databases, Person, World, api::Api, on_both, program::Program};
use sea_orm::ConnectionTrait;
use serde_json::json;

on_both![
    what_many_write_at_once_is_one_whole_chain,
    two_processes_write_one_whole_chain,
    the_audit_takes_no_changes,
    a_changed_record_is_named,
    a_reason_put_in_another_records_place_is_named,
    a_record_taken_out_is_named,
    a_record_put_in_is_named,
    a_record_without_a_place_in_the_chain_is_named,
    records_from_before_the_chain_are_counted,
    an_end_cut_off_shows_by_the_head,
    an_end_cut_off_with_its_head_shows_by_a_checkpoint_alone,
    an_older_copy_that_went_on_shows_by_a_checkpoint,
    a_forged_or_missing_checkpoint_is_named,
    a_deny_list_that_was_changed_by_hand_is_named,
    the_command_line_verifies,
    a_manager_searches_by_person_case_time_and_action,
    a_manager_searches_by_the_api_and_reads_why_until_it_is_erased,
    the_audit_is_read_page_by_page,
    what_is_closed_to_a_manager_is_not_in_their_audit,
    nobody_else_searches_the_audit,
];

const EVENING: &str = "2020-11-03T21:00:00Z";

/// Books without the made-up details that worlds give their households: each booking is one record.
async fn book(who: &Person<'_>, household: &str, arrival: &str, nights: u32) -> Stay {
    let ask = who.to_book("SS-01", household, arrival, nights).await;
    who.book_as(ask).await.unwrap()
}

/// Some bookings, and the right to change the audit as whoever owns the database could take it.
async fn tampered_with(on: &Databases) -> World {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    for n in 4..9 {
        book(&world.officer(), &format!("R-{n}"), &format!("2020-11-0{n}"), 1).await;
    }
    let drop: &[&str] = if on.are_postgres() {
        &["DROP TRIGGER audit_append_only ON audit", "DROP TRIGGER audit_no_truncate ON audit"]
    } else {
        &["DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"]
    };
    for sql in drop {
        run(&world, sql).await;
    }
    must_be_whole(&world).await;
    world
}

async fn run(world: &World, sql: &str) {
    world.rows.execute_unprepared(sql).await.unwrap();
}

async fn verify(world: &World) -> AuditReport {
    world.engine.verify_audit(None).await.unwrap()
}

async fn must_be_whole(world: &World) {
    let report = verify(world).await;
    assert!(report.is_whole(), "{report:?}");
    assert_eq!(i64::try_from(report.records).unwrap(), world.count("audit").await);
}

/// The lane and number of the booking that the audit has as its so-many-th.
async fn booking(world: &World, n: usize) -> (i32, i64) {
    let rows = world.select("SELECT lane, number FROM audit WHERE action = 'book_stay' ORDER BY seq").await;
    (rows[n].try_get_by_index(0).unwrap(), rows[n].try_get_by_index(1).unwrap())
}

/// The lane with most records, and how many it has.
async fn longest(world: &World) -> (i32, i64) {
    let row =
        world.select("SELECT lane, number FROM audit_lane ORDER BY number DESC LIMIT 1").await.remove(0);
    (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap())
}

/// The one break that there is.
fn only(report: &AuditReport) -> (BreakKind, Option<i32>, Option<i64>) {
    assert_eq!(report.breaks.len(), 1, "{report:?}");
    let broken = &report.breaks[0];
    (broken.kind, broken.lane, broken.number)
}

fn checkpoints(world: &World) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("{}.checkpoints", world.new_id()));
    (folder, file)
}

async fn what_many_write_at_once_is_one_whole_chain(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let before = world.count("audit").await;
    let book = |n: u32| {
        let world = &world;
        let night = safespace_domain::nights::later(safespace_tests::day("2020-12-01"), n);
        async move { book(&world.officer(), &format!("R-{n}"), &night.to_string(), 1).await }
    };
    join_all((0..60).map(book)).await;
    assert_eq!(world.count("audit").await, before + 60);
    must_be_whole(&world).await;
    if on.are_postgres() {
        let lanes: i64 = world.one("SELECT count(*) FROM audit_lane WHERE number > 0").await.unwrap();
        assert!(lanes > 1, "commits waited in line for one head");
    }
}

async fn two_processes_write_one_whole_chain(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let other = world.another_engine().await;
    let book = |n: u32| {
        let (world, other) = (&world, &other);
        async move {
            let night = format!("2020-12-{:02}", n + 1);
            let ours = world.officer();
            let theirs = world.officer_at(other);
            let (household, guest) = (format!("R-{n}"), format!("G-{n}"));
            let both = futures_util::future::join(
                ours.book("SS-01", &household, &night, 1),
                theirs.book("SS-02", &guest, &night, 1),
            );
            let (ours, theirs) = both.await;
            ours.unwrap();
            theirs.unwrap();
        }
    };
    join_all((0..20).map(book)).await;
    must_be_whole(&world).await;
}

async fn the_audit_takes_no_changes(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let before = world.count("audit").await;
    for sql in ["UPDATE audit SET detail = '{}'", "DELETE FROM audit"] {
        let error = world.rows.execute_unprepared(sql).await.unwrap_err().to_string();
        assert!(error.contains("the audit is append-only"), "{error}");
    }
    if on.are_postgres() {
        world.rows.execute_unprepared("TRUNCATE audit").await.unwrap_err();
    }
    assert_eq!(world.count("audit").await, before);
    must_be_whole(&world).await;
}

async fn a_changed_record_is_named(on: &Databases) {
    let somebody = if on.are_postgres() {
        "'00000000-0000-0000-0000-0000000000aa'"
    } else {
        "x'00000000000000000000000000000000'"
    };
    let bytes = if on.are_postgres() { "'\\x00'" } else { "x'00'" };
    let changes = [
        ("at", "'2020-11-03T21:00:01+00:00'".to_owned()),
        ("by_id", somebody.to_owned()),
        ("by_id", "NULL".to_owned()),
        ("role", "'manager'".to_owned()),
        ("action", "'cancel_stay'".to_owned()),
        ("subject_id", somebody.to_owned()),
        ("case_id", somebody.to_owned()),
        ("units", "''".to_owned()),
        ("origin", somebody.to_owned()),
        ("detail", "'{}'".to_owned()),
        ("owner_id", somebody.to_owned()),
        ("sealed", bytes.to_owned()),
        ("mac", bytes.to_owned()),
        ("mac", "NULL".to_owned()),
    ];
    let world = tampered_with(on).await;
    let (lane, number) = booking(&world, 1).await;
    let place = format!("lane = {lane} AND number = {number}");
    run(&world, &format!("CREATE TABLE saved AS SELECT * FROM audit WHERE {place}")).await;
    for (column, value) in changes {
        run(&world, &format!("UPDATE audit SET {column} = {value} WHERE {place}")).await;
        let report = verify(&world).await;
        assert_eq!(only(&report), (BreakKind::Changed, Some(lane), Some(number)), "{column}");
        run(&world, &format!("UPDATE audit SET {column} = (SELECT {column} FROM saved) WHERE {place}")).await;
        must_be_whole(&world).await;
    }
    run(&world, &format!("UPDATE audit SET detail = '{{}}' WHERE {place}")).await;
    let report = verify(&world).await;
    assert_eq!(
        report.breaks[0].to_string(),
        format!("record {number} of lane {lane} (2020-11-03T21:00:00.000000Z, book_stay) was changed")
    );
}

/// Two records that say all the same, but the reason: each has its own place.
async fn a_reason_put_in_another_records_place_is_named(on: &Databases) {
    let world = tampered_with(on).await;
    let ((lane, number), (other_lane, other)) = (booking(&world, 1).await, booking(&world, 3).await);
    run(
        &world,
        &format!(
            "UPDATE audit SET detail = (SELECT detail FROM audit WHERE lane = {other_lane} AND number = {other}) \
             WHERE lane = {lane} AND number = {number}"
        ),
    )
    .await;
    assert_eq!(only(&verify(&world).await), (BreakKind::Changed, Some(lane), Some(number)));
}

async fn a_record_taken_out_is_named(on: &Databases) {
    let world = tampered_with(on).await;
    let (lane, last) = longest(&world).await;
    assert!(last > 2);
    run(&world, &format!("DELETE FROM audit WHERE lane = {lane} AND number = 2")).await;
    assert_eq!(only(&verify(&world).await), (BreakKind::Missing, Some(lane), Some(2)));
    // Closing the gap by calling the later ones by other numbers does not help.
    for number in 3..=last {
        run(
            &world,
            &format!("UPDATE audit SET number = {} WHERE lane = {lane} AND number = {number}", number - 1),
        )
        .await;
    }
    run(&world, &format!("UPDATE audit_lane SET number = number - 1 WHERE lane = {lane}")).await;
    assert_eq!(only(&verify(&world).await), (BreakKind::Changed, Some(lane), Some(2)));
}

/// A copy of a record, as a row of its own.
fn copy(lane: &str, number: &str, of: (i32, i64)) -> String {
    format!(
        "INSERT INTO audit (at, by_id, role, action, subject_id, case_id, units, origin, detail, owner_id, sealed, \
         lane, number, mac) SELECT at, by_id, role, action, subject_id, case_id, units, origin, detail, owner_id, \
         sealed, {lane}, {number}, mac FROM audit WHERE lane = {} AND number = {}",
        of.0, of.1
    )
}

async fn a_record_put_in_is_named(on: &Databases) {
    let world = tampered_with(on).await;
    let (lane, last) = longest(&world).await;
    run(&world, &copy(&lane.to_string(), &(last + 1).to_string(), (lane, last))).await;
    assert_eq!(only(&verify(&world).await), (BreakKind::Inserted, Some(lane), Some(last + 1)));
    run(&world, &format!("DELETE FROM audit WHERE lane = {lane} AND number = {}", last + 1)).await;
    must_be_whole(&world).await;
    run(&world, "DROP INDEX audit_chain").await;
    run(&world, &copy(&lane.to_string(), "2", (lane, 2))).await;
    assert_eq!(only(&verify(&world).await), (BreakKind::Inserted, Some(lane), Some(2)));
}

async fn a_record_without_a_place_in_the_chain_is_named(on: &Databases) {
    let world = tampered_with(on).await;
    run(&world, &copy("NULL", "NULL", booking(&world, 0).await)).await;
    assert_eq!(only(&verify(&world).await), (BreakKind::Inserted, None, None));
    run(&world, "DELETE FROM audit WHERE number IS NULL").await;
    run(&world, &copy("77", "1", booking(&world, 0).await)).await;
    assert_eq!(only(&verify(&world).await), (BreakKind::Inserted, None, None));
}

async fn records_from_before_the_chain_are_counted(on: &Databases) {
    let world = tampered_with(on).await;
    let (_folder, file) = checkpoints(&world);
    let sealed = if on.are_postgres() { "OVERRIDING SYSTEM VALUE" } else { "" };
    for seq in [-2, -1] {
        run(
            &world,
            &format!(
                "INSERT INTO audit (seq, at, role, action, units, origin, detail) {sealed} \
                 SELECT {seq}, at, role, action, units, origin, detail FROM audit WHERE seq = 1"
            ),
        )
        .await;
    }
    let report = verify(&world).await;
    assert!(report.is_whole());
    assert_eq!(report.unchained, 2);
    world.engine.checkpoint(&file).await.unwrap();
    run(&world, "DELETE FROM audit WHERE seq = -2").await;
    let report = world.engine.verify_audit(Some(&file)).await.unwrap();
    assert_eq!(only(&report), (BreakKind::Missing, None, None), "a checkpoint has counted them");
}

async fn cut_off(world: &World, lane: i32, from: i64) {
    run(world, &format!("DELETE FROM audit WHERE lane = {lane} AND number >= {from}")).await;
}

async fn put_head_back(world: &World, lane: i32, to: i64) {
    run(
        world,
        &format!(
            "UPDATE audit_lane SET number = {to}, mac = (SELECT mac FROM audit WHERE lane = {lane} AND number = {to}) \
             WHERE lane = {lane}"
        ),
    )
    .await;
}

async fn an_end_cut_off_shows_by_the_head(on: &Databases) {
    let world = tampered_with(on).await;
    let (lane, last) = longest(&world).await;
    cut_off(&world, lane, last).await;
    assert_eq!(only(&verify(&world).await), (BreakKind::CutOff, Some(lane), Some(last)));
}

async fn an_end_cut_off_with_its_head_shows_by_a_checkpoint_alone(on: &Databases) {
    let world = tampered_with(on).await;
    let (_folder, file) = checkpoints(&world);
    let (lane, last) = longest(&world).await;
    world.engine.checkpoint(&file).await.unwrap();
    cut_off(&world, lane, last).await;
    put_head_back(&world, lane, last - 1).await;
    assert!(verify(&world).await.is_whole(), "without a checkpoint, nobody remembers");
    let report = world.engine.verify_audit(Some(&file)).await.unwrap();
    assert_eq!(only(&report), (BreakKind::CutOff, Some(lane), Some(last)));
    // All of it, with its head.
    run(&world, &format!("DELETE FROM audit WHERE lane = {lane}")).await;
    run(&world, &format!("DELETE FROM audit_lane WHERE lane = {lane}")).await;
    let report = world.engine.verify_audit(Some(&file)).await.unwrap();
    assert_eq!(only(&report), (BreakKind::CutOff, Some(lane), Some(last)));
}

async fn an_older_copy_that_went_on_shows_by_a_checkpoint(on: &Databases) {
    let world = tampered_with(on).await;
    let (_folder, file) = checkpoints(&world);
    let lanes = "SELECT lane, number FROM audit_lane WHERE number > 0";
    book(&world.officer(), "LATE-1", "2020-11-20", 1).await;
    world.engine.checkpoint(&file).await.unwrap();
    let (lane, last) = booking(&world, 5).await;
    cut_off(&world, lane, last).await;
    put_head_back(&world, lane, last - 1).await;
    // It goes on in all lanes, and so in this one.
    let mut night = safespace_tests::day("2021-01-01");
    while world.select(&format!("{lanes} AND lane = {lane} AND number >= {last}")).await.is_empty() {
        book(&world.officer(), &format!("N-{night}"), &night.to_string(), 1).await;
        night = safespace_domain::nights::next(night);
    }
    assert!(verify(&world).await.is_whole());
    let report = world.engine.verify_audit(Some(&file)).await.unwrap();
    assert_eq!(only(&report), (BreakKind::OtherHistory, Some(lane), Some(last)));
}

async fn a_forged_or_missing_checkpoint_is_named(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let (_folder, file) = checkpoints(&world);
    for n in 4..7 {
        book(&world.officer(), &format!("R-{n}"), &format!("2020-11-0{n}"), 1).await;
        world.engine.checkpoint(&file).await.unwrap();
    }
    let verified = async || world.engine.verify_audit(Some(&file)).await.unwrap();
    let report = verified().await;
    assert_eq!((report.checkpoints, report.is_whole()), (Some(3), true));
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();

    let forged = lines[1].replace("2020-11-03T21:00:00", "2020-11-03T22:00:00");
    std::fs::write(&file, [lines[0], &forged, lines[2]].join("\n")).unwrap();
    assert_eq!(
        verified().await.bad_lines,
        [2, 3],
        "the forged one, and the one that came after the right one"
    );
    std::fs::write(&file, [lines[0], lines[2]].join("\n")).unwrap();
    assert_eq!(verified().await.bad_lines, [2]);
    std::fs::write(&file, format!("{}\n{{\"at", lines[..2].join("\n"))).unwrap();
    assert_eq!(verified().await.bad_lines, [3], "cut short");
    world.engine.checkpoint(&file).await.unwrap();
    let report = verified().await;
    assert_eq!((report.bad_lines.as_slice(), report.checkpoints), (&[3][..], Some(3)));
    std::fs::write(&file, [0xff, 0, 0xfe]).unwrap();
    assert_eq!(verified().await.bad_lines, [1]);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(verified().await.checkpoints, None);
}

async fn a_deny_list_that_was_changed_by_hand_is_named(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    book(&world.manager(), "R-1", "2020-11-03", 1).await;
    let (officer, manager) = (world.officer().actor.who.id(), world.manager().actor.who.id());
    for denied in [officer, manager] {
        let ask = RestrictCase { household: "R-1".into(), denied, reason: "knows the family".into() };
        world.service().run(Command::RestrictCase(ask)).await.unwrap();
    }
    let lift = LiftRestriction { household: "R-1".into(), denied: manager };
    world.service().run(Command::LiftRestriction(lift)).await.unwrap();
    must_be_whole(&world).await;
    run(&world, "CREATE TABLE kept AS SELECT * FROM restriction").await;
    run(&world, "DELETE FROM restriction").await;
    let report = verify(&world).await;
    assert!(report.breaks.is_empty() && !report.is_whole());
    let found: Vec<_> = report.deny_lists.iter().map(|found| (found.denied, found.closed_by_audit)).collect();
    assert_eq!(found, [(officer, true)]);
    let said = report.deny_lists[0].to_string();
    assert!(said.contains("closed to") && said.ends_with("open in the database"), "{said}");

    run(&world, "INSERT INTO restriction SELECT * FROM kept").await;
    must_be_whole(&world).await;
    run(&world, "UPDATE restriction SET denied_id = made_by").await;
    let nowhere = "INSERT INTO audit (at, role, action, units, origin, detail)
                   SELECT at, role, action, units, origin, detail FROM audit WHERE action = 'restrict_case'";
    run(&world, nowhere).await;
    let report = verify(&world).await;
    assert!(!report.breaks.is_empty(), "a record of no case is named, and hides nothing else");
    let found = report.deny_lists;
    assert_eq!(found.iter().filter(|found| found.closed_by_audit).count(), 1);
    assert_eq!(found.len(), 2, "one was taken out, and one put in");
}

async fn the_command_line_verifies(on: &Databases) {
    let url = on.untouched().await;
    let program = Program::on(&url);
    let ended = program.run(["audit", "verify"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("The audit is whole"), "{}", ended.out);
    assert!(ended.out.contains("There is no file of checkpoints"), "{}", ended.out);
    assert_eq!(program.run(["token", "create", "--role", "officer"]).code, 0);
    assert_eq!(program.run(["audit", "checkpoint"]).code, 0);
    assert!(program.file("key.checkpoints").is_file());

    let service = program.serve(&[]);
    let file = program.file("key.checkpoints");
    assert_eq!(service.stop(), 0);
    let lines = std::fs::read_to_string(&file).unwrap().lines().count();
    assert!(lines >= 2, "one by hand, one at the end: {lines}");
    let ended = program.run(["audit", "verify"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert!(ended.out.contains(&format!("Compared with {lines} checkpoints")), "{}", ended.out);

    std::fs::write(&file, "nonsense\n").unwrap();
    let ended = program.run(["audit", "verify"]);
    assert_eq!(ended.code, 1);
    assert!(ended.out.contains("BROKEN: line 1 of the file of checkpoints"), "{}", ended.out);
}

/// A manager who has just signed in: only a person may search the audit.
fn person(world: &World, who: &Person<'_>) -> Actor {
    let (account, session) = (AccountId(who.actor.who.id()), SessionId(world.new_id()));
    let second_factor_at = Some(world.now());
    Actor { who: Who::Person { account, session }, role: Role::Manager, second_factor_at, ..Actor::service() }
}

async fn search(world: &World, actor: &Actor, search: SearchAudit) -> Vec<AuditView> {
    let actor = Actor { second_factor_at: Some(world.now()), ..actor.clone() };
    world.engine.search_audit(&actor, search, Page { after: None, limit: 100 }).await.unwrap()
}

fn actions(found: &[AuditView]) -> Vec<&str> {
    found.iter().map(|view| view.record.action.as_str()).collect()
}

async fn a_manager_searches_by_person_case_time_and_action(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let manager = person(&world, &world.manager());
    world.clock.set("2020-11-03T22:00:00.25Z");
    let stay = book(&world.officer(), "R-1", "2020-11-03", 2).await;
    world.clock.set("2020-11-03T23:00:00Z");
    world.officer().check_in(&stay).await.unwrap();
    book(&world.officer(), "R-2", "2020-11-07", 2).await;

    let of_case = SearchAudit { household: Some("r-1".into()), ..SearchAudit::default() };
    let found = search(&world, &manager, of_case.clone()).await;
    assert_eq!(actions(&found), ["check_in", "book_stay"]);
    assert_eq!(found[0].record.household.as_deref(), Some("R-1"));
    assert_eq!(found[0].record.subject, Some(stay.id.0));
    assert_eq!(found[0].record.by, Some(world.officer().actor.who.id()));
    assert!(found[0].record.by_is_token);

    let officer = Some(world.officer().actor.who.id());
    let by_officer = SearchAudit { by: officer, ..SearchAudit::default() };
    assert_eq!(actions(&search(&world, &manager, by_officer).await), ["book_stay", "check_in", "book_stay"]);
    let time = |text: &str| Some(text.parse().unwrap());
    let early = SearchAudit { by: officer, to: time("2020-11-03T23:00:00Z"), ..SearchAudit::default() };
    assert_eq!(actions(&search(&world, &manager, early).await), ["book_stay"]);
    let late = SearchAudit { by: officer, from: time("2020-11-03T23:00:00Z"), ..SearchAudit::default() };
    assert_eq!(actions(&search(&world, &manager, late).await), ["book_stay", "check_in"]);
    let bookings = SearchAudit { action: Some("book_stay".into()), ..SearchAudit::default() };
    assert_eq!(search(&world, &manager, bookings).await.len(), 2);
    let nobodys = SearchAudit { household: Some("R-77".into()), ..SearchAudit::default() };
    assert_eq!(search(&world, &manager, nobodys).await, []);
    let nonsense = SearchAudit { action: Some("a name, typed by mistake".into()), ..SearchAudit::default() };
    assert_eq!(search(&world, &manager, nonsense).await, []);

    // Each search is recorded: of which case, and nothing of what was typed.
    let searches = SearchAudit { action: Some("search_audit".into()), ..SearchAudit::default() };
    let found = search(&world, &manager, searches).await;
    assert_eq!(found.len(), 7);
    assert_eq!(found[6].record.household.as_deref(), Some("R-1"));
    assert!(found.iter().all(|view| !view.record.detail.contains("typed")));
    must_be_whole(&world).await;
}

async fn a_manager_searches_by_the_api_and_reads_why_until_it_is_erased(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let exception = "nowhere else is safe";
    let stay = world.manager().book_with_exception("SS-01", "R-1", "2020-11-03", 9, exception).await.unwrap();
    let api = Api::serve(&world.engine).await;
    let owner = world.owner_of_account("night.manager", Role::Manager).await;
    let cookie = world.sign_in(&owner).await.cookie;
    let ask = async |filter: &str| {
        let query = format!(
            "{{ audit(filter: {{{filter}}}, first: 10) {{ nodes {{ action household role why }} }} }}"
        );
        let answer = api.post_in_session(&world.engine, &cookie, &query).await;
        answer.json::<serde_json::Value>().await.unwrap()
    };
    let booking = "household: \"R-1\", action: \"book_stay\"";
    let found = ask(booking).await["data"]["audit"]["nodes"].clone();
    let expected =
        json!([{ "action": "book_stay", "household": "R-1", "role": "manager", "why": exception }]);
    assert_eq!(found, expected);
    let token = format!("Token:{}", world.manager().actor.who.id());
    let by = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(token);
    assert_eq!(ask(&format!("by: \"{by}\", {booking}")).await["data"]["audit"]["nodes"], expected);
    let backwards = ask("from: \"2020-11-04T00:00:00Z\", to: \"2020-11-03T00:00:00Z\"").await;
    assert_eq!(backwards["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{backwards:#}");

    world.manager().cancel(&stay).await.unwrap();
    world.engine.erase_household(&world.service().actor, "R-1", "asked for").await.unwrap();
    let erased = ask("action: \"book_stay\"").await["data"]["audit"]["nodes"][0].clone();
    assert_eq!((&erased["action"], &erased["why"]), (&json!("book_stay"), &json!(null)));
    assert_ne!(erased["household"], "R-1");
    must_be_whole(&world).await;
}

async fn the_audit_is_read_page_by_page(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let manager = person(&world, &world.manager());
    for n in 4..9 {
        book(&world.officer(), &format!("R-{n}"), &format!("2020-11-0{n}"), 1).await;
    }
    let bookings = SearchAudit { action: Some("book_stay".into()), ..SearchAudit::default() };
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = Page { after, limit: 2 };
        let found = world.engine.search_audit(&manager, bookings.clone(), page).await.unwrap();
        seen.extend(found.iter().filter_map(|view| view.record.household.clone()));
        let Some(last) = found.last() else { break };
        after = Some(last.cursor.clone());
    }
    assert_eq!(seen, ["R-8", "R-7", "R-6", "R-5", "R-4"]);
    for none in ["", "7", "zz", "00ff"] {
        let page = Page { after: Some(none.to_owned()), limit: 2 };
        let refused = world.engine.search_audit(&manager, bookings.clone(), page).await.unwrap_err();
        assert!(refused.to_string().contains("not a cursor"), "{refused}");
    }
}

async fn what_is_closed_to_a_manager_is_not_in_their_audit(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let (manager, denied) = (person(&world, &world.manager()), person(&world, &world.officer()));
    for n in 4..7 {
        book(&world.manager(), &format!("R-{n}"), &format!("2020-11-0{n}"), 1).await;
    }
    let ask = RestrictCase { household: "R-5".into(), denied: denied.who.id(), reason: "made-up".into() };
    world.service().run(Command::RestrictCase(ask)).await.unwrap();
    let bookings = SearchAudit { action: Some("book_stay".into()), ..SearchAudit::default() };
    let of_case = SearchAudit { household: Some("R-5".into()), ..SearchAudit::default() };
    let restrictions = SearchAudit { action: Some("restrict_case".into()), ..SearchAudit::default() };
    assert_eq!(search(&world, &manager, bookings.clone()).await.len(), 3);
    assert_eq!(
        actions(&search(&world, &manager, of_case.clone()).await),
        ["search_audit", "restrict_case", "book_stay"][1..]
    );

    assert_eq!(search(&world, &denied, bookings).await.len(), 2);
    assert_eq!(search(&world, &denied, of_case.clone()).await, []);
    assert_eq!(search(&world, &denied, restrictions).await, []);
    let all = search(&world, &denied, SearchAudit::default()).await;
    assert!(all.iter().all(|view| view.record.household.as_deref() != Some("R-5")));
    // That they have asked for it is there for the others.
    assert_eq!(actions(&search(&world, &manager, of_case).await)[0], "search_audit");
}

async fn nobody_else_searches_the_audit(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let manager = person(&world, &world.manager());
    let before = world.count("audit").await;
    let others = [
        (*world.manager().actor).clone(),
        (*world.officer().actor).clone(),
        (*world.partner().actor).clone(),
        Actor { role: Role::Officer, ..manager.clone() },
        Actor { role: Role::Administrator, ..manager },
    ];
    for actor in others {
        let page = Page { after: None, limit: 2 };
        let refused = world.engine.search_audit(&actor, SearchAudit::default(), page).await;
        assert!(matches!(refused, Err(EngineError::Refused(_))), "{actor:?}");
    }
    assert_eq!(world.count("audit").await, before);
}
