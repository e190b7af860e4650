//! The board: two officers at once, dragging and its keys, a phone.

use safespace_domain::access::Role;
use safespace_tests::{Databases, World, api::Api};
use serde_json::json;
use thirtyfour::Key;

use crate::chromium::{Browser, DESK, PHONE, Scripts};

const EVENING: &str = "2020-11-03T21:00:00Z";

/// Opens the board, and waits until it hears of changes.
async fn live_board(browser: &Browser) {
    browser.go("/board").await;
    browser.one("#board[data-live]").await;
}

/// Drags what the first selector finds onto what the second does, as a mouse does.
async fn drag(browser: &Browser, from: &str, to: &str) {
    let (from, to) = (browser.one(from).await, browser.one(to).await);
    from.scroll_into_view().await.unwrap();
    let chain = browser.driver().action_chain_with_delay(Some(std::time::Duration::from_millis(20)), None);
    let chain = chain.move_to_element_center(&from).click_and_hold();
    chain
        .move_by_offset(8, 3)
        .move_to_element_center(&to)
        .move_by_offset(2, 2)
        .release()
        .perform()
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_officer_books_appears_without_a_reload_and_is_told() {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).with_units(["SS-01", "SS-02"]).await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
    let officer = world.owner_of_account("night.officer", Role::Officer).await;
    browser.sign_in(&world, &officer).await;
    live_board(&browser).await;
    browser.look().await;
    browser.run("window.isStillHere = true;", Vec::new()).await;
    let unit = world.unit("SS-01").await;
    browser.one(&format!("tr[data-unit=\"{unit}\"] td.free[data-night=\"2020-11-03\"]")).await;
    world.officer().book("SS-01", "R-2020-0551", "2020-11-03", 7).await.unwrap();
    browser.reads("R-2020-0551").await;
    browser.reads("SS-01 was taken a moment ago by R-2020-0551 booked").await;
    browser.reads("next free is SS-02").await;
    assert_eq!(
        browser.run("return window.isStillHere;", Vec::new()).await,
        json!(true),
        "nothing was reloaded"
    );
    browser.look().await;
    browser.close().await;
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_officers_want_the_same_home_and_the_second_is_told_what_is_free() {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).with_units(["SS-01", "SS-02"]).await;
    let api = Api::serve(&world.engine).await;
    let Some(slower) = Browser::open(&api, DESK, Scripts::On).await else { return };
    let faster = Browser::open(&api, DESK, Scripts::On).await.unwrap();
    let free =
        format!("tr[data-unit=\"{}\"] td.free[data-night=\"2020-11-03\"] a", world.unit("SS-01").await);
    for (browser, name) in [(&slower, "slow.officer"), (&faster, "fast.officer")] {
        let officer = world.owner_of_account(name, Role::Officer).await;
        browser.sign_in(&world, &officer).await;
        live_board(browser).await;
        browser.one(&free).await.click().await.unwrap();
        browser.reads("Or another household").await;
    }
    for (browser, household) in [(&slower, "R-2020-0552"), (&faster, "R-2020-0551")] {
        browser.fill("household", "Smith").await;
        browser.press("Check").await;
        browser.reads("it must never be a name").await;
        browser.fill("household", household).await;
        browser.fill("adults", "1").await;
        browser.fill("departure", "2020-11-06").await;
        browser.press("Check").await;
        browser.reads("What will happen").await;
    }
    faster.press("Book it").await;
    faster.reads("The stay was booked.").await;
    slower.press("Book it").await;
    slower.reads("SS-01").await;
    slower.reads("What is in the way").await;
    slower.look().await;
    slower.press("Check SS-02 instead").await;
    slower.reads("What will happen").await;
    slower.press("Book it").await;
    slower.reads("The stay was booked.").await;
    assert_eq!(world.line("SS-01", "2020-11-03", 3).await, world.line("SS-02", "2020-11-03", 3).await);
    faster.close().await;
    slower.close().await;
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dragging_a_stay_opens_the_same_step_as_its_keys_and_its_form() {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).with_units(["SS-01", "SS-02"]).await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
    let officer = world.owner_of_account("night.officer", Role::Officer).await;
    let stay = world.officer().book("SS-01", "R-2020-0551", "2020-11-03", 3).await.unwrap();
    let other = world.unit("SS-02").await;
    browser.sign_in(&world, &officer).await;
    let link = format!("a[data-stay=\"{}\"]", stay.id);
    let to_other = format!("/stays/{}/change?unit={other}", stay.id);
    let longer = format!("/stays/{}/change?departure=2020-11-07", stay.id);

    live_board(&browser).await;
    drag(&browser, &link, &format!("tr[data-unit=\"{other}\"] td.free[data-night=\"2020-11-03\"]")).await;
    browser.reads("What will happen").await;
    assert_eq!(browser.path().await, to_other);
    browser.look().await;
    live_board(&browser).await;
    browser.one(&link).await.send_keys(Key::Shift + Key::Down).await.unwrap();
    browser.reads("What will happen").await;
    assert_eq!(browser.path().await, to_other, "the key opens what dragging opens");

    live_board(&browser).await;
    drag(&browser, &link, &format!("tr:not([data-unit=\"{other}\"]) td.free[data-night=\"2020-11-06\"]"))
        .await;
    browser.reads("What will happen").await;
    assert_eq!(browser.path().await, longer);
    live_board(&browser).await;
    browser.one(&link).await.send_keys(Key::Shift + Key::Right).await.unwrap();
    browser.reads("What will happen").await;
    assert_eq!(browser.path().await, longer);
    assert_eq!(world.officer().stay(stay.id).await.nights, stay.nights, "nothing has happened yet");
    browser.close().await;
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_phone_the_board_is_a_list_and_without_scripts_it_is_a_page() {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).with_units(["SS-01", "SS-02"]).await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, PHONE, Scripts::Off).await else { return };
    let officer = world.owner_of_account("night.officer", Role::Officer).await;
    let stay = world.officer().book("SS-01", "R-2020-0551", "2020-11-03", 3).await.unwrap();
    browser.sign_in(&world, &officer).await;
    browser.go("/board").await;
    let link = browser.one(&format!("a[href=\"/stays/{}\"]", stay.id)).await;
    assert!(link.text().await.unwrap().contains("until Fri 6 Nov"), "a list says until when");
    let seen: Vec<String> = {
        let mut seen = Vec::new();
        for head in browser.all(".board thead").await {
            seen.push(head.css_value("display").await.unwrap());
        }
        seen
    };
    assert_eq!(seen, ["none"], "no table with columns");
    link.click().await.unwrap();
    browser.reads("R-2020-0551").await;
    browser.close().await;
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stay_that_goes_on_beyond_the_fortnight_is_changed_from_its_own_departure() {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
    let officer = world.owner_of_account("night.officer", Role::Officer).await;
    let booked =
        world.manager().book_with_exception("SS-01", "R-2020-0551", "2020-11-03", 20, "No other home.").await;
    let stay = booked.unwrap();
    browser.sign_in(&world, &officer).await;
    live_board(&browser).await;
    browser.reads("until Mon 23 Nov").await;
    browser
        .one(&format!("a[data-stay=\"{}\"]", stay.id))
        .await
        .send_keys(Key::Shift + Key::Right)
        .await
        .unwrap();
    browser.reads("Change the stay of R-2020-0551").await;
    assert_eq!(browser.path().await, format!("/stays/{}/change?departure=2020-11-24", stay.id));
    // A date that is none is said to be none.
    browser.go("/board?from=9999-12-31").await;
    browser.reads("outside the years").await;
    browser.look().await;
    browser.close().await;
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overstay_and_whom_it_is_in_the_way_of_are_told() {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
    let officer = world.owner_of_account("night.officer", Role::Officer).await;
    let there = world.officer().book("SS-01", "R-2020-0551", "2020-11-03", 1).await.unwrap();
    world.officer().check_in(&there).await.unwrap();
    let next = world.officer().book("SS-01", "R-2020-0552", "2020-11-05", 3).await.unwrap();
    world.clock.forward(chrono::TimeDelta::days(2));
    world.engine.turn_day().await.unwrap();
    browser.sign_in(&world, &officer).await;
    live_board(&browser).await;
    browser.reads("overstay").await;
    browser.reads("has lost nights to an overstay").await;
    browser.look().await;
    browser.go(&format!("/stays/{}", next.id)).await;
    browser.reads("Move").await;
    assert!(!browser.text().await.contains("Check in now"), "somebody is still there");
    assert_eq!(browser.one(".stay-next .button").await.text().await.unwrap(), "Move");
    browser.look().await;
    browser.close().await;
    databases.tidy().await;
}
