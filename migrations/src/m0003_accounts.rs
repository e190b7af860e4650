//! People's accounts, their sessions, and what a token may be used for.

use crate::Plain;

const UP: &str = "
CREATE TABLE account (
    id {uuid} PRIMARY KEY,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('officer', 'manager', 'partner', 'administrator')),
    council text,
    password text,
    second_factor {bytes},
    second_factor_confirmed boolean NOT NULL DEFAULT false,
    second_factor_step bigint NOT NULL DEFAULT 0,
    link_hash {bytes},
    link_expires_at {instant},
    made_at {instant} NOT NULL,
    disabled_at {instant}
);
CREATE UNIQUE INDEX account_name ON account (upper(name));
CREATE UNIQUE INDEX account_link ON account (link_hash) WHERE link_hash IS NOT NULL;
CREATE TABLE recovery_code (
    account_id {uuid} NOT NULL REFERENCES account (id),
    hash {bytes} NOT NULL,
    used_at {instant},
    PRIMARY KEY (account_id, hash)
) {clustered};
CREATE TABLE session (
    id {uuid} PRIMARY KEY,
    account_id {uuid} NOT NULL REFERENCES account (id),
    hash {bytes} NOT NULL,
    stage text NOT NULL CHECK (stage IN ('password', 'whole')),
    begun_at {instant} NOT NULL,
    seen_at {instant} NOT NULL,
    second_factor_at {instant},
    ended_at {instant},
    CONSTRAINT session_hash UNIQUE (hash)
);
CREATE INDEX session_account ON session (account_id);
CREATE TABLE throttle (
    subject {bytes} PRIMARY KEY,
    failures integer NOT NULL,
    last_at {instant} NOT NULL,
    next_at {instant} NOT NULL
) {clustered};
ALTER TABLE token ADD COLUMN name text NOT NULL DEFAULT '';
ALTER TABLE token ADD COLUMN scopes text NOT NULL DEFAULT 'read change room refer follow';
ALTER TABLE token ADD COLUMN revoked_at {instant};
ALTER TABLE token ADD COLUMN last_used_at {instant};
";

pub(crate) const MIGRATION: Plain = Plain::new("m0003_accounts", UP);
