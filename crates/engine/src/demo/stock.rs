//! Food and toiletries: a catalogue, places that hold stock, deliveries, what households are given when they come, and
//! what is counted and thrown away.
//!
//! It has chance and time of its own: whatever is said here changes nothing of who comes and goes.

use chrono::{Datelike, Weekday};
use rust_decimal::Decimal;
use safespace_domain::{
    Night,
    clock::service_day,
    items::{Allergen, Diet},
    nights::{earlier, later},
    stays::{Stay, StayStatus},
    stock::{OnHand, WriteOffReason},
};

use super::{DemoError, service::Service};
use crate::{
    AddPlace, Command, IssueLine, IssueStock, OriginAsk, ReceiptLine, ReceiveStock, SaveGrant, SaveItem,
    SetLevel, TransferLine, TransferStock, WriteOffStock,
};

/// So that what happens to stock does not change what happens to homes.
const STREAM: u64 = 0x57_0c;
/// From so many days before the end on, stock is kept.
const KEPT: u32 = 28;
const OFFICE: &str = "OFFICE";
const SUPPLIER: &str = "Examplewick Wholesale";
const FOOD_BANK: &str = "Examplewick Food Bank";
/// The strategy's external funding, in pounds, for a year from two months before stock is kept.
const FUNDING: (&str, i64) = ("FUNDING", 395_520);
/// The lot that is nearly over when the demonstration ends keeps so many days.
const SHORT: u32 = 3;

/// For whom something is given.
#[derive(Clone, Copy)]
enum To {
    Household,
    Person,
    Child,
}

/// What is given, bought and kept: code, name, category, what it is counted in, how many are in a bought pack, what that
/// costs in pence, to whom how many are given, and how many days it keeps.
type Kind = (&'static str, &'static str, &'static str, &'static str, i64, i64, (To, i64), Option<i64>);

const KINDS: [Kind; 12] = [
    ("CEREAL", "Oat cereal", "food", "box", 10, 1_450, (To::Person, 1), Some(180)),
    ("MILK-UHT", "Long-life milk, 1 litre", "food", "carton", 12, 1_020, (To::Person, 2), Some(60)),
    ("OAT-DRINK", "Oat drink, 1 litre", "food", "carton", 6, 840, (To::Household, 1), Some(90)),
    ("PASTA", "Pasta, 500 g", "food", "bag", 12, 780, (To::Person, 2), Some(365)),
    ("BEANS", "Baked beans", "food", "tin", 24, 1_080, (To::Person, 3), Some(365)),
    ("RICE", "Rice, 1 kg", "food", "bag", 10, 1_300, (To::Household, 1), Some(365)),
    ("SNACK-CHILD", "Fruit snack", "food", "pack", 20, 1_150, (To::Child, 4), Some(30)),
    ("TOOTH-SET", "Toothbrush and paste", "toiletries", "set", 20, 1_900, (To::Person, 1), None),
    ("SHAMPOO", "Shampoo", "toiletries", "bottle", 12, 1_260, (To::Household, 1), None),
    ("TOWEL", "Towel", "bedding", "towel", 10, 3_500, (To::Person, 1), None),
    ("SOAP", "Soap", "household", "bar", 24, 990, (To::Household, 2), None),
    ("SIM-10", "Phone credit, £10", "phone_credit", "voucher", 10, 10_000, (To::Household, 1), None),
];

/// Stock, as far as it must be remembered.
pub(super) struct Stock {
    rng: fastrand::Rng,
    /// Whether there is a catalogue.
    begun: bool,
}

impl Stock {
    pub(super) fn new(seed: u64) -> Self {
        Self { rng: fastrand::Rng::with_seed(seed ^ STREAM), begun: false }
    }
}

fn pence(n: i64) -> Decimal {
    Decimal::new(n, 2)
}

impl Service {
    /// What becomes of stock on an evening: deliveries on Mondays, and something for everybody who came today.
    pub(super) async fn keep_stock(&mut self, today: Night) -> Result<(), DemoError> {
        if self.days_left(today) > KEPT {
            return Ok(());
        }
        if !std::mem::replace(&mut self.stock.begun, true) {
            self.begin_stock(today).await?;
        } else if today.weekday() == Weekday::Mon {
            self.deliver(today).await?;
        }
        for stay in self.stays_that(StayStatus::InResidence, |stay| stay.nights.arrival() == today) {
            self.provide(&stay).await?;
        }
        if self.days_left(today) == 1 {
            self.tidy_up(today).await?;
        }
        Ok(())
    }

    /// The catalogue, the places, the funding, and a full store.
    async fn begin_stock(&mut self, today: Night) -> Result<(), DemoError> {
        let (code, pounds) = FUNDING;
        let from = earlier(today, 60);
        self.run_aside(Command::SaveGrant(SaveGrant {
            code: code.into(),
            name: "External funding".into(),
            amount: Decimal::new(pounds, 0),
            from,
            to: later(from, 365),
            purpose: "Safe spaces, with food and toiletries for whoever flees with nothing".into(),
        }))
        .await?;
        for (code, name, category, unit_of_issue, pack_size, price, _, keeps) in KINDS {
            let eaten = category == "food";
            let contains = match code {
                "MILK-UHT" => vec![Allergen::Milk],
                "PASTA" | "CEREAL" => vec![Allergen::Gluten],
                _ => Vec::new(),
            };
            let suits = match code {
                "MILK-UHT" => vec![Diet::Vegetarian],
                _ if eaten => vec![Diet::Vegetarian, Diet::Vegan],
                _ => Vec::new(),
            };
            self.run_aside(Command::SaveItem(SaveItem {
                code: code.into(),
                name: name.into(),
                category: category.into(),
                unit_of_issue: unit_of_issue.into(),
                pack_size,
                price: pence(price),
                supplier: Some(SUPPLIER.into()),
                eaten,
                contains: Some(contains.into_iter().collect()),
                suits: suits.into_iter().collect(),
                shelf_life_days: keeps,
                perishable: false,
                barcode: None,
            }))
            .await?;
        }
        let place = |code: String, name: &str, property| {
            Command::AddPlace(AddPlace { code, name: name.to_owned(), property })
        };
        self.run_aside(place(OFFICE.into(), "Store at the office", None)).await?;
        let properties: Vec<_> = self.engine.live.look(|_, spaces| {
            spaces.properties().map(|property| (property.id, property.code.clone())).collect()
        });
        for (id, code) in properties {
            self.run_aside(place(format!("CUPBOARD-{code}"), "Cupboard", Some(id))).await?;
        }
        for (code, .., (to, each), _) in KINDS {
            let reorder_point = each * if matches!(to, To::Household) { 4 } else { 12 };
            self.run_aside(Command::SetLevel(SetLevel {
                place: OFFICE.into(),
                item: code.into(),
                reorder_point,
                target: reorder_point * 4,
            }))
            .await?;
        }
        self.deliver(today).await
    }

    /// Fills the store up, with the funding; and the food bank gives something that does not keep for long.
    async fn deliver(&mut self, today: Night) -> Result<(), DemoError> {
        let low = self.engine.low_stock(&self.engine.local()).await;
        let low = low.map_err(DemoError::from_engine("low_stock", self.now()))?;
        let items = self.engine.items(&self.engine.local()).await;
        let items = items.map_err(DemoError::from_engine("items", self.now()))?;
        let lines: Vec<ReceiptLine> = low
            .iter()
            .filter_map(|low| {
                let item = items.iter().find(|item| item.id == low.level.item)?;
                let packs = item.packs_for(low.level.target.saturating_sub(low.usable));
                Some(ReceiptLine {
                    item: item.code.clone(),
                    quantity: i64::from(packs) * i64::from(item.pack_size),
                    cost: item.price.times(packs).pounds(),
                    lot: None,
                    expires_on: None,
                })
            })
            .collect();
        if !lines.is_empty() {
            let from = OriginAsk::Bought { supplier: SUPPLIER.into(), grant: Some(FUNDING.0.into()) };
            let delivery_note = Some(format!("D-{}", today.format("%m%d")));
            let delivery = ReceiveStock { place: OFFICE.into(), from, delivery_note, lines };
            self.run_aside(Command::ReceiveStock(delivery)).await?;
        }
        let given = ReceiveStock {
            place: OFFICE.into(),
            from: OriginAsk::Donated { by: Some(FOOD_BANK.into()) },
            delivery_note: None,
            lines: vec![ReceiptLine {
                item: "MILK-UHT".into(),
                quantity: self.stock.rng.i64(4..=9),
                cost: pence(0),
                lot: Some("FB".into()),
                expires_on: Some(later(today, 7)),
            }],
        };
        self.run_aside(Command::ReceiveStock(given)).await
    }

    /// Something of everything for a household that has come. What is short is bought for it.
    async fn provide(&mut self, stay: &Stay) -> Result<(), DemoError> {
        let (all, children) = (i64::from(stay.people.total()), i64::from(stay.people.children));
        let lines = KINDS.into_iter().map(|(code, .., (to, each), _)| {
            let n = match to {
                To::Household => 1,
                To::Person => all,
                To::Child => children,
            };
            IssueLine { item: code.into(), quantity: n * each }
        });
        let lines: Vec<IssueLine> = lines.filter(|line| line.quantity > 0).collect();
        let here = self.in_office().await?;
        let short = lines.iter().any(|line| {
            let of = here.iter().filter(|(code, _)| *code == line.item);
            of.map(|(_, one)| i64::from(one.balance.quantity)).sum::<i64>() < line.quantity
        });
        if short {
            self.deliver(service_day(self.now())).await?;
        }
        let issue = IssueStock { place: OFFICE.into(), stay: stay.id, lines };
        self.run_aside(Command::IssueStock(issue)).await
    }

    /// What is good in the store, with the codes of the items.
    async fn in_office(&self) -> Result<Vec<(String, OnHand)>, DemoError> {
        let actor = self.engine.local();
        let failed = |error| DemoError::from_engine("stock", self.now())(error);
        let office = self.engine.places(&actor).await.map_err(failed)?;
        let office = office.into_iter().find(|place| place.code == OFFICE).map(|place| place.id);
        let items = self.engine.items(&actor).await.map_err(failed)?;
        let today = service_day(self.now());
        let here = self.engine.stock(&actor, office).await.map_err(failed)?;
        let named = here.into_iter().filter(|one| !one.lot.expired(today)).filter_map(|one| {
            let item = items.iter().find(|item| item.id == one.balance.item)?;
            Some((item.code.clone(), one))
        });
        Ok(named.collect())
    }

    /// The day before the end: something went to a cupboard, something is damaged, and something keeps for three days.
    async fn tidy_up(&mut self, today: Night) -> Result<(), DemoError> {
        let here = self.in_office().await?;
        let Some((_, soap)) = here.iter().find(|(code, _)| code == "SOAP") else { return Ok(()) };
        let lot = soap.lot.id;
        let why = WriteOffReason::Damaged;
        let broken = WriteOffStock { place: OFFICE.into(), lot, quantity: 1, why, note: None };
        self.run_aside(Command::WriteOffStock(broken)).await?;
        let cupboard = self.engine.live.look(|_, spaces| {
            spaces.properties().map(|property| format!("CUPBOARD-{}", property.code)).next()
        });
        if let Some(to) = cupboard.filter(|_| soap.balance.quantity > 2) {
            let lines = vec![TransferLine { lot, quantity: 1 }];
            self.run_aside(Command::TransferStock(TransferStock { from: OFFICE.into(), to, lines })).await?;
        }
        let short = ReceiveStock {
            place: OFFICE.into(),
            from: OriginAsk::Donated { by: Some(FOOD_BANK.into()) },
            delivery_note: None,
            lines: vec![ReceiptLine {
                item: "SNACK-CHILD".into(),
                quantity: 6,
                cost: pence(0),
                lot: Some("FB-SNACK".into()),
                expires_on: Some(later(today, SHORT)),
            }],
        };
        self.run_aside(Command::ReceiveStock(short)).await
    }
}
