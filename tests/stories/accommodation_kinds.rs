//! Kinds of accommodation: the list, which kind schemes and properties are, and how full each kind is.

use safespace_domain::{
    accommodation_kinds::{AccommodationKind, SchemeKind},
    units::Scheme,
};
use safespace_engine::Command;
use safespace_tests::{Databases, World, api::Api, on_both, refused};
use serde_json::{Value as Json, json};

const EVENING: &str = "2020-11-03T21:00:00Z";

on_both![
    a_service_begins_with_the_kinds_of_the_regulations_and_its_schemes_are_two_of_them,
    managers_keep_the_list_and_what_schemes_and_properties_are,
    occupancy_by_kind_says_how_full_each_kind_is,
    what_is_no_kind_is_refused_with_what_there_is,
    only_managers_say_what_kind_a_home_is,
];

async fn kinds(api: &Api, token: &str) -> Json {
    let query = "{ accommodationKinds { nodes { code label schemes } } }";
    api.ask(token, query, json!({})).await["accommodationKinds"]["nodes"].clone()
}

async fn a_service_begins_with_the_kinds_of_the_regulations_and_its_schemes_are_two_of_them(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").with_move_on_unit("MO-01").await;
    let api = Api::serve(&world.engine).await;
    let told = kinds(&api, &world.officer_token).await;
    let lines: Vec<_> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| format!("{} {} {}", kind["code"], kind["label"], kind["schemes"]))
        .collect();
    assert_words_snapshot!(lines.join("\n"), @r#"
    "dispersed" "Dispersed accommodation" []
    "other_emergency" "Other designated emergency accommodation" ["SAFE_SPACE"]
    "refuge" "Refuge" []
    "sanctuary_scheme" "Sanctuary scheme" []
    "second_stage" "Second stage accommodation" ["MOVE_ON"]
    "specialist_safe" "Specialist safe accommodation" []
    "#);
    let query = "{ properties { nodes { code accommodationKind { code } } } }";
    let homes = api.ask(&world.officer_token, query, json!({})).await["properties"]["nodes"].clone();
    assert_eq!(
        homes,
        json!([{ "code": "FLATS", "accommodationKind": { "code": "second_stage" } },
            { "code": "HOUSE", "accommodationKind": { "code": "other_emergency" } }])
    );
    // Another start changes nothing: what managers have made of the list stays.
    let again = world.another_engine().await;
    let api = Api::serve(&again).await;
    assert_eq!(kinds(&api, &world.officer_token).await, told);
    again.close().await.unwrap();
}

const SAVE: &str = "mutation ($input: SaveCodeInput!) { saveAccommodationKind(input: $input) { \
                    ... on AccommodationKindSaved { accommodationKind { code label schemes } } ... on Refused { code message } } }";
const SET_SCHEME: &str = "mutation ($input: SetSchemeKindInput!) { setSchemeKind(input: $input) { \
                          ... on AccommodationKindSaved { accommodationKind { code schemes } } \
                          ... on Refused { code field message } } }";
const SET_PROPERTY: &str = "mutation ($input: SetPropertyKindInput!) { setPropertyKind(input: $input) { \
                            ... on PropertySaved { property { code accommodationKind { code label } } } \
                            ... on Refused { code field message } } }";

async fn property_id(api: &Api, token: &str, code: &str) -> Json {
    let query = "query ($code: String!) { property(code: $code) { id } }";
    api.ask(token, query, json!({ "code": code })).await["property"]["id"].clone()
}

async fn managers_keep_the_list_and_what_schemes_and_properties_are(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").with_move_on_unit("MO-01").await;
    let api = Api::serve(&world.engine).await;
    let ask = async |query: &str, input: Json| {
        api.ask(&world.manager_token, query, json!({ "input": input })).await
    };
    let saved = ask(SAVE, json!({ "code": "lodging", "label": "Supported lodging" })).await;
    let lodging = json!({ "code": "lodging", "label": "Supported lodging", "schemes": [] });
    assert_eq!(saved["saveAccommodationKind"]["accommodationKind"], lodging);
    let set = ask(SET_SCHEME, json!({ "scheme": "MOVE_ON", "kind": "lodging" })).await;
    assert_eq!(
        set["setSchemeKind"]["accommodationKind"],
        json!({ "code": "lodging", "schemes": ["MOVE_ON"] })
    );
    let house = property_id(&api, &world.manager_token, "HOUSE").await;
    let set = ask(SET_PROPERTY, json!({ "property": house, "kind": "dispersed" })).await;
    assert_eq!(
        set["setPropertyKind"]["property"],
        json!({ "code": "HOUSE", "accommodationKind": { "code": "dispersed", "label": "Dispersed accommodation" } })
    );
    // Another process reads the same.
    let other = world.another_engine().await;
    let told = |spaces: std::sync::Arc<safespace_domain::availability::Spaces>| {
        ["HOUSE", "FLATS"].map(|code| spaces.kind_of(spaces.property_by_code(code).unwrap()).to_owned())
    };
    assert_eq!(told(other.spaces()), ["dispersed", "lodging"]);
    other.close().await.unwrap();
    // Left out, a property is what its scheme's homes are.
    ask(SET_PROPERTY, json!({ "property": house })).await;
    assert_eq!(told(world.engine.spaces()), ["other_emergency", "lodging"]);
}

async fn occupancy_by_kind_says_how_full_each_kind_is(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).with_move_on_unit("MO-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 2).await.unwrap();
    world.officer().check_in(&stay).await.unwrap();
    world.wake_at("2020-11-05T21:00:00Z").await;
    let api = Api::serve(&world.engine).await;
    let rows = async || {
        let query = "{ occupancy(from: \"2020-11-03\", to: \"2020-11-05\", by: WHOLE, group: KIND) { rows { nodes { \
                     group inStockNights occupiedNights occupancyRate } } } }";
        let told =
            api.ask(&world.officer_token, query, json!({})).await["occupancy"]["rows"]["nodes"].clone();
        let row = |row: &Json| {
            format!(
                "{} {} {} {}",
                row["group"], row["inStockNights"], row["occupiedNights"], row["occupancyRate"]
            )
        };
        told.as_array().unwrap().iter().map(row).collect::<Vec<_>>().join("\n")
    };
    assert_words_snapshot!(rows().await, @r#"
    "other_emergency" 4 2 "50.00"
    "second_stage" 2 0 "0.00"
    "#);
    let kind = SchemeKind { scheme: Scheme::MoveOn, kind: "other_emergency".into() };
    world.manager().run(Command::SetSchemeKind(kind)).await.unwrap();
    assert_words_snapshot!(rows().await, @r#""other_emergency" 6 2 "33.33""#);
    let property = world.property("FLATS").await;
    let dispersed = Command::SetPropertyKind { property, kind: Some("dispersed".into()) };
    world.manager().run(dispersed).await.unwrap();
    assert_words_snapshot!(rows().await, @r#"
    "dispersed" 2 0 "0.00"
    "other_emergency" 4 2 "50.00"
    "#);
}

async fn what_is_no_kind_is_refused_with_what_there_is(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let manager = world.manager();
    let kind = SchemeKind { scheme: Scheme::MoveOn, kind: "castle".into() };
    assert_words_snapshot!(refused(manager.run(Command::SetSchemeKind(kind)).await), @r#"BAD_VALUE (kind): There is no kind of accommodation "castle". Known: dispersed, other_emergency, refuge, sanctuary_scheme, second_stage, specialist_safe."#);
    let property = world.property("HOUSE").await;
    let castle = Command::SetPropertyKind { property, kind: Some("castle".into()) };
    assert_words_snapshot!(refused(manager.run(castle).await), @r#"BAD_VALUE (kind): There is no kind of accommodation "castle". Known: dispersed, other_emergency, refuge, sanctuary_scheme, second_stage, specialist_safe."#);
    let formula = AccommodationKind { code: "=1".into(), label: "One".into() };
    assert_words_snapshot!(refused(manager.run(Command::SaveAccommodationKind(formula)).await), @"BAD_VALUE (code): The code must be 1 to 40 letters, digits or any of - _ . / and begin with a letter or a digit.");
}

async fn only_managers_say_what_kind_a_home_is(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let property = world.property("HOUSE").await;
    let kind = AccommodationKind { code: "lodging".into(), label: "Supported lodging".into() };
    for command in [
        Command::SaveAccommodationKind(kind),
        Command::SetSchemeKind(SchemeKind { scheme: Scheme::MoveOn, kind: "refuge".into() }),
        Command::SetPropertyKind { property, kind: Some("refuge".into()) },
    ] {
        let refusal = refused(world.officer().run(command).await);
        assert!(refusal.starts_with("NOT_ALLOWED"), "{refusal}");
    }
}
