//! Commands that came with an idempotency key: what they were, and what was answered.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};
use uuid::Uuid;

use crate::{Reader, Result, Tx};

mod command_key {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "command_key")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub by_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub idempotency_key: String,
        pub payload: Vec<u8>,
        pub answer: Vec<u8>,
        pub at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A command that was carried out under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastCommand {
    /// Who gave it: an account or a token; nil for the service.
    pub by: Uuid,
    /// The key that they chose.
    pub key: String,
    /// The fingerprint of what was asked.
    pub payload: Vec<u8>,
    /// What was answered, sealed.
    pub answer: Vec<u8>,
    /// When.
    pub at: DateTime<Utc>,
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The command that this account or token gave under this key.
    pub async fn past_command(&self, by: Uuid, key: &str) -> Result<Option<PastCommand>> {
        let row = command_key::Entity::find_by_id((by, key.to_owned())).one(self.connection).await?;
        Ok(row.map(|row| PastCommand {
            by: row.by_id,
            key: row.idempotency_key,
            payload: row.payload,
            answer: row.answer,
            at: row.at,
        }))
    }
}

impl Tx {
    /// Remembers a command under its key. Fails with `InUse("command_key_pkey")` when the key was used meanwhile.
    pub async fn add_past_command(&self, past: &PastCommand) -> Result<()> {
        let row = command_key::ActiveModel {
            by_id: Set(past.by),
            idempotency_key: Set(past.key.clone()),
            payload: Set(past.payload.clone()),
            answer: Set(past.answer.clone()),
            at: Set(past.at),
        };
        command_key::Entity::insert(row).exec_without_returning(self.connection()).await?;
        Ok(())
    }
}
