//! What sockets and event streams share: their bounds, how many there are, and when they end.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;

use crate::{graphql::Events, tenancy::TenantKey};

/// The bounds of streams.
#[derive(Debug, Clone, Copy)]
pub struct StreamLimits {
    /// How many sockets and event streams one tenant has open at once.
    pub connections_per_tenant: usize,
    /// How many operations run at once on one socket.
    pub operations_per_connection: usize,
    /// The largest message that a client may send, in bytes.
    pub message_bytes: usize,
    /// How long a socket may be silent; its client is asked for a sign of life twice in that
    /// time. An event stream has a comment as often.
    pub idle_time: Duration,
    /// How long a socket may take to send `connection_init`.
    pub init_time: Duration,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self {
            connections_per_tenant: 2_000,
            operations_per_connection: 100,
            message_bytes: 2 * 1024 * 1024,
            idle_time: Duration::from_secs(60),
            init_time: Duration::from_secs(3),
        }
    }
}

/// All streams of this process.
#[derive(Clone)]
pub struct Streams(Arc<Inner>);

struct Inner {
    limits: StreamLimits,
    events: Events,
    stop: watch::Sender<bool>,
    running: AtomicUsize,
    of_tenants: Mutex<HashMap<TenantKey, usize>>,
}

impl Streams {
    /// None yet; they will be fed by these events.
    #[must_use]
    pub fn new(limits: StreamLimits, events: Events) -> Self {
        Self(Arc::new(Inner {
            limits,
            events,
            stop: watch::Sender::new(false),
            running: AtomicUsize::new(0),
            of_tenants: Mutex::default(),
        }))
    }

    pub(super) fn limits(&self) -> &StreamLimits {
        &self.0.limits
    }

    pub(super) fn events(&self) -> &Events {
        &self.0.events
    }

    /// Tells all streams to end.
    pub(super) fn stop(&self) {
        self.0.stop.send_replace(true);
    }

    /// Ends when streams are to end.
    pub(super) async fn stopping(&self) {
        // Cannot fail: the sender is here.
        let _ = self.0.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.running.load(Ordering::Relaxed)
    }

    /// Counts one for as long as the answer lives.
    pub(super) fn running(&self) -> Running {
        self.0.running.fetch_add(1, Ordering::Relaxed);
        Running(Arc::clone(&self.0))
    }

    /// A place among a tenant's streams, if there is one left.
    pub(super) fn enter(&self, tenant: &TenantKey) -> Option<Place> {
        let mut of_tenants = self.0.lock();
        let count = of_tenants.entry(tenant.clone()).or_default();
        if *count >= self.0.limits.connections_per_tenant {
            return None;
        }
        *count += 1;
        Some(Place { streams: Arc::clone(&self.0), tenant: tenant.clone() })
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, HashMap<TenantKey, usize>> {
        self.of_tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}

/// One stream that runs.
pub(super) struct Running(Arc<Inner>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One of the streams of a tenant.
pub(super) struct Place {
    streams: Arc<Inner>,
    tenant: TenantKey,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut of_tenants = self.streams.lock();
        if let Some(count) = of_tenants.get_mut(&self.tenant) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                of_tenants.remove(&self.tenant);
            }
        }
    }
}
