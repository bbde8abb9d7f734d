//! Whose token came with a request, and whether it matters.

use std::net::IpAddr;

use async_graphql::parser::types::OperationType;
use axum::http::{HeaderMap, header};

use crate::{
    graphql::{ApiError, Caller, Claim, Operation},
    service::token::{self, Rejected, Viewer},
    tenancy::{Scope, TenantRouter},
};

/// The token that was sent, if one was (RFC 6750, section 2.1).
pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Rejected> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Rejected::Invalid);
    }
    credentials(value.to_str().map_err(|_| Rejected::Invalid)?).map(Some)
}

/// The token in the value of an `Authorization` header.
pub(super) fn credentials(value: &str) -> Result<&str, Rejected> {
    let (scheme, secret) = value.split_once(' ').ok_or(Rejected::Invalid)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(secret.trim()) } else { Err(Rejected::Invalid) }
}

/// The caller of an operation that came by HTTP. The token of a vote is left to the vote where the
/// database judges both in one statement.
///
/// # Errors
/// As for [`viewer`].
pub(super) async fn caller(
    scope: &Scope,
    sent: Result<Option<&str>, Rejected>,
    operation: &Operation,
    address: IpAddr,
) -> Result<Caller, ApiError> {
    if let Ok(Some(secret)) = sent
        && operation.is_lone_vote()
        && TenantRouter::acts_at_once(scope)
    {
        scope.about_to_write();
        return Ok(Caller::claiming(Claim::new(secret), address));
    }
    let viewer = viewer(scope, sent, operation).await?;
    Ok(Caller::known(viewer, address))
}

/// Who calls, in the scope of the tenant. A bad token only matters to operations that ask for
/// more than is free.
///
/// # Errors
/// `UNAUTHENTICATED` with the reason, or what the database answers.
pub(super) async fn viewer(
    scope: &Scope,
    sent: Result<Option<&str>, Rejected>,
    operation: &Operation,
) -> Result<Option<Viewer>, ApiError> {
    if operation.kind == OperationType::Mutation {
        scope.about_to_write();
    }
    let rejected = match sent {
        Ok(None) => return Ok(None),
        Ok(Some(secret)) => match token::authenticate(secret).await.map_err(ApiError::from)? {
            Ok(viewer) => return Ok(Some(viewer)),
            Err(rejected) => rejected,
        },
        Err(rejected) => rejected,
    };
    if operation.ignores_token { Ok(None) } else { Err(ApiError::rejected(rejected)) }
}
