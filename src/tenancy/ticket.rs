//! For work that waits for hours and needs the database for moments, such as a subscription.

use std::{fmt, sync::Arc};

use thiserror::Error;

use super::{AccessError, Registry, RouterError, Tenant, TenantKey, scope::Scope, slot::Slot};

/// The right to ask for a scope of one tenant again and again. It holds no lease, so the
/// databases may close meanwhile.
#[derive(Clone)]
pub struct Ticket {
    registry: Registry,
    key: TenantKey,
    /// Where the tenant's databases were: should they live elsewhere one day, what was read from
    /// these says nothing of those.
    slot: Arc<Slot>,
}

/// Why a ticket is worth nothing now.
#[derive(Debug, Clone, Error)]
pub enum TicketError {
    /// The catalog no longer has the tenant.
    #[error("the tenant is gone")]
    Gone,
    /// The tenant's rows are in another database now.
    #[error("the tenant's database is another one now")]
    Moved,
    /// Its databases are closed to requests, and why, for its users.
    #[error("{0}")]
    Closed(AccessError, Option<String>),
}

impl Ticket {
    pub(super) fn new(registry: Registry, key: TenantKey, slot: Arc<Slot>) -> Self {
        Self { registry, key, slot }
    }

    /// A ticket for the tenant in scope.
    ///
    /// # Errors
    /// [`RouterError::NoTenant`] outside a scope.
    pub fn of_scope() -> Result<Self, RouterError> {
        let scope = Scope::current()?;
        Ok(scope.lease().ticket(scope.tenant().key.clone()))
    }

    /// Whom it is for.
    #[must_use]
    pub fn key(&self) -> &TenantKey {
        &self.key
    }

    /// Whether both lead to the same databases.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.slot, &other.slot)
    }

    /// The tenant as the catalog has it now, if it is served.
    ///
    /// # Errors
    /// [`TicketError`] if it is not.
    pub fn tenant(&self) -> Result<Arc<Tenant>, TicketError> {
        let view = self.registry.view();
        let tenant = view.catalog.get(self.key.as_str()).ok_or(TicketError::Gone)?;
        tenant.access().map_err(|error| TicketError::Closed(error, tenant.reason.clone()))?;
        if !view.has(&self.key, &self.slot) {
            return Err(TicketError::Moved);
        }
        Ok(Arc::clone(tenant))
    }

    /// A scope for one piece of work, with a lease of its own.
    ///
    /// # Errors
    /// [`TicketError`] where there is no getting at the databases.
    pub async fn scope(&self) -> Result<Scope, TicketError> {
        let tenant = self.tenant()?;
        let view = self.registry.view();
        match self.registry.lease(&view, &tenant).await {
            Ok(lease) => Ok(Scope::new(tenant, lease)),
            Err(error) => Err(TicketError::Closed(error, tenant.reason.clone())),
        }
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("key", &self.key).finish_non_exhaustive()
    }
}
