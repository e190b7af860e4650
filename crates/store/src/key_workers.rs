//! Key workers of households, with those before them.

use safespace_domain::{AccountId, HouseholdId, KeyWorkerId, key_workers::KeyWorker};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
};

use crate::{Reader, Result, Tx};

mod key_worker {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "key_worker")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub household_id: Uuid,
        pub account_id: Uuid,
        pub since: DateTimeUtc,
        pub until: Option<DateTimeUtc>,
        pub assigned_by: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

fn domain(row: &key_worker::Model) -> KeyWorker {
    KeyWorker {
        id: KeyWorkerId(row.id),
        household: HouseholdId(row.household_id),
        account: AccountId(row.account_id),
        since: row.since,
        until: row.until,
        assigned_by: row.assigned_by,
    }
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// Who is, and who was, the key worker of these households, the present one first.
    pub async fn key_workers(&self, households: &[HouseholdId]) -> Result<Vec<KeyWorker>> {
        let of = households.iter().map(|household| household.0);
        let select = key_worker::Entity::find()
            .filter(key_worker::Column::HouseholdId.is_in(of))
            .order_by_desc(key_worker::Column::Id);
        Ok(select.all(self.connection).await?.iter().map(domain).collect())
    }

    /// Who is the key worker of these households now.
    pub async fn key_workers_now(&self, households: &[HouseholdId]) -> Result<Vec<KeyWorker>> {
        let of = households.iter().map(|household| household.0);
        let select = key_worker::Entity::find()
            .filter(key_worker::Column::HouseholdId.is_in(of))
            .filter(key_worker::Column::Until.is_null());
        Ok(select.all(self.connection).await?.iter().map(domain).collect())
    }
}

impl Tx {
    /// Somebody is a household's key worker from now on. Lock the household first; whoever was before must have ended.
    pub async fn add_key_worker(&self, added: &KeyWorker) -> Result<()> {
        let row = key_worker::ActiveModel {
            id: Set(added.id.0),
            household_id: Set(added.household.0),
            account_id: Set(added.account.0),
            since: Set(added.since),
            until: Set(added.until),
            assigned_by: Set(added.assigned_by),
        };
        key_worker::Entity::insert(row).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Somebody is a household's key worker no longer.
    pub async fn end_key_worker(&self, ended: &KeyWorker) -> Result<()> {
        let row = key_worker::ActiveModel {
            id: Unchanged(ended.id.0),
            until: Set(ended.until),
            ..Default::default()
        };
        key_worker::Entity::update(row).exec(self.connection()).await?;
        Ok(())
    }
}
