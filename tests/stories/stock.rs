//! The stock ledger: nothing is given out that is not there, and every penny is accounted for.

use std::sync::Arc;

use chrono::TimeDelta;
use futures_util::future::join_all;
use proptest::{
    prelude::{Strategy, any},
    test_runner::TestCaseError,
};
use rust_decimal::Decimal;
use safespace_domain::{
    LotId, PlaceId, RefusalCode, StayId,
    stock::{self, CountReason, WriteOffReason},
};
use safespace_engine::{
    AddPlace, Command, CorrectReceipt, CountLine, CountStock, Engine, EngineError, IssueLine, IssueStock,
    OriginAsk, Outcome, Page, ReceiptLine, ReceiveStock, RestrictCase, ReturnStock, SaveGrant, SaveItem,
    SetLevel, StockFilter, TransferLine, TransferStock, WriteOffStock,
};
use safespace_tests::{Databases, World, api::Api, canary, day, item, on_both};
use sea_orm::ConnectionTrait;
use serde_json::{Value as Json, json};

use crate::runs::any_run;

on_both![
    what_comes_is_given_out_moved_counted_and_thrown_away_to_the_penny,
    of_many_who_want_the_last_one_gets_it,
    what_makes_no_sense_is_refused_and_nothing_is_half_written,
    the_ledger_is_append_only_also_for_who_has_the_database,
    whoever_knows_the_family_does_not_see_what_it_was_given,
    a_grant_says_what_is_left_of_it,
    nothing_comes_to_a_place_that_is_closed,
    a_reason_that_is_none_of_the_list_is_said_in_words_and_sealed,
];

const EVENING: &str = "2020-11-03T21:00:00Z";
/// Where those live who want the last of something.
const RIVALS: [&str; 8] = ["SS-01", "SS-02", "SS-03", "SS-04", "SS-05", "SS-06", "SS-07", "SS-08"];
const POSTED: &str =
    "... on StockPosted { entries { id movement quantity value lot item { code } place { code } } }";

fn place(code: &str) -> Command {
    Command::AddPlace(AddPlace { code: code.into(), name: format!("Place {code}"), property: None })
}

fn came(to: &str, item: &str, quantity: i64, pence: i64, expires_on: Option<&str>) -> Command {
    Command::ReceiveStock(ReceiveStock {
        place: to.into(),
        from: OriginAsk::Bought { supplier: "Examplewick Wholesale".into(), grant: None },
        delivery_note: Some("D-1".into()),
        lines: vec![ReceiptLine {
            item: item.into(),
            quantity,
            cost: Decimal::new(pence, 2),
            lot: None,
            expires_on: expires_on.map(day),
        }],
    })
}

fn give(from: &str, stay: StayId, item: &str, quantity: i64) -> Command {
    let lines = vec![IssueLine { item: item.into(), quantity }];
    Command::IssueStock(IssueStock { place: from.into(), stay, lines, because: None })
}

/// A world with the items A and B, an office and a cupboard, and a household in residence.
async fn stocked(on: &Databases) -> (World, StayId) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    furnish(&world).await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 7).await.unwrap();
    world.officer().check_in(&stay).await.unwrap();
    (world, stay.id)
}

/// The items A and B, an office and a cupboard.
async fn furnish(world: &World) {
    for code in ["A", "B"] {
        world.manager().run(Command::SaveItem(item(code))).await.unwrap();
    }
    world.manager().run(place("OFFICE")).await.unwrap();
    let property = Some(world.property("HOUSE").await);
    let cupboard = AddPlace { code: "CUPBOARD".into(), name: "Cupboard".into(), property };
    world.manager().run(Command::AddPlace(cupboard)).await.unwrap();
}

/// A household that is awaited in another home: who gives to one does not wait for who gives to the other.
async fn awaited(world: &World, unit: &str, household: &str) -> StayId {
    world.officer().book(unit, household, "2020-11-03", 7).await.unwrap().id
}

/// All entries of the ledger, summed by a naive fold, must be what the database keeps as balances.
async fn must_agree(world: &World) -> stock::Sums {
    let page = Page { after: None, limit: 10_000 };
    let views =
        world.engine.stock_entries(&world.officer().actor, &StockFilter::default(), page).await.unwrap();
    let postings: Vec<_> = views.iter().map(|view| view.entry.posting).collect();
    let sums = stock::sum(&postings).unwrap();
    assert!(sums.agree(), "value in is on hand, issued and written off: {sums:?}");
    let kept = world.engine.stock(&world.officer().actor, None).await.unwrap();
    let mut kept: Vec<_> = kept.into_iter().map(|one| one.balance).collect();
    kept.sort_by_key(|balance| (balance.place, balance.lot));
    let folded: Vec<_> = sums.balances.values().filter(|balance| balance.quantity > 0).copied().collect();
    assert_eq!(kept, folded);
    sums
}

async fn what_comes_is_given_out_moved_counted_and_thrown_away_to_the_penny(on: &Databases) {
    let (world, stay) = stocked(on).await;
    let api = Api::serve(&world.engine).await;
    let token = world.officer_token.as_str();
    let act =
        async |mutation: &str, kind: &str, input: Json| api.act(token, mutation, kind, input, POSTED).await;
    let bought = json!({ "bought": { "supplier": "Examplewick Wholesale" } });
    let late = json!({ "place": "office", "from": bought, "deliveryNote": "D-7", "lines": [
        { "item": "A", "quantity": 10, "cost": "10.00", "lot": "L-LATE", "expiresOn": "2021-03-01" },
        { "item": "A", "quantity": 3, "cost": "1.00", "lot": "L-SOON", "expiresOn": "2020-11-20" } ] });
    let received = act("receiveStock", "ReceiveStockInput", late).await;
    let lots: Vec<_> =
        received["entries"].as_array().unwrap().iter().map(|entry| entry["lot"].clone()).collect();

    // What expires first goes first, and its cost with it: three of 33 pence and a third, to the penny.
    let stay_id =
        api.ask(token, "{ stays { nodes { id } } }", json!({})).await["stays"]["nodes"][0]["id"].clone();
    let lines = json!([{ "item": "A", "quantity": 4 }]);
    let issued =
        act("issueStock", "IssueStockInput", json!({ "place": "OFFICE", "stay": stay_id, "lines": lines }))
            .await;
    let told: Vec<_> =
        issued["entries"].as_array().unwrap().iter().map(|it| (&it["quantity"], &it["value"])).collect();
    assert_eq!(told, [(&json!(-3), &json!("-1.00")), (&json!(-1), &json!("-1.00"))]);

    // One comes back; two go to the cupboard; there one is missing; one is damaged.
    let back = json!({ "place": "OFFICE", "stay": stay_id, "lot": lots[1], "quantity": 1 });
    assert_eq!(act("returnStock", "ReturnStockInput", back).await["entries"][0]["value"], "0.33");
    let lines = json!([{ "lot": lots[0], "quantity": 2 }]);
    let moved = act(
        "transferStock",
        "TransferStockInput",
        json!({ "from": "OFFICE", "to": "CUPBOARD", "lines": lines }),
    )
    .await;
    assert_eq!(moved["entries"][1]["place"]["code"], "CUPBOARD");
    let count =
        |why: Json| json!({ "place": "CUPBOARD", "lines": [{ "lot": lots[0], "counted": 1, "why": why }] });
    let unexplained = act("countStock", "CountStockInput", count(Json::Null)).await;
    assert_eq!(unexplained["message"], "That is 1 fewer than the 2 that the ledger has: say why.");
    assert_eq!(
        act("countStock", "CountStockInput", count(json!("LOST"))).await["entries"][0]["value"],
        "-1.00"
    );
    let broken = json!({ "place": "OFFICE", "lot": lots[0], "quantity": 1, "why": "DAMAGED" });
    assert_eq!(act("writeOffStock", "WriteOffStockInput", broken).await["entries"][0]["quantity"], -1);
    // It was eleven, not ten, for ten pounds.
    let entry = &received["entries"][0]["id"];
    let right = json!({ "entry": entry, "quantity": 11, "cost": "10.00" });
    assert_eq!(act("correctReceipt", "CorrectReceiptInput", right).await["entries"][0]["quantity"], 1);

    let sums = must_agree(&world).await;
    assert_eq!(sums.flows.value_in.0, 1_100);
    let left = api
        .ask(
            token,
            "{ stock(place: \"office\") { nodes { quantity value lot { code } item { code } } } }",
            json!({}),
        )
        .await;
    assert_eq!(
        left["stock"]["nodes"],
        json!([
            { "quantity": 1, "value": "0.33", "lot": { "code": "L-SOON" }, "item": { "code": "A" } },
            { "quantity": 7, "value": "6.00", "lot": { "code": "L-LATE" }, "item": { "code": "A" } }
        ])
    );
    let theirs = "query($stay: ID!) { issuedStock(stay: $stay) { nodes { quantity value item { code } } } }";
    let theirs = api.ask(token, theirs, json!({ "stay": stay_id })).await["issuedStock"]["nodes"].clone();
    assert_eq!(theirs.as_array().unwrap().iter().map(|it| it["quantity"].as_i64().unwrap()).sum::<i64>(), 3);
    assert_eq!(stay_of(&world, stay).await, 3);

    // Low and expiring.
    let level = SetLevel { place: "OFFICE".into(), item: "A".into(), reorder_point: 8, target: 20 };
    world.manager().run(Command::SetLevel(level)).await.unwrap();
    let low = api
        .ask(
            token,
            "{ lowStock { nodes { usable target place { code } } } \
        expiringStock(days: 20) { nodes { quantity lot { code } } } }",
            json!({}),
        )
        .await;
    assert_eq!(
        low["lowStock"]["nodes"],
        json!([{ "usable": 8, "target": 20, "place": { "code": "OFFICE" } }])
    );
    assert_eq!(low["expiringStock"]["nodes"], json!([{ "quantity": 1, "lot": { "code": "L-SOON" } }]));
}

/// How many units a household still has of what it was given.
async fn stay_of(world: &World, stay: StayId) -> u32 {
    let issued = world.engine.issued_to(&world.officer().actor, stay).await.unwrap().unwrap();
    issued.iter().map(|issued| issued.quantity).sum()
}

async fn of_many_who_want_the_last_one_gets_it(on: &Databases) {
    let world = World::at(EVENING, on).with_units(RIVALS).await;
    furnish(&world).await;
    let mut stays = Vec::new();
    for unit in RIVALS {
        stays.push(awaited(&world, unit, &format!("R-{unit}")).await);
    }
    world.officer().run(came("OFFICE", "A", 3, 100, None)).await.unwrap();
    let engines = [Arc::clone(&world.engine), world.another_engine().await];
    let actor = world.officer().actor;
    let asked = (0..16).map(|n: usize| {
        let (engine, actor) = (Arc::clone(&engines[n % 2]), Arc::clone(&actor));
        // To eight households, each from both engines.
        let stay = stays[n / 2];
        tokio::spawn(async move { engine.run(&actor, None, give("OFFICE", stay, "A", 1)).await })
    });
    let answers: Vec<_> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 3);
    for answer in answers {
        match answer {
            Ok(_) => {}
            Err(EngineError::Refused(refusal)) => {
                assert_eq!(refusal.code, RefusalCode::OutOfStock);
                assert!(refusal.message.contains("OFFICE has 0 of Item A, not 1"), "{refusal}");
            }
            Err(fault) => panic!("{fault}"),
        }
    }
    assert_eq!(must_agree(&world).await.on_hand().0, 0);
}

async fn what_makes_no_sense_is_refused_and_nothing_is_half_written(on: &Databases) {
    let (world, stay) = stocked(on).await;
    let (officer, manager) = (world.officer(), world.manager());
    officer.run(came("OFFICE", "A", 5, 100, Some("2020-11-10"))).await.unwrap();
    officer.run(came("OFFICE", "B", 5, 100, None)).await.unwrap();
    let before = world.count("stock_entry").await;
    let mut said = String::new();
    let mut refused = async |by: &safespace_tests::Person<'_>, command: Command| {
        let refusal = by.run(command).await.unwrap_err();
        said.push_str(&refusal.message);
        said.push('\n');
    };
    refused(&officer, give("OFFICE", stay, "A", -1)).await;
    refused(&officer, give("OFFICE", stay, "A", 6)).await;
    refused(&officer, give("NOWHERE", stay, "A", 1)).await;
    refused(&officer, give("OFFICE", stay, "C", 1)).await;
    refused(&officer, came("OFFICE", "A", 5, 100, Some("2020-11-02"))).await;
    refused(&officer, came("OFFICE", "A", 5, 0, Some("2020-12-02"))).await;
    refused(&officer, Command::ClosePlace { place: "OFFICE".into() }).await;
    refused(&manager, Command::ClosePlace { place: "OFFICE".into() }).await;
    refused(&manager, Command::DeleteItem { item: "A".into() }).await;
    let price = |pence| SaveItem { price: Decimal::new(pence, 2), ..item("A") };
    refused(&manager, Command::SaveItem(price(0))).await;
    refused(&manager, Command::SaveItem(price(100_000_000))).await;
    refused(&manager, Command::SaveItem(SaveItem { price: Decimal::new(1_005, 3), ..item("A") })).await;
    refused(&manager, Command::SaveItem(SaveItem { category: "toys".into(), ..item("A") })).await;
    refused(&manager, Command::SaveItem(SaveItem { barcode: Some("5012345678901".into()), ..item("A") }))
        .await;
    assert_words_snapshot!(said, @r"
    A quantity is 1 to 100000 whole units, not -1.
    OFFICE has 5 of Item A, not 6: give fewer or something else, or transfer some here.
    There is no place NOWHERE that holds stock.
    There is no item C in the catalogue: look it up by its name, or add it.
    This Item A expired on 2020-11-02: do not take it in.
    What was bought cost more than £0, not £0.00: give what it cost, or say who donated it.
    A sign-in as officer can't keep the catalogue, places or grants: ask a manager.
    OFFICE still holds 10 units: transfer or write off what it holds first, then close it.
    The stock ledger has entries of A, so it can't be deleted: retire it instead, and it is no longer used.
    The price of a pack as it is bought is more than £0 and below £10,000.00, not £0.00: check it. What is given to the service for nothing has the price that it would be bought for.
    The price of a pack as it is bought is more than £0 and below £10,000.00, not £1,000,000.00: check it. What is given to the service for nothing has the price that it would be bought for.
    1.005 is a fraction of a penny: give pounds and pence, such as 1.25.
    There is no such category. Known: baby, bedding, clothing, food, household, phone_credit, toiletries.
    The last digit of the bar code does not fit the others: read it again.
    ");
    // Of two things one is not there: neither is given.
    let lines = [("B", 1), ("A", 9)].map(|(item, quantity)| IssueLine { item: item.into(), quantity });
    let both = IssueStock { place: "OFFICE".into(), stay, lines: lines.into(), because: None };
    officer.run(Command::IssueStock(both)).await.unwrap_err();
    // It has expired since.
    world.clock.forward(TimeDelta::days(8));
    let refusal = officer.run(give("OFFICE", stay, "A", 1)).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::Expired);
    assert!(refusal.message.contains("5 expired, the first on 2020-11-10: write them off"), "{refusal}");
    assert_eq!(world.count("stock_entry").await, before, "nothing was written");
    must_agree(&world).await;
}

async fn the_ledger_is_append_only_also_for_who_has_the_database(on: &Databases) {
    let (world, _) = stocked(on).await;
    world.officer().run(came("OFFICE", "A", 5, 100, None)).await.unwrap();
    for sql in ["UPDATE stock_entry SET quantity = 6", "DELETE FROM stock_entry"] {
        let error = world.rows.execute_unprepared(sql).await.unwrap_err();
        assert!(error.to_string().contains("the stock ledger is append-only"), "{error}");
    }
    let below = world.rows.execute_unprepared("UPDATE stock SET quantity = -1").await.unwrap_err();
    assert!(below.to_string().contains("stock_quantity"), "{below}");
}

async fn whoever_knows_the_family_does_not_see_what_it_was_given(on: &Databases) {
    let (world, stay) = stocked(on).await;
    world.officer().run(came("OFFICE", "A", 5, 100, None)).await.unwrap();
    world.officer().run(give("OFFICE", stay, "A", 2)).await.unwrap();
    let denied = world.person_with(safespace_domain::access::Role::Officer).await;
    let manager = world.person_with(safespace_domain::access::Role::Manager).await;
    let closed =
        RestrictCase { household: "R-1".into(), denied: denied.actor.who.id(), reason: "family".into() };
    manager.run(Command::RestrictCase(closed)).await.unwrap();
    let page = Page { after: None, limit: 10 };
    let entries = world.engine.stock_entries(&denied.actor, &StockFilter::default(), page).await.unwrap();
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().all(|view| view.stay.is_none()), "what left the shelf shows, but not to whom");
    assert!(world.engine.issued_to(&denied.actor, stay).await.unwrap().is_none());
    let refusal = denied.run(give("OFFICE", stay, "A", 1)).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::NotFound);
}

async fn a_grant_says_what_is_left_of_it(on: &Databases) {
    let (world, _) = stocked(on).await;
    let grant = |amount: Decimal| {
        Command::SaveGrant(SaveGrant {
            code: "MHCLG-2020".into(),
            name: "Domestic abuse fund".into(),
            amount,
            from: day("2020-04-01"),
            to: day("2021-04-01"),
            purpose: "Safe spaces, food and toiletries".into(),
        })
    };
    world.manager().run(grant(Decimal::new(395_520, 0))).await.unwrap();
    assert!(
        world.officer().run(grant(Decimal::new(1, 0))).await.is_err(),
        "grants are the managers' to keep"
    );
    let mut delivery = ReceiveStock {
        place: "OFFICE".into(),
        from: OriginAsk::Bought {
            supplier: "Examplewick Wholesale".into(),
            grant: Some("mhclg-2020".into()),
        },
        delivery_note: None,
        lines: vec![ReceiptLine {
            item: "A".into(),
            quantity: 48,
            cost: Decimal::new(3_360, 2),
            lot: None,
            expires_on: None,
        }],
    };
    world.officer().run(Command::ReceiveStock(delivery.clone())).await.unwrap();
    let api = Api::serve(&world.engine).await;
    let query = "{ grants { nodes { code amount spent left } } }";
    let told = api.ask(&world.officer_token, query, json!({})).await;
    assert_eq!(
        told["grants"]["nodes"],
        json!([{ "code": "MHCLG-2020", "amount": "395520.00", "spent": "33.60", "left": "395486.40" }])
    );
    // It pays only within its time.
    world.clock.forward(TimeDelta::days(200));
    delivery.delivery_note = Some("D-2".into());
    let refusal = world.officer().run(Command::ReceiveStock(delivery)).await.unwrap_err();
    assert_eq!(refusal.field.as_deref(), Some("grant"));
}

async fn nothing_comes_to_a_place_that_is_closed(on: &Databases) {
    let (world, stay) = stocked(on).await;
    let (officer, manager) = (world.officer(), world.manager());
    let Outcome::StockEntries(entries) = officer.run(came("CUPBOARD", "A", 2, 100, None)).await.unwrap()
    else {
        panic!("a delivery");
    };
    let (entry, lot) = (entries[0].id, entries[0].posting.lot);
    officer.run(give("CUPBOARD", stay, "A", 2)).await.unwrap();
    manager.run(Command::ClosePlace { place: "CUPBOARD".into() }).await.unwrap();
    let place = || "CUPBOARD".to_owned();
    let count = |counted| {
        let line = CountLine { lot, counted, why: Some(CountReason::Miscounted), note: None };
        Command::CountStock(CountStock { place: place(), lines: vec![line] })
    };
    let came_more = CorrectReceipt { entry, quantity: 3, cost: Decimal::new(100, 2) };
    for command in [
        came("CUPBOARD", "A", 1, 100, None),
        count(1),
        Command::CorrectReceipt(came_more),
        Command::ReturnStock(ReturnStock { place: place(), stay, lot, quantity: 1 }),
    ] {
        let refusal = officer.run(command).await.unwrap_err();
        assert!(refusal.message.starts_with("CUPBOARD is closed: choose another place"), "{refusal}");
    }
    officer.run(count(0)).await.unwrap();
    assert_eq!(must_agree(&world).await.on_hand().0, 0);
}

async fn a_reason_that_is_none_of_the_list_is_said_in_words_and_sealed(on: &Databases) {
    let (world, _) = stocked(on).await;
    world.officer().run(came("OFFICE", "A", 5, 100, None)).await.unwrap();
    let api = Api::serve(&world.engine).await;
    let token = world.officer_token.as_str();
    let here = api.ask(token, "{ stock { nodes { lot { id } } } }", json!({})).await;
    let lot = here["stock"]["nodes"][0]["lot"]["id"].clone();
    let count = async |counted: i64, why: &str, note: Json| {
        let key = format!("{counted}-{why}-{}", note.as_str().map_or(0, str::len));
        let line = json!({ "lot": lot, "counted": counted, "why": why, "note": note });
        let input = json!({ "place": "OFFICE", "lines": [line], "idempotencyKey": key });
        api.act(token, "countStock", "CountStockInput", input, "... on StockPosted { entries { note } }")
            .await
    };
    for note in [Json::Null, json!(" ")] {
        let refused = count(4, "OTHER", note).await;
        assert_eq!(refused["field"], "note");
        assert_eq!(
            refused["message"],
            "The reason is none of the list: say which in a few words. Name nobody in them."
        );
    }
    let long = count(4, "LOST", json!("x".repeat(2_001))).await;
    assert!(long["message"].as_str().unwrap().contains("longer than 2000 characters"));
    let note = format!("eaten by mice: {}", canary::NOTE);
    let told = count(4, "OTHER", json!(note)).await;
    assert_eq!(told["entries"][0]["note"], note.as_str());
    assert_eq!(count(4, "OTHER", json!(note)).await, told, "once more it is the same answer");
    assert_eq!(count(3, "LOST", Json::Null).await["entries"][0]["note"], Json::Null);
    // A count that is right needs no reason, whatever was ticked.
    assert_eq!(count(3, "OTHER", Json::Null).await["entries"][0]["note"], Json::Null);
    let thrown = async |why: &str, note: Json| {
        let input = json!({ "place": "OFFICE", "lot": lot, "quantity": 1, "why": why, "note": note });
        api.act(
            token,
            "writeOffStock",
            "WriteOffStockInput",
            input,
            "... on StockPosted { entries { note } }",
        )
        .await
    };
    assert_eq!(thrown("OTHER", Json::Null).await["field"], "note");
    assert_eq!(thrown("DAMAGED", json!(note)).await["entries"][0]["note"], note.as_str());

    let query = "{ stockEntries(first: 50) { nodes { movement note } } }";
    let told = api.ask(token, query, json!({})).await["stockEntries"]["nodes"].clone();
    let notes: Vec<_> = told.as_array().unwrap().iter().map(|node| node["note"].as_str()).collect();
    assert_eq!(notes, [None, Some(note.as_str()), None, None, Some(note.as_str())]);
    // In the database it is sealed, and bound to its entry.
    assert_eq!(world.one::<i64>("SELECT count(*) FROM stock_entry WHERE note IS NOT NULL").await, Some(2));
    let sealed: Vec<u8> =
        world.one("SELECT note FROM stock_entry WHERE note IS NOT NULL LIMIT 1").await.unwrap();
    assert!(canary::found_in(&sealed).is_none());
    must_agree(&world).await;
}

/// Something that happens to stock. Places, items and lots are chosen from those there are.
#[derive(Clone, Debug)]
enum Step {
    Receive(bool, bool, i64, i64),
    Give(bool, bool, i64),
    Back(u8, bool, i64),
    Transfer(u8, bool, i64),
    Count(u8, bool, i64),
    WriteOff(u8, bool, i64),
    Correct(u8, i64, i64),
}

fn step() -> impl Strategy<Value = Step> {
    let (lot, flag) = (any::<u8>, any::<bool>);
    proptest::prop_oneof![
        4 => (flag(), flag(), 0_i64..12, 0_i64..1_000).prop_map(|(p, i, n, cost)| Step::Receive(p, i, n, cost)),
        5 => (flag(), flag(), 0_i64..6).prop_map(|(p, i, n)| Step::Give(p, i, n)),
        2 => (lot(), flag(), 1_i64..4).prop_map(|(l, p, n)| Step::Back(l, p, n)),
        3 => (lot(), flag(), 1_i64..6).prop_map(|(l, p, n)| Step::Transfer(l, p, n)),
        2 => (lot(), flag(), 0_i64..12).prop_map(|(l, p, n)| Step::Count(l, p, n)),
        2 => (lot(), flag(), 1_i64..4).prop_map(|(l, p, n)| Step::WriteOff(l, p, n)),
        1 => (lot(), 1_i64..12, 1_i64..1_000).prop_map(|(l, n, cost)| Step::Correct(l, n, cost)),
    ]
}

#[test]
fn any_run_of_the_ledger_balances_on_sqlite() {
    any_run_balances(&Databases::sqlite(), 12);
}

#[test]
fn any_run_of_the_ledger_balances_on_postgres() {
    let Some(on) = Databases::postgres("stock::any_run_of_the_ledger_balances_on_postgres") else { return };
    any_run_balances(&on, 6);
}

/// Any run of commands, some of them at the same time: whatever is refused, the ledger is what was done, never below
/// zero, and every penny is accounted for.
fn any_run_balances(on: &Databases, cases: u32) {
    any_run(cases, step(), async |batches| {
        let (world, stay) = stocked(on).await;
        let stays = [stay, awaited(&world, "SS-02", "R-2").await];
        let mut done = 0;
        for batch in &batches {
            let commands = commands(&world, batch, stays).await;
            let actor = world.officer().actor;
            let asked = commands.into_iter().map(|command| {
                let (engine, actor): (Arc<Engine>, _) = (Arc::clone(&world.engine), Arc::clone(&actor));
                tokio::spawn(async move { engine.run(&actor, None, command).await })
            });
            for answer in join_all(asked).await {
                match answer.unwrap() {
                    Ok(Outcome::StockEntries(entries)) => done += entries.len(),
                    Ok(other) => return Err(TestCaseError::fail(format!("{other:?}"))),
                    Err(EngineError::Refused(_)) => {}
                    Err(fault) => return Err(TestCaseError::fail(fault.to_string())),
                }
            }
            must_agree(&world).await;
        }
        let written = usize::try_from(world.count("stock_entry").await).unwrap();
        if written == done { Ok(()) } else { Err(TestCaseError::fail("not all that was told was written")) }
    });
}

async fn commands(world: &World, batch: &[Step], stays: [StayId; 2]) -> Vec<Command> {
    let actor = world.officer().actor;
    let page = Page { after: None, limit: 10_000 };
    let entries = world.engine.stock_entries(&actor, &StockFilter::default(), page).await.unwrap();
    let lots: Vec<_> =
        entries.iter().filter(|view| view.entry.posting.movement == stock::Movement::Received).collect();
    let place = |office: bool| if office { "OFFICE" } else { "CUPBOARD" }.to_owned();
    let item = |a: bool| if a { "A" } else { "B" };
    let lot = |n: u8| -> Option<(LotId, PlaceId)> {
        let posting = &lots.get(usize::from(n) % lots.len().max(1))?.entry.posting;
        Some((posting.lot, posting.place))
    };
    let command = |(n, step): (usize, &Step)| {
        let stay = stays[n % 2];
        Some(match *step {
            Step::Receive(at, of, n, cost) => came(&place(at), item(of), n, cost, None),
            Step::Give(at, of, n) => give(&place(at), stay, item(of), n),
            Step::Back(n, at, quantity) => {
                let (lot, place) = (lot(n)?.0, place(at));
                Command::ReturnStock(ReturnStock { place, stay, lot, quantity })
            }
            Step::Transfer(n, at, quantity) => Command::TransferStock(TransferStock {
                from: place(at),
                to: place(!at),
                lines: vec![TransferLine { lot: lot(n)?.0, quantity }],
            }),
            Step::Count(n, at, counted) => {
                let line = CountLine { lot: lot(n)?.0, counted, why: Some(CountReason::Lost), note: None };
                Command::CountStock(CountStock { place: place(at), lines: vec![line] })
            }
            Step::WriteOff(n, at, quantity) => {
                let (lot, why) = (lot(n)?.0, WriteOffReason::Damaged);
                Command::WriteOffStock(WriteOffStock { place: place(at), lot, quantity, why, note: None })
            }
            Step::Correct(n, quantity, cost) => {
                let entry = lots.get(usize::from(n) % lots.len().max(1))?.entry.id;
                Command::CorrectReceipt(CorrectReceipt { entry, quantity, cost: Decimal::new(cost, 2) })
            }
        })
    };
    batch.iter().enumerate().filter_map(command).collect()
}
