//! Who may see and do what: every field and every mutation of the published schema, asked by everybody, about a case
//! that is open to them and about one that is closed to them; each with its expected answer.
//!
//! Generated from the schema: what is new in it fails until it is put in the table.

mod sdl;
mod table;

use std::collections::BTreeSet;

use safespace_domain::{
    access::Role,
    pack_templates::Per,
    support::{Channel, OutcomeKind},
};
use safespace_engine::{
    Command, NewToken, Outcome, RecordSupportSession, RestrictCase, SavePackTemplate, SupportAsk,
    TemplateLineAsk,
};
use safespace_tests::{Databases, World, api::Api, on_both};
use serde_json::{Value as Json, json};

use self::{
    sdl::Sdl,
    table::{CALLERS, CLASSES, FRESH, ROOTS, TYPES, Told},
};

on_both![everybody_is_told_what_the_table_says, what_needs_a_fresh_second_factor_is_what_the_table_says];

const EVENING: &str = "2020-11-03T21:00:00Z";

fn main_schema() -> Sdl {
    Sdl::read(include_str!("../../schema.graphql"))
}

/// Types that connections are made of, which have nothing of their own.
fn is_paging(name: &str) -> bool {
    name.ends_with("Connection") || name.ends_with("Edge")
}

#[test]
fn every_field_and_mutation_is_classified() {
    let sdl = main_schema();
    let mut in_schema = BTreeSet::new();
    for (name, fields) in sdl.types.iter().filter(|(name, _)| !is_paging(name)) {
        in_schema.extend(fields.keys().map(|field| format!("{name}.{field}")));
    }
    let mut in_table: BTreeSet<String> = ROOTS.iter().map(|(place, ..)| (*place).to_owned()).collect();
    for (name, _, classes) in TYPES {
        for (class, fields) in *classes {
            assert!(CLASSES.iter().any(|(known, _)| known == class), "{name}: there is no class {class:?}");
            in_table.extend(fields.split_whitespace().map(|field| format!("{name}.{field}")));
        }
    }
    let new: Vec<_> = in_schema.difference(&in_table).collect();
    let gone: Vec<_> = in_table.difference(&in_schema).collect();
    assert!(new.is_empty(), "not classified yet; say in table.rs who may see or do it: {new:#?}");
    assert!(gone.is_empty(), "no longer in the schema: {gone:#?}");
}

/// All that a partner council's API has: what is asked of the service as a whole, and the council's own referrals. That
/// another council's are not found, the partners' stories tell.
const OF_PARTNERS: &str = "Disclosure.nightsAhead Disclosure.questionsADay Disclosure.severalFrom Disclosure.sizes \
    Disclosure.words Mutation.askForRoom Mutation.referFromQuestion \
    Mutation.submitReferral Mutation.withdrawReferral PageInfo.endCursor \
    PageInfo.hasNextPage PageInfo.hasPreviousPage PageInfo.startCursor Query.disclosure Query.referral Query.referrals \
    Query.viewer Referral.adults Referral.answeredOn Referral.arrival Referral.children Referral.id Referral.outcome \
    Referral.receivedOn Referral.reference ReferralSubmitted.referral ReferralWithdrawn.referral Refused.code \
    Refused.field Refused.message RoomAnswer.arrival RoomAnswer.nights RoomAnswer.nextNight \
    RoomAnswer.question RoomAnswer.questionsLeft RoomAnswer.room \
    Viewer.council Viewer.role";

#[test]
fn every_field_of_the_partners_api_is_known_to_tell_nothing_of_others() {
    let sdl = Sdl::read(include_str!("../../schema.partner.graphql"));
    let mut in_schema = BTreeSet::new();
    for (name, fields) in sdl.types.iter().filter(|(name, _)| !is_paging(name)) {
        in_schema.extend(fields.keys().map(|field| format!("{name}.{field}")));
    }
    let known: BTreeSet<String> = OF_PARTNERS.split_whitespace().map(str::to_owned).collect();
    let new: Vec<_> = in_schema.symmetric_difference(&known).collect();
    assert!(new.is_empty(), "say why these tell nothing of others, then put them here: {new:#?}");
}

/// Everybody who may call, and the ids of what they ask for.
struct Stage<'w> {
    world: &'w World,
    api: Api,
    /// The cookies of those who signed in: officer, manager, administrator.
    cookies: Vec<String>,
    /// An officer and a manager to whom one case is closed.
    denied: Vec<String>,
    /// What stands in for `{…}`, for the open case and for the closed one.
    open: Vec<(&'static str, String)>,
    closed: Vec<(&'static str, String)>,
}

const OPEN: &str = "R-OPEN";
const CLOSED: &str = "R-CLOSED";

impl<'w> Stage<'w> {
    async fn set(world: &'w World) -> Self {
        let engine = &world.engine;
        let api = Api::serve(engine).await;
        let mut cookies = Vec::new();
        for role in [Role::Officer, Role::Manager, Role::Administrator] {
            let owner = world.owner_of_account(&format!("a.{role}"), role).await;
            cookies.push(world.sign_in(&owner).await.cookie);
        }
        let mut denied = Vec::new();
        for role in [Role::Officer, Role::Manager] {
            let owner = world.owner_of_account(&format!("denied.{role}"), role).await;
            denied.push(world.sign_in(&owner).await.cookie);
        }
        let other = world.owner_of_account("somebody.else", Role::Officer).await.account;
        let theirs = world.sign_in(&world.owner_of_account("third.person", Role::Officer).await).await;
        let theirs = world.engine.session(&theirs.cookie).await.unwrap().unwrap();
        let (spare, _) =
            engine.create_token(&engine.local(), NewToken::of(Role::Officer, None, None)).await.unwrap();
        let manager = world.manager();
        let void = manager.record_void("SS-03", "2020-11-03", 5).await.unwrap();
        manager.run(Command::SaveItem(safespace_tests::item("SOAP"))).await.unwrap();
        let line =
            TemplateLineAsk { items: vec!["SOAP".into()], per: Per::Adult, quantity: 1, every_nights: None };
        let (code, name) = ("ARRIVAL".to_owned(), "Arrival".to_owned());
        let template = SavePackTemplate { code, name, scheme: None, lines: vec![line] };
        manager.run(Command::SavePackTemplate(template)).await.unwrap();
        let mut of_case = Vec::new();
        for (unit, household) in [("SS-01", OPEN), ("SS-02", CLOSED)] {
            let stay = manager.book(unit, household, "2020-11-03", 3).await.unwrap();
            manager.check_in(&stay).await.unwrap();
            let partner = world.partner();
            let sent = partner.run(Command::SubmitReferral(safespace_tests::household_to_refer(
                1,
                0,
                "2020-11-03",
                None,
            )));
            let Outcome::Referral(referral) = sent.await.unwrap() else { panic!("a referral") };
            let session = manager.run(Command::RecordSupportSession(a_call(household))).await.unwrap();
            let Outcome::SupportSession(session) = session else { panic!("a session of support") };
            let assign = Command::AssignKeyWorker {
                household: household.into(),
                worker: Some("somebody.else".into()),
            };
            manager.run(assign).await.unwrap();
            let household_id = engine.household(&manager.actor, household).await.unwrap().unwrap().id;
            let needs = engine.immediate_needs(&manager.actor, &[household_id]).await.unwrap();
            of_case.push(vec![
                ("{reference}", household.to_owned()),
                ("{stay}", id("Stay", stay.id)),
                ("{household}", id("Household", household_id)),
                ("{referral}", id("Referral", referral.id)),
                ("{support session}", id("SupportSession", session.id)),
                ("{need}", id("ImmediateNeed", needs[0].id)),
                ("{pack}", id("Pack", engine.packs_of(&manager.actor, &[stay.id]).await.unwrap()[0].pack.id)),
            ]);
        }
        for cookie in &denied {
            let who = world.in_session(cookie).await.unwrap().who.id();
            let ask = RestrictCase { household: CLOSED.into(), denied: who, reason: "knows them".into() };
            world.service().run(Command::RestrictCase(ask)).await.unwrap();
        }
        let shared = [
            ("{void}", id("Void", void.id)),
            ("{unit}", id("Unit", world.unit("SS-04").await)),
            ("{property}", id("Property", world.property("HOUSE").await)),
            ("{denied}", id("Account", other.id)),
            ("{other account}", id("Account", other.id)),
            ("{token}", id("Token", spare.id)),
            ("{session}", id("Session", theirs.id)),
            ("{notice}", id("Notice", world.new_id())),
            ("{hold}", id("Hold", world.new_id())),
            ("{lot}", id("Lot", world.new_id())),
            ("{entry}", id("StockEntry", world.new_id())),
        ];
        let mut cases = of_case.into_iter().map(|case| [case, shared.to_vec()].concat());
        let (open, closed) = (cases.next().unwrap(), cases.next().unwrap());
        Self { world, api, cookies, denied, open, closed }
    }

    /// What a caller is told, and the whole answer.
    async fn ask(&self, caller: &str, query: &str) -> (Told, Json) {
        let (status, answer) = self.answer(caller, query).await;
        (what_was_told(status, query, &answer), answer)
    }

    async fn answer(&self, caller: &str, query: &str) -> (u16, Json) {
        let world = self.world;
        let answer = match caller {
            "officer" => self.in_session(&self.cookies[0], query).await,
            "manager" => self.in_session(&self.cookies[1], query).await,
            "administrator" => self.in_session(&self.cookies[2], query).await,
            "denied officer" => self.in_session(&self.denied[0], query).await,
            "denied manager" => self.in_session(&self.denied[1], query).await,
            "officer's token" => self.api.post(&world.officer_token, query, json!({})).await,
            "manager's token" => self.api.post(&world.manager_token, query, json!({})).await,
            "partner" => self.api.post(&world.partner_token, query, json!({})).await,
            "nobody" => self.api.post("", query, json!({})).await,
            other => panic!("nobody is called {other:?}"),
        };
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap())
    }

    async fn in_session(&self, cookie: &str, query: &str) -> reqwest::Response {
        self.api.post_in_session(&self.world.engine, cookie, query).await
    }
}

/// That somebody has rung a household this evening.
fn a_call(household: &str) -> RecordSupportSession {
    let ask = SupportAsk {
        starts_at: "2020-11-03T20:00:00Z".parse().unwrap(),
        channel: Channel::Phone,
        hours: None,
        outcome: OutcomeKind::Held,
        minutes: Some(20),
        topics: BTreeSet::new(),
        note: Some("all is well".into()),
    };
    RecordSupportSession { household: household.into(), ask }
}

/// A global id, as the API gives it.
fn id(kind: &str, key: impl std::fmt::Display) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(format!("{kind}:{key}"))
}

fn put_in(places: &[(&'static str, String)], text: &str) -> String {
    places.iter().fold(text.to_owned(), |text, (place, value)| text.replace(place, value))
}

fn what_was_told(status: u16, query: &str, answer: &Json) -> Told {
    let codes: Vec<&str> = answer["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|error| error["extensions"]["code"].as_str())
        .collect();
    let refused = answer["data"]["it"]["Refused_code"].as_str();
    match status {
        401 => Told::SignIn,
        403 => Told::OtherDoor,
        200 if codes.contains(&"NOT_ALLOWED") || refused == Some("NOT_ALLOWED") => Told::NotAllowed,
        200 if codes.is_empty() => Told::Answer,
        _ => panic!("{query}\n{status} {answer:#}"),
    }
}

fn expected(class: &str, caller: &str) -> Told {
    let (_, columns) = CLASSES.iter().find(|(name, _)| *name == class).unwrap();
    columns[CALLERS.iter().position(|name| *name == caller).unwrap()]
}

/// The whole document that asks for a root.
fn document(sdl: &Sdl, place: &str, way: &str) -> String {
    let (root, field) = place.split_once('.').unwrap();
    let all = sdl.selection(&sdl.types[root][field].returns, 1);
    let operation = if root == "Query" { "query" } else { "mutation" };
    format!("{operation} {{ it: {} }}", way.replace('%', &all))
}

/// What gives a household its reference. To whom a case is closed its reference is one that nobody has, so they may give
/// it: `stories/restrictions` shows that this is as with any other.
const GIVE_A_REFERENCE: [&str; 3] = ["Mutation.acceptReferral", "Mutation.bookStay", "Mutation.holdUnit"];

async fn everybody_is_told_what_the_table_says(on: &Databases) {
    let sdl = main_schema();
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02", "SS-03", "SS-04"]).await;
    let stage = Stage::set(&world).await;
    let mut wrong = Vec::new();
    // What was refused has done nothing: so many records there are before, and after.
    // A search of the audit is itself recorded.
    let count = "SELECT count(*) FROM audit WHERE action <> 'search_audit'";
    let records: Option<i64> = world.one(count).await;
    let queries = |place: &str| place.starts_with("Query.");
    for (place, class, way) in ROOTS {
        let query = put_in(&stage.open, &document(&sdl, place, way));
        for caller in CALLERS {
            let wanted = expected(class, caller);
            if wanted == Told::Answer && !queries(place) {
                continue;
            }
            let (told, _) = stage.ask(caller, &query).await;
            if told != wanted {
                wrong.push(format!("{place} for {caller}: {told:?}, not {wanted:?}"));
            }
        }
    }
    for (name, way, classes) in TYPES.iter().filter(|(_, way, _)| !way.is_empty()) {
        for (class, field) in classes
            .iter()
            .flat_map(|(class, fields)| fields.split_whitespace().map(move |field| (class, field)))
        {
            let all = sdl.selection(&sdl.types[*name][field].returns, 0);
            let asked = format!("query {{ it: {} }}", way.replace('%', &format!("{field} {all}")));
            let query = put_in(&stage.open, &asked);
            for caller in CALLERS {
                let (told, _) = stage.ask(caller, &query).await;
                let wanted = expected(class, caller);
                if told != wanted {
                    wrong.push(format!("{name}.{field} for {caller}: {told:?}, not {wanted:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(
        world.one::<i64>(count).await,
        records,
        "nothing was changed, and nothing sensitive looked at"
    );

    // Whoever is on the deny-list of a case finds nothing of it, whatever they ask.
    let closed_ids: Vec<&String> = stage.closed.iter().take(3).map(|(_, value)| value).collect();
    for (place, class, way) in ROOTS.iter().filter(|(_, class, _)| *class != "accounts") {
        let query = put_in(&stage.closed, &document(&sdl, place, way));
        if *place == "Mutation.endAllSessions" || GIVE_A_REFERENCE.contains(place) {
            continue;
        }
        for (denied, like) in [("denied officer", "officer"), ("denied manager", "manager")] {
            if expected(class, like) != Told::Answer {
                continue;
            }
            let (_, answer) = stage.ask(denied, &query).await;
            let text = answer["data"].to_string();
            for id in &closed_ids {
                if text.contains(*id) {
                    wrong.push(format!("{place} tells a {denied} of {id}"));
                }
            }
            let of_the_case =
                ["{stay}", "{reference}", "{household}", "{support session}", "{need}", "{pack}"];
            let acts_on_a_case = of_the_case.iter().any(|what| way.contains(what));
            let code = answer["data"]["it"]["Refused_code"].as_str();
            let none = ["NOT_FOUND", "BAD_VALUE"].map(Some).contains(&code) || answer["data"]["it"].is_null();
            if acts_on_a_case && !none {
                wrong.push(format!("{place} is carried out for a {denied}: {answer:#}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let (_, seen) = stage
        .ask("officer", &put_in(&stage.closed, &document(&sdl, "Query.stays", "stays(first: 3) %")))
        .await;
    assert!(seen.to_string().contains(closed_ids[1]), "others see it");

    // Last, what is allowed: it may be refused for another reason, never for who asks.
    for (place, class, way) in ROOTS.iter().filter(|(place, ..)| !queries(place)) {
        let query = put_in(&stage.open, &document(&sdl, place, way));
        for caller in CALLERS.into_iter().filter(|caller| expected(class, caller) == Told::Answer) {
            if *place == "Mutation.endAllSessions" && !caller.contains("token") {
                continue;
            }
            let (told, _) = stage.ask(caller, &query).await;
            if told != Told::Answer {
                wrong.push(format!("{place} for {caller}: {told:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

async fn what_needs_a_fresh_second_factor_is_what_the_table_says(on: &Databases) {
    let sdl = main_schema();
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02", "SS-03", "SS-04"]).await;
    let stage = Stage::set(&world).await;
    world.clock.forward(chrono::TimeDelta::minutes(6));
    let mut wrong = Vec::new();
    let is_fresh = |place: &str| FRESH.contains(&place);
    for place in FRESH {
        assert!(ROOTS.iter().any(|(known, ..)| known == place), "there is no {place}");
    }
    // First those that are refused, and change nothing.
    let mut roots = ROOTS.to_vec();
    roots.sort_by_key(|(place, ..)| !is_fresh(place));
    for (place, class, way) in roots {
        if place == "Mutation.endAllSessions" {
            continue;
        }
        let query = put_in(&stage.open, &document(&sdl, place, way));
        for caller in ["officer", "manager", "administrator"] {
            if expected(class, caller) != Told::Answer {
                continue;
            }
            let (_, answer) = stage.answer(caller, &query).await;
            let code = answer["data"]["it"]["Refused_code"].as_str();
            let code = code.or_else(|| answer["errors"][0]["extensions"]["code"].as_str());
            if (code == Some("SECOND_FACTOR_NEEDED")) != is_fresh(place) {
                wrong.push(format!("{place} for {caller}: {code:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
