//! Answers: GraphQL's shape, the right status, nothing that a client should not see.

use std::collections::BTreeSet;

use async_graphql::{ServerError, Value};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{accept::MediaType, log::RequestId};
use crate::graphql::InternalDetail;

/// The body of an answer (GraphQL specification, section 7.1). A request that was not executed
/// has no `data`, not even null.
#[derive(Serialize)]
struct Envelope<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

/// The answer to an operation that was executed.
pub(super) fn executed(
    media_type: MediaType,
    request_id: &RequestId,
    response: async_graphql::Response,
) -> Response {
    let async_graphql::Response { data, mut errors, .. } = response;
    finish(&mut errors, request_id);
    write(StatusCode::OK, media_type, &errors, Some(&data))
}

/// The answer to a request that was not executed. `status` is for
/// `application/graphql-response+json`; under `application/json` it is 200, as the request itself
/// could be read.
pub(super) fn refused(
    media_type: MediaType,
    request_id: &RequestId,
    status: StatusCode,
    mut errors: Vec<ServerError>,
) -> Response {
    finish(&mut errors, request_id);
    let status = match media_type {
        MediaType::GraphqlResponse => status,
        MediaType::Json if status == StatusCode::INTERNAL_SERVER_ERROR => status,
        MediaType::Json => StatusCode::OK,
    };
    let mut response = write(status, media_type, &errors, None);
    if status == StatusCode::UNAUTHORIZED {
        let scheme = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
    }
    response
}

/// The answer to a request that is no GraphQL request, or whose tenant is not served: this status
/// whatever the media type.
pub(super) fn rejected(media_type: MediaType, status: StatusCode, error: ServerError) -> Response {
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
    let Ok(body) = serde_json::to_vec(&Envelope { errors, data }) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = (status, Body::from(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type.content_type()));
    // What one caller reads may not be another's to read.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = errors.iter().filter_map(retry_after).max() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn retry_after(error: &ServerError) -> Option<u64> {
    match error.extensions.as_ref()?.get("retryAfter")? {
        Value::Number(seconds) => seconds.as_u64(),
        _ => None,
    }
}
