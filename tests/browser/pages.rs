//! Every page of a service in which there is nothing yet: axe finds nothing, nothing is too wide, nothing leaves the origin.
//! Those of a service in use are walked in `everywhere`.

use safespace_domain::access::Role;
use safespace_tests::{Databases, World, api::Api};

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
