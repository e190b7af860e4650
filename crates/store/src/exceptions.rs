//! The exceptions from the longest stay that managers granted, their reasons sealed.

use chrono::{DateTime, Utc};
use safespace_domain::StayId;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::{Reader, Result, StoreError, Tx};

mod stay_exception {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "stay_exception")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub stay_id: Uuid,
        pub nights: i32,
        pub granted_by: Uuid,
        pub granted_at: DateTimeUtc,
        pub reason: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A manager's exception, its reason sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StayException {
    /// Its id, to which the reason is bound.
    pub id: Uuid,
    /// For which stay.
    pub stay: StayId,
    /// How many unbroken nights it allowed.
    pub nights: u32,
    /// By which credential.
    pub granted_by: Uuid,
    /// When.
    pub granted_at: DateTime<Utc>,
    /// Why, sealed.
    pub reason: Vec<u8>,
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The exceptions granted for a stay, oldest first.
    pub async fn exceptions_of(&self, stay: StayId) -> Result<Vec<StayException>> {
        let rows = stay_exception::Entity::find()
            .filter(stay_exception::Column::StayId.eq(stay.0))
            .order_by_asc(stay_exception::Column::Id)
            .all(self.connection)
            .await?;
        rows.into_iter()
            .map(|row| {
                Ok(StayException {
                    id: row.id,
                    stay: StayId(row.stay_id),
                    nights: u32::try_from(row.nights)
                        .map_err(|_| StoreError::Unreadable("stay_exception.nights"))?,
                    granted_by: row.granted_by,
                    granted_at: row.granted_at,
                    reason: row.reason,
                })
            })
            .collect()
    }

    /// For which stays exceptions were granted from one instant up to another, and when, in order.
    pub async fn exceptions_granted(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<(StayId, DateTime<Utc>)>> {
        let select = stay_exception::Entity::find()
            .select_only()
            .column(stay_exception::Column::StayId)
            .column(stay_exception::Column::GrantedAt)
            .filter(stay_exception::Column::GrantedAt.gte(from))
            .filter(stay_exception::Column::GrantedAt.lt(to))
            .order_by_asc(stay_exception::Column::GrantedAt)
            .order_by_asc(stay_exception::Column::Id);
        let rows: Vec<(Uuid, DateTime<Utc>)> = select.into_tuple().all(self.connection).await?;
        Ok(rows.into_iter().map(|(stay, at)| (StayId(stay), at)).collect())
    }
}

impl Tx {
    /// Records a manager's exception.
    pub async fn add_exception(&self, added: StayException) -> Result<()> {
        let row = stay_exception::ActiveModel {
            id: Set(added.id),
            stay_id: Set(added.stay.0),
            nights: Set(i32::try_from(added.nights).unwrap_or(i32::MAX)),
            granted_by: Set(added.granted_by),
            granted_at: Set(added.granted_at),
            reason: Set(added.reason),
        };
        stay_exception::Entity::insert(row).exec_without_returning(self.connection()).await?;
        Ok(())
    }
}
