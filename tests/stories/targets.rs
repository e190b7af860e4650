//! Targets of a financial year: kept by managers, measured each quarter from the records.

use safespace_tests::{Databases, World, api::Api, on_both};
use serde_json::{Value as Json, json};

on_both![
    a_target_is_measured_each_quarter_and_shows_its_trend,
    a_target_is_changed_and_taken_back,
    a_target_that_makes_no_sense_is_refused,
];

const NOW: &str = "2020-11-10T12:00:00Z";
const TARGETS: &str =
    "query($year: String!) { targets(year: $year) { nodes { code title measure definition by group owner
    value tolerance direction quarters { label from to over value standing trend } } } }";

fn target(more: &Json) -> Json {
    let mut input = json!({ "year": "2020/21", "code": "OCC", "title": "Homes are full", "measure": "occupancy_rate",
        "owner": "Head of service", "value": "30.00", "tolerance": "25.00", "direction": "AT_LEAST" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

async fn save(api: &Api, token: &str, input: Json) -> Json {
    api.act(token, "saveTarget", "SaveTargetInput", input, "... on TargetSaved { code }").await
}

async fn targets(api: &Api, token: &str, year: &str) -> Vec<Json> {
    let told = api.ask(token, TARGETS, json!({ "year": year })).await;
    told["targets"]["nodes"].as_array().unwrap().clone()
}

async fn a_target_is_measured_each_quarter_and_shows_its_trend(on: &Databases) {
    let world = World::at("2020-09-21T12:00:00Z", on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let officer = world.officer();
    // Seven of the 92 nights of July to September; from October on seven and seven of 41.
    for (household, arrival, from, to) in [
        ("R-1", "2020-09-21", "2020-09-21T19:00:00Z", "2020-09-28T09:00:00Z"),
        ("R-2", "2020-10-05", "2020-10-05T19:00:00Z", "2020-10-12T09:00:00Z"),
        ("R-3", "2020-10-13", "2020-10-13T19:00:00Z", "2020-10-20T09:00:00Z"),
    ] {
        world.wake_at(from).await;
        let stay = officer.book("SS-01", household, arrival, 7).await.unwrap();
        officer.check_in(&stay).await.unwrap();
        world.wake_at(to).await;
        officer.check_out(&stay).await.unwrap();
    }
    world.wake_at(NOW).await;
    let token = &world.manager_token;
    save(&api, token, target(&json!({}))).await;
    let early = json!({ "code": "EARLY", "title": "Few leave early", "measure": "early_departures", "direction": "AT_MOST",
        "value": "1", "tolerance": "0" });
    save(&api, token, target(&early)).await;
    let all = targets(&api, token, "2020/21").await;
    assert_eq!(all.iter().map(|one| one["code"].clone()).collect::<Vec<_>>(), [json!("EARLY"), json!("OCC")]);
    assert!(all[1]["definition"].as_str().unwrap().starts_with("Occupied divided by available"));
    let quarters = all[1]["quarters"].as_array().unwrap();
    let told = |quarter: &Json| {
        (
            quarter["label"].clone(),
            quarter["over"].clone(),
            quarter["value"].clone(),
            quarter["standing"].clone(),
        )
    };
    let expected =
        |label: &str, over: bool, value: Json, standing: Json| (json!(label), json!(over), value, standing);
    let rates: Vec<_> = quarters.iter().map(told).collect();
    assert_eq!(rates[0], expected("2020-Q2", true, json!("0.00"), json!("MISSED")));
    assert_eq!(rates[1], expected("2020-Q3", true, json!("7.61"), json!("AT_RISK")));
    assert_eq!(rates[2], expected("2020-Q4", false, json!("34.15"), json!("ON_TRACK")));
    assert_eq!(rates[3], expected("2021-Q1", false, Json::Null, Json::Null));
    assert_eq!(quarters[2]["to"], "2020-11-11", "as far as it has been");
    let trends = |of: &Json| -> Vec<Json> {
        of["quarters"].as_array().unwrap().iter().map(|one| one["trend"].clone()).collect()
    };
    // Of the quarter that goes on its 41 days are held against the first 41 of the one before, which were empty.
    assert_eq!(trends(&all[1]), [json!("SAME"), json!("BETTER"), json!("BETTER"), Json::Null]);
    assert_eq!(trends(&all[0])[1], json!("SAME"));
}

async fn a_target_is_changed_and_taken_back(on: &Databases) {
    let world = World::at(NOW, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let token = &world.manager_token;
    save(&api, token, target(&json!({ "by": "scheme", "group": "safe_space" }))).await;
    save(&api, token, target(&json!({ "value": "80.50" }))).await;
    let all = targets(&api, token, "2020/21").await;
    assert_eq!((all.len(), &all[0]["value"], &all[0]["by"]), (1, &json!("80.50"), &Json::Null));
    assert_eq!(targets(&api, token, "2021/22").await, Vec::<Json>::new());
    let remove = |code: &str| json!({ "year": "2020/21", "code": code });
    let wanted = "... on TargetRemoved { code } ... on Refused { code }";
    let gone = api.act(token, "removeTarget", "RemoveTargetInput", remove("OCC"), wanted).await;
    assert_eq!(gone["__typename"], "TargetRemoved");
    let again = api.act(token, "removeTarget", "RemoveTargetInput", remove("OCC"), wanted).await;
    assert_eq!(again["__typename"], "Refused", "{again}");
    assert_eq!(targets(&api, token, "2020/21").await, Vec::<Json>::new());
}

async fn a_target_that_makes_no_sense_is_refused(on: &Databases) {
    let world = World::at(NOW, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let wanted = "... on Refused { code field message }";
    for (wrong, field) in [
        (json!({ "year": "2020/22" }), "year"),
        (json!({ "measure": "weather" }), "measure"),
        (json!({ "owner": " " }), "owner"),
        (json!({ "value": "100.01" }), "value"),
        (json!({ "value": "-1" }), "value"),
        (json!({ "tolerance": "0.001" }), "tolerance"),
        (json!({ "code": "" }), "code"),
    ] {
        let told =
            api.act(&world.manager_token, "saveTarget", "SaveTargetInput", target(&wrong), wanted).await;
        assert_eq!((&told["__typename"], &told["field"]), (&json!("Refused"), &json!(field)), "{wrong}");
    }
    let told =
        api.act(&world.officer_token, "saveTarget", "SaveTargetInput", target(&json!({})), wanted).await;
    assert_eq!(told["code"], "NOT_ALLOWED");
    assert_eq!(targets(&api, &world.manager_token, "2020/21").await, Vec::<Json>::new());
}
