//! The page by which a manager has all that is held on a household, as a file.

use chrono::TimeDelta;
use reqwest::{Client, Response, redirect::Policy};
use safespace_domain::access::Role;
use safespace_engine::Command;
use safespace_engine::SetHouseholdDetails;
use safespace_tests::{Databases, World, api::Api, on_both};

on_both![
    a_manager_saves_a_file_that_names_nobody,
    it_needs_a_reason_and_a_fresh_second_factor_and_keeps_what_was_typed,
    it_is_for_managers_and_taken_from_a_page_of_this_site_only,
];

const EVENING: &str = "2020-11-03T21:00:00Z";
const NAME: &str = "<b>Somebody</b> Madeup";

/// A browser with somebody's session.
struct Browser<'w> {
    client: Client,
    at: String,
    world: &'w World,
    cookie: String,
}

impl<'w> Browser<'w> {
    async fn of(world: &'w World, api: &Api, role: Role) -> Self {
        let owner = world.owner_of_account(&format!("a.{role}"), role).await;
        let cookie = world.sign_in(&owner).await.cookie;
        let client = safespace_tests::api::client().redirect(Policy::none()).build().unwrap();
        let at = api.url.replace("/graphql", "/subject-access");
        Self { client, at, world, cookie }
    }

    async fn get(&self) -> Response {
        let ask = self.client.get(&self.at).header("Cookie", format!("__Host-safespace={}", self.cookie));
        ask.send().await.unwrap()
    }

    async fn post(&self, token: &str, household: &str, reason: &str) -> Response {
        let body = format!("token={token}&household={household}&reason={reason}");
        let ask = self.client.post(&self.at).header("Cookie", format!("__Host-safespace={}", self.cookie));
        let ask = ask.header("Content-Type", "application/x-www-form-urlencoded");
        ask.header("Sec-Fetch-Site", "same-origin").body(body).send().await.unwrap()
    }

    async fn ask(&self, household: &str, reason: &str) -> Response {
        let token = self.world.engine.forgery_token(&self.cookie).unwrap();
        self.post(&token, household, reason).await
    }
}

async fn known(world: &World) {
    world.manager().book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    let ask =
        SetHouseholdDetails { household: "R-1".into(), name: Some(NAME.into()), contact: None, note: None };
    world.manager().run(Command::SetHouseholdDetails(ask)).await.unwrap();
}

async fn a_manager_saves_a_file_that_names_nobody(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    known(&world).await;
    let api = Api::serve(&world.engine).await;
    let browser = Browser::of(&world, &api, Role::Manager).await;
    let form = browser.get().await;
    assert_eq!(form.status().as_u16(), 200);
    assert!(form.text().await.unwrap().contains("name=\"household\""));
    let answer = browser.ask("r-1", "they+asked").await;
    assert_eq!(answer.status().as_u16(), 200);
    let headers = answer.headers().clone();
    assert_eq!(headers["content-disposition"], "attachment; filename=\"subject-access.html\"");
    assert_eq!(headers["cache-control"], "no-store");
    assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    let page = answer.text().await.unwrap();
    assert!(page.contains("R-1") && page.contains("Somebody") && !page.contains("<b>"), "{page}");
    assert_eq!(world.count("notice").await, 1);
    let acts = "audit WHERE action = 'export_subject_access' AND sealed IS NOT NULL";
    assert_eq!(world.count(acts).await, 1);
}

async fn it_needs_a_reason_and_a_fresh_second_factor_and_keeps_what_was_typed(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    known(&world).await;
    let api = Api::serve(&world.engine).await;
    let browser = Browser::of(&world, &api, Role::Manager).await;
    for (household, reason, says) in [
        ("R-1", "", "The reason is empty"),
        ("R-NOBODY", "they+asked", "There is no such household."),
        ("", "they+asked", "There is no such household."),
    ] {
        let answer = browser.ask(household, reason).await;
        assert_eq!(answer.status().as_u16(), 422);
        assert!(answer.headers().get("content-disposition").is_none());
        let page = answer.text().await.unwrap();
        assert!(page.contains(says) && page.contains(&format!("value=\"{household}\"")), "{page}");
    }
    world.clock.forward(TimeDelta::minutes(6));
    let first = browser.get().await.headers()["location"].clone();
    assert_eq!(first, "/confirm?next=%2Fsubject-access");
    let answer = browser.ask("R-1", "they+asked").await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["location"]), (303, &first));
    let kept = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(kept.starts_with("__Host-safespace-kept="), "what was typed is kept: {kept}");
    assert!(!kept.contains("asked") && !kept.contains("R-1"), "and not in the cookie");
    assert_eq!(world.count("notice").await, 0);
}

async fn it_is_for_managers_and_taken_from_a_page_of_this_site_only(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    known(&world).await;
    let api = Api::serve(&world.engine).await;
    let officer = Browser::of(&world, &api, Role::Officer).await;
    assert_eq!(officer.get().await.status().as_u16(), 403);
    let told = officer.ask("R-1", "curious").await;
    assert_eq!(told.status().as_u16(), 403);
    assert!(!told.text().await.unwrap().contains("Madeup"));
    let manager = Browser::of(&world, &api, Role::Manager).await;
    assert_eq!(manager.post("another", "R-1", "they+asked").await.status().as_u16(), 403);
    let nobody = manager.client.get(&manager.at).send().await.unwrap();
    assert_eq!(nobody.headers()["location"], "/sign-in");
    assert_eq!(world.count("notice").await, 0);
}
