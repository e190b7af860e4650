//! Figures of a month, against a count by hand, through the API and the command line; each leads to its records.

use chrono::TimeDelta;
use safespace_domain::{StayId, access::Role};
use safespace_engine::{Command, DepartureAsk, RestrictCase};
use safespace_tests::{Databases, World, api::Api, on_both, program::Program};
use serde_json::{Value as Json, json};

on_both![
    figures_are_what_a_count_by_hand_says,
    every_figure_leads_to_the_records_it_was_counted_from,
    a_case_that_is_closed_to_somebody_is_in_none_of_their_figures,
    only_managers_see_figures_and_bad_questions_are_refused,
    the_command_line_says_the_same_in_every_form,
];

const EVENING: &str = "2020-11-03T19:00:00Z";
const FIGURES: &str = "query($from: Date!, $to: Date!, $by: PeriodKind!, $sections: [FigureSection!], $after: String) {
    figures(from: $from, to: $to, by: $by, sections: $sections, first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { period section code measuredIn definition by group value before aYearBefore change changeInAYear } } }";

async fn figures(api: &Api, token: &str, from: &str, to: &str, by: &str) -> Vec<Json> {
    let (mut all, mut after) = (Vec::new(), Json::Null);
    loop {
        let asked = json!({ "from": from, "to": to, "by": by, "sections": [], "after": after });
        let page = api.ask(token, FIGURES, asked).await["figures"].clone();
        all.extend(page["nodes"].as_array().unwrap().clone());
        if page["pageInfo"]["hasNextPage"] == false {
            return all;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// A figure's value: of the whole, or of a group written as `by=name`.
fn value(all: &[Json], code: &str, group: &str) -> Json {
    let (by, name) = group.split_once('=').unwrap_or_default();
    let found = all.iter().find(|figure| {
        figure["code"] == code
            && figure["by"].as_str().unwrap_or_default() == by
            && figure["group"].as_str().unwrap_or_default() == name
    });
    found.unwrap_or_else(|| panic!("no {code} {group}"))["value"].clone()
}

async fn refer(api: &Api, token: &str, said: Json) -> Json {
    let mut referral = json!({ "source": "POLICE", "adults": 1, "children": 2, "arrival": "2020-11-03" });
    referral.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
    let wanted = "... on ReferralAnswered { referral { id reference } }";
    let told =
        api.act(token, "takeReferral", "TakeReferralInput", json!({ "referral": referral }), wanted).await;
    assert_eq!(told["__typename"], "ReferralAnswered", "{told}");
    told["referral"].clone()
}

async fn answer(api: &Api, token: &str, mutation: &str, input: Json) {
    let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    let told = api.act(token, mutation, &kind, input, "").await;
    assert_eq!(told["__typename"], "ReferralAnswered", "{told}");
}

/// One month by hand. Two homes.
///
/// | referral | came | answered | became |
/// |---|---|---|---|
/// | by the police, high risk, from North Herts | 3 November, 19:00 | 30 minutes later | R-1, placed at once, 3 to 8 November, extended by a day, left on the 8th: a day early |
/// | by a GP | 3 November, 19:30 | 60 minutes later | declined: no room |
/// | by the household | 3 November, 20:30 | not yet | |
///
/// R-2 came by no referral, stayed from the 3rd to the 5th and moved to the other home on the day R-1 had left it, the 8th.
async fn lived(on: &Databases) -> (World, StayId) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let api = Api::serve(&world.engine).await;
    let (officer, token) = (world.officer(), world.officer_token.clone());
    let first = refer(
        &api,
        &token,
        json!({ "risk": "HIGH", "fromDistrict": "North Herts",
        "childAges": { "under2": 1, "from5To10": 1 }, "adultsBySex": { "female": 1 },
        "characteristics": ["disability"] }),
    )
    .await;
    world.clock.forward(TimeDelta::minutes(30));
    let accepted = json!({ "referral": first["id"], "household": "R-1" });
    answer(&api, &token, "acceptReferral", accepted).await;
    let stay = officer.book("SS-01", "R-1", "2020-11-03", 5).await.unwrap();
    officer.check_in(&stay).await.unwrap();
    let second = refer(&api, &token, json!({ "source": "GP" })).await;
    let other = officer.book("SS-02", "R-2", "2020-11-03", 7).await.unwrap();
    officer.check_in(&other).await.unwrap();
    world.clock.forward(TimeDelta::minutes(60));
    answer(&api, &token, "declineReferral", json!({ "referral": second["id"], "reason": "no_capacity" }))
        .await;
    refer(&api, &token, json!({ "source": "SELF" })).await;
    world.wake_at("2020-11-05T10:00:00Z").await;
    officer.extend(&stay, "2020-11-09").await.unwrap();
    world.wake_at("2020-11-08T09:00:00Z").await;
    let departure = DepartureAsk { destination: "refuge".into(), planned: true, support_goes_on: None };
    officer.run(Command::CheckOut { stay: stay.id, on: None, departure: Some(departure) }).await.unwrap();
    let (_, moved) = officer.move_to(&other, "SS-01").await.unwrap();
    world.wake_at("2020-11-10T09:00:00Z").await;
    (world, moved.id)
}

async fn figures_are_what_a_count_by_hand_says(on: &Databases) {
    let (world, _) = lived(on).await;
    let api = Api::serve(&world.engine).await;
    let all = figures(&api, &world.manager_token, "2020-11-01", "2020-12-01", "WHOLE").await;
    for (code, group, expected) in [
        ("referrals_received", "", "3"),
        ("referrals_received", "source=police", "1"),
        ("referrals_received", "source=local_authority", "0"),
        ("referrals_received", "district=North Herts", "1"),
        ("referrals_received", "district=not said", "2"),
        ("referrals_received", "risk=high", "1"),
        ("referrals_received", "outcome=placed", "1"),
        ("referrals_received", "outcome=undecided", "1"),
        ("referrals_declined", "reason=no_capacity", "1"),
        ("conversion", "", "33.33"),
        ("response_minutes", "", "45.00"),
        ("responded_in_time", "", "100.00"),
        ("placement_hours", "", "0.50"),
        ("placed_in_time", "", "100.00"),
        ("turned_away", "", "1"),
        ("stays_begun", "", "2"),
        ("stays_ended", "", "1"),
        ("stays_ended", "destination=refuge", "1"),
        ("stays_ended", "planned=planned", "1"),
        ("stays_ended", "nights=5", "1"),
        ("stays_ended", "timing=early", "1"),
        ("early_departures", "", "1"),
        ("extensions", "", "1"),
        ("moves", "", "1"),
        ("moves", "way=safe_space to safe_space", "1"),
        ("relet_gap_median", "", "0.00"),
        ("households_helped", "", "2"),
        ("households_helped", "characteristic=disability", "1"),
        ("households_helped", "need=domestic_abuse", "1"),
        ("persons_helped", "who=children under 2", "1"),
        ("persons_helped", "who=adults, women", "1"),
        ("occupied_nights", "", "12"),
        ("support_offered", "", "0"),
        ("provision_cost", "", "0.00"),
    ] {
        assert_eq!(value(&all, code, group), json!(expected), "{code} {group}");
    }
    for code in ["cost_per_household", "repeat_stays"] {
        let expected = if code == "repeat_stays" { json!("0") } else { Json::Null };
        assert_eq!(value(&all, code, ""), expected, "{code}");
    }
    assert!(all.iter().all(|figure| figure["definition"].as_str().unwrap().ends_with('.')));
    // A quiet month has empty rates, and is told beside the one before it.
    let december = figures(&api, &world.manager_token, "2020-12-01", "2021-01-01", "MONTH").await;
    let received = december.iter().find(|figure| figure["code"] == "referrals_received").unwrap();
    assert_eq!(
        (&received["period"], &received["value"], &received["before"], &received["change"]),
        (&json!("2020-12"), &json!("0"), &json!("3"), &json!("-100.00"))
    );
    assert_eq!(value(&december, "conversion", ""), Json::Null);
}

async fn every_figure_leads_to_the_records_it_was_counted_from(on: &Databases) {
    let (world, _) = lived(on).await;
    let api = Api::serve(&world.engine).await;
    let query = "query($section: FigureSection!) { figures(from: \"2020-11-01\", to: \"2020-12-01\", sections: [$section],
        first: 100) { nodes { code by group value measuredIn records { nodes { kind id reference count } } } } }";
    let mut counted = 0;
    for section in ["FLOW", "STAYS", "PEOPLE"] {
        let all = api.ask(&world.manager_token, query, json!({ "section": section })).await;
        for figure in all["figures"]["nodes"].as_array().unwrap() {
            let records = figure["records"]["nodes"].as_array().unwrap();
            if figure["by"] == "characteristic" {
                assert!(records.is_empty(), "who has which is no list: {figure}");
            } else if figure["measuredIn"] == "COUNT" {
                let sum: i64 = records.iter().map(|record| record["count"].as_i64().unwrap()).sum();
                assert_eq!(figure["value"], json!(sum.to_string()), "{figure}");
                counted += sum;
            }
        }
    }
    assert!(counted > 20, "{counted}");
    let all = api.ask(&world.manager_token, query, json!({ "section": "STAYS" })).await;
    let ended =
        all["figures"]["nodes"].as_array().unwrap().iter().find(|figure| figure["code"] == "stays_ended");
    let record = &ended.unwrap()["records"]["nodes"][0];
    assert_eq!((&record["kind"], &record["reference"]), (&json!("STAY"), &json!("R-1")));
    let found =
        api.ask(&world.manager_token, "{ stays(first: 9) { nodes { id departure } } }", json!({})).await;
    let stays = found["stays"]["nodes"].as_array().unwrap();
    let stay = stays.iter().find(|stay| stay["id"] == record["id"]).unwrap();
    assert_eq!(stay["departure"], "2020-11-08");
}

async fn a_case_that_is_closed_to_somebody_is_in_none_of_their_figures(on: &Databases) {
    let (world, _) = lived(on).await;
    let api = Api::serve(&world.engine).await;
    let manager = world.person_with(Role::Manager).await;
    let closed = RestrictCase {
        household: "R-1".into(),
        denied: world.manager().actor.who.id(),
        reason: "family".into(),
    };
    manager.run(Command::RestrictCase(closed)).await.unwrap();
    let theirs = figures(&api, &world.manager_token, "2020-11-01", "2020-12-01", "WHOLE").await;
    for (code, group, expected) in [
        ("referrals_received", "", "2"),
        ("referrals_received", "district=North Herts", "0"),
        ("referrals_placed", "", "0"),
        ("stays_begun", "", "1"),
        ("stays_ended", "", "0"),
        ("extensions", "", "0"),
        ("households_helped", "", "1"),
        ("households_helped", "characteristic=disability", "0"),
        ("occupied_nights", "", "7"),
        ("void_nights", "", "5"),
        ("void_nights_by_reason", "", "5"),
    ] {
        assert_eq!(value(&theirs, code, group), json!(expected), "{code} {group}");
    }
}

async fn only_managers_see_figures_and_bad_questions_are_refused(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let asked = |from: &str, to: &str, by: &str| json!({ "from": from, "to": to, "by": by, "sections": [] });
    let month = asked("2020-11-01", "2020-12-01", "WHOLE");
    let (code, _) = api.fails(&world.officer_token, FIGURES, month).await;
    assert_eq!(code, "NOT_ALLOWED");
    for (from, to, by, said) in [
        ("2020-12-01", "2020-11-01", "WHOLE", "must end after they begin"),
        ("2000-01-01", "2020-12-01", "WHOLE", "The range has 1 to 3653 nights."),
        ("2020-01-01", "2020-12-01", "NIGHT", "more than 62 periods"),
    ] {
        let (code, message) = api.fails(&world.manager_token, FIGURES, asked(from, to, by)).await;
        assert_eq!(code, "BAD_VALUE", "{message}");
        assert!(message.contains(said), "{message}");
    }
}

async fn the_command_line_says_the_same_in_every_form(on: &Databases) {
    let (world, stay) = lived(on).await;
    // The program lives years later: nobody is in residence any more.
    world.officer().run(Command::CheckOut { stay, on: None, departure: None }).await.unwrap();
    let api = Api::serve(&world.engine).await;
    let all = figures(&api, &world.manager_token, "2020-11-01", "2020-12-01", "MONTH").await;
    let program = Program::on(&world.url);
    program.keep_key_of_worlds();
    let report = |more: &[&str]| {
        let range = ["report", "figures", "--from", "2020-11-01", "--to", "2020-12-01", "--by", "month"];
        program.run(range.iter().chain(more).copied())
    };
    let written = report(&["--section", "flow", "--format", "csv"]);
    assert_eq!(written.code, 0, "{}", written.err);
    assert!(written.out.starts_with(
        "period,section,figure,measured_in,by,group,value,before,a_year_before,change,change_in_a_year\n"
    ));
    let of_flow: Vec<&Json> = all.iter().filter(|figure| figure["section"] == "FLOW").collect();
    let rows: Vec<Json> =
        serde_json::from_str(&report(&["--section", "flow", "--format", "json"]).out).unwrap();
    assert_eq!((rows.len(), written.out.lines().count()), (of_flow.len(), of_flow.len() + 1));
    for (row, figure) in rows.iter().zip(of_flow) {
        assert_eq!(row["figure"], figure["code"]);
        let value = figure["value"].as_str().map(|value| value.parse::<f64>().unwrap());
        assert_eq!(row["value"].as_f64(), value, "{row}");
    }
    let traced = report(&["--trace", "referrals_received", "--of", "source=police", "--format", "json"]);
    let records: Json = serde_json::from_str(&traced.out).unwrap();
    assert_eq!(records.as_array().unwrap().len(), 1);
    assert_eq!((&records[0]["kind"], &records[0]["count"]), (&json!("referral"), &json!(1)));
    let table = report(&["--section", "flow"]);
    assert!(table.out.contains("conversion: Referrals placed divided by referrals received, per cent."));
    let book = program.file("figures.xlsx");
    let written = report(&["--format", "xlsx", "--output", book.to_str().unwrap()]);
    assert_eq!(written.code, 0, "{}", written.err);
    let workbook = std::fs::read(&book).unwrap();
    assert!(workbook.starts_with(b"PK"), "a workbook is a zip archive");
    // What is there is never written over.
    let again = report(&["--format", "xlsx", "--output", book.to_str().unwrap()]);
    assert_eq!(again.code, 1);
    for (wrong, said) in [
        (["--section", "weather"], "is not a section"),
        (["--trace", "weather"], "is no figure"),
        (["--by", "decade"], "is not a period"),
    ] {
        let refused = program.run(
            ["report", "figures", "--from", "2020-11-01", "--to", "2020-12-01"].iter().copied().chain(wrong),
        );
        assert_eq!(refused.code, 2, "{}", refused.err);
        assert!(refused.err.contains(said), "{}", refused.err);
    }
}
