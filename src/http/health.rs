//! For those who watch the process: is it alive, can it serve?

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream::FuturesUnordered};
use serde_json::json;

use super::state::AppState;

/// The process runs.
pub(super) async fn healthz() -> Response {
    answer(StatusCode::OK, "ok")
}

/// How many tenants are tried at once.
const TRIES: usize = 8;

/// The catalog is loaded and at least one tenant that is served can be reached. A database that
/// is open counts; else some are tried side by side, others each time.
pub(super) async fn readyz(State(state): State<AppState>) -> Response {
    if is_ready(&state).await {
        answer(StatusCode::OK, "ready")
    } else {
        answer(StatusCode::SERVICE_UNAVAILABLE, "no tenant can be reached")
    }
}

async fn is_ready(state: &AppState) -> bool {
    let view = state.registry.view();
    if state.registry.has_open(&view) {
        return true;
    }
    let served: Vec<_> =
        view.catalog.tenants.values().filter(|tenant| tenant.state.is_served()).collect();
    let first = rand::random_range(0..served.len().max(1));
    let chosen = served.iter().cycle().skip(first).take(TRIES.min(served.len()));
    chosen
        .map(|tenant| state.registry.lease(&view, tenant))
        .collect::<FuturesUnordered<_>>()
        .any(|lease| async move { lease.is_ok() })
        .await
}

fn answer(status: StatusCode, text: &str) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], Json(json!({ "status": text }))).into_response()
}
