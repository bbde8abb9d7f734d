//! GraphiQL, for browsers that open the endpoint.

use async_graphql::http::GraphiQLSource;
use axum::{
    extract::Request,
    http::{HeaderValue, Method, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};

use super::accept::wants_page;

/// Answers a browser's `GET` with the page. It is the same for every tenant and opens no
/// database; the page's own requests name the tenant by their host.
pub(super) async fn page_layer(request: Request, next: Next) -> Response {
    if request.method() == Method::GET && wants_page(request.headers()) {
        let page = GraphiQLSource::build().endpoint("/graphql").title("polls").finish();
        let mut response = Html(page).into_response();
        let headers = response.headers_mut();
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        return response;
    }
    next.run(request).await
}
