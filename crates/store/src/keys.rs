//! Wrapped data keys, and the proof that the key file is the right one.

use std::collections::BTreeMap;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{LockType, OnConflict},
};
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

    /// The wrapped data keys of these owners, as far as they have one.
    pub async fn data_keys_of(&self, owners: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<u8>>> {
        let mut keys = BTreeMap::new();
        for some in owners.chunks(10_000) {
            let select = data_key::Entity::find().filter(data_key::Column::Owner.is_in(some.iter().copied()));
            keys.extend(select.all(self.connection).await?.into_iter().map(|row| (row.owner, row.wrapped)));
        }
        Ok(keys)
    }

    /// So many wrapped data keys, by owner, after this one.
    pub async fn data_keys(&self, after: Option<Uuid>, limit: u64) -> Result<Vec<(Uuid, Vec<u8>)>> {
        let mut select = data_key::Entity::find();
        if let Some(after) = after {
            select = select.filter(data_key::Column::Owner.gt(after));
        }
        let rows = select.order_by_asc(data_key::Column::Owner).limit(limit).all(self.connection).await?;
        Ok(rows.into_iter().map(|row| (row.owner, row.wrapped)).collect())
    }

    /// What one of the root keys must be able to open.
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

    /// What the root key opens that new data keys are to be wrapped with. It stays so until this transaction ends.
    pub async fn key_check_to_seal_by(&self, name: &str) -> Result<Option<Vec<u8>>> {
        self.locked_check(name, LockType::Share).await
    }

    /// The same, for putting another in its place: whoever adds a data key waits, or is waited for.
    pub async fn key_check_to_change(&self, name: &str) -> Result<Option<Vec<u8>>> {
        self.locked_check(name, LockType::Update).await
    }

    async fn locked_check(&self, name: &str, lock: LockType) -> Result<Option<Vec<u8>>> {
        let mut select = key_check::Entity::find_by_id(name.to_owned());
        if !self.is_the_only_writer() {
            select = select.lock(lock);
        }
        Ok(select.one(self.connection()).await?.map(|row| row.sealed))
    }

    /// Keeps what the root key must be able to open, unless there is one; returns the one that counts.
    pub async fn add_key_check(&self, name: &str, sealed: Vec<u8>) -> Result<Vec<u8>> {
        let row = key_check::ActiveModel { name: Set(name.to_owned()), sealed: Set(sealed.clone()) };
        let keep = OnConflict::column(key_check::Column::Name).do_nothing().to_owned();
        key_check::Entity::insert(row).on_conflict(keep).exec_without_returning(self.connection()).await?;
        Ok(self.reader().key_check(name).await?.unwrap_or(sealed))
    }

    /// Puts another in its place.
    pub async fn change_key_check(&self, name: &str, sealed: Vec<u8>) -> Result<()> {
        let row = key_check::ActiveModel { name: Set(name.to_owned()), sealed: Set(sealed) };
        key_check::Entity::update(row).exec(self.connection()).await?;
        Ok(())
    }

    /// Keeps a data key wrapped otherwise. False where it is gone, or is no longer as it was.
    pub async fn rewrap(&self, owner: Uuid, was: &[u8], wrapped: Vec<u8>) -> Result<bool> {
        let update = data_key::Entity::update_many()
            .set(data_key::ActiveModel { wrapped: Set(wrapped), ..Default::default() })
            .filter(data_key::Column::Owner.eq(owner))
            .filter(data_key::Column::Wrapped.eq(was.to_vec()));
        Ok(update.exec(self.connection()).await?.rows_affected > 0)
    }
}
