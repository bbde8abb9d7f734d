//! The task-local that says which tenant the running code works for.

use std::{
    any::Any,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    task::{Context, Poll},
};

use futures::Stream;

use super::{
    Busy, DataVersion, Holds, Pass, RouterError, Tenant, registry::Lease, sqlite::Snapshot,
};

tokio::task_local! {
    static SCOPE: Scope;
}

/// The tenant that one request, task or command works for, with a lease on its open databases.
/// Cheap to clone; a new one for every operation.
#[derive(Debug, Clone)]
pub struct Scope(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    tenant: Arc<Tenant>,
    lease: Lease,
    /// Set once something was committed: from then on this operation reads from the primary.
    wrote: AtomicBool,
    /// Whether this operation is about to write.
    will_write: AtomicBool,
    statements: AtomicU32,
    holds: Holds,
    snapshot: Snapshot,
}

impl Scope {
    /// A scope for one operation.
    #[must_use]
    pub fn new(tenant: Arc<Tenant>, lease: Lease) -> Self {
        Self(Arc::new(Inner {
            tenant,
            lease,
            wrote: AtomicBool::new(false),
            will_write: AtomicBool::new(false),
            statements: AtomicU32::new(0),
            holds: Holds::default(),
            snapshot: Snapshot::default(),
        }))
    }

    /// The same scope, in which everything is read from the primary: a replica may not yet have
    /// what the work is about.
    #[must_use]
    pub fn reading_primary(self) -> Self {
        self.set_wrote();
        self
    }

    /// Says that this operation is about to write. What it must know first, and read fresh, is then
    /// read on the connection that writes, if that is at hand: the database has to remember but
    /// one connection's worth for both.
    pub fn about_to_write(&self) {
        self.0.will_write.store(true, Ordering::Relaxed);
    }

    /// Whom the scope is for.
    #[must_use]
    pub fn tenant(&self) -> &Arc<Tenant> {
        &self.0.tenant
    }

    /// Runs a future for this tenant.
    pub async fn run<F: Future>(self, work: F) -> F::Output {
        SCOPE.scope(self, work).await
    }

    /// Runs a function for this tenant.
    pub fn run_sync<T>(self, work: impl FnOnce() -> T) -> T {
        SCOPE.sync_scope(self, work)
    }

    /// A stream that is polled for this tenant, whoever polls it.
    pub fn stream<S>(self, stream: S) -> ScopedStream<S> {
        ScopedStream { scope: self, stream }
    }

    /// Waits until one more operation of the tenant may run; it may for as long as it holds the
    /// pass. Other tenants have no part in it.
    ///
    /// # Errors
    /// [`Busy`] where too many wait already, or the wait took too long.
    pub async fn pass(&self) -> Result<Pass, Busy> {
        self.0.lease.gate().pass().await
    }

    /// The same without an end to the wait, for streams: they are counted where they are held.
    pub async fn turn(&self) -> Option<Pass> {
        self.0.lease.gate().turn().await
    }

    /// How many statements this operation has sent, those that open and end transactions left
    /// out.
    #[must_use]
    pub fn statements(&self) -> u32 {
        self.0.statements.load(Ordering::Relaxed)
    }

    /// The state of the tenant's rows now: whatever was committed before the call, by whichever
    /// process, is in it. None where the database cannot tell, which only SQLite can.
    #[must_use]
    pub fn version(&self) -> Option<DataVersion> {
        self.0.lease.database().sqlite_version()?.now()
    }

    /// What somebody keeps beside the tenant's open database: made once for each opening, and gone
    /// when the database closes. There is room for one; None if another has it.
    pub fn beside<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.0.lease.database().beside(make)
    }

    /// Until when what this operation has found holds, as far as the clock is concerned.
    #[must_use]
    pub fn holds(&self) -> &Holds {
        &self.0.holds
    }

    /// Calls with the running operation's [`Holds`], if a scope was entered and somebody asks.
    pub fn note(with: impl FnOnce(&Holds)) {
        let note = |scope: &Self| {
            if scope.0.holds.is_asked() {
                with(&scope.0.holds);
            }
        };
        // Outside a scope nobody asks.
        let _ = SCOPE.try_with(note);
    }

    /// Calls a function, in which all reads of a SQLite file see the same state of it, unless they
    /// are of another task. Not for code that also writes, and would not see what it wrote.
    pub fn in_one_snapshot<T>(work: impl FnOnce() -> T) -> T {
        let Ok(scope) = Self::current() else { return work() };
        scope.0.snapshot.begin();
        let _turn = Turn(&scope);
        work()
    }

    pub(super) fn snapshot(&self) -> &Snapshot {
        &self.0.snapshot
    }

    /// The scope of the running code.
    pub(super) fn current() -> Result<Self, RouterError> {
        SCOPE.try_with(Clone::clone).map_err(|_| RouterError::NoTenant)
    }

    pub(super) fn lease(&self) -> &Lease {
        &self.0.lease
    }

    pub(super) fn count_statement(&self) {
        self.0.statements.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn will_write(&self) -> bool {
        self.0.will_write.load(Ordering::Relaxed)
    }

    pub(super) fn set_wrote(&self) {
        self.0.wrote.store(true, Ordering::Release);
    }

    pub(super) fn wrote(&self) -> bool {
        self.0.wrote.load(Ordering::Acquire)
    }
}

/// Ends the snapshot of a turn, also when it panics.
struct Turn<'s>(&'s Scope);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.0.snapshot.end(self.0.lease().database().sqlite_readers());
    }
}

/// A stream that is polled inside a scope.
#[derive(Debug)]
pub struct ScopedStream<S> {
    scope: Scope,
    stream: S,
}

impl<S: Stream + Unpin> Stream for ScopedStream<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let scope = self.scope.clone();
        scope.run_sync(|| Pin::new(&mut self.stream).poll_next(context))
    }
}
