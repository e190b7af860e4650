//! The program as a service: started, asked, stopped, started again.

use safespace_domain::{Clock, clock::service_day, nights::later};
use safespace_engine::SystemClock;
use safespace_tests::{
    Databases, on_both,
    program::{Program, Service},
};
use serde_json::{Value as Json, json};

on_both![
    a_token_that_the_command_line_makes_opens_the_api,
    tokens_are_asked_for_in_terms_that_make_sense,
    a_services_own_database_is_not_served_as_a_demonstration,
];

async fn ask(service: &Service, token: &str, query: &str, variables: Json) -> Json {
    ask_at(service, "/graphql", token, query, variables).await
}

async fn ask_at(service: &Service, path: &str, token: &str, query: &str, variables: Json) -> Json {
    let client = safespace_tests::api::client().build().unwrap();
    let url = format!("http://{}{path}", service.address);
    let body = json!({ "query": query, "variables": variables });
    let answer: Json =
        client.post(url).bearer_auth(token).json(&body).send().await.unwrap().json().await.unwrap();
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer["data"].clone()
}

async fn get(service: &Service, path: &str) -> u16 {
    safespace_tests::api::client()
        .build()
        .unwrap()
        .get(format!("http://{}{path}", service.address))
        .send()
        .await
        .unwrap()
        .status()
        .as_u16()
}

/// The first minute of somebody new: one command, a demonstration that is filled and ready to take bookings, Ctrl-C,
/// and the same data the second time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demonstration_is_ready_to_take_bookings_and_keeps_them() {
    let program = Program::at_home();
    let service = program.serve(&["--demo"]);
    assert!(service.said.iter().any(|line| line.contains("The service grew from 2 to 19 homes.")));
    assert!(service.said.iter().any(|line| line.contains("occupancy rate (first reading)")));
    let officer = service.token("officer");
    assert_eq!((get(&service, "/livez").await, get(&service, "/readyz").await), (200, 200));

    let attention = ask(&service, &officer, "{ attention { nodes { kind } } }", json!({})).await;
    let kinds = attention["attention"]["nodes"].to_string();
    assert!(kinds.contains("OVERSTAY"), "{kinds}");

    let arrival = later(service_day(SystemClock.now()), 60);
    let input = json!({
        "household": "NEW-1", "arrival": arrival.to_string(), "departure": later(arrival, 7).to_string(),
        "adults": 1, "idempotencyKey": "first-minute",
    });
    let book = "mutation($input: BookStayInput!) { bookStay(input: $input) { \
                ... on StayBooked { stay { id status unit { code } } } ... on Refused { message } } }";
    let booked = ask(&service, &officer, book, json!({ "input": input })).await["bookStay"]["stay"].clone();
    assert_eq!(booked["status"], "BOOKED", "{booked:#}");
    assert_eq!(service.stop(), 0);

    let service = program.serve(&["--demo"]);
    assert!(!service.said.iter().any(|line| line.contains("Filling")), "{:?}", service.said);
    let node = "query($id: ID!) { node(id: $id) { ... on Stay { id status unit { code } } } }";
    let officer = service.token("officer");
    assert_eq!(ask(&service, &officer, node, json!({ "id": booked["id"] })).await["node"], booked);
    assert_eq!(service.stop(), 0);

    let again = program.run(["demo"]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("has properties already"), "{}", again.err);
}

async fn a_token_that_the_command_line_makes_opens_the_api(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    let token = |arguments: &[&str]| {
        let ended = program.run(["token", "create"].iter().chain(arguments));
        assert_eq!((ended.code, ended.err.as_str()), (0, ""));
        ended.out.trim().to_owned()
    };
    let officer = token(&["--role", "officer"]);
    let partner = token(&["--role", "partner", "--council", "North Herts", "--days", "1"]);
    let service = program.serve(&[]);
    let viewer = "{ viewer { role council } }";
    assert_eq!(
        ask(&service, &officer, viewer, json!({})).await["viewer"],
        json!({ "role": "OFFICER", "council": null })
    );
    assert_eq!(
        ask_at(&service, "/partner/graphql", &partner, viewer, json!({})).await["viewer"],
        json!({ "role": "PARTNER", "council": "North Herts" })
    );
    let client = safespace_tests::api::client().build().unwrap();
    let url = format!("http://{}/graphql", service.address);
    let nobody = client.post(url).json(&json!({ "query": "{ __typename }" })).send().await.unwrap();
    assert_eq!(nobody.status().as_u16(), 401);
    assert_eq!(service.stop(), 0);
}

async fn tokens_are_asked_for_in_terms_that_make_sense(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    for arguments in [
        &["--role", "king"][..],
        &["--role", "partner"],
        &["--role", "officer", "--council", "North Herts"],
        &["--role", "officer", "--days", "0"],
        &["--role", "officer", "--days", "-1"],
        &[],
    ] {
        let ended = program.run(["token", "create"].iter().chain(arguments));
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{arguments:?}: {ended:?}");
        assert!(!ended.err.contains("panicked"), "{}", ended.err);
    }
}

#[test]
fn it_listens_where_it_may_and_says_where_it_can_not() {
    let program = Program::at_home();
    let open = program.run(["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(open.code, 2);
    assert!(open.err.contains("--insecure-http"), "{}", open.err);
    let first = program.serve(&[]);
    let second = program.run(["serve", "--listen", &first.address]);
    assert_eq!(second.code, 1);
    assert!(second.err.contains("choose another with --listen"), "{}", second.err);
    assert_eq!(first.stop(), 0);
}

#[test]
fn the_schemas_are_printed_as_they_are_published() {
    let program = Program::at_home();
    for (arguments, published) in
        [(&["schema"][..], "schema.graphql"), (&["schema", "--partner"], "schema.partner.graphql")]
    {
        let file = format!("{}/../{published}", env!("CARGO_MANIFEST_DIR"));
        let same = program.run(arguments.iter()).out == std::fs::read_to_string(file).unwrap();
        assert!(same, "{published} is not what `safespace {}` prints", arguments.join(" "));
    }
}

async fn a_services_own_database_is_not_served_as_a_demonstration(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    let spaces = concat!(env!("CARGO_MANIFEST_DIR"), "/data/spaces.csv");
    assert_eq!(program.run(["import", "--spaces", spaces]).code, 0);
    let ended = program.run(["serve", "--demo", "--listen", "127.0.0.1:0"]);
    assert_eq!((ended.code, ended.out.as_str()), (2, ""), "no sign-in for anybody");
    assert!(ended.err.contains("not a demonstration"), "{}", ended.err);
}
