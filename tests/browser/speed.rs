//! How fast the board is: measured and printed, never asserted. The size of its page is.
//!
//! `cargo test --release --workspace --test browser -- --ignored --nocapture the_board_is_measured`

use std::time::{Duration, Instant};

use safespace_domain::{access::Role, nights::later};
use safespace_tests::{Databases, World, api::Api, day};
use serde_json::json;

use crate::chromium::{Browser, PHONE, Scripts};

const EVENING: &str = "2020-11-03T21:00:00Z";
const TONIGHT: &str = "2020-11-03";
/// The most that the board of 19 units and a fortnight may weigh, in bytes.
const LARGEST: usize = 60 * 1024;
/// So often each page is asked for.
const TIMES: usize = 300;

/// A world of so many units, nine nights in ten taken for five weeks: stays of six nights, mostly, then a night.
async fn full_world(databases: &Databases, units: u32) -> World {
    let world = World::at(EVENING, databases).with_unit_for("SS-000", 4).await;
    let property = world.property("HOUSE").await;
    for unit in 0..units {
        let code = format!("SS-{unit:03}");
        if unit > 0 {
            world.register_unit(&code, property, 4, None).await;
        }
        for stay in 0..5 {
            let arrival = later(day(TONIGHT), stay * 7 + unit % 2).to_string();
            let household = format!("R-2020-{unit:03}{stay}");
            world.officer().book(&code, &household, &arrival, 6).await.unwrap();
        }
    }
    world
}

/// A session, and a page as its browser asks for it.
struct Asking {
    client: reqwest::Client,
    origin: String,
    cookie: String,
}

impl Asking {
    async fn as_officer(world: &World, api: &Api) -> Self {
        let owner = world.owner_of_account("night.officer", Role::Officer).await;
        let cookie = format!("__Host-safespace={}", world.sign_in(&owner).await.cookie);
        let origin = api.url.strip_suffix("/graphql").unwrap().to_owned();
        Self { client: safespace_tests::api::client().build().unwrap(), origin, cookie }
    }

    async fn page(&self, path: &str) -> (Duration, usize) {
        let begun = Instant::now();
        let ask = self.client.get(format!("{}{path}", self.origin)).header("Cookie", &self.cookie);
        let answer = ask.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        let bytes = answer.bytes().await.unwrap().len();
        (begun.elapsed(), bytes)
    }

    /// The median and the slowest but one in a hundred, in milliseconds, and the bytes.
    async fn measured(&self, path: &str) -> String {
        let mut all = Vec::new();
        let mut bytes = 0;
        for _ in 0..TIMES {
            let (took, size) = self.page(path).await;
            all.push(took);
            bytes = size;
        }
        all.sort();
        let at = |part: usize| all[TIMES * part / 100].as_secs_f64() * 1_000.0;
        format!(
            "p50 {:.2} ms, p99 {:.2} ms, {:.1} KB",
            at(50),
            at(99),
            f64::from(u32::try_from(bytes).unwrap()) / 1_024.0
        )
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_board_of_nineteen_homes_and_a_fortnight_is_a_small_page() {
    let databases = Databases::sqlite();
    let world = full_world(&databases, 19).await;
    let api = Api::serve(&world.engine).await;
    let asking = Asking::as_officer(&world, &api).await;
    let (_, bytes) = asking.page("/board").await;
    assert!(bytes < LARGEST, "{bytes} bytes");
    // A board on which nothing is taken has the most links.
    let (_, bytes) = asking.page("/board?from=2021-03-01").await;
    assert!(bytes < LARGEST, "{bytes} bytes when it is empty");
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures: cargo test --release --workspace --test browser -- --ignored --nocapture the_board_is_measured"]
async fn the_board_is_measured() {
    for (units, nights) in [(19, 14), (200, 28)] {
        let databases = Databases::sqlite();
        let world = full_world(&databases, units).await;
        let api = Api::serve(&world.engine).await;
        let asking = Asking::as_officer(&world, &api).await;
        println!("floor, the account's page: {}", asking.measured("/account").await);
        println!(
            "board, {units} units, {nights} nights: {}",
            asking.measured(&format!("/board?nights={nights}")).await
        );
        databases.tidy().await;
    }
    let databases = Databases::sqlite();
    let world = full_world(&databases, 19).await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, PHONE, Scripts::On).await else { return };
    let owner = world.owner_of_account("phone.officer", Role::Officer).await;
    browser.sign_in(&world, &owner).await;
    // A phone on 4G: 9 Mbit/s, 85 ms there and back, a core a quarter as fast.
    browser.devtools("Network.enable", json!({})).await;
    let network = json!({ "offline": false, "latency": 85, "downloadThroughput": 1_125_000, "uploadThroughput": 187_500 });
    browser.devtools("Network.emulateNetworkConditions", network).await;
    browser.devtools("Emulation.setCPUThrottlingRate", json!({ "rate": 4 })).await;
    let mut all = Vec::new();
    for _ in 0..11 {
        browser.go("/board").await;
        browser.one(".board").await;
        let script = "return performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1;";
        all.push(browser.run(script, Vec::new()).await.as_f64().unwrap_or(-1.0));
    }
    all.sort_by(f64::total_cmp);
    println!("board, 19 units, first content on a throttled phone: median {:.0} ms, all {all:.0?}", all[5]);
    browser.close().await;
    databases.tidy().await;
}
