//! Subject access: everything that is held on a household, for a manager in person, recorded, closed with the case.

use chrono::TimeDelta;
use safespace_domain::access::Role;
use safespace_engine::{Command, Page, RestrictCase, SetHouseholdDetails};
use safespace_tests::{Databases, World, on_both, program::Program, refused};

on_both![
    everything_that_is_held_is_exported_and_the_export_is_recorded,
    an_export_is_a_managers_in_person_with_a_fresh_second_factor,
    a_closed_case_and_an_erased_household_are_not_found,
    the_command_line_writes_a_page_for_its_owner_only,
];

const EVENING: &str = "2020-11-03T21:00:00Z";
const NAME: &str = "<script>alert(1)</script> & Madeup";

async fn known(world: &World) {
    world.manager().book_with_exception("SS-01", "R-1", "2020-11-03", 9, "nowhere else").await.unwrap();
    let ask = SetHouseholdDetails {
        household: "R-1".into(),
        name: Some(NAME.into()),
        contact: Some("07700 900123".into()),
        note: None,
    };
    world.manager().run(Command::SetHouseholdDetails(ask)).await.unwrap();
}

async fn everything_that_is_held_is_exported_and_the_export_is_recorded(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    known(&world).await;
    let ask = RestrictCase {
        household: "R-1".into(),
        denied: world.officer().actor.who.id(),
        reason: "knows the family".into(),
    };
    world.service().run(Command::RestrictCase(ask)).await.unwrap();
    let manager = world.person_with(Role::Manager).await;
    let household = world.engine.household(&manager.actor, "R-1").await.unwrap().unwrap().id;
    world.engine.reveal_household_details(&manager.actor, household, "she rang").await.unwrap();
    let blank = world.engine.subject_access(&manager.actor, "R-1", " ").await;
    assert!(refused(blank).starts_with("BAD_VALUE (reason)"));
    let held = world.engine.subject_access(&manager.actor, "r-1", "they asked").await.unwrap();
    let json: serde_json::Value = serde_json::from_str(&held.to_json().unwrap()).unwrap();
    assert_eq!(
        (&json["household"], &json["name"], &json["contact"]),
        (&"R-1".into(), &NAME.into(), &"07700 900123".into())
    );
    assert_eq!(json["stays"][0]["unit"], "SS-01");
    assert_eq!(json["stays"][0]["exceptions"][0][1], "nowhere else");
    assert_eq!(json["restrictions"][0]["reason"], "knows the family");
    assert_eq!(json["closed_to"], 1);
    let text = json.to_string();
    assert!(
        !text.contains(&world.officer().actor.who.id().to_string()),
        "to whom it is closed is about them"
    );
    let kinds: Vec<&str> = held.notices.iter().map(|notice| notice.kind.as_str()).collect();
    assert_eq!(kinds, ["reveal_household_details", "export_subject_access"]);
    assert_eq!(held.records[0].why.as_deref(), Some("they asked"));
    let actions: Vec<&str> = held.records.iter().map(|record| record.action.as_str()).collect();
    assert_eq!(
        actions,
        [
            "export_subject_access",
            "reveal_household_details",
            "restrict_case",
            "set_household_details",
            "book_stay"
        ]
    );
    let sql = "SELECT count(*) FROM audit WHERE action = 'export_subject_access'";
    assert_eq!(world.one::<i64>(sql).await, Some(1));
    let page = Page { after: None, limit: 10 };
    let notices = world.engine.notices(&manager.actor, true, page).await.unwrap();
    assert_eq!((notices.len(), notices[1].kind.as_str()), (2, "export_subject_access"));
}

async fn an_export_is_a_managers_in_person_with_a_fresh_second_factor(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    known(&world).await;
    let engine = &world.engine;
    let officer = world.person_with(Role::Officer).await;
    for who in [world.officer().actor, world.manager().actor, world.partner().actor, officer.actor] {
        assert!(refused(engine.subject_access(&who, "R-1", "they asked").await).starts_with("NOT_ALLOWED"));
    }
    let manager = world.person_with(Role::Manager).await;
    world.clock.forward(TimeDelta::minutes(6));
    let late = refused(engine.subject_access(&manager.actor, "R-1", "they asked").await);
    assert!(late.starts_with("SECOND_FACTOR_NEEDED"), "{late}");
    assert_eq!(world.count("notice").await, 0);
}

async fn a_closed_case_and_an_erased_household_are_not_found(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    known(&world).await;
    let (engine, manager) = (&world.engine, world.person_with(Role::Manager).await);
    let ask = RestrictCase {
        household: "R-1".into(),
        denied: manager.actor.who.id(),
        reason: "knows the family".into(),
    };
    world.service().run(Command::RestrictCase(ask)).await.unwrap();
    let closed = refused(engine.subject_access(&manager.actor, "R-1", "they asked").await);
    assert_eq!(closed, refused(engine.subject_access(&manager.actor, "R-NOBODY", "they asked").await));
    assert_eq!(world.count("notice").await, 0);
    let (whole, first) = (safespace_engine::StayFilter::default(), Page { after: None, limit: 1 });
    let stay = engine.stays(&world.manager().actor, &whole, first).await.unwrap().remove(0);
    world.manager().cancel(&stay).await.unwrap();
    let local = world.service().actor;
    let erased = engine.erase_household(&local, "R-1", "asked for").await.unwrap();
    for reference in ["R-1", &erased.reference] {
        assert!(
            refused(engine.subject_access(&local, reference, "they asked").await).starts_with("NOT_FOUND")
        );
    }
}

async fn the_command_line_writes_a_page_for_its_owner_only(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    known(&world).await;
    world.leave().await;
    let program = Program::on(&world.url);
    program.write("key", "07".repeat(32));
    let file = program.file("export.html");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(program.file("key"), std::fs::Permissions::from_mode(0o400)).unwrap();
    }
    let ask =
        ["subject-access", "--household", "R-1", "--format", "html", "--output", file.to_str().unwrap()];
    let ended = program.run(ask);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(!ended.out.contains("Madeup"));
    let page = std::fs::read_to_string(&file).unwrap();
    assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62; &#38; Madeup"), "{page}");
    assert!(!page.contains("<script"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(program.run(ask).code, 1, "a file is never written over");
    let json = program.run(["subject-access", "--household", "R-1"]);
    assert!(json.out.contains("\"household\": \"R-1\""), "{json:?}");
    assert_eq!(program.run(["subject-access", "--household", "R-NOBODY"]).code, 2);
}
