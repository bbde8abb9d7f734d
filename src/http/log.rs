//! Request ids, and one line in the log for each request.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue},
    response::Response,
};

use super::{connection::Connection, cors, result_cache::CacheMark, routes::Routes};
use crate::tenancy::Scope;

/// Where a request's id stands in its headers and in its answer's.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Ties an answer, its errors and its lines in the log together.
#[derive(Debug, Clone)]
pub(super) struct RequestId(Arc<str>);

impl RequestId {
    /// The one that a proxy gave the request, if it is harmless; else a new one.
    fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(X_REQUEST_ID).and_then(|value| value.to_str().ok());
        let harmless = |id: &&str| {
            (1..=64).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        match given.filter(harmless) {
            Some(id) => Self(id.into()),
            None => Self(hexadecimal(rand::random())),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// 128 bits in 32 digits.
fn hexadecimal(bytes: [u8; 16]) -> Arc<str> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.map(|byte| [byte >> 4, byte & 15].map(|half| DIGITS[usize::from(half)]));
    // All of them are text, so there is no default to fall back to.
    str::from_utf8(digits.as_flattened()).unwrap_or_default().into()
}

/// Gives the request its id and, when it is answered, logs it. The tenant, the number of
/// statements and what the result cache did are known if a scope was entered.
pub(super) async fn answered(routes: &Routes, mut request: Request) -> Response {
    let start = Instant::now();
    let id = RequestId::of(request.headers());
    let address = request.extensions().get::<Connection>().map(|connection| connection.peer().ip());
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let mut response = cors::opened(routes, request).await;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    let scope = response.extensions().get::<Scope>();
    let mark = response.extensions().get::<CacheMark>();
    tracing::info!(
        request_id = id.as_str(),
        tenant = scope.map(|scope| scope.tenant().key.as_str()),
        statements = scope.map(Scope::statements),
        cache = scope.map(|_| mark.map_or("off", |mark| mark.as_str())),
        %method,
        path,
        status = response.status().as_u16(),
        address = address.map(tracing::field::display),
        duration_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX),
        "request"
    );
    // An answer that streams for hours must not hold on to the databases.
    response.extensions_mut().remove::<Scope>();
    response
}
