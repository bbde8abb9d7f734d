//! Pages for browsers. Each is for one tenant, which the host names: the page's own requests can
//! name it in no other way.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    plain, policy,
    site::{self, File, Page},
};
use crate::{
    http::{accept::wants_page, state::AppState},
    tenancy::resolve,
};

/// The app.
pub(super) async fn app(State(state): State<AppState>, request: Request) -> Response {
    answer(&state, &request, Page::App)
}

/// GraphiQL, for a browser that opens the endpoint; opens no database.
pub(in crate::http) fn graphiql(state: &AppState, request: &Request) -> Option<Response> {
    if request.method() != Method::GET || !wants_page(request.headers()) {
        return None;
    }
    let mut response = answer(state, request, Page::Graphiql);
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept"));
    Some(response)
}

/// The page, or a plain one that says why there is none. A tenant that is suspended has its
/// page too: the page asks, is told the reason, and shows it.
fn answer(state: &AppState, request: &Request, page: Page) -> Response {
    let view = state.registry.view();
    if let Err(error) = resolve(&view.catalog, request.headers(), request.uri()) {
        return plain::no_tenant(&error);
    }
    let Some(file) = site::page(page) else { return plain::not_built(page) };
    let policy = match page {
        Page::App => policy::APP,
        Page::Graphiql => policy::GRAPHIQL,
    };
    send(file, request.headers(), policy)
}

fn send(file: File, asked: &HeaderMap, policy: HeaderValue) -> Response {
    let known = asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|tag| tag.trim() == file.etag);
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = HeaderValue::from_static("text/html; charset=utf-8");
        ([(header::CONTENT_TYPE, kind)], file.bytes).into_response()
    };
    let headers = response.headers_mut();
    if let Ok(etag) = HeaderValue::from_str(&file.etag) {
        headers.insert(header::ETAG, etag);
    }
    // Asked for anew each time, so that a new program's page loads the new program's files.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    policy::apply(headers, policy);
    response
}
