//! What a household can't or won't eat: said with a referral, sealed with what else it needs, and used for nothing but
//! what it is given.

use safespace_domain::{
    access::Role,
    items::{Allergen, Avoids, Diet},
};
use safespace_engine::{Command, RestrictCase};
use safespace_tests::{Databases, World, api::Api, canary, on_both, program::Program, refused};
use serde_json::{Value as Json, json};

on_both![
    it_is_said_on_the_telephone_read_back_and_replaced,
    it_is_nobodys_who_does_not_see_the_case,
    what_a_household_is_given_goes_by_its_latest_accepted_referral,
    a_home_is_chosen_as_if_nobody_had_said_it,
    a_council_sends_it_and_does_not_read_it_back,
    it_can_be_read_nowhere_in_the_database,
    it_is_exported_and_erased_with_the_household,
    a_file_brings_it_in_by_code_and_an_unknown_code_is_not_quoted,
];

const EVENING: &str = "2020-11-03T21:00:00Z";
const TAKEN: &str = "... on ReferralAnswered { referral { id version needs { allergens diets allergies } } }";

fn said(more: &Json) -> Json {
    let mut said = json!({ "source": "POLICE", "adults": 1, "children": 2, "arrival": "2020-11-03" });
    said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    said
}

async fn take(api: &Api, token: &str, more: Json) -> Json {
    let input = json!({ "referral": said(&more) });
    api.act(token, "takeReferral", "TakeReferralInput", input, TAKEN).await["referral"].clone()
}

async fn accept(api: &Api, token: &str, referral: &Json, household: &str) {
    let input = json!({ "referral": referral["id"], "household": household });
    let told = api.act(token, "acceptReferral", "AcceptReferralInput", input, "").await;
    assert_eq!(told["__typename"], "ReferralAnswered", "{told}");
}

async fn needs(api: &Api, token: &str, referral: &Json) -> Json {
    let query = "query($id: ID!) { referral(id: $id) { needs { allergens diets } } }";
    api.ask(token, query, json!({ "id": referral["id"] })).await["referral"]["needs"].clone()
}

async fn it_is_said_on_the_telephone_read_back_and_replaced(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let officer = &world.officer_token;
    let more = json!({ "allergens": ["NUTS", "MILK", "NUTS"], "diets": ["HALAL"], "allergies": "kiwi" });
    let taken = take(&api, officer, more).await;
    assert_eq!(
        taken["needs"],
        json!({ "allergens": ["MILK", "NUTS"], "diets": ["HALAL"], "allergies": "kiwi" })
    );
    let read = needs(&api, &world.manager_token, &taken).await;
    assert_eq!(read, json!({ "allergens": ["MILK", "NUTS"], "diets": ["HALAL"] }));

    // An edit says all of it, as for the other needs.
    let edit = async |version: &Json, more: Json| {
        let input = json!({ "referral": taken["id"], "version": version, "now": said(&more) });
        api.act(officer, "editReferral", "EditReferralInput", input, TAKEN).await["referral"].clone()
    };
    let edited =
        edit(&taken["version"], json!({ "allergens": ["EGGS"], "diets": ["VEGAN", "NO_PORK"] })).await;
    let now = json!({ "allergens": ["EGGS"], "diets": ["VEGAN", "NO_PORK"], "allergies": null });
    assert_eq!(edited["needs"], now);
    let edited = edit(&edited["version"], json!({})).await;
    assert_eq!(edited["needs"], json!({ "allergens": [], "diets": [], "allergies": null }));
}

async fn it_is_nobodys_who_does_not_see_the_case(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let officer = &world.officer_token;
    let taken = take(&api, officer, json!({ "allergens": ["NUTS"] })).await;
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
    let told = world.engine.household_needs(&world.officer().actor, &[household]).await.unwrap();
    assert!(told.is_empty());
    assert_eq!(needs(&api, &world.manager_token, &taken).await["allergens"], json!(["NUTS"]));
}

async fn what_a_household_is_given_goes_by_its_latest_accepted_referral(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let (officer, engine) = (&world.officer_token, &world.engine);
    world.officer().book("SS-01", "R-1", "2020-11-03", 1).await.unwrap();
    let household = engine.household(&world.officer().actor, "R-1").await.unwrap().unwrap().id;
    let of = async || {
        let told = engine.household_needs(&world.officer().actor, &[household]).await.unwrap();
        told.get(&household).cloned().unwrap_or_default()
    };
    assert!(of().await.avoids.is_nothing(), "it came by no referral");

    let ages = json!({ "under2": 1, "from5To10": 1 });
    let first = take(&api, officer, json!({ "allergens": ["NUTS"], "childAges": ages })).await;
    assert!(of().await.avoids.is_nothing(), "it is accepted for nobody yet");
    accept(&api, officer, &first, "R-1").await;
    let found = of().await;
    assert_eq!(found.avoids, Avoids { allergens: [Allergen::Nuts].into(), ..Avoids::default() });
    assert_eq!(found.child_ages.map(|ages| (ages.under_2, ages.from_5_to_10)), Some((1, 1)));

    // Somebody writes down later who had called before: it is not the latest.
    world.wake_at("2020-11-03T22:00:00Z").await;
    let late =
        json!({ "receivedAt": "2020-11-03T20:00:00Z", "referral": said(&json!({ "diets": ["KOSHER"] })) });
    let late = api.act(officer, "takeReferral", "TakeReferralInput", late, TAKEN).await["referral"].clone();
    accept(&api, officer, &late, "R-1").await;
    assert_eq!(of().await.avoids.allergens, [Allergen::Nuts].into());

    let second = take(&api, officer, json!({ "allergens": ["NUTS", "SESAME"], "diets": ["HALAL"] })).await;
    accept(&api, officer, &second, "R-1").await;
    let both = Avoids { allergens: [Allergen::Nuts, Allergen::Sesame].into(), diets: [Diet::Halal].into() };
    assert_eq!(of().await.avoids, both);
    let close = json!({ "referral": second["id"], "outcome": "no_longer_needed" });
    api.act(officer, "closeReferral", "CloseReferralInput", close, "").await;
    assert_eq!(of().await.avoids, both, "also once it is closed");
}

async fn a_home_is_chosen_as_if_nobody_had_said_it(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).with_move_on_unit("MO-01").await;
    let api = Api::serve(&world.engine).await;
    let officer = &world.officer_token;
    let mut found = Vec::new();
    for more in [json!({}), json!({ "allergens": ["GLUTEN", "FISH"], "diets": ["VEGAN"] })] {
        let taken = take(&api, officer, more).await;
        let query = "query($id: ID!) { referral(id: $id) { features lookedFor { code units } }
            allocation(referral: $id) { ranked { nodes { unit { code } why preferences } }
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
        ... on ReferralSubmitted { referral { id } } ... on Refused { message } } }";
    let input =
        json!({ "adults": 1, "arrival": "2020-11-03", "allergens": ["PEANUTS"], "diets": ["VEGETARIAN"] });
    let sent = partners.ask(token, query, json!({ "input": input })).await["it"]["referral"].clone();
    let read = needs(&staff, &world.officer_token, &sent).await;
    assert_eq!(read, json!({ "allergens": ["PEANUTS"], "diets": ["VEGETARIAN"] }));

    let query = "mutation { it: askForRoom(input: {adults: 1, arrival: \"2020-11-03\"}) {
        ... on RoomAnswer { question } ... on Refused { message } } }";
    let question = partners.ask(token, query, json!({})).await["it"]["question"].clone();
    let query = "mutation($input: ReferFromQuestionInput!) { it: referFromQuestion(input: $input) {
        ... on ReferralSubmitted { referral { id } } ... on Refused { message } } }";
    let input = json!({ "question": question, "allergens": ["SOYA"], "diets": ["NO_BEEF"] });
    let sent = partners.ask(token, query, json!({ "input": input })).await["it"]["referral"].clone();
    let read = needs(&staff, &world.officer_token, &sent).await;
    assert_eq!(read, json!({ "allergens": ["SOYA"], "diets": ["NO_BEEF"] }));

    for field in ["allergens", "diets", "needs { allergens }"] {
        let query = format!("query($id: ID!) {{ referral(id: $id) {{ {field} }} }}");
        let (_, message) = partners.fails(token, &query, json!({ "id": sent["id"] })).await;
        assert!(!message.contains("SOYA"), "{message}");
    }
}

async fn it_can_be_read_nowhere_in_the_database(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let officer = &world.officer_token;
    let more = json!({ "allergens": ["CRUSTACEANS"], "diets": ["KOSHER"] });
    let input = json!({ "referral": said(&more), "idempotencyKey": "once" });
    let taken = api.act(officer, "takeReferral", "TakeReferralInput", input, TAKEN).await["referral"].clone();
    let input = json!({ "referral": taken["id"], "version": taken["version"], "now": said(&more) });
    api.act(officer, "editReferral", "EditReferralInput", input, TAKEN).await;
    accept(&api, officer, &taken, "R-1").await;
    world.officer().book("SS-01", "R-1", "2020-11-03", 1).await.unwrap();
    assert_eq!(needs(&api, officer, &taken).await["diets"], json!(["KOSHER"]));
    assert_eq!(canary::words_in(&world.url, &["crustaceans", "kosher"]).await, Vec::<String>::new());
    assert_ne!(canary::words_in(&world.url, &["stevenage"]).await, Vec::<String>::new(), "it is looked for");
}

async fn it_is_exported_and_erased_with_the_household(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let officer = &world.officer_token;
    let more = json!({ "allergens": ["SULPHITES", "CELERY"], "diets": ["NO_PORK"] });
    let taken = take(&api, officer, more).await;
    accept(&api, officer, &taken, "R-1").await;
    let held = world.engine.subject_access(&world.service().actor, "R-1", "they asked").await.unwrap();
    let told: Json = serde_json::from_str(&held.to_json().unwrap()).unwrap();
    let avoids = json!({ "allergens": ["celery", "sulphites"], "diets": ["no_pork"] });
    assert_eq!(told["referrals"][0]["needs"]["avoids"], avoids);
    let page = safespace_web::subject_access_page(&held).unwrap();
    assert!(page.contains("celery, sulphites") && page.contains("free of pork"), "{page}");
    world.engine.erase_household(&world.service().actor, "R-1", "asked for").await.unwrap();
    assert_eq!(needs(&api, officer, &taken).await, json!({ "allergens": [], "diets": [] }));
}

async fn a_file_brings_it_in_by_code_and_an_unknown_code_is_not_quoted(on: &Databases) {
    let url = on.untouched().await;
    let program = Program::on(&url);
    let file = program.write(
        "referrals.csv",
        "reference,received_at,source,adults,children,status,allergens,diets\n\
         A-1,2020-06-01,police,1,0,received,crustaceans  lupin,kosher\n\
         A-2,2020-06-02,police,1,0,received,,\n\
         A-3,2020-06-03,police,1,0,received,nuts penicillin,\n\
         A-4,2020-06-04,police,1,0,received,,no_meat\n",
    );
    let ended = program.run(["import", "--referrals", file.to_str().unwrap()]);
    assert_eq!(ended.code, 3, "{ended:?}");
    assert_words_snapshot!(&ended.err, @r"
    referrals line 4: allergens has a code that is not known: use celery, gluten, crustaceans, eggs, fish, lupin, milk, molluscs, mustard, nuts, peanuts, sesame, soya, sulphites
    referrals line 5: diets has a code that is not known: use vegetarian, vegan, halal, kosher, no_pork, no_beef
    ");
    let token = program.run(["token", "create", "--role", "officer"]).out.trim().to_owned();
    let service = program.serve(&[]);
    let client = safespace_tests::api::client().build().unwrap();
    let ask = client.post(format!("http://{}/graphql", service.address)).bearer_auth(token);
    let query = "{ referrals { nodes { needs { allergens diets } } } }";
    let answer: Json = ask.json(&json!({ "query": query })).send().await.unwrap().json().await.unwrap();
    assert_eq!(
        answer["data"]["referrals"]["nodes"],
        json!([
            { "needs": { "allergens": ["CRUSTACEANS", "LUPIN"], "diets": ["KOSHER"] } },
            { "needs": { "allergens": [], "diets": [] } },
        ])
    );
    assert_eq!(service.stop(), 0);
    let words = ["crustaceans", "kosher", "penicillin"];
    assert_eq!(canary::words_in(&url, &words).await, Vec::<String>::new());
}
