//! Figures for whoever runs the service, as Prometheus reads them. Nothing in them is about people: no path that
//! somebody made up, no address, no credential.

use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use poem::{Endpoint, Response, endpoint::make_sync, http::StatusCode};

use crate::headers::{Transport, protect};

/// The paths that are told apart. All others share one label: what people type into an address is theirs.
const ROUTES: [&str; 14] = [
    "/",
    "/sign-in",
    "/sign-in/code",
    "/confirm",
    "/sessions",
    "/password",
    "/subject-access",
    "/graphql",
    "/graphql/ws",
    "/partner/graphql",
    "/livez",
    "/readyz",
    "/metrics",
    "other",
];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/// The upper ends of the histogram, in milliseconds, as seconds are written.
const BUCKETS: [(u64, &str); 9] = [
    (1, "0.001"),
    (5, "0.005"),
    (10, "0.01"),
    (50, "0.05"),
    (100, "0.1"),
    (500, "0.5"),
    (1_000, "1"),
    (5_000, "5"),
    (10_000, "10"),
];

/// A limit on how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Credential,
    Address,
}

/// One of the paths that are told apart.
#[derive(Clone, Copy)]
pub(crate) struct RouteLabel(usize);

impl RouteLabel {
    pub(crate) fn of(path: &str) -> Self {
        Self(ROUTES.iter().position(|route| *route == path).unwrap_or(ROUTES.len() - 1))
    }
}

#[derive(Default)]
struct OfRoute {
    classes: [AtomicU64; CLASSES.len()],
    buckets: [AtomicU64; BUCKETS.len()],
    microseconds: AtomicU64,
}

/// What is counted since the start.
#[derive(Default)]
pub struct Metrics {
    routes: [OfRoute; ROUTES.len()],
    in_flight: AtomicI64,
    limited_by_credential: AtomicU64,
    limited_by_address: AtomicU64,
    connections: AtomicI64,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

/// Something that is under way until this goes.
pub(crate) struct UnderWay<'m>(&'m AtomicI64);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Metrics {
    /// A connection was opened.
    pub fn connection_opened(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    /// One that was opened was closed.
    pub fn connection_closed(&self) {
        self.connections.fetch_sub(1, Relaxed);
    }

    pub(crate) fn request(&self) -> UnderWay<'_> {
        self.in_flight.fetch_add(1, Relaxed);
        UnderWay(&self.in_flight)
    }

    pub(crate) fn answered(&self, route: RouteLabel, status: StatusCode, took: Duration) {
        let Some(counts) = self.routes.get(route.0) else { return };
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(count) = counts.classes.get(class) {
            count.fetch_add(1, Relaxed);
        }
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let fits = BUCKETS.iter().position(|(most, _)| milliseconds < *most);
        if let Some(count) = fits.and_then(|bucket| counts.buckets.get(bucket)) {
            count.fetch_add(1, Relaxed);
        }
        counts.microseconds.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    pub(crate) fn limited(&self, limit: Limit) {
        match limit {
            Limit::Credential => &self.limited_by_credential,
            Limit::Address => &self.limited_by_address,
        }
        .fetch_add(1, Relaxed);
    }

    /// The figures as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string can't fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let head = |text: &mut String, name: &str, kind: &str, help: &str| {
            write!(text, "# HELP safespace_{name} {help}\n# TYPE safespace_{name} {kind}\n")
        };
        head(text, "build_info", "gauge", "The version that runs.")?;
        writeln!(text, "safespace_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"))?;
        head(text, "http_requests_total", "counter", "Requests answered, by route and class of status.")?;
        for (route, counts) in ROUTES.iter().zip(&self.routes) {
            for (class, count) in CLASSES.iter().zip(&counts.classes) {
                let n = count.load(Relaxed);
                writeln!(text, "safespace_http_requests_total{{route=\"{route}\",status=\"{class}\"}} {n}")?;
            }
        }
        let name = "http_request_duration_seconds";
        head(text, name, "histogram", "How long answers took.")?;
        for (route, counts) in ROUTES.iter().zip(&self.routes) {
            let mut within = 0;
            for ((_, most), count) in BUCKETS.iter().zip(&counts.buckets) {
                within += count.load(Relaxed);
                writeln!(text, "safespace_{name}_bucket{{route=\"{route}\",le=\"{most}\"}} {within}")?;
            }
            let all = counts.classes.iter().map(|count| count.load(Relaxed)).sum::<u64>().max(within);
            let took = counts.microseconds.load(Relaxed);
            let (seconds, rest) = (took / 1_000_000, took % 1_000_000);
            writeln!(text, "safespace_{name}_bucket{{route=\"{route}\",le=\"+Inf\"}} {all}")?;
            writeln!(text, "safespace_{name}_sum{{route=\"{route}\"}} {seconds}.{rest:06}")?;
            writeln!(text, "safespace_{name}_count{{route=\"{route}\"}} {all}")?;
        }
        head(text, "http_requests_in_flight", "gauge", "Requests that are being answered.")?;
        writeln!(text, "safespace_http_requests_in_flight {}", self.in_flight.load(Relaxed))?;
        head(text, "http_connections", "gauge", "Connections that are open.")?;
        writeln!(text, "safespace_http_connections {}", self.connections.load(Relaxed))?;
        head(text, "http_rate_limited_total", "counter", "Requests that came too often, by which limit.")?;
        for (by, count) in
            [("credential", &self.limited_by_credential), ("address", &self.limited_by_address)]
        {
            writeln!(text, "safespace_http_rate_limited_total{{by=\"{by}\"}} {}", count.load(Relaxed))?;
        }
        Ok(())
    }
}

/// The answer of `/metrics`.
pub(crate) fn answer(metrics: &Metrics) -> Response {
    Response::builder().content_type("text/plain; version=0.0.4; charset=utf-8").body(metrics.text())
}

/// `/metrics` for an address of its own, where whoever reaches it may read it.
pub fn endpoint(metrics: Arc<Metrics>) -> impl Endpoint<Output = Response> {
    make_sync(move |request| {
        let mut response = if request.uri().path() == "/metrics" {
            answer(&metrics)
        } else {
            poem::Error::from(poem::error::NotFoundError).into_response()
        };
        protect(response.headers_mut(), Transport::Plain);
        response
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_somebody_made_up_share_one_label() {
        let metrics = Metrics::default();
        metrics.answered(
            RouteLabel::of("/12-secret-street"),
            StatusCode::NOT_FOUND,
            Duration::from_millis(7),
        );
        metrics.answered(RouteLabel::of("/graphql"), StatusCode::OK, Duration::from_mins(1));
        let text = metrics.text();
        assert!(!text.contains("secret"), "{text}");
        assert!(text.contains("safespace_http_requests_total{route=\"other\",status=\"4xx\"} 1\n"), "{text}");
        assert!(text.contains("_bucket{route=\"other\",le=\"0.005\"} 0\n"), "{text}");
        assert!(text.contains("_bucket{route=\"other\",le=\"0.01\"} 1\n"), "{text}");
        assert!(text.contains("_sum{route=\"/graphql\"} 60.000000\n"), "{text}");
    }

    #[test]
    fn what_is_under_way_is_counted_until_it_ends() {
        let metrics = Metrics::default();
        let request = metrics.request();
        assert!(metrics.text().contains("safespace_http_requests_in_flight 1\n"));
        drop(request);
        assert!(metrics.text().contains("safespace_http_requests_in_flight 0\n"));
    }
}
