//! The catalogue: items, their categories, and at how many units a place is low.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use rust_decimal::Decimal;
use safespace_domain::items;
use safespace_engine::{Command, Outcome, SaveItem, SetLevel};

use crate::{
    actor,
    answers::{answer, query_error, run, unexpected},
    engine, ids,
    paging::{Page, Window},
    places::StockPlace,
    stock::Names,
};

/// The allergens that food must name (Food Information Regulations 2014).
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "items::Allergen")]
pub enum Allergen {
    /// Celery.
    Celery,
    /// Cereals containing gluten.
    Gluten,
    /// Crustaceans.
    Crustaceans,
    /// Eggs.
    Eggs,
    /// Fish.
    Fish,
    /// Lupin.
    Lupin,
    /// Milk.
    Milk,
    /// Molluscs.
    Molluscs,
    /// Mustard.
    Mustard,
    /// Nuts that grow on trees.
    Nuts,
    /// Peanuts.
    Peanuts,
    /// Sesame.
    Sesame,
    /// Soya.
    Soya,
    /// Sulphur dioxide and sulphites.
    Sulphites,
}

/// A diet.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "items::Diet")]
pub enum Diet {
    /// No meat, no fish.
    Vegetarian,
    /// Nothing of animals.
    Vegan,
    /// Halal.
    Halal,
    /// Kosher.
    Kosher,
    /// No pork.
    NoPork,
    /// No beef.
    NoBeef,
}

/// An item of the catalogue.
pub struct Item(items::Item);

#[Object]
impl Item {
    /// Its id.
    async fn id(&self) -> ID {
        ids::global("Item", self.0.id)
    }

    /// The code that people see.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The code of its category.
    async fn category(&self) -> &str {
        &self.0.category
    }

    /// What it is counted in.
    async fn unit_of_issue(&self) -> &str {
        &self.0.unit_of_issue
    }

    /// How many units a bought pack has.
    async fn pack_size(&self) -> i64 {
        i64::from(self.0.pack_size)
    }

    /// What a bought pack costs, in pounds.
    async fn price(&self) -> Decimal {
        self.0.price.pounds()
    }

    /// From whom it is bought.
    async fn supplier(&self) -> Option<&str> {
        self.0.supplier.as_deref()
    }

    /// Whether diets and allergies matter for it.
    async fn eaten(&self) -> bool {
        self.0.eaten
    }

    /// Which allergens it has; null where nobody has read its label.
    async fn contains(&self) -> Option<Vec<Allergen>> {
        self.0.contains.as_ref().map(|marks| marks.iter().copied().map(Into::into).collect())
    }

    /// Which diets it suits.
    async fn suits(&self) -> Vec<Diet> {
        self.0.suits.iter().copied().map(Into::into).collect()
    }

    /// How many days it keeps; null where it does not expire.
    async fn shelf_life_days(&self) -> Option<i64> {
        self.0.shelf_life_days.map(i64::from)
    }

    /// Whether it must be kept cold or goes off soon.
    async fn perishable(&self) -> bool {
        self.0.perishable
    }

    /// The digits of its bar code.
    async fn barcode(&self) -> Option<&str> {
        self.0.barcode.as_deref()
    }

    /// Whether it is used no more.
    async fn retired(&self) -> bool {
        self.0.retired
    }
}

impl From<items::Item> for Item {
    fn from(item: items::Item) -> Self {
        Self(item)
    }
}

/// At how many units of an item a place is low.
#[derive(SimpleObject)]
pub struct StockLevel {
    /// The place.
    place: StockPlace,
    /// The item.
    item: Item,
    /// The place is low when it has this many units or fewer.
    reorder_point: i64,
    /// It is filled up to so many.
    target: i64,
}

/// A kind of item.
#[derive(SimpleObject)]
pub struct ItemCategory {
    /// Its code.
    code: String,
    /// What people read.
    label: String,
}

impl From<items::ItemCategory> for ItemCategory {
    fn from(category: items::ItemCategory) -> Self {
        Self { code: category.code, label: category.label }
    }
}

/// Looking the catalogue up.
#[derive(Default)]
pub struct ItemsQuery;

#[Object]
impl ItemsQuery {
    /// The catalogue, by code.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn items(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this category: its code.")] category: Option<String>,
        #[graphql(desc = "Only those that are used no more, or only those that are.")] retired: Option<bool>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Item>> {
        let mut found = engine(ctx).items(actor(ctx)).await.map_err(query_error)?;
        found.retain(|item| category.as_ref().is_none_or(|category| item.category == *category));
        found.retain(|item| retired.is_none_or(|retired| item.retired == retired));
        Window::new(first, after)?.page_of(found, Item)
    }

    /// At how many units of which items places are low.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn stock_levels(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<StockLevel>> {
        let names = Names::load(ctx).await?;
        let found = engine(ctx).levels(actor(ctx)).await.map_err(query_error)?;
        let levels = found.into_iter().map(|level| {
            Ok(StockLevel {
                place: names.place(level.place)?,
                item: names.item(level.item)?,
                reorder_point: i64::from(level.reorder_point),
                target: i64::from(level.target),
            })
        });
        Window::new(first, after)?.page_of(levels.collect::<Result<Vec<_>>>()?, |level| level)
    }

    /// The categories of items, by code.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn item_categories(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<ItemCategory>> {
        let found = engine(ctx).item_categories(actor(ctx)).await.map_err(query_error)?;
        Window::new(first, after)?.page_of(found, Into::into)
    }
}

/// A category of items to keep.
#[derive(InputObject)]
pub struct SaveItemCategoryInput {
    /// Its code.
    code: String,
    /// What people read.
    label: String,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// An item to keep.
#[derive(InputObject)]
pub struct SaveItemInput {
    /// Its code: one that is there is changed, a new one added.
    code: String,
    /// Its name.
    name: String,
    /// The code of its category.
    category: String,
    /// What it is counted in: "tin", "pack".
    unit_of_issue: String,
    /// How many units a bought pack has.
    pack_size: i64,
    /// What a bought pack costs, in pounds.
    price: Decimal,
    /// From whom it is bought.
    supplier: Option<String>,
    /// Whether diets and allergies matter for it.
    eaten: bool,
    /// Which allergens it has; left out where nobody has read its label.
    contains: Option<Vec<Allergen>>,
    /// Which diets it suits.
    #[graphql(default)]
    suits: Vec<Diet>,
    /// How many days it keeps.
    shelf_life_days: Option<i64>,
    /// Whether it must be kept cold or goes off soon.
    #[graphql(default)]
    perishable: bool,
    /// The digits of its bar code.
    barcode: Option<String>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// An item to retire, to bring back or to delete.
#[derive(InputObject)]
pub struct ItemInput {
    /// Its code or bar code.
    item: String,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// At how many units a place is low.
#[derive(InputObject)]
pub struct SetStockLevelInput {
    /// The place's code.
    place: String,
    /// The item's code or bar code.
    item: String,
    /// The place is low when it has this many units or fewer.
    reorder_point: i64,
    /// It is filled up to so many.
    target: i64,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A category was kept.
#[derive(SimpleObject)]
pub struct ItemCategorySaved {
    /// As it is now.
    category: ItemCategory,
}

/// An item was kept, or taken out of the catalogue.
#[derive(SimpleObject)]
pub struct ItemSaved {
    /// As it is now, or as it was.
    item: Item,
}

/// A level was kept.
#[derive(SimpleObject)]
pub struct StockLevelSet {
    /// The place is low when it has this many units or fewer.
    reorder_point: i64,
    /// It is filled up to so many.
    target: i64,
}

answer!(
    /// The answer to `saveItemCategory`.
    ItemCategoryAnswer = ItemCategorySaved
);
answer!(
    /// The answer to each change of an item.
    ItemAnswer = ItemSaved
);
answer!(
    /// The answer to `setStockLevel`.
    StockLevelAnswer = StockLevelSet
);

async fn keep(ctx: &Context<'_>, key: Option<String>, command: Command) -> Result<ItemAnswer> {
    Ok(match run(ctx, key, command).await? {
        Ok(Outcome::Item(item)) => ItemAnswer::Done(ItemSaved { item: item.into() }),
        Ok(_) => return Err(unexpected()),
        Err(refused) => ItemAnswer::Refused(refused),
    })
}

/// Keeping the catalogue. For managers.
#[derive(Default)]
pub struct ItemsMutation;

#[Object]
impl ItemsMutation {
    /// Adds a category of items, or changes its label.
    async fn save_item_category(
        &self,
        ctx: &Context<'_>,
        input: SaveItemCategoryInput,
    ) -> Result<ItemCategoryAnswer> {
        let category = items::ItemCategory { code: input.code, label: input.label };
        Ok(match run(ctx, input.idempotency_key, Command::SaveItemCategory(category)).await? {
            Ok(Outcome::ItemCategory(category)) => {
                ItemCategoryAnswer::Done(ItemCategorySaved { category: category.into() })
            }
            Ok(_) => return Err(unexpected()),
            Err(refused) => ItemCategoryAnswer::Refused(refused),
        })
    }

    /// Adds an item to the catalogue, or changes what is said of it.
    async fn save_item(&self, ctx: &Context<'_>, input: SaveItemInput) -> Result<ItemAnswer> {
        let ask = SaveItem {
            code: input.code,
            name: input.name,
            category: input.category,
            unit_of_issue: input.unit_of_issue,
            pack_size: input.pack_size,
            price: input.price,
            supplier: input.supplier,
            eaten: input.eaten,
            contains: input.contains.map(|marks| marks.into_iter().map(Into::into).collect()),
            suits: input.suits.into_iter().map(Into::into).collect(),
            shelf_life_days: input.shelf_life_days,
            perishable: input.perishable,
            barcode: input.barcode,
        };
        keep(ctx, input.idempotency_key, Command::SaveItem(ask)).await
    }

    /// Nothing of the item is bought or newly given out any more. What there is of it stays on record.
    async fn retire_item(&self, ctx: &Context<'_>, input: ItemInput) -> Result<ItemAnswer> {
        keep(ctx, input.idempotency_key, Command::RetireItem { item: input.item }).await
    }

    /// The item is used again.
    async fn restore_item(&self, ctx: &Context<'_>, input: ItemInput) -> Result<ItemAnswer> {
        keep(ctx, input.idempotency_key, Command::RestoreItem { item: input.item }).await
    }

    /// Takes an item out of the catalogue that the stock ledger does not know; one with a history is retired instead.
    async fn delete_item(&self, ctx: &Context<'_>, input: ItemInput) -> Result<ItemAnswer> {
        keep(ctx, input.idempotency_key, Command::DeleteItem { item: input.item }).await
    }

    /// Says at how many units of an item a place is low, and how many it should then have.
    async fn set_stock_level(
        &self,
        ctx: &Context<'_>,
        input: SetStockLevelInput,
    ) -> Result<StockLevelAnswer> {
        let SetStockLevelInput { place, item, reorder_point, target, idempotency_key } = input;
        let ask = SetLevel { place, item, reorder_point, target };
        Ok(match run(ctx, idempotency_key, Command::SetLevel(ask)).await? {
            Ok(Outcome::Level(level)) => StockLevelAnswer::Done(StockLevelSet {
                reorder_point: i64::from(level.reorder_point),
                target: i64::from(level.target),
            }),
            Ok(_) => return Err(unexpected()),
            Err(refused) => StockLevelAnswer::Refused(refused),
        })
    }
}
