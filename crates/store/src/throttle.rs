//! Tries to sign in, counted by a code that names nobody.

use safespace_domain::throttle::Tries;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::OnConflict};

use crate::{Result, StoreError, Tx};

mod tries {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "throttle")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: Vec<u8>,
        pub failures: i32,
        pub last_at: DateTimeUtc,
        pub next_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

impl Tx {
    /// What was counted for a subject; nobody else counts for it until the transaction ends.
    pub async fn lock_tries(&self, subject: &[u8]) -> Result<Option<Tries>> {
        let select = tries::Entity::find().filter(tries::Column::Subject.eq(subject)).lock_exclusive();
        let Some(row) = select.one(self.connection()).await? else { return Ok(None) };
        let failures =
            u32::try_from(row.failures).map_err(|_| StoreError::Unreadable("throttle.failures"))?;
        Ok(Some(Tries { failures, last_at: row.last_at, next_at: row.next_at }))
    }

    /// Keeps what is counted for a subject. False where it is the first count, and another one was first meanwhile.
    pub async fn save_tries(&self, subject: &[u8], tries: Tries, so_far: Option<Tries>) -> Result<bool> {
        let row = tries::ActiveModel {
            subject: Set(subject.to_vec()),
            failures: Set(i32::try_from(tries.failures).unwrap_or(i32::MAX)),
            last_at: Set(tries.last_at),
            next_at: Set(tries.next_at),
        };
        let mut conflict = OnConflict::column(tries::Column::Subject);
        match so_far {
            Some(_) => conflict.update_columns([
                tries::Column::Failures,
                tries::Column::LastAt,
                tries::Column::NextAt,
            ]),
            None => conflict.do_nothing(),
        };
        let insert = tries::Entity::insert(row).on_conflict(conflict);
        Ok(insert.exec_without_returning(self.connection()).await? > 0)
    }

    /// Forgets what was counted for a subject.
    pub async fn forget_tries(&self, subject: &[u8]) -> Result<()> {
        tries::Entity::delete_by_id(subject.to_vec()).exec(self.connection()).await?;
        Ok(())
    }
}
