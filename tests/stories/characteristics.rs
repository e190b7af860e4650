//! Who a household is: the adults by sex, and what annual returns count. Said with a referral by whoever wants to say it,
//! sealed with what else it needs, shown to who sees the case, and used for nothing but counts.

use safespace_domain::{access::Role, needs::AdultsBySex};
use safespace_engine::{Command, RestrictCase};
use safespace_tests::{Databases, World, api::Api, canary, on_both, program::Program, refused};
use serde_json::{Value as Json, json};

on_both![
    it_is_said_read_back_and_replaced,
    nobody_must_say_it_and_what_is_said_adds_up,
    managers_add_to_the_list,
    it_is_nobodys_who_does_not_see_the_case,
    a_home_is_chosen_as_if_nobody_had_said_it,
    a_council_sends_it_and_does_not_read_it_back,
    it_can_be_read_nowhere_in_the_database,
    it_is_exported_and_erased_with_the_household,
    a_file_brings_it_in_by_code_and_an_unknown_code_is_not_quoted,
];

const EVENING: &str = "2020-11-03T21:00:00Z";
const WHO: &str = "adultsBySex { female male otherOrNotSaid } characteristics";

fn said(more: &Json) -> Json {
    let mut said = json!({ "source": "POLICE", "adults": 2, "children": 1, "arrival": "2020-11-03" });
    said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    said
}

async fn take(api: &Api, token: &str, more: Json) -> Json {
    let input = json!({ "referral": said(&more) });
    let wanted = format!("... on ReferralAnswered {{ referral {{ id version needs {{ {WHO} }} }} }}");
    let told = api.act(token, "takeReferral", "TakeReferralInput", input, &wanted).await;
    if told["referral"].is_null() { told } else { told["referral"].clone() }
}

async fn accept(api: &Api, token: &str, referral: &Json, household: &str) {
    let input = json!({ "referral": referral["id"], "household": household });
    let told = api.act(token, "acceptReferral", "AcceptReferralInput", input, "").await;
    assert_eq!(told["__typename"], "ReferralAnswered", "{told}");
}

async fn needs(api: &Api, token: &str, referral: &Json) -> Json {
    let query = format!("query($id: ID!) {{ referral(id: $id) {{ needs {{ {WHO} }} }} }}");
    api.ask(token, &query, json!({ "id": referral["id"] })).await["referral"]["needs"].clone()
}

async fn it_is_said_read_back_and_replaced(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let officer = &world.officer_token;
    let codes = ["mental_health", "disability", "disability"];
    let more = json!({ "adultsBySex": { "female": 1, "otherOrNotSaid": 1 }, "characteristics": codes });
    let taken = take(&api, officer, more).await;
    let sexes = json!({ "female": 1, "male": 0, "otherOrNotSaid": 1 });
    let told = json!({ "adultsBySex": sexes, "characteristics": ["disability", "mental_health"] });
    assert_eq!(taken["needs"], told);
    assert_eq!(needs(&api, &world.manager_token, &taken).await, told);

    // An edit says all of it, as for the other needs.
    let input = json!({ "referral": taken["id"], "version": taken["version"], "now": said(&json!({})) });
    let told = api.act(officer, "editReferral", "EditReferralInput", input, "").await;
    assert_eq!(told["__typename"], "ReferralAnswered", "{told}");
    let nothing = json!({ "adultsBySex": null, "characteristics": [] });
    assert_eq!(needs(&api, officer, &taken).await, nothing);
}

async fn nobody_must_say_it_and_what_is_said_adds_up(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let officer = &world.officer_token;
    let silent = take(&api, officer, json!({})).await;
    assert_eq!(silent["needs"], json!({ "adultsBySex": null, "characteristics": [] }));
    for (more, field) in [
        (json!({ "adultsBySex": { "female": 1 } }), "adultsBySex"),
        (json!({ "adultsBySex": { "female": 2, "male": 1 } }), "adultsBySex"),
        (json!({ "characteristics": ["left_handed"] }), "characteristics"),
    ] {
        let told = take(&api, officer, more).await;
        assert_eq!((&told["__typename"], &told["field"]), (&json!("Refused"), &json!(field)), "{told}");
        let message = told["message"].as_str().unwrap();
        assert!(!message.contains("left_handed"), "{message}");
    }
}

async fn managers_add_to_the_list(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let (officer, manager) = (&world.officer_token, &world.manager_token);
    let query = "{ reasons(kind: CHARACTERISTIC, first: 50) { nodes { code label countsAs dueHours } } }";
    let codes = async || -> Vec<String> {
        let told = api.ask(officer, query, json!({})).await;
        let nodes = told["reasons"]["nodes"].as_array().unwrap().clone();
        nodes.iter().map(|node| node["code"].as_str().unwrap().to_owned()).collect()
    };
    let before = codes().await;
    assert!(before.contains(&"minority_ethnic".to_owned()), "{before:?}");
    let input = json!({ "kind": "CHARACTERISTIC", "code": "carer", "label": "Cares for somebody" });
    assert_eq!(take(&api, officer, json!({ "characteristics": ["carer"] })).await["__typename"], "Refused");
    let told = api.act(manager, "saveReason", "SaveReasonInput", input, "").await;
    assert_eq!(told["__typename"], "ReasonSaved", "{told}");
    assert_eq!(codes().await.len(), before.len() + 1);
    let taken = take(&api, officer, json!({ "characteristics": ["carer"] })).await;
    assert_eq!(taken["needs"]["characteristics"], json!(["carer"]));
}

async fn it_is_nobodys_who_does_not_see_the_case(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let officer = &world.officer_token;
    let taken = take(&api, officer, json!({ "characteristics": ["pregnancy"] })).await;
    accept(&api, officer, &taken, "R-1").await;
    let household = world.engine.household(&world.officer().actor, "R-1").await.unwrap().unwrap().id;
    let administrator = world.person_with(Role::Administrator).await;
    for who in [&administrator.actor, &world.partner().actor] {
        assert!(refused(world.engine.household_needs(who, &[household]).await).starts_with("NOT_ALLOWED"));
    }
    let denied = world.officer().actor.who.id();
    let ask = RestrictCase { household: "R-1".into(), denied, reason: "knows the family".into() };
    world.service().run(Command::RestrictCase(ask)).await.unwrap();
    assert_eq!(needs(&api, officer, &taken).await, Json::Null);
    assert_eq!(needs(&api, &world.manager_token, &taken).await["characteristics"], json!(["pregnancy"]));
}

async fn a_home_is_chosen_as_if_nobody_had_said_it(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).with_move_on_unit("MO-01").await;
    let api = Api::serve(&world.engine).await;
    let officer = &world.officer_token;
    let mut found = Vec::new();
    let more = json!({ "adultsBySex": { "male": 2 }, "characteristics": ["disability", "trans", "older"] });
    for more in [json!({}), more] {
        let taken = take(&api, officer, more).await;
        let query =
            "query($id: ID!) { allocation(referral: $id) { ranked { nodes { unit { code } why preferences } }
            excluded { nodes { unit { code } reasons { code message } } } } }";
        found.push(api.ask(officer, query, json!({ "id": taken["id"] })).await);
    }
    assert_eq!(found[0], found[1]);
    assert_eq!(found[0]["allocation"]["ranked"]["nodes"].as_array().unwrap().len(), 2);
}

async fn a_council_sends_it_and_does_not_read_it_back(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let staff = Api::serve(&world.engine).await;
    let (partners, token) = (staff.for_partners(), &world.partner_token);
    let query = "mutation($input: SubmitReferralInput!) { it: submitReferral(input: $input) {
        ... on ReferralSubmitted { referral { id } } ... on Refused { message field } } }";
    let input = json!({ "adults": 1, "arrival": "2020-11-03", "adultsBySex": { "male": 1 },
        "characteristics": ["language"] });
    let sent = partners.ask(token, query, json!({ "input": input })).await["it"]["referral"].clone();
    let read = needs(&staff, &world.officer_token, &sent).await;
    let sexes = json!({ "female": 0, "male": 1, "otherOrNotSaid": 0 });
    assert_eq!(read, json!({ "adultsBySex": sexes, "characteristics": ["language"] }));
    let wrong = json!({ "adults": 1, "arrival": "2020-11-03", "characteristics": ["left_handed"] });
    let told = partners.ask(token, query, json!({ "input": wrong })).await["it"].clone();
    let message = told["message"].as_str().unwrap();
    assert!(message.contains("disability") && !message.contains("left_handed"), "{message}");

    let query = "mutation { it: askForRoom(input: {adults: 1, arrival: \"2020-11-03\"}) {
        ... on RoomAnswer { question } ... on Refused { message } } }";
    let question = partners.ask(token, query, json!({})).await["it"]["question"].clone();
    let query = "mutation($input: ReferFromQuestionInput!) { it: referFromQuestion(input: $input) {
        ... on ReferralSubmitted { referral { id } } ... on Refused { message } } }";
    let input = json!({ "question": question, "adultsBySex": { "female": 1 }, "characteristics": ["young"] });
    let sent = partners.ask(token, query, json!({ "input": input })).await["it"]["referral"].clone();
    let read = needs(&staff, &world.officer_token, &sent).await;
    assert_eq!((&read["adultsBySex"]["female"], &read["characteristics"]), (&json!(1), &json!(["young"])));

    for field in ["characteristics", "adultsBySex { female }", "needs { characteristics }"] {
        let query = format!("query($id: ID!) {{ referral(id: $id) {{ {field} }} }}");
        let (_, message) = partners.fails(token, &query, json!({ "id": sent["id"] })).await;
        assert!(!message.contains("young"), "{message}");
    }
}

async fn it_can_be_read_nowhere_in_the_database(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let officer = &world.officer_token;
    let more = json!({ "adultsBySex": { "female": 2 }, "characteristics": ["religion_or_belief"] });
    let input = json!({ "referral": said(&more), "idempotencyKey": "once" });
    let wanted = "... on ReferralAnswered { referral { id version } }";
    let taken =
        api.act(officer, "takeReferral", "TakeReferralInput", input, wanted).await["referral"].clone();
    let input = json!({ "referral": taken["id"], "version": taken["version"], "now": said(&more) });
    api.act(officer, "editReferral", "EditReferralInput", input, "").await;
    accept(&api, officer, &taken, "R-1").await;
    world.officer().book("SS-01", "R-1", "2020-11-03", 1).await.unwrap();
    assert_eq!(needs(&api, officer, &taken).await["characteristics"], json!(["religion_or_belief"]));
    // The list of codes may be read, and is: whom it is said of may not.
    let words = ["adults_by_sex", "characteristics", "other_or_not_said"];
    assert_eq!(canary::words_in(&world.url, &words).await, Vec::<String>::new());
    let on_the_list = canary::words_in(&world.url, &["religion_or_belief"]).await;
    assert!(on_the_list.iter().all(|found| !found.ends_with("in referral")), "{on_the_list:?}");
    assert_ne!(on_the_list, Vec::<String>::new(), "it is looked for");
}

async fn it_is_exported_and_erased_with_the_household(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let officer = &world.officer_token;
    let more = json!({ "adultsBySex": { "female": 1, "male": 1 }, "characteristics": ["care_leaver"] });
    let taken = take(&api, officer, more).await;
    accept(&api, officer, &taken, "R-1").await;
    let household = world.engine.household(&world.officer().actor, "R-1").await.unwrap().unwrap().id;
    let of = async || {
        let told = world.engine.household_needs(&world.officer().actor, &[household]).await.unwrap();
        told.get(&household).cloned().unwrap_or_default()
    };
    let sexes = AdultsBySex { female: 1, male: 1, other_or_not_said: 0 };
    assert_eq!(of().await.adults_by_sex, Some(sexes));
    let held = world.engine.subject_access(&world.service().actor, "R-1", "they asked").await.unwrap();
    let told: Json = serde_json::from_str(&held.to_json().unwrap()).unwrap();
    let needs = &told["referrals"][0]["needs"];
    assert_eq!(needs["characteristics"], json!(["care_leaver"]));
    assert_eq!(needs["adults_by_sex"], json!({ "female": 1, "male": 1, "other_or_not_said": 0 }));
    let page = safespace_web::subject_access_page(&held).unwrap();
    assert!(
        page.contains("1 female, 1 male, 0 another answer or none") && page.contains("care leaver"),
        "{page}"
    );
    world.engine.erase_household(&world.service().actor, "R-1", "asked for").await.unwrap();
    assert_eq!(of().await, safespace_domain::needs::Needs::default());
}

async fn a_file_brings_it_in_by_code_and_an_unknown_code_is_not_quoted(on: &Databases) {
    let url = on.untouched().await;
    let program = Program::on(&url);
    let file = program.write(
        "referrals.csv",
        "reference,received_at,source,adults,children,status,adults_female,adults_male,adults_other,characteristics\n\
         A-1,2020-06-01,police,2,0,received,1,,1,disability  young\n\
         A-2,2020-06-02,police,1,0,received,,,,\n\
         A-3,2020-06-03,police,1,0,received,1,1,,\n\
         A-4,2020-06-04,police,1,0,received,,,,left_handed\n\
         A-5,2020-06-05,police,1,0,received,-1,,,\n",
    );
    let ended = program.run(["import", "--referrals", file.to_str().unwrap()]);
    assert_eq!(ended.code, 3, "{ended:?}");
    assert_words_snapshot!(&ended.err, @"");
    let token = program.run(["token", "create", "--role", "officer"]).out.trim().to_owned();
    let service = program.serve(&[]);
    let client = safespace_tests::api::client().build().unwrap();
    let ask = client.post(format!("http://{}/graphql", service.address)).bearer_auth(token);
    let query = format!("{{ referrals {{ nodes {{ needs {{ {WHO} }} }} }} }}");
    let answer: Json = ask.json(&json!({ "query": query })).send().await.unwrap().json().await.unwrap();
    assert_eq!(
        answer["data"]["referrals"]["nodes"],
        json!([
            { "needs": { "adultsBySex": { "female": 1, "male": 0, "otherOrNotSaid": 1 },
                "characteristics": ["disability", "young"] } },
            { "needs": { "adultsBySex": null, "characteristics": [] } },
        ])
    );
    assert_eq!(service.stop(), 0);
}
