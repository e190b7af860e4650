//! Retention: what has been kept for long enough goes; an erased household's nights stay, and are nobody's.

use proptest::{prelude::*, strategy::ValueTree as _};
use safespace_domain::{
    access::Role,
    occupancy::GroupKind,
    periods::PeriodKind,
    retention::{RetentionKind, RetentionPolicy},
};
use safespace_engine::{Command, RestrictCase, RetentionCount, RetentionRun};
use safespace_tests::{Databases, World, nights, on_both, program::Program, refused};
use uuid::Uuid;

on_both![
    an_erased_household_is_nobodys_and_its_nights_stay,
    a_household_that_is_placed_can_not_be_erased,
    erasing_is_a_managers_and_closed_with_the_case,
    what_is_kept_for_long_enough_goes_and_nothing_else,
    a_dry_run_changes_nothing,
    policies_are_a_managers_within_bounds,
    occupancy_stays_as_it_was_whoever_is_erased,
    the_command_line_says_what_is_due_and_that_backups_keep_it,
];

const EVENING: &str = "2020-11-03T21:00:00Z";
const SIX_YEARS_ON: &str = "2026-11-14T10:00:00Z";
const WHY: &str = "they asked for it";

/// A household that stayed from the 3rd to the 10th of November 2020, with everything that may be kept of it.
async fn departed(world: &World, reference: &str) -> safespace_domain::stays::Stay {
    let manager = world.manager();
    let stay =
        manager.book_with_exception("SS-01", reference, "2020-11-03", 9, "nowhere else to go").await.unwrap();
    manager.check_in(&stay).await.unwrap();
    let details = safespace_engine::SetHouseholdDetails {
        household: reference.into(),
        name: Some("Somebody Madeup".into()),
        contact: Some("07700 900123".into()),
        note: None,
    };
    manager.run(Command::SetHouseholdDetails(details)).await.unwrap();
    let ask = RestrictCase {
        household: reference.into(),
        denied: world.officer().actor.who.id(),
        reason: "knows the family".into(),
    };
    world.service().run(Command::RestrictCase(ask)).await.unwrap();
    world.wake_at("2020-11-10T10:00:00Z").await;
    manager.check_out(&stay).await.unwrap()
}

async fn left_of(world: &World, household: Uuid) -> (i64, i64) {
    let id = if world.url.starts_with("postgres") {
        format!("'{household}'")
    } else {
        format!("x'{}'", household.simple())
    };
    let keys: i64 = world.one(&format!("SELECT count(*) FROM data_key WHERE owner = {id}")).await.unwrap();
    let sql = format!("SELECT count(*) FROM household_detail WHERE household_id = {id}");
    (keys, world.one(&sql).await.unwrap())
}

async fn must_be_whole(world: &World) {
    let report = world.engine.verify_audit(None).await.unwrap();
    assert!(report.is_whole(), "{report:?}");
}

async fn an_erased_household_is_nobodys_and_its_nights_stay(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = departed(&world, "R-1").await;
    let (engine, manager) = (&world.engine, world.person_with(Role::Manager).await);
    let before = world.ledger().await;
    let erased = engine.erase_household(&manager.actor, "r-1", WHY).await.unwrap();
    assert!(erased.reference.starts_with("erased "), "{erased:?}");
    assert_eq!(left_of(&world, stay.household.0).await, (0, 0));
    assert_eq!(world.ledger().await, before);
    must_be_whole(&world).await;

    assert_eq!(engine.household(&manager.actor, "R-1").await.unwrap(), None);
    let found = engine.households(&manager.actor, &[stay.household]).await.unwrap();
    assert_eq!((found[0].reference.as_str(), found[0].has_details), (erased.reference.as_str(), false));
    let exceptions = engine.exceptions(&manager.actor, &stay).await.unwrap();
    assert_eq!((exceptions.len(), exceptions[0].reason.clone()), (1, None));
    let restrictions = engine.restrictions(&manager.actor, stay.household).await.unwrap();
    assert_eq!((restrictions.len(), restrictions[0].reason.clone()), (1, None));
    let revealed = engine.reveal_household_details(&manager.actor, stay.household, "why").await;
    assert!(refused(revealed).starts_with("NOT_FOUND"));
    assert!(engine.households_by_contact(&manager.actor, "07700 900123").await.unwrap().is_empty());
    assert!(refused(manager.reinstate(&stay).await).starts_with("WRONG_STATE (household)"));
    assert_eq!(left_of(&world, stay.household.0).await, (0, 0), "its key does not come to life again");

    assert!(refused(engine.erase_household(&manager.actor, "R-1", WHY).await).starts_with("NOT_FOUND"));
    let again = refused(engine.erase_household(&manager.actor, &erased.reference, WHY).await);
    assert!(again.starts_with("WRONG_STATE (household): This household was erased"), "{again}");
    let anew = manager.book("SS-01", "R-1", "2020-11-12", 2).await.unwrap();
    assert_ne!(anew.household, stay.household, "a reference that is free again is another household");
    assert!(manager.book("SS-01", &erased.reference, "2020-11-15", 1).await.is_err());
    assert_eq!(
        world.one::<i64>("SELECT count(*) FROM audit WHERE action = 'erase_household'").await,
        Some(1)
    );
}

async fn a_household_that_is_placed_can_not_be_erased(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    let local = world.service().actor;
    let told_so = refused(world.engine.erase_household(&local, "R-1", WHY).await);
    assert!(told_so.starts_with("STANDS_IN_THE_WAY (household)"), "{told_so}");
    world.officer().check_in(&stay).await.unwrap();
    assert!(refused(world.engine.erase_household(&local, "R-1", WHY).await).starts_with("STANDS_IN_THE_WAY"));
    for bad in ["", "R-2", "erased", "erased x y", "\0"] {
        refused(world.engine.erase_household(&local, bad, WHY).await);
    }
    assert!(
        refused(world.engine.erase_household(&local, "R-1", " ").await).starts_with("BAD_VALUE (reason)")
    );
    assert_ne!(left_of(&world, stay.household.0).await, (0, 0));
}

async fn erasing_is_a_managers_and_closed_with_the_case(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = departed(&world, "R-1").await;
    let engine = &world.engine;
    for who in [world.officer().actor, world.manager().actor, world.partner().actor] {
        assert!(refused(engine.erase_household(&who, "R-1", WHY).await).starts_with("NOT_ALLOWED"));
        assert!(refused(engine.retention_run(&who, RetentionRun::TakeAway).await).starts_with("NOT_ALLOWED"));
    }
    let officer = world.person_with(Role::Officer).await;
    assert!(refused(engine.erase_household(&officer.actor, "R-1", WHY).await).starts_with("NOT_ALLOWED"));
    let manager = world.person_with(Role::Manager).await;
    let ask = RestrictCase {
        household: "R-1".into(),
        denied: manager.actor.who.id(),
        reason: "knows the family".into(),
    };
    world.service().run(Command::RestrictCase(ask)).await.unwrap();
    assert_eq!(
        refused(engine.erase_household(&manager.actor, "R-1", WHY).await),
        refused(engine.erase_household(&manager.actor, "R-NOBODY", WHY).await)
    );
    assert_ne!(left_of(&world, stay.household.0).await, (0, 0));
}

fn of(counts: &[RetentionCount], kind: RetentionKind) -> u64 {
    counts.iter().find(|count| count.policy.kind == kind).unwrap().records
}

async fn what_is_kept_for_long_enough_goes_and_nothing_else(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = departed(&world, "R-1").await;
    let (engine, local) = (&world.engine, world.service().actor);
    let manager = world.person_with(Role::Manager).await;
    engine.reveal_household_details(&manager.actor, stay.household, "she rings").await.unwrap();
    world.manager().run_once("key", Command::TurnDay).await.unwrap();
    let early = engine.retention_run(&local, RetentionRun::TakeAway).await.unwrap();
    assert!(early.iter().all(|count| count.records == 0), "{early:?}");

    world.wake_at(SIX_YEARS_ON).await;
    let fresh = world.person_with(Role::Manager).await;
    let before = world.ledger().await;
    let counts = engine.retention_run(&local, RetentionRun::TakeAway).await.unwrap();
    assert_eq!(of(&counts, RetentionKind::HouseholdCase), 1);
    assert_eq!(of(&counts, RetentionKind::RememberedAnswers), 1);
    assert_eq!(of(&counts, RetentionKind::Reveals), 1);
    assert!(of(&counts, RetentionKind::EndedSessions) >= 1);
    assert_eq!(of(&counts, RetentionKind::SeenNotices), 0, "nobody has seen it yet");
    assert_eq!(left_of(&world, stay.household.0).await, (0, 0));
    assert_eq!(world.ledger().await, before);
    assert!(engine.retention_policies(&fresh.actor).await.is_ok(), "who is signed in stays so");
    let again = engine.retention_run(&local, RetentionRun::TakeAway).await.unwrap();
    assert!(again.iter().all(|count| count.records == 0), "{again:?}");
    must_be_whole(&world).await;
}

async fn a_dry_run_changes_nothing(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = departed(&world, "R-1").await;
    world.wake_at(SIX_YEARS_ON).await;
    let (engine, local) = (&world.engine, world.service().actor);
    let records = world.count("audit").await;
    let counts = engine.retention_run(&local, RetentionRun::Count).await.unwrap();
    assert_eq!(of(&counts, RetentionKind::HouseholdCase), 1);
    assert_eq!(world.count("audit").await, records);
    assert_ne!(left_of(&world, stay.household.0).await, (0, 0));
    assert_eq!(engine.retention_run(&local, RetentionRun::TakeAway).await.unwrap(), counts);
}

async fn policies_are_a_managers_within_bounds(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    departed(&world, "R-1").await;
    let manager = world.person_with(Role::Manager).await;
    let set =
        |days| Command::SetRetentionPolicy(RetentionPolicy { kind: RetentionKind::HouseholdCase, days });
    assert!(refused(world.manager().run(set(60)).await).starts_with("NOT_ALLOWED"));
    for bad in [0, 29, 20_000, u32::MAX] {
        assert!(refused(manager.run(set(bad)).await).starts_with("BAD_VALUE (days)"));
    }
    manager.run(set(60)).await.unwrap();
    manager.run(set(61)).await.unwrap();
    let policies = world.engine.retention_policies(&manager.actor).await.unwrap();
    assert_eq!((policies.len(), policies[0].days), (RetentionKind::ALL.len(), 61));
    let due = async || {
        let counts = world.engine.retention_run(&world.service().actor, RetentionRun::Count).await.unwrap();
        of(&counts, RetentionKind::HouseholdCase)
    };
    world.wake_at("2021-01-09T10:00:00Z").await;
    assert_eq!(due().await, 0);
    world.wake_at("2021-01-10T10:00:00Z").await;
    assert_eq!(due().await, 1);
}

async fn occupancy_stays_as_it_was_whoever_is_erased(on: &Databases) {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let stays =
        proptest::collection::vec((0_usize..3, 0_u32..28, 1_u32..7, any::<bool>(), any::<bool>()), 6..18);
    for _ in 0..3 {
        let plan = stays.new_tree(&mut runner).unwrap().current();
        let world = World::at("2020-11-01T09:00:00Z", on).with_units(["SS-01", "SS-02", "SS-03"]).await;
        let manager = world.manager();
        let mut placed = Vec::new();
        for (n, (unit, from, length, comes, erase)) in plan.into_iter().enumerate() {
            let arrival = safespace_domain::nights::later(safespace_tests::day("2020-11-01"), from);
            let (unit, household) = (["SS-01", "SS-02", "SS-03"][unit], format!("R-{n}"));
            if let Ok(stay) = manager.book(unit, &household, &arrival.to_string(), length).await {
                placed.push((stay, household, comes, erase));
            }
        }
        placed.sort_by_key(|(stay, ..)| stay.nights.arrival());
        for n in 1..=40 {
            let day = safespace_domain::nights::later(safespace_tests::day("2020-11-01"), n - 1);
            world.wake_at(&format!("{day}T21:00:00Z")).await;
            for (stay, _, comes, _) in &placed {
                if stay.nights.departure() == day && *comes {
                    manager.check_out(stay).await.unwrap();
                }
            }
            for (stay, _, comes, _) in &placed {
                if stay.nights.arrival() == day {
                    if *comes { manager.check_in(stay).await } else { manager.cancel(stay).await }.unwrap();
                }
            }
        }
        let figures = async || {
            let range = nights("2020-11-01", 60);
            let asked = &world.manager().actor;
            let mut all = Vec::new();
            for group in [None, Some(GroupKind::Property), Some(GroupKind::District)] {
                all.push(world.engine.occupancy(asked, range, PeriodKind::Month, group).await.unwrap());
                all.push(world.engine.occupancy(asked, range, PeriodKind::Night, group).await.unwrap());
            }
            let mut lines = Vec::new();
            for unit in ["SS-01", "SS-02", "SS-03"] {
                lines.push(world.line(unit, "2020-11-01", 60).await);
            }
            (format!("{all:?}"), lines)
        };
        let before = figures().await;
        for (stay, household, _, erase) in &placed {
            if *erase {
                world.engine.erase_household(&world.service().actor, household, WHY).await.unwrap();
                assert_eq!(left_of(&world, stay.household.0).await, (0, 0));
            } else {
                assert_ne!(left_of(&world, stay.household.0).await, (0, 0));
            }
        }
        assert_eq!(figures().await, before);
        let fresh = world.another_engine().await;
        let range = nights("2020-11-01", 60);
        let asked = &world.manager().actor;
        assert_eq!(
            fresh.occupancy(asked, range, PeriodKind::Night, None).await.unwrap(),
            world.engine.occupancy(asked, range, PeriodKind::Night, None).await.unwrap()
        );
        must_be_whole(&world).await;
        fresh.close().await.unwrap();
        world.leave().await;
    }
}

async fn the_command_line_says_what_is_due_and_that_backups_keep_it(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    let spaces = program.write(
        "spaces.csv",
        "unit,property,scheme,district,sleeps,features,opened_on,closed_on\n\
         SS-01,HOUSE,safe_space,Stevenage,4,,2014-01-01,\n",
    );
    let stays = program.write(
        "stays.csv",
        "reference,property,unit,arrival,departure,status,adults,children,booked_on\n\
         R-OLD,,SS-01,2015-11-03,2015-11-06,departed,1,0,2015-11-03\n\
         R-LATER,,SS-01,2024-11-03,2024-11-06,departed,1,0,2024-11-03\n",
    );
    let import =
        program.run(["import", "--spaces", spaces.to_str().unwrap(), "--stays", stays.to_str().unwrap()]);
    assert_eq!(import.code, 0, "{import:?}");
    let dry = program.run(["retention", "run", "--dry-run"]);
    assert!(dry.out.contains("household_case: 1 (kept for 2192 days)\n"), "{dry:?}");
    let run = program.run(["retention", "run"]);
    assert!(run.out.contains("household_case: 1 (kept for 2192 days)\n"), "{run:?}");
    assert!(run.out.ends_with("Backups that were made before keep it until they expire.\n"), "{run:?}");
    let erase = ["retention", "erase", "--reason", WHY, "--household"];
    let with = |reference: &'static str| program.run(erase.iter().copied().chain([reference]));
    assert_eq!(with("R-OLD").code, 2, "it is erased already");
    let erased = with("R-LATER");
    assert_eq!(erased.code, 0, "{erased:?}");
    assert!(erased.out.contains("Backups that were made before keep it"), "{erased:?}");
    assert_eq!(program.run(["audit", "verify"]).code, 0);
}
