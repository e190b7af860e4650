//! What holds for everybody: leaving at once, being signed out, going back.

use chrono::TimeDelta;
use safespace_domain::access::Role;
use safespace_tests::{Databases, World, api::Api};

use crate::chromium::{Browser, DESK, Scripts};

const EVENING: &str = "2020-11-03T21:00:00Z";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaving_at_once_ends_the_session_and_nothing_is_shown_by_going_back() {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
    let officer = world.owner_of_account("night.officer", Role::Officer).await;
    browser.sign_in(&world, &officer).await;
    browser.reads("Today").await;
    browser.look().await;
    browser.run("document.getElementById('exit').requestSubmit();", Vec::new()).await;
    browser.driver().goto("about:blank").await.unwrap();
    browser.go("/").await;
    assert_eq!(browser.path().await, "/sign-in");
    browser.close().await;
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_typed_when_a_session_ended_is_there_again_for_who_typed_it() {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
    let manager = world.owner_of_account("day.manager", Role::Manager).await;
    browser.sign_in(&world, &manager).await;
    browser.go("/subject-access").await;
    browser.fill("household", "R-2020-0551").await;
    browser.fill("reason", "They asked for it by telephone.").await;
    world.clock.forward(TimeDelta::minutes(20));
    browser.press("Save the file").await;
    browser.reads("Sign in").await;
    browser.give_name(&world, &manager).await;
    browser.reads("What you had typed is here again").await;
    assert_eq!(browser.value("reason").await, "They asked for it by telephone.");
    assert_eq!(browser.value("household").await, "R-2020-0551");
    browser.look().await;
    browser.close().await;
    databases.tidy().await;
}
