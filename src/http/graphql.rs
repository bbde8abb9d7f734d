//! The GraphQL endpoint (GraphQL over HTTP, stage 2 draft).

use std::net::IpAddr;

use async_graphql::{ServerError, parser::types::OperationType};
use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};

use super::{
    accept::{MediaType, negotiate},
    address::client_address,
    answer, authorize,
    body::{BodyError, ReadBody},
    concurrency,
    connection::Connection,
    execute::{Outcome, execute},
    log::RequestId,
    parameters,
    result_cache::{Visit, conditional},
    sse,
    state::AppState,
    tenant::Tenanted,
};
use crate::{
    graphql::{ApiError, Code, Operation, Parameters},
    tenancy::Scope,
};

/// What one request is answered with.
struct Exchange<'a> {
    state: &'a AppState,
    scope: &'a Scope,
    request_id: &'a RequestId,
    media_type: MediaType,
    is_post: bool,
    headers: &'a HeaderMap,
    address: IpAddr,
    connection: &'a Connection,
    visit: Visit<'a>,
}

/// Answers a request in its tenant's scope. `GET`: queries only; `POST`: queries and mutations.
pub(super) async fn answer(state: &AppState, request: Tenanted) -> Response {
    let Tenanted { scope, parts, body } = request;
    let media_type = match acceptable(&parts.headers) {
        Ok(media_type) => media_type,
        Err(response) => return *response,
    };
    let is_post = parts.method == Method::POST;
    let body = match body {
        _ if !is_post => Bytes::new(),
        body => match posted(state, &scope, media_type, &parts.headers, body) {
            Ok(body) => body,
            Err(response) => return *response,
        },
    };
    let raw = if is_post { &body[..] } else { parts.uri.query().unwrap_or_default().as_bytes() };
    // A HEAD is answered as a GET is.
    let method = if is_post { Method::POST } else { Method::GET };
    let visit = Visit::new(state, &scope, &method, media_type, &parts.headers, raw);
    let response = match visit.hit() {
        Some(response) => response,
        // Boxed: each layer around this one would move all of it, also for what is known already.
        None => Box::pin(compute(state, &scope, &parts, &body, media_type, visit)).await,
    };
    if is_post {
        return response;
    }
    conditional(&parts.headers, &state.registry.view().catalog, response)
}

/// The answer to what is not known already.
async fn compute<'a>(
    state: &'a AppState,
    scope: &'a Scope,
    parts: &'a Parts,
    body: &'a [u8],
    media_type: MediaType,
    visit: Visit<'a>,
) -> Response {
    let Some(caller) = caller(state, parts) else {
        let error = ApiError::internal("a request without a connection").into_server_error();
        return answer::rejected(media_type, StatusCode::INTERNAL_SERVER_ERROR, error);
    };
    let Caller { request_id, connection, address } = caller;
    let headers = &parts.headers;
    let is_post = parts.method == Method::POST;
    let exchange = Exchange {
        state,
        scope,
        request_id,
        media_type,
        is_post,
        headers,
        address,
        connection,
        visit,
    };
    let parameters = if is_post {
        parameters::from_json(body)
    } else {
        parameters::from_query(parts.uri.query().unwrap_or_default())
    };
    exchange.answer(parameters).await
}

/// Who sent a request, by which connection.
struct Caller<'a> {
    request_id: &'a RequestId,
    connection: &'a Connection,
    address: IpAddr,
}

fn caller<'a>(state: &AppState, parts: &'a Parts) -> Option<Caller<'a>> {
    let request_id = parts.extensions.get()?;
    let connection: &Connection = parts.extensions.get()?;
    let catalog = &state.registry.view().catalog;
    let address = client_address(catalog, &parts.headers, connection.peer());
    Some(Caller { request_id, connection, address })
}

/// The body of a POST, or why it is refused.
fn posted(
    state: &AppState,
    scope: &Scope,
    media_type: MediaType,
    headers: &HeaderMap,
    ReadBody(read): ReadBody,
) -> Result<Bytes, Box<Response>> {
    let refuse = |status, error| Err(Box::new(answer::rejected(media_type, status, error)));
    let bad = |status, message| refuse(status, answer::error(Code::BadUserInput.as_str(), message));
    if !is_json(headers) {
        let message = "Send the request as `Content-Type: application/json` in UTF-8.";
        return bad(StatusCode::UNSUPPORTED_MEDIA_TYPE, message);
    }
    match read {
        Ok(body) => Ok(body),
        Err(BodyError::TooLarge) => {
            let max = state.http_limits(scope.tenant()).body_bytes;
            let message = format!("The body has more than the {max} bytes that are allowed.");
            let error = ApiError::limit("body_bytes", max, message).into_server_error();
            refuse(StatusCode::PAYLOAD_TOO_LARGE, error)
        }
        Err(BodyError::Broken) => bad(StatusCode::BAD_REQUEST, "The body broke off."),
        Err(BodyError::Slow) => bad(StatusCode::REQUEST_TIMEOUT, "The body took too long."),
    }
}

impl Exchange<'_> {
    async fn answer(&self, parameters: Result<Parameters, String>) -> Response {
        let parameters = match parameters {
            Ok(parameters) => parameters,
            Err(message) => {
                let error = answer::error(Code::BadUserInput.as_str(), message);
                return answer::rejected(self.media_type, StatusCode::BAD_REQUEST, error);
            }
        };
        let limits = self.state.query_limits(self.scope.tenant());
        let operation = match self.state.schema.prepare(&limits, self.scope.tenant(), parameters) {
            Ok(operation) => operation,
            Err(errors) => return self.refuse_all(StatusCode::BAD_REQUEST, errors),
        };
        if !self.is_post && operation.kind == OperationType::Mutation {
            let message = "Only queries can be sent with GET; send mutations with POST.";
            let error = answer::error(Code::BadUserInput.as_str(), message);
            let status = StatusCode::METHOD_NOT_ALLOWED;
            let mut response = answer::rejected(self.media_type, status, error);
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            return response;
        }
        if operation.kind == OperationType::Subscription {
            let caller = sse::Caller {
                state: self.state,
                scope: self.scope,
                request_id: self.request_id,
                headers: self.headers,
                address: self.address,
                connection: self.connection,
            };
            return sse::answer(caller, self.media_type, operation).await;
        }
        // A text that is to be registered has to reach the schema.
        let shares = operation.kind == OperationType::Query && !operation.registers();
        let work = Box::pin(self.admitted(operation));
        if shares { self.visit.share(work).await } else { work.await }
    }

    async fn admitted(&self, operation: Operation) -> Response {
        let operation = match concurrency::admit(self.scope, operation).await {
            Ok(operation) => operation,
            Err(error) => return self.refuse(error),
        };
        let sent = authorize::bearer(self.headers);
        match authorize::caller(self.scope, sent, &operation, self.address).await {
            Ok(caller) => self.tell(execute(self.state, self.scope, operation, caller).await),
            Err(error) => self.refuse(error),
        }
    }

    fn refuse(&self, error: ApiError) -> Response {
        self.tell(Outcome::refused(error))
    }

    fn tell(&self, outcome: Outcome) -> Response {
        match outcome {
            Outcome::Executed(response) => {
                answer::executed(self.media_type, self.request_id, response)
            }
            Outcome::Refused(status, errors) => self.refuse_all(status, errors),
        }
    }

    fn refuse_all(&self, status: StatusCode, errors: Vec<ServerError>) -> Response {
        answer::refused(self.media_type, self.request_id, status, errors)
    }
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
