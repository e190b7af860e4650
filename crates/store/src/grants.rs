//! Grants: money that provisions are bought with.

use safespace_domain::{
    GrantId, Nights, codes,
    grants::{Grant, Spending},
    money::Pence,
};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};

use crate::{Reader, Result, StoreError, Tx};

mod funding {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "funding")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub code: String,
        pub name: String,
        pub amount: i64,
        pub begins_on: Date,
        pub ends_on: Date,
        pub purpose: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

const KEY: &str = "upper(code)";

fn domain(row: funding::Model) -> Result<Grant> {
    let period = Nights::new(row.begins_on, row.ends_on);
    Ok(Grant {
        id: GrantId(row.id),
        code: row.code,
        name: row.name,
        amount: Pence(row.amount),
        period: period.map_err(|_| StoreError::Unreadable("funding.ends_on"))?,
        purpose: row.purpose,
    })
}

fn row(grant: &Grant) -> funding::ActiveModel {
    funding::ActiveModel {
        id: Set(grant.id.0),
        code: Set(grant.code.clone()),
        name: Set(grant.name.clone()),
        amount: Set(grant.amount.0),
        begins_on: Set(grant.period.arrival()),
        ends_on: Set(grant.period.departure()),
        purpose: Set(grant.purpose.clone()),
    }
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// All grants, by code.
    pub async fn grants(&self) -> Result<Vec<Grant>> {
        let select = funding::Entity::find().order_by_asc(Expr::cust(KEY));
        select.all(self.connection).await?.into_iter().map(domain).collect()
    }

    /// What was bought with each grant, a spending for each lot that came.
    pub async fn spendings(&self) -> Result<Vec<(GrantId, Spending)>> {
        let lots = self.lots_of_grants().await?;
        let spent = lots.into_iter().filter_map(|lot| {
            let on = safespace_domain::clock::service_day(lot.received_at);
            Some((lot.origin.grant()?, Spending { on, value: lot.cost }))
        });
        Ok(spent.collect())
    }
}

impl Tx {
    /// The grant with this code, in upper or lower case; nobody else changes it until the transaction ends.
    pub async fn lock_grant(&self, code: &str) -> Result<Option<Grant>> {
        let select =
            funding::Entity::find().filter(Expr::cust(KEY).eq(codes::key(code))).limit(1).lock_exclusive();
        select.all(self.connection()).await?.into_iter().next().map(domain).transpose()
    }

    /// Adds a grant. Fails with `InUse("funding_code")` where another has its code.
    pub async fn add_grant(&self, added: &Grant) -> Result<()> {
        funding::Entity::insert(row(added)).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Keeps a grant as it is now.
    pub async fn save_grant(&self, saved: &Grant) -> Result<()> {
        let mut row = row(saved);
        row.id = Unchanged(saved.id.0);
        funding::Entity::update(row).exec(self.connection()).await?;
        Ok(())
    }
}
