//! The whole way of one household, through the API: from a call on the night on which the clocks change to a home of its
//! own.

use safespace_tests::{Databases, World, api::Api, on_both};
use serde_json::{Value as Json, json};

on_both![from_a_call_at_twenty_to_midnight_to_a_home_of_its_own];

/// Twenty to midnight in London, the evening before the clocks go back.
const CALL: &str = "2020-10-24T22:40:00Z";

/// Somebody at the API.
struct Desk<'a> {
    api: &'a Api,
    token: &'a str,
}

impl Desk<'_> {
    async fn does(&self, mutation: &str, input_type: &str, input: Json, fields: &str) -> Json {
        self.api.act(self.token, mutation, input_type, input, fields).await
    }
}

#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
async fn from_a_call_at_twenty_to_midnight_to_a_home_of_its_own(on: &Databases) {
    let world =
        World::at(CALL, on).with_unit("SS-01").with_unit_for("SS-02", 6).with_move_on_unit("MO-01").await;
    let api = Api::serve(&world.engine).await;
    let officer = Desk { api: &api, token: &world.officer_token };
    let manager = Desk { api: &api, token: &world.manager_token };

    // The call.
    let said = json!({ "referral": {
        "source": "POLICE", "adults": 1, "children": 2, "childAges": { "under2": 1, "from5To10": 1 },
        "arrival": "2020-10-24", "risk": "HIGH", "dashTicks": 16, "marac": true, "sharesAs": "WOMEN",
        "callBack": "01632 960001", "languages": ["Polish"], "dangerAreas": ["North Herts"],
    } });
    let taken = officer
        .does(
            "takeReferral",
            "TakeReferralInput",
            said,
            "... on ReferralAnswered { referral { id version status responseDue } }",
        )
        .await;
    let referral = taken["referral"]["id"].clone();
    assert_eq!(taken["referral"]["status"], "RECEIVED");
    assert_eq!(taken["referral"]["responseDue"], "2020-10-24T23:40:00+00:00");
    let accept = json!({ "referral": referral, "household": "R-NIGHT" });
    let accepted = officer
        .does(
            "acceptReferral",
            "AcceptReferralInput",
            accept,
            "... on ReferralAnswered { referral { status } }",
        )
        .await;
    assert_eq!(accepted["referral"]["status"], "ACCEPTED");

    // Which home, and why.
    let query = "query($id: ID!) { allocation(referral: $id) {
        ranked { nodes { unit { code } why } } excluded { nodes { unit { code } reasons { code } } } } }";
    let found = api.ask(&world.officer_token, query, json!({ "id": referral })).await["allocation"].clone();
    assert_eq!(found["ranked"]["nodes"][0]["unit"]["code"], "SS-01");
    assert_eq!(found["ranked"]["nodes"].as_array().unwrap().len(), 2);
    let excluded = &found["excluded"]["nodes"][0];
    assert_eq!(excluded["unit"]["code"], "MO-01");
    let codes: Vec<&str> =
        excluded["reasons"].as_array().unwrap().iter().filter_map(|reason| reason["code"].as_str()).collect();
    assert_eq!(codes, ["OTHER_SCHEME", "DANGER_AREA"]);

    // Held while a taxi is found.
    let to_hold = json!({ "household": "R-NIGHT", "arrival": "2020-10-24", "departure": "2020-10-30",
                          "adults": 1, "children": 2 });
    let held = officer
        .does(
            "holdUnit",
            "BookStayInput",
            to_hold,
            "... on HoldKept { hold { id unit { code } secondsLeft status } }",
        )
        .await;
    assert_eq!(held["hold"]["unit"]["code"], "SS-01");
    assert_eq!(held["hold"]["secondsLeft"], 7_200);
    world.wake_at("2020-10-24T23:20:00Z").await;
    let confirm = json!({ "hold": held["hold"]["id"] });
    let booked = officer
        .does(
            "confirmHold",
            "ConfirmHoldInput",
            confirm.clone(),
            "... on StayBooked { stay { id arrival nights } }",
        )
        .await;
    assert_eq!((&booked["stay"]["arrival"], &booked["stay"]["nights"]), (&json!("2020-10-24"), &json!(6)));
    let again = officer.does("confirmHold", "ConfirmHoldInput", confirm, "").await;
    assert_eq!(again["code"], "WRONG_STATE");
    assert_eq!(again["message"], "This hold is confirmed already: look at its booking.");
    let stay = booked["stay"]["id"].clone();

    // Ten to two, for the first time that night: still the night before.
    world.wake_at("2020-10-25T00:50:00Z").await;
    let arrived = officer
        .does(
            "checkIn",
            "StayInput",
            json!({ "stay": stay }),
            "... on StayChanged { stay { status arrival } }",
        )
        .await;
    assert_eq!(arrived["stay"], json!({ "status": "IN_RESIDENCE", "arrival": "2020-10-24" }));

    // Six nights; more than seven are a manager's to allow.
    world.wake_at("2020-10-29T10:00:00Z").await;
    let longer = json!({ "stay": stay, "departure": "2020-11-01" });
    let refused = officer.does("extendStay", "ExtendStayInput", longer, "").await;
    assert_eq!(refused["code"], "LONGEST_STAY");
    let longer = json!({ "stay": stay, "departure": "2020-11-01", "exception": "The move-on home is ready on the first" });
    let refused = officer.does("extendStay", "ExtendStayInput", longer.clone(), "").await;
    assert_eq!((&refused["code"], &refused["field"]), (&json!("NOT_ALLOWED"), &json!("exception")));
    let extended =
        manager.does("extendStay", "ExtendStayInput", longer, "... on StayChanged { stay { nights } }").await;
    assert_eq!(extended["stay"]["nights"], 8);
    let step =
        json!({ "household": "R-NIGHT", "kind": "move_on", "state": "AGREED", "target": "2020-11-01" });
    let planned = officer
        .does("saveNextStep", "SaveNextStepInput", step, "... on NextStepSaved { nextStep { kind state } }")
        .await;
    assert_eq!(planned["nextStep"], json!({ "kind": "move_on", "state": "AGREED" }));

    // On to a move-on home with no night between; it is safe there by now.
    world.wake_at("2020-11-01T11:00:00Z").await;
    let edit = json!({ "referral": referral, "version": version(&api, &world, &referral).await,
                       "now": { "source": "POLICE", "adults": 1, "children": 2, "arrival": "2020-10-24",
                                "risk": "HIGH", "dashTicks": 16, "sharesAs": "WOMEN", "dangerAreas": [] } });
    let edited = officer
        .does("editReferral", "EditReferralInput", edit, "... on ReferralAnswered { referral { status } }")
        .await;
    assert_eq!(edited["referral"]["status"], "PLACED");
    let unit =
        api.ask(&world.officer_token, "{ unit(code: \"MO-01\") { id } }", json!({})).await["unit"]["id"]
            .clone();
    let go_on = json!({ "stay": stay, "unit": unit, "departure": "2020-12-20" });
    let moved = officer
        .does("moveStay", "MoveStayInput", go_on, "... on StayMoved { from { departure } to { id arrival } }")
        .await;
    assert_eq!(moved["from"]["departure"], moved["to"]["arrival"]);

    // A home of its own, and somebody who goes on calling.
    world.wake_at("2020-12-10T09:00:00Z").await;
    let leave = json!({ "stay": moved["to"]["id"], "departure":
        { "destination": "own_tenancy", "planned": true, "supportGoesOn": true } });
    let left = officer
        .does(
            "checkOut",
            "CheckOutInput",
            leave,
            "... on StayChanged { stay { status leftFor { destination support } } }",
        )
        .await;
    assert_eq!(left["stay"]["leftFor"], json!({ "destination": "own_tenancy", "support": "GOES_ON" }));
    world.wake_at("2021-01-15T09:00:00Z").await;
    let ended = officer
        .does(
            "endSupport",
            "EndSupportInput",
            json!({ "stay": moved["to"]["id"] }),
            "... on DepartureRecorded { departure { support } }",
        )
        .await;
    assert_eq!(ended["departure"]["support"], "ENDED");

    // The referral, the journey, the figures, the audit.
    let query = "query($id: ID!) { referral(id: $id) { status outcome }
        household(reference: \"R-NIGHT\") { journey { nodes { unit { code } nights } } }
        occupancy(from: \"2020-10-24\", to: \"2020-12-11\", by: YEAR, group: UNIT) { rows { nodes { group occupiedNights } } } }";
    let told = api.ask(&world.officer_token, query, json!({ "id": referral })).await;
    assert_eq!(told["referral"], json!({ "status": "CLOSED", "outcome": "own_tenancy" }));
    assert_eq!(
        told["household"]["journey"]["nodes"],
        json!([{ "unit": { "code": "SS-01" }, "nights": 8 }, { "unit": { "code": "MO-01" }, "nights": 39 }])
    );
    let rows = told["occupancy"]["rows"]["nodes"].as_array().unwrap().clone();
    let occupied: Vec<(String, i64)> = rows
        .iter()
        .map(|row| (row["group"].as_str().unwrap().to_owned(), row["occupiedNights"].as_i64().unwrap()))
        .filter(|(_, nights)| *nights > 0)
        .collect();
    assert_eq!(occupied, [("MO-01".to_owned(), 39), ("SS-01".to_owned(), 8)]);
    for action in [
        "take_referral",
        "accept_referral",
        "hold_unit",
        "confirm_hold",
        "check_in",
        "extend_stay",
        "save_next_step",
        "edit_referral",
        "move_stay",
        "check_out",
        "end_support",
    ] {
        let sql = format!("SELECT count(*) FROM audit WHERE action = '{action}'");
        assert!(world.one::<i64>(&sql).await.unwrap() > 0, "{action} left no record");
    }
}

async fn version(api: &Api, world: &World, referral: &Json) -> Json {
    let query = "query($id: ID!) { referral(id: $id) { version } }";
    api.ask(&world.officer_token, query, json!({ "id": referral })).await["referral"]["version"].clone()
}
