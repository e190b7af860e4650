//! The pictures of the guides, made from the demonstration.
//!
//! `cargo test --release --workspace --test browser -- --ignored pictures`

use std::path::{Path, PathBuf};

use safespace_domain::{access::Role, referrals::ReferralStatus, stays::StayStatus, units::Scheme};
use safespace_engine::{Page, ReferralFilter, StayFilter};
use safespace_tests::{Databases, World, api::Api};
use serde_json::json;

use crate::chromium::{Browser, DESK, PHONE, Scripts};

/// An evening on which the demonstration is full of life, and the same at each time.
const EVENING: &str = "2020-12-01T21:30:00Z";

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures").join(name)
}

/// Takes a picture of a page, so high.
async fn take(browser: &Browser, path: &str, name: &str, (width, height): (u32, u32)) {
    browser.width(width).await;
    let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
    browser.devtools("Emulation.setDeviceMetricsOverride", size).await;
    browser.go(path).await;
    browser.one("h1").await;
    browser.driver().screenshot(&file(name)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "makes the pictures of the guides anew: minutes, and files that are kept"]
async fn pictures_of_the_guides() {
    std::fs::create_dir_all(file("")).unwrap();
    let databases = Databases::sqlite();
    let world = World::of_demonstration(&databases, EVENING).await;
    let api = Api::serve(&world.engine).await;
    let engine = &world.engine;
    let officer = world.owner_of_account("night.officer", Role::Officer).await;
    let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
    browser.sign_in(&world, &officer).await;
    browser.one("h1").await;
    let local = engine.local();
    let waiting = ReferralFilter { council: None, statuses: vec![ReferralStatus::Accepted] };
    let waiting = engine.referrals(&local, &waiting, Page { after: None, limit: 100 }).await.unwrap();
    let mut most = None;
    let holds = engine.holds(&local, None, true, Page { after: None, limit: 100 }).await.unwrap();
    let is_held = |household| holds.iter().any(|hold| Some(hold.household) == household);
    for view in waiting.iter().filter(|view| !is_held(view.referral.household())) {
        let found = engine.allocation(&local, view.referral.id, None, Scheme::SafeSpace).await.unwrap();
        most = most.max(Some((found.ranked.len(), view.referral.id)));
    }
    let (_, referral) = most.unwrap();
    let there = StayFilter { statuses: vec![StayStatus::InResidence], ..StayFilter::default() };
    let there = engine.stays(&local, &there, Page { after: None, limit: 100 }).await.unwrap();
    let stay = there.iter().max_by_key(|stay| stay.nights.arrival()).unwrap().id;
    take(&browser, "/", "today.png", (DESK, 1_200)).await;
    take(&browser, "/board", "board.png", (DESK, 1_300)).await;
    take(&browser, "/board", "board-phone.png", (PHONE, 844)).await;
    take(&browser, "/referrals/new", "referral.png", (DESK, 1_250)).await;
    take(&browser, &format!("/referrals/{referral}/place"), "place.png", (DESK, 1_200)).await;
    take(&browser, &format!("/stays/{stay}"), "stay.png", (DESK, 1_200)).await;
    take(&browser, "/daily-sheet", "daily-sheet.png", (DESK, 1_200)).await;
    browser.close().await;

    let manager = world.owner_of_account("day.manager", Role::Manager).await;
    let browser = Browser::open(&api, DESK, Scripts::On).await.unwrap();
    browser.sign_in(&world, &manager).await;
    browser.one("h1").await;
    take(&browser, "/reports", "reports.png", (DESK, 1_600)).await;
    let what_if = "/what-if?arrivalsPercent=90&longerByNights=&addCount=2&addSleeps=4&close=";
    take(&browser, what_if, "what-if.png", (DESK, 1_400)).await;
    take(&browser, "/meeting-packs/BOARD/2020-11-01", "meeting-pack.png", (DESK, 1_200)).await;
    browser.close().await;

    let partner = world.owner_of_account("north.herts", Role::Partner).await;
    let browser = Browser::open(&api, DESK, Scripts::On).await.unwrap();
    browser.sign_in(&world, &partner).await;
    browser.fill("adults", "1").await;
    browser.fill("children", "1").await;
    browser.press("Ask").await;
    browser.one("#answer").await;
    let path = browser.path().await;
    take(&browser, &path, "room.png", (DESK, 1_100)).await;
    browser.close().await;
    databases.tidy().await;
}
