//! How many homes do we need: what if? By the API and the command line, drawn from the service's own records.

use safespace_domain::access::Role;
use safespace_engine::{Command, RestrictCase};
use safespace_tests::{Databases, World, api::Api, on_both, program::Program};
use serde_json::{Value as Json, json};

on_both![
    the_answer_stands_beside_how_it_is_now,
    who_has_not_come_cannot_be_drawn,
    what_cannot_be_simulated_is_refused_and_names_nothing,
    a_closed_case_is_not_drawn_from,
    the_command_line_tells_the_same,
];

const MORNING: &str = "2020-11-03T09:00:00Z";
const WHAT_IF: &str = "query($input: WhatIfInput!) { whatIf(input: $input) { from to arrivals known
    now { units turnedAway { rate low high } sentence unitsEnough }
    then { units turnedAway { rate } occupancyRate { rate } fullShare { rate } unitsEnough sentence } } }";

/// Three households came one after the other, and left after two, three and four nights.
async fn lived(on: &Databases) -> World {
    let world = World::at(MORNING, on).with_units(["SS-01", "SS-02"]).await;
    let officer = world.officer();
    for (household, arrival, left) in [
        ("R-1", "2020-11-03", "2020-11-05"),
        ("R-2", "2020-11-05", "2020-11-08"),
        ("R-3", "2020-11-08", "2020-11-12"),
    ] {
        let stay = officer.book("SS-01", household, arrival, 6).await.unwrap();
        officer.check_in(&stay).await.unwrap();
        world.wake_at(&format!("{left}T09:00:00Z")).await;
        officer.check_out(&stay).await.unwrap();
    }
    world.wake_at("2020-11-13T09:00:00Z").await;
    world
}

async fn ask(api: &Api, token: &str, input: Json) -> Json {
    api.ask(token, WHAT_IF, json!({ "input": input })).await["whatIf"].clone()
}

async fn the_answer_stands_beside_how_it_is_now(on: &Databases) {
    let world = lived(on).await;
    let api = Api::serve(&world.engine).await;
    let days = json!({ "from": "2020-11-03", "to": "2020-11-13", "years": 100 });
    let with = |more: Json| {
        let mut input = days.clone();
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let same = ask(&api, &world.manager_token, days.clone()).await;
    assert_eq!((&same["arrivals"], &same["known"]), (&json!(3), &json!(3)));
    assert_eq!((&same["from"], &same["to"]), (&json!("2020-11-03"), &json!("2020-11-13")));
    assert_eq!(same["now"]["sentence"], same["then"]["sentence"]);
    // 0.3 households a night for three nights on average: a load of 0.9 on two units. By Erlang 17.6%; fewer where whoever
    // leaves on a day makes room for whoever comes on it.
    let rate: f64 = same["now"]["turnedAway"]["rate"].as_str().unwrap().parse().unwrap();
    assert!((12.0..16.0).contains(&rate), "{rate}");
    assert_eq!(same["now"]["unitsEnough"], 3);
    let one_less = ask(&api, &world.manager_token, with(json!({ "close": ["ss-01"] }))).await;
    assert_eq!((&one_less["now"]["units"], &one_less["then"]["units"]), (&json!(2), &json!(1)));
    assert!(
        one_less["then"]["sentence"]
            .as_str()
            .unwrap()
            .starts_with("With 1 unit and 2 referrals a week, about ")
    );
    let closed = ask(&api, &world.manager_token, with(json!({ "close": ["HOUSE"] }))).await;
    assert_eq!(
        (&closed["then"]["units"], &closed["then"]["turnedAway"]["rate"]),
        (&json!(0), &json!("100.00"))
    );
    let more = json!({ "arrivalsPercent": 90, "longerByNights": 1, "add": [{ "count": 2, "sleeps": 4 }] });
    let more = ask(&api, &world.manager_token, with(more)).await;
    assert_eq!(more["then"]["units"], 4);
    let again = ask(&api, &world.manager_token, days).await;
    assert_eq!(again, same, "the same seed gives the same answer");
}

async fn who_has_not_come_cannot_be_drawn(on: &Databases) {
    let world = World::at(MORNING, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let told = ask(&api, &world.manager_token, json!({ "years": 1 })).await;
    assert_eq!((&told["arrivals"], &told["then"]["turnedAway"]), (&json!(0), &Json::Null));
    let sentence = told["then"]["sentence"].as_str().unwrap();
    assert_words_snapshot!(sentence, @"With 1 unit and nobody who comes, nobody would be turned away.");
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    world.officer().check_in(&stay).await.unwrap();
    let today = json!({ "from": "2020-11-03", "to": "2020-11-04" });
    let (code, message) = api.fails(&world.manager_token, WHAT_IF, json!({ "input": today })).await;
    assert_eq!(code, "BAD_VALUE");
    assert_words_snapshot!(message, @"No stay of that time is known to its end: choose a longer time.");
}

async fn what_cannot_be_simulated_is_refused_and_names_nothing(on: &Databases) {
    let world = lived(on).await;
    let api = Api::serve(&world.engine).await;
    for (input, why) in [
        (json!({ "years": 0 }), "The years must be 1 to 10000."),
        (json!({ "years": 10_001 }), "The years must be 1 to 10000."),
        (
            json!({ "years": 1_000, "add": [{ "count": 999, "sleeps": 4 }] }),
            "At most 1000 units are simulated.",
        ),
        (json!({ "add": [{ "count": 1, "sleeps": 61 }] }), "A unit sleeps 1 to 60 people."),
        (json!({ "arrivalsPercent": -101 }), "The change in those who come must be -100 to 1000 per cent."),
        (
            json!({ "close": ["12 Nowhere Lane"] }),
            "There is no unit or property with one of these codes to close.",
        ),
        (json!({ "to": "2021-11-03" }), "The history ends today at the latest."),
        (json!({ "seed": -1 }), "The seed must be 0 or more."),
        (
            json!({ "from": "2020-11-03", "years": 10_000, "add": [{ "count": 900, "sleeps": 4 }] }),
            "With so many units and households, so many years would take too long: simulate fewer.",
        ),
    ] {
        let (code, message) = api.fails(&world.manager_token, WHAT_IF, json!({ "input": input })).await;
        assert_eq!((code.as_str(), message.as_str()), ("BAD_VALUE", why), "{input}");
    }
    let (code, _) = api.fails(&world.officer_token, WHAT_IF, json!({ "input": {} })).await;
    assert_eq!(code, "NOT_ALLOWED");
    let three = [0, 1, 2].map(|no| format!("a{no}: whatIf(input: {{}}) {{ arrivals }} ")).concat();
    let (code, _) = api.fails(&world.manager_token, &format!("{{ {three} }}"), json!({})).await;
    assert_eq!(code, "BAD_USER_INPUT", "three cost too much");
}

async fn a_closed_case_is_not_drawn_from(on: &Databases) {
    let world = lived(on).await;
    let api = Api::serve(&world.engine).await;
    let manager = world.person_with(Role::Manager).await;
    let denied = world.manager().actor.who.id();
    let close = RestrictCase { household: "R-3".into(), denied, reason: "family".into() };
    manager.run(Command::RestrictCase(close)).await.unwrap();
    let theirs = ask(&api, &world.manager_token, json!({ "years": 10 })).await;
    assert_eq!((&theirs["arrivals"], &theirs["known"]), (&json!(2), &json!(2)));
}

async fn the_command_line_tells_the_same(on: &Databases) {
    let world = lived(on).await;
    world.leave().await;
    let program = Program::on(&world.url);
    program.keep_key_of_worlds();
    let asked = |question: &str| {
        let days = ["report", "what-if", "--from", "2020-11-03", "--to", "2020-11-13"];
        program.run(days.into_iter().chain(question.split(' ')))
    };
    let ended =
        asked("--arrivals-percent 90 --longer 1 --close SS-01 --add 2x4 --years 50 --seed 7 --format csv");
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let first: Vec<&str> = ended.out.lines().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(first, ["homes", "now", "then"]);
    assert!(ended.out.contains("\nthen,3,"), "{}", ended.out);
    let ended = asked("--years 50");
    assert!(ended.out.starts_with("With 2 units and 2 referrals a week, about "), "{}", ended.out);
    assert!(ended.out.contains("Drawn from 3 households that came and 3 stays known whole"), "{}", ended.out);
    for (question, why) in [
        ("--add 2", "write COUNTxSLEEPS"),
        ("--add 2x4:attic", "is not a scheme"),
        ("--close NOWHERE", "There is no unit or property"),
        ("--years 0", "The years must be 1 to 10000."),
    ] {
        let ended = asked(question);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{question}");
        assert!(ended.err.contains(why), "{question}: {}", ended.err);
    }
}
