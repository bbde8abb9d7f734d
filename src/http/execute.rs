//! Runs an operation that may run, within the time it has, whatever transport it came by.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{Response, ServerError, parser::types::OperationType};
use axum::http::StatusCode;
use futures::FutureExt;

use super::state::AppState;
use crate::{
    graphql::{ApiError, Caller, Code, Operation, PollsSchema, RequestContext},
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
    caller: Caller,
) -> Outcome {
    let wanted = operation.wanted();
    let context = Arc::new(RequestContext::new(scope.tenant().clone(), caller, wanted));
    let limit = state.http_limits(scope.tenant()).request_time;
    let kind = operation.kind;
    let schema = state.schema.clone();
    let work = async move { tokio::time::timeout(limit, judged(schema, operation, context)).await };
    let work = AssertUnwindSafe(work).catch_unwind();
    let ended = match kind {
        // A client that leaves does not stop it half way.
        OperationType::Mutation => match tenancy::to_the_end(work) {
            Ok(work) => work.await,
            Err(error) => return Outcome::refused(ApiError::internal(error.to_string())),
        },
        _ => Box::pin(work).await,
    };
    match ended {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => {
            let seconds = usize::try_from(limit.as_secs()).unwrap_or(usize::MAX);
            let message = format!("The operation took more than the {seconds} s allowed.");
            Outcome::refused(ApiError::limit("request_seconds", seconds, message))
        }
        Err(_) => Outcome::refused(ApiError::internal("a resolver panicked")),
    }
}

/// Executes an operation whose token may be left to it; if that is bad, nothing else is answered.
async fn judged(
    schema: PollsSchema,
    mut operation: Operation,
    context: Arc<RequestContext>,
) -> Outcome {
    // Given back when all of it ends, or is given up.
    let _pass = operation.pass.take();
    let executed = schema.execute(operation, Arc::clone(&context)).await;
    if let Some(claim) = &context.caller.claim
        && let Err(error) = claim.judged().await
    {
        return Outcome::refused(error);
    }
    match executed {
        Ok(response) => Outcome::Executed(response),
        Err(errors) => Outcome::Refused(StatusCode::BAD_REQUEST, errors),
    }
}
