//! The extractor that turns headers into a tenant's scope, and the layer that enters it.

use std::sync::Arc;

use async_graphql::ServerError;
use axum::{
    extract::{FromRequestParts, Request},
    http::{Method, StatusCode, request::Parts},
    response::{IntoResponse, Response},
};

use super::{
    accept::{MediaType, negotiate},
    answer,
    body::{self, ReadBody},
    log::RequestId,
    state::AppState,
};
use crate::tenancy::{AccessError, ResolveError, Scope, Tenant, TicketError, View, resolve};

/// The scope of the tenant that a request names: its open databases, leased.
#[derive(Debug)]
pub struct TenantScope(pub Scope);

/// Why there is none.
#[derive(Debug)]
pub struct TenantRejection {
    media_type: MediaType,
    why: Why,
}

/// Why a tenant is not served.
#[derive(Debug)]
pub(super) enum Why {
    /// The request names none.
    Unresolved(ResolveError),
    /// It is closed, and the reason for its users.
    Closed(AccessError, Option<String>),
}

impl From<TicketError> for Why {
    fn from(error: TicketError) -> Self {
        match error {
            TicketError::Gone => Self::Unresolved(ResolveError::NotFound),
            TicketError::Moved => Self::Closed(AccessError::Unavailable("moved".into()), None),
            TicketError::Closed(error, reason) => Self::Closed(error, reason),
        }
    }
}

impl FromRequestParts<AppState> for TenantScope {
    type Rejection = TenantRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, TenantRejection> {
        let view = state.registry.view();
        let tenant = named(parts, &view)?;
        Self::open(parts, state, &view, tenant).await
    }
}

/// The tenant that a request names.
fn named<'v>(parts: &Parts, view: &'v View) -> Result<&'v Arc<Tenant>, TenantRejection> {
    resolve(&view.catalog, &parts.headers, &parts.uri)
        .map_err(|error| TenantRejection::new(parts, Why::Unresolved(error)))
}

impl TenantRejection {
    fn new(parts: &Parts, why: Why) -> Self {
        let media_type = negotiate(&parts.headers).unwrap_or(MediaType::Json);
        Self { media_type, why }
    }
}

impl TenantScope {
    async fn open(
        parts: &Parts,
        state: &AppState,
        view: &View,
        tenant: &Arc<Tenant>,
    ) -> Result<Self, TenantRejection> {
        match state.registry.lease(view, tenant).await {
            Ok(lease) => Ok(Self(Scope::new(tenant.clone(), lease))),
            Err(error) => {
                log_refusal(tenant, &error, parts.extensions.get());
                let why = Why::Closed(error, tenant.reason.clone());
                Err(TenantRejection::new(parts, why))
            }
        }
    }
}

/// A request of a tenant: its scope, its head, and its body, which only a POST has.
pub(super) struct Tenanted {
    pub scope: Scope,
    pub parts: Parts,
    pub body: ReadBody,
}

/// Runs some work in the scope of the request's tenant, or answers for it.
pub(super) async fn in_scope<'s, F: Future<Output = Response>>(
    state: &'s AppState,
    request: Request,
    work: impl FnOnce(&'s AppState, Tenanted) -> F,
) -> Response {
    let tenanted = match enter(state, request).await {
        Ok(tenanted) => tenanted,
        Err(rejection) => return rejection.into_response(),
    };
    let scope = tenanted.scope.clone();
    let mut response = scope.clone().run(work(state, tenanted)).await;
    response.extensions_mut().insert(scope);
    response
}

/// The scope; the body of a POST is read first.
async fn enter(state: &AppState, request: Request) -> Result<Tenanted, TenantRejection> {
    let (parts, unread) = request.into_parts();
    let mut view = state.registry.view();
    let mut tenant = Arc::clone(named(&parts, &view)?);
    let mut body = ReadBody::default();
    if parts.method == Method::POST {
        body = body::read(unread, &state.http_limits(&tenant)).await;
        // A body may take long, and what the tenants file says by now is what counts.
        if !state.registry.is_current(&view) {
            view = state.registry.view();
            tenant = Arc::clone(named(&parts, &view)?);
        }
    }
    let TenantScope(scope) = TenantScope::open(&parts, state, &view, &tenant).await?;
    Ok(Tenanted { scope, parts, body })
}

pub(super) fn log_refusal(tenant: &Tenant, error: &AccessError, request_id: Option<&RequestId>) {
    let request_id = request_id.map(RequestId::as_str);
    let tenant = tenant.key.as_str();
    match error {
        AccessError::Suspended | AccessError::Maintenance => {}
        error => tracing::error!(request_id, tenant, %error, "tenant not served"),
    }
}

impl IntoResponse for TenantRejection {
    fn into_response(self) -> Response {
        let (status, error) = refusal(&self.why);
        answer::rejected(self.media_type, status, error)
    }
}

/// The status and the error that a client is told.
pub(super) fn refusal(why: &Why) -> (StatusCode, ServerError) {
    let (status, code, message, retry_after) = describe(why);
    let mut error = answer::error(code, message);
    if let Some(seconds) = retry_after {
        error.extensions.get_or_insert_with(Default::default).set("retryAfter", seconds);
    }
    (status, error)
}

/// Seconds after which another try makes sense: soon for what ends by itself, later for what
/// people have to end.
const RETRY_SOON: u64 = 5;
const RETRY_LATER: u64 = 60;

/// The status, the code, a sentence that names no other tenant, and when to come back.
pub(super) fn describe(why: &Why) -> (StatusCode, &'static str, String, Option<u64>) {
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
