//! Who there is at one moment, and where each tenant's open database is found.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::Arc,
    time::Instant,
};

use super::{Catalog, GateLimits, Tenant, TenantKey, slot::Slot};

/// The catalog at one moment, with a place for each tenant's database.
pub struct View {
    /// Who there is.
    pub catalog: Arc<Catalog>,
    pub(super) slots: HashMap<TenantKey, Arc<Slot>>,
    origins: HashSet<String>,
}

impl View {
    pub(super) fn new(catalog: Arc<Catalog>, slots: HashMap<TenantKey, Arc<Slot>>) -> Self {
        let origins =
            catalog.tenants.values().flat_map(|tenant| tenant.origins.iter().cloned()).collect();
        Self { catalog, slots, origins }
    }

    pub(super) fn slot(&self, key: &TenantKey) -> Option<&Arc<Slot>> {
        self.slots.get(key)
    }

    /// Whether pages of that origin may call any tenant at all.
    #[must_use]
    pub fn has_origin(&self, origin: &str) -> bool {
        self.origins.contains(origin)
    }
}

/// A place for each tenant; the old one where the database is the same.
pub(super) fn slots(
    catalog: &Catalog,
    old: &HashMap<TenantKey, Arc<Slot>>,
    gate: GateLimits,
    born: Instant,
) -> HashMap<TenantKey, Arc<Slot>> {
    let place = |tenant: &Arc<Tenant>| {
        let gate = gate.with(&tenant.limits);
        match old.get(&tenant.key) {
            Some(slot) if slot.spec == tenant.database => {
                slot.set_gate(gate);
                Arc::clone(slot)
            }
            _ => Arc::new(Slot::new(tenant.database.clone(), gate, born)),
        }
    };
    catalog.tenants.iter().map(|(key, tenant)| (key.clone(), place(tenant))).collect()
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("tenants", &self.slots.len()).finish_non_exhaustive()
    }
}
