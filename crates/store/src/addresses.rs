//! Addresses of properties, sealed.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use safespace_domain::PropertyId;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, QuerySelect, sea_query::OnConflict};
use uuid::Uuid;

use crate::{Reader, Result, Tx};

mod property_address {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "property_address")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub property_id: Uuid,
        pub sealed: Vec<u8>,
        pub saved_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The sealed address of a property.
    pub async fn address(&self, property: PropertyId) -> Result<Option<Vec<u8>>> {
        let row = property_address::Entity::find_by_id(property.0).one(self.connection).await?;
        Ok(row.map(|row| row.sealed))
    }

    /// The properties whose address is known.
    pub async fn addressed(&self) -> Result<BTreeSet<PropertyId>> {
        let select =
            property_address::Entity::find().select_only().column(property_address::Column::PropertyId);
        let ids: Vec<Uuid> = select.into_tuple().all(self.connection).await?;
        Ok(ids.into_iter().map(PropertyId).collect())
    }
}

impl Tx {
    /// Keeps a property's sealed address, instead of the one that it had.
    pub async fn save_address(&self, property: PropertyId, sealed: Vec<u8>, at: DateTime<Utc>) -> Result<()> {
        let row = property_address::ActiveModel {
            property_id: Set(property.0),
            sealed: Set(sealed),
            saved_at: Set(at),
        };
        let instead = OnConflict::column(property_address::Column::PropertyId)
            .update_columns([property_address::Column::Sealed, property_address::Column::SavedAt])
            .to_owned();
        let insert = property_address::Entity::insert(row).on_conflict(instead);
        insert.exec_without_returning(self.connection()).await?;
        Ok(())
    }
}
