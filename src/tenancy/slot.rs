//! The place of one tenant in the registry: its open database, if it is open.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::Mutex;

use super::{
    AccessError, DatabaseSpec,
    database::TenantDatabase,
    gate::{Gate, GateLimits},
};

/// What each request looks at stands together, in this order, at the beginning: with the counters
/// of the `Arc` it is 64 bytes, of which most tenants' are in no cache of the processor.
#[repr(C)]
pub(super) struct Slot {
    database: ArcSwapOption<TenantDatabase>,
    leases: AtomicUsize,
    gate: ArcSwap<Gate>,
    /// Milliseconds since `born` at the last use.
    last_used: AtomicU64,
    born: Instant,
    pub(super) spec: DatabaseSpec,
    /// Held by the one who opens; keeps how the last attempt failed, for those who waited.
    pub(super) opening: Mutex<Option<AccessError>>,
    /// How many attempts at opening have ended.
    pub(super) attempts: AtomicUsize,
}

impl Slot {
    pub(super) fn new(spec: DatabaseSpec, gate: GateLimits, born: Instant) -> Self {
        Self {
            database: ArcSwapOption::empty(),
            leases: AtomicUsize::new(0),
            gate: ArcSwap::from_pointee(Gate::new(gate)),
            last_used: AtomicU64::new(0),
            born,
            spec,
            opening: Mutex::new(None),
            attempts: AtomicUsize::new(0),
        }
    }

    /// How many of the tenant's operations run at once.
    pub(super) fn gate(&self) -> Arc<Gate> {
        self.gate.load_full()
    }

    /// Puts another gate in place if these limits are other. Those at the old one pass it still.
    pub(super) fn set_gate(&self, limits: GateLimits) {
        if self.gate.load().limits() != limits {
            self.gate.store(Arc::new(Gate::new(limits)));
        }
    }

    /// The open database with one more user, or nothing. Counted before it is looked up, so
    /// that whoever closes idle databases sees the user.
    pub(super) fn acquire(&self) -> Option<Arc<TenantDatabase>> {
        self.leases.fetch_add(1, Ordering::SeqCst);
        let database = self.database.load_full();
        if database.is_none() {
            self.leases.fetch_sub(1, Ordering::SeqCst);
        }
        database
    }

    /// One user less; whether that was the last.
    pub(super) fn release(&self) -> bool {
        self.touch();
        self.leases.fetch_sub(1, Ordering::SeqCst) == 1
    }

    pub(super) fn put(&self, database: TenantDatabase) {
        self.touch();
        self.database.store(Some(Arc::new(database)));
    }

    /// Takes the database out. Those who use it keep it; the last of them closes it.
    pub(super) fn take(&self) -> Option<Arc<TenantDatabase>> {
        self.database.swap(None)
    }

    /// Takes out that database and no newer one.
    pub(super) fn take_if(&self, database: &Arc<TenantDatabase>) {
        let current = self.database.load();
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, database)) {
            self.database.compare_and_swap(&*current, None);
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.database.load().is_some()
    }

    pub(super) fn is_used(&self) -> bool {
        self.leases.load(Ordering::SeqCst) > 0
    }

    pub(super) fn last_used(&self) -> u64 {
        self.last_used.load(Ordering::Relaxed)
    }

    /// Milliseconds since the registry began.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn touch(&self) {
        self.last_used.store(self.now(), Ordering::Relaxed);
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("spec", &self.spec).finish_non_exhaustive()
    }
}
