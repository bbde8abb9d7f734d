//! Runs an operation that may run, within the time it has, whatever transport it came by.

use std::{net::IpAddr, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{Response, ServerError, parser::types::OperationType};
use axum::http::StatusCode;
use futures::{FutureExt, future::BoxFuture};

use super::state::AppState;
use crate::{
    graphql::{ApiError, Caller, Code, Operation, RequestContext},
    service::token::Viewer,
    tenancy::{self, Scope},
};

/// How an operation ended.
pub(super) enum Outcome {
    /// It was executed: there is `data`.
    Executed(Response),
    /// It was not: there is none.
    Refused(StatusCode, Vec<ServerError>),
}

impl Outcome {
    /// An operation that is not executed, for this reason.
    pub(super) fn refused(error: ApiError) -> Self {
        let status = match error.code() {
            Code::Unauthenticated => StatusCode::UNAUTHORIZED,
            Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Code::TenantUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::Refused(status, vec![error.into_server_error()])
    }
}

/// Executes a query or a mutation in the scope that runs.
pub(super) async fn execute(
    state: &AppState,
    scope: &Scope,
    operation: Operation,
    viewer: Option<Viewer>,
    address: IpAddr,
) -> Outcome {
    let caller = Caller { viewer, address };
    let context = Arc::new(RequestContext::new(scope.tenant().clone(), caller));
    let limit = state.http_limits(scope.tenant()).request_time;
    let run: BoxFuture<'_, _> = match operation.kind {
        // Runs on in a task of its own, so that a client that leaves does not stop it half way.
        OperationType::Mutation => Box::pin(detached(state, operation, context, limit)),
        _ => Box::pin(
            AssertUnwindSafe(state.schema.execute(operation, context))
                .catch_unwind()
                .map(|outcome| outcome.map_err(|_| broken("a resolver panicked"))),
        ),
    };
    match tokio::time::timeout(limit, run).await {
        Ok(Ok(Ok(response))) => Outcome::Executed(response),
        Ok(Ok(Err(errors))) => Outcome::Refused(StatusCode::BAD_REQUEST, errors),
        Ok(Err(error)) => Outcome::refused(error),
        Err(_) => {
            let seconds = usize::try_from(limit.as_secs()).unwrap_or(usize::MAX);
            let message = format!("The operation took more than the {seconds} s allowed.");
            Outcome::refused(ApiError::limit("request_seconds", seconds, message))
        }
    }
}

async fn detached(
    state: &AppState,
    operation: Operation,
    context: Arc<RequestContext>,
    limit: Duration,
) -> Result<Result<Response, Vec<ServerError>>, ApiError> {
    let schema = state.schema.clone();
    let task = tenancy::spawn(async move {
        tokio::time::timeout(limit, Box::pin(schema.execute(operation, context))).await
    });
    match task.map_err(|error| broken(&error.to_string()))?.await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(_)) => Err(broken("a mutation took too long")),
        Err(error) => Err(broken(&error.to_string())),
    }
}

fn broken(detail: &str) -> ApiError {
    ApiError::internal(detail)
}
