//! The switches and limits of `safespace serve` towards the network.

use std::{net::IpAddr, num::NonZeroU32};

use clap::Args;
use safespace_edge::{Edge, Introspection, REQUESTS_PER_SECOND};

use crate::config::Place;

/// What the network sees of the service.
#[derive(Args)]
pub struct EdgeArguments {
    /// Let programs ask the API what it holds, as a demonstration does. The schema is published anyway.
    #[arg(long, env = "SAFESPACE_INTROSPECTION")]
    introspection: bool,
    /// So many requests a second may come with one credential, and four times as many from one address; 0 for any
    /// number.
    #[arg(long, env = "SAFESPACE_REQUESTS_PER_SECOND", default_value_t = REQUESTS_PER_SECOND)]
    requests_per_second: u32,
    /// The address of a proxy in front, whose X-Forwarded-For and X-Forwarded-Proto are believed. May be given
    /// several times.
    #[arg(long, env = "SAFESPACE_TRUSTED_PROXY", value_delimiter = ',')]
    trusted_proxy: Vec<IpAddr>,
}

impl EdgeArguments {
    /// The edge that they ask for.
    pub fn edge(&self, place: &Place) -> Edge {
        let open = self.introspection || place.demo;
        Edge {
            introspection: if open { Introspection::Open } else { Introspection::Closed },
            requests_per_second: NonZeroU32::new(self.requests_per_second),
            trusted_proxies: self.trusted_proxy.iter().map(IpAddr::to_canonical).collect(),
            ..Edge::default()
        }
    }
}
