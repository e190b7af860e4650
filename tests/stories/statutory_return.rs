//! The statutory return, against a count by hand, through the API and the command line.

use safespace_domain::{access::Role, departures::Support};
use safespace_engine::{Command, DepartureAsk, NewToken, RestrictCase};
use safespace_tests::{Databases, World, api::Api, on_both, program::Program};
use serde_json::{Value as Json, json};

on_both![
    a_return_is_what_a_count_by_hand_says,
    every_line_leads_to_what_it_counts_and_nobody_is_listed_by_a_characteristic,
    a_case_that_is_closed_to_somebody_is_in_none_of_their_figures,
    the_lines_are_data_and_what_none_counts_is_told,
    lines_that_would_count_twice_or_nothing_are_refused,
    a_year_that_is_none_or_has_not_begun_is_refused,
    the_command_line_says_the_same,
    support_of_which_nobody_spoke_is_not_written_down,
];

const FIRST_EVENING: &str = "2020-03-30T20:00:00Z";
const RETURN: &str = "query($year: String!) { statutoryReturn(year: $year) { year from to
    rows(first: 100) { nodes { section code label households women men otherOrNotSaid adults children people } }
    checks { section sum countedAgain total agrees } } }";

async fn take(api: &Api, token: &str, referral: Json) -> Json {
    let mut said = json!({ "source": "POLICE", "adults": 1, "children": 2, "arrival": "2020-03-30" });
    said.as_object_mut().unwrap().extend(referral.as_object().unwrap().clone());
    let wanted = "... on ReferralAnswered { referral { id reference } }";
    let input = json!({ "referral": said });
    let told = api.act(token, "takeReferral", "TakeReferralInput", input, wanted).await;
    assert_eq!(told["__typename"], "ReferralAnswered", "{told}");
    told["referral"].clone()
}

async fn answer(api: &Api, token: &str, mutation: &str, mut input: Json, referral: &Json) {
    input["referral"] = referral["id"].clone();
    let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    let kind = if mutation == "recordWithdrawal" { "ReferralIdInput".to_owned() } else { kind };
    let told = api.act(token, mutation, &kind, input, "").await;
    assert_eq!(told["__typename"], "ReferralAnswered", "{told}");
}

async fn leaves(
    world: &World,
    stay: &safespace_domain::stays::Stay,
    destination: &str,
    support_goes_on: impl Into<Option<bool>>,
) {
    let support_goes_on = support_goes_on.into();
    let departure = DepartureAsk { destination: destination.into(), planned: true, support_goes_on };
    let gone = Command::CheckOut { stay: stay.id, on: None, departure: Some(departure) };
    world.officer().run(gone).await.unwrap();
}

/// Five households, each of one adult and two children, and what became of others. By hand, for 2020/21:
///
/// | who | where | nights of the year | left | says |
/// |---|---|---|---|---|
/// | R-1 | a safe space, then move-on | 1 April; 2 to 11 April | to a home of its own; support ended in May | a woman; disability, mental health |
/// | R-2 | a safe space | none: its last is 31 March 2020 | | |
/// | R-3 | a safe space | 1 to 3 May | nobody wrote down where to | nothing: it came by no referral |
/// | R-4 | a safe space | from 30 March 2021 on | not in the year | another answer |
/// | R-5 | a safe space | 30 and 31 March 2021 | on 1 April, to a refuge; no support wanted | a man; disability |
///
/// Declined in the year: one for want of room (1 + 3), one for the size of homes (1 + 4). One was taken back (2 + 0), one
/// accepted and closed (1 + 1). One more was declined in March 2020.
async fn helped(on: &Databases) -> World {
    let mut world =
        World::at(FIRST_EVENING, on).with_units(["SS-01", "SS-02"]).with_move_on_unit("MO-01").await;
    let api = Api::serve(&world.engine).await;
    let (officer, token) = (world.officer(), world.officer_token.clone());
    let before = take(&api, &token, json!({})).await;
    answer(&api, &token, "declineReferral", json!({ "reason": "no_capacity" }), &before).await;
    let woman = json!({ "adultsBySex": { "female": 1 }, "characteristics": ["disability", "mental_health"] });
    let first = take(&api, &token, woman).await;
    answer(&api, &token, "acceptReferral", json!({ "household": "R-1" }), &first).await;
    let safe = officer.book("SS-01", "R-1", "2020-03-30", 3).await.unwrap();
    officer.check_in(&safe).await.unwrap();
    let before = officer.book("SS-02", "R-2", "2020-03-30", 2).await.unwrap();
    officer.check_in(&before).await.unwrap();

    world.wake_at("2020-04-01T09:00:00Z").await;
    leaves(&world, &before, "refuge", false).await;
    world.wake_at("2020-04-02T09:00:00Z").await;
    leaves(&world, &safe, "move_on", true).await;
    let home = officer.book("MO-01", "R-1", "2020-04-02", 10).await.unwrap();
    officer.check_in(&home).await.unwrap();
    world.wake_at("2020-04-12T09:00:00Z").await;
    leaves(&world, &home, "own_tenancy", true).await;

    world.wake_at("2020-05-01T20:00:00Z").await;
    officer.run(Command::EndSupport { stay: home.id }).await.unwrap();
    for (children, reason) in [(3, "no_capacity"), (4, "need_size")] {
        let declined = take(&api, &token, json!({ "children": children, "arrival": "2020-05-01" })).await;
        answer(&api, &token, "declineReferral", json!({ "reason": reason }), &declined).await;
    }
    let back = take(&api, &token, json!({ "adults": 2, "children": 0, "arrival": "2020-05-01" })).await;
    answer(&api, &token, "recordWithdrawal", json!({}), &back).await;
    let closed = take(&api, &token, json!({ "children": 1, "arrival": "2020-05-01" })).await;
    answer(&api, &token, "acceptReferral", json!({ "household": "R-9" }), &closed).await;
    answer(&api, &token, "closeReferral", json!({ "outcome": "no_longer_needed" }), &closed).await;
    let third = officer.book("SS-01", "R-3", "2020-05-01", 7).await.unwrap();
    officer.check_in(&third).await.unwrap();
    world.wake_at("2020-05-04T09:00:00Z").await;
    officer.check_out(&third).await.unwrap();

    world.wake_at("2021-03-30T20:00:00Z").await;
    let other = json!({ "adultsBySex": { "otherOrNotSaid": 1 }, "arrival": "2021-03-30" });
    let man =
        json!({ "adultsBySex": { "male": 1 }, "characteristics": ["disability"], "arrival": "2021-03-30" });
    let mut stays = Vec::new();
    for (unit, household, said) in [("SS-01", "R-4", other), ("SS-02", "R-5", man)] {
        let referral = take(&api, &token, said).await;
        answer(&api, &token, "acceptReferral", json!({ "household": household }), &referral).await;
        let stay = officer.book(unit, household, "2021-03-30", 7).await.unwrap();
        officer.check_in(&stay).await.unwrap();
        stays.push(stay);
    }
    world.wake_at("2021-04-01T09:00:00Z").await;
    leaves(&world, &stays[1], "refuge", false).await;
    world.wake_at("2021-04-02T09:00:00Z").await;
    leaves(&world, &stays[0], "refuge", true).await;
    // A year later the tokens of the beginning are good no more.
    let token = async |role| {
        let local = world.engine.local();
        world.engine.create_token(&local, NewToken::of(role, None, None)).await.unwrap().1
    };
    let (officer, manager) = (token(Role::Officer).await, token(Role::Manager).await);
    (world.officer_token, world.manager_token) = (officer, manager);
    world
}

async fn told(api: &Api, token: &str, year: &str) -> Json {
    api.ask(token, RETURN, json!({ "year": year })).await["statutoryReturn"].clone()
}

/// The lines that count somebody, one a line.
fn counting(told: &Json) -> String {
    let number = |value: &Json| if value.is_null() { "-".to_owned() } else { value.to_string() };
    let columns = ["households", "women", "men", "otherOrNotSaid", "adults", "children", "people"];
    let nodes = told["rows"]["nodes"].as_array().unwrap().iter();
    let lines = nodes.filter(|row| row["households"] != 0).map(|row| {
        let text = |column: &str| row[column].as_str().unwrap().to_owned();
        let numbers: Vec<String> = columns.iter().map(|column| number(&row[*column])).collect();
        format!("{} {}: {}", text("section"), text("code"), numbers.join(" "))
    });
    lines.collect::<Vec<_>>().join("\n")
}

async fn a_return_is_what_a_count_by_hand_says(on: &Databases) {
    let world = helped(on).await;
    let api = Api::serve(&world.engine).await;
    let made = told(&api, &world.officer_token, "2020/21").await;
    assert_eq!((&made["from"], &made["to"]), (&json!("2020-04-01"), &json!("2021-04-01")));
    // Households, women, men, other or not said, adults, children, people.
    assert_words_snapshot!(counting(&made), @r"
    SUPPORTED second_stage: 1 1 0 0 1 2 3
    SUPPORTED other_emergency: 4 1 1 2 4 8 12
    SUPPORTED total: 4 1 1 2 4 8 12
    CHARACTERISTIC mental_health: 1 - - - - - -
    CHARACTERISTIC disability: 2 - - - - - -
    CHARACTERISTIC not_said: 2 - - - - - -
    CHARACTERISTIC total: 4 - - - - - -
    NOT_SUPPORTED no_capacity: 1 - - - 1 3 4
    NOT_SUPPORTED could_not_meet_need: 1 - - - 1 4 5
    NOT_SUPPORTED total: 2 - - - 2 7 9
    WITHOUT_STAY withdrawn: 1 - - - 2 0 2
    WITHOUT_STAY closed: 1 - - - 1 1 2
    WITHOUT_STAY total: 2 - - - 3 1 4
    ENDING own_tenancy: 1 - - - 1 2 3
    ENDING refuge: 1 - - - 1 2 3
    ENDING not_said: 1 - - - 1 2 3
    ENDING total: 3 - - - 3 6 9
    AFTERWARDS ended: 1 - - - 1 2 3
    AFTERWARDS not_wanted: 1 - - - 1 2 3
    AFTERWARDS not_said: 1 - - - 1 2 3
    AFTERWARDS total: 3 - - - 3 6 9
    ");
    let checks = made["checks"].as_array().unwrap();
    assert!(checks.len() == 6 && checks.iter().all(|check| check["agrees"] == true), "{checks:?}");
    let again: Vec<_> = checks.iter().map(|check| check["countedAgain"].as_i64().unwrap()).collect();
    assert_eq!(again, [1, 1, 0, 0, 0, 0], "R-1 in two kinds, and with two characteristics");

    // The years beside it.
    let before = counting(&told(&api, &world.officer_token, "2019/20").await);
    for line in ["SUPPORTED total: 2 1 0 1 2 4 6", "NOT_SUPPORTED no_capacity: 1", "ENDING refuge: 1 "] {
        assert!(before.contains(line), "{line}\n{before}");
    }
    let after = counting(&told(&api, &world.officer_token, "2021/22").await);
    assert!(
        after.contains("SUPPORTED total: 1 0 0 1 1 2 3") && after.contains("AFTERWARDS goes_on: 1"),
        "{after}"
    );
}

async fn every_line_leads_to_what_it_counts_and_nobody_is_listed_by_a_characteristic(on: &Databases) {
    let world = helped(on).await;
    let api = Api::serve(&world.engine).await;
    let query =
        "{ statutoryReturn(year: \"2020/21\") { definitions { word } rows(first: 100) { nodes { section code
        households countedHouseholds(first: 3) { pageInfo { hasNextPage endCursor } nodes { reference } }
        countedReferrals { nodes { declineReason children } } } } } }";
    let made = api.ask(&world.officer_token, query, json!({})).await["statutoryReturn"].clone();
    assert_eq!(made["definitions"][0]["word"], "supported");
    let rows = made["rows"]["nodes"].as_array().unwrap();
    let find = |section: &str, code: &str| {
        rows.iter().find(|row| row["section"] == section && row["code"] == code).unwrap().clone()
    };
    let references = |row: &Json| {
        let nodes = row["countedHouseholds"]["nodes"].as_array().unwrap().clone();
        let mut all: Vec<String> =
            nodes.iter().map(|node| node["reference"].as_str().unwrap().to_owned()).collect();
        all.sort();
        all
    };
    assert_eq!(references(&find("SUPPORTED", "second_stage")), ["R-1"]);
    assert_eq!(references(&find("ENDING", "refuge")), ["R-5"]);
    let all = find("SUPPORTED", "total");
    assert_eq!(references(&all).len(), 3);
    assert_eq!(all["countedHouseholds"]["pageInfo"]["hasNextPage"], true);
    let declined = find("NOT_SUPPORTED", "could_not_meet_need");
    let nodes = json!([{ "declineReason": "need_size", "children": 4 }]);
    assert_eq!(declined["countedReferrals"]["nodes"], nodes);
    assert_eq!(declined["countedHouseholds"]["nodes"], json!([]));
    for row in rows.iter().filter(|row| row["section"] == "CHARACTERISTIC") {
        let total = row["code"] == "total";
        assert_eq!(references(row).is_empty(), !total, "{row}");
    }
    assert_eq!(find("CHARACTERISTIC", "disability")["households"], 2);
    let administrator = world.person_with(Role::Administrator).await;
    for who in [&administrator.actor, &world.partner().actor] {
        let year = "2020/21".parse().unwrap();
        let told = world.engine.statutory_return(who, year).await;
        assert!(safespace_tests::refused(told).starts_with("NOT_ALLOWED"));
    }
}

async fn a_case_that_is_closed_to_somebody_is_in_none_of_their_figures(on: &Databases) {
    let world = helped(on).await;
    let api = Api::serve(&world.engine).await;
    let manager = world.person_with(Role::Manager).await;
    let denied = world.engine.authenticate(&world.officer_token).await.unwrap().unwrap().who.id();
    for household in ["R-1", "R-9"] {
        let closed = RestrictCase { household: household.into(), denied, reason: "family".into() };
        manager.run(Command::RestrictCase(closed)).await.unwrap();
    }
    let theirs = told(&api, &world.officer_token, "2020/21").await;
    let counted = counting(&theirs);
    for (line, there) in [
        ("SUPPORTED total: 3 0 1 2 3 6 9", true),
        ("CHARACTERISTIC disability: 1", true),
        ("CHARACTERISTIC total: 3", true),
        ("WITHOUT_STAY total: 1 ", true),
        ("ENDING total: 2 ", true),
        ("second_stage", false),
        ("mental_health", false),
        ("closed", false),
        ("AFTERWARDS ended", false),
    ] {
        assert_eq!(counted.contains(line), there, "{line}\n{counted}");
    }
    assert!(theirs["checks"].as_array().unwrap().iter().all(|check| check["agrees"] == true));
    assert!(counting(&told(&api, &world.manager_token, "2020/21").await).contains("SUPPORTED total: 4"));
}

async fn set_lines(api: &Api, token: &str, section: &str, lines: Json) -> Json {
    let input = json!({ "section": section, "lines": lines });
    let wanted = "... on ReturnLinesSet { lines { section code label counts } }";
    api.act(token, "setReturnLines", "SetReturnLinesInput", input, wanted).await
}

async fn the_lines_are_data_and_what_none_counts_is_told(on: &Databases) {
    let world = helped(on).await;
    let api = Api::serve(&world.engine).await;
    let (officer, manager) = (&world.officer_token, &world.manager_token);
    let query = "{ returnLines(section: ENDING, first: 100) { nodes { section code label counts } } }";
    let lines = api.ask(officer, query, json!({})).await["returnLines"]["nodes"].clone();
    assert_eq!(lines[0]["counts"], json!([lines[0]["code"]]), "one for each code, to begin with");
    let settled =
        json!([{ "code": "E1", "label": "Moved to a settled home", "counts": ["own_tenancy", "move_on"] }]);
    let told_to = set_lines(&api, manager, "ENDING", settled).await;
    let kept = json!([{ "section": "ENDING", "code": "E1", "label": "Moved to a settled home",
        "counts": ["move_on", "own_tenancy"] }]);
    assert_eq!(told_to["lines"], kept);
    assert_eq!(api.ask(officer, query, json!({})).await["returnLines"]["nodes"], kept);
    let made = told(&api, officer, "2020/21").await;
    let counted = counting(&made);
    for line in [
        "ENDING E1: 1 ",
        "ENDING not_mapped: 1 ",
        "ENDING not_said: 1 ",
        "ENDING total: 3 ",
        "SUPPORTED total: 4 ",
    ] {
        assert!(counted.contains(line), "{line}\n{counted}");
    }
    let rows = made["rows"]["nodes"].as_array().unwrap();
    let unmapped = rows.iter().find(|row| row["section"] == "ENDING" && row["code"] == "not_mapped").unwrap();
    assert_eq!(unmapped["label"], "Not mapped: refuge");
    assert!(made["checks"].as_array().unwrap().iter().all(|check| check["agrees"] == true));

    // Set again, in another order: none of before is left.
    let again = json!([
        { "code": "Z", "label": "Elsewhere", "counts": ["refuge"] },
        { "code": "E1", "label": "Home of its own", "counts": ["own_tenancy"] },
    ]);
    assert_eq!(set_lines(&api, manager, "ENDING", again).await["__typename"], "ReturnLinesSet");
    let lines = api.ask(officer, query, json!({})).await["returnLines"]["nodes"].clone();
    assert_eq!((&lines[0]["code"], &lines[1]["label"]), (&json!("Z"), &json!("Home of its own")));
    assert_eq!(lines.as_array().unwrap().len(), 2);

    // Another property may be of another kind than its scheme's.
    let input = json!({ "code": "flat", "label": "A kind that the form has no line for" });
    api.act(manager, "saveAccommodationKind", "SaveCodeInput", input, "").await;
    let input = json!({ "scheme": "MOVE_ON", "kind": "flat" });
    let set = api.act(manager, "setSchemeKind", "SetSchemeKindInput", input, "").await;
    assert_ne!(set["__typename"], "Refused", "{set}");
    let counted = counting(&told(&api, officer, "2020/21").await);
    assert!(counted.contains("SUPPORTED not_mapped: 1 ") && !counted.contains("second_stage"), "{counted}");
}

async fn lines_that_would_count_twice_or_nothing_are_refused(on: &Databases) {
    let world = World::at(FIRST_EVENING, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let manager = &world.manager_token;
    let line = |code: &str, counts: &[&str]| json!({ "code": code, "label": "A label", "counts": counts });
    for (section, lines, field) in [
        ("ENDING", json!([line("a", &["refuge"]), line("b", &["refuge"])]), "counts"),
        ("ENDING", json!([line("a", &["no_such_place"])]), "counts"),
        ("SUPPORTED", json!([line("a", &["houseboat"])]), "counts"),
        ("CHARACTERISTIC", json!([line("a", &["left_handed"])]), "counts"),
        ("NOT_SUPPORTED", json!([line("a", &["need_size"])]), "counts"),
        ("NOT_SUPPORTED", json!([line("total", &["no_capacity"])]), "code"),
        ("NOT_SUPPORTED", json!([line("=1", &["no_capacity"])]), "code"),
        ("ENDING", json!([]), "lines"),
        ("AFTERWARDS", json!([line("a", &[])]), "section"),
    ] {
        let told = set_lines(&api, manager, section, lines.clone()).await;
        assert_eq!(
            (&told["__typename"], &told["field"]),
            (&json!("Refused"), &json!(field)),
            "{lines}: {told}"
        );
    }
    let told = set_lines(&api, &world.officer_token, "ENDING", json!([line("a", &["refuge"])])).await;
    assert_eq!(told["code"], "NOT_ALLOWED");
}

async fn a_year_that_is_none_or_has_not_begun_is_refused(on: &Databases) {
    let world = World::at(FIRST_EVENING, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let token = &world.officer_token;
    for (year, why) in [
        ("2020", "2020/21"),
        ("2020/22", "from 1 April 2020 to 31 March 2021"),
        ("2020/21", "The financial year 2020/21 has not begun."),
    ] {
        let (code, message) = api.fails(token, RETURN, json!({ "year": year })).await;
        assert_eq!(code, "BAD_VALUE");
        assert!(message.contains(why), "{year}: {message}");
    }
    let nothing = told(&api, token, "2019/20").await;
    assert_eq!(counting(&nothing), "", "nobody was helped, and every line is there");
    assert!(nothing["rows"]["nodes"].as_array().unwrap().len() > 40);
}

async fn the_command_line_says_the_same(on: &Databases) {
    let world = helped(on).await;
    let program = Program::on(&world.url);
    program.keep_key_of_worlds();
    let asked = |format: &str| {
        let ended = program.run(["report", "return", "--year", "2020/21", "--format", format]);
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{format}");
        ended.out
    };
    let csv = asked("csv");
    let nobody = [",0,0,0,0,0,0,0", ",0,,,,,,", ",0,,,,0,0,0"];
    let counting: Vec<&str> =
        csv.lines().filter(|line| !nobody.iter().any(|nobody| line.ends_with(nobody))).collect();
    assert_words_snapshot!(counting.join("\n"), @r#"
    section,code,label,households,women,men,other_or_not_said,adults,children,people
    supported,second_stage,Second stage accommodation,1,1,0,0,1,2,3
    supported,other_emergency,Other designated emergency accommodation,4,1,1,2,4,8,12
    supported,total,"Total, each household once",4,1,1,2,4,8,12
    supported,check,"Lines, less 1 counted in several: agrees with the total",4,,,,,,
    characteristic,mental_health,Long-term mental ill health or support need,1,,,,,,
    characteristic,disability,Disability,2,,,,,,
    characteristic,not_said,Nothing said,2,,,,,,
    characteristic,total,"Total, each household once",4,,,,,,
    characteristic,check,"Lines, less 1 counted in several: agrees with the total",4,,,,,,
    not_supported,no_capacity,No capacity,1,,,,1,3,4
    not_supported,could_not_meet_need,Unable to meet the household's needs,1,,,,1,4,5
    not_supported,total,"Total, each referral once",2,,,,2,7,9
    not_supported,check,"Lines, less 0 counted in several: agrees with the total",2,,,,,,
    without_stay,withdrawn,Taken back,1,,,,2,0,2
    without_stay,closed,"Accepted, and closed before the household had a place",1,,,,1,1,2
    without_stay,total,"Total, each referral once",2,,,,3,1,4
    without_stay,check,"Lines, less 0 counted in several: agrees with the total",2,,,,,,
    ending,own_tenancy,A home of one's own,1,,,,1,2,3
    ending,refuge,Refuge elsewhere,1,,,,1,2,3
    ending,not_said,Not written down,1,,,,1,2,3
    ending,total,"Total, each household once",3,,,,3,6,9
    ending,check,"Lines, less 0 counted in several: agrees with the total",3,,,,,,
    afterwards,ended,"Support went on, and has ended",1,,,,1,2,3
    afterwards,not_wanted,Support was not wanted any more,1,,,,1,2,3
    afterwards,not_said,Not written down,1,,,,1,2,3
    afterwards,total,"Total, each household once",3,,,,3,6,9
    afterwards,check,"Lines, less 0 counted in several: agrees with the total",3,,,,,,
    "#);
    let rows: Vec<Json> = serde_json::from_str(&asked("json")).unwrap();
    let total = rows.iter().find(|row| row["section"] == "supported" && row["code"] == "total").unwrap();
    assert_eq!((&total["households"], &total["people"], &total["women"]), (&json!(4), &json!(12), &json!(1)));
    assert!(asked("table").contains("supported: Households with a night in residence"));
    for (year, why) in [("2020", "write a financial year as 2020/21"), ("2099/00", "has not begun")] {
        let ended = program.run(["report", "return", "--year", year]);
        assert!(ended.code != 0 && ended.out.is_empty() && ended.err.contains(why), "{ended:?}");
    }
}

async fn support_of_which_nobody_spoke_is_not_written_down(on: &Databases) {
    let world = World::at("2020-11-03T20:00:00Z", on).with_units(["SS-01", "SS-02", "SS-03"]).await;
    let (officer, api) = (world.officer(), Api::serve(&world.engine).await);
    let said = [("SS-01", "R-1", None), ("SS-02", "R-2", Some(false)), ("SS-03", "R-3", Some(true))];
    let mut stays = Vec::new();
    for (unit, household, goes_on) in said {
        let stay = officer.book(unit, household, "2020-11-03", 2).await.unwrap();
        officer.check_in(&stay).await.unwrap();
        stays.push((stay, goes_on));
    }
    world.wake_at("2020-11-04T09:00:00Z").await;
    for (stay, goes_on) in stays {
        leaves(&world, &stay, "refuge", goes_on).await;
        let departure = world.engine.departure(&officer.actor, &stay).await.unwrap().unwrap();
        assert_eq!(departure.support, Support::said(goes_on));
    }
    let lines = counting(&told(&api, &world.officer_token, "2020/21").await);
    let of_support: Vec<&str> = lines.lines().filter(|line| line.starts_with("AFTERWARDS")).collect();
    assert_words_snapshot!(of_support.join("\n"), @r"
    AFTERWARDS goes_on: 1 - - - 1 2 3
    AFTERWARDS not_wanted: 1 - - - 1 2 3
    AFTERWARDS not_said: 1 - - - 1 2 3
    AFTERWARDS total: 3 - - - 3 6 9
    ");
    // Whoever asks for nothing of support says nothing of it; `false` is what somebody said.
    let record = "mutation($input: RecordDepartureInput!) { recordDeparture(input: $input) {
        ... on DepartureRecorded { departure { support } } } }";
    let first =
        &api.ask(&world.officer_token, "{ stays { nodes { id } } }", json!({})).await["stays"]["nodes"][0];
    for (goes_on, support) in
        [(Json::Null, "NOT_SAID"), (json!(false), "NOT_WANTED"), (json!(true), "GOES_ON")]
    {
        let departure = json!({ "destination": "refuge", "planned": true, "supportGoesOn": goes_on });
        let input = json!({ "input": { "stay": first["id"], "departure": departure } });
        let told = api.ask(&world.officer_token, record, input).await;
        assert_eq!(told["recordDeparture"]["departure"]["support"], support);
    }
}
