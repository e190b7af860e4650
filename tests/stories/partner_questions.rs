//! What a council asks with needs and districts: an answer that can't be subtracted from another, the next likely night,
//! and a referral made of it in one step.

use safespace_domain::districts::{District, DistrictKind};
use safespace_engine::Command;
use safespace_tests::{Databases, World, api::Api, on_both, partner_of};
use serde_json::{Value as Json, json};

on_both![
    wishes_are_answered_with_room_or_none_or_ask_us,
    where_there_is_no_room_the_next_likely_night_is_told,
    a_question_becomes_one_referral_of_its_own_council,
];

const EVENING: &str = "2020-11-03T21:00:00Z";

async fn ask(partners: &Api, token: &str, input: Json) -> Json {
    let query = "mutation($input: AskForRoomInput!) { it: askForRoom(input: $input) { __typename \
                 ... on RoomAnswer { question room nextNight } ... on Refused { code message field } } }";
    partners.ask(token, query, json!({ "input": input })).await["it"].clone()
}

async fn wishes_are_answered_with_room_or_none_or_ask_us(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02", "SS-03"]).await;
    let elsewhere = District { name: "East Herts".into(), kind: DistrictKind::Partner };
    world.manager().run(Command::SaveDistrict(elsewhere)).await.unwrap();
    let staff = Api::serve(&world.engine).await;
    let partners = staff.for_partners();
    let token = &world.partner_token;
    let tonight = |needs: Json, not_in: Json| json!({ "adults": 1, "children": 2, "arrival": "2020-11-03", "needs": needs, "notIn": not_in });
    let room =
        async |needs: Json, not_in: Json| ask(&partners, token, tonight(needs, not_in)).await["room"].clone();
    assert_eq!(room(json!([]), json!([])).await, "SEVERAL");
    assert_eq!(room(json!([]), json!(["East Herts"])).await, "SOME", "several would do");
    assert_eq!(room(json!([]), json!(["Stevenage"])).await, "ASK_US");
    assert_eq!(room(json!(["step_free"]), json!([])).await, "ASK_US");
    world.officer().book("SS-01", "R-1", "2020-11-03", 1).await.unwrap();
    assert_eq!(room(json!([]), json!(["East Herts"])).await, "ASK_US", "two are not several");
    let unknown = ask(&partners, token, tonight(json!(["moat"]), json!([]))).await;
    assert_eq!((&unknown["code"], &unknown["field"]), (&json!("BAD_VALUE"), &json!("needs")));
    for (unit, household) in [("SS-02", "R-2"), ("SS-03", "R-3")] {
        world.officer().book(unit, household, "2020-11-03", 1).await.unwrap();
    }
    assert_eq!(room(json!(["step_free"]), json!([])).await, "NONE", "there is no room at all");
}

async fn where_there_is_no_room_the_next_likely_night_is_told(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    world.officer().book("SS-01", "R-1", "2020-11-03", 2).await.unwrap();
    let staff = Api::serve(&world.engine).await;
    let (partners, token) = (staff.for_partners(), world.partner_token.clone());
    let told = ask(&partners, &token, json!({ "adults": 1, "arrival": "2020-11-03" })).await;
    assert_eq!((&told["room"], &told["nextNight"]), (&json!("NONE"), &json!("2020-11-05")));
    let far = ask(&partners, &token, json!({ "adults": 1, "arrival": "2020-11-04", "nights": 7 })).await;
    assert_eq!(far["nextNight"], Json::Null, "no later night may be asked for, so none is told");
    let free = ask(&partners, &token, json!({ "adults": 1, "arrival": "2020-11-05" })).await;
    assert_eq!((&free["room"], &free["nextNight"]), (&json!("SOME"), &Json::Null));
}

async fn a_question_becomes_one_referral_of_its_own_council(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let staff = Api::serve(&world.engine).await;
    let partners = staff.for_partners();
    let token = &world.partner_token;
    let (other, _) = partner_of(&world.engine, "East Herts").await;
    let asked = json!({ "adults": 1, "children": 2, "arrival": "2020-11-03", "nights": 3, "needs": ["step_free"],
                        "notIn": ["North Herts"] });
    let question = ask(&partners, token, asked).await["question"].clone();
    let refer = async |token: &str, key: Option<&str>| {
        let query = "mutation($input: ReferFromQuestionInput!) { it: referFromQuestion(input: $input) { __typename \
                     ... on ReferralSubmitted { referral { id adults children arrival outcome } } \
                     ... on Refused { code message field } } }";
        let input = json!({ "question": question, "risk": "HIGH", "callBack": "01632 960002", "idempotencyKey": key });
        partners.ask(token, query, json!({ "input": input })).await["it"].clone()
    };
    assert_eq!(refer(&other, None).await["code"], "NOT_FOUND");
    let sent = refer(token, Some("once")).await;
    assert_eq!(sent["referral"]["children"], 2);
    assert_eq!(refer(token, Some("once")).await["referral"]["id"], sent["referral"]["id"]);
    let again = refer(token, None).await;
    assert_eq!((&again["code"], &again["field"]), (&json!("WRONG_STATE"), &json!("question")));
    let query = "query($id: ID!) { referral(id: $id) { source council risk features nights
        needs { dangerAreas callBack } } }";
    let seen = staff.ask(&world.officer_token, query, json!({ "id": sent["referral"]["id"] })).await;
    assert_eq!(
        seen["referral"],
        json!({ "source": "LOCAL_AUTHORITY", "council": "North Herts", "risk": "HIGH", "features": ["step_free"],
                "nights": 3, "needs": { "dangerAreas": ["North Herts"], "callBack": "01632 960002" } })
    );
    let asked = "{ questions { nodes { people children features unwantedDistricts referred } } }";
    let seen = staff.ask(&world.manager_token, asked, json!({})).await;
    assert_eq!(
        seen["questions"]["nodes"][0],
        json!({ "people": 3, "children": 2, "features": ["step_free"], "unwantedDistricts": ["North Herts"],
                "referred": true })
    );
}
