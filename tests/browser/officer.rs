//! An officer's evening: a call comes, and a household sleeps in safety.

use safespace_domain::access::Role;
use safespace_engine::{Command, HoldUnit};
use safespace_tests::{Databases, World, api::Api};

use crate::chromium::{Browser, DESK, Hands, PHONE, Scripts};

const EVENING: &str = "2020-11-03T21:00:00Z";

/// From the call to the key: a referral is taken, accepted and placed, and the household is checked in.
async fn an_evening(width: u32, scripts: Scripts, hands: Hands) {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).with_units(["SS-01", "SS-02"]).await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, width, scripts).await else { return };
    let browser = browser.used_by(hands);
    let officer = world.owner_of_account("night.officer", Role::Officer).await;
    browser.sign_in(&world, &officer).await;
    browser.reads("Today, Tuesday 3 November 2020").await;
    browser.reads("Nothing waits for you.").await;

    browser.press("Take a referral").await;
    browser.reads("For whom").await;
    browser.look().await;
    browser.fill("adults", "two").await;
    browser.press("Save and go on").await;
    browser.reads("There is a problem").await;
    assert_eq!(browser.value("adults").await, "two", "what was typed is still there");
    browser.look().await;
    browser.tick("source", "police").await;
    browser.fill("adults", "1").await;
    browser.fill("children", "2").await;
    browser.press("Save and go on").await;
    browser.reads("step 2 of 5").await;
    browser.look().await;
    browser.tick("risk", "high").await;
    browser.press("Save and come back later").await;
    browser.reads("How far it is filled in").await;
    browser.look().await;

    browser.press("Accept").await;
    browser.reads("The household will wait for a home").await;
    browser.look().await;
    browser.press("Accept the referral").await;
    browser.press("Find a home").await;
    browser.reads("Could have, best first (2)").await;
    browser.look().await;
    browser.press("Book").await;
    browser.reads("What will happen").await;
    browser.look().await;
    browser.press("Book").await;
    browser.reads("The stay was booked.").await;
    let stay = browser.path().await;
    browser.look().await;

    browser.press("Check in now").await;
    browser.reads("in residence").await;
    browser.look().await;
    // Going back shows the page as it is, and does nothing again.
    browser.back().await;
    browser.go(stay.split('?').next().unwrap()).await;
    browser.reads("in residence").await;
    assert_eq!(world.count("stay").await, 1);
    browser.go("/board").await;
    browser.reads("in residence").await;
    browser.close().await;
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_comes_and_a_household_sleeps_in_safety() {
    an_evening(DESK, Scripts::On, Hands::Mouse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_on_a_phone_without_scripts() {
    an_evening(PHONE, Scripts::Off, Hands::Mouse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stay_is_extended_by_keys_alone() {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
    let browser = browser.used_by(Hands::Keys);
    let officer = world.owner_of_account("night.officer", Role::Officer).await;
    browser.sign_in(&world, &officer).await;
    let stay = world.officer().book("SS-01", "R-2020-0551", "2020-11-03", 3).await.unwrap();
    browser.go("/").await;
    browser.reads("R-2020-0551 in SS-01").await;
    browser.press("R-2020-0551 in SS-01").await;
    browser.reads("Check in now").await;
    browser.press("Check in now").await;
    browser.reads("in residence").await;
    browser.go(&format!("/stays/{}/change?departure=2020-11-08", stay.id)).await;
    browser.press("Extend until").await;
    browser.reads("The stay was changed.").await;
    assert_eq!(world.officer().stay(stay.id).await.nights.len(), 5);
    // Too long: an officer is told whom to ask.
    browser.go(&format!("/stays/{}/change?departure=2020-11-12", stay.id)).await;
    browser.reads("manager").await;
    browser.look().await;
    browser.close().await;
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_by_keys_alone() {
    an_evening(DESK, Scripts::On, Hands::Keys).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn today_shows_what_another_does_and_a_hold_counts_down() {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).with_units(["SS-01", "SS-02"]).await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
    let officer = world.owner_of_account("night.officer", Role::Officer).await;
    browser.sign_in(&world, &officer).await;
    browser.one("#now[data-live]").await;
    browser.run("window.isStillHere = true;", Vec::new()).await;
    let booking = world.officer().to_book("SS-01", "R-2020-0551", "2020-11-03", 3).await;
    world.officer().run(Command::HoldUnit(HoldUnit { booking })).await.unwrap();
    browser.reads("SS-01 for R-2020-0551").await;
    browser.reads("lapses in 2 h 0 min").await;
    browser.look().await;
    browser.run("const now = Date.now; Date.now = () => now() + 9.5 * 60_000;", Vec::new()).await;
    browser.reads("lapses in 1 h 50 min").await;
    assert_eq!(browser.run("return window.isStillHere;", Vec::new()).await, serde_json::json!(true));
    browser.close().await;
    databases.tidy().await;
}
