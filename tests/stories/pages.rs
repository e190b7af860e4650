//! The pages of signing in, as a browser without scripts uses them.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use reqwest::{Client, Response, redirect::Policy};
use safespace_domain::access::Role;
use safespace_engine::{NewAccount, code_now};
use safespace_tests::{Databases, PASSWORD, World, api::Api, on_both};

on_both![
    an_account_is_set_up_and_signed_in_to_by_pages_alone,
    whatever_is_wrong_is_said_on_the_page_and_what_was_typed_is_kept_but_for_secrets,
    a_form_of_another_site_or_without_its_token_is_not_taken,
    leaving_at_once_ends_the_session_and_clears_the_browser,
    a_fresh_second_factor_leads_back_to_a_page_of_this_site_only,
    a_session_that_has_ended_leads_to_the_sign_in,
    a_password_is_changed_on_its_page,
    whoever_else_has_the_link_is_shown_another_second_factor,
    the_api_takes_a_session_only_from_a_page_of_this_site,
];

const EVENING: &str = "2020-11-03T21:00:00Z";

/// A browser: it keeps cookies, and says from where its forms come.
struct Browser {
    client: Client,
    origin: String,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    fn at(api: &Api) -> Self {
        let client = safespace_tests::api::client().redirect(Policy::none()).build().unwrap();
        let origin = api.url.strip_suffix("/graphql").unwrap().to_owned();
        Self { client, origin, cookies: BTreeMap::new() }
    }

    fn cookie_line(&self) -> String {
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    fn keep_cookies(&mut self, answer: &Response) {
        for line in answer.headers().get_all("set-cookie") {
            let line = line.to_str().unwrap();
            assert!(
                line.starts_with("__Host-") && line.contains("; Path=/; Secure; HttpOnly; SameSite=Lax"),
                "{line}"
            );
            assert!(!line.contains("Domain"), "{line}");
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
        if answer.headers().get("content-type").is_some_and(|kind| kind == "text/html; charset=utf-8") {
            let policy = answer.headers()["content-security-policy"].to_str().unwrap();
            assert!(
                policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'"),
                "{policy}"
            );
        }
    }

    async fn get(&mut self, path: &str) -> (u16, String) {
        let ask = self.client.get(format!("{}{path}", self.origin)).header("Cookie", self.cookie_line());
        let answer = ask.send().await.unwrap();
        self.keep_cookies(&answer);
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Sends a form as a browser does from a page that sends no referrer.
    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> (u16, String, String) {
        self.post_from("same-origin", "null", path, fields).await
    }

    async fn post_from(
        &mut self,
        site: &str,
        origin: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> (u16, String, String) {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let ask = self.client.post(format!("{}{path}", self.origin)).header("Cookie", self.cookie_line());
        let ask = ask.header("Content-Type", "application/x-www-form-urlencoded");
        let ask = if site.is_empty() { ask } else { ask.header("Sec-Fetch-Site", site) };
        let ask = if origin.is_empty() { ask } else { ask.header("Origin", origin) };
        let answer = ask.body(body.join("&")).send().await.unwrap();
        self.keep_cookies(&answer);
        let to = answer.headers().get("location").map_or("", |to| to.to_str().unwrap()).to_owned();
        (answer.status().as_u16(), to, answer.text().await.unwrap())
    }

    /// Signs in by the pages.
    async fn sign_in(&mut self, world: &World, name: &str, factor: &str) {
        let (_, page) = self.get("/sign-in").await;
        let fields = [("token", token(&page)), ("name", name), ("password", PASSWORD)];
        assert_eq!(self.post("/sign-in", &fields).await.1, "/sign-in/code");
        let (_, page) = self.get("/sign-in/code").await;
        world.clock.forward(TimeDelta::seconds(30));
        let code = code_now(factor, world.now()).unwrap();
        let done = self.post("/sign-in/code", &[("token", token(&page)), ("code", &code)]).await;
        assert_eq!((done.0, done.1.as_str()), (303, "/"), "{}", done.2);
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

/// The token of the first form in the main part of a page.
fn token(page: &str) -> &str {
    let main = page.split("<main").nth(1).unwrap_or(page);
    let after = main.split("name=\"token\" value=\"").nth(1).unwrap_or_else(|| panic!("no form: {page}"));
    after.split('"').next().unwrap()
}

async fn an_account_is_set_up_and_signed_in_to_by_pages_alone(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let api = Api::serve(&world.engine).await;
    let mut browser = Browser::at(&api);
    let new = NewAccount { name: "night.officer".into(), role: Role::Officer, council: None };
    let link = world.engine.create_account(&world.engine.local(), new).await.unwrap().link;
    let path = format!("/set-up/{link}");
    let (status, page) = browser.get(&path).await;
    assert_eq!(status, 200);
    assert!(page.contains("You sign in as <strong>night.officer</strong>"));
    let fields = [("token", token(&page)), ("password", PASSWORD)];
    let done = browser.post(&format!("{path}/password"), &fields).await;
    assert_eq!((done.0, &done.1), (303, &path));
    let (_, page) = browser.get(&path).await;
    assert!(page.contains("<svg") && !page.contains(PASSWORD));
    let secret = page.split("<code>").nth(1).unwrap().split('<').next().unwrap().replace(' ', "");
    let (_, again) = browser.get(&path).await;
    assert!(
        again.contains(&page.split("<svg").nth(1).unwrap()[..400]),
        "a page that is looked at twice is the same"
    );
    let code = code_now(&secret, world.now()).unwrap();
    let done =
        browser.post(&format!("{path}/second-factor"), &[("token", token(&page)), ("code", &code)]).await;
    assert_eq!(done.2.matches("<li><code>").count(), 10, "{}", done.2);
    assert_eq!(browser.get(&path).await.0, 404, "the link is used up");

    browser.sign_in(&world, "night.officer", &secret).await;
    let (status, home) = browser.get("/account").await;
    assert_eq!(status, 200);
    assert!(home.contains("<dd>night.officer</dd>") && home.contains("<dd>officer</dd>"), "{home}");
    let (_, sessions) = browser.get("/sessions").await;
    assert!(sessions.contains("This one"));
    let done = browser.post("/sign-out", &[("token", token(&home))]).await;
    assert_eq!(done.1, "/sign-in");
    assert!(browser.cookies.is_empty());
    assert_eq!(browser.get("/").await.0, 303);
}

async fn whatever_is_wrong_is_said_on_the_page_and_what_was_typed_is_kept_but_for_secrets(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let api = Api::serve(&world.engine).await;
    world.owner_of_account("night.officer", Role::Officer).await;
    let mut browser = Browser::at(&api);
    let (_, page) = browser.get("/sign-in").await;
    let odd = "\"><script>alert(1)</script>";
    let fields = [("token", token(&page)), ("name", odd), ("password", "a wrong password, typed")];
    let (status, _, page) = browser.post("/sign-in", &fields).await;
    assert_eq!(status, 422);
    assert!(page.contains("There is a problem") && page.contains("<a href=\"#name\">"));
    assert!(!page.contains("<script>") && page.contains("&#60;script"), "{page}");
    assert!(!page.contains("a wrong password"), "a password is never said back");
    assert!(page.contains("<title>Error: Sign in"));
    assert_eq!(browser.get("/set-up/nothing").await.0, 404);
    assert_eq!(browser.get("/set-up/%3Cscript%3E").await.0, 404);
}

async fn a_form_of_another_site_or_without_its_token_is_not_taken(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let api = Api::serve(&world.engine).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let mut browser = Browser::at(&api);
    browser.sign_in(&world, "night.officer", &owner.factor).await;
    let (_, home) = browser.get("/").await;
    let (good, origin) = (token(&home).to_owned(), browser.origin.clone());
    for (site, from, token) in [
        ("cross-site", "https://evil.example", good.as_str()),
        ("cross-site", "null", &good),
        ("", "https://evil.example", &good),
        ("", "null", &good),
        ("", "", &good),
        ("same-site", "", &good),
        ("same-origin", &origin, ""),
        ("same-origin", &origin, &good[1..]),
        ("same-origin", &origin, &"0".repeat(64)),
    ] {
        let done = browser.post_from(site, from, "/sessions/end-all", &[("token", token)]).await;
        assert_eq!(done.0, 403, "{site} {from} {token}");
        assert!(done.2.contains("Nothing was done"));
    }
    assert_eq!(browser.get("/").await.0, 200, "still signed in");
    assert_eq!(
        browser.post_from("same-origin", &origin, "/sessions/end-all", &[("token", &good)]).await.0,
        303
    );
    assert_eq!(browser.get("/").await.0, 303);
}

async fn leaving_at_once_ends_the_session_and_clears_the_browser(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let api = Api::serve(&world.engine).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let mut browser = Browser::at(&api);
    browser.sign_in(&world, "night.officer", &owner.factor).await;
    let cookies = browser.cookies.clone();
    let done = browser.post("/quick-exit", &[("token", "of a page that is too old")]).await;
    assert_eq!(done.1, "https://www.gov.uk/");
    browser.cookies = cookies;
    assert_eq!(browser.get("/").await.0, 303, "the session has ended, whatever the browser kept");
}

async fn a_fresh_second_factor_leads_back_to_a_page_of_this_site_only(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let api = Api::serve(&world.engine).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let mut browser = Browser::at(&api);
    browser.sign_in(&world, "night.officer", &owner.factor).await;
    for (next, to) in [("/sessions", "/sessions"), ("https://evil.example", "/"), ("//evil.example", "/")] {
        let before = browser.cookies.clone();
        let (_, page) = browser.get(&format!("/confirm?next={}", encoded(next))).await;
        let code = world.next_code(&owner);
        let done =
            browser.post("/confirm", &[("token", token(&page)), ("code", &code), ("next", next)]).await;
        assert_eq!(done.1, to, "{}", done.2);
        assert_ne!(browser.cookies, before, "the secret is renewed");
    }
}

async fn a_session_that_has_ended_leads_to_the_sign_in(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let api = Api::serve(&world.engine).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let mut browser = Browser::at(&api);
    browser.sign_in(&world, "night.officer", &owner.factor).await;
    world.clock.forward(TimeDelta::minutes(16));
    for path in [
        "/",
        "/board",
        "/account",
        "/sessions",
        "/confirm",
        "/session",
        "/sign-in/code",
        "/password",
        "/password/changed",
    ] {
        assert_eq!(browser.get(path).await.0, 303, "{path}");
    }
    for tampered in ["", "x", "0".repeat(64).as_str(), "%00", "\u{7f}"] {
        browser.cookies.insert("__Host-safespace".into(), tampered.replace('\u{7f}', "~"));
        assert_eq!(browser.get("/").await.0, 303, "{tampered:?}");
    }
}

async fn a_password_is_changed_on_its_page(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let api = Api::serve(&world.engine).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let mut browser = Browser::at(&api);
    browser.sign_in(&world, "night.officer", &owner.factor).await;
    for path in ["/account", "/sessions"] {
        assert!(browser.get(path).await.1.contains("<a href=\"/password\">"), "{path}");
    }
    let (status, page) = browser.get("/password").await;
    assert_eq!(status, 200, "{page}");
    let new = "seven grey boats under one roof";
    for (current, password, field) in
        [("a wrong one, typed here", new, "#current"), (PASSWORD, "passwordpassword", "#password")]
    {
        let fields = [("token", token(&page)), ("current", current), ("password", password)];
        let (status, _, again) = browser.post("/password", &fields).await;
        assert_eq!(status, 422);
        assert!(again.contains("<title>Error: Change your password"));
        assert!(again.contains(&format!("<a href=\"{field}\">")), "{again}");
        assert!(!again.contains(current) && !again.contains(password), "passwords are never said back");
    }
    let fields = [("token", token(&page)), ("current", PASSWORD), ("password", new)];
    assert_eq!(browser.post_from("cross-site", "https://evil.example", "/password", &fields).await.0, 403);
    let done = browser.post("/password", &fields).await;
    assert_eq!((done.0, done.1.as_str()), (303, "/password/changed"), "{}", done.2);
    assert!(browser.get("/password/changed").await.1.contains("Your password is changed"));
    world.clock.forward(TimeDelta::minutes(6));
    assert_eq!(browser.get("/password").await.0, 303, "a code first");
    let late = browser.post("/password", &fields).await;
    assert_eq!((late.0, late.1.as_str()), (303, "/confirm?next=%2Fpassword"));
    world.engine.sign_in("night.officer", new, safespace_tests::HERE).await.unwrap();
}

async fn whoever_else_has_the_link_is_shown_another_second_factor(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let api = Api::serve(&world.engine).await;
    let new = NewAccount { name: "night.officer".into(), role: Role::Officer, council: None };
    let link = world.engine.create_account(&world.engine.local(), new).await.unwrap().link;
    world.engine.choose_password(&link, PASSWORD, safespace_tests::HERE).await.unwrap();
    let path = format!("/set-up/{link}");
    let secret = |page: &str| {
        let after = page.split("<code>").nth(1).unwrap_or_else(|| panic!("no secret: {page}"));
        after.split("</code>").next().unwrap().to_owned()
    };
    let (mut own, mut other) = (Browser::at(&api), Browser::at(&api));
    let first = own.get(&path).await.1;
    assert_eq!(secret(&own.get(&path).await.1), secret(&first), "the page can be looked at twice");
    let fields = [("token", token(&first)), ("code", "12345")];
    let (_, _, again) = own.post(&format!("{path}/second-factor"), &fields).await;
    assert_eq!(secret(&again), secret(&first), "and a mistyped code changes nothing");
    let elsewhere = secret(&other.get(&path).await.1);
    assert_ne!(elsewhere, secret(&first));
    assert_ne!(secret(&own.get(&path).await.1), elsewhere);
}

async fn the_api_takes_a_session_only_from_a_page_of_this_site(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let api = Api::serve(&world.engine).await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let mut browser = Browser::at(&api);
    browser.sign_in(&world, "night.officer", &owner.factor).await;
    let (_, session) = browser.get("/session").await;
    let session: serde_json::Value = serde_json::from_str(&session).unwrap();
    assert_eq!(session["role"], "officer");
    let csrf = session["csrf"].as_str().unwrap();
    let ask = async |site: &str, csrf: &str| {
        let ask = api.raw().post(&api.url).header("Cookie", browser.cookie_line());
        let ask = ask.header("Sec-Fetch-Site", site).header("X-CSRF-Token", csrf);
        let body = serde_json::json!({ "query": "{ viewer { role secondFactorFreshUntil } }" });
        ask.json(&body).send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask("same-origin", csrf).await, 200);
    assert_eq!(ask("cross-site", csrf).await, 401);
    assert_eq!(ask("same-origin", "").await, 401);
    assert_eq!(ask("same-origin", &csrf.to_uppercase()).await, 401);
}
