//! Who there is at one moment, and where each tenant's open database is found.

use std::{collections::HashSet, fmt, sync::Arc, time::Instant};

use super::{Catalog, GateLimits, Tenant, TenantKey, slot::Slot};

/// The catalog at one moment, with a place for each tenant's database.
pub struct View {
    /// Who there is.
    pub catalog: Arc<Catalog>,
    /// In the order of the catalog's tenants.
    slots: Vec<Arc<Slot>>,
    origins: HashSet<String>,
}

impl View {
    /// A view in which nothing is open yet.
    pub(super) fn new(catalog: Arc<Catalog>, gate: GateLimits, born: Instant) -> Self {
        Self::after(None, catalog, gate, born)
    }

    /// The view of another catalog. A tenant keeps its place where the database is the same.
    pub(super) fn after(
        old: Option<&Self>,
        catalog: Arc<Catalog>,
        gate: GateLimits,
        born: Instant,
    ) -> Self {
        let place = |tenant: &Arc<Tenant>| {
            let gate = gate.with(&tenant.limits);
            match old.and_then(|old| old.slot(&tenant.key)) {
                Some(slot) if slot.spec == tenant.database => {
                    slot.set_gate(gate);
                    Arc::clone(slot)
                }
                _ => Arc::new(Slot::new(tenant.database.clone(), gate, born)),
            }
        };
        let tenants = catalog.tenants.values();
        let slots = tenants.clone().map(place).collect();
        let origins = tenants.flat_map(|tenant| tenant.origins.iter().cloned()).collect();
        Self { catalog, slots, origins }
    }

    pub(super) fn slot(&self, key: &TenantKey) -> Option<&Arc<Slot>> {
        self.slots.get(self.catalog.tenants.get_index_of(key)?)
    }

    /// Whether that is the tenant's place.
    pub(super) fn has(&self, key: &TenantKey, slot: &Arc<Slot>) -> bool {
        self.slot(key).is_some_and(|current| Arc::ptr_eq(current, slot))
    }

    /// All places, each with its tenant.
    pub(super) fn slots(&self) -> impl Iterator<Item = (&TenantKey, &Arc<Slot>)> {
        self.catalog.tenants.keys().zip(&self.slots)
    }

    /// Whether pages of that origin may call any tenant at all.
    #[must_use]
    pub fn has_origin(&self, origin: &str) -> bool {
        self.origins.contains(origin)
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("tenants", &self.slots.len()).finish_non_exhaustive()
    }
}
