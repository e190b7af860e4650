//! How many homes are expected to be free: by the API and the command line, for whoever sees stays, and with closed cases
//! as voids.

use safespace_domain::{access::Role, stays::Stay};
use safespace_engine::{Command, RestrictCase};
use safespace_tests::{Databases, World, api::Api, on_both, program::Program};
use serde_json::{Value as Json, json};

on_both![
    who_is_there_and_booked_takes_units_as_likely_as_others_did,
    a_closed_case_is_a_void_in_the_forecast,
    nights_that_cannot_be_foreseen_are_refused,
    the_command_line_prints_night_by_night_and_how_often_the_range_held,
];

const EVENING: &str = "2020-11-03T21:00:00Z";
const FORECAST: &str = "query($nights: Int! = 28) { forecast(nights: $nights) { tonight definitions { word }
    schemes { nodes { scheme
        nights(first: 28) { nodes { night inStock outOfService taken free low high } }
        held { nodes { fromNight toNight forecasts held share widenedBy } } } } } }";

async fn told(api: &Api, token: &str, nights: u32) -> Json {
    api.ask(token, FORECAST, json!({ "nights": nights })).await["forecast"].clone()
}

/// In residence in SS-01 until the 5th; booked in SS-02 from the 4th to the 7th; SS-03 out of service until the 5th.
async fn placed(on: &Databases) -> (World, Stay) {
    let world =
        World::at(EVENING, on).with_units(["SS-01", "SS-02", "SS-03"]).with_move_on_unit("MO-01").await;
    let officer = world.officer();
    let stay = officer.book("SS-01", "R-1", "2020-11-03", 2).await.unwrap();
    officer.check_in(&stay).await.unwrap();
    officer.book("SS-02", "R-2", "2020-11-04", 3).await.unwrap();
    officer.record_void("SS-03", "2020-11-03", 2).await.unwrap();
    (world, stay)
}

fn lines(forecast: &Json, scheme: usize) -> Vec<String> {
    let nights = forecast["schemes"]["nodes"][scheme]["nights"]["nodes"].as_array().unwrap();
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let line = |night: &Json| {
        let cells = ["night", "inStock", "outOfService", "taken", "free", "low", "high"];
        cells.map(|cell| text(&night[cell])).join(" ")
    };
    nights.iter().map(line).collect()
}

async fn who_is_there_and_booked_takes_units_as_likely_as_others_did(on: &Databases) {
    let (world, _) = placed(on).await;
    let api = Api::serve(&world.engine).await;
    let forecast = told(&api, &world.officer_token, 6).await;
    assert_eq!(forecast["tonight"], "2020-11-03");
    assert_eq!(forecast["schemes"]["nodes"][0]["scheme"], "SAFE_SPACE");
    // By hand: nobody is there to learn from, so of ten, eight leave as planned, one before, one after, and one of ten
    // bookings does not come.
    assert_words_snapshot!(lines(&forecast, 0).join("\n"), @r"
    2020-11-03 3 1 1.00 1.00 1 1
    2020-11-04 3 1 1.80 0.20 0 1
    2020-11-05 3 0 1.00 2.00 2 2
    2020-11-06 3 0 0.80 2.20 2 3
    2020-11-07 3 0 0.10 2.90 2 3
    2020-11-08 3 0 0.00 3.00 3 3
    ");
    assert_eq!(lines(&forecast, 1)[0], "2020-11-03 1 0 0.00 1.00 1 1", "move-on homes");
    assert_eq!(lines(&forecast, 2)[0], "2020-11-03 4 1 1.00 2.00 2 2", "together");
    let held = &forecast["schemes"]["nodes"][2]["held"]["nodes"][0];
    let nothing =
        json!({ "fromNight": 1, "toNight": 7, "forecasts": 0, "held": 0, "share": null, "widenedBy": 0 });
    assert_eq!(held, &nothing, "there is no past to try it on");
    let whole = told(&api, &world.manager_token, 28).await;
    assert_eq!(lines(&whole, 0).len(), 28);
}

async fn a_closed_case_is_a_void_in_the_forecast(on: &Databases) {
    let (world, _) = placed(on).await;
    let api = Api::serve(&world.engine).await;
    let manager = world.person_with(Role::Manager).await;
    let denied = world.officer().actor.who.id();
    let close = RestrictCase { household: "R-2".into(), denied, reason: "family".into() };
    manager.run(Command::RestrictCase(close)).await.unwrap();
    let theirs = told(&api, &world.officer_token, 5).await;
    assert_words_snapshot!(lines(&theirs, 0).join("\n"), @r"
    2020-11-03 3 1 1.00 1.00 1 1
    2020-11-04 3 2 0.90 0.10 0 0
    2020-11-05 3 1 0.10 1.90 1 2
    2020-11-06 3 1 0.00 2.00 2 2
    2020-11-07 3 0 0.00 3.00 3 3
    ");
    let everybodys = told(&api, &world.manager_token, 5).await;
    assert_eq!(lines(&everybodys, 0)[1], "2020-11-04 3 1 1.80 0.20 0 1");
}

async fn nights_that_cannot_be_foreseen_are_refused(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    for nights in [-1, 0, 29] {
        let (code, message) = api.fails(&world.officer_token, FORECAST, json!({ "nights": nights })).await;
        assert_eq!((code.as_str(), message.as_str()), ("BAD_VALUE", "The nights must be 1 to 28."));
    }
    let many = [0, 1, 2, 3, 4, 5].map(|no| format!("a{no}: forecast {{ tonight }} ")).concat();
    let (code, _) = api.fails(&world.officer_token, &format!("{{ {many} }}"), json!({})).await;
    assert_eq!(code, "BAD_USER_INPUT", "so many cost too much");
}

async fn the_command_line_prints_night_by_night_and_how_often_the_range_held(on: &Databases) {
    let (world, stay) = placed(on).await;
    world.officer().check_out(&stay).await.unwrap();
    // The command line lives years later.
    let program = Program::on(&world.url);
    program.keep_key_of_worlds();
    let asked = |question: &str| {
        let ended = program.run(["report", "forecast"].into_iter().chain(question.split(' ')));
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{question}");
        ended.out
    };
    let csv = asked("--nights 2 --format csv");
    assert_eq!(csv.lines().next().unwrap(), "night,scheme,in_stock,out_of_service,taken,free,low,high");
    let rest: Vec<&str> = csv.lines().skip(1).map(|line| line.split_once(',').unwrap().1).collect();
    let (safe, moved_on, whole) =
        ("safe_space,3,0,0.00,3.00,3,3", "move_on,1,0,0.00,1.00,1,1", "all,4,0,0.00,4.00,4,4");
    assert_eq!(rest, [safe, safe, moved_on, moved_on, whole, whole]);
    assert_words_snapshot!(asked("--show held --format csv"), @r"
    nights_ahead,scheme,forecasts,held,held_share,widened_by
    1 to 7,safe_space,0,0,,0
    8 to 14,safe_space,0,0,,0
    15 to 28,safe_space,0,0,,0
    1 to 7,move_on,0,0,,0
    8 to 14,move_on,0,0,,0
    15 to 28,move_on,0,0,,0
    1 to 7,all,0,0,,0
    8 to 14,all,0,0,,0
    15 to 28,all,0,0,,0
    ");
    let table = asked("--nights 1");
    assert!(table.contains("held_share") && table.contains("\nfree: Units in stock"), "{table}");
    let ended = program.run(["report", "forecast", "--nights", "29"]);
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    assert!(ended.err.contains("The nights must be 1 to 28."), "{}", ended.err);
}
