//! Issuers that people may sign in with (`OpenID` Connect), and whose identity there is which account.

use crate::Plain;

const UP: &str = "
CREATE TABLE issuer (
    id {uuid} PRIMARY KEY,
    name text NOT NULL,
    url text NOT NULL,
    client_id text NOT NULL,
    client_secret {bytes},
    council text,
    made_at {instant} NOT NULL,
    retired_at {instant}
);
CREATE TABLE identity (
    issuer_id {uuid} NOT NULL REFERENCES issuer (id),
    subject text NOT NULL,
    account_id {uuid} NOT NULL REFERENCES account (id),
    linked_at {instant} NOT NULL,
    PRIMARY KEY (issuer_id, subject)
) {clustered};
CREATE TABLE issuer_request (
    state_hash {bytes} PRIMARY KEY,
    issuer_id {uuid} NOT NULL REFERENCES issuer (id),
    sealed {bytes} NOT NULL,
    expires_at {instant} NOT NULL
) {clustered};
";

pub(crate) const MIGRATION: Plain = Plain::new("m0004_issuers", UP);
