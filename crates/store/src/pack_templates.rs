//! Pack templates, in all their versions.

use std::collections::BTreeMap;

use safespace_domain::{
    ItemId, PackTemplateId, codes,
    pack_templates::{PackTemplate, TemplateLine},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use uuid::Uuid;

use crate::{Reader, Result, StoreError, Tx};

mod pack_template {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "pack_template")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub code: String,
        pub retired: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod version {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "pack_template_version")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub template_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: i32,
        pub name: String,
        pub scheme: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod line {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "pack_template_line")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub template_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub no: i32,
        pub per: String,
        pub quantity: i32,
        pub every_nights: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod line_item {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "pack_template_item")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub template_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub no: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub rank: i32,
        pub item_id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

const KEY: &str = "upper(code)";

/// Whether it is one of the columns' own numbers: below zero is none.
fn natural(n: i32, column: &'static str) -> Result<u32> {
    u32::try_from(n).map_err(|_| StoreError::Unreadable(column))
}

fn number(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

fn line_of(row: &line::Model, alternatives: Vec<ItemId>) -> Result<TemplateLine> {
    Ok(TemplateLine {
        alternatives,
        per: row.per.parse().map_err(|_| StoreError::Unreadable("pack_template_line.per"))?,
        quantity: natural(row.quantity, "pack_template_line.quantity")?,
        every_nights: row
            .every_nights
            .map(|every| natural(every, "pack_template_line.every_nights"))
            .transpose()?,
    })
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// All pack templates in all their versions, by code and version.
    pub async fn pack_templates(&self) -> Result<Vec<PackTemplate>> {
        let named = pack_template::Entity::find().order_by_asc(Expr::cust(KEY)).all(self.connection).await?;
        let versions =
            version::Entity::find().order_by_asc(version::Column::Version).all(self.connection).await?;
        let lines = line::Entity::find().order_by_asc(line::Column::No).all(self.connection).await?;
        let items = line_item::Entity::find().order_by_asc(line_item::Column::Rank);
        let mut alternatives: BTreeMap<(Uuid, i32, i32), Vec<ItemId>> = BTreeMap::new();
        for row in items.all(self.connection).await? {
            let key = (row.template_id, row.version, row.no);
            alternatives.entry(key).or_default().push(ItemId(row.item_id));
        }
        let mut lines_of: BTreeMap<(Uuid, i32), Vec<TemplateLine>> = BTreeMap::new();
        for row in &lines {
            let key = (row.template_id, row.version, row.no);
            let line = line_of(row, alternatives.remove(&key).unwrap_or_default())?;
            lines_of.entry((row.template_id, row.version)).or_default().push(line);
        }
        let mut templates = Vec::new();
        for template in &named {
            for row in versions.iter().filter(|row| row.template_id == template.id) {
                let scheme = row.scheme.as_deref().map(str::parse).transpose();
                templates.push(PackTemplate {
                    id: PackTemplateId(template.id),
                    code: template.code.clone(),
                    name: row.name.clone(),
                    version: natural(row.version, "pack_template_version.version")?,
                    scheme: scheme.map_err(|_| StoreError::Unreadable("pack_template_version.scheme"))?,
                    lines: lines_of.remove(&(template.id, row.version)).unwrap_or_default(),
                    retired: template.retired,
                });
            }
        }
        Ok(templates)
    }

    /// How many lines of templates name an item.
    pub async fn template_lines_with(&self, item: ItemId) -> Result<u64> {
        let select = line_item::Entity::find().filter(line_item::Column::ItemId.eq(item.0));
        Ok(select.count(self.connection).await?)
    }
}

impl Tx {
    /// The template with this code, in upper or lower case; nobody else changes it until the transaction ends.
    pub async fn lock_pack_template(&self, code: &str) -> Result<Option<PackTemplateId>> {
        let called = Expr::cust(KEY).eq(codes::key(code));
        let select = pack_template::Entity::find().filter(called).limit(1).lock_exclusive();
        let row = select.all(self.connection()).await?.into_iter().next();
        Ok(row.map(|row| PackTemplateId(row.id)))
    }

    /// Adds a template. Fails with `InUse("pack_template_code")` where another has its code.
    pub async fn add_pack_template(&self, added: &PackTemplate) -> Result<()> {
        let row = pack_template::ActiveModel {
            id: Set(added.id.0),
            code: Set(added.code.clone()),
            retired: Set(added.retired),
        };
        pack_template::Entity::insert(row).exec_without_returning(self.connection()).await?;
        self.add_pack_template_version(added).await
    }

    /// Adds a version of a template that is there. Lock the template first.
    pub async fn add_pack_template_version(&self, added: &PackTemplate) -> Result<()> {
        let PackTemplate { id, version, name, scheme, lines, .. } = added;
        let (template_id, version) = (id.0, number(*version));
        let row = version::ActiveModel {
            template_id: Set(template_id),
            version: Set(version),
            name: Set(name.clone()),
            scheme: Set(scheme.map(|scheme| scheme.to_string())),
        };
        version::Entity::insert(row).exec_without_returning(self.connection()).await?;
        let rows = lines.iter().zip(1..).map(|(line, no)| line::ActiveModel {
            template_id: Set(template_id),
            version: Set(version),
            no: Set(no),
            per: Set(line.per.to_string()),
            quantity: Set(number(line.quantity)),
            every_nights: Set(line.every_nights.map(number)),
        });
        line::Entity::insert_many(rows).exec_without_returning(self.connection()).await?;
        let rows = lines.iter().zip(1..).flat_map(|(line, no)| {
            line.alternatives.iter().zip(1..).map(move |(item, rank)| line_item::ActiveModel {
                template_id: Set(template_id),
                version: Set(version),
                no: Set(no),
                rank: Set(rank),
                item_id: Set(item.0),
            })
        });
        line_item::Entity::insert_many(rows).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Keeps whether packs are made by a template.
    pub async fn save_pack_template(&self, saved: &PackTemplate) -> Result<()> {
        let row = pack_template::ActiveModel {
            id: sea_orm::ActiveValue::Unchanged(saved.id.0),
            retired: Set(saved.retired),
            ..Default::default()
        };
        pack_template::Entity::update(row).exec(self.connection()).await?;
        Ok(())
    }
}
