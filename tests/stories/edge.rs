//! What the network sees: headers on whatever is answered, limits, and errors that say nothing back.

use std::num::NonZeroU32;

use reqwest::{RequestBuilder, Response};
use safespace_edge::{Edge, Introspection};
use safespace_tests::{Databases, World, api::Api, on_both};
use serde_json::{Value as Json, json};

on_both![
    every_answer_carries_the_headers_that_protect_it,
    introspection_is_off_unless_it_is_asked_for,
    no_error_says_back_what_was_sent,
    what_would_cost_much_is_refused_before_it_does,
    who_asks_too_often_is_told_when_to_come_back,
    the_address_that_counts_is_the_last_that_nobody_could_make_up,
    metrics_are_for_this_machine_and_tell_nothing_about_people,
    hostile_requests_get_a_clear_answer_and_the_next_one_is_served,
];

const EVENING: &str = "2020-11-03T21:00:00Z";

/// Where a path is, at the server of this API.
fn at(api: &Api, path: &str) -> String {
    api.url.replace("/graphql", path)
}

fn query(api: &Api, token: &str, query: &str, variables: &Json) -> RequestBuilder {
    let body = json!({ "query": query, "variables": variables });
    api.raw()
        .post(&api.url)
        .bearer_auth(token)
        .header("accept", "application/graphql-response+json")
        .json(&body)
}

/// Every kind of answer that the service has: of each route, as it should be asked and not.
async fn every_kind_of_answer(api: &Api, world: &World) -> Vec<(String, Response)> {
    let client = api.raw();
    let officer = &world.officer_token;
    let mut answers = Vec::new();
    for path in [
        "/",
        "/graphql",
        "/partner/graphql",
        "/graphql/ws",
        "/livez",
        "/readyz",
        "/metrics",
        "/nowhere",
        "/%ff",
    ] {
        let url = at(api, path);
        for (method, request) in [
            ("GET", client.get(&url)),
            ("HEAD", client.head(&url)),
            ("POST", client.post(&url)),
            ("PUT", client.put(&url)),
            ("OPTIONS", client.request(reqwest::Method::OPTIONS, &url)),
            ("TRACE", client.request(reqwest::Method::TRACE, &url)),
            ("signed POST", client.post(&url).bearer_auth(officer)),
            (
                "signed JSON",
                client.post(&url).bearer_auth(officer).header("content-type", "application/json").body("{"),
            ),
            ("partner", client.post(&url).bearer_auth(&world.partner_token)),
            ("gzip", client.post(&url).bearer_auth(officer).header("content-encoding", "gzip").body("x")),
        ] {
            answers.push((format!("{method} {path}"), request.send().await.unwrap()));
        }
    }
    answers
        .push(("data".into(), query(api, officer, "{ viewer { role } }", &json!({})).send().await.unwrap()));
    answers.push(("errors".into(), query(api, officer, "{ nonsense }", &json!({})).send().await.unwrap()));
    answers
}

async fn every_answer_carries_the_headers_that_protect_it(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let api = Api::serve(&world.engine).await;
    let mut statuses = std::collections::BTreeSet::new();
    for (what, answer) in every_kind_of_answer(&api, &world).await {
        statuses.insert(answer.status().as_u16());
        for (name, value) in [
            ("cache-control", "no-store"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ] {
            let found: Vec<_> = answer.headers().get_all(name).iter().collect();
            assert_eq!(found, [value], "{what}: {name}");
        }
        // Pages have a policy of their own: a style and forms, and nothing else from anywhere.
        let policies: Vec<_> = answer.headers().get_all("content-security-policy").iter().collect();
        let policy = policies[0].to_str().unwrap();
        assert_eq!(policies.len(), 1, "{what}");
        for held in ["default-src 'none'; ", "base-uri 'none'", "form-action ", "frame-ancestors 'none'"] {
            assert!(policy.contains(held), "{what}: {policy}");
        }
        assert!(answer.headers().contains_key("permissions-policy"), "{what}");
        assert!(
            !answer.headers().contains_key("strict-transport-security"),
            "{what}: a promise over plain HTTP"
        );
        assert!(!answer.headers().contains_key("server"), "{what}");
    }
    assert!([200, 400, 401, 403, 404, 405, 415].iter().all(|it| statuses.contains(it)), "{statuses:?}");

    // Behind a proxy that is trusted and speaks TLS, browsers are held to it.
    let trusted = vec!["127.0.0.1".parse().unwrap()];
    let api = Api::serve_behind(&world.engine, &Edge { trusted_proxies: trusted, ..Edge::default() }).await;
    let answer = api.raw().get(at(&api, "/livez")).header("x-forwarded-proto", "https").send().await.unwrap();
    assert!(answer.headers()["strict-transport-security"].to_str().unwrap().starts_with("max-age="));
}

async fn introspection_is_off_unless_it_is_asked_for(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let officer = &world.officer_token;
    let asked = [
        "{ __schema { queryType { name } } }",
        "{ __type(name: \"Stay\") { name } }",
        "{ ...f } fragment f on Query { __schema { queryType { name } } }",
    ];
    let closed = Api::serve(&world.engine).await;
    for text in asked {
        let (code, message) = closed.fails(officer, text, json!({})).await;
        assert_eq!((code.as_str(), message.contains("schema.graphql")), ("BAD_REQUEST", true), "{message}");
    }
    closed.ask(officer, "{ __typename viewer { __typename } }", json!({})).await;
    let edge = Edge { introspection: Introspection::Open, ..Edge::default() };
    let open = Api::serve_behind(&world.engine, &edge).await;
    for text in asked {
        open.ask(officer, text, json!({})).await;
    }
    open.for_partners().ask(&world.partner_token, asked[0], json!({})).await;
}

/// Stands in wrong requests wherever something can be wrong.
const PLANTED: &str = "Wisteria4711";

#[expect(clippy::too_many_lines, reason = "a table of wrong requests reads best in one place")]
async fn no_error_says_back_what_was_sent(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let api = Api::serve(&world.engine).await;
    let p = PLANTED;
    let book = "mutation($i: BookStayInput!) { bookStay(input: $i) { __typename } }";
    let input = |field: &str, value: Json| {
        let mut input =
            json!({ "household": "R-1", "arrival": "2020-11-03", "departure": "2020-11-05", "adults": 1 });
        input[field] = value;
        json!({ "i": input })
    };
    let quoted = format!("x\" {p} \"y\" `{p}` '{p}'");
    let cases: Vec<(String, Json)> = vec![
        (format!("{{ {p} }}"), json!({})),
        (format!("{{ {p}"), json!({})),
        (p.to_owned(), json!({})),
        (format!("{{ viewer {{ role }} }} # {p}\n }}"), json!({})),
        (format!("{{ viewer {{ role(a: \"{p}\n\") }} }}"), json!({})),
        (format!("{{ viewer {{ {p} }} }}"), json!({})),
        (format!("{{ viewer {{ role {{ {p} }} }} }}"), json!({})),
        (format!("{{ viewer({p}: 1) {{ role }} }}"), json!({})),
        (format!("{{ viewer @{p} {{ role }} }}"), json!({})),
        (format!("{{ viewer @include({p}: true) {{ role }} }}"), json!({})),
        (format!("{{ viewer @include(if: \"{p}\") {{ role }} }}"), json!({})),
        (format!("{{ ...{p} }}"), json!({})),
        (format!("{{ ...f }} fragment f on {p} {{ a }}"), json!({})),
        (format!("{{ viewer {{ role }} }} fragment {p} on Viewer {{ role }}"), json!({})),
        (format!("{{ ...{p} }} fragment {p} on Query {{ ...{p} }}"), json!({})),
        (format!("{{ viewer {{ role }} }} fragment {p} on Q {{ a }} fragment {p} on Q {{ a }}"), json!({})),
        (format!("query {p} {{ viewer {{ role }} }} query {p} {{ viewer {{ role }} }}"), json!({})),
        (format!("query {p} {{ viewer {{ role }} }} {{ viewer {{ role }} }}"), json!({})),
        (format!("query(${p}: Int) {{ viewer {{ role }} }}"), json!({})),
        (format!("query($a: {p}) {{ viewer {{ role }} }}"), json!({})),
        (format!("query($a: Int = \"{p}\") {{ units(first: $a) {{ nodes {{ code }} }} }}"), json!({})),
        (format!("{{ units(first: ${p}) {{ nodes {{ code }} }} }}"), json!({})),
        (format!("{{ units(first: \"{p}\") {{ nodes {{ code }} }} }}"), json!({})),
        (format!("{{ units(first: {p}) {{ nodes {{ code }} }} }}"), json!({})),
        (format!("{{ units(first: {{{p}: 1}}) {{ nodes {{ code }} }} }}"), json!({})),
        (format!("{{ {p}: units {{ nodes {{ code }} }} {p}: viewer {{ role }} }}"), json!({})),
        (format!("{{ stays(filter: {{from: \"{p}\"}}) {{ nodes {{ id }} }} }}"), json!({})),
        (format!("{{ stays(filter: {{{p}: 1}}) {{ nodes {{ id }} }} }}"), json!({})),
        (format!("{{ stays(after: \"{p}\") {{ nodes {{ id }} }} }}"), json!({})),
        (format!("{{ node(id: \"{p}\") {{ id }} }}"), json!({})),
        (
            format!(
                "{{ occupancy(from: \"2020-01-01\", to: \"2020-02-01\", by: {p}) {{ rows {{ nodes {{ period }} }} }} }}"
            ),
            json!({}),
        ),
        (book.into(), input("arrival", json!(p))),
        (book.into(), input("adults", json!(p))),
        (book.into(), input("scheme", json!(p))),
        (book.into(), input("scheme", json!(quoted))),
        (book.into(), input(p, json!(1))),
        (book.into(), input(&quoted, json!(1))),
        (book.into(), input("unit", json!(p))),
        (book.into(), input("features", json!({ p: p }))),
        (book.into(), json!({ "i": p })),
        (book.into(), json!({ "i": [p] })),
        (book.into(), json!({ p: 1 })),
        // The id of a record of a kind that somebody made up.
        ("{ node(id: \"V2lzdGVyaWE0NzExOjE\") { id } }".into(), json!({})),
        (book.into(), input("unit", json!("V2lzdGVyaWE0NzExOjE"))),
    ];
    for (text, variables) in &cases {
        for accept in ["application/graphql-response+json", "application/json"] {
            let request = query(&api, &world.officer_token, text, variables).header("accept", accept);
            let answer = request.send().await.unwrap().text().await.unwrap();
            assert!(answer.contains("\"errors\""), "{text} {variables}: {answer}");
            assert!(!answer.contains(p), "{text} {variables}: {answer}");
        }
    }
    for (name, operation) in
        [(p.to_owned(), "query a { viewer { role } }"), (quoted, "query a { viewer { role } }")]
    {
        let body = json!({ "query": operation, "operationName": name });
        let request = api.raw().post(&api.url).bearer_auth(&world.officer_token).json(&body);
        let answer = request.send().await.unwrap().text().await.unwrap();
        assert!(answer.contains("\"errors\"") && !answer.contains(p), "{answer}");
    }
    let raw = |body: String| api.raw().post(&api.url).bearer_auth(&world.officer_token).body(body);
    let json_type = "application/json";
    for request in [
        raw(format!("{{\"query\": \"{{ viewer {{ role }} }}\", \"{p}\"")).header("content-type", json_type),
        raw(format!("{{\"query\": \"{{ viewer {{ role }} }}\", \"variables\": \"{p}\"}}"))
            .header("content-type", json_type),
        raw(p.into()).header("content-type", json_type),
        raw(p.into()).header("content-type", format!("text/{p}")),
        raw("{}".into()).header("content-encoding", p),
        raw("{}".into()).header("accept", format!("text/{p}")),
        api.raw().get(format!("{}?query={p}", api.url)).bearer_auth(p),
        api.raw().get(at(&api, &format!("/{p}"))),
        api.raw().get(at(&api, "/graphql/ws")).bearer_auth(p).header("sec-websocket-key", p),
    ] {
        let answer = request.send().await.unwrap();
        let headers = format!("{:?}", answer.headers());
        let text = answer.text().await.unwrap();
        assert!(!text.contains(p) && !headers.contains(p), "{headers} {text}");
    }
    // What is wrong is said all the same, and where.
    let (_, message) = api.fails(&world.officer_token, "{ viewer {\n  role ] } }", json!({})).await;
    assert_eq!(message, "This is no GraphQL from line 2, column 8 on.");
    let (_, message) = api.fails(&world.officer_token, &format!("{{ viewer {{ {p} }} }}"), json!({})).await;
    assert_eq!(message, "Unknown field \"…\" on type \"Viewer\".");
}

async fn what_would_cost_much_is_refused_before_it_does(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let api = Api::serve(&world.engine).await;
    let officer = &world.officer_token;
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(40_000), close.repeat(40_000));
    let doubling = |n: u32| format!(" fragment f{n} on Query {{ ...f{m} ...f{m} }}", m = n + 1);
    let bomb = (0..50).map(doubling).collect::<Vec<_>>().concat();
    let commands = "checkIn(input: {stay: \"x\"}) { __typename } ".repeat(11);
    for (text, told) in [
        (deep("{a", "}"), "at most 40 deep"),
        (format!("{{ units(first: {}) {{ nodes {{ code }} }} }}", deep("[", "]")), "at most 40 deep"),
        (format!("{{ units(first: {}) {{ nodes {{ code }} }} }}", deep("{a:", "}")), "at most 40 deep"),
        (format!("query($a: {}) {{ viewer {{ role }} }}", deep("[", "]")), "at most 40 deep"),
        (format!("{{ ...f0 }}{bomb} fragment f50 on Query {{ viewer {{ role }} }}"), "at most 2000 fields"),
        (format!("{{ viewer {{ {} }} }}", "role @skip(if: false) ".repeat(31)), "at most 30 directives"),
        (format!("mutation {{ {commands} }}"), "at most 10 commands"),
    ] {
        let (code, message) = api.fails(officer, &text, json!({})).await;
        assert_eq!((code.as_str(), message.contains(told)), ("BAD_REQUEST", true), "{told}: {message}");
    }
    // Variables that nest deeply, as JSON that no parser of ours follows to the end.
    let nested = format!(
        "{{\"query\": \"{{ viewer {{ role }} }}\", \"variables\": {{\"a\": {}1{}}}}}",
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    let request =
        api.raw().post(&api.url).bearer_auth(officer).header("content-type", "application/json").body(nested);
    assert_eq!(request.send().await.unwrap().status(), 400);
    api.ask(officer, "{ viewer { role } }", json!({})).await;
}

async fn who_asks_too_often_is_told_when_to_come_back(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let edge = Edge { requests_per_second: NonZeroU32::new(1), ..Edge::default() };
    let api = Api::serve_behind(&world.engine, &edge).await;
    let mut answers = Vec::new();
    for _ in 0..8 {
        answers
            .push(query(&api, &world.officer_token, "{ viewer { role } }", &json!({})).send().await.unwrap());
    }
    let late = answers.iter().position(|answer| answer.status() == 429).expect("a limit");
    assert!(late >= 4, "{late}");
    let late = answers.remove(late);
    let seconds: u64 = late.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=2).contains(&seconds), "{seconds}");
    assert_eq!(late.headers()["cache-control"], "no-store");
    assert_eq!(late.json::<Json>().await.unwrap()["errors"][0]["extensions"]["code"], "TOO_MANY");
    // Another credential has its own; whoever guesses them is stopped by the address.
    api.ask(&world.manager_token, "{ viewer { role } }", json!({})).await;
    let mut limited = 0;
    for n in 0..40 {
        let status = query(&api, &format!("guess-{n}"), "{ viewer { role } }", &json!({}))
            .send()
            .await
            .unwrap()
            .status();
        limited += u32::from(status == 429);
    }
    assert!(limited > 0, "guessing goes on for ever");
    assert_eq!(
        api.raw().get(at(&api, "/livez")).send().await.unwrap().status(),
        200,
        "a probe is always answered"
    );
}

async fn the_address_that_counts_is_the_last_that_nobody_could_make_up(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let once = |trusted: &[&str]| Edge {
        requests_per_second: NonZeroU32::new(1),
        trusted_proxies: trusted.iter().map(|ip| ip.parse().unwrap()).collect(),
        ..Edge::default()
    };
    for (edge, through) in [(once(&[]), false), (once(&["127.0.0.1"]), true)] {
        let api = Api::serve_behind(&world.engine, &edge).await;
        let mut limited = 0;
        for n in 0..40 {
            let request = api
                .raw()
                .get(at(&api, "/"))
                .header("x-forwarded-for", format!("203.0.113.1, 198.51.100.{n}"));
            limited += u32::from(request.send().await.unwrap().status() == 429);
        }
        assert_eq!(limited == 0, through, "{limited} of 40");
    }
}

async fn metrics_are_for_this_machine_and_tell_nothing_about_people(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let api = Api::serve(&world.engine).await;
    let client = api.raw();
    client.get(at(&api, &format!("/nowhere/{PLANTED}?q={PLANTED}"))).send().await.unwrap();
    query(&api, &world.officer_token, &format!("{{ {PLANTED} }}"), &json!({})).send().await.unwrap();
    let text = client.get(at(&api, "/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("safespace_http_requests_total{route=\"other\",status=\"4xx\"} 1\n"), "{text}");
    assert!(text.contains("safespace_http_requests_total{route=\"/graphql\",status=\"4xx\"} 1\n"), "{text}");
    assert!(text.contains("safespace_build_info{version="), "{text}");
    for secret in [PLANTED, &world.officer_token, "127.0.0.1"] {
        assert!(!text.contains(secret), "{text}");
    }
    for header in ["x-forwarded-for", "forwarded", "via"] {
        let through = client.get(at(&api, "/metrics")).header(header, "127.0.0.1").send().await.unwrap();
        assert_eq!(through.status(), 404, "{header}: a proxy on this machine stands for the world");
    }
}

async fn hostile_requests_get_a_clear_answer_and_the_next_one_is_served(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let api = Api::serve(&world.engine).await;
    let client = api.raw();
    let officer = &world.officer_token;
    let post = |body: Vec<u8>| {
        client.post(&api.url).bearer_auth(officer).header("content-type", "application/json").body(body)
    };
    for (what, request, status) in [
        ("gzip", post(b"\x1f\x8b\x08\x00".to_vec()).header("content-encoding", "gzip"), 415),
        ("bad UTF-8", post(b"{\"query\": \"{ viewer \xff }\"}".to_vec()), 400),
        ("NUL", post(b"{\"query\": \"\\u0000\"}".to_vec()), 400),
        ("lone surrogate", post(b"{\"query\": \"\\ud800\"}".to_vec()), 400),
        ("a number", post(b"1e999".to_vec()), 400),
        ("nothing", post(Vec::new()), 400),
        (
            "token that is no text",
            client.post(&api.url).header("authorization", b"Bearer \xff\xfe".as_slice()),
            401,
        ),
        ("two schemes", client.post(&api.url).header("authorization", "Bearer"), 401),
        ("long token", client.post(&api.url).bearer_auth("x".repeat(8_000)), 401),
    ] {
        let answer = request.header("accept", "application/graphql-response+json").send().await.unwrap();
        assert_eq!(answer.status(), status, "{what}: {}", answer.text().await.unwrap());
    }
    api.ask(officer, "{ viewer { role } }", json!({})).await;
}
