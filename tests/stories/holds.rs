//! Holds: one per household, lapsing on time whatever runs, and a booking once they are confirmed.

use safespace_domain::{HoldId, Refusal, StayId, holds::Hold, stays::Stay};
use safespace_engine::{BookStay, Command, HoldUnit, Outcome, Page};
use safespace_tests::{Databases, Person, World, on_both, refused};

on_both![
    a_hold_keeps_its_unit_until_it_lapses,
    a_hold_lapses_while_nothing_runs,
    a_hold_is_confirmed_once_and_never_late,
    a_hold_is_not_confirmed_once_its_nights_are_over,
    a_hold_has_the_nights_again_that_an_overstay_took,
    a_hold_is_extended_once,
    a_household_has_one_hold,
    a_hold_of_a_closed_case_looks_like_a_void,
];

const EVENING: &str = "2020-11-03T21:00:00Z";
const LATER: &str = "2020-11-03T23:00:00Z";

async fn hold(person: &Person<'_>, unit: &str, household: &str, n: u32) -> Result<Hold, Refusal> {
    hold_from(person, unit, household, "2020-11-03", n).await
}

async fn hold_from(
    person: &Person<'_>,
    unit: &str,
    household: &str,
    arrival: &str,
    n: u32,
) -> Result<Hold, Refusal> {
    let booking: BookStay = person.to_book(unit, household, arrival, n).await;
    match person.run(Command::HoldUnit(HoldUnit { booking })).await? {
        Outcome::Hold(hold) => Ok(hold),
        other => panic!("{other:?} is not a hold"),
    }
}

async fn confirm(person: &Person<'_>, hold: HoldId) -> Result<Stay, Refusal> {
    match person.run(Command::ConfirmHold { hold, exception: None }).await? {
        Outcome::Stay(stay) => Ok(stay),
        other => panic!("{other:?} is not a stay"),
    }
}

async fn a_hold_keeps_its_unit_until_it_lapses(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").with_turnaround(1).await;
    let officer = world.officer();
    hold(&officer, "SS-01", "R-1", 3).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 6).await, "hhht..");
    let told = refused(officer.book("SS-01", "R-2", "2020-11-04", 1).await);
    assert!(told.starts_with("TAKEN (unit): SS-01 is not free on all of these nights: hold R-1"), "{told}");
    // Not turned, not swept: whoever comes first after it finds the unit free.
    world.clock.set(LATER);
    assert_eq!(officer.free("2020-11-03", 3).await, ["SS-01"]);
    officer.book("SS-01", "R-2", "2020-11-03", 3).await.unwrap();
    let over = world.engine.holds(&officer.actor, None, true, Page { after: None, limit: 9 }).await.unwrap();
    assert!(over.is_empty());
}

async fn a_hold_lapses_while_nothing_runs(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    hold(&world.officer(), "SS-01", "R-1", 3).await.unwrap();
    world.engine.close().await.unwrap();
    world.clock.set(LATER);
    let again = world.another_engine().await;
    assert_eq!(world.line("SS-01", "2020-11-03", 3).await, "...");
    let officer = world.officer_at(&again);
    let ask = officer.to_book("SS-01", "R-2", "2020-11-03", 3).await;
    officer.book_as(ask).await.unwrap();
    again.close().await.unwrap();
}

async fn a_hold_is_confirmed_once_and_never_late(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let officer = world.officer();
    let first = hold(&officer, "SS-01", "R-1", 3).await.unwrap();
    let stay = confirm(&officer, first.id).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 4).await, "bbb.");
    assert!(refused(confirm(&officer, first.id).await).contains("confirmed already"));
    officer.cancel(&stay).await.unwrap();
    let second = hold(&officer, "SS-01", "R-2", 3).await.unwrap();
    world.clock.set(LATER);
    // Somebody else was there first: another home is free.
    officer.book("SS-01", "R-3", "2020-11-03", 1).await.unwrap();
    let late = confirm(&officer, second.id).await.unwrap_err();
    assert_eq!(late.next_free.as_deref(), Some("SS-02"));
    assert_eq!(
        late.message,
        "This hold lapsed at 23:00 and can't be confirmed: hold again if the unit is free still. SS-02 is free for these \
         nights."
    );
    assert!(refused(confirm(&officer, HoldId(StayId(world.new_id()).0)).await).starts_with("NOT_FOUND"));
}

async fn a_hold_is_not_confirmed_once_its_nights_are_over(on: &Databases) {
    let world = World::at("2020-11-04T05:00:00Z", on).with_units(["SS-01", "SS-02"]).await;
    let officer = world.officer();
    let over = hold(&officer, "SS-01", "R-1", 1).await.unwrap();
    let begun = hold(&officer, "SS-02", "R-2", 2).await.unwrap();
    // Late arrivals have ended: nobody can come for the night before any more.
    world.clock.set("2020-11-04T06:30:00Z");
    let told = refused(confirm(&officer, over.id).await);
    assert!(told.starts_with("WRONG_TIME"), "{told}");
    confirm(&officer, begun.id).await.unwrap();
}

async fn a_hold_has_the_nights_again_that_an_overstay_took(on: &Databases) {
    let world = World::at("2020-11-02T21:00:00Z", on).with_unit("SS-01").await;
    let officer = world.officer();
    let there = officer.book("SS-01", "R-1", "2020-11-02", 1).await.unwrap();
    let there = officer.check_in(&there).await.unwrap();
    world.wake_at("2020-11-03T23:30:00Z").await;
    let made = hold_from(&officer, "SS-01", "R-2", "2020-11-04", 2).await.unwrap();
    world.wake_at("2020-11-04T00:30:00Z").await;
    assert_eq!(world.line("SS-01", "2020-11-03", 4).await, "RRh.");
    assert!(refused(confirm(&officer, made.id).await).starts_with("TAKEN"));
    officer.check_out(&there).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 4).await, "Rhh.");
    assert!(refused(officer.book("SS-01", "R-3", "2020-11-04", 1).await).starts_with("TAKEN"));
    confirm(&officer, made.id).await.unwrap();
}

async fn a_hold_is_extended_once(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let officer = world.officer();
    let made = hold(&officer, "SS-01", "R-1", 3).await.unwrap();
    officer.run(Command::ExtendHold { hold: made.id }).await.unwrap();
    let told = refused(officer.run(Command::ExtendHold { hold: made.id }).await);
    assert!(told.contains("extended already, and lapses at 01:00"), "{told}");
    world.clock.set(LATER);
    assert_eq!(world.line("SS-01", "2020-11-03", 3).await, "hhh");
    officer.run(Command::ReleaseHold { hold: made.id }).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 3).await, "...");
}

async fn a_household_has_one_hold(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let officer = world.officer();
    hold(&officer, "SS-01", "R-1", 3).await.unwrap();
    for told in [
        refused(hold(&officer, "SS-02", "R-1", 3).await),
        refused(officer.book("SS-01", "r-1", "2020-11-03", 3).await),
    ] {
        assert_eq!(
            told,
            "STANDS_IN_THE_WAY (household): SS-01 is held for this household already: confirm that hold, or release it \
             first."
        );
    }
    // Nor is it erased meanwhile.
    let manager = world.person_with(safespace_domain::access::Role::Manager).await;
    let erased = world.engine.erase_household(&manager.actor, "R-1", "they asked").await;
    assert!(refused(erased).starts_with("STANDS_IN_THE_WAY (household): A unit is held"));
    // Eight nights are too many for a hold, too.
    assert!(refused(hold(&officer, "SS-02", "R-2", 8).await).starts_with("LONGEST_STAY"));
}

async fn a_hold_of_a_closed_case_looks_like_a_void(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let (officer, manager) = (world.officer(), world.manager());
    let made = hold(&manager, "SS-01", "R-1", 3).await.unwrap();
    let ask = safespace_engine::RestrictCase {
        household: "R-1".into(),
        denied: officer.actor.who.id(),
        reason: "knows them".into(),
    };
    world.service().run(Command::RestrictCase(ask)).await.unwrap();
    let told = officer.book("SS-01", "R-2", "2020-11-03", 1).await.unwrap_err();
    assert_eq!((told.in_the_way[0].kind.as_str(), told.in_the_way[0].whose.as_str()), ("void", "repair"));
    assert!(world.engine.hold(&officer.actor, made.id).await.unwrap().is_none());
    assert!(refused(confirm(&officer, made.id).await).starts_with("NOT_FOUND"));
    assert!(
        world
            .engine
            .holds(&officer.actor, None, true, Page { after: None, limit: 9 })
            .await
            .unwrap()
            .is_empty()
    );
}
