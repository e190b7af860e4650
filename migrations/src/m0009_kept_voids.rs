//! Voids that only whoever recorded them may change.

use crate::Plain;

const UP: &str = "
ALTER TABLE void ADD COLUMN kept_by {uuid};
";

pub(crate) const MIGRATION: Plain = Plain::new("m0009_kept_voids", UP);
