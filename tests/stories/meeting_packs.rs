//! Packs for groups that meet: a draft follows the records, an issued one stays as it was, and what was corrected since is
//! told beside it.

use reqwest::redirect::Policy;
use safespace_domain::access::Role;
use safespace_engine::{Command, RestrictCase};
use safespace_tests::{Databases, World, api::Api, on_both, program::Program};
use sea_orm::ConnectionTrait;
use serde_json::{Value as Json, json};

on_both![
    a_pack_is_drafted_issued_and_stays_as_it_was,
    small_numbers_leave_the_team_suppressed_and_what_is_read_is_what_was_told,
    nobody_issues_a_pack_before_its_period_is_over_or_twice,
    what_a_manager_says_is_nowhere_in_the_clear,
    whoever_may_not_know_of_a_case_reads_packs_without_it,
    groups_and_small_numbers_are_data,
    a_manager_reads_and_prints_packs_in_the_browser,
];

const NOW: &str = "2020-11-03T19:00:00Z";
/// The four weeks of 3 November begin on 12 October and end with 8 November.
const AFTER: &str = "2020-11-09T09:00:00Z";
const CANARY: &str = "Zebrafinch said the lift broke";
const PACK: &str = "query($group: String!, $on: Date!) { meetingPack(group: $group, on: $on) { from to audience issuedAt
    commentary figures(first: 100) { pageInfo { hasNextPage endCursor } nodes { code by group value suppressed definition } }
    corrections { nodes { code by group was now } } targets { nodes { code } } } }";

async fn pack(api: &Api, token: &str, group: &str, on: &str) -> Json {
    api.ask(token, PACK, json!({ "group": group, "on": on })).await["meetingPack"].clone()
}

fn figure<'p>(pack: &'p Json, code: &str, group: &str) -> &'p Json {
    let all = pack["figures"]["nodes"].as_array().unwrap();
    let found = all
        .iter()
        .find(|figure| figure["code"] == code && figure["group"].as_str().unwrap_or_default() == group);
    found.unwrap_or_else(|| panic!("no {code} {group}"))
}

async fn group(api: &Api, token: &str, code: &str, audience: &str) {
    let input = json!({ "code": code, "name": "A group", "every": "FOUR_WEEKS", "audience": audience,
        "sections": ["FLOW", "OCCUPANCY"] });
    let told = api.act(token, "saveMeetingGroup", "SaveMeetingGroupInput", input, "").await;
    assert_eq!(told["__typename"], "MeetingGroupSaved", "{told}");
}

async fn issue(api: &Api, token: &str, group: &str, on: &str) -> Json {
    let wanted = "... on MeetingPackIssued { pack { issuedAt } } ... on Refused { code message }";
    api.act(token, "issueMeetingPack", "IssueMeetingPackInput", json!({ "group": group, "on": on }), wanted)
        .await
}

async fn say(api: &Api, token: &str, group: &str, on: &str, text: &str) -> Json {
    let input = json!({ "group": group, "on": on, "text": text });
    api.act(token, "saveCommentary", "SaveCommentaryInput", input, "... on Refused { code message }").await
}

async fn refer(api: &Api, token: &str, source: &str) -> Json {
    let referral = json!({ "source": source, "adults": 1, "children": 0, "arrival": "2020-11-03" });
    let wanted = "... on ReferralAnswered { referral { id } }";
    let input = json!({ "referral": referral });
    let told = api.act(token, "takeReferral", "TakeReferralInput", input, wanted).await;
    told["referral"]["id"].clone()
}

async fn a_pack_is_drafted_issued_and_stays_as_it_was(on: &Databases) {
    let world = World::at(NOW, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let (manager, officer) = (&world.manager_token, &world.officer_token);
    group(&api, manager, "TEAM", "TEAM").await;
    let referral = refer(&api, officer, "GP").await;
    let draft = pack(&api, manager, "TEAM", "2020-11-01").await;
    assert_eq!((&draft["from"], &draft["to"]), (&json!("2020-10-12"), &json!("2020-11-09")));
    assert_eq!(
        (&draft["issuedAt"], &figure(&draft, "referrals_received", "")["value"]),
        (&Json::Null, &json!("1"))
    );
    refer(&api, officer, "GP").await;
    assert_eq!(
        figure(&pack(&api, manager, "TEAM", "2020-11-01").await, "referrals_received", "")["value"],
        "2"
    );
    say(&api, manager, "TEAM", "2020-11-01", "  A quiet four weeks.\n").await;
    world.wake_at(AFTER).await;
    let issued = issue(&api, manager, "team", "2020-10-20").await;
    assert_eq!(issued["__typename"], "MeetingPackIssued", "{issued}");
    // What becomes of a referral later changes nothing in the pack, and is told beside it.
    let declined = json!({ "referral": referral, "reason": "no_capacity" });
    api.act(officer, "declineReferral", "DeclineReferralInput", declined, "").await;
    let read = pack(&api, manager, "TEAM", "2020-11-01").await;
    assert_eq!(read["commentary"], "A quiet four weeks.");
    assert_eq!(figure(&read, "referrals_declined", "")["value"], "0");
    let corrections = read["corrections"]["nodes"].as_array().unwrap();
    let of = |code: &str, group: &str| {
        let found = corrections
            .iter()
            .find(|one| one["code"] == code && one["group"].as_str().unwrap_or_default() == group);
        found.map(|one| (one["was"].clone(), one["now"].clone()))
    };
    assert_eq!(of("referrals_declined", ""), Some((json!("0"), json!("1"))));
    assert_eq!(of("referrals_received", "undecided"), Some((json!("2"), json!("1"))));
    assert_eq!(of("referrals_received", ""), None, "as many came");
    let list = "{ meetingPacks(group: \"TEAM\") { nodes { group from to audience issuedAt } } }";
    let packs = api.ask(manager, list, json!({})).await["meetingPacks"]["nodes"].clone();
    assert_eq!((packs.as_array().unwrap().len(), &packs[0]["from"]), (1, &json!("2020-10-12")));
}

async fn small_numbers_leave_the_team_suppressed_and_what_is_read_is_what_was_told(on: &Databases) {
    let world = World::at(NOW, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let (manager, officer) = (&world.manager_token, &world.officer_token);
    group(&api, manager, "COUNCILS", "PARTNERS").await;
    group(&api, manager, "PUBLIC", "OUTSIDE").await;
    for _ in 0..7 {
        refer(&api, officer, "GP").await;
    }
    for _ in 0..6 {
        refer(&api, officer, "POLICE").await;
    }
    refer(&api, officer, "SELF").await;
    world.wake_at(AFTER).await;
    for group in ["COUNCILS", "PUBLIC"] {
        issue(&api, manager, group, "2020-11-01").await;
    }
    let read = pack(&api, manager, "COUNCILS", "2020-11-01").await;
    let told = |pack: &Json, group: &str| {
        let found = figure(pack, "referrals_received", group);
        (found["value"].clone(), found["suppressed"].clone())
    };
    assert_eq!(told(&read, ""), (json!("14"), json!(false)));
    let homes = |by: &str| {
        let all = read["figures"]["nodes"].as_array().unwrap();
        all.iter().filter(|figure| figure["code"] == "in_stock_nights" && figure["by"] == by).count()
    };
    assert_eq!(
        (homes("scheme"), homes("district")),
        (1, 0),
        "how many homes a district has stays with the team"
    );
    assert_eq!(told(&read, "self"), (Json::Null, json!(true)));
    assert_eq!(told(&read, "local_authority"), (Json::Null, json!(true)), "nought is small");
    // By 14 − 7 − 6 one knows that three sources make one, and not which.
    assert_eq!((told(&read, "gp").0, told(&read, "police").0), (json!("7"), json!("6")));
    let public = pack(&api, manager, "PUBLIC", "2020-11-01").await;
    assert_eq!(told(&public, ""), (json!("15"), json!(false)), "to the nearest five");
    assert_eq!(told(&public, "gp"), (Json::Null, json!(true)));
    let program = Program::on(&world.url);
    program.keep_key_of_worlds();
    let printed =
        program.run(["report", "pack", "--group", "COUNCILS", "--on", "2020-11-01", "--format", "csv"]);
    assert_eq!(printed.code, 0, "{}", printed.err);
    assert!(printed.out.contains(",source,self,suppressed,"), "{}", printed.out);
    assert!(printed.out.contains(",source,gp,7,"), "{}", printed.out);
}

async fn nobody_issues_a_pack_before_its_period_is_over_or_twice(on: &Databases) {
    let world = World::at(NOW, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let manager = &world.manager_token;
    let early = issue(&api, manager, "OPERATIONS", "2020-11-03").await;
    assert_eq!(
        (&early["code"], &early["message"]),
        (&json!("WRONG_TIME"), &json!("The period ends with 2020-11-08: issue its pack from 2020-11-09 on."))
    );
    assert_eq!(world.count("meeting_pack").await, 0, "nothing is half-written");
    world.wake_at(AFTER).await;
    assert_eq!(issue(&api, &world.officer_token, "OPERATIONS", "2020-11-03").await["code"], "NOT_ALLOWED");
    assert_eq!(issue(&api, manager, "NOBODY", "2020-11-03").await["code"], "NOT_FOUND");
    assert_eq!(issue(&api, manager, "OPERATIONS", "2020-11-03").await["__typename"], "MeetingPackIssued");
    assert_eq!(issue(&api, manager, "OPERATIONS", "2020-11-03").await["code"], "WRONG_STATE");
    assert_eq!(say(&api, manager, "OPERATIONS", "2020-11-03", "Late.").await["code"], "WRONG_STATE");
    let long = "x".repeat(20_001);
    assert_eq!(say(&api, manager, "OPERATIONS", "2020-12-03", &long).await["code"], "BAD_VALUE");
    for sql in ["UPDATE meeting_pack SET audience = 'team'", "DELETE FROM meeting_pack"] {
        let error = world.rows.execute_unprepared(sql).await.unwrap_err();
        assert!(error.to_string().contains("an issued pack is never changed"), "{error}");
    }
}

async fn what_a_manager_says_is_nowhere_in_the_clear(on: &Databases) {
    let world = World::at(NOW, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    say(&api, &world.manager_token, "OPERATIONS", "2020-11-03", CANARY).await;
    let read = pack(&api, &world.manager_token, "OPERATIONS", "2020-11-03").await;
    assert_eq!(read["commentary"], CANARY);
    let sealed: Vec<u8> = world.one("SELECT commentary FROM meeting_pack").await.unwrap();
    assert!(!String::from_utf8_lossy(&sealed).contains("Zebrafinch"));
    for table in ["audit", "command_key"] {
        for row in world.select(&format!("SELECT * FROM {table}")).await {
            assert!(!format!("{row:?}").contains("Zebrafinch"), "{table}");
        }
    }
}

async fn whoever_may_not_know_of_a_case_reads_packs_without_it(on: &Databases) {
    let world = World::at(NOW, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    group(&api, &world.manager_token, "TEAM", "TEAM").await;
    let referral = refer(&api, &world.officer_token, "GP").await;
    let accepted = json!({ "referral": referral, "household": "R-1" });
    api.act(&world.officer_token, "acceptReferral", "AcceptReferralInput", accepted, "").await;
    world.wake_at(AFTER).await;
    issue(&api, &world.manager_token, "TEAM", "2020-11-03").await;
    let other = world.person_with(Role::Manager).await;
    let denied = world.manager().actor.who.id();
    let closed = RestrictCase { household: "R-1".into(), denied, reason: "family".into() };
    other.run(Command::RestrictCase(closed)).await.unwrap();
    let read = pack(&api, &world.manager_token, "TEAM", "2020-11-03").await;
    assert_eq!(figure(&read, "referrals_received", "")["value"], "0");
    assert_eq!(read["corrections"]["nodes"], json!([]), "nor does a correction tell");
}

async fn groups_and_small_numbers_are_data(on: &Databases) {
    let world = World::at(NOW, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let manager = &world.manager_token;
    let query =
        "{ meetingGroups { nodes { code every audience sections } } discretion { partners { below roundedTo }
        outside { below roundedTo } } }";
    let told = api.ask(manager, query, json!({})).await;
    let codes: Vec<&str> = told["meetingGroups"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["BOARD", "OPERATIONS"]);
    assert_eq!(told["discretion"]["outside"], json!({ "below": 10, "roundedTo": 5 }));
    let wanted = "... on Refused { code field } ... on DiscretionSet { discretion { outside { below } } }";
    let set = |below: i64, rounded_to: i64| json!({ "partners": { "below": 5, "roundedTo": 1 }, "outside": { "below": below, "roundedTo": rounded_to } });
    for (below, rounded_to) in [(2, 1), (10, 0), (10, 3), (101, 1)] {
        let input = set(below, rounded_to);
        let told = api.act(manager, "setDiscretion", "SetDiscretionInput", input, wanted).await;
        assert_eq!(told["code"], "BAD_VALUE", "{below} {rounded_to}");
    }
    let told = api.act(manager, "setDiscretion", "SetDiscretionInput", set(20, 10), wanted).await;
    assert_eq!(told["discretion"]["outside"]["below"], 20);
    let empty =
        json!({ "code": "NONE", "name": "Nobody", "every": "QUARTER", "audience": "TEAM", "sections": [] });
    let wanted = "... on Refused { code field }";
    let told = api.act(manager, "saveMeetingGroup", "SaveMeetingGroupInput", empty, wanted).await;
    assert_eq!(told["field"], "sections");
}

/// The session of somebody in this role, as a cookie.
async fn sign_in(world: &World, role: Role) -> String {
    let owner = world.owner_of_account(&format!("a.{role}"), role).await;
    world.sign_in(&owner).await.cookie
}

/// A page as a browser gets it: its status and its text.
async fn browse(api: &Api, cookie: &str, path: &str) -> (u16, String) {
    let client = safespace_tests::api::client().redirect(Policy::none()).build().unwrap();
    let ask = client.get(api.url.replace("/graphql", path));
    let answer = ask.header("Cookie", format!("__Host-safespace={cookie}")).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn a_manager_reads_and_prints_packs_in_the_browser(on: &Databases) {
    let world = World::at(NOW, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    say(&api, &world.manager_token, "OPERATIONS", "2020-11-03", "<b>Quiet</b>\n\nAs before.").await;
    refer(&api, &world.officer_token, "GP").await;
    let manager = sign_in(&world, Role::Manager).await;
    let officer = sign_in(&world, Role::Officer).await;
    let (status, list) = browse(&api, &manager, "/meeting-packs").await;
    assert_eq!(status, 200);
    for row in ["/meeting-packs/OPERATIONS/2020-10-12", "/meeting-packs/BOARD/2020-07-01", "Not issued"] {
        assert!(list.contains(row), "{row}: {list}");
    }
    let (status, pack) = browse(&api, &manager, "/meeting-packs/OPERATIONS/2020-10-12").await;
    assert_eq!(status, 200);
    assert!(pack.contains("12 October 2020 to 8 November 2020"), "{pack}");
    assert!(
        pack.contains("Quiet") && pack.contains("As before.") && !pack.contains("<b>"),
        "what is typed is escaped"
    );
    assert!(pack.contains("Referrals that came in the period.") && pack.contains("suppressed"));
    for nowhere in ["/meeting-packs/NOBODY/2020-10-12", "/meeting-packs/BOARD/yesterday"] {
        assert_eq!(browse(&api, &manager, nowhere).await.0, 404, "{nowhere}");
    }
    assert_eq!(browse(&api, &officer, "/meeting-packs").await.0, 403);
    assert_eq!(browse(&api, &officer, "/meeting-packs/BOARD/2020-10-12").await.0, 403);
}
