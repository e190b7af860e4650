//! The catalogue: items, their categories, and at how many units a place is low.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use safespace_domain::{
    ItemId, Refusal, RefusalCode,
    access::{Actor, Permission},
    codes,
    items::{Allergen, Diet, Item, ItemCategory, Level, known_category},
    money::Pence,
};
use safespace_store::StoreError;
use serde::{Deserialize, Serialize};

use crate::{
    Engine, EngineError, Outcome,
    work::{Done, Work},
};

/// The most items of a catalogue.
pub(crate) const MOST_ITEMS: usize = 5_000;

/// See [`crate::Command::SaveItem`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SaveItem {
    /// Its code: one that is there is changed, a new one added.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The code of its category.
    pub category: String,
    /// What it is counted in.
    pub unit_of_issue: String,
    /// How many units a bought pack has.
    pub pack_size: i64,
    /// What a bought pack costs, in pounds.
    pub price: Decimal,
    /// From whom it is bought.
    pub supplier: Option<String>,
    /// Whether diets and allergies matter for it.
    pub eaten: bool,
    /// Which allergens it has; none where nobody has looked.
    pub contains: Option<BTreeSet<Allergen>>,
    /// Which diets it suits.
    pub suits: BTreeSet<Diet>,
    /// How many days it keeps.
    pub shelf_life_days: Option<i64>,
    /// Whether it must be kept cold or goes off soon.
    pub perishable: bool,
    /// The digits of its bar code.
    pub barcode: Option<String>,
}

/// See [`crate::Command::SetLevel`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetLevel {
    /// The place's code.
    pub place: String,
    /// The item's code or bar code.
    pub item: String,
    /// The place is low when it has this many units or fewer.
    pub reorder_point: i64,
    /// It is filled up to so many.
    pub target: i64,
}

impl Engine {
    /// The categories of items, by code.
    pub async fn item_categories(&self, actor: &Actor) -> Result<Vec<ItemCategory>, EngineError> {
        self.must(actor, Permission::SeeSpaces)?;
        Ok(self.store.reader().item_categories().await?)
    }

    /// The catalogue, by code: also what is retired.
    pub async fn items(&self, actor: &Actor) -> Result<Vec<Item>, EngineError> {
        self.must(actor, Permission::SeeSpaces)?;
        Ok(self.store.reader().items().await?)
    }

    /// At how many units places are low.
    pub async fn levels(&self, actor: &Actor) -> Result<Vec<Level>, EngineError> {
        self.must(actor, Permission::SeeSpaces)?;
        Ok(self.store.reader().levels().await?)
    }

    pub(crate) async fn save_item_category(&self, work: &mut Work, category: ItemCategory) -> Done<Outcome> {
        let category = ItemCategory {
            code: codes::code(&category.code, "code")?,
            label: codes::name(&category.label, "label")?,
        };
        work.tx.save_item_category(&category).await?;
        work.audit(None, &[], &category);
        Ok(Outcome::ItemCategory(category))
    }

    pub(crate) async fn save_item(&self, work: &mut Work, ask: SaveItem) -> Done<Outcome> {
        let code = codes::code(&ask.code, "code")?;
        let there =
            work.tx.lock_item(&code).await?.filter(|item| codes::key(&item.code) == codes::key(&code));
        let categories = work.tx.reader().item_categories().await?;
        let category = known_category(&categories, &ask.category, "category")?.code.clone();
        let whole = |n: i64, field: &str| {
            u32::try_from(n)
                .map_err(|_| Refusal::bad(field, format!("Give a whole number of 1 or more, not {n}.")))
        };
        let item = Item {
            id: there.as_ref().map_or_else(|| ItemId(self.ids.next()), |item| item.id),
            code: there.as_ref().map_or(code, |item| item.code.clone()),
            name: ask.name,
            category,
            unit_of_issue: ask.unit_of_issue,
            pack_size: whole(ask.pack_size, "packSize")?,
            price: Pence::from_pounds(ask.price, "price")?,
            supplier: ask.supplier,
            eaten: ask.eaten,
            contains: ask.contains,
            suits: ask.suits,
            shelf_life_days: ask.shelf_life_days.map(|days| whole(days, "shelfLifeDays")).transpose()?,
            perishable: ask.perishable,
            barcode: ask.barcode,
            retired: there.as_ref().is_some_and(|item| item.retired),
        }
        .checked()?;
        let saved = match there {
            Some(_) => work.tx.save_item(&item).await,
            None if work.tx.reader().items().await?.len() >= MOST_ITEMS => {
                return Err(Refusal::bad(
                    "code",
                    format!("A catalogue has at most {MOST_ITEMS} items: delete some that were never used."),
                )
                .into());
            }
            None => work.tx.add_item(&item).await,
        };
        saved.map_err(|error| match error {
            StoreError::InUse("item_barcode") => EngineError::from(Refusal::bad(
                "barcode",
                "Another item has this bar code: look it up by it.",
            )),
            error => error.into(),
        })?;
        work.audit(Some(item.id.0), &[], &item);
        Ok(Outcome::Item(item))
    }

    pub(crate) async fn retire_item(&self, work: &mut Work, code: &str) -> Done<Outcome> {
        let item = self.lock_item(work, code).await?;
        item.must_be_current("item")?;
        self.keep_item(work, Item { retired: true, ..item }).await
    }

    pub(crate) async fn restore_item(&self, work: &mut Work, code: &str) -> Done<Outcome> {
        let item = self.lock_item(work, code).await?;
        if !item.retired {
            let message = format!("{} is in use: there is nothing to bring back.", item.code);
            return Err(Refusal::new(RefusalCode::WrongState, message).on("item").into());
        }
        self.keep_item(work, Item { retired: false, ..item }).await
    }

    pub(crate) async fn delete_item(&self, work: &mut Work, code: &str) -> Done<Outcome> {
        let item = self.lock_item(work, code).await?;
        let read = work.tx.reader();
        item.may_be_deleted(read.entries_of(item.id).await?, read.template_lines_with(item.id).await?)?;
        work.tx.delete_item(item.id).await?;
        work.audit(Some(item.id.0), &[], &item);
        Ok(Outcome::Item(item))
    }

    async fn keep_item(&self, work: &mut Work, item: Item) -> Done<Outcome> {
        work.tx.save_item(&item).await?;
        work.audit(Some(item.id.0), &[], &item);
        Ok(Outcome::Item(item))
    }

    pub(crate) async fn set_level(&self, work: &mut Work, ask: SetLevel) -> Done<Outcome> {
        let item = work.tx.lock_item(&ask.item).await?.ok_or_else(|| no_item(&ask.item, "item"))?;
        let place = self.use_place(work, &ask.place, "place").await?;
        let number = |n: i64, field: &str| {
            u32::try_from(n)
                .map_err(|_| Refusal::bad(field, format!("Give a whole number of units, not {n}.")))
        };
        let level = Level {
            place: place.id,
            item: item.id,
            reorder_point: number(ask.reorder_point, "reorderPoint")?,
            target: number(ask.target, "target")?,
        };
        level.check()?;
        work.tx.save_level(&level).await?;
        work.audit(Some(item.id.0), &[], &level);
        Ok(Outcome::Level(level))
    }

    async fn lock_item(&self, work: &Work, code: &str) -> Done<Item> {
        Ok(work.tx.lock_item(code).await?.ok_or_else(|| no_item(code, "item"))?)
    }

    /// The items with these codes or bar codes, in their order: scanning one is typing its number.
    pub(crate) async fn known_items(&self, work: &Work, called: &[&str]) -> Done<Vec<Item>> {
        let found = work.tx.reader().items_called(called).await?;
        let known = |code: &&str| {
            let is_called = |item: &&Item| {
                codes::key(&item.code) == codes::key(code) || item.barcode.as_deref() == Some(code.trim())
            };
            found.iter().find(is_called).cloned().ok_or_else(|| no_item(code, "item"))
        };
        Ok(called.iter().map(known).collect::<Result<_, _>>()?)
    }
}

/// There is no such item.
pub(crate) fn no_item(code: &str, field: &str) -> Refusal {
    let message = match codes::code(code, field) {
        Ok(code) => format!("There is no item {code} in the catalogue: look it up by its name, or add it."),
        Err(_) => "Give the code of an item, or the digits of its bar code.".to_owned(),
    };
    Refusal::new(RefusalCode::NotFound, message).on(field)
}
