//! GraphQL over HTTP, as the draft says: POST only, one request at a time, limits on everything.
//!
//! The library's own endpoint would run mutations over GET, take `text/plain` and batches, and has no limit on
//! aliases; so this one is ours.

use std::{sync::Arc, time::Duration};

use async_graphql::{
    Executor, Request as GraphQlRequest, Response as GraphQlResponse, Value, Variables,
    dataloader::DataLoader,
    parser::{Error as ParseError, parse_query, types::ExecutableDocument},
};
use poem::{
    Endpoint, IntoResponse, Request, Response, Route,
    endpoint::make,
    http::{HeaderMap, Method, StatusCode, header},
};
use safespace_domain::access::{Actor, Role};
use safespace_edge::{Edge, Introspection, guarded};
use safespace_engine::{Engine, Fault};
use serde_json::{Map, Value as Json, json};
use tokio::io::AsyncReadExt as _;

use crate::{
    cookies,
    documents::Documents,
    echo::Vocabulary,
    households::HouseholdLoader,
    limits::{check_document, check_text},
    order::put_in_order,
    partner, partner_sdl,
    scalars::DATE_HINT,
    schema, sdl, websocket,
};

/// The largest body.
pub(crate) const LARGEST_BODY: usize = 256 * 1024;
/// So much of a larger body is read and passed over.
const MOST_PASSED_OVER: u64 = 32 << 20;
/// The longest that one request may take.
const LONGEST: Duration = Duration::from_secs(10);

/// The code of what is wrong with a query.
const UNREADABLE: &str = "BAD_USER_INPUT";

const RESPONSE_JSON: &str = "application/graphql-response+json; charset=utf-8";
pub(crate) const PLAIN_JSON: &str = "application/json; charset=utf-8";

/// Everything that programs are answered to over HTTP, behind the gate.
pub fn routes(engine: &Arc<Engine>, edge: &Edge) -> impl Endpoint<Output = Response> + use<> {
    guarded(api(engine, edge), edge)
}

/// The same before the gate, for whoever has more to put behind it.
pub fn api(engine: &Arc<Engine>, edge: &Edge) -> Route {
    let open = edge.introspection;
    let api = Api::new(schema(engine, open), engine, Door::Staff, with_households, &sdl(), open);
    let api = Arc::new(api);
    let partners = partner::schema(engine, open);
    let partners = Api::new(partners, engine, Door::Partners, |request, _, _| request, &partner_sdl(), open);
    let partners = Arc::new(partners);
    let over_websocket = Arc::clone(&api);
    let ready = Arc::clone(engine);
    Route::new()
        .at("/graphql", make(move |request| Arc::clone(&api).post(request)))
        .at("/partner/graphql", make(move |request| Arc::clone(&partners).post(request)))
        .at("/graphql/ws", make(move |request| websocket::serve(Arc::clone(&over_websocket), request)))
        .at("/livez", make(|_| async { "alive\n" }))
        .at(
            "/readyz",
            make(move |_| {
                let engine = Arc::clone(&ready);
                async move {
                    match engine.ready().await {
                        Ok(()) => "ready\n".into_response(),
                        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
                            .into_response(),
                    }
                }
            }),
        )
        .at("/about", make(|_| async { ABOUT }))
}

const ABOUT: &str = "safespace\n\nThe API is at POST /graphql, with a bearer token; changes of the board at /graphql/ws.\n\
     Partner councils have an API of their own, at POST /partner/graphql.\n";

/// For whom an API is. Whoever comes to the wrong one is turned away before anything of their request is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// The service's own people.
    Staff,
    /// Partner councils.
    Partners,
}

impl Door {
    /// Turns away whoever belongs at the other one.
    pub(crate) fn admit(self, actor: &Actor) -> Result<(), Rejected> {
        let why = match (self, actor.role) {
            (Self::Staff, Role::Partner) => {
                "This API is for the service's own people: partner councils use POST /partner/graphql."
            }
            (Self::Partners, Role::Officer | Role::Manager | Role::Administrator) => {
                "This API is for partner councils: use POST /graphql."
            }
            (Self::Staff, _) | (Self::Partners, Role::Partner) => return Ok(()),
        };
        Err(Rejected(StatusCode::FORBIDDEN, "FORBIDDEN", why.into()))
    }
}

/// Gives a request what the resolvers of its schema need besides the engine and the actor.
type Equip = fn(GraphQlRequest, &Arc<Engine>, &Arc<Actor>) -> GraphQlRequest;

/// A loader for each request, so that what one may see is never kept for another.
fn with_households(request: GraphQlRequest, engine: &Arc<Engine>, actor: &Arc<Actor>) -> GraphQlRequest {
    let loader = HouseholdLoader { engine: Arc::clone(engine), actor: Arc::clone(actor) };
    request.data(DataLoader::new(loader, tokio::spawn))
}

/// A schema, served by the rules that hold for every one.
pub(crate) struct Api<S> {
    pub(crate) schema: S,
    pub(crate) engine: Arc<Engine>,
    door: Door,
    equip: Equip,
    documents: Documents,
    vocabulary: Vocabulary,
    introspection: Introspection,
}

/// A request that never reached the schema: its status, code and sentence.
pub(crate) struct Rejected(StatusCode, &'static str, String);

impl Rejected {
    fn bad(message: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, "BAD_REQUEST", message.into())
    }

    /// A page of another site wants to open a connection.
    pub(crate) fn of_another_site() -> Self {
        Self(
            StatusCode::FORBIDDEN,
            "FORBIDDEN",
            "This connection is for programs, and for pages of this site: it comes from a page of another one.".into(),
        )
    }

    /// A query that does not parse. The library would say so with the line that it stumbled on.
    fn unreadable(error: &ParseError) -> Self {
        let message = match (error, error.positions().next()) {
            (ParseError::MultipleOperations { .. } | ParseError::OperationDuplicated { .. }, _) => {
                "Give each operation a name of its own.".into()
            }
            (ParseError::FragmentDuplicated { .. }, _) => "Give each fragment a name of its own.".into(),
            (_, Some(at)) => {
                format!("This is no GraphQL from line {}, column {} on.", at.line, at.column)
            }
            (_, None) => "The query must be a GraphQL document with an operation.".into(),
        };
        Self(StatusCode::BAD_REQUEST, UNREADABLE, message)
    }

    /// A query that was not executed is an ordinary answer to those who know only the older type.
    fn in_terms_of(mut self, content_type: &str) -> Self {
        if self.1 == UNREADABLE && content_type == PLAIN_JSON {
            self.0 = StatusCode::OK;
        }
        self
    }

    /// The sentence.
    pub(crate) fn message(&self) -> &str {
        &self.2
    }
}

impl<S: Executor> Api<S> {
    fn new(
        schema: S,
        engine: &Arc<Engine>,
        door: Door,
        equip: Equip,
        sdl: &str,
        introspection: Introspection,
    ) -> Self {
        let documents = Documents::new();
        let vocabulary = Vocabulary::of(sdl);
        Self { schema, engine: Arc::clone(engine), door, equip, documents, vocabulary, introspection }
    }

    async fn post(self: Arc<Self>, mut request: Request) -> Response {
        let content_type = match answer_type(request.headers()) {
            Ok(content_type) => content_type,
            Err(rejected) => return reject(&rejected, PLAIN_JSON),
        };
        match self.read(&mut request).await {
            Ok((graphql, document)) => self.answer(graphql, document, content_type).await,
            Err(rejected) => {
                let rejected = rejected.in_terms_of(content_type);
                let mut response = reject(&rejected, content_type);
                let (name, value) = match rejected.0 {
                    StatusCode::METHOD_NOT_ALLOWED => (header::ALLOW, "POST"),
                    StatusCode::UNAUTHORIZED => (header::WWW_AUTHENTICATE, "Bearer"),
                    _ => return response,
                };
                response.headers_mut().insert(name, header::HeaderValue::from_static(value));
                response
            }
        }
    }

    /// Reads a request, in the order in which it can be wrong.
    async fn read(
        &self,
        request: &mut Request,
    ) -> Result<(GraphQlRequest, Arc<ExecutableDocument>), Rejected> {
        if request.method() != Method::POST {
            return Err(Rejected(
                StatusCode::METHOD_NOT_ALLOWED,
                "METHOD_NOT_ALLOWED",
                "Send queries by POST: a URL would put what they ask into logs.".into(),
            ));
        }
        let Some(actor) = self.actor(request.headers()).await? else {
            return Err(Rejected(
                StatusCode::UNAUTHORIZED,
                "UNAUTHENTICATED",
                "Sign in: send a bearer token in the Authorization header.".into(),
            ));
        };
        let sent = request.header(header::CONTENT_TYPE).unwrap_or_default();
        if !is_json(sent) {
            return Err(Rejected(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UNSUPPORTED_MEDIA_TYPE",
                "Send the request as application/json in UTF-8.".into(),
            ));
        }
        let body = whole_body(request).await?;
        let (query, mut graphql) = parameters(&body)?;
        let document = self.document(&query)?;
        graphql.set_parsed_query((*document).clone());
        Ok(((self.equip)(graphql, &self.engine, &actor).data(actor), document))
    }

    /// Who sent the request; none where nobody is known by it. Refused when they belong at another door.
    pub(crate) async fn actor(&self, headers: &HeaderMap) -> Result<Option<Arc<Actor>>, Rejected> {
        let Some(token) =
            headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer)
        else {
            let found = cookies::signed_in(&self.engine, headers).await;
            return self.admitted(found);
        };
        self.known(token).await
    }

    /// Who holds the token, as [`Api::actor`] says it.
    pub(crate) async fn known(&self, token: &str) -> Result<Option<Arc<Actor>>, Rejected> {
        let found = self.engine.authenticate(token).await;
        self.admitted(found)
    }

    fn admitted(&self, found: Result<Option<Arc<Actor>>, Fault>) -> Result<Option<Arc<Actor>>, Rejected> {
        let found = found.map_err(|fault| {
            tracing::error!(%fault, "a credential could not be checked");
            Rejected(
                StatusCode::SERVICE_UNAVAILABLE,
                "UNAVAILABLE",
                "The service can't answer now: try again.".into(),
            )
        })?;
        if let Some(actor) = &found {
            self.door.admit(actor).inspect_err(|_| self.engine.note_wrong_door(actor))?;
        }
        Ok(found)
    }

    /// The parsed document, from memory where it was seen before. Refused where it does not parse or is too much.
    pub(crate) fn document(&self, query: &str) -> Result<Arc<ExecutableDocument>, Rejected> {
        if let Some(known) = self.documents.get(query) {
            return Ok(known);
        }
        check_text(query).map_err(Rejected::bad)?;
        let document = parse_query(query).map(Arc::new).map_err(|error| Rejected::unreadable(&error))?;
        check_document(&document, self.introspection).map_err(Rejected::bad)?;
        self.documents.keep(query, &document);
        Ok(document)
    }

    /// Every error says its kind; what the library found wrong is the caller's mistake, and is not said back.
    pub(crate) fn name_codes(&self, response: &mut GraphQlResponse) {
        for error in &mut response.errors {
            let extensions = error.extensions.get_or_insert_default();
            if extensions.get("code").is_some() {
                continue;
            }
            extensions.set("code", UNREADABLE);
            error.message = self.vocabulary.clean(&error.message);
            if error.message.ends_with(r#"expected type "Date""#) {
                error.message = format!("{}: {DATE_HINT}.", error.message);
            }
        }
    }

    async fn answer(
        &self,
        request: GraphQlRequest,
        document: Arc<ExecutableDocument>,
        content_type: &'static str,
    ) -> Response {
        let operation = request.operation_name.clone();
        // In a task of its own: a command goes on to its end even when the caller hangs up.
        let schema = self.schema.clone();
        let task = tokio::spawn(async move { schema.execute(request).await });
        match tokio::time::timeout(LONGEST, task).await {
            Ok(Ok(mut response)) => {
                put_in_order(&mut response, &document, operation.as_deref());
                self.name_codes(&mut response);
                respond(&response, content_type)
            }
            Ok(Err(_)) => {
                tracing::error!("a request panicked");
                let failed =
                    Rejected(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "Something failed here.".into());
                reject(&failed, content_type)
            }
            Err(_) => {
                let late = Rejected(
                    StatusCode::GATEWAY_TIMEOUT,
                    "TIMEOUT",
                    "This took too long: ask for less.".into(),
                );
                reject(&late, content_type)
            }
        }
    }
}

/// The body, unless it is too large. Then the rest is read, too, as far as that is reasonable: a caller who is still
/// sending would not see the answer.
async fn whole_body(request: &mut Request) -> Result<Vec<u8>, Rejected> {
    let mut reader = Box::pin(request.take_body().into_async_read());
    let mut body = Vec::new();
    let mut some = (&mut reader).take(LARGEST_BODY as u64 + 1);
    let read = some.read_to_end(&mut body);
    let Ok(read) = tokio::time::timeout(LONGEST, read).await else {
        return Err(Rejected(
            StatusCode::REQUEST_TIMEOUT,
            "TIMEOUT",
            "The body took too long to come: send it again.".into(),
        ));
    };
    read.map_err(|_| Rejected::bad("The body broke off."))?;
    if body.len() <= LARGEST_BODY {
        return Ok(body);
    }
    // Whoever hangs up meanwhile needs no answer.
    let _ = tokio::io::copy(&mut reader.take(MOST_PASSED_OVER), &mut tokio::io::sink()).await;
    Err(Rejected(
        StatusCode::PAYLOAD_TOO_LARGE,
        "TOO_LARGE",
        format!("The request is larger than {} KiB: send less at once.", LARGEST_BODY / 1024),
    ))
}

/// The token of an `Authorization: Bearer` value.
pub(crate) fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

/// Whether the body is said to be JSON in UTF-8.
pub(crate) fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let utf8 = parts.all(|part| match part.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    json && utf8
}

/// In which of the two types the caller wants its answer.
fn answer_type(headers: &HeaderMap) -> Result<&'static str, Rejected> {
    let Some(accept) = headers.get(header::ACCEPT) else { return Ok(PLAIN_JSON) };
    let accept = accept.to_str().unwrap_or_default().to_ascii_lowercase();
    let kinds: Vec<&str> =
        accept.split(',').filter_map(|part| part.split(';').next()).map(str::trim).collect();
    // Who names neither is taken for one of the many that know only the older type.
    if kinds.contains(&"application/graphql-response+json") {
        Ok(RESPONSE_JSON)
    } else if kinds.iter().any(|kind| matches!(*kind, "application/json" | "application/*" | "*/*")) {
        Ok(PLAIN_JSON)
    } else {
        Err(Rejected(
            StatusCode::NOT_ACCEPTABLE,
            "NOT_ACCEPTABLE",
            "Answers are application/graphql-response+json or application/json: accept one of them.".into(),
        ))
    }
}

/// The query and the request that it makes, with its variables.
pub(crate) fn parameters(body: &[u8]) -> Result<(String, GraphQlRequest), Rejected> {
    let json: Json = serde_json::from_slice(body).map_err(|_| Rejected::bad("The body is not JSON."))?;
    let Json::Object(mut fields) = json else {
        return Err(Rejected::bad(
            "The body must be one JSON object with a query; requests in batches are not taken.",
        ));
    };
    let Some(Json::String(query)) = fields.remove("query") else {
        return Err(Rejected::bad("The body needs a `query`, which is a string."));
    };
    let mut graphql = GraphQlRequest::new(query.clone());
    if let Some(name) = optional(&mut fields, "operationName", Json::is_string, "a string")? {
        graphql = graphql.operation_name(name.as_str().unwrap_or_default());
    }
    if let Some(variables) = optional(&mut fields, "variables", Json::is_object, "an object")? {
        graphql = graphql.variables(Variables::from_json(variables));
    }
    optional(&mut fields, "extensions", Json::is_object, "an object")?;
    Ok((query, graphql))
}

fn optional(
    fields: &mut Map<String, Json>,
    name: &str,
    fits: impl Fn(&Json) -> bool,
    kind: &str,
) -> Result<Option<Json>, Rejected> {
    match fields.remove(name) {
        None | Some(Json::Null) => Ok(None),
        Some(value) if fits(&value) => Ok(Some(value)),
        Some(_) => Err(Rejected::bad(format!("`{name}` must be {kind}."))),
    }
}

/// The answer of the schema. A request that was never executed has no `data`, and is the caller's mistake.
fn respond(response: &GraphQlResponse, content_type: &'static str) -> Response {
    let executed = response.errors.iter().any(|error| !error.path.is_empty()) || response.data != Value::Null;
    let (status, body) = if executed || response.errors.is_empty() {
        (StatusCode::OK, serde_json::to_vec(response))
    } else {
        let status = if content_type == RESPONSE_JSON { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        (status, serde_json::to_vec(&json!({ "errors": response.errors })))
    };
    Response::builder().status(status).content_type(content_type).body(body.unwrap_or_default())
}

pub(crate) fn reject(Rejected(status, code, message): &Rejected, content_type: &'static str) -> Response {
    let body = json!({ "errors": [{ "message": message, "extensions": { "code": code } }] });
    Response::builder().status(*status).content_type(content_type).body(body.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_in_utf_8_is_taken() {
        assert!(is_json("application/json"));
        assert!(is_json("application/json; charset=UTF-8"));
        assert!(!is_json("application/json; charset=latin1"));
        assert!(!is_json("text/plain"));
        assert_eq!(bearer("bearer abc"), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
    }
}
