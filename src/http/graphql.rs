//! The GraphQL endpoint (GraphQL over HTTP, stage 2 draft).

use std::{net::SocketAddr, panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{ServerError, parser::types::OperationType};
use axum::{
    Extension,
    body::Body,
    extract::{ConnectInfo, State},
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header},
    response::Response,
};
use futures::FutureExt;

use super::{
    accept::{MediaType, negotiate},
    answer,
    body::{self, BodyError},
    log::RequestId,
    parameters,
    state::AppState,
};
use crate::{
    graphql::{ApiError, Caller, Code, Operation, RequestContext, prepare},
    service::token::{self, Rejected, Viewer},
    tenancy::{self, Scope},
};

/// What one request is answered with.
struct Exchange<'a> {
    state: &'a AppState,
    scope: Scope,
    request_id: RequestId,
    media_type: MediaType,
    method: Method,
    headers: HeaderMap,
    address: std::net::IpAddr,
}

/// `GET`: queries only.
pub(super) async fn get(
    State(state): State<AppState>,
    Extension(scope): Extension<Scope>,
    Extension(request_id): Extension<RequestId>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response {
    let (parts, _) = request.into_parts();
    let media_type = match acceptable(&parts.headers) {
        Ok(media_type) => media_type,
        Err(response) => return *response,
    };
    let address = client_address(&state, &parts.headers, peer);
    let method = Method::GET;
    let headers = parts.headers;
    let exchange =
        Exchange { state: &state, scope, request_id, media_type, method, headers, address };
    exchange.answer(parameters::from_query(parts.uri.query().unwrap_or_default())).await
}

/// `POST`: queries and mutations.
pub(super) async fn post(
    State(state): State<AppState>,
    Extension(scope): Extension<Scope>,
    Extension(request_id): Extension<RequestId>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let max = state.http_limits.body_bytes;
    // Read first, answered then: a client that is still writing would not see the answer.
    let read = tokio::time::timeout(state.http_limits.request_time, body::read(body, max)).await;
    let media_type = match acceptable(&parts.headers) {
        Ok(media_type) => media_type,
        Err(response) => return *response,
    };
    let reject = |status, error| answer::rejected(media_type, status, error);
    if !is_json(&parts.headers) {
        let message = "Send the request as `Content-Type: application/json` in UTF-8.";
        let error = answer::error(Code::BadUserInput.as_str(), message);
        return reject(StatusCode::UNSUPPORTED_MEDIA_TYPE, error);
    }
    let body = match read {
        Ok(Ok(body)) => body,
        Ok(Err(BodyError::TooLarge)) => {
            let message = format!("The body has more than the {max} bytes that are allowed.");
            let error = ApiError::limit("body_bytes", max, message).into_server_error();
            return reject(StatusCode::PAYLOAD_TOO_LARGE, error);
        }
        Ok(Err(BodyError::Broken)) => {
            let error = answer::error(Code::BadUserInput.as_str(), "The body broke off.");
            return reject(StatusCode::BAD_REQUEST, error);
        }
        Err(_) => {
            let error = answer::error(Code::BadUserInput.as_str(), "The body took too long.");
            return reject(StatusCode::REQUEST_TIMEOUT, error);
        }
    };
    let address = client_address(&state, &parts.headers, peer);
    let method = Method::POST;
    let headers = parts.headers;
    let exchange =
        Exchange { state: &state, scope, request_id, media_type, method, headers, address };
    exchange.answer(parameters::from_json(&body)).await
}

impl Exchange<'_> {
    async fn answer(&self, parameters: Result<async_graphql::Request, String>) -> Response {
        let request = match parameters {
            Ok(request) => request,
            Err(message) => {
                let error = answer::error(Code::BadUserInput.as_str(), message);
                return answer::rejected(self.media_type, StatusCode::BAD_REQUEST, error);
            }
        };
        if request.query.is_empty() && request.extensions.contains_key("persistedQuery") {
            let message = "Persisted queries are not supported here; send the query itself.";
            return self.refuse(ApiError::new(Code::PersistedQueryNotSupported, message));
        }
        let operation = match prepare(&self.state.query_limits, request) {
            Ok(operation) => operation,
            Err(errors) => return self.refuse_all(StatusCode::BAD_REQUEST, errors),
        };
        if self.method == Method::GET && operation.kind != OperationType::Query {
            let message = "Only queries can be sent with GET; send mutations with POST.";
            let error = answer::error(Code::BadUserInput.as_str(), message);
            let status = StatusCode::METHOD_NOT_ALLOWED;
            let mut response = answer::rejected(self.media_type, status, error);
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            return response;
        }
        match self.viewer(&operation).await {
            Ok(viewer) => self.execute(operation, viewer).await,
            Err(error) => self.refuse(error),
        }
    }

    /// Whose token was sent; a bad one only matters to operations that ask for more than is
    /// free.
    async fn viewer(&self, operation: &Operation) -> Result<Option<Viewer>, ApiError> {
        let rejected = match bearer(&self.headers) {
            Ok(None) => return Ok(None),
            Ok(Some(secret)) => match token::authenticate(secret).await.map_err(ApiError::from)? {
                Ok(viewer) => return Ok(Some(viewer)),
                Err(rejected) => rejected,
            },
            Err(rejected) => rejected,
        };
        if operation.ignores_token {
            return Ok(None);
        }
        let (reason, message) = match rejected {
            Rejected::Expired => ("EXPIRED", "The token has expired; sign in again."),
            Rejected::Invalid => ("INVALID", "The token is not valid here; sign in."),
        };
        Err(ApiError::new(Code::Unauthenticated, message).with("reason", reason))
    }

    async fn execute(&self, operation: Operation, viewer: Option<Viewer>) -> Response {
        let caller = Caller { viewer, address: self.address };
        let context = Arc::new(RequestContext::new(self.scope.tenant().clone(), caller));
        let Operation { request, kind, .. } = operation;
        let request = request.data(Arc::clone(&context));
        let limit = self.state.http_limits.request_time;
        let run = async {
            match kind {
                // Runs on in a task of its own, so that a client that leaves does not stop it
                // half way.
                OperationType::Mutation => self.execute_detached(request).await,
                _ => {
                    let execution = AssertUnwindSafe(self.state.schema.execute(request));
                    execution.catch_unwind().await.map_err(|_| broken("a resolver panicked"))
                }
            }
        };
        match tokio::time::timeout(limit, run).await {
            Ok(Ok(response)) if context.is_executing() => {
                answer::executed(self.media_type, &self.request_id, response)
            }
            Ok(Ok(response)) => self.refuse_all(StatusCode::BAD_REQUEST, response.errors),
            Ok(Err(error)) => {
                let errors = vec![error.into_server_error()];
                self.refuse_all(StatusCode::INTERNAL_SERVER_ERROR, errors)
            }
            Err(_) => {
                let seconds = usize::try_from(limit.as_secs()).unwrap_or(usize::MAX);
                let message = format!("The operation took more than the {seconds} s allowed.");
                self.refuse(ApiError::limit("request_seconds", seconds, message))
            }
        }
    }

    async fn execute_detached(
        &self,
        request: async_graphql::Request,
    ) -> Result<async_graphql::Response, ApiError> {
        let schema = self.state.schema.clone();
        let limit = self.state.http_limits.request_time;
        let task =
            tenancy::spawn(
                async move { tokio::time::timeout(limit, schema.execute(request)).await },
            );
        let task = task.map_err(|error| broken(&error.to_string()))?;
        match task.await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(_)) => Err(broken("a mutation took too long")),
            Err(error) => Err(broken(&error.to_string())),
        }
    }

    fn refuse(&self, error: ApiError) -> Response {
        let status = match error.code() {
            Code::Unauthenticated => StatusCode::UNAUTHORIZED,
            Code::TenantUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        self.refuse_all(status, vec![error.into_server_error()])
    }

    fn refuse_all(&self, status: StatusCode, errors: Vec<ServerError>) -> Response {
        answer::refused(self.media_type, &self.request_id, status, errors)
    }
}

fn broken(detail: &str) -> ApiError {
    ApiError::internal(detail)
}

fn acceptable(headers: &HeaderMap) -> Result<MediaType, Box<Response>> {
    negotiate(headers).ok_or_else(|| {
        let message = "Accept `application/graphql-response+json` or `application/json`, in UTF-8.";
        let error = answer::error(Code::BadUserInput.as_str(), message);
        Box::new(answer::rejected(MediaType::Json, StatusCode::NOT_ACCEPTABLE, error))
    })
}

/// Whether the body is said to be JSON in UTF-8. Nothing else is read: a page of another origin
/// can send forms and plain text without asking first (CORS "simple" requests), but not this.
fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Ok(value) = value.to_str() else { return false };
    let mut parts = value.split(';').map(str::trim);
    let json = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    })
}

/// The token that was sent, if one was (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Rejected> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Rejected::Invalid);
    }
    let value = value.to_str().map_err(|_| Rejected::Invalid)?;
    let (scheme, secret) = value.split_once(' ').ok_or(Rejected::Invalid)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(Some(secret.trim()))
    } else {
        Err(Rejected::Invalid)
    }
}

/// The address to count by: the peer's, or what the nearest proxy saw if proxies are trusted.
fn client_address(state: &AppState, headers: &HeaderMap, peer: SocketAddr) -> std::net::IpAddr {
    if !state.registry.view().catalog.trust_proxy {
        return peer.ip();
    }
    headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.rsplit(',').next())
        .and_then(|address| address.trim().parse().ok())
        .unwrap_or_else(|| peer.ip())
}
