//! What holds for everybody: leaving at once, being signed out, going back.

use chrono::TimeDelta;
use safespace_domain::access::Role;
use safespace_engine::{Command, SetAddress};
use safespace_tests::{Databases, World, api::Api};
use serde_json::json;
use thirtyfour::Key;

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
    // Shift three times. Where it goes to can't be reached from here; that it goes there is enough.
    for _ in 0..3 {
        let chain = browser.driver().action_chain();
        chain.key_down(Key::Shift).key_up(Key::Shift).perform().await.unwrap();
    }
    browser.leaves("https://www.gov.uk/").await;
    browser.back().await;
    browser.reads("Sign in").await;
    assert_eq!(browser.path().await, "/sign-in", "going back shows nothing of what was there");
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_about_to_be_signed_out_is_told_and_can_stay() {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
    let officer = world.owner_of_account("night.officer", Role::Officer).await;
    browser.sign_in(&world, &officer).await;
    browser.reads("Today").await;
    assert!(!browser.one("#idle").await.is_displayed().await.unwrap());
    // A session ends after eight hours, whatever is done in it: a minute and a half before that.
    for _ in 0..34 {
        world.clock.forward(TimeDelta::minutes(14));
        browser.go("/account").await;
    }
    world.clock.forward(TimeDelta::seconds(60 * 60 * 8 - 34 * 14 * 60 - 120));
    browser.go("/").await;
    browser.one("#idle[open]").await;
    browser.look().await;
    browser.one("#stay-signed-in").await.click().await.unwrap();
    browser.one("#idle:not([open])").await;
    browser.close().await;
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_paper_there_is_nothing_to_press() {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
    let officer = world.owner_of_account("night.officer", Role::Officer).await;
    browser.sign_in(&world, &officer).await;
    browser.reads("Today").await;
    browser.go("/daily-sheet").await;
    browser.devtools("Emulation.setEmulatedMedia", serde_json::json!({ "media": "print" })).await;
    for (part, shown) in
        [("header", false), ("nav", false), (".screen", false), ("h1", true), ("table", true)]
    {
        assert_eq!(browser.one(part).await.is_displayed().await.unwrap(), shown, "{part}");
    }
    browser.close().await;
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_unattended_page_sends_is_kept_and_never_carried_out() {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).with_unit("SS-01").await;
    world.officer().book("SS-01", "R-2020-0551", "2020-11-03", 3).await.unwrap();
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
    let manager = world.owner_of_account("day.manager", Role::Manager).await;
    browser.sign_in(&world, &manager).await;
    browser.go("/subject-access").await;
    let typed = "for (const [id, value] of [['household', 'R-2020-0551'], ['reason', 'They asked.']]) {
        const field = document.getElementById(id);
        field.value = value;
        field.dispatchEvent(new Event('input', { bubbles: true }));
    }";
    browser.run(typed, Vec::new()).await;
    // The clock of the service stands still: there, the session is as good as ever when the page thinks that it has ended.
    let later = "const now = Date.now; Date.now = () => now() + 16 * 60_000;
        window.fetch = () => Promise.reject(new Error('the line is down'));";
    browser.run(later, Vec::new()).await;
    browser.reads("Sign in").await;
    assert_eq!(world.count("notice").await, 0, "nothing was handed over");
    browser.go("/subject-access").await;
    assert_eq!(browser.value("reason").await, "They asked.");
    browser.close().await;
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_asks_by_itself_keeps_nobody_signed_in() {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).with_units(["SS-01", "SS-02"]).await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
    let officer = world.owner_of_account("night.officer", Role::Officer).await;
    browser.sign_in(&world, &officer).await;
    browser.go("/board").await;
    browser.one("#board[data-live]").await;
    // Somebody else books while nobody is at this board, which shows it at once.
    world.clock.forward(TimeDelta::minutes(10));
    world.officer().book("SS-01", "R-2020-0551", "2020-11-03", 3).await.unwrap();
    browser.reads("R-2020-0551").await;
    world.clock.forward(TimeDelta::minutes(6));
    browser.go("/board").await;
    assert_eq!(
        browser.path().await,
        "/sign-in",
        "sixteen minutes after the last thing that somebody did here"
    );
    browser.close().await;
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_on_in_another_window_is_not_asked_about_here() {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
    let officer = world.owner_of_account("night.officer", Role::Officer).await;
    browser.sign_in(&world, &officer).await;
    browser.go("/account").await;
    // The page thinks that fourteen minutes have gone by; the service knows that somebody was there meanwhile.
    let later = "const now = Date.now; Date.now = () => now() + 14 * 60_000;
        const ask = window.fetch; window.asked = 0;
        window.fetch = async (...what) => { const answer = await ask(...what); window.asked += 1; return answer; };";
    browser.run(later, Vec::new()).await;
    browser.until("return window.asked > 0;").await;
    browser.until("return document.getElementById('idle').open === false;").await;
    browser.close().await;
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_revealed_is_hidden_again_after_a_minute() {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).with_unit("SS-01").await;
    let property = world.property("HOUSE").await;
    let address = SetAddress { property, address: "1 Nowhere Yard".to_owned() };
    world.manager().run(Command::SetAddress(address)).await.unwrap();
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
    let officer = world.owner_of_account("night.officer", Role::Officer).await;
    browser.sign_in(&world, &officer).await;
    let home = format!("/homes/{property}");
    browser.go(&home).await;
    assert!(!browser.text().await.contains("Nowhere Yard"));
    browser.fill("reason", "A taxi must be told where to go.").await;
    browser.press("Show the address for a minute").await;
    browser.reads("1 Nowhere Yard").await;
    browser.look().await;

    // A minute goes by in two seconds.
    let faster =
        "const wait = window.setTimeout; window.setTimeout = (what, after) => wait(what, after / 30);";
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": faster })).await;
    browser.go(&home).await;
    browser.fill("reason", "A taxi must be told where to go.").await;
    // Where no script may run, the browser itself goes back to the page without the address.
    let sent = "const fields = new FormData(document.querySelector('main form'));
        const answer = await fetch(location.pathname, { method: 'POST', body: new URLSearchParams(fields) });
        return [answer.headers.get('refresh'), (await answer.text()).includes('Nowhere Yard')];";
    assert_eq!(browser.run(sent, Vec::new()).await, json!([format!("60; url={home}"), true]));
    browser.press("Show the address for a minute").await;
    browser.reads("Hidden again.").await;
    assert!(!browser.text().await.contains("Nowhere Yard"));
    browser.close().await;
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn going_back_to_a_form_sends_nothing_and_what_was_done_is_told_once() {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
    let officer = world.owner_of_account("night.officer", Role::Officer).await;
    let stay = world.officer().book("SS-01", "R-2020-0551", "2020-11-03", 3).await.unwrap();
    browser.sign_in(&world, &officer).await;
    browser.go("/referrals/new").await;
    browser.fill("adults", "two").await;
    browser.press("Save and go on").await;
    browser.reads("There is a problem").await;
    browser.go("/account").await;
    browser.back().await;
    browser.reads("For whom").await;
    assert_eq!(browser.path().await, "/referrals/new");
    assert_eq!(world.count("referral").await, 0);

    let path = format!("/stays/{}", stay.id);
    browser.go(&format!("{path}?done=checked-in")).await;
    browser.reads("Check in now").await;
    assert!(browser.all(".done").await.is_empty(), "no link can say that something was done");
    browser.press("Check in now").await;
    browser.one(".done").await;
    assert_eq!(browser.path().await, path);
    browser.go(&path).await;
    browser.reads("in residence").await;
    assert!(browser.all(".done").await.is_empty(), "it is told once");
    browser.close().await;
    databases.tidy().await;
}
