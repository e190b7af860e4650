//! Referrals and allocation: no rule is broken by a placement, choices have reasons, and nobody's change is lost.

use std::collections::BTreeSet;

use safespace_domain::{
    Nights, ReferralId, Refusal, RefusalCode,
    districts::{District, DistrictKind},
    households::People,
    localities::Locality,
    needs::Risk,
    referrals::{ReferralStatus, Source},
    sharing::{SharesAs, Sharing},
    units::Scheme,
};
use safespace_engine::{
    BookSplit, BookStay, Command, DescribeProperty, EditReferral, HoldUnit, KeepApart, Outcome, Page,
    ReferralAsk, ReferralFilter, RegisterProperty, RegisterUnit, Repack, SplitPart, TakeReferral,
};
use safespace_tests::{Databases, World, day, home, on_both, refused};

on_both![
    a_danger_area_excludes_and_no_booking_gets_round_it,
    a_locality_stays_in_the_district_of_its_homes_and_has_a_name_of_its_own,
    what_is_free_instead_is_safe_for_the_household,
    another_home_than_the_best_needs_a_reason,
    rooms_that_are_shared_are_for_one_sex_and_some_are_kept_apart,
    the_second_of_two_officers_is_told_and_nothing_is_lost,
    what_makes_no_sense_is_refused_with_what_to_do,
    a_declined_referral_says_what_was_looked_for,
    the_plan_places_the_highest_risk_first_and_says_what_would_help_the_rest,
    bookings_that_have_not_begun_make_room,
    a_stay_is_split_where_nothing_else_is_left,
    one_that_comes_again_is_known_by_its_contact,
    the_list_of_what_is_to_be_done,
    the_list_names_each_home_once_as_the_plan_does_and_the_highest_risk_first,
];

const EVENING: &str = "2020-11-03T21:00:00Z";
const FAMILY: People = People { adults: 1, children: 2 };

fn ask(arrival: &str) -> ReferralAsk {
    ReferralAsk::plain(Source::Police, FAMILY, day(arrival))
}

async fn take(world: &World, ask: ReferralAsk) -> Result<ReferralId, Refusal> {
    match world.officer().run(Command::TakeReferral(TakeReferral { ask, received_at: None })).await? {
        Outcome::Referral(referral) => Ok(referral.id),
        other => panic!("{other:?} is not a referral"),
    }
}

/// A household that waits.
async fn waiting(world: &World, household: &str, ask: ReferralAsk) -> ReferralId {
    let referral = take(world, ask).await.unwrap();
    let accept = Command::AcceptReferral { referral, household: household.into() };
    world.officer().run(accept).await.unwrap();
    referral
}

fn places<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// The codes of the units that a household could have, and those of the others with the codes of their reasons.
async fn allocation(world: &World, referral: ReferralId) -> (Vec<String>, Vec<String>) {
    let found =
        world.engine.allocation(&world.officer().actor, referral, None, Scheme::SafeSpace).await.unwrap();
    let code = |no| found.spaces.unit(no).unwrap().code.clone();
    let ranked = found.ranked.iter().map(|unit| code(unit.no)).collect();
    let told = |(no, reasons): &(usize, Vec<safespace_domain::availability::Exclusion>)| {
        let reasons: Vec<_> = reasons.iter().map(safespace_domain::availability::Exclusion::code).collect();
        format!("{}: {}", code(*no), reasons.join(" "))
    };
    (ranked, found.excluded.iter().map(told).collect())
}

async fn status(world: &World, referral: ReferralId) -> ReferralStatus {
    world.engine.referral(&world.officer().actor, referral).await.unwrap().unwrap().referral.status()
}

async fn a_danger_area_excludes_and_no_booking_gets_round_it(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let manager = world.manager();
    let near = |name: &str, near: BTreeSet<String>| {
        Command::SaveLocality(Locality { name: name.into(), district: "Stevenage".into(), near })
    };
    manager.run(near("Old Town", BTreeSet::new())).await.unwrap();
    manager.run(near("Riverside", places(["Old Town"]))).await.unwrap();
    let described = DescribeProperty {
        property: world.property("HOUSE").await,
        code: None,
        district: None,
        locality: Some("Riverside".into()),
        sharing: None,
    };
    manager.run(Command::DescribeProperty(described)).await.unwrap();
    let unsafe_there = ReferralAsk { danger_areas: Some(places(["Old Town"])), ..ask("2020-11-03") };
    let referral = waiting(&world, "R-1", unsafe_there).await;
    assert_eq!(allocation(&world, referral).await, (vec![], vec!["SS-01: TOO_NEAR".to_owned()]));
    let told = refused(world.officer().book("SS-01", "R-1", "2020-11-03", 2).await);
    assert!(told.starts_with("UNSUITABLE (unit): SS-01"), "{told}");
    assert!(refused(world.officer().book_any("R-1", "2020-11-03", 2).await).starts_with("NONE_FREE"));
    let booking: BookStay = world.officer().to_book("SS-01", "R-1", "2020-11-03", 2).await;
    let told = refused(world.officer().run(Command::HoldUnit(HoldUnit { booking })).await);
    assert!(told.starts_with("UNSUITABLE"), "{told}");
    assert_eq!(status(&world, referral).await, ReferralStatus::Accepted);
}

async fn a_locality_stays_in_the_district_of_its_homes_and_has_a_name_of_its_own(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let manager = world.manager();
    let in_district = |district: &str| {
        let near = BTreeSet::new();
        Command::SaveLocality(Locality { name: "Old Town".into(), district: district.into(), near })
    };
    manager.run(in_district("Stevenage")).await.unwrap();
    manager.run(in_district("North Herts")).await.unwrap();
    let there = RegisterProperty {
        locality: Some("Old Town".into()),
        ..home("OLD", Scheme::SafeSpace, "North Herts")
    };
    manager.run(Command::RegisterProperty(there)).await.unwrap();
    let told = refused(manager.run(in_district("Stevenage")).await);
    assert!(told.starts_with("STANDS_IN_THE_WAY (district): OLD is there"), "{told}");
    manager.run(in_district("North Herts")).await.unwrap();
    let district = District { name: "Old Town".into(), kind: DistrictKind::Pilot };
    let told = refused(manager.run(Command::SaveDistrict(district)).await);
    assert!(told.starts_with("BAD_VALUE (name): A locality has this name"), "{told}");
}

async fn what_is_free_instead_is_safe_for_the_household(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let (officer, manager) = (world.officer(), world.manager());
    let locality =
        |name: &str| Locality { name: name.into(), district: "Stevenage".into(), near: BTreeSet::new() };
    for name in ["New Town", "Old Town"] {
        manager.run(Command::SaveLocality(locality(name))).await.unwrap();
    }
    let described = DescribeProperty {
        property: world.property("HOUSE").await,
        code: None,
        district: None,
        locality: Some("New Town".into()),
        sharing: None,
    };
    manager.run(Command::DescribeProperty(described)).await.unwrap();
    let there =
        RegisterProperty { locality: Some("Old Town".into()), ..home("OLD", Scheme::SafeSpace, "Stevenage") };
    manager.run(Command::RegisterProperty(there)).await.unwrap();
    let unit = RegisterUnit {
        code: "SS-02".into(),
        property: world.property("OLD").await,
        sleeps: 4,
        features: BTreeSet::new(),
        opened_on: day("2020-01-01"),
        closed_on: None,
    };
    manager.run(Command::RegisterUnit(unit)).await.unwrap();
    let unsafe_there = ReferralAsk { danger_areas: Some(places(["Old Town"])), ..ask("2020-11-03") };
    waiting(&world, "R-1", unsafe_there).await;
    officer.book("SS-01", "R-2", "2020-11-03", 2).await.unwrap();
    let booking = officer.to_book("SS-01", "R-1", "2020-11-03", 2).await;
    let refusal = officer.book_as(booking).await.unwrap_err();
    assert_eq!((refusal.code, refusal.next_free), (RefusalCode::Taken, None));
    // Of whom nothing is known, it is free.
    let booking = officer.to_book("SS-01", "R-3", "2020-11-03", 2).await;
    let refusal = officer.book_as(booking).await.unwrap_err();
    assert_eq!(refusal.next_free.as_deref(), Some("SS-02"));
}

async fn another_home_than_the_best_needs_a_reason(on: &Databases) {
    let world = World::at(EVENING, on).with_unit_for("SS-01", 6).with_unit_for("SS-02", 3).await;
    let officer = world.officer();
    let referral = waiting(&world, "R-1", ask("2020-11-03")).await;
    assert_eq!(allocation(&world, referral).await.0, ["SS-02", "SS-01"]);
    let other: BookStay = officer.to_book("SS-01", "R-1", "2020-11-03", 2).await;
    let refusal = officer.book_as(other.clone()).await.unwrap_err();
    assert_eq!(refusal.message, "SS-02 fits this household best: to choose SS-01, say why.");
    let because = Some("A cousin joins them on Friday".to_owned());
    officer.book_as(BookStay { chosen_because: because, ..other }).await.unwrap();
    assert_eq!(status(&world, referral).await, ReferralStatus::Placed);
    // Who waits by no referral is booked where somebody says.
    officer.book("SS-02", "R-2", "2020-11-03", 2).await.unwrap();
}

async fn rooms_that_are_shared_are_for_one_sex_and_some_are_kept_apart(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02", "SS-03"]).await;
    let (officer, manager) = (world.officer(), world.manager());
    let booking = |shares_as, ask: BookStay| BookStay { shares_as, ..ask };
    // Nothing is shared yet, but two who must not meet do not live in one house.
    officer.book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    officer.book("SS-02", "R-2", "2020-11-08", 1).await.unwrap();
    let apart = KeepApart { household: "R-1".into(), other: "R-2".into(), reason: "The same family".into() };
    officer.run(Command::KeepApart(apart.clone())).await.unwrap();
    assert!(refused(officer.run(Command::KeepApart(apart)).await).starts_with("WRONG_STATE (other)"));
    let told = refused(officer.book("SS-03", "R-2", "2020-11-04", 2).await);
    assert!(told.starts_with("UNSUITABLE (unit): SS-03"), "{told}");
    officer.book("SS-03", "R-2", "2020-11-06", 2).await.unwrap();
    // Then rooms for women or for men, whoever is there first.
    let shared = DescribeProperty {
        property: world.property("HOUSE").await,
        code: None,
        district: None,
        locality: None,
        sharing: Some(Sharing::OneSex),
    };
    manager.run(Command::DescribeProperty(shared)).await.unwrap();
    let later = "2020-11-20";
    let unknown = officer.to_book("SS-01", "R-3", later, 2).await;
    assert!(refused(officer.book_as(unknown.clone()).await).starts_with("UNSUITABLE"));
    officer.book_as(booking(Some(SharesAs::Women), unknown)).await.unwrap();
    let men = booking(Some(SharesAs::Men), officer.to_book("SS-02", "R-4", later, 1).await);
    assert!(refused(officer.book_as(men).await).starts_with("UNSUITABLE"));
    let women = booking(Some(SharesAs::Women), officer.to_book("SS-02", "R-5", later, 1).await);
    officer.book_as(women).await.unwrap();
    let men = booking(Some(SharesAs::Men), officer.to_book("SS-02", "R-4", "2020-11-22", 1).await);
    officer.book_as(men).await.unwrap();
}

async fn the_second_of_two_officers_is_told_and_nothing_is_lost(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let referral = take(&world, ask("2020-11-03")).await.unwrap();
    let edit = |n: i64| {
        Command::EditReferral(EditReferral {
            referral,
            version: 1,
            ask: ReferralAsk { nights: n, ..ask("2020-11-03") },
        })
    };
    world.officer().run(edit(3)).await.unwrap();
    let told = refused(world.manager().run(edit(5)).await);
    assert!(told.starts_with("CHANGED (version): A colleague has changed"), "{told}");
    let now = world.engine.referral(&world.officer().actor, referral).await.unwrap().unwrap().referral;
    assert_eq!((now.facts.nights, now.version), (3, 2));
    world.officer().run(Command::AssessReferral { referral }).await.unwrap();
    let told = refused(world.manager().run(Command::AssessReferral { referral }).await);
    assert!(told.contains("a colleague has it in hand"), "{told}");
    let decline = Command::DeclineReferral { referral, reason: "no_capacity".into() };
    world.officer().run(decline.clone()).await.unwrap();
    assert!(refused(world.manager().run(decline).await).starts_with("WRONG_STATE (referral)"));
}

async fn what_makes_no_sense_is_refused_with_what_to_do(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let plain = ask("2020-11-03");
    for (bad, starts) in [
        (
            ReferralAsk { adults: 0, children: 0, ..plain.clone() },
            "BAD_VALUE (adults): A household has at least one",
        ),
        (
            ReferralAsk { children: 39, ..plain.clone() },
            "BAD_VALUE (children): A referral is about one household",
        ),
        (ReferralAsk { nights: 0, ..plain.clone() }, "BAD_VALUE (nights)"),
        (
            ReferralAsk { features: places(["moat"]), ..plain.clone() },
            "BAD_VALUE (features): There is no feature",
        ),
        (
            ReferralAsk { danger_areas: Some(places(["Stevenage"])), ..plain.clone() },
            "BAD_VALUE (dangerAreas): These danger areas cover every district",
        ),
        (
            ReferralAsk { danger_areas: Some(places(["Atlantis"])), ..plain.clone() },
            "BAD_VALUE (dangerAreas): There is no district or locality",
        ),
        (
            ReferralAsk { risk: Some(Risk::Standard), dash_ticks: Some(20), ..plain.clone() },
            "BAD_VALUE (riskReason): 20 ticks suggest a high risk",
        ),
        (ReferralAsk { dash_ticks: Some(-1), ..plain.clone() }, "BAD_VALUE (dashTicks)"),
        (ReferralAsk { arrival: day("2020-11-02"), ..plain.clone() }, "WRONG_TIME (arrival)"),
    ] {
        let told = refused(take(&world, bad).await);
        assert!(told.starts_with(starts), "{told}");
    }
    assert_eq!(world.count("referral").await, 0);
    // A feature that no home has: the referral is taken, and no home is found.
    let referral = waiting(&world, "R-1", ReferralAsk { features: places(["step_free"]), ..plain }).await;
    assert_eq!(allocation(&world, referral).await, (vec![], vec!["SS-01: LACKS_FEATURE".to_owned()]));
    let told =
        refused(world.officer().run(Command::CloseReferral { referral, outcome: "gone".into() }).await);
    assert!(told.starts_with("BAD_VALUE (outcome): There is no such reason for closing. Known:"), "{told}");
}

async fn a_declined_referral_says_what_was_looked_for(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").with_unit_for("SS-02", 2).await;
    world.officer().book("SS-01", "R-2", "2020-11-03", 2).await.unwrap();
    let referral = take(&world, ask("2020-11-03")).await.unwrap();
    let decline = Command::DeclineReferral { referral, reason: "no_capacity".into() };
    world.officer().run(decline).await.unwrap();
    let view = world.engine.referral(&world.officer().actor, referral).await.unwrap().unwrap();
    let looked_for: serde_json::Value = serde_json::from_str(&view.looked_for.unwrap()).unwrap();
    assert_eq!(looked_for, serde_json::json!({ "against": { "TAKEN": 1, "TOO_SMALL": 1 }, "fit": 0 }));
}

async fn the_plan_places_the_highest_risk_first_and_says_what_would_help_the_rest(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    world.officer().record_void("SS-02", "2020-11-03", 5).await.unwrap();
    let standard = ReferralAsk { risk: Some(Risk::Standard), ..ask("2020-11-03") };
    let high = ReferralAsk { risk: Some(Risk::High), ..ask("2020-11-03") };
    let waits = waiting(&world, "R-1", standard).await;
    let in_danger = waiting(&world, "R-2", high).await;
    let plan = world.engine.plan_for_tonight(&world.officer().actor, 0).await.unwrap().plan;
    assert_eq!(plan.placed.iter().map(|placement| placement.referral).collect::<Vec<_>>(), [in_danger]);
    assert_eq!(plan.unplaced[0].referral, waits);
    let change = format!("{:?}", plan.unplaced[0].change);
    assert!(change.starts_with("Some(EndVoid"), "{change}");
    // For whom a unit is held, nothing is planned.
    let booking: BookStay = world.officer().to_book("SS-01", "R-2", "2020-11-03", 2).await;
    world.officer().run(Command::HoldUnit(HoldUnit { booking })).await.unwrap();
    let plan = world.engine.plan_for_tonight(&world.officer().actor, 0).await.unwrap().plan;
    assert_eq!((plan.placed.len(), plan.unplaced.len()), (0, 1));
}

async fn bookings_that_have_not_begun_make_room(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let officer = world.officer();
    officer.book("SS-01", "R-1", "2020-11-05", 2).await.unwrap();
    officer.book("SS-02", "R-2", "2020-11-08", 2).await.unwrap();
    let referral = waiting(&world, "R-3", ask("2020-11-04")).await;
    let wanted = Some(Nights::new(day("2020-11-04"), day("2020-11-10")).unwrap());
    let found = world.engine.repacking(&officer.actor, referral, wanted).await.unwrap();
    let (nights_wanted, repacking) = found.unwrap();
    assert_eq!(repacking.moves.len(), 1);
    let booking = BookStay {
        unit: Some(repacking.unit),
        ..officer.to_book("SS-01", "R-3", "2020-11-04", nights_wanted.len()).await
    };
    let moves: Vec<_> = repacking.moves.iter().map(|step| (step.stay, step.to)).collect();
    let repack = Repack { booking, moves };
    let Outcome::Stays(stays) = officer.run(Command::Repack(repack.clone())).await.unwrap() else { panic!() };
    assert_eq!(stays.len(), 2);
    assert_eq!(status(&world, referral).await, ReferralStatus::Placed);
    // Carried out twice, it is refused, and nothing is half done.
    let before = world.ledger().await;
    assert!(officer.run(Command::Repack(repack)).await.is_err());
    assert_eq!(world.ledger().await, before);
}

async fn a_stay_is_split_where_nothing_else_is_left(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let officer = world.officer();
    officer.book("SS-01", "R-1", "2020-11-06", 3).await.unwrap();
    let before = officer.book("SS-02", "R-2", "2020-11-03", 2).await.unwrap();
    officer.check_in(&before).await.unwrap();
    let referral = waiting(&world, "R-3", ReferralAsk { nights: 5, ..ask("2020-11-03") }).await;
    let split = world.engine.split(&officer.actor, referral, None).await.unwrap().unwrap();
    assert_eq!(split.parts.iter().map(|(_, nights)| nights.len()).sum::<u32>(), 5);
    let part = |(unit, nights): &(safespace_domain::UnitId, Nights)| SplitPart {
        unit: *unit,
        arrival: nights.arrival(),
        departure: nights.departure(),
    };
    let booking = officer.to_book("SS-01", "R-3", "2020-11-03", 5).await;
    let ask = BookSplit { booking, parts: split.parts.iter().map(part).collect() };
    let Outcome::Stays(stays) = officer.run(Command::BookSplit(ask.clone())).await.unwrap() else { panic!() };
    assert_eq!(stays.len(), 2);
    let one_only = BookSplit { parts: ask.parts[..1].to_vec(), ..ask };
    assert!(refused(officer.run(Command::BookSplit(one_only)).await).starts_with("BAD_VALUE (parts)"));
    // The parts are one stay to the longest stay.
    assert!(refused(officer.extend(&stays[1], "2020-11-11").await).starts_with("LONGEST_STAY"));
}

async fn one_that_comes_again_is_known_by_its_contact(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let with_contact = |text: &str| {
        let details = safespace_domain::details::Details { contact: Some(text.into()), ..Default::default() };
        ReferralAsk { details: Some(details), ..ask("2020-11-03") }
    };
    waiting(&world, "R-1", with_contact("01632 960 111")).await;
    let again = take(&world, with_contact("01632960111")).await.unwrap();
    let other = take(&world, with_contact("01632 960112")).await.unwrap();
    let may_be = |referral| {
        let world = &world;
        async move {
            let found = world.engine.may_be(&world.officer().actor, referral).await.unwrap();
            found.into_iter().map(|household| household.reference).collect::<Vec<_>>()
        }
    };
    assert_eq!(may_be(again).await, ["R-1"]);
    assert!(may_be(other).await.is_empty());
}

async fn the_list_of_what_is_to_be_done(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let officer = world.officer();
    let stay = officer.book("SS-01", "R-1", "2020-11-03", 1).await.unwrap();
    officer.check_in(&stay).await.unwrap();
    take(&world, ask("2020-11-03")).await.unwrap();
    waiting(&world, "R-2", ask("2020-11-03")).await;
    let to_do = officer.to_do().await;
    assert_eq!(
        to_do.len(),
        3,
        "nobody is late: a home is free, a stay ends, and has no key worker: {to_do:#?}"
    );
    world.clock.set("2020-11-03T22:01:00Z");
    let booking: BookStay =
        BookStay { household: "R-3".into(), ..officer.to_book("SS-02", "R-3", "2020-11-03", 1).await };
    officer.run(Command::HoldUnit(HoldUnit { booking })).await.unwrap();
    world.clock.set("2020-11-03T23:40:00Z");
    let told: Vec<String> =
        officer.to_do().await.iter().map(|line| line.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(
        told,
        ["Answer", "PlanNextStep", "Confirm", "Plan", "AssignKeyWorker"],
        "{:#?}",
        officer.to_do().await
    );
    let all = ReferralFilter::default();
    assert_eq!(
        world.engine.referrals(&officer.actor, &all, Page { after: None, limit: 9 }).await.unwrap().len(),
        2
    );
}

async fn the_list_names_each_home_once_as_the_plan_does_and_the_highest_risk_first(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    world.officer().record_void("SS-02", "2020-11-03", 12).await.unwrap();
    let of = |risk| ReferralAsk { risk: Some(risk), ..ask("2020-11-03") };
    waiting(&world, "R-1", of(Risk::Medium)).await;
    waiting(&world, "R-2", ask("2020-11-03")).await;
    waiting(&world, "R-3", of(Risk::High)).await;
    // A second referral of the same household is in the plan with the first.
    waiting(&world, "R-3", of(Risk::Standard)).await;
    let in_short =
        |line: &String| format!("{} {}", line.split_once(" (").unwrap().0, line.split_once(", ").unwrap().1);
    let told: Vec<String> = world.officer().to_do().await.iter().map(in_short).collect();
    assert_words_snapshot!(told.join("\n"), @r"
    Place: R-3 waits high risk), and SS-01 is free and fits: hold it, or book it.
    Plan: R-2 waits risk not assessed), and what fits and is free is planned for others, who come first: look at the plan for tonight.
    Plan: R-1 waits medium risk), and what fits and is free is planned for others, who come first: look at the plan for tonight.
    ");
    world.clock.set("2020-11-04T09:00:00Z");
    let told: Vec<String> = world.officer().to_do().await.iter().map(in_short).collect();
    assert_words_snapshot!(told.join("\n"), @r"
    Place: R-3 waits high risk), and SS-01 is free and fits: hold it, or book it.
    Plan: R-2 waits longer than it should risk not assessed), and what fits and is free is planned for others, who come first: look at the plan for tonight.
    Plan: R-1 waits longer than it should medium risk), and what fits and is free is planned for others, who come first: look at the plan for tonight.
    ");
    // What the plan has, and nothing else, is named.
    let mut plan = world.engine.plan_for_tonight(&world.officer().actor, 3).await.unwrap().plan;
    assert_eq!((plan.placed.len(), plan.unplaced.len()), (1, 3));
    let home = plan.placed.pop().unwrap().unit;
    assert_eq!(home, world.unit("SS-01").await);
    world.officer().book("SS-01", "R-9", "2020-11-04", 2).await.unwrap();
    let told: Vec<String> = world.officer().to_do().await.iter().map(in_short).collect();
    assert_words_snapshot!(told.join("\n"), @r"
    Plan: R-3 waits longer than it should high risk), and nothing that fits is free in time; SS-01 is, from 2020-11-06: look at the plan for tonight.
    Plan: R-2 waits longer than it should risk not assessed), and nothing that fits is free: look at the plan for tonight.
    Plan: R-1 waits longer than it should medium risk), and nothing that fits is free: look at the plan for tonight.
    ");
}
