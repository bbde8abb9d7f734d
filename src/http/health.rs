//! For those who watch the process: is it alive, can it serve?

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::state::AppState;

/// The process runs.
pub(super) async fn healthz() -> Response {
    answer(StatusCode::OK, "ok")
}

/// The catalog is loaded and at least one tenant can be reached. A database that is open counts;
/// else some are tried, in the order of their keys.
pub(super) async fn readyz(State(state): State<AppState>) -> Response {
    const TRIES: usize = 5;
    let ready = async {
        if state.registry.open_count() > 0 {
            return true;
        }
        let view = state.registry.view();
        for tenant in view.catalog.tenants.values().take(TRIES) {
            if state.registry.lease(&view, tenant).await.is_ok() {
                return true;
            }
        }
        false
    };
    if ready.await {
        answer(StatusCode::OK, "ready")
    } else {
        answer(StatusCode::SERVICE_UNAVAILABLE, "no tenant can be reached")
    }
}

fn answer(status: StatusCode, text: &str) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], Json(json!({ "status": text }))).into_response()
}
