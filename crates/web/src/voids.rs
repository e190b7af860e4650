//! Voids: nights on which a home is out of service.

use std::sync::Arc;

use crate::{Pages, Site};

/// The pages.
pub(crate) const fn pages(_: &Arc<Site>) -> Pages {
    Vec::new()
}
