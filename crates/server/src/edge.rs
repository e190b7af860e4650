//! The switches and limits of `safespace serve` towards the network.

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use clap::Args;
use safespace_edge::{Edge, Introspection, Metrics, MetricsPlace, REQUESTS_PER_SECOND, metrics_endpoint};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::{
    config::Place,
    connections::{self, Bounds, Entrance},
    failure::Failure,
    print::say,
    serve::told_to_stop,
    tls,
};

/// The heading in the help.
const NETWORK: &str = "The network";
/// The answer to whoever reads figures is ready at once.
const GRACE_FOR_METRICS: Duration = Duration::from_secs(1);

/// What the network sees of the service.
#[derive(Args)]
#[command(next_help_heading = NETWORK)]
pub struct EdgeArguments {
    /// Serve HTTPS with this certificate: a PEM file, with those that it follows from after it.
    #[arg(long, env = "SAFESPACE_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key: a PEM file that only its owner can read.
    #[arg(long, env = "SAFESPACE_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The address of a proxy in front, whose X-Forwarded-For and X-Forwarded-Proto are believed. Several with
    /// commas between them.
    #[arg(long, env = "SAFESPACE_TRUSTED_PROXY", value_delimiter = ',')]
    trusted_proxy: Vec<IpAddr>,
    /// So many requests a second may come with one credential, and four times as many from one address; 0 for any
    /// number.
    #[arg(long, env = "SAFESPACE_REQUESTS_PER_SECOND", default_value_t = REQUESTS_PER_SECOND)]
    requests_per_second: u32,
    /// So many connections may be open at a time; who comes then waits.
    #[arg(long, env = "SAFESPACE_CONNECTIONS", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    connections: u32,
    /// So many of these from one address that is neither this machine's nor a trusted proxy's.
    #[arg(long, env = "SAFESPACE_CONNECTIONS_PER_ADDRESS", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    connections_per_address: u32,
    /// In so many seconds a request's headers must have come; as long may a connection be idle.
    #[arg(long, env = "SAFESPACE_HEADERS_WITHIN", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    headers_within: u32,
    /// Give the figures of /metrics at this address and port, and nowhere else. Without it, they are beside the API
    /// for callers on this machine.
    #[arg(long, env = "SAFESPACE_METRICS_LISTEN")]
    metrics_listen: Option<SocketAddr>,
    /// Let programs ask the API what it holds, as a demonstration does. The schema is published anyway.
    #[arg(long, env = "SAFESPACE_INTROSPECTION")]
    introspection: bool,
}

impl EdgeArguments {
    /// The edge that they ask for.
    pub fn edge(&self, place: &Place) -> Edge {
        let open = self.introspection || place.demo;
        Edge {
            introspection: if open { Introspection::Open } else { Introspection::Closed },
            requests_per_second: NonZeroU32::new(self.requests_per_second),
            trusted_proxies: self.proxies(),
            metrics_place: self.metrics_listen.map_or(MetricsPlace::Here, |_| MetricsPlace::Elsewhere),
            ..Edge::default()
        }
    }

    fn proxies(&self) -> Vec<IpAddr> {
        self.trusted_proxy.iter().map(IpAddr::to_canonical).collect()
    }

    /// What makes TLS of connections, where that is asked for.
    pub fn tls(&self) -> Result<Option<TlsAcceptor>, Failure> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => tls::acceptor(certificate, key).map(Some),
            _ => Ok(None),
        }
    }

    /// What is asked of connections.
    pub fn bounds(&self) -> Bounds {
        let count = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        Bounds {
            most: count(self.connections),
            most_of_one: count(self.connections_per_address),
            proxies: self.proxies(),
            head_within: Duration::from_secs(self.headers_within.into()),
        }
    }

    /// Gives the figures at an address of their own, where one is named, until this program ends.
    pub async fn serve_metrics(&self, metrics: &Arc<Metrics>) -> Result<(), Failure> {
        let Some(address) = self.metrics_listen else { return Ok(()) };
        let listener = bind(address, "--metrics-listen").await?;
        let address = listener.local_addr().unwrap_or(address);
        // Whoever started us may not read: the service runs all the same.
        let _ = say(&format!("Metrics at http://{address}/metrics\n"));
        let entrance =
            Entrance { listener, tls: None, bounds: self.bounds(), metrics: Arc::new(Metrics::default()) };
        let figures = metrics_endpoint(Arc::clone(metrics));
        tokio::spawn(connections::serve(entrance, figures, told_to_stop(), GRACE_FOR_METRICS));
        Ok(())
    }
}

/// A socket at an address, or a sentence.
pub async fn bind(address: SocketAddr, option: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::failed(format!("can't listen on {address}: {error}; choose another with {option}"))
    })
}
