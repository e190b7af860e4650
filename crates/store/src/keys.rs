//! Wrapped data keys, and the proof that the key file is the right one.

use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, sea_query::OnConflict};
use uuid::Uuid;

use crate::{Reader, Result, Tx};

mod data_key {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "data_key")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub owner: Uuid,
        pub wrapped: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod key_check {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "key_check")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub sealed: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The wrapped data key of a property or household.
    pub async fn data_key(&self, owner: Uuid) -> Result<Option<Vec<u8>>> {
        Ok(data_key::Entity::find_by_id(owner).one(self.connection).await?.map(|row| row.wrapped))
    }

    /// What the key in the key file must be able to open.
    pub async fn key_check(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let row = key_check::Entity::find_by_id(name.to_owned()).one(self.connection).await?;
        Ok(row.map(|row| row.sealed))
    }
}

impl Tx {
    /// Keeps a wrapped data key, unless the owner has one; returns the one that counts.
    pub async fn add_data_key(&self, owner: Uuid, wrapped: Vec<u8>) -> Result<Vec<u8>> {
        let row = data_key::ActiveModel { owner: Set(owner), wrapped: Set(wrapped.clone()) };
        let keep = OnConflict::column(data_key::Column::Owner).do_nothing().to_owned();
        data_key::Entity::insert(row).on_conflict(keep).exec_without_returning(self.connection()).await?;
        Ok(self.reader().data_key(owner).await?.unwrap_or(wrapped))
    }

    /// Keeps what the key in the key file must be able to open.
    pub async fn add_key_check(&self, name: &str, sealed: Vec<u8>) -> Result<()> {
        let row = key_check::ActiveModel { name: Set(name.to_owned()), sealed: Set(sealed) };
        key_check::Entity::insert(row).exec_without_returning(self.connection()).await?;
        Ok(())
    }
}
