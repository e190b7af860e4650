//! The gate that every request goes through, and every answer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use poem::{
    Endpoint, Request, Response,
    http::{HeaderValue, StatusCode, header, uri::Scheme},
};
use serde_json::json;

use crate::{
    Edge, MetricsPlace,
    headers::{Transport, protect},
    metrics::{self, RouteLabel},
    peer::{self, Peer},
    rates::{Rates, TooMany},
};

/// The longest that anything may take, the reading of what is sent included.
const LONGEST: Duration = Duration::from_secs(30);
/// What is asked to see whether the service is up is answered however often it comes.
const ALWAYS_ANSWERED: &str = "/livez";

/// Puts an endpoint behind the gate. Its faults become answers that say nothing of what happened inside.
pub fn guarded<E: Endpoint<Output = Response>>(
    inner: E,
    edge: &Edge,
) -> impl Endpoint<Output = Response> + use<E> {
    let rates = edge.requests_per_second.map(Rates::new);
    Gate { inner, rates, edge: edge.clone() }
}

struct Gate<E> {
    inner: E,
    rates: Option<Rates>,
    edge: Edge,
}

impl<E: Endpoint<Output = Response>> Endpoint for Gate<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let began = Instant::now();
        let metrics = Arc::clone(&self.edge.metrics);
        let _under_way = metrics.request();
        let route = RouteLabel::of(request.uri().path());
        let socket = peer::socket(&request);
        let trusted = self.edge.trusted_proxies.as_slice();
        let from = peer::behind_proxies(socket, request.headers(), trusted);
        let transport = transport(&request, trusted.contains(&socket));
        request.set_data(Peer(from));
        let mut response = self.answer(request, from).await;
        protect(response.headers_mut(), transport);
        metrics.answered(route, response.status(), began.elapsed());
        Ok(response)
    }
}

impl<E: Endpoint<Output = Response>> Gate<E> {
    async fn answer(&self, request: Request, from: std::net::IpAddr) -> Response {
        let path = request.uri().path().to_owned();
        if path != ALWAYS_ANSWERED
            && let Some(rates) = &self.rates
            && let Err(too_many) = rates.admit(from, request.headers())
        {
            self.edge.metrics.limited(too_many.limit);
            return wait(&too_many, &path);
        }
        if path == "/metrics" {
            return self.metrics(&request, from);
        }
        if let Some(coding) = request.headers().get(header::CONTENT_ENCODING)
            && !coding.as_bytes().eq_ignore_ascii_case(b"identity")
        {
            // A few bytes may stand for gigabytes.
            let why = "Send the body as it is: compressed ones are not taken.";
            return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", why, &path);
        }
        match tokio::time::timeout(LONGEST, self.inner.call(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) if error.status().is_server_error() => {
                tracing::error!(%error, "a request failed");
                refuse(error.status(), "INTERNAL", "Something failed here.", &path)
            }
            Ok(Err(error)) => error.into_response(),
            Err(_) => {
                let why = "This took too long: send less, or ask for less.";
                refuse(StatusCode::REQUEST_TIMEOUT, "TIMEOUT", why, &path)
            }
        }
    }

    /// The figures, for callers on this machine. Who comes through a proxy on it is not on it.
    fn metrics(&self, request: &Request, from: std::net::IpAddr) -> Response {
        let here = self.edge.metrics_place == MetricsPlace::Here;
        if here && from.is_loopback() && !peer::was_forwarded(request.headers()) {
            metrics::answer(&self.edge.metrics)
        } else {
            poem::Error::from(poem::error::NotFoundError).into_response()
        }
    }
}

/// Over what the request came: as the socket is or, behind a trusted proxy, as that says.
fn transport(request: &Request, from_trusted: bool) -> Transport {
    let forwarded =
        request.header("x-forwarded-proto").is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
    if *request.scheme() == Scheme::HTTPS || (from_trusted && forwarded) {
        Transport::Tls
    } else {
        Transport::Plain
    }
}

fn wait(too_many: &TooMany, path: &str) -> Response {
    let why = "Too many requests: wait a moment, then try again.";
    let mut response = refuse(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY", why, path);
    let seconds = too_many.wait.as_secs().saturating_add(1);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// A refusal: for a program where a program asks, else for a person.
fn refuse(status: StatusCode, code: &str, why: &str, path: &str) -> Response {
    if path.contains("graphql") {
        let body = json!({ "errors": [{ "message": why, "extensions": { "code": code } }] });
        Response::builder()
            .status(status)
            .content_type("application/json; charset=utf-8")
            .body(body.to_string())
    } else {
        Response::builder().status(status).content_type("text/plain; charset=utf-8").body(format!("{why}\n"))
    }
}
