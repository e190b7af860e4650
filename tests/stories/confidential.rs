//! What is confidential: sealed where it is kept, brought out one at a time, by a person, with a reason.

use std::sync::Arc;

use chrono::TimeDelta;
use safespace_domain::{access::Role, details::Details};
use safespace_engine::{Command, EngineError, Page, SetAddress, SetHouseholdDetails};
use safespace_tests::{Databases, Person, World, on_both, refused};

on_both![
    an_address_is_revealed_to_a_person_with_a_reason_and_managers_hear_of_it,
    nobody_gets_an_address_without_a_fresh_second_factor_or_by_a_program,
    five_an_hour_also_for_twenty_at_the_same_moment,
    what_is_kept_is_sealed_padded_and_bound_to_its_place,
    details_are_optional_replaced_and_revealed,
    a_contact_is_found_exactly_and_the_look_is_recorded,
    a_closed_case_has_no_details_and_no_notice,
    bad_input_keeps_what_was_there,
];

const EVENING: &str = "2020-11-03T21:00:00Z";
const ADDRESS: &str = "12 Nowhere Lane\nMadeup";

async fn set_address(world: &World, address: &str) {
    let property = world.property("HOUSE").await;
    let ask = SetAddress { property, address: address.into() };
    world.manager().run(Command::SetAddress(ask)).await.unwrap();
}

async fn set_details(by: &Person<'_>, household: &str, details: Details) -> Result<(), String> {
    let Details { name, contact, note } = details;
    let ask = SetHouseholdDetails { household: household.into(), name, contact, note };
    by.run(Command::SetHouseholdDetails(ask)).await.map(|_| ()).map_err(|refusal| refusal.message)
}

async fn an_address_is_revealed_to_a_person_with_a_reason_and_managers_hear_of_it(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    set_address(&world, ADDRESS).await;
    let property = world.property("HOUSE").await;
    let (engine, manager) = (&world.engine, world.person_with(Role::Manager).await);
    let officer = world.person_with(Role::Officer).await;
    let address = engine.reveal_address(&officer.actor, property, "taking the keys there").await.unwrap();
    assert_eq!(address, ADDRESS);
    let records = world.select("SELECT by_id, detail FROM audit WHERE action = 'reveal_address'").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].try_get_by_index::<uuid::Uuid>(0).unwrap(), officer.actor.who.id());
    assert!(!records[0].try_get_by_index::<String>(1).unwrap().contains("keys"));
    let page = Page { after: None, limit: 10 };
    let notices = engine.notices(&manager.actor, true, page).await.unwrap();
    assert_eq!((notices.len(), notices[0].by), (1, Some(officer.actor.who.id())));
    engine.mark_notice_seen(&manager.actor, notices[0].id).await.unwrap();
    assert!(refused(engine.mark_notice_seen(&manager.actor, notices[0].id).await).starts_with("WRONG_STATE"));
    assert!(engine.notices(&manager.actor, true, page).await.unwrap().is_empty());
    assert_eq!(engine.notices(&manager.actor, false, page).await.unwrap().len(), 1);
    assert!(refused(engine.notices(&officer.actor, true, page).await).starts_with("NOT_ALLOWED"));
}

async fn nobody_gets_an_address_without_a_fresh_second_factor_or_by_a_program(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    set_address(&world, ADDRESS).await;
    let property = world.property("HOUSE").await;
    let engine = &world.engine;
    for who in [world.officer().actor, world.manager().actor, world.partner().actor, world.service().actor] {
        assert!(refused(engine.reveal_address(&who, property, "why").await).starts_with("NOT_ALLOWED"));
    }
    for role in [Role::Partner, Role::Administrator] {
        let person = world.person_with(role).await;
        assert!(
            refused(engine.reveal_address(&person.actor, property, "why").await).starts_with("NOT_ALLOWED")
        );
    }
    let officer = world.person_with(Role::Officer).await;
    assert!(
        refused(engine.reveal_address(&officer.actor, property, " ").await).starts_with("BAD_VALUE (reason)")
    );
    let nowhere = safespace_domain::PropertyId(world.new_id());
    assert!(refused(engine.reveal_address(&officer.actor, nowhere, "why").await).starts_with("NOT_FOUND"));
    world.clock.forward(TimeDelta::minutes(5));
    let late = refused(engine.reveal_address(&officer.actor, property, "why").await);
    assert!(late.starts_with("SECOND_FACTOR_NEEDED"), "{late}");
    assert_eq!((world.count("reveal").await, world.count("notice").await), (0, 0));
}

async fn five_an_hour_also_for_twenty_at_the_same_moment(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    set_address(&world, ADDRESS).await;
    let property = world.property("HOUSE").await;
    let officer = world.person_with(Role::Officer).await;
    let asks = (0..20).map(|_| {
        let (engine, actor) = (Arc::clone(&world.engine), Arc::clone(&officer.actor));
        async move { engine.reveal_address(&actor, property, "why").await }
    });
    let all = futures_util::future::join_all(asks).await;
    assert_eq!(all.iter().filter(|told| told.is_ok()).count(), 5);
    let sixth = all.into_iter().find(Result::is_err).unwrap();
    assert!(refused(sixth).starts_with("TOO_MANY"));
    assert_eq!((world.count("reveal").await, world.count("notice").await), (5, 5));
    let other = world.person_with(Role::Officer).await;
    world.engine.reveal_address(&other.actor, property, "why").await.unwrap();
}

async fn what_is_kept_is_sealed_padded_and_bound_to_its_place(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").with_move_on_unit("MO-01").await;
    let (house, flats) = (world.property("HOUSE").await, world.property("FLATS").await);
    for (property, address) in [(house, "1 A"), (flats, "1 A much longer made-up address, Nowhere")] {
        let ask = SetAddress { property, address: address.into() };
        world.manager().run(Command::SetAddress(ask)).await.unwrap();
    }
    let sealed = world.select("SELECT sealed FROM property_address").await;
    let sealed: Vec<Vec<u8>> = sealed.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    assert_eq!(sealed[0].len(), sealed[1].len(), "the length does not tell them apart");
    assert!(sealed.iter().all(|sealed| !sealed.windows(7).any(|part| part == b"Nowhere")));
    for swap in [
        "CREATE TABLE swapped AS SELECT property_id, sealed FROM property_address",
        "UPDATE property_address SET sealed = (SELECT swapped.sealed FROM swapped WHERE swapped.property_id <> \
         property_address.property_id)",
    ] {
        world.select(swap).await;
    }
    let officer = world.person_with(Role::Officer).await;
    for property in [house, flats] {
        let told = world.engine.reveal_address(&officer.actor, property, "why").await;
        assert!(matches!(told, Err(EngineError::Fault(_))), "what was put elsewhere does not open");
    }
}

async fn details_are_optional_replaced_and_revealed(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let engine = &world.engine;
    let officer = world.person_with(Role::Officer).await;
    officer.book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    let household = engine.household(&officer.actor, "R-1").await.unwrap().unwrap();
    let all = Details {
        name: Some("Somebody Madeup".into()),
        contact: Some("07700 900123".into()),
        note: Some("rings twice".into()),
    };
    set_details(&officer, "r-1", all.clone()).await.unwrap();
    assert!(engine.household(&officer.actor, "R-1").await.unwrap().unwrap().has_details);
    let revealed = engine.reveal_household_details(&officer.actor, household.id, "she rings").await.unwrap();
    assert_eq!(revealed, all);
    set_details(&officer, "R-1", Details { note: all.note.clone(), ..Details::default() }).await.unwrap();
    let revealed = engine.reveal_household_details(&officer.actor, household.id, "again").await.unwrap();
    assert_eq!((revealed.name, revealed.note), (None, all.note));
    set_details(&officer, "R-1", Details::default()).await.unwrap();
    assert!(!engine.household(&officer.actor, "R-1").await.unwrap().unwrap().has_details);
    let none = engine.reveal_household_details(&officer.actor, household.id, "again").await;
    assert!(refused(none).starts_with("NOT_FOUND"));
    assert!(
        refused(engine.reveal_household_details(&world.officer().actor, household.id, "why").await)
            .starts_with("NOT_ALLOWED")
    );
}

async fn a_contact_is_found_exactly_and_the_look_is_recorded(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let officer = world.officer();
    officer.book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    officer.book("SS-02", "R-2", "2020-11-03", 3).await.unwrap();
    let contact = |text: &str| Details { contact: Some(text.into()), ..Details::default() };
    set_details(&officer, "R-1", contact("07700 900123")).await.unwrap();
    set_details(&officer, "R-2", contact("07700 900124")).await.unwrap();
    let find = async |text: &str| {
        let found = world.engine.households_by_contact(&officer.actor, text).await.unwrap();
        found.into_iter().map(|household| household.reference).collect::<Vec<_>>()
    };
    assert_eq!(find("+44 7700 900123").await, ["R-1"]);
    assert!(find("07700 90012").await.is_empty(), "a part finds nothing");
    assert!(
        refused(world.engine.households_by_contact(&officer.actor, "077").await).starts_with("BAD_VALUE")
    );
    let looks: i64 = world.one("SELECT count(*) FROM audit WHERE action = 'look_for_contact'").await.unwrap();
    assert_eq!(looks, 2);
    assert!(
        refused(world.engine.households_by_contact(&world.partner().actor, "07700 900123").await)
            .starts_with("NOT_ALLOWED")
    );
}

async fn a_closed_case_has_no_details_and_no_notice(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let engine = &world.engine;
    world.officer().book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    let contact = Details { contact: Some("07700 900123".into()), ..Details::default() };
    set_details(&world.officer(), "R-1", contact.clone()).await.unwrap();
    let household = engine.household(&world.officer().actor, "R-1").await.unwrap().unwrap().id;
    let (officer, manager) = (world.person_with(Role::Officer).await, world.person_with(Role::Manager).await);
    engine.reveal_household_details(&officer.actor, household, "why").await.unwrap();
    for denied in [&officer, &manager] {
        let ask = safespace_engine::RestrictCase {
            household: "R-1".into(),
            denied: denied.actor.who.id(),
            reason: "knows the family".into(),
        };
        world.service().run(Command::RestrictCase(ask)).await.unwrap();
    }
    assert!(
        refused(engine.reveal_household_details(&officer.actor, household, "why").await)
            .starts_with("NOT_FOUND")
    );
    assert!(engine.households_by_contact(&officer.actor, "07700 900123").await.unwrap().is_empty());
    assert!(set_details(&officer, "R-1", contact).await.is_err());
    let page = Page { after: None, limit: 10 };
    assert!(engine.notices(&manager.actor, false, page).await.unwrap().is_empty());
}

async fn bad_input_keeps_what_was_there(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    set_address(&world, ADDRESS).await;
    let property = world.property("HOUSE").await;
    for bad in ["", "x\ny\nz\nx\ny\nz\nx", &"x".repeat(81)] {
        let ask = SetAddress { property, address: bad.into() };
        let told = refused(world.manager().run(Command::SetAddress(ask)).await);
        assert!(told.starts_with("BAD_VALUE (address)"), "{told}");
    }
    let ask = SetAddress { property, address: "1 New Row".into() };
    assert!(refused(world.officer().run(Command::SetAddress(ask)).await).starts_with("NOT_ALLOWED"));
    let officer = world.person_with(Role::Officer).await;
    assert_eq!(world.engine.reveal_address(&officer.actor, property, "why").await.unwrap(), ADDRESS);
    let long = Details { name: Some("x".repeat(81)), ..Details::default() };
    assert!(set_details(&world.officer(), "R-NOBODY", long).await.is_err());
    let none = Details { name: Some("x".into()), ..Details::default() };
    assert_eq!(
        set_details(&world.officer(), "R-NOBODY", none).await.unwrap_err(),
        "There is no such household."
    );
}
