//! All routes, and what is around them.

use axum::{
    Router,
    extract::{Request, State},
    http::Method,
    response::Response,
    routing::get,
};
use futures::future::BoxFuture;
use tower::ServiceExt;

use super::{graphql, health, log, metrics, pages, socket, state::AppState, tenant};

/// Where operations go.
const ENDPOINT: &str = "/graphql";

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
            .route(ENDPOINT, get(routed).post(routed))
            .merge(pages::routes())
            .route("/graphql/ws", get(socket::only))
            .route("/healthz", get(health::healthz))
            .route("/readyz", get(health::readyz))
            .route("/metrics", get(metrics::metrics))
            .with_state(state.clone());
        Self { state, router }
    }

    /// Answers a request; what concerns a tenant runs in its scope.
    pub(super) async fn answer(&self, request: Request) -> Response {
        log::answered(&self.state, |request| self.route(request), request).await
    }

    /// To the endpoint at once, as most requests are for it: the router's way there costs an eighth
    /// of what a kept answer takes. The rest is the router's, other methods of the endpoint too.
    /// Boxed either way: what is around would move all of it.
    fn route(&self, request: Request) -> BoxFuture<'_, Response> {
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

async fn routed(State(state): State<AppState>, request: Request) -> Response {
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
