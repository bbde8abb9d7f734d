//! All routes, and the layers around them.

use axum::{
    Router,
    extract::{Request, State},
    middleware::from_fn_with_state,
    response::Response,
    routing::get,
};
use tower_http::compression::{
    CompressionLayer, Predicate,
    predicate::{NotForContentType, SizeAbove},
};

use super::{graphql, health, log, metrics, pages, socket, state::AppState, tenant};

/// Answers smaller than this are not worth compressing, in bytes.
const MIN_COMPRESSED: u64 = 1024;

/// All routes. Every request gets an id and a line in the log; what concerns a tenant runs in
/// its scope.
pub fn router(state: AppState) -> Router {
    let worth_it =
        SizeAbove::new(MIN_COMPRESSED).and(NotForContentType::const_new("text/event-stream"));
    Router::new()
        .route("/graphql", get(endpoint).post(endpoint))
        .merge(pages::routes())
        .route("/graphql/ws", get(socket::only))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(metrics::metrics))
        // The outer one first. One call for both, as axum boxes what each call has put around.
        .layer((
            from_fn_with_state(state.clone(), log::layer),
            CompressionLayer::new().compress_when(worth_it),
        ))
        .with_state(state)
}

/// What the endpoint is asked for: a socket, a page, or an operation in its tenant's scope. No
/// layer for either, as axum copies each with all that is inside it, for every request.
async fn endpoint(State(state): State<AppState>, request: Request) -> Response {
    if socket::wants_socket(request.headers()) {
        return Box::pin(socket::upgrade(state, request)).await;
    }
    match pages::graphiql(&state, &request) {
        Some(page) => page,
        None => tenant::in_scope(&state, request, graphql::answer).await,
    }
}
