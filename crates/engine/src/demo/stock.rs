//! Food and toiletries: a catalogue, places that hold stock, deliveries, and what is counted and thrown away.
//!
//! It has chance and time of its own: whatever is said here changes nothing of who comes and goes.

use chrono::{Datelike, Weekday};
use rust_decimal::Decimal;
use safespace_domain::{
    Night,
    clock::service_day,
    items::{Allergen, Diet},
    nights::{earlier, later},
    stock::{OnHand, WriteOffReason},
};

use super::{DemoError, service::Service};
use crate::{
    AddPlace, Command, OriginAsk, ReceiptLine, ReceiveStock, SaveGrant, SaveItem, SetLevel, TransferLine,
    TransferStock, WriteOffStock,
};

/// So that what happens to stock does not change what happens to homes.
const STREAM: u64 = 0x57_0c;
/// From so many days before the end on, stock is kept.
const KEPT: u32 = 28;
pub(super) const OFFICE: &str = "OFFICE";
const SUPPLIER: &str = "Examplewick Wholesale";
const FOOD_BANK: &str = "Examplewick Food Bank";
/// The strategy's external funding, in pounds, for a year from two months before stock is kept.
const FUNDING: (&str, i64) = ("FUNDING", 395_520);
/// The lot that is nearly over when the demonstration ends keeps so many days.
const SHORT: u32 = 3;

/// What is bought and kept: code, name, category, what it is counted in, how many are in a bought pack, what that costs in
/// pence, how many days it keeps, and at how many units the store is low.
type Kind = (&'static str, &'static str, &'static str, &'static str, i64, i64, Option<i64>, i64);

const KINDS: [Kind; 18] = [
    ("CEREAL", "Oat cereal", "food", "box", 10, 1_450, Some(180), 12),
    ("MILK-UHT", "Long-life milk, 1 litre", "food", "carton", 12, 1_020, Some(60), 24),
    ("OAT-DRINK", "Oat drink, 1 litre", "food", "carton", 6, 840, Some(90), 12),
    ("PASTA", "Pasta, 500 g", "food", "bag", 12, 780, Some(365), 24),
    ("RICE", "Rice, 1 kg", "food", "bag", 10, 1_300, Some(365), 12),
    ("BEANS", "Baked beans", "food", "tin", 24, 1_080, Some(365), 36),
    ("NUT-SPREAD", "Hazelnut spread", "food", "jar", 6, 1_380, Some(200), 6),
    ("JAM", "Strawberry jam", "food", "jar", 6, 720, Some(365), 6),
    ("FORMULA", "First infant milk, 800 g", "baby", "tin", 6, 6_600, Some(300), 6),
    ("SNACK-CHILD", "Fruit snack", "food", "pack", 20, 1_150, Some(30), 40),
    ("NAPPIES", "Nappies, pack of 10", "baby", "pack", 12, 3_000, None, 24),
    ("WIPES", "Baby wipes", "baby", "pack", 12, 960, None, 12),
    ("TOOTH-SET", "Toothbrush and paste", "toiletries", "set", 20, 1_900, None, 12),
    ("SHAMPOO", "Shampoo", "toiletries", "bottle", 12, 1_260, None, 6),
    ("PADS", "Sanitary pads", "toiletries", "pack", 24, 2_400, None, 8),
    ("TOWEL", "Towel", "bedding", "towel", 10, 3_500, None, 12),
    ("SOAP", "Soap", "household", "bar", 24, 990, None, 8),
    ("SIM-10", "Phone credit, £10", "phone_credit", "voucher", 10, 10_000, None, 4),
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
    /// What becomes of stock on an evening: deliveries on Mondays, and a pack for everybody who came today.
    pub(super) async fn keep_stock(&mut self, today: Night) -> Result<(), DemoError> {
        if self.days_left(today) > KEPT {
            return Ok(());
        }
        if !std::mem::replace(&mut self.stock.begun, true) {
            self.begin_stock(today).await?;
        } else if today.weekday() == Weekday::Mon {
            self.deliver(today).await?;
        }
        self.keep_packs(today).await?;
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
        for (code, name, category, unit_of_issue, pack_size, price, keeps, _) in KINDS {
            // Infant milk is a baby's food: what is in it matters as much.
            let eaten = matches!(code, "FORMULA") || category == "food";
            let contains = match code {
                "MILK-UHT" => vec![Allergen::Milk],
                "NUT-SPREAD" => vec![Allergen::Nuts, Allergen::Milk, Allergen::Soya],
                "FORMULA" => vec![Allergen::Milk, Allergen::Soya, Allergen::Fish],
                "PASTA" | "CEREAL" | "OAT-DRINK" => vec![Allergen::Gluten],
                _ => Vec::new(),
            };
            let suits = match code {
                "MILK-UHT" | "NUT-SPREAD" => vec![Diet::Vegetarian, Diet::Halal, Diet::Kosher],
                "FORMULA" => vec![Diet::Halal],
                _ if eaten => vec![Diet::Vegan, Diet::Halal, Diet::Kosher],
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
        for (code, .., reorder_point) in KINDS {
            self.run_aside(Command::SetLevel(SetLevel {
                place: OFFICE.into(),
                item: code.into(),
                reorder_point,
                target: reorder_point * 4,
            }))
            .await?;
        }
        self.save_templates().await?;
        self.deliver(today).await
    }

    /// Fills the store up, with the funding; and the food bank gives something that does not keep for long.
    pub(super) async fn deliver(&mut self, today: Night) -> Result<(), DemoError> {
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
