//! The GraphQL endpoint (GraphQL over HTTP, stage 2 draft).

use std::net::{IpAddr, SocketAddr};

use async_graphql::{ServerError, parser::types::OperationType};
use axum::{
    Extension,
    body::Body,
    extract::{ConnectInfo, State},
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header},
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
};
use crate::{
    graphql::{ApiError, Code, Operation, Parameters},
    service::token::Viewer,
    tenancy::Scope,
};

/// What one request is answered with.
struct Exchange<'a> {
    state: &'a AppState,
    scope: Scope,
    request_id: RequestId,
    media_type: MediaType,
    method: Method,
    headers: HeaderMap,
    address: IpAddr,
    connection: Connection,
    visit: Visit<'a>,
}

/// `GET`: queries only.
pub(super) async fn get(
    State(state): State<AppState>,
    Extension(scope): Extension<Scope>,
    Extension(request_id): Extension<RequestId>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(connection): Extension<Connection>,
    request: Request<Body>,
) -> Response {
    let (parts, _) = request.into_parts();
    let media_type = match acceptable(&parts.headers) {
        Ok(media_type) => media_type,
        Err(response) => return *response,
    };
    let view = state.registry.view();
    let address = client_address(&view.catalog, &parts.headers, peer);
    let (method, headers) = (Method::GET, parts.headers);
    let query = parts.uri.query().unwrap_or_default();
    let own = scope.clone();
    let visit = Visit::new(&state, &own, &method, media_type, &headers, query.as_bytes());
    if let Some(response) = visit.hit() {
        return conditional(&headers, &view.catalog, response);
    }
    let state = &state;
    let exchange = Exchange {
        state,
        scope,
        request_id,
        media_type,
        method,
        headers,
        address,
        connection,
        visit,
    };
    let response = Box::pin(exchange.answer(parameters::from_query(query))).await;
    conditional(&exchange.headers, &view.catalog, response)
}

/// `POST`: queries and mutations.
pub(super) async fn post(
    State(state): State<AppState>,
    Extension(scope): Extension<Scope>,
    Extension(request_id): Extension<RequestId>,
    Extension(ReadBody(read)): Extension<ReadBody>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(connection): Extension<Connection>,
    request: Request<Body>,
) -> Response {
    let (parts, _) = request.into_parts();
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
        Ok(body) => body,
        Err(BodyError::TooLarge) => {
            let max = state.http_limits(scope.tenant()).body_bytes;
            let message = format!("The body has more than the {max} bytes that are allowed.");
            let error = ApiError::limit("body_bytes", max, message).into_server_error();
            return reject(StatusCode::PAYLOAD_TOO_LARGE, error);
        }
        Err(BodyError::Broken) => {
            let error = answer::error(Code::BadUserInput.as_str(), "The body broke off.");
            return reject(StatusCode::BAD_REQUEST, error);
        }
        Err(BodyError::Slow) => {
            let error = answer::error(Code::BadUserInput.as_str(), "The body took too long.");
            return reject(StatusCode::REQUEST_TIMEOUT, error);
        }
    };
    let address = client_address(&state.registry.view().catalog, &parts.headers, peer);
    let (method, headers) = (Method::POST, parts.headers);
    let own = scope.clone();
    let visit = Visit::new(&state, &own, &method, media_type, &headers, &body);
    if let Some(response) = visit.hit() {
        return response;
    }
    let state = &state;
    let exchange = Exchange {
        state,
        scope,
        request_id,
        media_type,
        method,
        headers,
        address,
        connection,
        visit,
    };
    // Boxed: each layer around this one would move all of it, also for what is known already.
    Box::pin(exchange.answer(parameters::from_json(&body))).await
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
        if self.method == Method::GET && operation.kind == OperationType::Mutation {
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
                scope: &self.scope,
                request_id: &self.request_id,
                headers: &self.headers,
                address: self.address,
                connection: &self.connection,
            };
            return sse::answer(caller, self.media_type, operation).await;
        }
        // A text that is to be registered has to reach the schema.
        let shares = operation.kind == OperationType::Query && !operation.registers();
        let work = Box::pin(self.admitted(operation));
        if shares { self.visit.share(work).await } else { work.await }
    }

    async fn admitted(&self, operation: Operation) -> Response {
        let operation = match concurrency::admit(&self.scope, operation).await {
            Ok(operation) => operation,
            Err(error) => return self.refuse(error),
        };
        match authorize::viewer(authorize::bearer(&self.headers), &operation).await {
            Ok(viewer) => self.run(operation, viewer).await,
            Err(error) => self.refuse(error),
        }
    }

    async fn run(&self, operation: Operation, viewer: Option<Viewer>) -> Response {
        self.tell(execute(self.state, &self.scope, operation, viewer, self.address).await)
    }

    fn refuse(&self, error: ApiError) -> Response {
        self.tell(Outcome::refused(error))
    }

    fn tell(&self, outcome: Outcome) -> Response {
        match outcome {
            Outcome::Executed(response) => {
                answer::executed(self.media_type, &self.request_id, response)
            }
            Outcome::Refused(status, errors) => self.refuse_all(status, errors),
        }
    }

    fn refuse_all(&self, status: StatusCode, errors: Vec<ServerError>) -> Response {
        answer::refused(self.media_type, &self.request_id, status, errors)
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
