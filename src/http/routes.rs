//! All routes, and the layer around them.

use axum::{
    Router,
    extract::{Request, State},
    middleware::from_fn_with_state,
    response::Response,
    routing::get,
};

use super::{graphql, health, log, metrics, pages, socket, state::AppState, tenant};

/// All routes. Every request gets an id and a line in the log; what concerns a tenant runs in
/// its scope.
pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/graphql", get(endpoint).post(endpoint))
        .merge(pages::routes())
        .route("/graphql/ws", get(socket::only))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(metrics::metrics))
        // One for all that concerns every route, as axum boxes what each has put around.
        .layer(from_fn_with_state(state.clone(), log::layer))
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
