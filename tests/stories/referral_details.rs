//! What a council wrote with a referral is as confidential as a household's details, and is revealed as they are.

use std::sync::Arc;

use chrono::TimeDelta;
use safespace_domain::{ReferralId, access::Role, details::Details};
use safespace_engine::{Command, EditReferral, Outcome, Page, ReferralFilter, RestrictCase, SearchAudit};
use safespace_tests::{Databases, World, api::Api, household_to_refer, on_both, refused};
use serde_json::Value as Json;

on_both![
    they_are_revealed_to_a_person_with_a_reason_and_managers_hear_of_it,
    no_program_and_nobody_without_a_fresh_second_factor_has_them_revealed,
    they_count_with_the_addresses_and_details_that_were_revealed,
    a_closed_case_takes_its_referral_along_with_notices_and_records,
    they_are_gone_once_the_household_is_erased,
    the_api_reveals_them_in_a_session_only,
    a_change_leaves_what_it_does_not_say,
    the_last_that_came_are_first_where_somebody_looks_back,
];

const EVENING: &str = "2020-11-03T21:00:00Z";
const DETAILS: &str = "Call the duty worker on 01632 960000";

async fn refer(world: &World, details: Option<&str>) -> ReferralId {
    let ask = household_to_refer(1, 2, "2020-11-03", details);
    match world.partner().run(Command::SubmitReferral(ask)).await.unwrap() {
        Outcome::Referral(referral) => referral.id,
        other => panic!("{other:?} is not a referral"),
    }
}

async fn accept(world: &World, referral: ReferralId, household: &str) {
    let command = Command::AcceptReferral { referral, household: household.into() };
    world.officer().run(command).await.unwrap();
}

async fn they_are_revealed_to_a_person_with_a_reason_and_managers_hear_of_it(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let referral = refer(&world, Some(DETAILS)).await;
    let (officer, manager) = (world.person_with(Role::Officer).await, world.person_with(Role::Manager).await);
    let engine = &world.engine;
    for blank in ["", " "] {
        let told = refused(engine.reveal_referral_details(&officer.actor, referral, blank).await);
        assert!(told.starts_with("BAD_VALUE (reason)"), "{told}");
    }
    let revealed = engine.reveal_referral_details(&officer.actor, referral, "calling back").await.unwrap();
    assert_eq!(revealed.note.as_deref(), Some(DETAILS));
    let records = world.select("SELECT by_id FROM audit WHERE action = 'reveal_referral_details'").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].try_get_by_index::<uuid::Uuid>(0).unwrap(), officer.actor.who.id());
    let notices = engine.notices(&manager.actor, true, Page { after: None, limit: 10 }).await.unwrap();
    assert_eq!((notices.len(), notices[0].subject), (1, referral.0));
    assert_eq!(notices[0].by, Some(officer.actor.who.id()));
    let none = refer(&world, None).await;
    let told = refused(engine.reveal_referral_details(&officer.actor, none, "calling back").await);
    assert_eq!(told, "BAD_VALUE (referral): This referral has no details, or they were erased.");
    assert_eq!(world.count("reveal").await, 1, "what there is not is not counted");
}

async fn no_program_and_nobody_without_a_fresh_second_factor_has_them_revealed(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let referral = refer(&world, Some(DETAILS)).await;
    let engine = &world.engine;
    for who in [world.officer().actor, world.manager().actor, world.partner().actor, world.service().actor] {
        assert!(
            refused(engine.reveal_referral_details(&who, referral, "why").await).starts_with("NOT_ALLOWED")
        );
    }
    for role in [Role::Partner, Role::Administrator] {
        let person = world.person_with(role).await;
        let told = refused(engine.reveal_referral_details(&person.actor, referral, "why").await);
        assert!(told.starts_with("NOT_ALLOWED"), "{told}");
    }
    let officer = world.person_with(Role::Officer).await;
    let nowhere = ReferralId(world.new_id());
    assert!(
        refused(engine.reveal_referral_details(&officer.actor, nowhere, "why").await)
            .starts_with("NOT_FOUND")
    );
    world.clock.forward(TimeDelta::minutes(5));
    let late = refused(engine.reveal_referral_details(&officer.actor, referral, "why").await);
    assert!(late.starts_with("SECOND_FACTOR_NEEDED"), "{late}");
    assert_eq!((world.count("reveal").await, world.count("notice").await), (0, 0));
}

async fn they_count_with_the_addresses_and_details_that_were_revealed(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let referral = refer(&world, Some(DETAILS)).await;
    let property = world.property("HOUSE").await;
    let officer = world.person_with(Role::Officer).await;
    for _ in 0..2 {
        world.engine.reveal_address(&officer.actor, property, "taking the keys there").await.unwrap();
    }
    let asks = (0..8).map(|_| {
        let (engine, actor) = (Arc::clone(&world.engine), Arc::clone(&officer.actor));
        async move { engine.reveal_referral_details(&actor, referral, "calling back").await }
    });
    let all = futures_util::future::join_all(asks).await;
    assert_eq!(all.iter().filter(|told| told.is_ok()).count(), 3);
    let sixth = all.into_iter().find(Result::is_err).unwrap();
    assert!(refused(sixth).starts_with("TOO_MANY"));
    assert_eq!((world.count("reveal").await, world.count("notice").await), (5, 5));
}

async fn a_closed_case_takes_its_referral_along_with_notices_and_records(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let engine = &world.engine;
    let referral = refer(&world, Some(DETAILS)).await;
    let (officer, manager) = (world.person_with(Role::Officer).await, world.person_with(Role::Manager).await);
    // Before it was accepted for anybody: the notice and the record name the referral only.
    engine.reveal_referral_details(&officer.actor, referral, "calling back").await.unwrap();
    accept(&world, referral, "R-1").await;
    let page = Page { after: None, limit: 10 };
    let notice = engine.notices(&manager.actor, true, page).await.unwrap()[0].id;
    for denied in [&officer, &manager] {
        let ask = RestrictCase {
            household: "R-1".into(),
            denied: denied.actor.who.id(),
            reason: "knows the family".into(),
        };
        world.service().run(Command::RestrictCase(ask)).await.unwrap();
    }
    let closed = refused(engine.reveal_referral_details(&officer.actor, referral, "curious").await);
    let unknown = ReferralId(world.new_id());
    assert_eq!(closed, refused(engine.reveal_referral_details(&officer.actor, unknown, "curious").await));
    assert!(engine.notices(&manager.actor, false, page).await.unwrap().is_empty());
    assert!(refused(engine.mark_notice_seen(&manager.actor, notice).await).starts_with("NOT_FOUND"));
    let all = Page { after: None, limit: 100 };
    let seen = engine.search_audit(&manager.actor, SearchAudit::default(), all).await.unwrap();
    assert!(seen.iter().all(|view| view.record.subject != Some(referral.0)), "{seen:#?}");
    let other = world.person_with(Role::Manager).await;
    assert_eq!(engine.notices(&other.actor, false, page).await.unwrap().len(), 1, "others see it");
}

async fn they_are_gone_once_the_household_is_erased(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let referral = refer(&world, Some(DETAILS)).await;
    accept(&world, referral, "R-1").await;
    let officer = world.person_with(Role::Officer).await;
    world.engine.reveal_referral_details(&officer.actor, referral, "calling back").await.unwrap();
    world.engine.erase_household(&world.service().actor, "R-1", "asked for").await.unwrap();
    let told = refused(world.engine.reveal_referral_details(&officer.actor, referral, "again").await);
    assert!(told.starts_with("BAD_VALUE (referral)"), "{told}");
    assert_eq!(world.count("reveal").await, 1);
}

async fn the_api_reveals_them_in_a_session_only(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    refer(&world, Some(DETAILS)).await;
    let engine = &world.engine;
    let api = Api::serve(engine).await;
    let listed = api.ask(&world.officer_token, "{ referrals { nodes { id } } }", Json::Null).await;
    let id = listed["referrals"]["nodes"][0]["id"].as_str().unwrap();
    let ask = format!(
        "mutation {{ it: revealReferralDetails(input: {{referral: \"{id}\", reason: \"calling back\"}}) {{ \
         ... on ReferralDetails {{ details }} ... on Refused {{ code }} }} }}"
    );
    for token in [&world.officer_token, &world.manager_token] {
        assert_eq!(api.ask(token, &ask, Json::Null).await["it"]["code"], "NOT_ALLOWED");
    }
    let owner = world.owner_of_account("an.officer", Role::Officer).await;
    let cookie = world.sign_in(&owner).await.cookie;
    let answer: Json = api.post_in_session(engine, &cookie, &ask).await.json().await.unwrap();
    assert_eq!(answer["data"]["it"]["details"], DETAILS);
    let owner = world.owner_of_account("a.manager", Role::Manager).await;
    let cookie = world.sign_in(&owner).await.cookie;
    let notices = "{ notices(first: 3) { nodes { kind subject } } }";
    let answer: Json = api.post_in_session(engine, &cookie, notices).await.json().await.unwrap();
    let notice = &answer["data"]["notices"]["nodes"][0];
    assert_eq!(
        (&notice["kind"], notice["subject"].as_str().unwrap()),
        (&"REFERRAL_DETAILS_REVEALED".into(), id)
    );
}

async fn a_change_leaves_what_it_does_not_say(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let referral = refer(&world, Some(DETAILS)).await;
    let officer = world.person_with(Role::Officer).await;
    let part = |text: &str| Some(text.to_owned());
    let none = Details::default();
    let changes = [
        (None, Details { note: part(DETAILS), ..none.clone() }),
        (
            Some(Details { contact: part("01632 960001"), ..none.clone() }),
            Details { contact: part("01632 960001"), note: part(DETAILS), ..none.clone() },
        ),
        (
            Some(Details { note: part(" "), ..none.clone() }),
            Details { contact: part("01632 960001"), ..none.clone() },
        ),
    ];
    for (version, (said, now)) in (1..).zip(changes) {
        let mut ask = household_to_refer(1, 2, "2020-11-03", None).ask;
        ask.details = said;
        world.officer().run(Command::EditReferral(EditReferral { referral, version, ask })).await.unwrap();
        let told = world.engine.reveal_referral_details(&officer.actor, referral, "calling back").await;
        assert_eq!(told.unwrap(), now);
    }
}

async fn the_last_that_came_are_first_where_somebody_looks_back(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let mut came = Vec::new();
    for _ in 0..3 {
        came.push(refer(&world, None).await);
    }
    came.reverse();
    let officer = world.officer().actor;
    let all = ReferralFilter::default();
    let mut seen = Vec::new();
    loop {
        let page = Page { after: seen.last().copied(), limit: 2 };
        let found = world.engine.latest_referrals(&officer, &all, page).await.unwrap();
        if found.is_empty() {
            break;
        }
        seen.extend(found.iter().map(|view| view.referral.id));
    }
    assert_eq!(seen, came);
}
