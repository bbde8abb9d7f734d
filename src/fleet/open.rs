//! A command enters the scope of one tenant by the same stairs as a request.

use std::sync::Arc;

use super::MigrationsApplied;
use crate::tenancy::{AccessError, Catalog, Limits, Registry, Scope, Tenant};

/// A scope for one tenant, from a registry of its own in which nobody else is.
///
/// # Errors
/// Where the tenant's state, schema or database stands in the way.
pub async fn scope_of(tenant: &Arc<Tenant>) -> Result<Scope, AccessError> {
    let catalog = Catalog {
        tenants: [(tenant.key.clone(), Arc::clone(tenant))].into(),
        ..Catalog::default()
    };
    let registry = Registry::new(Arc::new(catalog), Limits::default(), Box::new(MigrationsApplied));
    let lease = registry.lease(&registry.view(), tenant).await?;
    Ok(Scope::new(Arc::clone(tenant), lease))
}
