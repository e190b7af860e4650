//! The audit becomes a chain: append-only, numbered without gaps, each record bound to the one before it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0002_chained_audit"
    }
}

/// `owner_id` says under whose data key `sealed` is; a household's goes with its erasure, and the chain stays whole.
const UP: &str = "
ALTER TABLE audit RENAME COLUMN token_id TO by_id;
ALTER TABLE audit ADD COLUMN case_id {uuid};
ALTER TABLE audit ADD COLUMN owner_id {uuid};
ALTER TABLE audit ADD COLUMN sealed {bytes};
ALTER TABLE audit ADD COLUMN lane integer;
ALTER TABLE audit ADD COLUMN number bigint;
ALTER TABLE audit ADD COLUMN mac {bytes};
CREATE UNIQUE INDEX audit_chain ON audit (lane, number);
CREATE INDEX audit_by ON audit (by_id, at);
CREATE INDEX audit_case ON audit (case_id, at);
CREATE INDEX audit_at ON audit (at);
CREATE TABLE audit_lane (
    lane integer PRIMARY KEY,
    number bigint NOT NULL,
    mac {bytes} NOT NULL
);
ALTER TABLE command_key RENAME COLUMN token_id TO by_id;
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, UP).await?;
        // One lane on SQLite, which has one writer; several on PostgreSQL, so that commits need not wait in line.
        let lanes = if manager.get_database_backend() == DbBackend::Postgres { 32 } else { 1 };
        for lane in 0..lanes {
            let empty = if manager.get_database_backend() == DbBackend::Postgres { "'\\x'" } else { "x''" };
            let sql = format!("INSERT INTO audit_lane (lane, number, mac) VALUES ({lane}, 0, {empty});\n");
            super::run(manager, &sql).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
