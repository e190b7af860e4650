//! Stories of partner councils: they ask whether there is room, refer households, and follow their own referrals,
//! through an API of their own.

use std::sync::Arc;

use safespace_domain::{
    access::{Actor, Scope},
    disclosure::DisclosurePolicy,
};
use safespace_engine::{AskForRoom, Command, Page, RestrictCase};
use safespace_tests::{Databases, World, api::Api, day, on_both, partner_of};
use serde_json::{Value as Json, json};

const EVENING: &str = "2020-11-03T21:00:00Z";

on_both!(
    an_evening_of_a_partner,
    a_household_is_placed_and_leaves_and_its_council_sees_just_that,
    bands_are_of_the_whole_service_and_of_classes_of_size,
    questions_have_limits_and_bad_ones_are_not_counted,
    the_daily_number_holds_when_many_ask_at_once_and_begins_anew_at_midnight_in_london,
    what_partners_asked_is_for_managers,
    what_partners_are_told_is_a_managers_to_set,
    another_councils_referral_reads_as_none,
    what_was_answered_is_not_answered_again,
    the_same_key_refers_nobody_twice,
    details_are_sealed_and_bounded,
    a_case_that_is_closed_to_an_officer_takes_its_referral_with_it,
    each_belongs_at_its_own_door,
    bad_requests_are_refused_in_the_partner_schemas_words,
    a_councils_program_does_what_its_scopes_say,
);

/// A service with an API, its partner North Herts, and another one, East Herts.
struct Service {
    world: World,
    staff: Api,
    partners: Api,
    east_herts: String,
}

impl Service {
    async fn of(databases: &Databases) -> Self {
        let world = World::at(EVENING, databases).with_units(["SS-01", "SS-02"]).await;
        Self::around(world).await
    }

    async fn around(world: World) -> Self {
        let staff = Api::serve(&world.engine).await;
        let partners = staff.for_partners();
        let (east_herts, _) = partner_of(&world.engine, "East Herts").await;
        Self { world, staff, partners, east_herts }
    }

    fn north_herts(&self) -> &str {
        &self.world.partner_token
    }

    async fn room(&self, token: &str, input: Json) -> Json {
        let query = "mutation($input: AskForRoomInput!) { it: askForRoom(input: $input) { __typename \
                     ... on RoomAnswer { room arrival nights questionsLeft } ... on Refused { code message field } } }";
        self.partners.ask(token, query, json!({ "input": input })).await["it"].clone()
    }

    /// The answer for so many adults tonight.
    async fn tonight(&self, adults: u16) -> Json {
        self.room(self.north_herts(), json!({ "adults": adults, "arrival": "2020-11-03" })).await["room"]
            .clone()
    }

    async fn submit(&self, token: &str, input: Json) -> Json {
        let query = "mutation($input: SubmitReferralInput!) { it: submitReferral(input: $input) { __typename \
                     ... on ReferralSubmitted { referral { id reference adults children arrival receivedOn outcome \
                     answeredOn } } ... on Refused { code message field } } }";
        self.partners.ask(token, query, json!({ "input": input })).await["it"].clone()
    }

    /// The id of a new referral of one adult and two children, tonight.
    async fn refer(&self, token: &str) -> Json {
        let input =
            json!({ "adults": 1, "children": 2, "arrival": "2020-11-03", "details": "Call 01438 000000" });
        self.submit(token, input).await["referral"]["id"].clone()
    }

    async fn withdraw(&self, token: &str, referral: &Json) -> Json {
        let query = "mutation($input: WithdrawReferralInput!) { it: withdrawReferral(input: $input) { __typename \
                     ... on ReferralWithdrawn { referral { outcome answeredOn } } ... on Refused { code message field } } }";
        self.partners.ask(token, query, json!({ "input": { "referral": referral } })).await["it"].clone()
    }

    /// What has become of it, and the day of the answer.
    async fn follow(&self, token: &str, referral: &Json) -> Json {
        let query = "query($id: ID!) { referral(id: $id) { outcome answeredOn } }";
        self.partners.ask(token, query, json!({ "id": referral })).await["referral"].clone()
    }

    async fn outcome(&self, referral: &Json) -> Json {
        self.follow(self.north_herts(), referral).await["outcome"].clone()
    }

    async fn accept(&self, referral: &Json, household: &str) -> Json {
        let input = json!({ "referral": referral, "household": household });
        let fields =
            "... on ReferralAnswered { referral { status council household { reference } answeredAt } }";
        let officer = &self.world.officer_token;
        self.staff.act(officer, "acceptReferral", "AcceptReferralInput", input, fields).await
    }

    async fn decline(&self, referral: &Json, reason: &str) -> Json {
        let input = json!({ "referral": referral, "reason": reason });
        let fields = "... on ReferralAnswered { referral { status declineReason } }";
        let officer = &self.world.officer_token;
        self.staff.act(officer, "declineReferral", "DeclineReferralInput", input, fields).await
    }

    async fn set_policy(&self, policy: DisclosurePolicy) {
        self.world.manager().run(Command::SetDisclosurePolicy(policy)).await.unwrap();
    }
}

async fn an_evening_of_a_partner(on: &Databases) {
    let service = Service::of(on).await;
    let (north, officer) = (service.north_herts(), &service.world.officer_token);
    let viewer = service.partners.ask(north, "{ viewer { council role } }", json!({})).await;
    assert_eq!(viewer["viewer"], json!({ "council": "North Herts", "role": "PARTNER" }));

    let asked = json!({ "adults": 1, "children": 2, "arrival": "2020-11-03", "nights": 3 });
    let told = service.room(north, asked).await;
    let expected = json!({ "__typename": "RoomAnswer", "room": "SOME", "arrival": "2020-11-03", "nights": 3,
                           "questionsLeft": 49 });
    assert_eq!(told, expected);

    let input =
        json!({ "adults": 1, "children": 2, "arrival": "2020-11-03", "details": "Call the duty worker" });
    let sent = service.submit(north, input).await;
    let referral = &sent["referral"];
    let reference = referral["reference"].as_str().unwrap();
    assert!(reference.starts_with("P-") && reference.len() == 10, "{reference}");
    assert_eq!(referral["outcome"], "RECEIVED");
    assert_eq!((&referral["receivedOn"], &referral["answeredOn"]), (&json!("2020-11-03"), &Json::Null));

    let inbox = "{ referrals(filter: {statuses: [RECEIVED]}) { nodes { reference council adults children arrival \
                 status hasDetails household { reference } } } }";
    let inbox = service.staff.ask(officer, inbox, json!({})).await;
    let expected = json!([{ "reference": reference, "council": "North Herts", "adults": 1, "children": 2,
                            "arrival": "2020-11-03", "status": "RECEIVED", "hasDetails": true, "household": null }]);
    assert_eq!(inbox["referrals"]["nodes"], expected);

    let accepted = service.accept(&referral["id"], "R-2020-0551").await;
    assert_eq!(accepted["referral"]["household"]["reference"], "R-2020-0551", "{accepted:#}");
    let followed = service.follow(north, &referral["id"]).await;
    assert_eq!(followed, json!({ "outcome": "ACCEPTED", "answeredOn": "2020-11-03" }));
    let list = "{ referrals { nodes { id outcome } pageInfo { hasNextPage } } }";
    let list = service.partners.ask(north, list, json!({})).await;
    assert_eq!(list["referrals"]["nodes"], json!([{ "id": referral["id"], "outcome": "ACCEPTED" }]));
}

async fn a_household_is_placed_and_leaves_and_its_council_sees_just_that(on: &Databases) {
    let service = Service::of(on).await;
    let referral = service.refer(service.north_herts()).await;
    service.accept(&referral, "R-1").await;
    let officer = service.world.officer();
    let booked = officer.book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    assert_eq!(service.outcome(&referral).await, "PLACED");
    officer.cancel(&booked).await.unwrap();
    assert_eq!(service.outcome(&referral).await, "ACCEPTED", "a booking that came to nothing is no place");
    let booked = officer.book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    let there = officer.check_in(&booked).await.unwrap();
    service.world.wake_at("2020-11-05T10:00:00Z").await;
    let (_, there) = officer.move_to(&there, "SS-02").await.unwrap();
    assert_eq!(service.outcome(&referral).await, "PLACED", "a move is not told");
    officer.check_out(&there).await.unwrap();
    let followed = service.follow(service.north_herts(), &referral).await;
    assert_eq!(
        followed,
        json!({ "outcome": "CLOSED", "answeredOn": "2020-11-03" }),
        "no day of the stay is told"
    );
    let declined = service.refer_on("2020-11-05").await;
    service.decline(&declined, "no_capacity").await;
    assert_eq!(service.outcome(&declined).await, "DECLINED");
}

impl Service {
    async fn refer_on(&self, arrival: &str) -> Json {
        let input = json!({ "adults": 1, "arrival": arrival });
        self.submit(self.north_herts(), input).await["referral"]["id"].clone()
    }
}

async fn bands_are_of_the_whole_service_and_of_classes_of_size(on: &Databases) {
    let homes = [("SS-01", 1), ("SS-02", 2), ("SS-03", 3), ("SS-04", 4), ("SS-05", 6)];
    let setting =
        homes.iter().fold(World::at(EVENING, on), |setting, (code, n)| setting.with_unit_for(code, *n));
    // Move-on homes are no safe spaces, and not counted.
    let service = Service::around(setting.with_move_on_unit("MO-01").await).await;
    let mut told = Vec::new();
    for adults in 1..=9 {
        told.push(service.tonight(adults).await);
    }
    let bands = ["SEVERAL", "SEVERAL", "SOME", "SOME", "SOME", "SOME", "NONE", "NONE", "ASK_US"]
        .map(|band| json!(band));
    // For three people it is asked which homes sleep four: that one sleeps just three can't be found out.
    assert_eq!(told, bands);
    for unit in ["SS-03", "SS-04"] {
        service.world.officer().record_void(unit, "2020-11-03", 1).await.unwrap();
    }
    assert_eq!(service.tonight(2).await, "SOME");
    assert_eq!(service.tonight(3).await, "SOME");
    service.world.officer().record_void("SS-05", "2020-11-03", 1).await.unwrap();
    assert_eq!(service.tonight(3).await, "NONE");
}

async fn questions_have_limits_and_bad_ones_are_not_counted(on: &Databases) {
    let service = Service::of(on).await;
    let north = service.north_herts();
    for (input, code, field) in [
        (json!({ "adults": 0, "arrival": "2020-11-03" }), "BAD_VALUE", "adults"),
        (json!({ "adults": 1, "children": -2, "arrival": "2020-11-03" }), "BAD_VALUE", "children"),
        (json!({ "adults": 1, "arrival": "2020-11-02" }), "WRONG_TIME", "arrival"),
        (json!({ "adults": 1, "arrival": "2020-11-11" }), "WRONG_TIME", "arrival"),
        (json!({ "adults": 1, "arrival": "2020-11-10", "nights": 2 }), "WRONG_TIME", "nights"),
        (json!({ "adults": 1, "arrival": "2020-11-03", "nights": 8 }), "BAD_VALUE", "nights"),
        (json!({ "adults": 1, "arrival": "2020-11-03", "nights": 0 }), "BAD_VALUE", "nights"),
    ] {
        let refused = service.room(north, input.clone()).await;
        assert_eq!(
            (&refused["code"], &refused["field"]),
            (&json!(code), &json!(field)),
            "{input}: {refused:#}"
        );
    }
    assert_eq!(service.world.count("question").await, 0);
    let last = service.room(north, json!({ "adults": 1, "arrival": "2020-11-10" })).await;
    assert_eq!(last["questionsLeft"], 49);
    // The same question twice counts twice.
    let again = service.room(north, json!({ "adults": 1, "arrival": "2020-11-10" })).await;
    assert_eq!(again["questionsLeft"], 48);
    let other = service.room(&service.east_herts, json!({ "adults": 1, "arrival": "2020-11-10" })).await;
    assert_eq!(other["questionsLeft"], 49, "each council has its own number");
    assert_eq!(service.world.count("question").await, 3);
    assert_eq!(service.world.count("audit WHERE action = 'ask_for_room'").await, 3);
}

async fn the_daily_number_holds_when_many_ask_at_once_and_begins_anew_at_midnight_in_london(on: &Databases) {
    let service = Arc::new(Service::of(on).await);
    service.set_policy(DisclosurePolicy { questions_a_day: 5, ..DisclosurePolicy::default() }).await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let service = Arc::clone(&service);
        let input = json!({ "adults": 1, "arrival": "2020-11-03" });
        asking.spawn(async move { service.room(service.north_herts(), input).await });
    }
    let (mut left, mut refused) = (Vec::new(), 0);
    while let Some(told) = asking.join_next().await {
        let told = told.unwrap();
        if told["__typename"] == "RoomAnswer" {
            left.push(told["questionsLeft"].as_i64().unwrap());
        } else {
            assert_eq!(told["code"], "TOO_MANY");
            let words = told["message"].as_str().unwrap();
            assert!(words.contains("midnight (Europe/London), when 2020-11-04 begins"), "{words}");
            refused += 1;
        }
    }
    left.sort_unstable();
    assert_eq!((left, refused), (vec![0, 1, 2, 3, 4], 27));
    assert_eq!(service.world.count("question").await, 5);
    let over = "audit WHERE action = 'ask_for_room_too_often'";
    assert_eq!(
        service.world.count(over).await,
        1,
        "the first of the refused ones is recorded, and all are counted"
    );
    assert_eq!(service.world.one("SELECT refused FROM question_count").await, Some(27));
    service.world.wake_at("2020-11-03T23:59:59Z").await;
    assert_eq!(
        service.room(service.north_herts(), json!({ "adults": 1, "arrival": "2020-11-03" })).await["code"],
        "TOO_MANY"
    );
    service.world.wake_at("2020-11-04T00:00:00Z").await;
    let tonight = service.room(service.north_herts(), json!({ "adults": 1, "arrival": "2020-11-03" })).await;
    assert_eq!(tonight["questionsLeft"], 4, "the night that began yesterday is still tonight: {tonight:#}");
}

async fn what_partners_asked_is_for_managers(on: &Databases) {
    let service = Service::of(on).await;
    for _ in 0..2 {
        service.tonight(1).await;
    }
    service.tonight(9).await;
    service.room(&service.east_herts, json!({ "adults": 5, "arrival": "2020-11-04", "nights": 2 })).await;
    let (manager, officer) = (&service.world.manager_token, &service.world.officer_token);
    let counts = "{ questionCounts { nodes { council answer asked } } }";
    let counted = service.staff.ask(manager, counts, json!({})).await;
    let expected = json!([
        { "council": "East Herts", "answer": "NONE", "asked": 1 },
        { "council": "North Herts", "answer": "ASK_US", "asked": 1 },
        { "council": "North Herts", "answer": "SOME", "asked": 2 },
    ]);
    assert_eq!(counted["questionCounts"]["nodes"], expected);
    let list = "query($from: Date, $to: Date) { questions(first: 2, from: $from, to: $to) { \
                nodes { council people arrival nights answer askedAt } pageInfo { hasNextPage } } }";
    let listed = service.staff.ask(manager, list, json!({})).await;
    let first = json!({ "council": "North Herts", "people": 1, "arrival": "2020-11-03", "nights": 1, "answer": "SOME",
                        "askedAt": "2020-11-03T21:00:00+00:00" });
    assert_eq!(listed["questions"]["nodes"][0], first);
    assert_eq!(listed["questions"]["pageInfo"]["hasNextPage"], true);
    let later = service.staff.ask(manager, list, json!({ "from": "2020-11-04" })).await;
    assert_eq!(later["questions"]["nodes"], json!([]));
    for query in [counts, list] {
        assert_eq!(service.staff.fails(officer, query, json!({})).await.0, "NOT_ALLOWED");
    }
}

async fn what_partners_are_told_is_a_managers_to_set(on: &Databases) {
    let service = Service::of(on).await;
    let (manager, officer) = (&service.world.manager_token, &service.world.officer_token);
    let shown = "{ disclosurePolicy { severalFrom nightsAhead questionsADay sizes words } }";
    let before = service.staff.ask(officer, shown, json!({})).await["disclosurePolicy"].clone();
    let default =
        json!({ "severalFrom": 3, "nightsAhead": 7, "questionsADay": 50, "sizes": [1, 2, 4, 6, 8] });
    for (field, value) in default.as_object().unwrap() {
        assert_eq!(before[field], *value);
    }
    let input = json!({ "severalFrom": 4, "nightsAhead": 0, "questionsADay": 9, "sizes": [5] });
    let set = |token: &str, input: Json| {
        let (service, token) = (&service, token.to_owned());
        let fields = "... on DisclosurePolicySet { policy { severalFrom words } }";
        async move {
            service.staff.act(&token, "setDisclosurePolicy", "SetDisclosurePolicyInput", input, fields).await
        }
    };
    assert_eq!(set(officer, input.clone()).await["code"], "NOT_ALLOWED");
    let mut single = input.clone();
    single["severalFrom"] = json!(2);
    assert_eq!(set(manager, single).await["field"], "severalFrom", "some would be a count");
    assert_eq!(set(manager, input).await["policy"]["severalFrom"], 4);
    assert_eq!(service.tonight(4).await, "NONE", "no home sleeps the five of the only class");
    let shown = "{ disclosure { severalFrom nightsAhead questionsADay sizes words } }";
    let told = service.partners.ask(service.north_herts(), shown, json!({})).await["disclosure"].clone();
    assert_eq!((&told["sizes"], &told["questionsADay"]), (&json!([5]), &json!(9)));
    // Another process has it, too.
    let other = service.world.another_engine().await;
    assert_eq!(other.spaces().disclosure.sizes, [5]);
    other.close().await.unwrap();
}

async fn another_councils_referral_reads_as_none(on: &Databases) {
    let service = Service::of(on).await;
    let theirs = service.refer(&service.east_herts).await;
    let north = service.north_herts();
    assert_eq!(service.follow(north, &theirs).await, Json::Null);
    let refused = service.withdraw(north, &theirs).await;
    // As for an id that there is not: the id of a referral that no council sent.
    let nobodys = service.refer(north).await;
    service.world.select("DELETE FROM referral WHERE council = 'North Herts'").await;
    assert_eq!(service.follow(north, &nobodys).await, Json::Null);
    assert_eq!(service.withdraw(north, &nobodys).await, refused);
    assert_eq!(
        refused,
        json!({ "__typename": "Refused", "code": "NOT_FOUND", "message": "There is no such referral.",
                                "field": "referral" })
    );
    let list = service.partners.ask(north, "{ referrals { nodes { id } } }", json!({})).await;
    assert_eq!(list["referrals"]["nodes"], json!([]));
    assert_eq!(service.follow(&service.east_herts, &theirs).await["outcome"], "RECEIVED");
}

async fn what_was_answered_is_not_answered_again(on: &Databases) {
    let service = Service::of(on).await;
    let north = service.north_herts();
    let withdrawn = service.refer(north).await;
    assert_eq!(service.withdraw(north, &withdrawn).await["referral"]["outcome"], "WITHDRAWN");
    let accepted = service.refer(north).await;
    service.accept(&accepted, "R-1").await;
    let audited = service.world.count("audit").await;
    for (referral, status) in [(&withdrawn, "withdrawn"), (&accepted, "accepted")] {
        let mut all = vec![service.withdraw(north, referral).await, service.accept(referral, "R-2").await];
        if status == "withdrawn" {
            // One whose household waits may still have to be declined.
            all.push(service.decline(referral, "out_of_area").await);
        }
        for again in all {
            assert_eq!(
                (&again["code"], &again["field"]),
                (&json!("WRONG_STATE"), &json!("referral")),
                "{again:#}"
            );
            assert!(again["message"].as_str().unwrap().contains(status), "{again:#}");
        }
    }
    let unknown = service.decline(&service.refer(north).await, "because").await;
    assert_eq!((&unknown["code"], &unknown["field"]), (&json!("BAD_VALUE"), &json!("reason")));
    assert_eq!(service.world.count("household").await, 1, "no household was added for what was refused");
    assert_eq!(service.world.count("audit").await, audited + 1, "only the new referral was recorded");
}

async fn the_same_key_refers_nobody_twice(on: &Databases) {
    let service = Service::of(on).await;
    let input = |adults: u16| json!({ "adults": adults, "arrival": "2020-11-03", "idempotencyKey": "k-1" });
    let first = service.submit(service.north_herts(), input(1)).await;
    let again = service.submit(service.north_herts(), input(1)).await;
    assert_eq!(first, again);
    assert_eq!(service.submit(service.north_herts(), input(2)).await["code"], "KEY_REUSED");
    assert_eq!(service.submit(&service.east_herts, input(2)).await["__typename"], "ReferralSubmitted");
    assert_eq!(service.world.count("referral").await, 2);
}

async fn details_are_sealed_and_bounded(on: &Databases) {
    let service = Service::of(on).await;
    service.refer(service.north_herts()).await;
    let sealed: Vec<u8> = service.world.one("SELECT details FROM referral").await.unwrap();
    assert!(!String::from_utf8_lossy(&sealed).contains("01438"));
    let long = json!({ "adults": 1, "arrival": "2020-11-03", "details": "x".repeat(2_001) });
    assert_eq!(service.submit(service.north_herts(), long).await["field"], "details");
}

async fn a_case_that_is_closed_to_an_officer_takes_its_referral_with_it(on: &Databases) {
    let service = Service::of(on).await;
    let officer = &service.world.officer_token;
    let referral = service.refer(service.north_herts()).await;
    service.accept(&referral, "R-1").await;
    let denied = service.world.officer().actor.who.id();
    let ask = RestrictCase { household: "R-1".into(), denied, reason: "knows the family".into() };
    // Only a person may restrict a case, or the service itself.
    service.world.service().run(Command::RestrictCase(ask)).await.unwrap();
    let one = "query($id: ID!) { referral(id: $id) { id } node(id: $id) { id } referrals { nodes { id } } }";
    let seen = service.staff.ask(officer, one, json!({ "id": referral })).await;
    assert_eq!(seen, json!({ "referral": null, "node": null, "referrals": { "nodes": [] } }));
    assert_eq!(service.decline(&referral, "out_of_area").await["code"], "NOT_FOUND");
    let other = service.refer(service.north_herts()).await;
    let accepted = service.accept(&other, "R-1").await;
    assert_eq!(accepted["referral"]["household"]["reference"], "R-1", "to them, nobody has it: {accepted}");
    assert_eq!(service.world.count("household WHERE reference = 'R-1~2'").await, 1);
    assert_eq!(service.outcome(&referral).await, "ACCEPTED", "its council follows it as before");
}

async fn each_belongs_at_its_own_door(on: &Databases) {
    let service = Service::of(on).await;
    let world = &service.world;
    let viewer = "{ viewer { role } }";
    for (api, token, says) in [
        (&service.staff, &world.partner_token, "use POST /partner/graphql"),
        (&service.partners, &world.officer_token, "use POST /graphql"),
        (&service.partners, &world.manager_token, "use POST /graphql"),
    ] {
        // Also with a body that is no query: nothing of it is read.
        let answer = api.raw().post(&api.url).bearer_auth(token).body("{").send().await.unwrap();
        assert_eq!(answer.status(), 403);
        let (code, message) = api.fails(token, viewer, json!({})).await;
        assert_eq!(code, "FORBIDDEN");
        assert!(message.contains(says), "{message}");
    }
    assert_eq!(service.partners.post("nonsense", viewer, json!({})).await.status(), 401);
    let get = service.partners.raw().get(&service.partners.url).bearer_auth(service.north_herts());
    assert_eq!(get.send().await.unwrap().status(), 405);
}

async fn bad_requests_are_refused_in_the_partner_schemas_words(on: &Databases) {
    let service = Service::of(on).await;
    let north = service.north_herts();
    let unit: safespace_domain::UnitId = world_unit(&service.world).await;
    for query in [
        "{ units { nodes { code } } }".to_owned(),
        "{ stays { nodes { id } } }".into(),
        "{ node(id: \"x\") { id } }".into(),
        "{ referral(id: \"nonsense\") { outcome } }".into(),
        format!("{{ referral(id: \"{}\") {{ outcome }} }}", unit.0),
        "subscription { boardChanged { nights } }".into(),
        "{ referrals(first: 101) { nodes { id } } }".into(),
    ] {
        let (code, _) = service.partners.fails(north, &query, json!({})).await;
        assert_eq!(code, "BAD_USER_INPUT", "{query}");
    }
    for input in [
        json!({ "adults": 0, "arrival": "2020-11-03" }),
        json!({ "adults": 1, "arrival": "2020-11-02" }),
        json!({ "adults": 1, "arrival": "2021-11-02" }),
        json!({ "adults": 1, "arrival": "2020-11-03", "idempotencyKey": "" }),
    ] {
        assert_eq!(service.submit(north, input.clone()).await["__typename"], "Refused", "{input}");
    }
    assert_eq!(service.world.count("referral").await, 0);
}

async fn a_councils_program_does_what_its_scopes_say(on: &Databases) {
    let service = Service::of(on).await;
    let engine = &service.world.engine;
    let whole = &service.world.partner().actor;
    let with = |scope| Arc::new(Actor { scopes: Some([scope].into()), ..(**whole).clone() });
    let (asks, refers, follows) = (with(Scope::Room), with(Scope::Refer), with(Scope::Follow));
    let ask = AskForRoom {
        adults: 1,
        children: 0,
        arrival: day("2020-11-03"),
        nights: 1,
        wishes: safespace_domain::disclosure::Wishes::default(),
    };
    let refer = || Command::SubmitReferral(safespace_tests::household_to_refer(1, 0, "2020-11-03", None));
    let page = || Page { after: None, limit: 10 };
    assert!(engine.ask_for_room(&asks, ask.clone()).await.is_ok());
    assert!(engine.run(&refers, None, refer()).await.is_ok());
    assert_eq!(engine.followed_referrals(&follows, page()).await.unwrap().len(), 1);
    let refusals = [
        engine.ask_for_room(&refers, ask.clone()).await.unwrap_err().to_string(),
        engine.run(&follows, None, refer()).await.unwrap_err().to_string(),
        engine.followed_referrals(&asks, page()).await.unwrap_err().to_string(),
        // Whoever has the command line belongs to no council.
        engine.ask_for_room(&service.world.service().actor, ask).await.unwrap_err().to_string(),
    ];
    assert_words_snapshot!(refusals.join("\n"), @r"
    This token can't ask for room here: it has not the scope `room`.
    This token can't send referrals: it has not the scope `refer`.
    This token can't follow referrals: it has not the scope `follow`.
    Only somebody who works for a partner council can do this.
    ");
}

async fn world_unit(world: &World) -> safespace_domain::UnitId {
    world.unit("SS-01").await
}

/// A type that is not there can't leak; nor can a field. What words describe them may say what they are not.
#[test]
fn the_partner_schema_has_nothing_named_like_a_home_a_stay_or_an_address() {
    let sdl = include_str!("../../schema.partner.graphql");
    let names: Vec<&str> = names(sdl);
    assert!(names.contains(&"askForRoom") && names.contains(&"PLACED"), "{names:?}");
    let forbidden = [
        "unit",
        "property",
        "properties",
        "home",
        "house",
        "address",
        "street",
        "postcode",
        "stay",
        "void",
        "board",
        "occupancy",
        "district",
        "feature",
        "scheme",
        "count",
        "total",
        "free",
        "intheway",
        "departure",
        "checkin",
        "checkout",
        "booking",
        "note",
        "reason",
        "officer",
        "manager",
        "audit",
        "household",
    ];
    for name in names {
        let lower = name.to_lowercase();
        // A class of household size is the partner's own business.
        for word in forbidden {
            assert!(!lower.contains(word), "{name} is named like {word}");
        }
    }
}

/// Every name in a schema: of types, fields, arguments and values of enums.
fn names(sdl: &str) -> Vec<&str> {
    let mut described = false;
    let mut code = Vec::new();
    for line in sdl.lines().map(str::trim) {
        if line == "\"\"\"" {
            described = !described;
        } else if !described && !line.starts_with("directive") {
            code.push(line);
        }
    }
    let words = code.into_iter().flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'));
    words.filter(|word| !word.is_empty()).collect()
}
