//! Targets of a financial year.

use rust_decimal::{Decimal, prelude::ToPrimitive};
use safespace_domain::{
    Night,
    targets::{Direction, Target},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    sea_query::OnConflict,
};

use crate::{Reader, Result, StoreError, Tx};

mod target {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "target")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub financial_year: Date,
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
        pub title: String,
        pub measure: String,
        pub grouped_by: Option<String>,
        pub group_name: Option<String>,
        pub owner: String,
        pub hundredths: i64,
        pub tolerance_hundredths: i64,
        pub direction: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Decimals of a number that is kept in hundredths.
const SCALE: u32 = 2;

fn domain(row: target::Model) -> Result<Target> {
    let number = |hundredths: i64| Decimal::new(hundredths, SCALE);
    Ok(Target {
        year: row.financial_year,
        code: row.code,
        title: row.title,
        measure: row.measure,
        group: row.grouped_by.zip(row.group_name),
        owner: row.owner,
        value: number(row.hundredths),
        tolerance: number(row.tolerance_hundredths),
        direction: Direction::named(&row.direction).ok_or(StoreError::Unreadable("target.direction"))?,
    })
}

fn hundredths(number: Decimal) -> Result<i64> {
    (number * Decimal::ONE_HUNDRED).to_i64().ok_or(StoreError::Unreadable("target.hundredths"))
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The targets of the financial year that begins on this day, by code.
    pub async fn targets(&self, year: Night) -> Result<Vec<Target>> {
        let select = target::Entity::find()
            .filter(target::Column::FinancialYear.eq(year))
            .order_by_asc(target::Column::Code);
        select.all(self.connection).await?.into_iter().map(domain).collect()
    }
}

impl Tx {
    /// Keeps a target, instead of the one with its code in its year where there is one.
    pub async fn save_target(&self, saved: &Target) -> Result<()> {
        let (by, name) = saved.group.clone().unzip();
        let row = target::ActiveModel {
            financial_year: Set(saved.year),
            code: Set(saved.code.clone()),
            title: Set(saved.title.clone()),
            measure: Set(saved.measure.clone()),
            grouped_by: Set(by),
            group_name: Set(name),
            owner: Set(saved.owner.clone()),
            hundredths: Set(hundredths(saved.value)?),
            tolerance_hundredths: Set(hundredths(saved.tolerance)?),
            direction: Set(saved.direction.as_str().to_owned()),
        };
        let instead = OnConflict::columns([target::Column::FinancialYear, target::Column::Code])
            .update_columns([
                target::Column::Title,
                target::Column::Measure,
                target::Column::GroupedBy,
                target::Column::GroupName,
                target::Column::Owner,
                target::Column::Hundredths,
                target::Column::ToleranceHundredths,
                target::Column::Direction,
            ])
            .to_owned();
        target::Entity::insert(row).on_conflict(instead).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Takes a target back. Says whether there was one.
    pub async fn remove_target(&self, year: Night, code: &str) -> Result<bool> {
        let removed = target::Entity::delete_by_id((year, code.to_owned())).exec(self.connection()).await?;
        Ok(removed.rows_affected > 0)
    }
}
