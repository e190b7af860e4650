//! How full the homes are, through the command line and the API.

use std::path::Path;

use safespace_tests::{Databases, World, api::Api, on_both, program::Program};
use serde_json::{Value as Json, json};

on_both![
    a_period_cut_by_the_range_counts_only_the_nights_inside_it,
    there_is_a_row_per_period_and_group_also_where_nothing_was_occupied,
    a_rate_with_nothing_available_is_empty,
    the_three_formats_say_the_same,
    a_question_that_makes_no_sense_is_answered_with_what_to_do,
    a_period_stands_beside_the_one_before_and_the_same_a_year_before,
];

async fn filled(on: &Databases) -> Program {
    let program = Program::on(&on.untouched().await);
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let files = ["spaces", "stays", "voids"].map(|name| data.join(format!("{name}.csv")));
    let flags = ["--spaces", "--stays", "--voids"].map(Path::new);
    let arguments = flags.into_iter().zip(&files).flat_map(|(flag, file)| [flag, file]);
    assert_eq!(program.run([Path::new("import")].into_iter().chain(arguments)).code, 0);
    program
}

fn asked(program: &Program, question: &str) -> String {
    let ended = program.run(["occupancy"].into_iter().chain(question.split(' ')));
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{question}");
    ended.out
}

async fn a_period_cut_by_the_range_counts_only_the_nights_inside_it(on: &Databases) {
    let program = filled(on).await;
    let ask =
        |by: &str| asked(&program, &format!("--from 2020-03-30 --to 2020-04-09 --by {by} --format csv"));
    let all = ["week", "four-weeks", "month", "quarter", "year", "financial-year", "whole"];
    assert_words_snapshot!(all.map(ask).join("\n"), @r"
    period,in_stock_nights,void_nights,available_nights,occupied_nights,reserved_nights,occupancy_rate,nights,full_nights,full_share
    2020-W14,54,0,54,35,0,64.81,7,0,0.00
    2020-W15,24,0,24,8,0,33.33,3,0,0.00

    period,in_stock_nights,void_nights,available_nights,occupied_nights,reserved_nights,occupancy_rate,nights,full_nights,full_share
    2020-03-30/P4W,78,0,78,43,0,55.13,10,0,0.00

    period,in_stock_nights,void_nights,available_nights,occupied_nights,reserved_nights,occupancy_rate,nights,full_nights,full_share
    2020-03,14,0,14,11,0,78.57,2,0,0.00
    2020-04,64,0,64,32,0,50.00,8,0,0.00

    period,in_stock_nights,void_nights,available_nights,occupied_nights,reserved_nights,occupancy_rate,nights,full_nights,full_share
    2020-Q1,14,0,14,11,0,78.57,2,0,0.00
    2020-Q2,64,0,64,32,0,50.00,8,0,0.00

    period,in_stock_nights,void_nights,available_nights,occupied_nights,reserved_nights,occupancy_rate,nights,full_nights,full_share
    2020,78,0,78,43,0,55.13,10,0,0.00

    period,in_stock_nights,void_nights,available_nights,occupied_nights,reserved_nights,occupancy_rate,nights,full_nights,full_share
    2019/20,14,0,14,11,0,78.57,2,0,0.00
    2020/21,64,0,64,32,0,50.00,8,0,0.00

    period,in_stock_nights,void_nights,available_nights,occupied_nights,reserved_nights,occupancy_rate,nights,full_nights,full_share
    whole,78,0,78,43,0,55.13,10,0,0.00
    ");
}

async fn there_is_a_row_per_period_and_group_also_where_nothing_was_occupied(on: &Databases) {
    let program = filled(on).await;
    let ask = |group: &str| {
        asked(&program, &format!("--from 2020-04-08 --to 2020-04-10 --by night --group {group} --format csv"))
    };
    assert_words_snapshot!(["district", "scheme", "kind", "property"].map(ask).join("\n"), @r"
    period,group,in_stock_nights,void_nights,available_nights,occupied_nights,reserved_nights,occupancy_rate,nights,full_nights,full_share
    2020-04-08,Examplewick,5,0,5,1,0,20.00,1,0,0.00
    2020-04-08,Sampleford,3,0,3,1,0,33.33,1,0,0.00
    2020-04-09,Examplewick,5,0,5,1,0,20.00,1,0,0.00
    2020-04-09,Sampleford,3,0,3,1,0,33.33,1,0,0.00

    period,group,in_stock_nights,void_nights,available_nights,occupied_nights,reserved_nights,occupancy_rate,nights,full_nights,full_share
    2020-04-08,move_on,2,0,2,1,0,50.00,1,0,0.00
    2020-04-08,safe_space,6,0,6,1,0,16.67,1,0,0.00
    2020-04-09,move_on,2,0,2,1,0,50.00,1,0,0.00
    2020-04-09,safe_space,6,0,6,1,0,16.67,1,0,0.00

    period,group,in_stock_nights,void_nights,available_nights,occupied_nights,reserved_nights,occupancy_rate,nights,full_nights,full_share
    2020-04-08,other_emergency,6,0,6,1,0,16.67,1,0,0.00
    2020-04-08,second_stage,2,0,2,1,0,50.00,1,0,0.00
    2020-04-09,other_emergency,6,0,6,1,0,16.67,1,0,0.00
    2020-04-09,second_stage,2,0,2,1,0,50.00,1,0,0.00

    period,group,in_stock_nights,void_nights,available_nights,occupied_nights,reserved_nights,occupancy_rate,nights,full_nights,full_share
    2020-04-08,EX-A,3,0,3,0,0,0.00,1,0,0.00
    2020-04-08,EX-B,2,0,2,0,0,0.00,1,0,0.00
    2020-04-08,EX-C,1,0,1,1,0,100.00,1,1,100.00
    2020-04-08,EX-D,2,0,2,1,0,50.00,1,0,0.00
    2020-04-09,EX-A,3,0,3,0,0,0.00,1,0,0.00
    2020-04-09,EX-B,2,0,2,0,0,0.00,1,0,0.00
    2020-04-09,EX-C,1,0,1,1,0,100.00,1,1,100.00
    2020-04-09,EX-D,2,0,2,1,0,50.00,1,0,0.00
    ");
}

async fn a_rate_with_nothing_available_is_empty(on: &Databases) {
    let program = filled(on).await;
    let question = "--from 2020-04-20 --to 2020-04-22 --by night --group unit --format";
    let of_unit = |text: String| text.lines().find(|line| line.contains("EX-04")).map(str::to_owned);
    let csv = of_unit(asked(&program, &format!("{question} csv"))).unwrap();
    assert_eq!(csv, "2020-04-20,EX-04,1,1,0,0,0,,1,0,");
    let rows: Vec<Json> = serde_json::from_str(&asked(&program, &format!("{question} json"))).unwrap();
    let row = rows.iter().find(|row| row["group"] == "EX-04").unwrap();
    assert_eq!(row["occupancy_rate"], Json::Null);
    let before = asked(&program, "--from 2019-01-01 --to 2019-02-01 --format csv");
    assert_eq!(before.lines().nth(1).unwrap(), "2019-01,0,0,0,0,0,,31,0,");
}

async fn the_three_formats_say_the_same(on: &Databases) {
    let program = filled(on).await;
    let ask = |format: &str| asked(&program, &format!("--from 2020-03-01 --to 2020-05-01 --format {format}"));
    assert_words_snapshot!(ask("table"), @r#"
    period   in_stock_nights  void_nights  available_nights  occupied_nights  reserved_nights  occupancy_rate  nights  full_nights  full_share
    2020-03              203            0               203              150                0           73.89      31            0        0.00
    2020-04              240           13               227               67                0           29.52      30            0        0.00

    in stock: Unit-nights that exist: units open on the night, from the night they opened.
    void: Unit-nights in stock that are out of service, with a reason.
    available: In stock less void.
    occupied: Available unit-nights with a household in residence, or since departed. Never a night to come.
    reserved: Unit-nights of bookings and holds, and the nights to come of stays in residence.
    occupancy rate: Occupied divided by available, per cent, two decimals, half up. Empty when nothing was available.
    full: A full night is one on which every available unit is occupied; the full share is full nights divided by nights, per cent. It is the second reading of "full 90% of the time"; the occupancy rate is the first.
    "#);
    let rows: Vec<Json> = serde_json::from_str(&ask("json")).unwrap();
    let csv = ask("csv");
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = lines.next().unwrap();
    for (row, line) in rows.iter().zip(lines) {
        for (name, cell) in names.iter().zip(line) {
            let same = match &row[*name] {
                Json::String(text) => text == cell,
                Json::Number(n) => n.as_f64() == cell.parse().ok(),
                other => *other == json!(null) && cell.is_empty(),
            };
            assert!(same, "{name}: {} is not {cell}", row[*name]);
        }
    }
}

async fn a_question_that_makes_no_sense_is_answered_with_what_to_do(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    for (question, why) in [
        ("--from 2020-02-30 --to 2020-03-01", "write a date as YYYY-MM-DD, a day that exists"),
        ("--from 2020-03-01 --to 2020-02-01", "--to, 2020-02-01, must be after --from, 2020-03-01"),
        ("--from 2020-03-01 --to 2020-03-01", "must be after"),
        ("--from 2020-03-01", "--to"),
        (
            "--from 2020-03-01 --to 2020-04-01 --by fortnight",
            "night, week, four-weeks, month, quarter, year, financial-year, whole",
        ),
        ("--from 2020-03-01 --to 2020-04-01 --group colour", "property, unit, district, scheme or kind"),
        ("--from 2020-03-01 --to 2020-04-01 --format pdf", "table, csv, json"),
        ("--from 0001-01-01 --to 9999-01-01", ""),
    ] {
        let ended = program.run(["occupancy"].into_iter().chain(question.split(' ')));
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{question}");
        assert!(ended.err.contains(why) && !ended.err.contains("panicked"), "{question}: {}", ended.err);
    }
}

async fn a_period_stands_beside_the_one_before_and_the_same_a_year_before(on: &Databases) {
    let world = World::at("2020-10-03T21:00:00Z", on).with_units(["SS-01", "SS-02"]).await;
    let stayed = async |arrival: &str, nights: u32, leaves_at: &str| {
        let stay = world.officer().book("SS-01", "R-1", arrival, nights).await.unwrap();
        world.officer().check_in(&stay).await.unwrap();
        world.wake_at(leaves_at).await;
        world.officer().check_out(&stay).await.unwrap();
    };
    stayed("2020-10-03", 3, "2020-10-06T10:00:00Z").await;
    world.wake_at("2020-11-03T21:00:00Z").await;
    stayed("2020-11-03", 7, "2020-11-10T10:00:00Z").await;
    let api = Api::serve(&world.engine).await;
    let ask = async |range: &str| {
        let row = "period nights occupiedNights occupancyRate grossRate before { period nights occupiedNights before { \
                   period } } aYearBefore { period nights occupiedNights }";
        let query = format!("{{ occupancy({range}) {{ rows {{ nodes {{ {row} }} }} }} }}");
        api.ask(&world.manager_token, &query, json!({})).await["occupancy"]["rows"]["nodes"].clone()
    };
    let told = ask("from: \"2020-11-01\", to: \"2020-12-01\"").await;
    assert_eq!(
        told,
        json!([{ "period": "2020-11", "nights": 30, "occupiedNights": 7, "occupancyRate": "11.67", "grossRate": "11.67",
            "before": { "period": "2020-10", "nights": 31, "occupiedNights": 3, "before": null },
            "aYearBefore": { "period": "2019-11", "nights": 30, "occupiedNights": 0 } }])
    );
    // Of a month that is cut, the same part of the one before.
    let told = ask("from: \"2020-11-01\", to: \"2020-11-05\"").await;
    assert_eq!((&told[0]["nights"], &told[0]["occupiedNights"]), (&json!(4), &json!(2)));
    assert_eq!(
        told[0]["before"],
        json!({ "period": "2020-10", "nights": 4, "occupiedNights": 2, "before": null })
    );
}
