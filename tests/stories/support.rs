//! Support during a stay: key workers, sessions and offers that were declined, immediate needs, gaps, group offers.

use chrono::TimeDelta;
use safespace_domain::{
    access::Role,
    support::{Channel, OutcomeKind},
};
use safespace_engine::{Command, RecordSupportSession, RestrictCase, SettleImmediateNeeds, SupportAsk};
use safespace_tests::{Databases, World, api::Api, canary, on_both, refused};
use serde_json::{Value as Json, json};

on_both![
    a_household_is_supported_from_its_arrival_on,
    a_gap_goes_to_the_attention_list_and_a_declined_offer_closes_it,
    a_move_is_no_arrival_and_a_move_on_home_has_no_gaps,
    a_session_is_corrected_and_taken_back_and_nothing_is_lost,
    the_second_of_two_officers_who_settle_one_need_is_told,
    what_makes_no_sense_is_refused_with_what_to_do,
    who_can_not_sign_in_any_more_is_nobodys_key_worker,
    whoever_knows_the_family_finds_nothing_of_its_support,
    a_note_is_sealed_exported_and_erased,
    group_offers_are_counted_by_date_and_corrected,
    what_everybody_is_asked_about_is_the_managers_to_say,
    the_same_session_sent_twice_is_one,
];

/// A Tuesday evening.
const EVENING: &str = "2020-11-03T21:00:00Z";
const SESSION: &str = "... on SupportSessionRecorded { session { id startsAt channel hours outcome minutes topics note \
                       version withdrawnAt } }";
const NEEDS: &str = "... on ImmediateNeedsKept { needs { id kind state dueAt settledAt } }";
const KEY_WORKER: &str = "... on KeyWorkerAssigned { keyWorker { name since until able } }";

/// Somebody at the API.
struct Desk<'a> {
    api: &'a Api,
    token: &'a str,
}

impl Desk<'_> {
    async fn support(&self, household: &str, session: Json) -> Json {
        let input = json!({ "household": household, "session": session });
        self.api.act(self.token, "recordSupportSession", "RecordSupportSessionInput", input, SESSION).await
    }

    async fn assign(&self, household: &str, worker: Option<&str>) -> Json {
        let input = json!({ "household": household, "worker": worker });
        self.api.act(self.token, "assignKeyWorker", "AssignKeyWorkerInput", input, KEY_WORKER).await
    }

    async fn settle(&self, household: &str, met: &[&str], not_needed: &[&str]) -> Json {
        let input = json!({ "household": household, "met": met, "notNeeded": not_needed });
        self.api.act(self.token, "settleImmediateNeeds", "SettleImmediateNeedsInput", input, NEEDS).await
    }

    async fn count(&self, offer: &str, held_on: &str, attended: Option<i32>) -> Json {
        let input = json!({ "offer": offer, "heldOn": held_on, "attended": attended });
        let fields = "... on GroupAttendanceRecorded { attendance { attended } }";
        self.api.act(self.token, "recordGroupAttendance", "RecordGroupAttendanceInput", input, fields).await
    }

    /// What a household has by way of support.
    async fn household(&self, reference: &str) -> Json {
        let query = "query($reference: String!) { household(reference: $reference) {
            keyWorker { name able } keyWorkers { nodes { name until } }
            supportSessions { nodes { id outcome minutes note topics version } }
            all: supportSessions(withWithdrawn: true) { nodes { id withdrawnAt } }
            immediateNeeds { nodes { id kind state dueAt overdue } } } }";
        self.api.ask(self.token, query, json!({ "reference": reference })).await["household"].clone()
    }

    /// What needs attention: the kind and when it is due.
    async fn to_do(&self) -> Vec<String> {
        let query = "{ attention { nodes { kind action dueAt message needs { kind } stay { id } } } }";
        let found = self.api.ask(self.token, query, json!({})).await;
        let items = found["attention"]["nodes"].as_array().unwrap();
        let told = |item: &Json| {
            format!(
                "{} {}",
                item["kind"].as_str().unwrap(),
                item["dueAt"].as_str().unwrap().get(..16).unwrap()
            )
        };
        items.iter().map(told).collect()
    }
}

fn held(at: &str, minutes: i32) -> Json {
    json!({ "startsAt": at, "channel": "PHONE", "minutes": minutes })
}

fn declined(at: &str) -> Json {
    json!({ "startsAt": at, "channel": "IN_PERSON", "outcome": "DECLINED" })
}

fn nodes(of: &Json) -> &Vec<Json> {
    of["nodes"].as_array().unwrap()
}

/// A household that has just come.
async fn arrived(world: &World, unit: &str, household: &str, nights: u32) -> safespace_domain::stays::Stay {
    let stay = world.officer().book(unit, household, "2020-11-03", nights).await.unwrap();
    world.officer().check_in(&stay).await.unwrap()
}

async fn a_household_is_supported_from_its_arrival_on(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    world.owner_of_account("night.officer", Role::Officer).await;
    world.owner_of_account("day.manager", Role::Manager).await;
    let api = Api::serve(&world.engine).await;
    let officer = Desk { api: &api, token: &world.officer_token };
    arrived(&world, "SS-01", "R-1", 7).await;

    // The checklist begins with the stay.
    let household = officer.household("R-1").await;
    let checklist: Vec<_> = nodes(&household["immediateNeeds"]).iter().map(|need| &need["kind"]).collect();
    assert_eq!(checklist.len(), 9);
    let due = |kind: &str| {
        let need = nodes(&household["immediateNeeds"]).iter().find(|need| need["kind"] == kind).unwrap();
        need["dueAt"].as_str().unwrap().to_owned()
    };
    assert_eq!(due("safety_plan"), "2020-11-04T21:00:00+00:00");
    assert_eq!(due("school"), "2020-11-06T21:00:00+00:00");
    assert_eq!(household["keyWorker"], Json::Null);
    assert_eq!(officer.to_do().await, ["NO_KEY_WORKER 2020-11-04T21:00"]);

    // Somebody answers for it, and then somebody else.
    let staff = api.ask(&world.officer_token, "{ staff { nodes { name role } } }", json!({})).await;
    assert_eq!(
        staff["staff"]["nodes"],
        json!([{ "name": "day.manager", "role": "MANAGER" }, { "name": "night.officer", "role": "OFFICER" }])
    );
    assert_eq!(officer.assign("R-1", Some("Night.Officer")).await["keyWorker"]["name"], "night.officer");
    assert!(officer.to_do().await.is_empty());
    world.clock.forward(TimeDelta::minutes(10));
    officer.assign("r-1", Some("day.manager")).await;
    let household = officer.household("R-1").await;
    assert_eq!(household["keyWorker"], json!({ "name": "day.manager", "able": true }));
    let names: Vec<_> = nodes(&household["keyWorkers"]).iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["day.manager", "night.officer"], "who it was stays on record");

    // A session in the night; one on a holiday, which the clock does not know; one in the office's hours.
    let note = format!("She sleeps again. {}", canary::NOTE);
    let said = json!({ "startsAt": "2020-11-03T21:05:00Z", "channel": "IN_PERSON", "minutes": 45,
                       "topics": ["safety", "children"], "note": note });
    let first = officer.support("R-1", said).await["session"].clone();
    assert_eq!((&first["hours"], &first["note"]), (&json!("OUT_OF_HOURS"), &json!(note)));
    assert_eq!((&first["outcome"], &first["minutes"]), (&json!("HELD"), &json!(45)));
    world.wake_at("2020-11-05T12:00:00Z").await;
    let noon = officer.support("R-1", held("2020-11-05T11:00:00Z", 30)).await["session"].clone();
    assert_eq!(noon["hours"], "IN_HOURS");
    let mut holiday = held("2020-11-05T11:30:00Z", 10);
    holiday["hours"] = json!("OUT_OF_HOURS");
    assert_eq!(officer.support("R-1", holiday).await["session"]["hours"], "OUT_OF_HOURS");

    // What is due and not settled is told of, all of it as one thing to do.
    assert_eq!(officer.to_do().await, ["NEEDS_OVERDUE 2020-11-04T21:00"]);
    let told = world.officer().to_do().await;
    assert_words_snapshot!(&told[0], @"SettleNeeds: R-1 is in SS-01, and this is due and not settled: Clothes; Medical help; A safe telephone; Safety plan. See to it, or say that it is not needed.");
    let settled = officer.settle("R-1", &["safety_plan", "clothes", "phone"], &["medical", "pets"]).await;
    let states: Vec<_> = settled["needs"].as_array().unwrap().iter().map(|need| &need["state"]).collect();
    assert_eq!(states, ["MET", "MET", "MET", "NOT_NEEDED", "NOT_NEEDED"]);
    assert!(officer.to_do().await.is_empty());

    // One that comes up again, and one with a time of its own.
    let medical = &settled["needs"][3]["id"];
    let again = api
        .act(
            officer.token,
            "reopenImmediateNeed",
            "ReopenImmediateNeedInput",
            json!({ "need": medical }),
            NEEDS,
        )
        .await;
    assert_eq!(again["needs"][0]["state"], "OPEN");
    let sooner = json!({ "household": "R-1", "kind": "pets", "dueAt": "2020-11-05T14:00:00Z" });
    let pets =
        api.act(officer.token, "saveImmediateNeed", "SaveImmediateNeedInput", sooner, NEEDS).await["needs"]
            [0]
        .clone();
    assert_eq!((&pets["state"], &pets["dueAt"]), (&json!("OPEN"), &json!("2020-11-05T14:00:00+00:00")));
    world.wake_at("2020-11-05T14:00:00Z").await;
    let told = world.officer().to_do().await;
    assert_words_snapshot!(&told[0], @"SettleNeeds: R-1 is in SS-01, and this is due and not settled: Medical help; Pets. See to it, or say that it is not needed.");
}

async fn a_gap_goes_to_the_attention_list_and_a_declined_offer_closes_it(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    world.owner_of_account("night.officer", Role::Officer).await;
    let api = Api::serve(&world.engine).await;
    let officer = Desk { api: &api, token: &world.officer_token };
    // A word on the telephone before it came is not contact since.
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 7).await.unwrap();
    officer.support("R-1", held("2020-11-03T20:00:00Z", 5)).await;
    world.officer().check_in(&stay).await.unwrap();
    officer.assign("R-1", Some("night.officer")).await;
    let needs = [
        "safety_plan",
        "medical",
        "clothes",
        "money",
        "phone",
        "school",
        "injunction",
        "immigration",
        "pets",
    ];
    officer.settle("R-1", &needs, &[]).await;

    world.wake_at("2020-11-04T20:59:59Z").await;
    assert!(officer.to_do().await.is_empty());
    world.wake_at("2020-11-04T21:00:00Z").await;
    assert_eq!(officer.to_do().await, ["NO_CONTACT 2020-11-04T21:00"]);
    assert_words_snapshot!(&world.officer().to_do().await[0], @"OfferSupport: R-1 is in SS-01, and nobody has spoken with the household since it came; that was due by 4 November, 21:00: offer support, or record that you have.");

    // It declines: it was offered, and reached.
    let offer = officer.support("R-1", declined("2020-11-04T21:00:00Z")).await["session"].clone();
    assert_eq!((&offer["outcome"], &offer["minutes"]), (&json!("DECLINED"), &Json::Null));
    assert!(officer.to_do().await.is_empty());
    world.wake_at("2020-11-06T20:59:59Z").await;
    assert!(officer.to_do().await.is_empty());
    world.wake_at("2020-11-06T21:00:00Z").await;
    assert_eq!(officer.to_do().await, ["NO_CONTACT 2020-11-06T21:00"]);
    assert_words_snapshot!(&world.officer().to_do().await[0], @"OfferSupport: R-1 is in SS-01, and was last offered support on 4 November, 21:00: offer it again, or record that you have.");
    let call = officer.support("R-1", held("2020-11-06T21:00:00Z", 15)).await["session"].clone();
    assert!(officer.to_do().await.is_empty());

    // What was recorded by mistake is no contact.
    let mistake = json!({ "session": call["id"] });
    api.act(officer.token, "withdrawSupportSession", "WithdrawSupportSessionInput", mistake, SESSION).await;
    assert_eq!(officer.to_do().await, ["NO_CONTACT 2020-11-06T21:00"]);

    // How long a gap may be is data.
    let longer = json!({ "responseMinutes": 60, "placementDays": 0, "holdMinutes": 120, "nextStepHours": 48,
                         "holdWarningMinutes": 30, "contactEveryHours": 72 });
    let manager = &world.manager_token;
    let fields = "... on StandardsSet { standards { firstContactHours contactEveryHours } }";
    let set = api.act(manager, "setStandards", "SetStandardsInput", longer.clone(), fields).await;
    assert_eq!(set["standards"], json!({ "firstContactHours": 24, "contactEveryHours": 72 }));
    assert!(officer.to_do().await.is_empty());
    let mut never = longer;
    never["firstContactHours"] = json!(0);
    let told = api.act(manager, "setStandards", "SetStandardsInput", never, fields).await;
    assert_eq!((&told["code"], &told["field"]), (&json!("BAD_VALUE"), &json!("firstContactHours")));
}

async fn a_move_is_no_arrival_and_a_move_on_home_has_no_gaps(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).with_move_on_unit("MO-01").await;
    let api = Api::serve(&world.engine).await;
    let officer = Desk { api: &api, token: &world.officer_token };
    let gaps = async || {
        let all = officer.to_do().await;
        all.into_iter().filter(|item| item.starts_with("NO_CONTACT")).collect::<Vec<_>>()
    };
    let stay = arrived(&world, "SS-01", "R-1", 7).await;
    officer.support("R-1", held(EVENING, 20)).await;
    world.wake_at("2020-11-04T10:00:00Z").await;
    let (_, moved) = world.officer().move_to(&stay, "SS-02").await.unwrap();
    world.wake_at("2020-11-05T12:00:00Z").await;
    assert_eq!(gaps().await, [""; 0], "a day after the move, and less than two after the last contact");
    world.wake_at("2020-11-05T21:00:00Z").await;
    assert_eq!(gaps().await, ["NO_CONTACT 2020-11-05T21:00"]);
    world.officer().move_to(&moved, "MO-01").await.unwrap();
    assert_eq!(gaps().await, [""; 0], "who lives in a move-on home asks for support when it is wanted");
}

async fn a_session_is_corrected_and_taken_back_and_nothing_is_lost(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let officer = Desk { api: &api, token: &world.officer_token };
    arrived(&world, "SS-01", "R-1", 7).await;
    let mut said = held(EVENING, 40);
    said["note"] = json!("first words");
    let first = officer.support("R-1", said.clone()).await["session"].clone();
    let correct = async |version: i32, now: Json| {
        let input = json!({ "session": first["id"], "version": version, "now": now });
        api.act(officer.token, "correctSupportSession", "CorrectSupportSessionInput", input, SESSION).await
    };
    // What is not said of the note leaves it as it is.
    let corrected = correct(1, json!({ "startsAt": EVENING, "channel": "VIDEO", "minutes": 25 })).await;
    let session = &corrected["session"];
    assert_eq!((&session["minutes"], &session["version"]), (&json!(25), &json!(2)));
    assert_eq!((&session["note"], &session["channel"]), (&json!("first words"), &json!("VIDEO")));
    let told = correct(1, said.clone()).await;
    assert_eq!((&told["code"], &told["field"]), (&json!("CHANGED"), &json!("version")));
    let empty = json!({ "startsAt": EVENING, "channel": "VIDEO", "outcome": "DECLINED", "note": "" });
    assert_eq!(correct(2, empty).await["session"]["note"], Json::Null);

    let withdraw = async || {
        let input = json!({ "session": first["id"] });
        api.act(officer.token, "withdrawSupportSession", "WithdrawSupportSessionInput", input, SESSION).await
    };
    assert!(withdraw().await["session"]["withdrawnAt"].is_string());
    assert_eq!(withdraw().await["code"], "WRONG_STATE");
    assert_eq!(correct(4, said).await["code"], "WRONG_STATE");
    let household = officer.household("R-1").await;
    assert!(nodes(&household["supportSessions"]).is_empty());
    assert_eq!(nodes(&household["all"]).len(), 1, "it stays on record");
    let sql = "SELECT detail FROM audit WHERE action LIKE '%_support_session' ORDER BY seq";
    let details: Vec<String> =
        world.select(sql).await.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    assert_eq!(details.len(), 4);
    assert!(details[0].contains("\"minutes\":40") && details[1].contains("\"minutes\":25"), "{details:#?}");
    assert!(details.iter().all(|detail| !detail.contains("first words")));
}

async fn the_second_of_two_officers_who_settle_one_need_is_told(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    arrived(&world, "SS-01", "R-1", 7).await;
    let settle = |met: &str, not_needed: &str| {
        let one = |kind: &str| kind.split_whitespace().map(str::to_owned).collect();
        let (met, not_needed) = (one(met), one(not_needed));
        Command::SettleImmediateNeeds(SettleImmediateNeeds { household: "R-1".into(), met, not_needed })
    };
    let (officer, manager) = (world.officer(), world.manager());
    let (one, other) =
        tokio::join!(officer.run(settle("medical", "")), manager.run(settle("", "medical pets")));
    let refusals = [one, other].map(|told| told.err().map(|refusal| refusal.message));
    let told: Vec<&String> = refusals.iter().flatten().collect();
    assert_eq!(told.len(), 1, "one of the two was first: {refusals:?}");
    assert_words_snapshot!(told[0], @"medical was settled already: look again, and reopen it if it was settled wrongly.");
    let settled: Option<i64> = world.one("SELECT count(*) FROM immediate_need WHERE state <> 'open'").await;
    let expected = if refusals[0].is_some() { 2 } else { 1 };
    assert_eq!(settled, Some(expected), "all that one of them says, and nothing of what the other does");
}

async fn what_makes_no_sense_is_refused_with_what_to_do(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    world.owner_of_account("some.partner", Role::Partner).await;
    world.owner_of_account("some.admin", Role::Administrator).await;
    let gone = world.owner_of_account("long.gone", Role::Officer).await;
    world.engine.disable_account(&world.engine.local(), gone.account.id).await.unwrap();
    let api = Api::serve(&world.engine).await;
    let officer = Desk { api: &api, token: &world.officer_token };
    arrived(&world, "SS-01", "R-1", 7).await;
    let told = |answer: &Json| {
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        format!("{} ({}): {}", text("code"), text("field"), text("message"))
    };
    let mut refusals = Vec::new();
    let mut with = held(EVENING, 30);
    with["topics"] = json!(["weather"]);
    let mut long = declined(EVENING);
    long["minutes"] = json!(30);
    let never = json!({ "startsAt": EVENING, "channel": "PHONE" });
    let mut words = held(EVENING, 30);
    words["note"] = json!("x".repeat(2_001));
    for session in [
        held(EVENING, 0),
        held(EVENING, 5_000),
        held("2020-11-03T21:00:01Z", 30),
        held("0020-11-03T21:00:00Z", 30),
        with,
        long,
        never,
        words,
    ] {
        refusals.push(told(&officer.support("R-1", session).await));
    }
    refusals.push(told(&officer.support("R-NOBODY", held(EVENING, 30)).await));
    for worker in ["some.partner", "some.admin", "long.gone", "nobody.here", "; DROP"] {
        refusals.push(told(&officer.assign("R-1", Some(worker)).await));
    }
    refusals.push(told(&officer.assign("R-1", None).await));
    for (met, not_needed) in [(&[][..], &[][..]), (&["yacht"][..], &[][..]), (&["pets"][..], &["pets"][..])] {
        refusals.push(told(&officer.settle("R-1", met, not_needed).await));
    }
    for (kind, due_at) in
        [("yacht", EVENING), ("pets", "2020-11-03T20:59:59Z"), ("pets", "2030-01-01T00:00:00Z")]
    {
        let input = json!({ "household": "R-1", "kind": kind, "dueAt": due_at });
        let answer =
            api.act(officer.token, "saveImmediateNeed", "SaveImmediateNeedInput", input, NEEDS).await;
        refusals.push(told(&answer));
    }
    for (offer, held_on, attended) in [
        ("drop_in", "2020-11-03", Some(-1)),
        ("drop_in", "2020-11-03", Some(501)),
        ("drop_in", "2020-11-04", Some(5)),
        ("drop_in", "2020-11-03", None),
        ("bingo", "2020-11-03", Some(5)),
    ] {
        refusals.push(told(&officer.count(offer, held_on, attended).await));
    }
    assert_words_snapshot!(refusals.join("\n"), @r"
    BAD_VALUE (minutes): A session lasts 1 to 720 minutes, not 0.
    BAD_VALUE (minutes): A session lasts 1 to 720 minutes, not 5000.
    WRONG_TIME (startsAt): This session has not begun yet: record it once it has.
    WRONG_TIME (startsAt): This household is known to the service since 3 November 2020, and the session would have been before that: check the date.
    BAD_VALUE (topics): There is no such topic. Known: children, emotional_support, health, housing, immigration, legal, money, other, safety, work_and_learning.
    BAD_VALUE (minutes): A session that was declined has no length: leave the minutes out.
    BAD_VALUE (minutes): Say for how many minutes the session was held.
    BAD_VALUE (note): The note is longer than 2000 characters.
    NOT_FOUND (household): There is no such household.
    BAD_VALUE (worker): some.partner is no officer and no manager: a key worker is one of the team.
    BAD_VALUE (worker): some.admin is no officer and no manager: a key worker is one of the team.
    WRONG_STATE (worker): The account of long.gone is disabled: choose somebody who can sign in.
    NOT_FOUND (worker): There is nobody of this name in the team: see `staff` for who there is.
    NOT_FOUND (worker): There is nobody of this name in the team: see `staff` for who there is.
    WRONG_STATE (worker): This household has no key worker: there is nobody to take away.
    BAD_VALUE (needs): Say which needs were met, or are not needed.
    BAD_VALUE (needs): There is no such need on this household's list. Open on it: clothes, immigration, injunction, medical, money, pets, phone, safety_plan, school.
    BAD_VALUE (needs): A need can't be both met and not needed.
    BAD_VALUE (kind): There is no such immediate need. Known: clothes, immigration, injunction, medical, money, pets, phone, safety_plan, school.
    WRONG_TIME (dueAt): A need is due from now on, within a year: check the date.
    WRONG_TIME (dueAt): A need is due from now on, within a year: check the date.
    BAD_VALUE (attended): 0 to 500 people attend, not -1.
    BAD_VALUE (attended): 0 to 500 people attend, not 501.
    WRONG_TIME (heldOn): 2020-11-04 is still to come: count those who attend on the day.
    WRONG_STATE (heldOn): Nothing is recorded of this offer on that date: there is nothing to take back.
    BAD_VALUE (offer): There is no such group offer. Known: drop_in, parents_course.
    ");
    assert_eq!(world.count("support_session").await, 0);
    assert_eq!(world.count("key_worker").await, 0);
    assert_eq!(world.count("group_attendance").await, 0);
}

async fn who_can_not_sign_in_any_more_is_nobodys_key_worker(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let owner = world.owner_of_account("night.officer", Role::Officer).await;
    let api = Api::serve(&world.engine).await;
    let officer = Desk { api: &api, token: &world.officer_token };
    arrived(&world, "SS-01", "R-1", 7).await;
    officer.assign("R-1", Some("night.officer")).await;
    assert_eq!(officer.assign("R-1", Some("night.officer")).await["code"], "WRONG_STATE");
    assert!(officer.to_do().await.is_empty());
    let local = world.engine.local();
    world.engine.disable_account(&local, owner.account.id).await.unwrap();
    assert_eq!(officer.to_do().await, ["NO_KEY_WORKER 2020-11-04T21:00"]);
    assert_words_snapshot!(&world.officer().to_do().await[0], @"AssignKeyWorker: R-1 is in SS-01, and its key worker, night.officer, can't look after it any more: name another one.");
    assert_eq!(
        officer.household("R-1").await["keyWorker"],
        json!({ "name": "night.officer", "able": false })
    );
    world.engine.enable_account(&local, owner.account.id).await.unwrap();
    assert!(officer.to_do().await.is_empty());
    let ended = officer.assign("R-1", None).await["keyWorker"].clone();
    assert!(ended["until"].is_string());
    assert_eq!(officer.household("R-1").await["keyWorker"], Json::Null);
    assert_eq!(officer.to_do().await.len(), 1);

    // Nor is somebody to whom the case is closed, and nobody is told that it is.
    let ask =
        RestrictCase { household: "R-1".into(), denied: owner.account.id.0, reason: "knows them".into() };
    world.service().run(Command::RestrictCase(ask)).await.unwrap();
    let told = officer.assign("R-1", Some("night.officer")).await;
    assert_eq!(told["message"], "They can't be this household's key worker: choose somebody else.");
}

async fn whoever_knows_the_family_finds_nothing_of_its_support(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    world.owner_of_account("night.officer", Role::Officer).await;
    let api = Api::serve(&world.engine).await;
    let officer = Desk { api: &api, token: &world.officer_token };
    let manager = Desk { api: &api, token: &world.manager_token };
    arrived(&world, "SS-01", "R-KNOWN", 7).await;
    let session = officer.support("R-KNOWN", held(EVENING, 30)).await["session"]["id"].clone();
    manager.assign("R-KNOWN", Some("night.officer")).await;
    let known = officer.household("R-KNOWN").await;
    let need = nodes(&known["immediateNeeds"])[0]["id"].clone();
    let again =
        Command::RecordSupportSession(RecordSupportSession { household: "R-KNOWN".into(), ask: spoken() });
    world.officer().run_once("spoken", again.clone()).await.unwrap();
    world.wake_at("2020-11-06T10:00:00Z").await;
    assert_eq!(officer.to_do().await.len(), 2);
    let ask = RestrictCase {
        household: "R-KNOWN".into(),
        denied: world.officer().actor.who.id(),
        reason: "knows the family".into(),
    };
    world.service().run(Command::RestrictCase(ask)).await.unwrap();

    assert_eq!(officer.household("R-KNOWN").await, Json::Null);
    assert!(officer.to_do().await.is_empty());
    let not_found = |answer: Json| assert_eq!(answer["code"], "NOT_FOUND", "{answer:#}");
    not_found(officer.support("R-KNOWN", held(EVENING, 30)).await);
    not_found(officer.assign("R-KNOWN", Some("night.officer")).await);
    not_found(officer.settle("R-KNOWN", &["pets"], &[]).await);
    let act = async |mutation: &str, input_type: &str, input: Json, fields: &str| {
        api.act(officer.token, mutation, input_type, input, fields).await
    };
    let now = json!({ "session": session, "version": 1, "now": held(EVENING, 10) });
    not_found(act("correctSupportSession", "CorrectSupportSessionInput", now, SESSION).await);
    let session = json!({ "session": session });
    not_found(act("withdrawSupportSession", "WithdrawSupportSessionInput", session, SESSION).await);
    not_found(act("reopenImmediateNeed", "ReopenImmediateNeedInput", json!({ "need": need }), NEEDS).await);
    let pets = json!({ "household": "R-KNOWN", "kind": "pets" });
    not_found(act("saveImmediateNeed", "SaveImmediateNeedInput", pets, NEEDS).await);
    let remembered = refused(world.officer().run_once("spoken", again).await);
    assert!(remembered.starts_with("NOT_FOUND"), "{remembered}");

    let id = world.engine.household(&world.manager().actor, "R-KNOWN").await.unwrap().unwrap().id;
    let (engine, denied) = (&world.engine, world.officer().actor);
    assert!(engine.support_sessions(&denied, &[id]).await.unwrap().is_empty());
    assert!(engine.immediate_needs(&denied, &[id]).await.unwrap().is_empty());
    assert!(engine.key_workers(&denied, &[id]).await.unwrap().is_empty());
    let seen = manager.household("R-KNOWN").await;
    assert_eq!(nodes(&seen["supportSessions"]).len(), 2, "others see it");
}

fn spoken() -> SupportAsk {
    SupportAsk {
        starts_at: EVENING.parse().unwrap(),
        channel: Channel::Phone,
        hours: None,
        outcome: OutcomeKind::Held,
        minutes: Some(20),
        topics: std::collections::BTreeSet::new(),
        note: Some(canary::NOTE.into()),
    }
}

async fn a_note_is_sealed_exported_and_erased(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = arrived(&world, "SS-01", "R-1", 2).await;
    let command =
        Command::RecordSupportSession(RecordSupportSession { household: "R-1".into(), ask: spoken() });
    world.officer().run(command.clone()).await.unwrap();
    let sealed: Option<Vec<u8>> = world.one("SELECT note FROM support_session").await;
    assert!(canary::found_in(&sealed.unwrap()).is_none());

    let held = world.engine.subject_access(&world.service().actor, "R-1", "they asked").await.unwrap();
    let json: Json = serde_json::from_str(&held.to_json().unwrap()).unwrap();
    assert_eq!(json["support"][0]["note"], canary::NOTE);
    assert_eq!(json["support"][0]["session"]["outcome"]["minutes"], 20);
    assert_eq!(json["immediate_needs"].as_array().unwrap().len(), 9);
    let page = safespace_web::subject_access_page(&held).unwrap();
    assert!(page.contains("20 minutes") && page.contains(canary::NOTE));

    world.wake_at("2020-11-04T10:00:00Z").await;
    world.officer().check_out(&stay).await.unwrap();
    let erased = world.engine.erase_household(&world.service().actor, "R-1", "asked for").await.unwrap();
    assert_eq!(world.one::<i64>("SELECT count(*) FROM support_session WHERE note IS NULL").await, Some(1));
    let views = world.engine.support_sessions(&world.officer().actor, &[erased.household]).await.unwrap();
    let note = world.engine.support_note(&world.officer().actor, &views[0]).await.unwrap();
    assert_eq!(note, None);
    assert!(refused(world.officer().run(command).await).starts_with("NOT_FOUND"));
    let withdraw = Command::WithdrawSupportSession { session: views[0].session.id };
    assert!(refused(world.officer().run(withdraw).await).starts_with("WRONG_STATE"));
}

async fn group_offers_are_counted_by_date_and_corrected(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    let officer = Desk { api: &api, token: &world.officer_token };
    officer.count("drop_in", "2020-11-03", Some(12)).await;
    officer.count("parents_course", "2020-11-02", Some(0)).await;
    officer.count("drop_in", "2020-10-27", Some(9)).await;
    assert_eq!(officer.count("drop_in", "2020-11-03", Some(11)).await["attendance"]["attended"], 11);
    let counts = async |from: &str, to: &str| {
        let query = "query($from: Date!, $to: Date!) { groupAttendance(from: $from, to: $to, first: 10) { nodes { offer \
                     heldOn attended } } }";
        let found = api.ask(&world.manager_token, query, json!({ "from": from, "to": to })).await;
        let told =
            |one: &Json| format!("{} {} {}", one["heldOn"], one["offer"], one["attended"]).replace('"', "");
        nodes(&found["groupAttendance"]).iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(
        counts("2020-11-01", "2020-12-01").await,
        ["2020-11-02 parents_course 0", "2020-11-03 drop_in 11"]
    );
    assert_eq!(counts("2020-10-01", "2020-11-02").await, ["2020-10-27 drop_in 9"]);
    // It was not held then: the count is taken back, and both stay in the audit.
    officer.count("drop_in", "2020-11-03", None).await;
    assert_eq!(counts("2020-11-03", "2020-11-04").await, [""; 0]);
    assert_eq!(officer.count("drop_in", "2020-11-03", None).await["code"], "WRONG_STATE");
    let sql = "SELECT detail FROM audit WHERE action = 'record_group_attendance' ORDER BY seq DESC";
    let last: String = world.one(sql).await.unwrap();
    assert!(last.contains("\"attended\":11") && last.contains("\"attended\":null"), "{last}");
    let backwards = "{ groupAttendance(from: \"2020-12-01\", to: \"2020-11-01\") { nodes { offer } } }";
    let (code, _) = api.fails(officer.token, backwards, json!({})).await;
    assert_eq!(code, "BAD_VALUE");
}

async fn what_everybody_is_asked_about_is_the_managers_to_say(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let api = Api::serve(&world.engine).await;
    let officer = Desk { api: &api, token: &world.officer_token };
    let save = async |input: Json| {
        let fields = "... on ReasonSaved { reason { code dueHours } }";
        api.act(&world.manager_token, "saveReason", "SaveReasonInput", input, fields).await
    };
    let need = |code: &str, hours: Option<i32>| json!({ "kind": "IMMEDIATE_NEED", "code": code, "label": code, "dueHours": hours });
    assert_eq!(save(need("pets", None)).await["reason"]["dueHours"], Json::Null);
    assert_eq!(save(need("interpreter", Some(2))).await["reason"]["dueHours"], 2);
    for (input, field) in [
        (need("medical", Some(0)), "dueHours"),
        (json!({ "kind": "TOPIC", "code": "safety", "label": "Safety", "dueHours": 4 }), "dueHours"),
        (json!({ "kind": "TOPIC", "code": "safety", "label": "Safety", "countsAs": "safe" }), "countsAs"),
    ] {
        let told = save(input).await;
        assert_eq!((&told["code"], &told["field"]), (&json!("BAD_VALUE"), &json!(field)));
    }
    arrived(&world, "SS-01", "R-1", 7).await;
    let kinds = async |reference: &str| {
        let household = officer.household(reference).await;
        let kind = |need: &Json| need["kind"].as_str().unwrap().to_owned();
        nodes(&household["immediateNeeds"]).iter().map(kind).collect::<Vec<_>>()
    };
    let asked = kinds("R-1").await;
    assert_eq!((asked[0].as_str(), asked.len()), ("interpreter", 9));
    assert!(!asked.contains(&"pets".to_owned()));
    let pets = json!({ "household": "R-1", "kind": "pets" });
    let told = api.act(officer.token, "saveImmediateNeed", "SaveImmediateNeedInput", pets, NEEDS).await;
    assert_eq!(told["message"], "Say by when pets is due: the list gives it no time.");
    // An arrival that was a slip, and the real one: the checklist is not there twice.
    let stay = arrived(&world, "SS-02", "R-2", 7).await;
    world.officer().reinstate(&stay).await.unwrap();
    let booked = world.officer().stay(stay.id).await;
    world.clock.forward(TimeDelta::hours(3));
    world.officer().check_in(&booked).await.unwrap();
    assert_eq!(kinds("R-2").await.len(), 9);
}

async fn the_same_session_sent_twice_is_one(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    arrived(&world, "SS-01", "R-1", 7).await;
    let command =
        Command::RecordSupportSession(RecordSupportSession { household: "R-1".into(), ask: spoken() });
    let first = world.officer().run_once("once", command.clone()).await.unwrap();
    assert_eq!(world.officer().run_once("once", command).await.unwrap(), first);
    assert_eq!(world.count("support_session").await, 1);
    let sql = "SELECT count(*) FROM audit WHERE action = 'record_support_session'";
    assert_eq!(world.one::<i64>(sql).await, Some(1));
}
