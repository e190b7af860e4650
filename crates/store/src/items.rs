//! The catalogue: items, their categories, and at how many units a place is low.

use std::collections::BTreeSet;

use safespace_domain::{
    ItemId, PlaceId, codes,
    items::{Catalogue, Item, ItemCategory, Level},
    money::Pence,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, OnConflict},
};

use crate::{Reader, Result, StoreError, Tx};

mod item_category {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "item_category")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
        pub label: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod item {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "item")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub code: String,
        pub name: String,
        pub category: String,
        pub unit_of_issue: String,
        pub pack_size: i32,
        pub price: i64,
        pub supplier: Option<String>,
        pub eaten: bool,
        pub contains: Option<String>,
        pub suits: String,
        pub shelf_life_days: Option<i32>,
        pub perishable: bool,
        pub barcode: Option<String>,
        pub retired: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod stock_level {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "stock_level")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub place_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub item_id: Uuid,
        pub reorder_point: i32,
        pub target: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

const KEY: &str = "upper(code)";
const PARTED_BY: &str = " ";
/// So many items are added in one statement: a database takes so many values in one.
const ROWS_TOGETHER: usize = 1_000;

fn joined<T: std::fmt::Display>(marks: &BTreeSet<T>) -> String {
    marks.iter().map(ToString::to_string).collect::<Vec<_>>().join(PARTED_BY)
}

fn parted<T: std::str::FromStr + Ord>(marks: &str, column: &'static str) -> Result<BTreeSet<T>> {
    let each = marks.split(PARTED_BY).filter(|mark| !mark.is_empty());
    each.map(|mark| mark.parse().map_err(|_| StoreError::Unreadable(column))).collect()
}

fn domain(row: item::Model) -> Result<Item> {
    let shelf_life_days = row.shelf_life_days.map(u32::try_from).transpose();
    Ok(Item {
        id: ItemId(row.id),
        code: row.code,
        name: row.name,
        category: row.category,
        unit_of_issue: row.unit_of_issue,
        pack_size: u32::try_from(row.pack_size).map_err(|_| StoreError::Unreadable("item.pack_size"))?,
        price: Pence(row.price),
        supplier: row.supplier,
        eaten: row.eaten,
        contains: row.contains.map(|marks| parted(&marks, "item.contains")).transpose()?,
        suits: parted(&row.suits, "item.suits")?,
        shelf_life_days: shelf_life_days.map_err(|_| StoreError::Unreadable("item.shelf_life_days"))?,
        perishable: row.perishable,
        barcode: row.barcode,
        retired: row.retired,
    })
}

fn row(item: &Item) -> item::ActiveModel {
    item::ActiveModel {
        id: Set(item.id.0),
        code: Set(item.code.clone()),
        name: Set(item.name.clone()),
        category: Set(item.category.clone()),
        unit_of_issue: Set(item.unit_of_issue.clone()),
        pack_size: Set(i32::try_from(item.pack_size).unwrap_or(i32::MAX)),
        price: Set(item.price.0),
        supplier: Set(item.supplier.clone()),
        eaten: Set(item.eaten),
        contains: Set(item.contains.as_ref().map(joined)),
        suits: Set(joined(&item.suits)),
        shelf_life_days: Set(item.shelf_life_days.map(|days| i32::try_from(days).unwrap_or(i32::MAX))),
        perishable: Set(item.perishable),
        barcode: Set(item.barcode.clone()),
        retired: Set(item.retired),
    }
}

fn level(row: &stock_level::Model) -> Result<Level> {
    let number = |n: i32| u32::try_from(n).map_err(|_| StoreError::Unreadable("stock_level.target"));
    Ok(Level {
        place: PlaceId(row.place_id),
        item: ItemId(row.item_id),
        reorder_point: number(row.reorder_point)?,
        target: number(row.target)?,
    })
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The categories of items, by code.
    pub async fn item_categories(&self) -> Result<Vec<ItemCategory>> {
        let select = item_category::Entity::find().order_by_asc(item_category::Column::Code);
        let rows = select.all(self.connection).await?;
        Ok(rows.into_iter().map(|row| ItemCategory { code: row.code, label: row.label }).collect())
    }

    /// All items, by code.
    pub async fn items(&self) -> Result<Vec<Item>> {
        let select = item::Entity::find().order_by_asc(Expr::cust(KEY));
        select.all(self.connection).await?.into_iter().map(domain).collect()
    }

    /// The items with these ids.
    pub async fn items_by_id(&self, ids: impl IntoIterator<Item = ItemId>) -> Result<Catalogue> {
        let select = item::Entity::find().filter(item::Column::Id.is_in(ids.into_iter().map(|id| id.0)));
        let items = select.all(self.connection).await?.into_iter().map(domain);
        items.map(|item| item.map(|item| (item.id, item))).collect()
    }

    /// The items with these codes, in upper or lower case, or with these bar codes.
    pub async fn items_called(&self, called: &[&str]) -> Result<Vec<Item>> {
        let keys = called.iter().map(|code| codes::key(code));
        let barcodes = called.iter().map(|code| code.trim());
        let called = Expr::cust(KEY).is_in(keys).or(item::Column::Barcode.is_in(barcodes));
        item::Entity::find().filter(called).all(self.connection).await?.into_iter().map(domain).collect()
    }

    /// At how many units places are low, all of them.
    pub async fn levels(&self) -> Result<Vec<Level>> {
        let select = stock_level::Entity::find()
            .order_by_asc(stock_level::Column::PlaceId)
            .order_by_asc(stock_level::Column::ItemId);
        select.all(self.connection).await?.iter().map(level).collect()
    }
}

impl Tx {
    /// Adds a category, or changes its label.
    pub async fn save_item_category(&self, saved: &ItemCategory) -> Result<()> {
        let row =
            item_category::ActiveModel { code: Set(saved.code.clone()), label: Set(saved.label.clone()) };
        let change = OnConflict::column(item_category::Column::Code)
            .update_column(item_category::Column::Label)
            .to_owned();
        item_category::Entity::insert(row)
            .on_conflict(change)
            .exec_without_returning(self.connection())
            .await?;
        Ok(())
    }

    /// The item with this code or bar code; nobody else changes it until the transaction ends.
    pub async fn lock_item(&self, code: &str) -> Result<Option<Item>> {
        let called = Expr::cust(KEY).eq(codes::key(code)).or(item::Column::Barcode.eq(code.trim()));
        let select = item::Entity::find().filter(called).limit(1).lock_exclusive();
        select.all(self.connection()).await?.into_iter().next().map(domain).transpose()
    }

    /// Adds an item. Fails with `InUse("item_code")` or `InUse("item_barcode")` where another has its code.
    pub async fn add_item(&self, added: &Item) -> Result<()> {
        item::Entity::insert(row(added)).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Adds items, as [`Tx::add_item`] does.
    pub async fn add_items(&self, added: &[Item]) -> Result<()> {
        for some in added.chunks(ROWS_TOGETHER) {
            item::Entity::insert_many(some.iter().map(row)).exec_without_returning(self.connection()).await?;
        }
        Ok(())
    }

    /// Keeps an item as it is now. Fails with `InUse("item_barcode")` where another has its bar code.
    pub async fn save_item(&self, saved: &Item) -> Result<()> {
        let mut row = row(saved);
        row.id = sea_orm::ActiveValue::Unchanged(saved.id.0);
        item::Entity::update(row).exec(self.connection()).await?;
        Ok(())
    }

    /// Takes an item out of the catalogue that nothing names, with its levels.
    pub async fn delete_item(&self, id: ItemId) -> Result<()> {
        stock_level::Entity::delete_many()
            .filter(stock_level::Column::ItemId.eq(id.0))
            .exec(self.connection())
            .await?;
        item::Entity::delete_by_id(id.0).exec(self.connection()).await?;
        Ok(())
    }

    /// Keeps at how many units a place is low.
    pub async fn save_level(&self, saved: &Level) -> Result<()> {
        let number = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        let row = stock_level::ActiveModel {
            place_id: Set(saved.place.0),
            item_id: Set(saved.item.0),
            reorder_point: Set(number(saved.reorder_point)),
            target: Set(number(saved.target)),
        };
        let change = OnConflict::columns([stock_level::Column::PlaceId, stock_level::Column::ItemId])
            .update_columns([stock_level::Column::ReorderPoint, stock_level::Column::Target])
            .to_owned();
        stock_level::Entity::insert(row)
            .on_conflict(change)
            .exec_without_returning(self.connection())
            .await?;
        Ok(())
    }
}
