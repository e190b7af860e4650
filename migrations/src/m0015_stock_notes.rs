//! Why a count differs or something is thrown away, in words, where the reason is none of the list. Sealed.

use crate::Plain;

const UP: &str = "
ALTER TABLE stock_entry ADD COLUMN note {bytes};
";

pub(crate) const MIGRATION: Plain = Plain::new("m0015_stock_notes", UP);
