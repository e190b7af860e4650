//! The daily sheet: to be printed, for when the power or the network is out.

use std::sync::Arc;

use crate::{Pages, Site};

/// The pages.
pub(crate) const fn pages(_: &Arc<Site>) -> Pages {
    Vec::new()
}
