//! A manager's review: how full, how many homes are needed, and an exception.

use safespace_domain::access::Role;
use safespace_tests::{Databases, World, api::Api};

use crate::chromium::{Browser, DESK, Hands, PHONE, Scripts};

const EVENING: &str = "2020-11-03T21:00:00Z";

async fn a_review(width: u32, scripts: Scripts, hands: Hands) {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).with_units(["SS-01", "SS-02"]).await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, width, scripts).await else { return };
    let browser = browser.used_by(hands);
    let manager = world.owner_of_account("day.manager", Role::Manager).await;
    let stay = world.officer().book("SS-01", "R-2020-0551", "2020-11-03", 7).await.unwrap();
    world.officer().check_in(&stay).await.unwrap();
    browser.sign_in(&world, &manager).await;

    browser.go("/reports?from=2020-11-03&to=2020-11-04&by=night").await;
    browser.reads("50.00%").await;
    browser.reads("Occupancy").await;
    browser.look().await;
    browser.go("/what-if").await;
    browser.reads("How many homes do we need").await;
    browser.fill("arrivalsPercent", "many").await;
    browser.press("See what would be").await;
    browser.reads("There is a problem").await;
    browser.look().await;

    // A stay longer than a week: the manager sees what it comes to, gives the reason, and it is kept.
    browser.go(&format!("/stays/{}/change?departure=2020-11-12", stay.id)).await;
    browser.reads("Over the longest stay").await;
    browser.look().await;
    browser.fill("exception", "The move-on home is ready on Thursday.").await;
    browser.press("Extend until").await;
    browser.reads("The stay was changed.").await;
    assert_eq!(world.officer().stay(stay.id).await.nights.len(), 9);
    browser.go("/exceptions").await;
    browser.reads("The move-on home is ready on Thursday.").await;
    browser.look().await;
    browser.close().await;
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_full_how_many_and_an_exception() {
    a_review(DESK, Scripts::On, Hands::Mouse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_on_a_phone_without_scripts() {
    a_review(PHONE, Scripts::Off, Hands::Mouse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_by_keys_alone() {
    a_review(DESK, Scripts::On, Hands::Keys).await;
}
