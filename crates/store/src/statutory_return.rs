//! The lines of the statutory return, as managers have set them.

use std::collections::BTreeSet;

use safespace_domain::statutory_return::{ReturnLine, Section};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::{Reader, Result, StoreError, Tx};

mod return_line {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "return_line")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub section: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
        pub place: i32,
        pub label: String,
        pub counts: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Parts the codes that a line counts: no code has one.
const PARTED_BY: &str = " ";

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The lines of those sections for which managers have set some, in order.
    pub async fn return_lines(&self) -> Result<Vec<ReturnLine>> {
        let select = return_line::Entity::find()
            .order_by_asc(return_line::Column::Section)
            .order_by_asc(return_line::Column::Place);
        let domain = |row: return_line::Model| {
            let section: Section =
                row.section.parse().map_err(|_| StoreError::Unreadable("return_line.section"))?;
            let counts = row.counts.split_whitespace().map(str::to_owned).collect();
            Ok(ReturnLine { section, code: row.code, label: row.label, counts })
        };
        select.all(self.connection).await?.into_iter().map(domain).collect()
    }
}

impl Tx {
    /// Keeps the lines of a section, in this order, instead of those that it had.
    pub async fn save_return_lines(&self, section: Section, lines: &[ReturnLine]) -> Result<()> {
        let of_section = return_line::Column::Section.eq(section.as_str());
        return_line::Entity::delete_many().filter(of_section).exec(self.connection()).await?;
        let rows = lines.iter().zip(0..).map(|(line, place)| return_line::ActiveModel {
            section: Set(section.to_string()),
            code: Set(line.code.clone()),
            place: Set(place),
            label: Set(line.label.clone()),
            counts: Set(joined(&line.counts)),
        });
        return_line::Entity::insert_many(rows).exec_without_returning(self.connection()).await?;
        Ok(())
    }
}

fn joined(codes: &BTreeSet<String>) -> String {
    codes.iter().map(String::as_str).collect::<Vec<_>>().join(PARTED_BY)
}
