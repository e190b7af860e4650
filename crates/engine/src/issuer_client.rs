//! Asking an issuer, over HTTP: with bounds on time and size, and without following it to another address.

use std::{future::Future, pin::Pin, time::Duration};

use openidconnect::{
    AsyncHttpClient, DiscoveryError, HttpRequest, HttpResponse, core::CoreProviderMetadata, http,
};
use safespace_domain::issuers::Issuer;

use crate::issuers::issuer_url;

/// So long an issuer may take for one answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 1 << 20;

/// Why nothing came of asking an issuer. Nothing of what it answered is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnswered {
    /// No answer, or none in time.
    #[error("it can’t be reached")]
    Unreachable,
    /// An answer that is too long.
    #[error("its answer is longer than 1 MiB")]
    TooLong,
    /// An answer that is not what the standard says, or another issuer's.
    #[error("what it says of itself can’t be read, or is of another issuer")]
    Unreadable,
    /// An identity that is not signed by it, not for us, too old, or of another sign-in.
    #[error("it did not prove who signed in")]
    NotProven,
}

/// Asks issuers.
pub(crate) struct IssuerClient(reqwest::Client);

impl IssuerClient {
    pub(crate) fn new() -> Result<Self, NotAnswered> {
        // The first one stays: they are all the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            // An issuer could send us on to an address that only we reach.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .build();
        client.map(Self).map_err(|_| NotAnswered::Unreachable)
    }

    /// What an issuer says of itself, and its keys.
    pub(crate) async fn discover(&self, issuer: &Issuer) -> Result<CoreProviderMetadata, NotAnswered> {
        let url = issuer_url(issuer)?;
        CoreProviderMetadata::discover_async(url, self).await.map_err(|error| match error {
            DiscoveryError::Request(why) => why,
            _ => NotAnswered::Unreadable,
        })
    }

    /// Sends what the library asks for.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, NotAnswered> {
        let request = reqwest::Request::try_from(request).map_err(|_| NotAnswered::Unreadable)?;
        let mut response = self.0.execute(request).await.map_err(|_| NotAnswered::Unreachable)?;
        let mut answer = http::Response::builder().status(response.status());
        if let Some(headers) = answer.headers_mut() {
            headers.clone_from(response.headers());
        }
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|_| NotAnswered::Unreachable)? {
            if body.len() + part.len() > LONGEST_ANSWER {
                return Err(NotAnswered::TooLong);
            }
            body.extend_from_slice(&part);
        }
        answer.body(body).map_err(|_| NotAnswered::Unreadable)
    }
}

impl<'c> AsyncHttpClient<'c> for IssuerClient {
    type Error = NotAnswered;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, NotAnswered>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
