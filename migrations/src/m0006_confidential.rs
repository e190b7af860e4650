//! Addresses and personal details, sealed; who had which revealed; how long what is kept.

use crate::Plain;

const UP: &str = "
CREATE TABLE property_address (
    property_id {uuid} PRIMARY KEY REFERENCES property (id),
    sealed {bytes} NOT NULL,
    saved_at {instant} NOT NULL
) {clustered};
CREATE TABLE household_detail (
    household_id {uuid} NOT NULL REFERENCES household (id),
    kind text NOT NULL CHECK (kind IN ('name', 'contact', 'note')),
    sealed {bytes} NOT NULL,
    blind {bytes},
    saved_at {instant} NOT NULL,
    PRIMARY KEY (household_id, kind)
) {clustered};
CREATE INDEX household_detail_blind ON household_detail (blind) WHERE blind IS NOT NULL;
ALTER TABLE household ADD COLUMN erased_at {instant};
CREATE TABLE reveal (
    id {uuid} PRIMARY KEY,
    by_id {uuid} NOT NULL,
    at {instant} NOT NULL
);
CREATE INDEX reveal_by ON reveal (by_id, at);
CREATE TABLE notice (
    id {uuid} PRIMARY KEY,
    at {instant} NOT NULL,
    kind text NOT NULL,
    subject_id {uuid} NOT NULL,
    by_id {uuid},
    seen_at {instant},
    seen_by {uuid}
);
CREATE INDEX notice_unseen ON notice (at) WHERE seen_at IS NULL;
CREATE TABLE retention_policy (
    kind text PRIMARY KEY,
    days integer NOT NULL CHECK (days > 0)
);
";

pub(crate) const MIGRATION: Plain = Plain::new("m0006_confidential", UP);
