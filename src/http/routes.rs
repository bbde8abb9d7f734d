//! All routes, and what is around them.

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::get,
};

use super::{graphql, health, log, metrics, pages, socket, state::AppState, tenant};

/// All routes, with what concerns each of them around: ids, the log, CORS, compression. None of it is
/// a layer of axum's: one boxes itself, and all that is inside, for every request.
#[derive(Clone)]
pub(super) struct Routes {
    state: AppState,
    router: Router,
}

impl Routes {
    pub(super) fn new(state: AppState) -> Self {
        let router = Router::new()
            .route("/graphql", get(endpoint).post(endpoint))
            .merge(pages::routes())
            .route("/graphql/ws", get(socket::only))
            .route("/healthz", get(health::healthz))
            .route("/readyz", get(health::readyz))
            .route("/metrics", get(metrics::metrics))
            .with_state(state.clone());
        Self { state, router }
    }

    /// Answers a request; what concerns a tenant runs in its scope.
    pub(super) async fn answer(self, request: Request) -> Response {
        log::answered(&self.state, self.router, request).await
    }
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
