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
CREATE INDEX audit_by ON audit (by_id, seq);
CREATE INDEX audit_case ON audit (case_id, seq);
CREATE INDEX audit_at ON audit (at);
CREATE TABLE audit_lane (
    lane integer PRIMARY KEY,
    number bigint NOT NULL,
    mac {bytes} NOT NULL
);
ALTER TABLE command_key RENAME COLUMN token_id TO by_id;
";

/// Lanes of the chain: one on `SQLite`, which has one writer; several on PostgreSQL, so that commits need not wait in
/// line for one head.
const POSTGRES_LANES: &str = "
INSERT INTO audit_lane (lane, number, mac) SELECT lane, 0, '\\x' FROM generate_series(0, 31) lane;
";
const SQLITE_LANES: &str = "
INSERT INTO audit_lane (lane, number, mac) VALUES (0, 0, x'');
";

/// The audit is added to and nothing else. Whoever owns the database can take these away; the chain shows what they do
/// then.
const POSTGRES_APPEND_ONLY: &str = "
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
";
const SQLITE_APPEND_ONLY: &str = "
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (lanes, append_only) = match manager.get_database_backend() {
            DbBackend::Postgres => (POSTGRES_LANES, POSTGRES_APPEND_ONLY),
            _ => (SQLITE_LANES, SQLITE_APPEND_ONLY),
        };
        for sql in [UP, lanes, append_only] {
            super::run(manager, sql).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
