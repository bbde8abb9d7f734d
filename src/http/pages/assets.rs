//! What the pages load. It is the same for every tenant, so none need be named.

use axum::{
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{policy, site};

/// A file with its hash in its name, which never changes.
pub(super) async fn asset(Path(name): Path<String>) -> Response {
    let Some(file) = site::asset(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let mut response = file.bytes.into_response();
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(&file.content_type) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    policy::apply(headers, policy::ASSET);
    response
}
