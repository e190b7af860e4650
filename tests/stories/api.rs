//! Stories through the GraphQL API, over real HTTP.

use safespace_tests::{Databases, World, api::Api, on_both};
use serde_json::{Value as Json, json};

const BOOKED: &str = "... on StayBooked { stay { id status unit { code } arrival departure nights } }";
const CHANGED: &str = "... on StayChanged { stay { id status unit { code } arrival departure nights } }";

on_both!(
    an_evening_from_the_call_to_the_home_after,
    the_same_key_has_one_effect_and_one_answer,
    every_kind_of_record_is_found_by_its_id_and_only_as_what_it_is,
    lists_are_pages_with_a_maximum,
    lists_are_asked_for_from_a_night_or_up_to_one,
    bad_input_gets_a_sentence_and_changes_nothing,
    requests_that_are_not_as_they_should_be_are_refused_in_words,
    sixty_four_clients_who_want_the_same_few_units_never_share_a_night,
);

/// A service with two safe spaces in Stevenage and a move-on home, made by the manager through the API.
struct Service {
    api: Api,
    world: World,
    units: Vec<String>,
}

impl Service {
    async fn of(databases: &Databases) -> Self {
        let world = World::at("2020-11-03T21:00:00Z", databases).await;
        let api = Api::serve(&world.engine).await;
        let manager = &world.manager_token;
        let district = json!({ "name": "Stevenage", "kind": "HOST" });
        api.act(manager, "saveDistrict", "SaveDistrictInput", district, "").await;
        let mut units = Vec::new();
        for (property, scheme, codes) in
            [("SP-01", "SAFE_SPACE", vec!["SS-01", "SS-02"]), ("MP-01", "MOVE_ON", vec!["MO-01"])]
        {
            let input = json!({ "code": property, "scheme": scheme, "district": "Stevenage" });
            let fields = "... on PropertySaved { property { id code } }";
            let saved = api.act(manager, "registerProperty", "RegisterPropertyInput", input, fields).await;
            let property = saved["property"]["id"].as_str().unwrap().to_owned();
            for code in codes {
                let input = json!({ "code": code, "property": property, "sleeps": 4, "features": ["cot"], "openedOn": "2020-03-01" });
                let fields = "... on UnitSaved { unit { id } }";
                let saved = api.act(manager, "registerUnit", "RegisterUnitInput", input, fields).await;
                units.push(saved["unit"]["id"].as_str().unwrap().to_owned());
            }
        }
        Self { api, world, units }
    }

    async fn book(&self, household: &str, unit: usize, arrival: &str, departure: &str) -> Json {
        let input = json!({ "household": household, "unit": self.units[unit], "arrival": arrival,
                            "departure": departure, "adults": 1, "children": 2 });
        self.api.act(&self.world.officer_token, "bookStay", "BookStayInput", input, BOOKED).await
    }

    /// A partner's referral, whose id this is.
    async fn refer(&self) -> Json {
        let refer = "mutation { it: submitReferral(input: {adults: 1, arrival: \"2020-11-03\"}) \
                     { ... on ReferralSubmitted { referral { id } } } }";
        let answer = self.api.for_partners().ask(&self.world.partner_token, refer, json!({})).await;
        answer["it"]["referral"]["id"].clone()
    }

    async fn act(&self, mutation: &str, input_type: &str, input: Json) -> Json {
        self.api.act(&self.world.officer_token, mutation, input_type, input, CHANGED).await
    }
}

async fn an_evening_from_the_call_to_the_home_after(databases: &Databases) {
    let service = Service::of(databases).await;
    let (officer, manager) = (&service.world.officer_token, &service.world.manager_token);
    let ask = json!({ "arrival": "2020-11-03", "departure": "2020-11-06", "adults": 1, "children": 2, "features": ["cot"] });
    let found = service
        .api
        .ask(
            officer,
            "query($ask: AvailabilityInput!) { availability(ask: $ask) { offeredCount \
             offers(first: 1) { edges { node { unit { code } spareBeds } } pageInfo { hasNextPage } } \
             exclusions { nodes { unit { code } reasons { code } } } } }",
            json!({ "ask": ask }),
        )
        .await;
    let found = &found["availability"];
    assert_eq!(found["offeredCount"], 2);
    assert_eq!(found["offers"]["edges"][0]["node"]["unit"]["code"], "SS-01");
    assert_eq!(found["offers"]["pageInfo"]["hasNextPage"], true);
    assert_eq!(found["exclusions"]["nodes"][0]["reasons"][0]["code"], "OTHER_SCHEME");

    let booked = service.book("R-2020-0551", 0, "2020-11-03", "2020-11-06").await;
    assert_eq!(booked["__typename"], "StayBooked", "{booked:#}");
    let stay = booked["stay"]["id"].clone();
    let clash = service.book("R-2020-0552", 0, "2020-11-05", "2020-11-07").await;
    assert_eq!((&clash["code"], &clash["nextFree"]["code"]), (&json!("TAKEN"), &json!("SS-02")));
    assert_eq!(clash["inTheWay"][0]["whose"], "R-2020-0551");

    service.world.clock.set("2020-11-04T00:30:00Z");
    let there = service.act("checkIn", "StayInput", json!({ "stay": stay })).await;
    assert_eq!((&there["stay"]["status"], &there["stay"]["nights"]), (&json!("IN_RESIDENCE"), &json!(3)));
    let longer = json!({ "stay": stay, "departure": "2020-11-10" });
    let extended = service.act("extendStay", "ExtendStayInput", longer).await;
    assert_eq!(extended["stay"]["nights"], 7);
    let too_long = json!({ "stay": stay, "departure": "2020-11-12", "exception": "nowhere to go yet" });
    assert_eq!(service.act("extendStay", "ExtendStayInput", too_long.clone()).await["code"], "NOT_ALLOWED");
    let no_reason = json!({ "stay": stay, "departure": "2020-11-12" });
    assert_eq!(service.act("extendStay", "ExtendStayInput", no_reason).await["code"], "LONGEST_STAY");
    let granted = service.api.act(manager, "extendStay", "ExtendStayInput", too_long, CHANGED).await;
    assert_eq!(granted["stay"]["nights"], 9);
    let reasons = service
        .api
        .ask(
            officer,
            "query($id: ID!) { node(id: $id) { ... on Stay { exceptions { nodes { nights reason } } household { reference } } } }",
            json!({ "id": stay }),
        )
        .await;
    assert_eq!(
        reasons["node"]["exceptions"]["nodes"][0],
        json!({ "nights": 9, "reason": "nowhere to go yet" })
    );

    service.world.clock.set("2020-11-11T10:00:00Z");
    let onward = json!({ "stay": stay, "unit": service.units[2], "departure": "2021-02-01" });
    let fields =
        "... on StayMoved { from { status departure } to { id status arrival unit { code } nextReview } }";
    let moved = service.api.act(officer, "moveStay", "MoveStayInput", onward, fields).await;
    assert_eq!(moved["from"]["departure"], moved["to"]["arrival"], "{moved:#}");
    assert_eq!(moved["to"]["nextReview"], "2020-12-09");
    service.world.clock.set("2020-12-01T10:00:00Z");
    let left = service.act("checkOut", "CheckOutInput", json!({ "stay": moved["to"]["id"] })).await;
    assert_eq!(left["stay"]["status"], "DEPARTED");
    let back = service.act("reinstateStay", "StayInput", json!({ "stay": moved["to"]["id"] })).await;
    assert_eq!(
        (&back["stay"]["status"], &back["stay"]["departure"]),
        (&json!("IN_RESIDENCE"), &json!("2021-02-01"))
    );

    let figures = service
        .api
        .ask(
            manager,
            "{ occupancy(from: \"2020-11-01\", to: \"2020-12-01\", by: MONTH, group: SCHEME) { definitions { word } \
             rows { nodes { period group inStockNights occupiedNights occupancyRate fullNights } } } }",
            json!({}),
        )
        .await;
    let rows = json!([
        { "period": "2020-11", "group": "move_on", "inStockNights": 30, "occupiedNights": 20, "occupancyRate": "66.67", "fullNights": 20 },
        { "period": "2020-11", "group": "safe_space", "inStockNights": 60, "occupiedNights": 8, "occupancyRate": "13.33", "fullNights": 0 },
    ]);
    assert_eq!(figures["occupancy"]["rows"]["nodes"], rows);
}

async fn the_same_key_has_one_effect_and_one_answer(databases: &Databases) {
    let service = Service::of(databases).await;
    let input = |household: &str| json!({ "household": household, "arrival": "2020-11-03", "departure": "2020-11-06", "adults": 1, "idempotencyKey": "k-1" });
    let officer = &service.world.officer_token;
    let first = service.api.act(officer, "bookStay", "BookStayInput", input("R-1"), BOOKED).await;
    let again = service.api.act(officer, "bookStay", "BookStayInput", input("R-1"), BOOKED).await;
    assert_eq!(first, again);
    let other = service.api.act(officer, "bookStay", "BookStayInput", input("R-2"), BOOKED).await;
    assert_eq!(other["code"], "KEY_REUSED");
    let stays = service.api.ask(officer, "{ stays { nodes { id } } }", json!({})).await;
    assert_eq!(stays["stays"]["nodes"].as_array().unwrap().len(), 1);
}

async fn every_kind_of_record_is_found_by_its_id_and_only_as_what_it_is(databases: &Databases) {
    let service = Service::of(databases).await;
    let officer = &service.world.officer_token;
    let stay = service.book("R-1", 0, "2020-11-03", "2020-11-06").await["stay"]["id"].clone();
    let void = json!({ "unit": service.units[1], "from": "2020-11-10", "to": "2020-11-12", "reason": "repair", "note": "boiler" });
    let void = service
        .api
        .act(officer, "recordVoid", "RecordVoidInput", void, "... on VoidSaved { void { id note } }")
        .await;
    assert_eq!(void["void"]["note"], "boiler");
    let ids = service
        .api
        .ask(
            officer,
            "query($stay: ID!) { units(first: 1) { nodes { id property { id } } } districts { nodes { id } } \
             features(first: 1) { nodes { id } } voidReasons(first: 1) { nodes { id } } policies(first: 1) { nodes { id } } \
             node(id: $stay) { ... on Stay { household { id } } } }",
            json!({ "stay": stay }),
        )
        .await;
    let kinds = [
        ("Unit", ids["units"]["nodes"][0]["id"].clone()),
        ("Property", ids["units"]["nodes"][0]["property"]["id"].clone()),
        ("District", ids["districts"]["nodes"][0]["id"].clone()),
        ("Feature", ids["features"]["nodes"][0]["id"].clone()),
        ("VoidReason", ids["voidReasons"]["nodes"][0]["id"].clone()),
        ("Policy", ids["policies"]["nodes"][0]["id"].clone()),
        ("Household", ids["node"]["household"]["id"].clone()),
        ("Stay", stay),
        ("Void", void["void"]["id"].clone()),
        ("Referral", service.refer().await),
    ];
    for (kind, id) in &kinds {
        let found = service
            .api
            .ask(officer, "query($id: ID!) { node(id: $id) { __typename id } }", json!({ "id": id }))
            .await;
        assert_eq!(found["node"], json!({ "__typename": kind, "id": id }));
    }
    let wrong = service
        .api
        .fails(
            officer,
            "mutation($i: StayInput!) { checkIn(input: $i) { __typename } }",
            json!({ "i": { "stay": kinds[0].1 } }),
        )
        .await;
    assert_eq!(
        wrong,
        ("BAD_USER_INPUT".into(), "This is the id of a Unit; the id of a Stay is needed here.".into())
    );
    let (code, _) = service.api.fails(officer, "{ node(id: \"nonsense\") { id } }", json!({})).await;
    assert_eq!(code, "BAD_USER_INPUT");
}

async fn lists_are_asked_for_from_a_night_or_up_to_one(databases: &Databases) {
    let service = Service::of(databases).await;
    let officer = &service.world.officer_token;
    service.book("R-1", 0, "2020-11-10", "2020-11-13").await;
    let input =
        json!({ "unit": service.units[1], "from": "2020-11-10", "to": "2020-11-13", "reason": "repair" });
    service
        .api
        .act(officer, "recordVoid", "RecordVoidInput", input, "... on VoidSaved { void { id } }")
        .await;
    let query = "query($from: Date, $to: Date) { stays(filter: {from: $from, to: $to}) { nodes { id } } \
                 voids(filter: {from: $from, to: $to}) { nodes { id } } }";
    for (from, to, found) in [
        (json!("2020-11-12"), json!(null), 1),
        (json!("2020-11-13"), json!(null), 0),
        (json!(null), json!("2020-11-11"), 1),
        (json!(null), json!("2020-11-10"), 0),
        (json!("2020-11-11"), json!("2020-11-12"), 1),
        (json!(null), json!(null), 1),
    ] {
        let lists = service.api.ask(officer, query, json!({ "from": from, "to": to })).await;
        let counts = ["stays", "voids"].map(|list| lists[list]["nodes"].as_array().unwrap().len());
        assert_eq!(counts, [found, found], "{from} to {to}");
    }
    let backwards = json!({ "from": "2020-11-12", "to": "2020-11-11" });
    let (code, why) = service.api.fails(officer, query, backwards).await;
    assert_eq!(code, "BAD_VALUE", "{why}");
    let far = "{ a: units(first: 2147483647) { nodes { code } } }";
    let (_, why) = service.api.fails(officer, far, json!({})).await;
    assert!(why.contains("0 to 100"), "{why}");
    let nobody = service.api.ask(officer, "{ household(reference: \"\\u0000\") { id } }", json!({})).await;
    assert_eq!(nobody["household"], Json::Null);
}

async fn lists_are_pages_with_a_maximum(databases: &Databases) {
    let service = Service::of(databases).await;
    let officer = &service.world.officer_token;
    let page = "query($after: String) { units(first: 2, after: $after) { nodes { code } pageInfo { hasNextPage endCursor } } }";
    let first = service.api.ask(officer, page, json!({})).await;
    assert_eq!(first["units"]["pageInfo"]["hasNextPage"], true);
    let rest =
        service.api.ask(officer, page, json!({ "after": first["units"]["pageInfo"]["endCursor"] })).await;
    assert_eq!(rest["units"]["nodes"], json!([{ "code": "SS-02" }]));
    assert_eq!(rest["units"]["pageInfo"]["hasNextPage"], false);
    let (code, message) =
        service.api.fails(officer, "{ units(first: 101) { nodes { code } } }", json!({})).await;
    assert_eq!((code.as_str(), message.contains("0 to 100")), ("BAD_USER_INPUT", true));
    for place in 0..5 {
        let household = format!("R-{place}");
        let day = 3 + place;
        service.book(&household, 0, &format!("2020-11-{day:02}"), &format!("2020-11-{:02}", day + 1)).await;
    }
    let mut after = Json::Null;
    let mut seen = Vec::new();
    loop {
        let query = "query($after: String) { stays(first: 2, after: $after) { nodes { household { reference } } pageInfo { hasNextPage endCursor } } }";
        let page = service.api.ask(officer, query, json!({ "after": after })).await["stays"].clone();
        seen.extend(
            page["nodes"].as_array().unwrap().iter().map(|node| node["household"]["reference"].clone()),
        );
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(json!(seen), json!(["R-0", "R-1", "R-2", "R-3", "R-4"]));
}

async fn bad_input_gets_a_sentence_and_changes_nothing(databases: &Databases) {
    let service = Service::of(databases).await;
    let officer = &service.world.officer_token;
    let before = (service.world.ledger().await, service.world.count("audit").await);
    let good = json!({ "household": "R-1", "unit": service.units[0], "arrival": "2020-11-03", "departure": "2020-11-05", "adults": 1 });
    let with = |field: &str, value: Json| {
        let mut input = good.clone();
        input[field] = value;
        input
    };
    for (input, code, field) in [
        (with("departure", json!("2020-11-01")), "BAD_VALUE", "departure"),
        (with("arrival", json!("0020-11-01")), "BAD_VALUE", "arrival"),
        (with("adults", json!(-1)), "BAD_VALUE", "adults"),
        (with("adults", json!(0)), "BAD_VALUE", "adults"),
        (with("children", json!(1_000_000)), "BAD_VALUE", "children"),
        (with("household", json!("=HYPERLINK(\"x\")")), "BAD_VALUE", "household"),
        (with("household", json!("")), "BAD_VALUE", "household"),
        (with("children", json!(4)), "TOO_SMALL", "unit"),
        (with("departure", json!("2020-11-11")), "LONGEST_STAY", "departure"),
        (with("arrival", json!("2020-11-01")), "WRONG_TIME", "arrival"),
        (with("idempotencyKey", json!("")), "BAD_VALUE", "idempotencyKey"),
    ] {
        let refused = service.api.act(officer, "bookStay", "BookStayInput", input.clone(), BOOKED).await;
        assert_eq!(
            (refused["code"].as_str(), refused["field"].as_str()),
            (Some(code), Some(field)),
            "{input}\n{refused:#}"
        );
    }
    let unknown = json!({ "household": "R-1", "arrival": "2020-11-03", "departure": "2020-11-05", "adults": 1, "features": ["jacuzzi"] });
    let refused = service.api.act(officer, "bookStay", "BookStayInput", unknown, BOOKED).await;
    assert!(refused["message"].as_str().unwrap().contains("jacuzzi"));
    let impossible = with("arrival", json!("2020-02-30"));
    let query = "mutation($i: BookStayInput!) { bookStay(input: $i) { __typename } }";
    let (code, message) = service.api.fails(officer, query, json!({ "i": impossible })).await;
    assert_eq!(code, "BAD_USER_INPUT");
    assert_eq!(
        message,
        "Invalid value for argument \"input.arrival\", expected type \"Date\": write YYYY-MM-DD, a day that exists."
    );
    let no_unit = with("unit", json!("nonsense"));
    let (_, message) = service.api.fails(officer, query, json!({ "i": no_unit })).await;
    assert_eq!(message, "This is no id of a Unit: use one that this service has given.");
    assert_eq!((service.world.ledger().await, service.world.count("audit").await), before);
}

async fn requests_that_are_not_as_they_should_be_are_refused_in_words(databases: &Databases) {
    let service = Service::of(databases).await;
    let officer = &service.world.officer_token;
    let client = service.api.raw();
    let url = &service.api.url;
    let post = |accept: &str| client.post(url).bearer_auth(officer).header("accept", accept);
    let json_body = |body: String| {
        post("application/graphql-response+json").header("content-type", "application/json").body(body)
    };
    let deep = format!(
        "{{ units {{ nodes {{ {} code {} }} }} }}",
        "property { units { nodes { ".repeat(8),
        "} } }".repeat(8)
    );
    let many = format!(
        "{{ {} }}",
        (0..40).map(|n| format!("a{n}: viewer {{ role }}")).collect::<Vec<_>>().join(" ")
    );
    let query = |query: &str| json!({ "query": query }).to_string();
    for (request, status) in [
        (client.get(format!("{url}?query={{viewer{{role}}}}")).bearer_auth(officer), 405),
        (
            client
                .post(url)
                .bearer_auth(officer)
                .header("content-type", "text/plain")
                .body(query("{ viewer { role } }")),
            415,
        ),
        (json_body("x".repeat(10 * 1024 * 1024)), 413),
        (json_body("{".into()), 400),
        (json_body(format!("[{}]", query("{ viewer { role } }"))), 400),
        (json_body(json!({ "query": 1 }).to_string()), 400),
        (json_body(json!({ "query": "{ viewer { role } }", "variables": [] }).to_string()), 400),
        (json_body(query("{ nonsense }")), 400),
        (json_body(query("{ viewer { role ")), 400),
        (json_body(query(&deep)), 400),
        (json_body(query(&many)), 400),
        (
            json_body(query(
                "{ units(first: 100) { nodes { stays(first: 100) { nodes { household { stays(first: 100) { nodes { id } } } } } } } }",
            )),
            400,
        ),
        (
            post("text/html").header("content-type", "application/json").body(query("{ viewer { role } }")),
            406,
        ),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let body: Json = answer.json().await.unwrap();
        assert!(body["errors"][0]["message"].as_str().is_some_and(|message| message.len() > 5), "{body}");
        assert!(body["errors"][0]["extensions"]["code"].is_string(), "{body}");
    }
}

async fn sixty_four_clients_who_want_the_same_few_units_never_share_a_night(databases: &Databases) {
    let service = std::sync::Arc::new(Service::of(databases).await);
    let mut clients = tokio::task::JoinSet::new();
    for n in 0..64_u32 {
        let service = std::sync::Arc::clone(&service);
        clients.spawn(async move {
            let mut booked = 0_u32;
            for round in 0..4_u32 {
                let first = 3 + (n + round) % 5;
                let (arrival, departure) =
                    (format!("2020-11-{first:02}"), format!("2020-11-{:02}", first + 3));
                let answer = service
                    .book(
                        &format!("R-{n}-{round}"),
                        usize::try_from((n + round) % 2).unwrap(),
                        &arrival,
                        &departure,
                    )
                    .await;
                match answer["__typename"].as_str() {
                    Some("StayBooked") => booked += 1,
                    _ => assert_eq!(answer["code"], "TAKEN", "{answer:#}"),
                }
            }
            booked
        });
    }
    let mut booked = 0;
    while let Some(done) = clients.join_next().await {
        booked += done.unwrap();
    }
    // Two units and seven nights, the 3rd to the 9th: two stays of three nights fit in each at the most.
    assert!((2..=4).contains(&booked), "{booked} bookings");
    let nights = service.world.count("unit_night").await;
    let distinct = service.world.count("(SELECT DISTINCT unit_id, night FROM unit_night) AS n").await;
    let stays = service.world.count("stay").await;
    assert_eq!((nights, distinct, stays), (i64::from(booked) * 3, nights, i64::from(booked)));
}
