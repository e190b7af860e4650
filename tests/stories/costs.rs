//! What provisions cost, to the penny against a calculation by hand, through the API and the command line.

use chrono::TimeDelta;
use rust_decimal::Decimal;
use safespace_domain::{LotId, StayId, access::Role};
use safespace_engine::{
    AddPlace, Command, IssueLine, IssueStock, OriginAsk, Outcome, ReceiptLine, ReceiveStock, RestrictCase,
    ReturnStock, SaveGrant, SaveItem,
};
use safespace_tests::{Databases, World, api::Api, day, on_both, program::Program};
use serde_json::{Value as Json, json};

on_both![
    costs_are_what_a_calculation_by_hand_says,
    a_range_with_nothing_in_it_has_empty_rates_and_never_zero,
    a_case_that_is_closed_to_somebody_is_in_none_of_their_figures,
    the_command_line_says_the_same,
    a_range_of_the_wrong_order_is_refused,
];

const MORNING: &str = "2020-10-30T12:00:00Z";
const COSTS: &str =
    "query($from: Date!, $to: Date!) { costs(from: $from, to: $to) { total householdCount perHousehold
    personNights perPersonNight byCategory { nodes { category cost } } byMonth { nodes { month cost } }
    byFunding { nodes { source grant { code name } cost } }
    cells { nodes { category month source grant { code } cost } }
    households { nodes { household { reference } cost personNights perPersonNight } } } }";

fn item(code: &str, category: &str) -> Command {
    Command::SaveItem(SaveItem {
        code: code.into(),
        name: format!("Item {code}"),
        category: category.into(),
        unit_of_issue: "tin".into(),
        pack_size: 12,
        price: Decimal::new(840, 2),
        supplier: None,
        eaten: false,
        contains: None,
        suits: [].into(),
        shelf_life_days: None,
        perishable: false,
        barcode: None,
    })
}

async fn came(world: &World, from: OriginAsk, item: &str, quantity: i64, pence: i64) -> LotId {
    let ask = ReceiveStock {
        place: "OFFICE".into(),
        from,
        delivery_note: None,
        lines: vec![ReceiptLine {
            item: item.into(),
            quantity,
            cost: Decimal::new(pence, 2),
            lot: None,
            expires_on: None,
        }],
    };
    let Outcome::StockEntries(entries) = world.officer().run(Command::ReceiveStock(ask)).await.unwrap()
    else {
        panic!("a delivery");
    };
    entries[0].posting.lot
}

async fn give(world: &World, stay: StayId, item: &str, quantity: i64) {
    let lines = vec![IssueLine { item: item.into(), quantity }];
    let ask = IssueStock { place: "OFFICE".into(), stay, lines, because: None };
    world.officer().run(Command::IssueStock(ask)).await.unwrap();
}

/// Two households: R-1, of three, from 30 October, and R-2, of three, from 2 November. What each got, by hand:
///
/// | when | who | what | cost |
/// |---|---|---|---|
/// | 30 October | R-1 | 4 of 10 of FOOD, for £10.00 of a grant | £4.00 |
/// | 30 October | R-1 | 3 of 3 of SOAP, for £1.00 of our own, and 1 of 4, given, worth £2.00 | £1.50 |
/// | 2 November | R-2 | 2 of FOOD | £2.00 |
/// | 2 November | R-1 | 1 of FOOD comes back | −£1.00 |
///
/// It is noon on 3 November: R-1 has been there for five nights, R-2 for two, tonight included.
async fn spent(on: &Databases) -> (World, [StayId; 2]) {
    let world = World::at(MORNING, on).with_units(["SS-01", "SS-02"]).await;
    let (officer, manager) = (world.officer(), world.manager());
    manager.run(item("FOOD", "food")).await.unwrap();
    manager.run(item("SOAP", "toiletries")).await.unwrap();
    let office = AddPlace { code: "OFFICE".into(), name: "Office".into(), property: None };
    manager.run(Command::AddPlace(office)).await.unwrap();
    let grant = SaveGrant {
        code: "MHCLG-2020".into(),
        name: "Domestic abuse fund".into(),
        amount: Decimal::new(395_520, 0),
        from: day("2020-04-01"),
        to: day("2021-04-01"),
        purpose: "Safe spaces, food and toiletries".into(),
    };
    manager.run(Command::SaveGrant(grant)).await.unwrap();
    let first = officer.book("SS-01", "R-1", "2020-10-30", 7).await.unwrap();
    officer.check_in(&first).await.unwrap();
    let shop = |grant: Option<&str>| OriginAsk::Bought {
        supplier: "Examplewick Wholesale".into(),
        grant: grant.map(str::to_owned),
    };
    let food = came(&world, shop(Some("MHCLG-2020")), "FOOD", 10, 1_000).await;
    came(&world, shop(None), "SOAP", 3, 100).await;
    world.clock.forward(TimeDelta::minutes(1));
    came(&world, OriginAsk::Donated { by: None }, "SOAP", 4, 200).await;
    give(&world, first.id, "FOOD", 4).await;
    give(&world, first.id, "SOAP", 4).await;
    world.clock.forward(TimeDelta::days(3));
    let second = officer.book("SS-02", "R-2", "2020-11-02", 3).await.unwrap();
    officer.check_in(&second).await.unwrap();
    give(&world, second.id, "FOOD", 2).await;
    let back = ReturnStock { place: "OFFICE".into(), stay: first.id, lot: food, quantity: 1 };
    officer.run(Command::ReturnStock(back)).await.unwrap();
    world.clock.forward(TimeDelta::days(1));
    (world, [first.id, second.id])
}

async fn told(api: &Api, token: &str, from: &str, to: &str) -> Json {
    api.ask(token, COSTS, json!({ "from": from, "to": to })).await["costs"].clone()
}

async fn costs_are_what_a_calculation_by_hand_says(on: &Databases) {
    let (world, _) = spent(on).await;
    let api = Api::serve(&world.engine).await;
    let costs = told(&api, &world.officer_token, "2020-10-01", "2020-12-01").await;
    let grant = json!({ "code": "MHCLG-2020", "name": "Domestic abuse fund" });
    let cell = |category: &str, month: &str, source: &str, grant: Json, cost: &str| json!({ "category": category, "month": month, "source": source, "grant": grant, "cost": cost });
    let of_grant = || json!({ "code": "MHCLG-2020" });
    assert_eq!(
        costs,
        json!({
            "total": "6.50", "householdCount": 2, "perHousehold": "3.25",
            "personNights": 21, "perPersonNight": "0.31",
            "byCategory": { "nodes": [
                { "category": "food", "cost": "5.00" }, { "category": "toiletries", "cost": "1.50" }] },
            "byMonth": { "nodes": [
                { "month": "2020-10", "cost": "5.50" }, { "month": "2020-11", "cost": "1.00" }] },
            "byFunding": { "nodes": [
                { "source": "GRANT", "grant": grant, "cost": "5.00" },
                { "source": "OWN", "grant": null, "cost": "1.00" },
                { "source": "DONATED", "grant": null, "cost": "0.50" }] },
            "cells": { "nodes": [
                cell("food", "2020-10", "GRANT", of_grant(), "4.00"),
                cell("food", "2020-11", "GRANT", of_grant(), "1.00"),
                cell("toiletries", "2020-10", "OWN", Json::Null, "1.00"),
                cell("toiletries", "2020-10", "DONATED", Json::Null, "0.50")] },
            "households": { "nodes": [
                { "household": { "reference": "R-1" }, "cost": "4.50", "personNights": 15, "perPersonNight": "0.30" },
                { "household": { "reference": "R-2" }, "cost": "2.00", "personNights": 6, "perPersonNight": "0.33" }] },
        })
    );
    // The range ends before its last day: what came back on the 2nd is of November, and not here.
    let october = told(&api, &world.officer_token, "2020-10-30", "2020-10-31").await;
    assert_eq!((&october["total"], &october["householdCount"]), (&json!("5.50"), &json!(1)));
    let november = told(&api, &world.officer_token, "2020-10-31", "2020-11-03").await;
    assert_eq!(november["total"], "1.00");
    let of_first = &november["households"]["nodes"][0];
    assert_eq!((&of_first["cost"], &of_first["perPersonNight"]), (&json!("-1.00"), &json!("-0.07")));
    let pages = "{ costs(from: \"2020-10-01\", to: \"2020-12-01\") { households(first: 1) {
        pageInfo { hasNextPage } nodes { cost } } definitions { word } } }";
    let page = api.ask(&world.officer_token, pages, json!({})).await["costs"].clone();
    assert_eq!(page["households"]["pageInfo"]["hasNextPage"], true);
    assert_eq!(page["definitions"][0]["word"], "cost");
}

async fn a_range_with_nothing_in_it_has_empty_rates_and_never_zero(on: &Databases) {
    let (world, _) = spent(on).await;
    let api = Api::serve(&world.engine).await;
    let costs = told(&api, &world.officer_token, "2019-01-01", "2020-10-30").await;
    let nothing = json!({ "nodes": [] });
    assert_eq!(
        costs,
        json!({
            "total": "0.00", "householdCount": 0, "perHousehold": null, "personNights": 0, "perPersonNight": null,
            "byCategory": nothing, "byMonth": nothing, "byFunding": nothing, "cells": nothing, "households": nothing,
        })
    );
}

async fn a_case_that_is_closed_to_somebody_is_in_none_of_their_figures(on: &Databases) {
    let (world, _) = spent(on).await;
    let api = Api::serve(&world.engine).await;
    let manager = world.person_with(Role::Manager).await;
    let denied = world.officer();
    let closed =
        RestrictCase { household: "R-2".into(), denied: denied.actor.who.id(), reason: "family".into() };
    manager.run(Command::RestrictCase(closed)).await.unwrap();
    let theirs = told(&api, &world.officer_token, "2020-10-01", "2020-12-01").await;
    assert_eq!((&theirs["total"], &theirs["householdCount"]), (&json!("4.50"), &json!(1)));
    assert_eq!(theirs["personNights"], 15);
    let sums = |of: &str| -> Decimal {
        let nodes = theirs[of]["nodes"].as_array().unwrap();
        nodes.iter().map(|node| node["cost"].as_str().unwrap().parse::<Decimal>().unwrap()).sum()
    };
    for of in ["byCategory", "byMonth", "byFunding", "cells", "households"] {
        assert_eq!(
            sums(of).to_string(),
            "4.50",
            "{of}: nothing is left over for the household that is hidden"
        );
    }
    let everybody = told(&api, &world.manager_token, "2020-10-01", "2020-12-01").await;
    assert_eq!(everybody["total"], "6.50");
}

/// The command line on a world's database, once nobody is in residence any more: it lives years later.
async fn at_the_command_line(on: &Databases) -> Program {
    let (world, stays) = spent(on).await;
    for stay in stays {
        let gone = Command::CheckOut { stay, on: None, departure: None };
        world.officer().run(gone).await.unwrap();
    }
    let program = Program::on(&world.url);
    program.keep_key_of_worlds();
    program
}

async fn the_command_line_says_the_same(on: &Databases) {
    let program = at_the_command_line(on).await;
    let asked = |question: &str| {
        let range = ["costs", "--from", "2020-10-01", "--to", "2020-12-01"];
        let ended = program.run(range.into_iter().chain(question.split(' ')));
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{question}");
        ended.out
    };
    let csv =
        ["total", "category", "month", "funding", "cell"].map(|by| asked(&format!("--by {by} --format csv")));
    assert_words_snapshot!(csv.join("\n"), @r"
    from,to,cost,households,cost_per_household,person_nights,cost_per_person_night
    2020-10-01,2020-12-01,6.50,2,3.25,15,0.43

    category,cost
    food,5.00
    toiletries,1.50

    month,cost
    2020-10,5.50
    2020-11,1.00

    source,grant,cost
    grant,MHCLG-2020,5.00
    own,,1.00
    donated,,0.50

    category,month,source,grant,cost
    food,2020-10,grant,MHCLG-2020,4.00
    food,2020-11,grant,MHCLG-2020,1.00
    toiletries,2020-10,own,,1.00
    toiletries,2020-10,donated,,0.50
    ");
    assert_words_snapshot!(asked("--by funding"), @r"
    source        grant  cost
    grant    MHCLG-2020  5.00
    own                  1.00
    donated              0.50

    cost: What was issued to households, at what its lot cost, less what came back. In the month in which it was issued or came back.
    cost per household: Cost divided by the households that something was issued to, half up to the penny.
    person-nights: People of the stay times its nights so far, over the stays that something was issued to. Stays whose people nobody counted have none.
    cost per person and night: Cost of stays that have person-nights divided by those person-nights, half up to the penny. Empty where there are none.
    source: The grant that paid for the lot; the service's own money where none did; donated where it was given, at what it is worth.
    ");
    let rows: Vec<Json> = serde_json::from_str(&asked("--format json")).unwrap();
    assert_eq!((&rows[0]["cost"], &rows[0]["households"]), (&json!(6.5), &json!(2)));
    let nothing = program.run(["costs", "--from", "2019-01-01", "--to", "2019-02-01", "--format", "csv"]);
    assert_eq!(nothing.out.lines().nth(1).unwrap(), "2019-01-01,2019-02-01,0.00,0,,0,");
}

async fn a_range_of_the_wrong_order_is_refused(on: &Databases) {
    let world = World::at(MORNING, on).with_unit("SS-01").await;
    let api = Api::serve(&world.engine).await;
    for (from, to) in [("2020-11-01", "2020-10-01"), ("2020-11-01", "2020-11-01")] {
        let (code, message) = api.fails(&world.officer_token, COSTS, json!({ "from": from, "to": to })).await;
        assert_eq!(code, "BAD_VALUE");
        assert!(message.contains(&format!("{to} is not after {from}")), "{message}");
    }
    let program = Program::on(&on.untouched().await);
    for (question, why) in [
        ("--from 2020-11-01 --to 2020-10-01", "--to, 2020-10-01, must be after --from, 2020-11-01"),
        ("--from 2020-02-30 --to 2020-03-01", "write a date as YYYY-MM-DD, a day that exists"),
        ("--from 2020-11-01 --to 2020-12-01 --by colour", "category, month, funding, cell, total"),
        ("--from 2020-11-01", "--to"),
    ] {
        let ended = program.run(["costs"].into_iter().chain(question.split(' ')));
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{question}");
        assert!(ended.err.contains(why), "{question}: {}", ended.err);
    }
}
