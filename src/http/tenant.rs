//! The extractor that turns headers into a tenant's scope, and the layer that enters it.

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{StatusCode, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    accept::{MediaType, negotiate},
    answer,
    log::RequestId,
    state::AppState,
};
use crate::tenancy::{AccessError, ResolveError, Scope, Tenant, resolve};

/// The scope of the tenant that a request names: its open databases, leased.
#[derive(Debug)]
pub struct TenantScope(pub Scope);

/// Why there is none.
#[derive(Debug)]
pub struct TenantRejection {
    media_type: MediaType,
    why: Why,
}

#[derive(Debug)]
enum Why {
    Unresolved(ResolveError),
    Closed(AccessError, Option<String>),
}

impl FromRequestParts<AppState> for TenantScope {
    type Rejection = TenantRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, TenantRejection> {
        let reject = |why| TenantRejection {
            media_type: negotiate(&parts.headers).unwrap_or(MediaType::Json),
            why,
        };
        let view = state.registry.view();
        let tenant = resolve(&view.catalog, &parts.headers, &parts.uri)
            .map_err(|error| reject(Why::Unresolved(error)))?;
        match state.registry.lease(&view, tenant).await {
            Ok(lease) => Ok(Self(Scope::new(tenant.clone(), lease))),
            Err(error) => {
                log_refusal(tenant, &error, parts.extensions.get());
                Err(reject(Why::Closed(error, tenant.reason.clone())))
            }
        }
    }
}

/// Runs what is below in the scope of the request's tenant, or answers for it.
pub(super) async fn scope_layer(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let TenantScope(scope) = match TenantScope::from_request_parts(&mut parts, &state).await {
        Ok(scope) => scope,
        Err(rejection) => return rejection.into_response(),
    };
    parts.extensions.insert(scope.clone());
    let request = Request::from_parts(parts, body);
    let mut response = scope.clone().run(next.run(request)).await;
    response.extensions_mut().insert(scope);
    response
}

fn log_refusal(tenant: &Tenant, error: &AccessError, request_id: Option<&RequestId>) {
    let request_id = request_id.map(RequestId::as_str);
    let tenant = tenant.key.as_str();
    match error {
        AccessError::Suspended | AccessError::Maintenance => {}
        error => tracing::error!(request_id, tenant, %error, "tenant not served"),
    }
}

impl IntoResponse for TenantRejection {
    fn into_response(self) -> Response {
        let (status, code, message, retry_after) = describe(&self.why);
        let mut error = answer::error(code, message);
        if let Some(seconds) = retry_after {
            error.extensions.get_or_insert_with(Default::default).set("retryAfter", seconds);
        }
        answer::rejected(self.media_type, status, error)
    }
}

/// Seconds after which another try makes sense: soon for what ends by itself, later for what
/// people have to end.
const RETRY_SOON: u64 = 5;
const RETRY_LATER: u64 = 60;

/// The status, the code, a sentence that names no other tenant, and when to come back.
fn describe(why: &Why) -> (StatusCode, &'static str, String, Option<u64>) {
    let unavailable = StatusCode::SERVICE_UNAVAILABLE;
    match why {
        Why::Unresolved(ResolveError::Required) => (
            StatusCode::BAD_REQUEST,
            "TENANT_REQUIRED",
            "Name the tenant, by its host name or in the tenant header.".into(),
            None,
        ),
        Why::Unresolved(ResolveError::Conflict) => (
            StatusCode::BAD_REQUEST,
            "TENANT_CONFLICT",
            "The request names more than one tenant; name one.".into(),
            None,
        ),
        Why::Unresolved(ResolveError::NotFound) => (
            StatusCode::NOT_FOUND,
            "TENANT_NOT_FOUND",
            "There is no tenant of that name here.".into(),
            None,
        ),
        Why::Closed(AccessError::Suspended, reason) => (
            StatusCode::FORBIDDEN,
            "TENANT_SUSPENDED",
            with_reason("This tenant is suspended.", reason.as_deref()),
            None,
        ),
        Why::Closed(AccessError::Maintenance, reason) => (
            unavailable,
            "TENANT_MAINTENANCE",
            with_reason("This tenant is in maintenance; try again later.", reason.as_deref()),
            Some(RETRY_LATER),
        ),
        Why::Closed(AccessError::MigrationsPending, _) => (
            unavailable,
            "MIGRATIONS_PENDING",
            "This tenant's database is being brought up to date; try again later.".into(),
            Some(RETRY_LATER),
        ),
        Why::Closed(AccessError::Unavailable(_) | AccessError::Exhausted(_), _) => (
            unavailable,
            "TENANT_UNAVAILABLE",
            "This tenant's database cannot be reached; try again later.".into(),
            Some(RETRY_SOON),
        ),
    }
}

fn with_reason(message: &str, reason: Option<&str>) -> String {
    reason.map_or_else(|| message.to_owned(), |reason| format!("{message} {reason}"))
}
