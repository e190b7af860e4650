//! What stands between the network and the fronts, the same for the API and the pages: the headers of every answer,
//! limits on how often one credential or address may ask, and figures for whoever runs the service.
//!
//! It knows nothing of what is asked: no query, no path beyond the few that are published, nobody's name.

mod browser;
mod gate;
mod headers;
mod metrics;
mod peer;
mod rates;

use std::{net::IpAddr, num::NonZeroU32, sync::Arc};

pub use browser::{SESSION_COOKIE, comes_from_elsewhere, cookie, is_same_origin};
pub use gate::guarded;
pub use metrics::{Metrics, endpoint as metrics_endpoint};
pub use peer::{network, peer_address};

/// Whether the schemas can be asked what they hold. They are published anyway; a stranger's tools need no help.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Introspection {
    /// They can't.
    #[default]
    Closed,
    /// They can: for demonstrations, and for programs that are being written.
    Open,
}

/// Where `/metrics` is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetricsPlace {
    /// Beside the API, for callers on this machine only. Others find nothing there.
    #[default]
    Here,
    /// At an address of its own.
    Elsewhere,
}

/// Switches and limits.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Whether the schemas can be asked what they hold.
    pub introspection: Introspection,
    /// So many requests a second may come with one credential; four times as many from one address. None: any number.
    pub requests_per_second: Option<NonZeroU32>,
    /// The proxies whose word on where a request comes from is taken.
    pub trusted_proxies: Vec<IpAddr>,
    /// Where `/metrics` is.
    pub metrics_place: MetricsPlace,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

impl Default for Edge {
    fn default() -> Self {
        Self {
            introspection: Introspection::default(),
            requests_per_second: NonZeroU32::new(REQUESTS_PER_SECOND),
            trusted_proxies: Vec::new(),
            metrics_place: MetricsPlace::default(),
            metrics: Arc::default(),
        }
    }
}

/// So many requests a second may come with one credential, where nothing else is said.
pub const REQUESTS_PER_SECOND: u32 = 100;
