//! PostgreSQL: the program serves with a role that owns nothing.

use std::sync::Arc;

use safespace_domain::access::Role;
use safespace_engine::{Command, NewToken, RetentionRun, SetHouseholdDetails};
use safespace_tests::{Databases, HERE, PASSWORD, Told, World, canary, on_both};
use sea_orm::{ConnectionTrait, Database};

on_both![an_evening_with_a_role_that_changes_no_table_and_no_record_of_the_audit];

const EVENING: &str = "2020-11-03T21:00:00Z";
const ROLES: &str = include_str!("../../deploy/postgres-roles.sql");

async fn an_evening_with_a_role_that_changes_no_table_and_no_record_of_the_audit(on: &Databases) {
    if !on.are_postgres() {
        // SQLite has no roles: a file is whose the operating system says.
        return;
    }
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let owner = world.owner_of_account("night.manager", Role::Manager).await;
    // Roles are the whole server's, so these have names of their own.
    let own = format!("story_{}", std::process::id());
    let roles = ROLES.replace("safespace_server", &format!("{own}_server"));
    let roles = roles.replace("safespace_owner", &format!("{own}_owner"));
    world.rows.execute_unprepared(&roles).await.unwrap();
    world.rows.execute_unprepared(&roles).await.unwrap();
    let (_, place) = world.url.split_once('@').unwrap();
    for role in ["server", "owner"] {
        let login = format!("ALTER ROLE {own}_{role} PASSWORD 'only for this story'");
        world.rows.execute_unprepared(&login).await.unwrap();
    }
    let url_of = |role: &str| format!("postgres://{own}_{role}:only%20for%20this%20story@{place}");
    // What was there before is the owner's, who can migrate it.
    let rows = Database::connect(&url_of("owner")).await.unwrap();
    for migration in ["ALTER TABLE audit ADD COLUMN later text", "ALTER TABLE audit DROP COLUMN later"] {
        rows.execute_unprepared(migration).await.unwrap();
    }
    rows.close().await.unwrap();
    let url = url_of("server");

    let told = evening(&world, &url, &owner.account.name).await;
    let rows = Database::connect(&url).await.unwrap();
    for forbidden in [
        "UPDATE audit SET action = 'nothing'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "DROP TRIGGER audit_append_only ON audit",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "ALTER TABLE stay ADD COLUMN note text",
        "CREATE TABLE public.mine (id int)",
        "DELETE FROM seaql_migrations",
    ] {
        let error = rows.execute_unprepared(forbidden).await.unwrap_err().to_string();
        assert!(
            error.contains("permission denied") || error.contains("must be owner"),
            "{forbidden}: {error}"
        );
    }
    rows.close().await.unwrap();
    for role in ["server", "owner"] {
        let role = format!("{own}_{role}");
        let drop =
            format!("REASSIGN OWNED BY {role} TO CURRENT_USER; DROP OWNED BY {role}; DROP ROLE {role}");
        world.rows.execute_unprepared(&drop).await.unwrap();
    }
    told.unwrap();
}

/// What is done in an evening, with the role that serves.
async fn evening(world: &World, url: &str, manager: &str) -> Told<()> {
    let engine = world.engine_on(url).await;
    let officer = world.officer_at(&engine);
    let stay = officer.book("SS-01", "R-1", "2020-11-03", 2).await?;
    officer.check_in(&stay).await?;
    officer.check_out(&stay).await?;
    engine.sign_in(manager, PASSWORD, HERE).await.unwrap();
    let local = Arc::new(engine.local());
    engine.create_token(&local, NewToken::of(Role::Officer, None, Some(1))).await.unwrap();
    engine.retention_run(&local, RetentionRun::TakeAway).await.unwrap();
    let known = SetHouseholdDetails {
        household: "R-1".into(),
        name: Some(canary::NAME.into()),
        contact: None,
        note: None,
    };
    officer.run(Command::SetHouseholdDetails(known)).await?;
    engine.erase_household(&local, "R-1", canary::NOTE).await.unwrap();
    let report = engine.verify_audit(None).await.unwrap();
    assert!(report.breaks.is_empty() && report.records > 3, "{report:?}");
    engine.close().await.unwrap();
    Ok(())
}
