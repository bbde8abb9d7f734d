//! All routes, and the layers around them.

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    routing::get,
};
use tower_http::compression::{
    CompressionLayer, Predicate,
    predicate::{NotForContentType, SizeAbove},
};

use super::{cors, graphql, health, log, metrics, pages, socket, state::AppState, tenant};

/// Answers smaller than this are not worth compressing, in bytes.
const MIN_COMPRESSED: u64 = 1024;

/// All routes. Every request gets an id and a line in the log; what concerns a tenant runs in
/// its scope.
pub fn router(state: AppState) -> Router {
    let tenanted = Router::new()
        .route("/graphql", get(graphql::get).post(graphql::post))
        .route_layer(from_fn_with_state(state.clone(), tenant::scope_layer))
        .route_layer(from_fn_with_state(state.clone(), pages::graphiql_layer))
        .route_layer(from_fn_with_state(state.clone(), socket::layer));
    let worth_it =
        SizeAbove::new(MIN_COMPRESSED).and(NotForContentType::const_new("text/event-stream"));
    Router::new()
        .merge(tenanted)
        .merge(pages::routes())
        .route("/graphql/ws", get(socket::only))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(metrics::metrics))
        .layer(CompressionLayer::new().compress_when(worth_it))
        .layer(from_fn_with_state(state.clone(), cors::layer))
        .layer(from_fn(log::layer))
        .with_state(state)
}
