//! That support is not wanted any more after a stay is what somebody said. Until now it was also kept where nobody had said
//! anything, so what is there counts as not said.

use crate::Plain;

const UP: &str = "
ALTER TABLE departure ADD COLUMN not_wanted_said boolean NOT NULL DEFAULT false;
";

pub(crate) const MIGRATION: Plain = Plain::new("m0021_support_not_wanted", UP);
