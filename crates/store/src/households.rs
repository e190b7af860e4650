//! Households, by reference.

use std::collections::BTreeSet;

use safespace_domain::{HouseholdId, codes, households::Household};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait},
};

use crate::{Reader, Result, Tx};

mod household {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "household")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub reference: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// As the index has it.
const KEY: &str = "upper(reference)";

fn domain(row: household::Model) -> Household {
    Household { id: HouseholdId(row.id), reference: row.reference, has_details: false }
}

impl<C: ConnectionTrait> Reader<'_, C> {
    async fn with_details(&self, rows: Vec<household::Model>) -> Result<Vec<Household>> {
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let detailed = if ids.is_empty() { BTreeSet::new() } else { self.detailed(&ids).await? };
        let household =
            |row: household::Model| Household { has_details: detailed.contains(&row.id), ..domain(row) };
        Ok(rows.into_iter().map(household).collect())
    }

    /// The households with these ids, in no order.
    pub async fn households(&self, ids: &[HouseholdId]) -> Result<Vec<Household>> {
        let ids = ids.iter().map(|id| id.0);
        let rows =
            household::Entity::find().filter(household::Column::Id.is_in(ids)).all(self.connection).await?;
        self.with_details(rows).await
    }

    /// The households with these references, in upper or lower case, in no order.
    pub async fn households_by_reference(&self, references: &[String]) -> Result<Vec<Household>> {
        let rows = household::Entity::find()
            .filter(Expr::cust(KEY).is_in(references.iter().map(|reference| codes::key(reference))))
            .all(self.connection)
            .await?;
        self.with_details(rows).await
    }
}

impl Tx {
    /// The household with this reference, in upper or lower case, if there is one; nobody else changes its stays until the transaction
    /// ends.
    pub async fn lock_household(&self, reference: &str) -> Result<Option<Household>> {
        let row = household::Entity::find()
            .filter(Expr::cust(KEY).eq(codes::key(reference)))
            .lock_exclusive()
            .one(self.connection())
            .await?;
        Ok(row.map(domain))
    }

    /// Nobody else changes the household's stays until the transaction ends.
    pub async fn lock_household_by_id(&self, id: HouseholdId) -> Result<()> {
        if !self.is_the_only_writer() {
            household::Entity::find_by_id(id.0).lock_exclusive().one(self.connection()).await?;
        }
        Ok(())
    }

    /// Adds households.
    pub async fn add_households(&self, added: &[Household]) -> Result<()> {
        for chunk in added.chunks(5_000) {
            let rows = chunk.iter().map(|household| household::ActiveModel {
                id: Set(household.id.0),
                reference: Set(household.reference.clone()),
            });
            household::Entity::insert_many(rows).exec_without_returning(self.connection()).await?;
        }
        Ok(())
    }
}
