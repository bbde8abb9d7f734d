//! How many operations of one tenant run at once, whatever transport they came by.
//!
//! A query or mutation waits for its turn among those of its own tenant, and keeps its pass until
//! it has been executed: a mutation also when its client has left. A subscription has none while
//! it waits, since it may last for hours; each of its events takes its turn where it is answered.

use async_graphql::parser::types::OperationType;

use crate::{
    graphql::{ApiError, Operation},
    tenancy::{Busy, LimitName, Scope},
};

/// Seconds after which another try makes sense: operations take much less.
const RETRY: u64 = 1;

/// The operation, with its pass, once it may run.
///
/// # Errors
/// `RATE_LIMITED` where too many wait already, or the wait took too long.
pub(super) async fn admit(scope: &Scope, mut operation: Operation) -> Result<Operation, ApiError> {
    if operation.kind == OperationType::Subscription {
        return Ok(operation);
    }
    match scope.pass().await {
        Ok(pass) => {
            operation.pass = Some(pass);
            Ok(operation)
        }
        Err(Busy::Full(max)) => Err(busy(LimitName::QueuedOperations, max)),
        Err(Busy::Slow(max)) => Err(busy(LimitName::ConcurrentOperations, max)),
    }
}

fn busy(limit: LimitName, max: usize) -> ApiError {
    ApiError::rate_limited(limit.as_str(), max, RETRY)
}
