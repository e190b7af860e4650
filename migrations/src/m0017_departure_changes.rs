//! What was changed about the day on which a stay was to end: one row for each extension or shortening.
//!
//! The stay itself has only what is planned now. What had been planned first, and what was planned on a day that is
//! past, follow from these; of stays from before this migration they are not known, and none is made up.

use crate::Plain;

const UP: &str = "
CREATE TABLE departure_change (
    id {uuid} PRIMARY KEY,
    stay_id {uuid} NOT NULL REFERENCES stay (id),
    at {instant} NOT NULL,
    departure_before {date} NOT NULL,
    departure_after {date} NOT NULL,
    CONSTRAINT departure_change_differs CHECK (departure_before <> departure_after)
);
CREATE INDEX departure_change_of ON departure_change (stay_id, id);
CREATE INDEX departure_change_at ON departure_change (at, id);
";

pub(crate) const MIGRATION: Plain = Plain::new("m0017_departure_changes", UP);
