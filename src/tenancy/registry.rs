//! Opens, shares, caps and closes tenant databases.
//!
//! A lease of an open database takes no lock: a load of the current view, one look-up, one
//! counter. Opening is done once however many ask, and nobody else waits for it.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use sea_orm::DatabaseExecutor;
use tokio::sync::watch;

use super::{
    AccessError, Catalog, GateLimits, Tenant, TenantKey, Ticket, budget::Budget,
    database::TenantDatabase, gate::Gate, slot::Slot, spawn::spawn_untenanted, view::View,
};

/// What the registry keeps to.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many tenants' databases are open at once.
    pub max_open: usize,
    /// How many connections go to one database server.
    pub connections_per_server: usize,
    /// How long a database stays open without use.
    pub idle_close: Duration,
    /// How long a request waits for a database to open.
    pub patience: Duration,
    /// How many operations of one tenant run at once, if nothing else is said for it.
    pub gate: GateLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_open: 256,
            connections_per_server: 90,
            idle_close: Duration::from_secs(300),
            patience: Duration::from_secs(5),
            gate: GateLimits::default(),
        }
    }
}

/// What goes on at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Tenants whose databases are open.
    pub open: usize,
    /// Queries and mutations that run.
    pub running: usize,
    /// Queries and mutations that wait in their tenant's line.
    pub waiting: usize,
}

/// Tells whether a database's schema is what this program needs.
#[async_trait::async_trait]
pub trait SchemaCheck: Send + Sync {
    /// Whether migrations are missing.
    ///
    /// # Errors
    /// What the database answers.
    async fn is_behind(&self, database: DatabaseExecutor<'_>) -> Result<bool, sea_orm::DbErr>;
}

/// The open databases of all tenants.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    view: ArcSwap<View>,
    limits: Limits,
    schema: Box<dyn SchemaCheck>,
    budget: Budget,
    open: Mutex<HashMap<TenantKey, Arc<Slot>>>,
    born: Instant,
    /// Tells those who wait for it that there is another catalog.
    changes: watch::Sender<()>,
}

impl Registry {
    /// A registry in which nothing is open yet.
    #[must_use]
    pub fn new(catalog: Arc<Catalog>, limits: Limits, schema: Box<dyn SchemaCheck>) -> Self {
        let born = Instant::now();
        Self(Arc::new(Inner {
            view: ArcSwap::from_pointee(View::new(catalog, limits.gate, born)),
            limits,
            schema,
            budget: Budget::new(limits.max_open, limits.connections_per_server),
            open: Mutex::default(),
            born,
            changes: watch::Sender::new(()),
        }))
    }

    /// The catalog now.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        self.0.view.load_full()
    }

    /// Whether that is still the view. Asking touches no counter that all threads share, as taking
    /// a view does.
    #[must_use]
    pub fn is_current(&self, view: &Arc<View>) -> bool {
        Arc::ptr_eq(&self.0.view.load(), view)
    }

    /// Puts another catalog in place. Databases whose address stays the same stay open; those of
    /// tenants that are gone, or live elsewhere now, close when their last user is done.
    pub fn replace_catalog(&self, catalog: Arc<Catalog>) {
        let old = self.view();
        let new = View::after(Some(&old), catalog, self.0.limits.gate, self.0.born);
        let gone = old.slots().filter(|(key, slot)| !new.has(key, slot));
        let dropped: Vec<Arc<Slot>> = gone.map(|(_, slot)| Arc::clone(slot)).collect();
        self.0.view.store(Arc::new(new));
        self.open().retain(|_, slot| !dropped.iter().any(|gone| Arc::ptr_eq(gone, slot)));
        for slot in dropped {
            slot.take();
        }
        self.0.changes.send_replace(());
    }

    /// Is changed whenever another catalog is in place.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<()> {
        self.0.changes.subscribe()
    }

    /// A ticket for a tenant of this view.
    #[must_use]
    pub fn ticket(&self, view: &View, tenant: &Tenant) -> Option<Ticket> {
        let slot = Arc::clone(view.slot(&tenant.key)?);
        Some(Ticket::new(self.clone(), tenant.key.clone(), slot))
    }

    /// Leases a tenant's open databases, opening them first if need be.
    ///
    /// # Errors
    /// [`AccessError`] where the tenant's state, schema or database stands in the way.
    pub async fn lease(&self, view: &View, tenant: &Tenant) -> Result<Lease, AccessError> {
        tenant.access()?;
        let Some(slot) = view.slot(&tenant.key) else {
            return Err(AccessError::unavailable("the tenant has no place in the registry"));
        };
        if let Some(lease) = self.acquire(slot) {
            return Ok(lease);
        }
        // Boxed: it is large, and seldom taken.
        Box::pin(self.open_once(&tenant.key, slot)).await
    }

    fn acquire(&self, slot: &Arc<Slot>) -> Option<Lease> {
        let database = slot.acquire()?;
        Some(Lease { slot: Arc::clone(slot), database, registry: Arc::clone(&self.0) })
    }

    /// Opens a database for all who wait for it; they share a failure too, so that a dead server
    /// is asked once and not by each in turn.
    async fn open_once(&self, key: &TenantKey, slot: &Arc<Slot>) -> Result<Lease, AccessError> {
        let seen = slot.attempts.load(Ordering::Acquire);
        let mut opening = slot.opening.lock().await;
        if let Some(lease) = self.acquire(slot) {
            return Ok(lease);
        }
        if slot.attempts.load(Ordering::Acquire) != seen
            && let Some(error) = &*opening
        {
            return Err(error.clone());
        }
        let opened = tokio::time::timeout(self.0.limits.patience * 2, self.open_database(slot))
            .await
            .unwrap_or_else(|_| Err(AccessError::unavailable("opening took too long")));
        slot.attempts.fetch_add(1, Ordering::AcqRel);
        match opened {
            Ok(database) => {
                *opening = None;
                slot.put(database);
                // Counted before anybody can find it and close it.
                let lease = self.acquire(slot);
                self.remember(key, slot);
                lease.ok_or_else(|| AccessError::unavailable("closed while it was opened"))
            }
            Err(error) => {
                *opening = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Adds to what is open; but a place that another catalog has replaced meanwhile closes with
    /// its last user.
    fn remember(&self, key: &TenantKey, slot: &Arc<Slot>) {
        let mut open = self.open();
        if self.view().has(key, slot) {
            open.insert(key.clone(), Arc::clone(slot));
        }
    }

    async fn open_database(&self, slot: &Slot) -> Result<TenantDatabase, AccessError> {
        let patience = self.0.limits.patience;
        let places =
            self.0.budget.take(&slot.spec, patience, |server| self.evict_one(server)).await?;
        let opened = TenantDatabase::open(&slot.spec, places);
        let database = tokio::time::timeout(patience, opened)
            .await
            .unwrap_or_else(|_| Err(AccessError::unavailable("connecting took too long")))?;
        if database.is_behind(&*self.0.schema).await? {
            Err(AccessError::MigrationsPending)
        } else {
            Ok(database)
        }
    }

    /// Closes the least recently used database that nobody uses, of that server if one is named.
    fn evict_one(&self, server: Option<&str>) {
        let mut open = self.open();
        let oldest = open
            .iter()
            .filter(|(_, slot)| slot.is_open() && !slot.is_used())
            .filter(|(_, slot)| server.is_none_or(|server| uses_server(slot, server)))
            .min_by_key(|(_, slot)| slot.last_used())
            .map(|(key, _)| key.clone());
        if let Some(slot) = oldest.and_then(|key| open.remove(&key)) {
            slot.take();
        }
    }

    /// Starts the task that closes databases without use. It ends with the registry.
    pub fn close_idle_in_background(&self) {
        let weak = Arc::downgrade(&self.0);
        let idle = self.0.limits.idle_close;
        spawn_untenanted(async move {
            let mut ticks = tokio::time::interval((idle / 4).max(Duration::from_millis(100)));
            loop {
                ticks.tick().await;
                let Some(inner) = weak.upgrade() else { return };
                Self(inner).close_idle(idle);
            }
        });
    }

    fn close_idle(&self, idle: Duration) {
        let idle = u64::try_from(idle.as_millis()).unwrap_or(u64::MAX);
        self.open().retain(|_, slot| {
            let unused = slot.now().saturating_sub(slot.last_used()) >= idle;
            if slot.is_open() && !slot.is_used() && unused {
                slot.take();
            }
            slot.is_open()
        });
    }

    /// Waits until nobody uses any database, then closes them all; at most so long.
    pub async fn shut_down(&self, grace: Duration) {
        let unused = || !self.open().values().any(|slot| slot.is_used());
        let all_unused = async {
            while !unused() {
                self.0.budget.idle_unless(unused).await;
            }
        };
        if tokio::time::timeout(grace, all_unused).await.is_err() {
            tracing::warn!("work was still running when the time for shutting down was over");
        }
        for (_, slot) in self.open().drain() {
            slot.take();
        }
        if tokio::time::timeout(grace, self.0.budget.all_closed()).await.is_err() {
            tracing::warn!("some databases were still closing when the time for that was over");
        }
    }

    /// Whether a tenant that is served has its database open.
    #[must_use]
    pub fn has_open(&self, view: &View) -> bool {
        let is_served = |key: &TenantKey| {
            view.catalog.get(key.as_str()).is_some_and(|tenant| tenant.state.is_served())
        };
        self.open().iter().any(|(key, slot)| slot.is_open() && is_served(key))
    }

    /// What goes on at all tenants together. Looks at each that has been asked for of late.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let mut figures = Figures::default();
        for slot in self.open().values() {
            let (running, waiting) = slot.gate().figures();
            figures.open += usize::from(slot.is_open());
            figures.running += running;
            figures.waiting += waiting;
        }
        figures
    }

    fn open(&self) -> std::sync::MutexGuard<'_, HashMap<TenantKey, Arc<Slot>>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn uses_server(slot: &Slot, server: &str) -> bool {
    let spec = &slot.spec;
    std::iter::once(&spec.write)
        .chain(&spec.read)
        .any(|url| url.server_address().as_deref() == Some(server))
}

/// The right to use a tenant's open databases. They are not closed while it lives.
pub struct Lease {
    slot: Arc<Slot>,
    database: Arc<TenantDatabase>,
    registry: Arc<Inner>,
}

impl Lease {
    pub(super) fn database(&self) -> &Arc<TenantDatabase> {
        &self.database
    }

    pub(super) fn ticket(&self, key: TenantKey) -> Ticket {
        Ticket::new(Registry(Arc::clone(&self.registry)), key, Arc::clone(&self.slot))
    }

    /// How many of the tenant's operations run at once.
    pub(super) fn gate(&self) -> Arc<Gate> {
        self.slot.gate()
    }

    /// Makes the next lease open the databases afresh: these are out of reach.
    pub(super) fn discard(&self) {
        self.slot.take_if(&self.database);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.slot.release() {
            self.registry.budget.database_is_idle();
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").finish_non_exhaustive()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}
