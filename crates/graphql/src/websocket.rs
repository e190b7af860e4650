//! Subscriptions, over the `graphql-transport-ws` protocol: nothing but subscriptions, and within the same limits.

use std::{sync::Arc, time::Duration};

use async_graphql::{
    Data, Executor, Request as GraphQlRequest, Response as GraphQlResponse, ServerError,
    dataloader::DataLoader,
    parser::types::{DocumentOperations, ExecutableDocument, OperationType},
};
use async_graphql_poem::{GraphQLProtocol, GraphQLWebSocket};
use futures_util::{
    SinkExt, StreamExt, future,
    stream::{self, BoxStream},
};
use poem::{
    FromRequest, IntoResponse, Request, Response,
    web::websocket::{CloseCode, Message, WebSocket, WebSocketConfig},
};
use safespace_edge::comes_from_elsewhere;
use serde_json::Value as Json;

use crate::{
    Schema,
    endpoint::{Api, LARGEST_BODY, PLAIN_JSON, Rejected, bearer, reject},
    households::HouseholdLoader,
};

/// How long a connection may stay silent before it says who it is.
const INIT_WITHIN: Duration = Duration::from_secs(10);
/// Close codes of the protocol.
const FORBIDDEN: u16 = 4403;
const INIT_TIMEOUT: u16 = 4408;
/// With which code the library closes a connection whose first message it refused.
const LIBRARY_REFUSED: u16 = 1002;

/// Serves one connection; none from a page of another site. The token comes in a header, or in the first message as `{"Authorization": "Bearer …"}`.
pub(crate) async fn serve(api: Arc<Api<Schema>>, request: Request) -> poem::Result<Response> {
    if comes_from_elsewhere(request.headers()) {
        return Ok(reject(&Rejected::of_another_site(), PLAIN_JSON));
    }
    let from_header = match api.actor(request.headers()).await {
        Ok(actor) => actor,
        Err(rejected) => return Ok(reject(&rejected, PLAIN_JSON)),
    };
    let (request, mut body) = request.split();
    let websocket = WebSocket::from_request(&request, &mut body).await?;
    let protocol = GraphQLProtocol::from_request(&request, &mut body).await?;
    let mut limits = WebSocketConfig::default();
    limits.max_message_size = Some(LARGEST_BODY);
    limits.max_frame_size = Some(LARGEST_BODY);
    let upgraded =
        websocket.protocols(["graphql-transport-ws"]).config(limits).on_upgrade(move |socket| async move {
            let (mut sink, mut stream) = socket.split();
            let Ok(Some(first)) = tokio::time::timeout(INIT_WITHIN, stream.next()).await else {
                let late =
                    Message::close_with(CloseCode::from(INIT_TIMEOUT), "Connection initialisation timeout");
                // Whoever never said anything may be gone.
                let _ = sink.send(late).await;
                return;
            };
            let stream = stream::once(future::ready(first)).chain(stream);
            let sink = Box::pin(
                sink.with(|message| future::ready(Ok::<_, std::io::Error>(as_the_protocol_says(message)))),
            );
            let subscriptions = Subscriptions(Arc::clone(&api));
            GraphQLWebSocket::new_with_pair(sink, stream, subscriptions, protocol)
                .on_connection_init(move |payload| async move {
                    let token = payload.get("Authorization").or_else(|| payload.get("authorization"));
                    let token = token.and_then(Json::as_str).and_then(bearer);
                    let actor = match (from_header, token) {
                        (Some(actor), _) => Some(actor),
                        (None, Some(token)) => api.known(token).await.unwrap_or(None),
                        (None, None) => None,
                    };
                    let actor = actor.ok_or_else(|| async_graphql::Error::new("Forbidden"))?;
                    let mut data = Data::default();
                    let loader =
                        HouseholdLoader { engine: Arc::clone(&api.engine), actor: Arc::clone(&actor) };
                    data.insert(DataLoader::new(loader, tokio::spawn));
                    data.insert(actor);
                    Ok(data)
                })
                .serve()
                .await;
        });
    Ok(upgraded.into_response())
}

/// Closes with the protocol's own code where the library has another one.
fn as_the_protocol_says(message: Message) -> Message {
    match message {
        Message::Close(Some((code, reason)))
            if u16::from(code) == LIBRARY_REFUSED && reason == "Forbidden" =>
        {
            Message::close_with(CloseCode::from(FORBIDDEN), reason)
        }
        other => other,
    }
}

/// Runs subscriptions and nothing else: queries and mutations go by POST, where the limits on them are.
#[derive(Clone)]
struct Subscriptions(Arc<Api<Schema>>);

impl Subscriptions {
    /// The parsed request, if it is a subscription.
    fn admit(&self, mut request: GraphQlRequest) -> Result<GraphQlRequest, String> {
        let document = self.0.document(&request.query).map_err(|rejected| rejected.message().to_owned())?;
        if !is_subscription(&document, request.operation_name.as_deref()) {
            return Err("Only subscriptions are served here: send queries and mutations by POST.".into());
        }
        request.set_parsed_query((*document).clone());
        Ok(request)
    }
}

fn is_subscription(document: &ExecutableDocument, name: Option<&str>) -> bool {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(_), None) => None,
    };
    operation.is_some_and(|operation| operation.node.ty == OperationType::Subscription)
}

fn refused(why: impl Into<String>) -> GraphQlResponse {
    GraphQlResponse::from_errors(vec![ServerError::new(why, None)])
}

impl Executor for Subscriptions {
    async fn execute(&self, _: GraphQlRequest) -> GraphQlResponse {
        refused("Only subscriptions are served here.")
    }

    fn execute_stream(
        &self,
        request: GraphQlRequest,
        session_data: Option<Arc<Data>>,
    ) -> BoxStream<'static, GraphQlResponse> {
        match self.admit(request) {
            Ok(request) => {
                let api = Arc::clone(&self.0);
                let answers = Executor::execute_stream(&self.0.schema, request, session_data);
                Box::pin(answers.map(move |mut answer| {
                    api.name_codes(&mut answer);
                    answer
                }))
            }
            Err(why) => Box::pin(stream::once(future::ready(refused(why)))),
        }
    }
}
