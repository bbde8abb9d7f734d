//! What a page may do (Content Security Policy Level 3), and what others may do with it.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// For files that are no pages: if one is opened as such, it may do nothing.
pub(super) const ASSET: HeaderValue =
    HeaderValue::from_static("default-src 'none'; base-uri 'none'; frame-ancestors 'none'");

/// The app loads and asks nothing but its own origin; `connect-src 'self'` has the WebSocket of
/// the same host and port in it.
pub(super) const APP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

/// GraphiQL, likewise.
pub(super) const GRAPHIQL: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

/// Sets the policy, and what every answer of these pages has.
pub(super) fn apply(headers: &mut HeaderMap, content: HeaderValue) {
    headers.insert(header::CONTENT_SECURITY_POLICY, content);
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
