//! Accepting a connection inside the socket (PROTOCOL.md, section "ConnectionInit"): for which
//! tenant, and whose.

use std::{net::IpAddr, sync::Arc};

use axum::http::{HeaderMap, Uri, header};
use serde_json::{Map, Value};

use super::{close::Close, origin::own_origin};
use crate::{
    graphql::Code,
    http::{
        authorize,
        log::RequestId,
        session::{Farewell, Session, TokenNews},
        state::AppState,
        streams::Place,
        tenant::{Why, log_refusal},
    },
    service::token::{self, Rejected},
    tenancy::{Catalog, Lease, Scope, Strategy, Tenant, View, resolve_with},
};

/// What was known when the socket opened.
pub(super) struct Opening {
    pub headers: HeaderMap,
    pub uri: Uri,
    pub address: IpAddr,
    pub request_id: RequestId,
}

/// A connection that is accepted.
pub(super) struct Accepted {
    pub session: Arc<Session>,
    /// Held for its drop.
    pub _place: Place,
}

/// What the payload brings that counts here. Header names count as well, for pages that put
/// their headers in it.
struct Brought {
    tenants: Vec<String>,
    authorization: Option<String>,
}

/// Accepts the connection, with the news that may end it, or says why not.
///
/// # Errors
/// 4400 for a payload of other types, 4403 for a tenant or a token that is not to be had, 1013
/// where the tenant has too many streams.
pub(super) async fn accept(
    state: &AppState,
    opening: &Opening,
    payload: &Map<String, Value>,
) -> Result<(Accepted, Option<TokenNews>), Close> {
    let view = state.registry.view();
    let brought = Brought::read(&view.catalog, payload)?;
    let names: Vec<&str> = brought.tenants.iter().map(String::as_str).collect();
    let tenant = resolve_with(&view.catalog, &opening.headers, &opening.uri, &names)
        .map_err(|error| refused(&Why::Unresolved(error)))?;
    refuse_foreign_origin(&view.catalog, opening, tenant)?;
    let secret = secret(&opening.headers, brought.authorization.as_deref())?;
    let place = state.streams.enter(&tenant.key);
    let place =
        place.ok_or_else(|| Close::try_later(state.streams.limits().connections_per_tenant))?;
    let lease = lease(state, &view, tenant, &opening.request_id).await?;
    let ticket = state.registry.ticket(&view, tenant);
    let ticket = ticket.ok_or_else(|| internal("a tenant without a place", opening))?;
    let scope = Scope::new(Arc::clone(tenant), lease);
    let tokens = || state.streams.events().watch_tokens(&tenant.key);
    let tokens = secret.is_some().then(tokens);
    let viewer = match &secret {
        None => None,
        Some(secret) => match scope.run(token::authenticate(secret)).await {
            Ok(Ok(viewer)) => Some(viewer),
            Ok(Err(rejected)) => return Err(Close::forbidden(&Farewell::of_token(rejected))),
            Err(failure) => return Err(internal(&failure.to_string(), opening)),
        },
    };
    let who = (opening.address, opening.request_id.clone());
    let session = Arc::new(Session::new(state.clone(), ticket, secret, viewer, who));
    Ok((Accepted { session, _place: place }, tokens))
}

fn refused(why: &Why) -> Close {
    Close::forbidden(&Farewell::of_tenant(why))
}

fn internal(detail: &str, opening: &Opening) -> Close {
    tracing::error!(request_id = opening.request_id.as_str(), detail, "a socket was refused");
    let message = "Something went wrong here; try again later.";
    Close::forbidden_because(Code::Internal.as_str(), message)
}

async fn lease(
    state: &AppState,
    view: &View,
    tenant: &Tenant,
    request_id: &RequestId,
) -> Result<Lease, Close> {
    state.registry.lease(view, tenant).await.map_err(|error| {
        log_refusal(tenant, &error, Some(request_id));
        refused(&Why::Closed(error, tenant.reason.clone()))
    })
}

/// Now that the tenant is known, its own list counts.
fn refuse_foreign_origin(
    catalog: &Catalog,
    opening: &Opening,
    tenant: &Tenant,
) -> Result<(), Close> {
    let Some(origin) = opening.headers.get(header::ORIGIN) else { return Ok(()) };
    let listed = tenant.origins.iter().any(|own| own.as_bytes() == origin.as_bytes());
    if listed || own_origin(catalog, &opening.headers, &opening.uri).is(origin, Some(tenant)) {
        return Ok(());
    }
    let message = "pages of this origin may not call this tenant";
    Err(Close::forbidden_because(Code::Forbidden.as_str(), message))
}

/// The token in the upgrade's headers or in the payload; both must say the same.
fn secret(headers: &HeaderMap, brought: Option<&str>) -> Result<Option<String>, Close> {
    let bad = |rejected| Close::forbidden(&Farewell::of_token(rejected));
    let sent = authorize::bearer(headers).map_err(bad)?;
    let brought = brought.map(authorize::credentials).transpose().map_err(bad)?;
    if let (Some(sent), Some(brought)) = (sent, brought)
        && sent != brought
    {
        return Err(bad(Rejected::Invalid));
    }
    Ok(sent.or(brought).map(str::to_owned))
}

impl Brought {
    fn read(catalog: &Catalog, payload: &Map<String, Value>) -> Result<Self, Close> {
        let names_tenant = |name: &str| {
            let header = |strategy: &Strategy| match strategy {
                Strategy::Header(header) => name.eq_ignore_ascii_case(header.as_str()),
                Strategy::HostSuffix(_) => false,
            };
            name.eq_ignore_ascii_case("tenant") || catalog.strategies.iter().any(header)
        };
        let mut brought = Self { tenants: Vec::new(), authorization: None };
        for (name, value) in payload {
            let is_token = name.eq_ignore_ascii_case("authorization");
            if value.is_null() || !(is_token || names_tenant(name)) {
                continue;
            }
            let Value::String(text) = value else {
                let why = format!("`{name}` in the payload is a string");
                return Err(Close::bad_message(&why));
            };
            if is_token {
                brought.authorization = Some(text.clone()).filter(|text| !text.is_empty());
            } else {
                brought.tenants.push(text.trim().to_owned());
            }
        }
        Ok(brought)
    }
}
