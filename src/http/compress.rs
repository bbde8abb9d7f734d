//! Compressed answers, for clients that take them (RFC 9110, section 12.5.3).

use std::convert::Infallible;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, header},
    response::Response,
};
use tower::{Layer, ServiceExt, service_fn};
use tower_http::compression::{
    CompressionLayer, Predicate,
    predicate::{NotForContentType, SizeAbove},
};

use super::routes::Routes;

/// Answers smaller than this are not worth compressing, in bytes.
const MIN_COMPRESSED: u64 = 1024;

/// The answer to a request, compressed if its client takes that and it is worth it.
///
/// No layer around all routes: what it makes of an answer has room for a compressor, some
/// kilobytes, and is moved and boxed also where nothing is compressed.
pub(super) async fn answered(routes: &Routes, request: Request) -> Response {
    let worth_it =
        SizeAbove::new(MIN_COMPRESSED).and(NotForContentType::const_new("text/event-stream"));
    if request.headers().contains_key(header::ACCEPT_ENCODING) {
        let service = service_fn(async |request| Ok::<_, Infallible>(routes.route(request).await));
        let compressing = CompressionLayer::new().compress_when(worth_it).layer(service);
        let Ok(response) = Box::pin(compressing.oneshot(request)).await;
        return response.map(Body::new);
    }
    let mut response = routes.route(request).await;
    if worth_it.should_compress(&response) {
        // Who keeps it for others has to know that they may be sent something else.
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}
