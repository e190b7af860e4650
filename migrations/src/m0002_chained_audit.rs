//! The audit becomes a chain: append-only, numbered without gaps, each record bound to the one before it.

use crate::Plain;

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
/// line for one head. And the audit is added to and nothing else: whoever owns the database can take these triggers away;
/// the chain shows what they do then.
const POSTGRES: &str = "
INSERT INTO audit_lane (lane, number, mac) SELECT lane, 0, '\\x' FROM generate_series(0, 31) lane;
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
";
const SQLITE: &str = "
INSERT INTO audit_lane (lane, number, mac) VALUES (0, 0, x'');
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
";

pub(crate) const MIGRATION: Plain =
    Plain { postgres: POSTGRES, sqlite: SQLITE, ..Plain::new("m0002_chained_audit", UP) };
