//! The API over real HTTP: a server on a free port, and a client that knows nothing but URLs and JSON.

use std::sync::Arc;

use poem::{
    Server,
    listener::{Acceptor, Listener, TcpListener},
};
use reqwest::{Client, ClientBuilder, Response};
use safespace_edge::Edge;
use safespace_engine::Engine;
use serde_json::{Value as Json, json};

use crate::canary;

/// A client that asks over plain HTTP, and trusts nobody's certificate: stories stay on this machine.
pub fn client() -> ClientBuilder {
    // The first one stays: they are all the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().tls_certs_only([])
}

/// A served API. The server goes when this goes.
pub struct Api {
    /// Where `/graphql` is.
    pub url: String,
    client: Client,
    /// None where another serves.
    serving: Option<tokio::task::JoinHandle<()>>,
}

impl Drop for Api {
    fn drop(&mut self) {
        if let Some(serving) = &self.serving {
            serving.abort();
        }
    }
}

/// The number that the pages tell partner councils.
pub const TELEPHONE: &str = "01632 960 900";

impl Api {
    /// Serves the engine on a free port, to any number of requests.
    pub async fn serve(engine: &Arc<Engine>) -> Self {
        Self::serve_behind(engine, &Edge { requests_per_second: None, ..Edge::default() }).await
    }

    /// Serves the engine on a free port, behind this edge.
    pub async fn serve_behind(engine: &Arc<Engine>, edge: &Edge) -> Self {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
        let address = acceptor.local_addr().first().unwrap().as_socket_addr().copied().unwrap();
        let app = safespace_web::routes(
            safespace_graphql::api(engine, edge),
            engine,
            &format!("http://{address}"),
            Some(TELEPHONE),
        );
        let app = safespace_edge::guarded(app, edge);
        let serving = tokio::spawn(async move {
            Server::new_with_acceptor(acceptor).run(app).await.unwrap();
        });
        Self {
            url: format!("http://{address}/graphql"),
            client: client().build().unwrap(),
            serving: Some(serving),
        }
    }

    /// The API of partner councils, at the same server: it goes when that goes.
    #[must_use]
    pub fn for_partners(&self) -> Self {
        let url = self.url.replace("/graphql", "/partner/graphql");
        Self { url, client: self.client.clone(), serving: None }
    }

    /// Sends a query and returns the response as it is.
    pub async fn post(&self, token: &str, query: &str, variables: Json) -> Response {
        let body = json!({ "query": query, "variables": variables });
        let answer = self.client.post(&self.url).bearer_auth(token).json(&body).send().await.unwrap();
        looked_at(query, answer).await
    }

    /// Sends a query as a page of this site does, in the session that this cookie names.
    pub async fn post_in_session(&self, engine: &Engine, cookie: &str, query: &str) -> Response {
        let url = reqwest::Url::parse(&self.url).unwrap();
        let origin = format!("http://{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let ask = self.client.post(&self.url).header("Cookie", format!("__Host-safespace={cookie}"));
        let ask = ask.header("Origin", origin).header("X-CSRF-Token", engine.forgery_token(cookie).unwrap());
        let answer = ask.json(&json!({ "query": query })).send().await.unwrap();
        looked_at(query, answer).await
    }

    /// Sends a query that must succeed, and returns its data.
    pub async fn ask(&self, token: &str, query: &str, variables: Json) -> Json {
        let answer: Json = self.post(token, query, variables).await.json().await.unwrap();
        assert!(answer.get("errors").is_none(), "{query}\n{answer:#}");
        answer["data"].clone()
    }

    /// Sends a query that must fail, and returns the code and message of its first error.
    pub async fn fails(&self, token: &str, query: &str, variables: Json) -> (String, String) {
        let answer: Json = self.post(token, query, variables).await.json().await.unwrap();
        let error = &answer["errors"][0];
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        assert!(error.is_object(), "{query}\n{answer:#}");
        (text(&error["extensions"]["code"]), text(&error["message"]))
    }

    /// Sends a mutation that takes an input and returns its answer, whatever it is. `fields` are asked for of what
    /// was done.
    pub async fn act(
        &self,
        token: &str,
        mutation: &str,
        input_type: &str,
        input: Json,
        fields: &str,
    ) -> Json {
        let query = format!(
            "mutation($input: {input_type}!) {{ it: {mutation}(input: $input) {{ __typename {fields} \
             ... on Refused {{ code message field inTheWay {{ unit kind whose from to }} nextFree {{ code }} }} }} }}"
        );
        self.ask(token, &query, json!({ "input": input })).await["it"].clone()
    }

    /// A client for requests that are not as they should be.
    pub fn raw(&self) -> &Client {
        &self.client
    }
}

/// The answer, once it was looked through for canaries.
async fn looked_at(query: &str, answer: Response) -> Response {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.unwrap();
    canary::must_not_be_answered(query, &format!("{headers:?}"), &body);
    let mut again = poem::http::Response::new(body);
    *again.status_mut() = status;
    *again.headers_mut() = headers;
    again.into()
}
