//! Packs, and the templates that they are made by.
//!
//! A template's versions are never changed: a pack keeps the one that it was made by. What is in a pack is in the stock
//! ledger, and what is to be in it follows from its template; what else is said of it is sealed.

use crate::Plain;

const UP: &str = "
CREATE TABLE pack_template (
    id {uuid} PRIMARY KEY,
    code text NOT NULL,
    retired boolean NOT NULL
);
CREATE UNIQUE INDEX pack_template_code ON pack_template (upper(code));
CREATE TABLE pack_template_version (
    template_id {uuid} NOT NULL REFERENCES pack_template (id),
    version integer NOT NULL CONSTRAINT pack_template_version_number CHECK (version > 0),
    name text NOT NULL,
    scheme text CONSTRAINT pack_template_version_scheme CHECK (scheme IN ('safe_space', 'move_on')),
    PRIMARY KEY (template_id, version)
) {clustered};
CREATE TABLE pack_template_line (
    template_id {uuid} NOT NULL,
    version integer NOT NULL,
    no integer NOT NULL CONSTRAINT pack_template_line_no CHECK (no > 0),
    per text NOT NULL,
    quantity integer NOT NULL CONSTRAINT pack_template_line_quantity CHECK (quantity > 0),
    every_nights integer CONSTRAINT pack_template_line_every_nights CHECK (every_nights > 0),
    PRIMARY KEY (template_id, version, no),
    FOREIGN KEY (template_id, version) REFERENCES pack_template_version (template_id, version)
) {clustered};
CREATE TABLE pack_template_item (
    template_id {uuid} NOT NULL,
    version integer NOT NULL,
    no integer NOT NULL,
    rank integer NOT NULL,
    item_id {uuid} NOT NULL REFERENCES item (id),
    PRIMARY KEY (template_id, version, no, rank),
    FOREIGN KEY (template_id, version, no) REFERENCES pack_template_line (template_id, version, no)
) {clustered};
CREATE INDEX pack_template_item_of ON pack_template_item (item_id);
CREATE TABLE pack (
    id {uuid} PRIMARY KEY,
    household_id {uuid} NOT NULL REFERENCES household (id),
    stay_id {uuid} NOT NULL REFERENCES stay (id),
    template_id {uuid} NOT NULL,
    template_version integer NOT NULL,
    nights_before integer NOT NULL CONSTRAINT pack_nights_before CHECK (nights_before >= 0),
    planned_at {instant} NOT NULL,
    status text NOT NULL
        CONSTRAINT pack_status CHECK (status IN ('planned', 'prepared', 'handed_over', 'cancelled')),
    prepared_at {instant},
    ended_at {instant},
    missing integer NOT NULL CONSTRAINT pack_missing CHECK (missing >= 0),
    unmet integer NOT NULL CONSTRAINT pack_unmet CHECK (unmet BETWEEN 0 AND missing),
    words {bytes},
    FOREIGN KEY (template_id, template_version) REFERENCES pack_template_version (template_id, version)
);
CREATE UNIQUE INDEX pack_stay ON pack (stay_id) WHERE status <> 'cancelled';
CREATE INDEX pack_of ON pack (household_id);
CREATE INDEX pack_open ON pack (id) WHERE status IN ('planned', 'prepared');
CREATE INDEX stock_entry_pack ON stock_entry (pack_id) WHERE pack_id IS NOT NULL;
";

pub(crate) const MIGRATION: Plain = Plain::new("m0014_packs", UP);
