//! The administrator: somebody is invited, chooses a password and a second factor, and is shut out again; a program has a
//! token. And how long records are kept, which a manager says.

use safespace_domain::access::Role;
use safespace_tests::{Databases, World, api::Api};

use crate::chromium::{Browser, DESK, Hands, PHONE, Scripts};

const EVENING: &str = "2020-11-03T21:00:00Z";

async fn accounts_and_tokens(width: u32, scripts: Scripts, hands: Hands) {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, width, scripts).await else { return };
    let browser = browser.used_by(hands);
    let administrator = world.owner_of_account("keeper", Role::Administrator).await;
    browser.sign_in(&world, &administrator).await;
    browser.press("Invite somebody").await;
    browser.look().await;
    browser.fill("name", "x").await;
    browser.press("Make the account and show its link").await;
    browser.reads("There is a problem").await;
    assert_eq!(browser.value("name").await, "x");
    browser.look().await;
    browser.fill("name", "new.officer").await;
    browser.tick("role", "officer").await;
    browser.press("Make the account and show its link").await;
    browser.reads("The link for new.officer").await;
    browser.look().await;
    let link = browser.one(".secret code").await.text().await.unwrap();
    assert!(
        !browser.path().await.contains(link.rsplit('/').next().unwrap()),
        "the link stands in no address"
    );

    browser.go("/tokens").await;
    browser.press("Make a token").await;
    browser.fill("name", "Night report").await;
    browser.press("Make the token and show it").await;
    browser.reads("There is a problem").await;
    browser.look().await;
    browser.tick("role", "manager").await;
    browser.fill("days", "30").await;
    browser.press("Make the token and show it").await;
    browser.reads("It is shown only now").await;
    browser.look().await;
    let token = browser.one(".secret code").await.text().await.unwrap();
    browser.press("I have it: go to the tokens").await;
    assert!(!browser.text().await.contains(&token), "it is shown once");
    browser.press("Revoke").await;
    browser.look().await;
    browser.press("Revoke").await;
    browser.reads("revoked").await;

    browser.go("/accounts").await;
    browser.press("new.officer").await;
    browser.press("Disable the account").await;
    browser.look().await;
    browser.press("Disable").await;
    browser.reads("Enable the account").await;
    // The link of an account that is shut opens nothing.
    let path = format!("/set-up/{}", link.rsplit('/').next().unwrap());
    browser.go(&path).await;
    assert!(!browser.text().await.contains("Choose a password"), "{}", browser.text().await);
    browser.close().await;
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_is_invited_and_a_program_has_a_token() {
    accounts_and_tokens(DESK, Scripts::On, Hands::Mouse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_on_a_phone_without_scripts() {
    accounts_and_tokens(PHONE, Scripts::Off, Hands::Mouse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_by_keys_alone() {
    accounts_and_tokens(DESK, Scripts::On, Hands::Keys).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manager_says_how_long_records_are_kept() {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
    let manager = world.owner_of_account("day.manager", Role::Manager).await;
    browser.sign_in(&world, &manager).await;
    browser.go("/retention").await;
    browser.look().await;
    browser.press("Change").await;
    browser.reads("A new service begins with").await;
    for (days, why) in [("a year", "whole number"), ("-5", "30 to"), ("9999999", "to 10958 days")] {
        browser.fill("days", days).await;
        browser.press("Change the term").await;
        browser.reads("There is a problem").await;
        browser.reads(why).await;
        assert_eq!(browser.value("days").await, days);
    }
    browser.look().await;
    browser.fill("days", "800").await;
    browser.press("Change the term").await;
    browser.reads("800 days").await;
    browser.look().await;
    browser.close().await;
    databases.tidy().await;
}
