//! Extending, shortening and moving a stay: what will happen, then the confirmation.

use std::sync::Arc;

use crate::{Pages, Site};

/// The pages.
pub(crate) const fn pages(_: &Arc<Site>) -> Pages {
    Vec::new()
}
