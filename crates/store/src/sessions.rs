//! Sessions, by the code of their secret.

use chrono::{DateTime, Utc};
use safespace_domain::{
    AccountId, SessionId,
    sessions::{Session, Stage},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};

use crate::{Reader, Result, StoreError, Tx};

mod session {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "session")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub account_id: Uuid,
        pub hash: Vec<u8>,
        pub stage: String,
        pub begun_at: DateTimeUtc,
        pub seen_at: DateTimeUtc,
        pub second_factor_at: Option<DateTimeUtc>,
        pub ended_at: Option<DateTimeUtc>,
        pub mac: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A session, with what its row is known and checked by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// The session, as the row says it.
    pub session: Session,
    /// The code of its secret.
    pub hash: Vec<u8>,
    /// The code of what the row says.
    pub mac: Option<Vec<u8>>,
}

fn domain(row: session::Model) -> Result<StoredSession> {
    let stage = [Stage::CodeNeeded, Stage::Whole].into_iter().find(|stage| stage.as_str() == row.stage);
    Ok(StoredSession {
        session: Session {
            id: SessionId(row.id),
            account: AccountId(row.account_id),
            stage: stage.ok_or(StoreError::Unreadable("session.stage"))?,
            begun_at: row.begun_at,
            seen_at: row.seen_at,
            second_factor_at: row.second_factor_at,
            ended_at: row.ended_at,
        },
        hash: row.hash,
        mac: row.mac,
    })
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The session whose secret has this code, ended or not.
    pub async fn session(&self, hash: &[u8]) -> Result<Option<StoredSession>> {
        let select = session::Entity::find().filter(session::Column::Hash.eq(hash));
        select.one(self.connection).await?.map(domain).transpose()
    }

    /// The session with this id, ended or not.
    pub async fn session_by_id(&self, id: SessionId) -> Result<Option<StoredSession>> {
        session::Entity::find_by_id(id.0).one(self.connection).await?.map(domain).transpose()
    }

    /// The account's sessions that were not ended, newest first, at most so many.
    pub async fn sessions_of(&self, account: AccountId, most: u64) -> Result<Vec<StoredSession>> {
        let select = session::Entity::find()
            .filter(session::Column::AccountId.eq(account.0))
            .filter(session::Column::EndedAt.is_null())
            .order_by_desc(session::Column::BegunAt)
            .limit(most);
        select.all(self.connection).await?.into_iter().map(domain).collect()
    }
}

impl Tx {
    /// Adds a session.
    pub async fn add_session(&self, stored: &StoredSession) -> Result<()> {
        let added = &stored.session;
        let row = session::ActiveModel {
            id: Set(added.id.0),
            account_id: Set(added.account.0),
            hash: Set(stored.hash.clone()),
            stage: Set(added.stage.as_str().to_owned()),
            begun_at: Set(added.begun_at),
            seen_at: Set(added.seen_at),
            second_factor_at: Set(added.second_factor_at),
            ended_at: Set(added.ended_at),
            mac: Set(stored.mac.clone()),
        };
        session::Entity::insert(row).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Something was asked in the session.
    pub async fn see_session(&self, id: SessionId, at: DateTime<Utc>) -> Result<()> {
        session::Entity::update_many()
            .col_expr(session::Column::SeenAt, Expr::value(at))
            .filter(session::Column::Id.eq(id.0))
            .filter(session::Column::EndedAt.is_null())
            .exec(self.connection())
            .await?;
        Ok(())
    }

    /// Ends a session. False where it has ended already.
    pub async fn end_session(&self, id: SessionId, at: DateTime<Utc>) -> Result<bool> {
        let ended = session::Entity::update_many()
            .col_expr(session::Column::EndedAt, Expr::value(at))
            .filter(session::Column::Id.eq(id.0))
            .filter(session::Column::EndedAt.is_null())
            .exec(self.connection())
            .await?;
        Ok(ended.rows_affected == 1)
    }

    /// Ends every session of an account but this one.
    pub async fn end_other_sessions_of(
        &self,
        account: AccountId,
        but: SessionId,
        at: DateTime<Utc>,
    ) -> Result<u64> {
        let ended = session::Entity::update_many()
            .col_expr(session::Column::EndedAt, Expr::value(at))
            .filter(session::Column::AccountId.eq(account.0))
            .filter(session::Column::Id.ne(but.0))
            .filter(session::Column::EndedAt.is_null())
            .exec(self.connection())
            .await?;
        Ok(ended.rows_affected)
    }

    /// Ends every session of an account.
    pub async fn end_sessions_of(&self, account: AccountId, at: DateTime<Utc>) -> Result<u64> {
        let ended = session::Entity::update_many()
            .col_expr(session::Column::EndedAt, Expr::value(at))
            .filter(session::Column::AccountId.eq(account.0))
            .filter(session::Column::EndedAt.is_null())
            .exec(self.connection())
            .await?;
        Ok(ended.rows_affected)
    }
}
