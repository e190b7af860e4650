//! Every page, empty and in a service that is in use: axe finds nothing, nothing is too wide, nothing leaves the origin.

use safespace_domain::{access::Role, nights::earlier};
use safespace_engine::{Command, Outcome};
use safespace_tests::{Databases, World, api::Api, day, household_to_refer};

use crate::chromium::{Browser, DESK, Scripts};

const EVENING: &str = "2020-11-03T21:00:00Z";

/// What everybody on the team can open.
const OF_THE_TEAM: [&str; 23] = [
    "/",
    "/board",
    "/referrals",
    "/referrals/new",
    "/book",
    "/plan",
    "/search",
    "/homes",
    "/voids",
    "/voids/new",
    "/daily-sheet",
    "/stock",
    "/stock/deliveries/new",
    "/stock/count",
    "/shopping",
    "/picking",
    "/account",
    "/sessions",
    "/confirm",
    "/password",
    "/nothing-there",
    "/stays/not-an-id",
    "/support/groups",
];

/// What managers can open besides.
const OF_MANAGERS: [&str; 37] = [
    "/reports",
    "/figures",
    "/forecast",
    "/what-if",
    "/targets",
    "/return",
    "/meeting-packs",
    "/exceptions",
    "/audit",
    "/notices",
    "/staff",
    "/retention",
    "/team",
    "/homes/new",
    "/settings",
    "/settings/districts",
    "/settings/localities",
    "/settings/lists/features",
    "/settings/lists/void_reasons",
    "/settings/lists/decline",
    "/settings/lists/decline/change?code=no_capacity",
    "/settings/lists/immediate_need",
    "/settings/lists/immediate_need/change?code=medical",
    "/settings/lists/group_offer",
    "/settings/lists/characteristic",
    "/settings/lists/accommodation_kinds",
    "/settings/scheme-kinds",
    "/settings/scheme-kinds/move_on",
    "/settings/policies",
    "/settings/policies/move_on",
    "/settings/standards",
    "/settings/meeting-groups",
    "/settings/meeting-groups/new",
    "/settings/meeting-groups/change?code=BOARD",
    "/settings/small-numbers",
    "/settings/return",
    "/settings/return/characteristic",
];

/// Looks at pages, one after the other.
async fn look_at_all(browser: &Browser, paths: impl IntoIterator<Item = String>) {
    let mut all = Vec::new();
    for path in paths {
        browser.go(&path).await;
        browser.one("main").await;
        all.extend(browser.wrong().await.into_iter().map(|wrong| format!("{path}: {wrong}")));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_of_an_empty_service_is_accessible() {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
    let manager = world.owner_of_account("day.manager", Role::Manager).await;
    browser.sign_in(&world, &manager).await;
    let all = OF_THE_TEAM.iter().chain(&OF_MANAGERS).map(ToString::to_string);
    look_at_all(&browser, all).await;
    browser.close().await;
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_of_a_service_in_use_is_accessible() {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).with_units(["SS-01", "SS-02", "SS-03", "SS-04"]).await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
    let manager = world.owner_of_account("day.manager", Role::Manager).await;
    let officer = world.officer();
    let arrival = earlier(day("2020-11-03"), 1).to_string();
    world.clock.forward(chrono::TimeDelta::days(-1));
    let there = officer.book("SS-01", "R-2020-0551", &arrival, 5).await.unwrap();
    officer.check_in(&there).await.unwrap();
    world.clock.forward(chrono::TimeDelta::days(1));
    let booked = officer.book("SS-02", "R-2020-0552", "2020-11-03", 3).await.unwrap();
    let void = officer.record_void("SS-03", "2020-11-03", 4).await.unwrap();
    let sent = household_to_refer(1, 2, "2020-11-03", Some("A note."));
    let referral = match world.partner().run(Command::SubmitReferral(sent)).await.unwrap() {
        Outcome::Referral(referral) => referral,
        other => panic!("{other:?} is not a referral"),
    };
    browser.sign_in(&world, &manager).await;
    let (stay, unit, property) = (there.id, world.unit("SS-01").await, world.property("HOUSE").await);
    let of_records = [
        format!("/board?referral={}", referral.id),
        format!("/stays/{stay}"),
        format!("/stays/{stay}/support"),
        format!("/stays/{stay}/support/session"),
        format!("/stays/{stay}/support/next-step"),
        format!("/stays/{stay}/pack"),
        format!("/stays/{stay}/change"),
        format!("/stays/{stay}/change?departure=2020-11-20"),
        format!("/stays/{}", booked.id),
        format!("/stays/{}/change?unit={unit}", booked.id),
        format!("/households/{}", there.household),
        format!("/households/{}/reveal", there.household),
        format!("/households/{}/details", there.household),
        format!("/households/{}/apart", there.household),
        format!("/households/{}/close", there.household),
        format!("/referrals/{}", referral.id),
        format!("/referrals/{}/call-back", referral.id),
        format!("/referrals/{}/accept", referral.id),
        format!("/referrals/{}/decline", referral.id),
        format!("/referrals/{}/place", referral.id),
        format!("/referrals/{}/steps/who", referral.id),
        format!("/referrals/{}/steps/danger", referral.id),
        format!("/referrals/{}/steps/household", referral.id),
        format!("/referrals/{}/steps/needs", referral.id),
        format!("/referrals/{}/steps/reach", referral.id),
        format!("/book?unit={unit}&arrival=2020-11-10"),
        format!("/units/{unit}"),
        format!("/homes/{property}"),
        format!("/voids/{}", void.id),
        format!("/voids/new?unit={unit}&from=2020-11-10"),
        "/meeting-packs/BOARD/2020-07-01".to_owned(),
        "/reports?from=2020-11-01&to=2020-11-08&by=night".to_owned(),
    ];
    let all = OF_THE_TEAM.iter().chain(&OF_MANAGERS).map(ToString::to_string).chain(of_records);
    look_at_all(&browser, all).await;
    browser.close().await;
    databases.tidy().await;
}
