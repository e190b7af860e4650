//! Kinds of accommodation, as the statutory return counts them: the list, and which kind schemes and properties are.

use crate::Plain;

const UP: &str = "
CREATE TABLE accommodation_kind (code text PRIMARY KEY, label text NOT NULL);
CREATE TABLE scheme_kind (
    scheme text PRIMARY KEY CHECK (scheme IN ('safe_space', 'move_on')),
    kind text NOT NULL REFERENCES accommodation_kind (code)
);
CREATE TABLE property_kind (
    property_id {uuid} PRIMARY KEY REFERENCES property (id),
    kind text NOT NULL REFERENCES accommodation_kind (code)
) {clustered};
";

pub(crate) const MIGRATION: Plain = Plain::new("m0016_accommodation_kinds", UP);
