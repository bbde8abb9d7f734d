//! Answers: GraphQL's shape, the right status, nothing that a client should not see.

use std::collections::BTreeSet;

use super::{accept::MediaType, json, log::RequestId, result_cache::Encoded, sse};
use crate::graphql::InternalDetail;
use async_graphql::{ServerError, Value};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// The answer to an operation that was executed.
pub(super) fn executed(
    media_type: MediaType,
    request_id: &RequestId,
    response: async_graphql::Response,
) -> Response {
    let async_graphql::Response { data, mut errors, .. } = response;
    finish(&mut errors, request_id);
    if !errors.is_empty() || media_type == MediaType::EventStream {
        return write(StatusCode::OK, media_type, &errors, Some(&data));
    }
    match body(media_type, &[], Some(&data)) {
        Ok(body) => encoded(media_type, &Encoded::new(body)),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The answer to an operation that was executed without errors; its bytes go along for those who
/// keep them.
pub(super) fn encoded(media_type: MediaType, body: &Encoded) -> Response {
    let mut response = with_body(StatusCode::OK, media_type, Body::from(body.bytes()));
    response.extensions_mut().insert(body.clone());
    response
}

/// The answer to a request that was not executed. `status` is for
/// `application/graphql-response+json`; under `application/json` it is 200, as the request itself
/// could be read. That the server broke, or is too busy, is for those to see too who read no body.
pub(super) fn refused(
    media_type: MediaType,
    request_id: &RequestId,
    status: StatusCode,
    mut errors: Vec<ServerError>,
) -> Response {
    finish(&mut errors, request_id);
    let for_all = [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::TOO_MANY_REQUESTS];
    let status = match media_type {
        MediaType::GraphqlResponse => status,
        MediaType::Json if for_all.contains(&status) => status,
        MediaType::Json | MediaType::EventStream => StatusCode::OK,
    };
    let mut response = write(status, media_type, &errors, None);
    if status == StatusCode::UNAUTHORIZED {
        let scheme = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
    }
    response
}

/// The result of an operation that was executed, as JSON: for streams.
pub(super) fn result_text(request_id: &RequestId, response: async_graphql::Response) -> String {
    let async_graphql::Response { data, mut errors, .. } = response;
    finish(&mut errors, request_id);
    let body = json::body(&errors, Some(&data)).unwrap_or_default();
    String::from_utf8(body).unwrap_or_default()
}

/// What is wrong with an operation that was not executed, as a JSON list: for streams.
pub(super) fn errors_text(request_id: &RequestId, mut errors: Vec<ServerError>) -> String {
    finish(&mut errors, request_id);
    serde_json::to_string(&errors).unwrap_or_default()
}

/// The answer to a request that is no GraphQL request, or whose tenant is not served: this status
/// whatever the media type.
pub(super) fn rejected(media_type: MediaType, status: StatusCode, error: ServerError) -> Response {
    let (media_type, status) = match (media_type, status) {
        // What is wrong with the HTTP request cannot be told in a stream that HTTP refuses.
        (
            MediaType::EventStream,
            StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::NOT_ACCEPTABLE
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::TOO_MANY_REQUESTS,
        ) => (MediaType::Json, status),
        (MediaType::EventStream, _) => (media_type, StatusCode::OK),
        _ => (media_type, status),
    };
    write(status, media_type, &[error], None)
}

/// An error of the request as a whole.
pub(super) fn error(code: &str, message: impl Into<String>) -> ServerError {
    let mut error = ServerError::new(message.into(), None);
    error.extensions.get_or_insert_with(Default::default).set("code", code);
    error
}

/// Logs what broke, once for the request, and gives every error a code; those without one are
/// the library's own, for arguments that do not fit.
fn finish(errors: &mut [ServerError], request_id: &RequestId) {
    let mut details = BTreeSet::new();
    for error in errors {
        let detail = error.source::<InternalDetail>().map(|detail| detail.0.clone());
        let extensions = error.extensions.get_or_insert_with(Default::default);
        if extensions.get("code").is_none() {
            extensions.set("code", "BAD_USER_INPUT");
        }
        if let Some(detail) = detail {
            extensions.set("requestId", request_id.as_str());
            details.insert(detail);
        }
        truncate(&mut error.message);
    }
    if !details.is_empty() {
        let details = details.iter().map(|detail| &**detail).collect::<Vec<_>>().join("; ");
        tracing::error!(request_id = request_id.as_str(), details, "request failed");
    }
}

/// The longest message, in bytes: some repeat what the client sent.
const MAX_MESSAGE: usize = 1000;

fn truncate(message: &mut String) {
    if message.len() > MAX_MESSAGE {
        let end = (0..=MAX_MESSAGE).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
        message.truncate(end);
        message.push('…');
    }
}

fn write(
    status: StatusCode,
    media_type: MediaType,
    errors: &[ServerError],
    data: Option<&Value>,
) -> Response {
    let Ok(body) = body(media_type, errors, data) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = with_body(status, media_type, Body::from(body));
    if let Some(seconds) = errors.iter().filter_map(retry_after).max() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn body(
    media_type: MediaType,
    errors: &[ServerError],
    data: Option<&Value>,
) -> serde_json::Result<Vec<u8>> {
    let body = json::body(errors, data)?;
    Ok(match media_type {
        MediaType::EventStream => sse::one_result(&body),
        MediaType::GraphqlResponse | MediaType::Json => body,
    })
}

fn with_body(status: StatusCode, media_type: MediaType, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type.content_type()));
    // What one caller reads may not be another's to read.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn retry_after(error: &ServerError) -> Option<u64> {
    match error.extensions.as_ref()?.get("retryAfter")? {
        Value::Number(seconds) => seconds.as_u64(),
        _ => None,
    }
}
