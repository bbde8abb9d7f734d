//! All routes.

use axum::{
    Router,
    extract::{Request, State},
    http::Method,
    response::Response,
    routing::get,
};
use futures::future::BoxFuture;
use tower::ServiceExt;

use super::{graphql, health, metrics, pages, socket, state::AppState, tenant};

/// Where operations go.
const ENDPOINT: &str = "/graphql";

/// All routes. What concerns each of them is around them, from [`answered`](super::log::answered) on:
/// ids, the log, CORS, compression. None of it is a layer of axum's: one boxes itself, and all that
/// is inside, for every request.
#[derive(Clone)]
pub(super) struct Routes {
    state: AppState,
    router: Router,
}

impl Routes {
    pub(super) fn new(state: AppState) -> Self {
        let router = Router::new()
            .route(ENDPOINT, get(endpoint_by_router).post(endpoint_by_router))
            .merge(pages::routes())
            .route("/graphql/ws", get(socket::only))
            .route("/healthz", get(health::healthz))
            .route("/readyz", get(health::readyz))
            .route("/metrics", get(metrics::metrics))
            .with_state(state.clone());
        Self { state, router }
    }

    /// What all requests share.
    pub(super) fn state(&self) -> &AppState {
        &self.state
    }

    /// Answers a request; what concerns a tenant runs in its scope.
    ///
    /// The endpoint is called at once, as most requests are for it: the router's way there costs a
    /// tenth of what a kept answer takes. The rest is the router's, other methods of the endpoint
    /// too. Boxed either way: what is around would move all of it.
    pub(super) fn route(&self, request: Request) -> BoxFuture<'_, Response> {
        let is_usual = matches!(*request.method(), Method::GET | Method::POST);
        if is_usual && request.uri().path() == ENDPOINT {
            return Box::pin(endpoint(&self.state, request));
        }
        let router = self.router.clone();
        Box::pin(async move {
            let Ok(response) = router.oneshot(request).await;
            response
        })
    }
}

async fn endpoint_by_router(State(state): State<AppState>, request: Request) -> Response {
    endpoint(&state, request).await
}

/// What the endpoint is asked for: a socket, a page, or an operation in its tenant's scope. No
/// layer for either, as axum copies each with all that is inside it, for every request.
async fn endpoint(state: &AppState, request: Request) -> Response {
    if socket::wants_socket(request.headers()) {
        return Box::pin(socket::upgrade(state.clone(), request)).await;
    }
    match pages::graphiql(state, &request) {
        Some(page) => page,
        None => tenant::in_scope(state, request, graphql::answer).await,
    }
}
