//! Cases that are closed to staff with a conflict of interest.

use crate::Plain;

const UP: &str = "
CREATE TABLE restriction (
    household_id {uuid} NOT NULL REFERENCES household (id),
    denied_id {uuid} NOT NULL,
    made_by {uuid} NOT NULL,
    made_at {instant} NOT NULL,
    reason {bytes} NOT NULL,
    PRIMARY KEY (household_id, denied_id)
) {clustered};
";

pub(crate) const MIGRATION: Plain = Plain::new("m0007_restrictions", UP);
