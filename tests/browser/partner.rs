//! A partner council's question, and what comes of it.

use safespace_domain::access::Role;
use safespace_tests::{
    Databases, World,
    api::{Api, TELEPHONE},
};

use crate::chromium::{Browser, DESK, Hands, PHONE, Scripts};

const EVENING: &str = "2020-11-03T21:00:00Z";

async fn a_question(width: u32, scripts: Scripts, hands: Hands) {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).with_units(["SS-01", "SS-02"]).await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, width, scripts).await else { return };
    let browser = browser.used_by(hands);
    let partner = world.owner_of_account("north.herts", Role::Partner).await;
    browser.sign_in(&world, &partner).await;

    browser.reads("Is there room?").await;
    browser.look().await;
    browser.fill("adults", "none").await;
    browser.press("Ask").await;
    browser.reads("There is a problem").await;
    browser.look().await;
    browser.fill("adults", "1").await;
    browser.fill("children", "1").await;
    browser.press("Ask").await;
    browser.reads("Send a referral for this household").await;
    browser.look().await;
    assert!(!browser.text().await.contains("SS-0"), "no home is told");

    browser.press("Send a referral for this household").await;
    browser.reads("What you asked is filled in").await;
    assert_eq!(browser.value("children").await, "1");
    browser.look().await;
    browser.tick("risk", "high").await;
    browser.fill("callBack", "01632 960 123").await;
    browser.press("Send the referral").await;
    browser.reads(&format!("when you telephone the team on {TELEPHONE} about it")).await;
    browser.look().await;
    browser.go("/my-referrals").await;
    browser.reads("P-").await;
    browser.look().await;
    // Nothing else exists for them.
    for path in ["/board", "/referrals", "/reports", "/stock", "/homes", "/audit", "/team", "/daily-sheet"] {
        browser.go(path).await;
        assert!(browser.heading().await.contains("not for you"), "{path}: {}", browser.heading().await);
    }
    browser.close().await;
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn is_there_room_and_a_referral_from_the_answer() {
    a_question(DESK, Scripts::On, Hands::Mouse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_on_a_phone_without_scripts() {
    a_question(PHONE, Scripts::Off, Hands::Mouse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_by_keys_alone() {
    a_question(DESK, Scripts::On, Hands::Keys).await;
}
