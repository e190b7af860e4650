//! Who is helped, as counts, and the lines of the statutory return.

use crate::Plain;

/// The table of reasons is made anew: which lists there are is a check, which SQLite can't change.
const UP: &str = "
CREATE TABLE reason_new (
    kind text NOT NULL CONSTRAINT reason_kind CHECK (kind IN ('decline', 'destination', 'closing', 'next_step',
        'immediate_need', 'topic', 'group_offer', 'characteristic')),
    code text NOT NULL,
    label text NOT NULL,
    counts_as text,
    due_hours integer,
    PRIMARY KEY (kind, code),
    CONSTRAINT reason_due_hours CHECK (due_hours IS NULL OR (kind = 'immediate_need' AND due_hours > 0))
) {clustered};
INSERT INTO reason_new (kind, code, label, counts_as, due_hours)
    SELECT kind, code, label, counts_as, due_hours FROM reason;
DROP TABLE reason;
ALTER TABLE reason_new RENAME TO reason;
CREATE TABLE return_line (
    section text NOT NULL CONSTRAINT return_line_section CHECK (section IN ('supported', 'characteristic',
        'not_supported', 'ending')),
    code text NOT NULL,
    place integer NOT NULL CONSTRAINT return_line_place CHECK (place >= 0),
    label text NOT NULL,
    counts text NOT NULL,
    PRIMARY KEY (section, code),
    CONSTRAINT return_line_order UNIQUE (section, place)
) {clustered};
";

pub(crate) const MIGRATION: Plain = Plain::new("m0018_statutory_return", UP);
