//! GraphQL over Server-Sent Events (its PROTOCOL.md, section "Distinct connections mode"): one
//! operation, one stream. Results are `next` events, the end is `complete`.

use std::{convert::Infallible, net::IpAddr, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::stream;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{
    accept::{MediaType, takes_events},
    answer, authorize,
    connection::{Busy, Connection},
    live::{self, Outlet, Reply},
    log::RequestId,
    session::{Farewell, Session, TokenNews},
    state::AppState,
    streams::{Place, Running},
};
use crate::{
    graphql::{ApiError, Operation},
    tenancy::{Scope, spawn_untenanted},
};

/// Who asks, and how.
pub(super) struct Caller<'a> {
    pub state: &'a AppState,
    pub scope: &'a Scope,
    pub request_id: &'a RequestId,
    pub headers: &'a HeaderMap,
    pub address: IpAddr,
    pub connection: &'a Connection,
}

/// How many events wait for a slow reader; then the operation waits, and skips what is old.
const BACKLOG: usize = 4;
/// How long an answer waits for its operation to listen.
const BEGINNING: Duration = Duration::from_secs(1);
/// How soon a client may come back when the tenant has too many streams, in seconds.
const RETRY_AFTER: u64 = 5;

/// Answers a subscription with a stream, if the client takes one. To be called in the tenant's
/// scope.
pub(super) async fn answer(
    caller: Caller<'_>,
    media_type: MediaType,
    operation: Operation,
) -> Response {
    let refuse = |media_type, status, error: ApiError| {
        answer::refused(media_type, caller.request_id, status, vec![error.into_server_error()])
    };
    if !takes_events(caller.headers) {
        let message = "Subscriptions come over a WebSocket (`graphql-transport-ws`), or as \
                       `Accept: text/event-stream`.";
        return refuse(media_type, StatusCode::BAD_REQUEST, ApiError::bad_input(message));
    }
    let events = MediaType::EventStream;
    let sent = authorize::bearer(caller.headers);
    let secret = sent.as_ref().ok().and_then(|secret| secret.map(str::to_owned));
    let tokens = || caller.state.streams.events().watch_tokens(&caller.scope.tenant().key);
    let tokens = secret.is_some().then(tokens);
    let viewer = match authorize::viewer(caller.scope, sent, &operation).await {
        Ok(viewer) => viewer,
        Err(error) => return refuse(events, StatusCode::OK, error),
    };
    let tenant = caller.scope.tenant();
    let view = caller.state.registry.view();
    let Some(ticket) = caller.state.registry.ticket(&view, tenant) else {
        return refuse(events, StatusCode::OK, ApiError::internal("a tenant without a place"));
    };
    let Some(place) = caller.state.streams.enter(&tenant.key) else {
        let max = caller.state.streams.limits().connections_per_tenant;
        let error = ApiError::rate_limited("connections_per_tenant", max, RETRY_AFTER);
        let error = error.into_server_error();
        return answer::rejected(events, StatusCode::TOO_MANY_REQUESTS, error);
    };
    let who = (caller.address, caller.request_id.clone());
    let session = Session::new(caller.state.clone(), ticket, secret, viewer, who);
    stream_of(Arc::new(session), tokens, operation, place, caller.connection).await
}

/// The answer comes when the operation listens: who has it misses nothing that happens then. While
/// the tenant is busy it comes before, so that a stream which has to end can say so.
async fn stream_of(
    session: Arc<Session>,
    tokens: Option<TokenNews>,
    operation: Operation,
    place: Place,
    connection: &Connection,
) -> Response {
    let (replies, received) = mpsc::channel(BACKLOG);
    let (begun, begins) = oneshot::channel();
    let outlet = Outlet { serial: 0, replies, begun: Some(begun) };
    spawn_untenanted(live::run(Arc::clone(&session), operation, outlet));
    let streams = &session.state.streams;
    let (quiet, running) = (streams.limits().idle_time / 2, streams.running());
    let (end, ended) = oneshot::channel();
    let (alive, gone) = oneshot::channel();
    spawn_untenanted(watch_over(Arc::clone(&session), tokens, connection.busy(), end, gone));
    // Also when it is refused: why is told in the stream.
    let _ = timeout(BEGINNING, begins).await;
    let _kept = (place, running, alive);
    let feed = Feed { session, received, ended, quiet, over: false, _kept };
    let body = Body::from_stream(stream::unfold(feed, Feed::next));
    let mut response = (StatusCode::OK, body).into_response();
    let headers = response.headers_mut();
    let content_type = MediaType::EventStream.content_type();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Asks proxies not to hold events back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// Ends a stream when its time has come. Nobody asks a body for more while the client does not
/// read, so this is a task of its own; from then on nobody waits for the stream either.
async fn watch_over(
    session: Arc<Session>,
    tokens: Option<TokenNews>,
    busy: Busy,
    end: oneshot::Sender<Option<Farewell>>,
    gone: oneshot::Receiver<Infallible>,
) {
    let farewell = tokio::select! {
        farewell = session.ended(tokens) => Some(farewell),
        () = session.state.streams.stopping() => None,
        _ = gone => return,
    };
    let _ = end.send(farewell);
    drop(busy);
}

/// The body of an event stream. It goes when the client does, and the operation with it.
struct Feed {
    session: Arc<Session>,
    received: mpsc::Receiver<(u64, Reply)>,
    /// Why the stream ends; nothing when the server stops.
    ended: oneshot::Receiver<Option<Farewell>>,
    quiet: Duration,
    over: bool,
    /// Held for their drop.
    _kept: (Place, Running, oneshot::Sender<Infallible>),
}

impl Feed {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        if self.over {
            return None;
        }
        let chunk = tokio::select! {
            received = self.received.recv() => match received {
                Some((_, reply)) => self.told(reply),
                None => self.last(String::new()),
            },
            ended = &mut self.ended => match ended {
                Ok(Some(farewell)) => self.expelled(farewell),
                Ok(None) | Err(_) => self.last(String::new()),
            },
            () = tokio::time::sleep(self.quiet) => ":\n\n".to_owned(),
        };
        Some((Ok(chunk.into()), self))
    }

    fn told(&mut self, reply: Reply) -> String {
        match reply {
            Reply::Next(result) => next_event(&result),
            Reply::Error(errors) => self.last(next_event(&format!("{{\"errors\":{errors}}}"))),
            Reply::Complete => self.last(String::new()),
            Reply::Expelled(farewell) => self.expelled(farewell),
        }
    }

    fn expelled(&mut self, farewell: Farewell) -> String {
        let errors = answer::errors_text(&self.session.request_id, vec![farewell.error]);
        self.last(next_event(&format!("{{\"errors\":{errors}}}")))
    }

    fn last(&mut self, mut before: String) -> String {
        self.over = true;
        before.push_str(COMPLETE);
        before
    }
}

/// With an empty `data`, since browsers do not dispatch events without (HTML, section 9.2.6).
const COMPLETE: &str = "event: complete\ndata:\n\n";

/// JSON has no line breaks of its own, so it is one line of `data`.
fn next_event(json: &str) -> String {
    format!("event: next\ndata: {json}\n\n")
}

/// The stream of an operation with one result, or with none but errors.
pub(super) fn one_result(json: &[u8]) -> Vec<u8> {
    let mut body = next_event(&String::from_utf8_lossy(json));
    body.push_str(COMPLETE);
    body.into_bytes()
}
