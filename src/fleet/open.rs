//! A command enters the scope of one tenant by the same stairs as a request.

use std::{sync::Arc, time::Duration};

use super::MigrationsApplied;
use crate::tenancy::{AccessError, Catalog, Limits, Registry, Scope, Tenant};

/// How long closing may take.
const CLOSING: Duration = Duration::from_secs(30);

/// Does work in the scope of one tenant, from a registry of its own in which nobody else is. When
/// this returns, its databases are closed: on SQLite the file is all there is then.
///
/// # Errors
/// Where the tenant's state, schema or database stands in the way.
pub async fn in_scope_of<T>(
    tenant: &Arc<Tenant>,
    work: impl Future<Output = T>,
) -> Result<T, AccessError> {
    let catalog = Catalog {
        tenants: [(tenant.key.clone(), Arc::clone(tenant))].into_iter().collect(),
        ..Catalog::default()
    };
    let registry = Registry::new(Arc::new(catalog), Limits::default(), Box::new(MigrationsApplied));
    let lease = registry.lease(&registry.view(), tenant).await?;
    let done = Scope::new(Arc::clone(tenant), lease).run(work).await;
    registry.shut_down(CLOSING).await;
    Ok(done)
}
