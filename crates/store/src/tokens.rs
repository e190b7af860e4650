//! Bearer tokens, by hash.

use chrono::{DateTime, Utc};
use safespace_domain::{
    TokenId,
    access::{Actor, Role},
};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::{Reader, Result, StoreError, Tx};

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
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A bearer token, of which only the hash is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Whose it is.
    pub actor: Actor,
    /// SHA-256 of the token.
    pub hash: Vec<u8>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The token with this hash.
    pub async fn token(&self, hash: &[u8]) -> Result<Option<Token>> {
        let row = token::Entity::find().filter(token::Column::Hash.eq(hash)).one(self.connection).await?;
        row.map(|row| {
            let role: Role = row.role.parse().map_err(|_| StoreError::Unreadable("token.role"))?;
            Ok(Token {
                actor: Actor {
                    token: TokenId(row.id),
                    role,
                    council: row.council,
                    expires_at: row.expires_at,
                },
                hash: row.hash,
                created_at: row.created_at,
            })
        })
        .transpose()
    }
}

impl Tx {
    /// Adds a token.
    pub async fn add_token(&self, added: &Token) -> Result<()> {
        let row = token::ActiveModel {
            id: Set(added.actor.token.0),
            hash: Set(added.hash.clone()),
            role: Set(added.actor.role.to_string()),
            council: Set(added.actor.council.clone()),
            created_at: Set(added.created_at),
            expires_at: Set(added.actor.expires_at),
        };
        token::Entity::insert(row).exec_without_returning(self.connection()).await?;
        Ok(())
    }
}
