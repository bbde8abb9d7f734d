//! Cross-origin requests (Fetch standard, section 3.3): who else's pages may call.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{compress, routes::Routes};
use crate::tenancy::Scope;

/// How long a browser may keep the answer to a preflight, in seconds.
const MAX_AGE: &str = "600";

/// Answers preflights, before any tenant is resolved: they never carry the tenant header. The
/// answer to the request itself is opened only to origins of its own tenant.
pub(super) async fn opened(routes: &Routes, request: Request) -> Response {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else {
        return compress::answered(routes, request).await;
    };
    let registry = &routes.state().registry;
    let known = origin.to_str().is_ok_and(|origin| registry.view().has_origin(origin));
    if is_preflight(&request) {
        return preflight(&origin, known);
    }
    let mut response = compress::answered(routes, request).await;
    let allowed = match response.extensions().get::<Scope>() {
        Some(scope) => scope.tenant().origins.iter().any(|own| own.as_bytes() == origin.as_bytes()),
        // Errors about the tenant itself are to be read too.
        None => known,
    };
    let headers = response.headers_mut();
    vary(headers);
    if allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("Retry-After, ETag, X-Request-Id"),
        );
    }
    response
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight(origin: &HeaderValue, known: bool) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    vary(headers);
    if known {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "X-Tenant, Authorization, Content-Type"),
            (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    response
}

fn vary(headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
}
