//! Bearer tokens, by the code of their text.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use safespace_domain::{
    TokenId,
    access::{Actor, Role, Scope, Who},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use uuid::Uuid;

use crate::{Page, Reader, Result, StoreError, Tx};

mod token {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "token")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub hash: Vec<u8>,
        pub role: String,
        pub council: Option<String>,
        pub created_at: DateTimeUtc,
        pub expires_at: Option<DateTimeUtc>,
        pub name: String,
        pub scopes: String,
        pub revoked_at: Option<DateTimeUtc>,
        pub last_used_at: Option<DateTimeUtc>,
        pub mac: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A bearer token, of which only a code is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// What it is for, in a few words.
    pub name: String,
    /// What its holder is to the service.
    pub role: Role,
    /// The council whose it is; partners only.
    pub council: Option<String>,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// The code of its text.
    pub hash: Vec<u8>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it is no longer good.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// The code of what the row says.
    pub mac: Option<Vec<u8>>,
}

impl Token {
    /// Whoever holds it. Whether it is revoked, or its row was changed by others, this does not say.
    pub fn actor(&self) -> Actor {
        Actor {
            who: Who::Token(self.id),
            role: self.role,
            council: self.council.clone(),
            scopes: Some(self.scopes.clone()),
            expires_at: self.expires_at,
            second_factor_at: None,
        }
    }
}

fn domain(row: token::Model) -> Result<Token> {
    let scopes: std::result::Result<BTreeSet<Scope>, _> =
        row.scopes.split_whitespace().map(str::parse).collect();
    Ok(Token {
        id: TokenId(row.id),
        name: row.name,
        role: row.role.parse().map_err(|_| StoreError::Unreadable("token.role"))?,
        council: row.council,
        scopes: scopes.map_err(|_| StoreError::Unreadable("token.scopes"))?,
        hash: row.hash,
        created_at: row.created_at,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
        last_used_at: row.last_used_at,
        mac: row.mac,
    })
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The token whose text has this code, revoked or not.
    pub async fn token(&self, hash: &[u8]) -> Result<Option<Token>> {
        let row = token::Entity::find().filter(token::Column::Hash.eq(hash)).one(self.connection).await?;
        row.map(domain).transpose()
    }

    /// The token with this id, revoked or not.
    pub async fn token_by_id(&self, id: TokenId) -> Result<Option<Token>> {
        token::Entity::find_by_id(id.0).one(self.connection).await?.map(domain).transpose()
    }

    /// A page of the tokens, oldest first, revoked ones too.
    pub async fn tokens(&self, page: Page<TokenId>) -> Result<Vec<Token>> {
        let mut select = token::Entity::find();
        if let Some(after) = page.after {
            select = select.filter(token::Column::Id.gt(after.0));
        }
        let rows = select.order_by_asc(token::Column::Id).limit(page.limit).all(self.connection).await?;
        rows.into_iter().map(domain).collect()
    }

    /// Whether this is the id of a token.
    pub async fn is_token(&self, id: Uuid) -> Result<bool> {
        Ok(token::Entity::find_by_id(id).one(self.connection).await?.is_some())
    }
}

impl Tx {
    /// Adds a token.
    pub async fn add_token(&self, added: &Token) -> Result<()> {
        let scopes: Vec<&str> = added.scopes.iter().map(|scope| scope.as_str()).collect();
        let row = token::ActiveModel {
            id: Set(added.id.0),
            hash: Set(added.hash.clone()),
            role: Set(added.role.to_string()),
            council: Set(added.council.clone()),
            created_at: Set(added.created_at),
            expires_at: Set(added.expires_at),
            name: Set(added.name.clone()),
            scopes: Set(scopes.join(" ")),
            revoked_at: Set(added.revoked_at),
            last_used_at: Set(added.last_used_at),
            mac: Set(added.mac.clone()),
        };
        token::Entity::insert(row).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Takes a token back. False where there is none, or it was taken back already.
    pub async fn revoke_token(&self, id: TokenId, at: DateTime<Utc>) -> Result<bool> {
        let revoked = token::Entity::update_many()
            .col_expr(token::Column::RevokedAt, Expr::value(at))
            .filter(token::Column::Id.eq(id.0))
            .filter(token::Column::RevokedAt.is_null())
            .exec(self.connection())
            .await?;
        Ok(revoked.rows_affected == 1)
    }

    /// The token was used.
    pub async fn use_token(&self, id: TokenId, at: DateTime<Utc>) -> Result<()> {
        token::Entity::update_many()
            .col_expr(token::Column::LastUsedAt, Expr::value(at))
            .filter(token::Column::Id.eq(id.0))
            .exec(self.connection())
            .await?;
        Ok(())
    }
}
