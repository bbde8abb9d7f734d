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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenancy::{
        Anonymous, DatabaseSpec, DatabaseUrl, Durability, LimitOverrides, Registration,
        ResultCaching, State, TrustedDocuments,
    };

    fn catalog(tenants: &[(&str, &str)]) -> Arc<Catalog> {
        let tenants = tenants.iter().map(|(key, file)| {
            let tenant = tenant(key, file);
            (tenant.key.clone(), Arc::new(tenant))
        });
        Arc::new(Catalog { tenants: tenants.collect(), ..Catalog::default() })
    }

    fn tenant(key: &str, file: &str) -> Tenant {
        Tenant {
            key: key.parse().unwrap(),
            limits: LimitOverrides::default(),
            documents: TrustedDocuments::default(),
            state: State::default(),
            anonymous: Anonymous::default(),
            introspection: None,
            result_cache: ResultCaching::default(),
            registration: Registration::default(),
            name: key.to_owned(),
            hosts: Vec::new(),
            database: DatabaseSpec {
                write: DatabaseUrl::sqlite(file.into()),
                read: Vec::new(),
                durability: Durability::default(),
            },
            reason: None,
            origins: Vec::new(),
        }
    }

    fn slot(view: &View, key: &str) -> Option<Arc<Slot>> {
        view.slot(&key.parse().unwrap()).cloned()
    }

    #[test]
    fn tenants_keep_their_places_when_others_come_and_go() {
        let (gate, born) = (GateLimits::default(), Instant::now());
        let is_right = |view: &View| {
            for (key, tenant) in &view.catalog.tenants {
                assert_eq!(view.slot(key).unwrap().spec, tenant.database, "{key}");
            }
            assert_eq!(view.slots().count(), view.catalog.tenants.len());
        };
        let first = View::new(catalog(&[("d", "d"), ("b", "b")]), gate, born);
        is_right(&first);
        let next = catalog(&[("c", "c"), ("b", "b"), ("a", "a")]);
        let second = View::after(Some(&first), next, gate, born);
        is_right(&second);
        let kept = slot(&second, "b").unwrap();
        assert!(Arc::ptr_eq(&kept, &slot(&first, "b").unwrap()));
        assert!(slot(&second, "d").is_none());
        let moved = catalog(&[("b", "other"), ("c", "c")]);
        let third = View::after(Some(&second), moved, gate, born);
        is_right(&third);
        assert!(!third.has(&"b".parse().unwrap(), &kept));
        assert!(third.has(&"c".parse().unwrap(), &slot(&second, "c").unwrap()));
    }
}
