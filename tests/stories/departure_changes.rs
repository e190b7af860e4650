//! What was planned of a departure is known afterwards, as it was at any time, whichever command changed it.

use safespace_domain::{StayId, stays::Stay};
use safespace_domain::{
    access::Role,
    departure_changes::{self, DepartureChange},
};
use safespace_tests::{Databases, World, day, on_both};
use sea_orm::prelude::DateTimeUtc;
use uuid::Uuid;

on_both![
    every_way_of_changing_a_planned_departure_is_kept,
    what_leaves_the_plan_as_it_is_is_no_change,
    a_move_with_another_departure_changes_the_stay_that_goes_on,
    a_change_that_is_refused_leaves_nothing,
    subject_access_has_the_changes,
];

const EVENING: &str = "2020-11-03T21:00:00Z";

/// The changes of a stay, oldest first, as the database has them.
async fn changes(world: &World, stay: StayId) -> Vec<DepartureChange> {
    let rows = world
        .select("SELECT stay_id, at, departure_before, departure_after FROM departure_change ORDER BY at, id")
        .await;
    let all = rows.iter().map(|row| DepartureChange {
        stay: StayId(row.try_get_by_index::<Uuid>(0).unwrap()),
        at: row.try_get_by_index::<DateTimeUtc>(1).unwrap(),
        before: row.try_get_by_index(2).unwrap(),
        after: row.try_get_by_index(3).unwrap(),
    });
    all.filter(|change| change.stay == stay).collect()
}

async fn told(world: &World, stay: &Stay) -> Vec<String> {
    let line = |change: &DepartureChange| format!("{} {} to {}", change.at, change.before, change.after);
    changes(world, stay.id).await.iter().map(line).collect()
}

async fn every_way_of_changing_a_planned_departure_is_kept(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let officer = world.officer();
    let stay = officer.book("SS-01", "R-1", "2020-11-04", 3).await.unwrap();
    world.wake_at("2020-11-03T22:00:00Z").await;
    officer.extend(&stay, "2020-11-09").await.unwrap();
    world.wake_at("2020-11-04T10:00:00Z").await;
    officer.move_until(&stay, "SS-02", Some("2020-11-08")).await.unwrap();
    world.wake_at("2020-11-04T20:00:00Z").await;
    officer.check_in(&stay).await.unwrap();
    world.wake_at("2020-11-05T10:00:00Z").await;
    officer.shorten(&stay, "2020-11-06").await.unwrap();
    world.wake_at("2020-11-08T10:00:00Z").await;
    // An overstay: what is planned is planned from its old departure on.
    let stay = officer.extend(&stay, "2020-11-10").await.unwrap();
    assert_words_snapshot!(told(&world, &stay).await.join("\n"), @r"
    2020-11-03 22:00:00 UTC 2020-11-07 to 2020-11-09
    2020-11-04 10:00:00 UTC 2020-11-09 to 2020-11-08
    2020-11-05 10:00:00 UTC 2020-11-08 to 2020-11-06
    2020-11-08 10:00:00 UTC 2020-11-06 to 2020-11-10
    ");
    let (now, changes) = (stay.planned.departure(), changes(&world, stay.id).await);
    assert_eq!(departure_changes::first_planned(now, &changes), day("2020-11-07"));
    for (at, planned) in [
        ("2020-11-03T21:30:00Z", "2020-11-07"),
        ("2020-11-04T09:00:00Z", "2020-11-09"),
        ("2020-11-05T00:00:00Z", "2020-11-08"),
        ("2020-11-07T00:00:00Z", "2020-11-06"),
        ("2020-11-09T00:00:00Z", "2020-11-10"),
    ] {
        assert_eq!(departure_changes::planned_at(now, &changes, at.parse().unwrap()), day(planned), "{at}");
    }
}

async fn what_leaves_the_plan_as_it_is_is_no_change(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let officer = world.officer();
    let stay = officer.book("SS-01", "R-1", "2020-11-03", 5).await.unwrap();
    world.wake_at("2020-11-04T20:00:00Z").await;
    officer.check_in(&stay).await.unwrap();
    officer.move_to(&stay, "SS-02").await.unwrap();
    world.wake_at("2020-11-06T10:00:00Z").await;
    let left = officer.check_out(&stay).await.unwrap();
    assert_ne!(left.nights, left.planned);
    let back = officer.reinstate(&stay).await.unwrap();
    assert_eq!(back.planned.departure(), day("2020-11-08"));
    let (_, moved) = officer.move_to(&back, "SS-01").await.unwrap();
    world.wake_at("2020-11-09T10:00:00Z").await;
    officer.check_out(&moved).await.unwrap();
    let other = officer.book("SS-02", "R-2", "2020-11-12", 3).await.unwrap();
    officer.cancel(&other).await.unwrap();
    assert_eq!(world.count("departure_change").await, 0);
}

async fn a_move_with_another_departure_changes_the_stay_that_goes_on(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let officer = world.officer();
    let stay = officer.book("SS-01", "R-1", "2020-11-03", 4).await.unwrap();
    officer.check_in(&stay).await.unwrap();
    world.wake_at("2020-11-05T10:00:00Z").await;
    let (closed, opened) = officer.move_until(&stay, "SS-02", Some("2020-11-09")).await.unwrap();
    assert_eq!(told(&world, &closed.unwrap()).await, [""; 0], "what was planned of it stays");
    assert_eq!(told(&world, &opened).await, ["2020-11-05 10:00:00 UTC 2020-11-07 to 2020-11-09"]);
}

async fn a_change_that_is_refused_leaves_nothing(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01"]).await;
    let officer = world.officer();
    let stay = officer.book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    officer.book("SS-01", "R-2", "2020-11-07", 3).await.unwrap();
    officer.extend(&stay, "2020-11-08").await.unwrap_err();
    assert_eq!(world.count("departure_change").await, 0);
    officer.extend(&stay, "2020-11-07").await.unwrap();
    assert_eq!(world.count("departure_change").await, 1);
}

async fn subject_access_has_the_changes(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-04", 3).await.unwrap();
    world.officer().extend(&stay, "2020-11-09").await.unwrap();
    let manager = world.person_with(Role::Manager).await;
    let held = world.engine.subject_access(&manager.actor, "R-1", "they asked").await.unwrap();
    let json: serde_json::Value = serde_json::from_str(&held.to_json().unwrap()).unwrap();
    let told = serde_json::json!([["2020-11-03T21:00:00Z", "2020-11-07", "2020-11-09"]]);
    assert_eq!(json["stays"][0]["departure_changes"], told);
}
