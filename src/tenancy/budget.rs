//! How many databases, and how many connections per server, may be open at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::{AccessError, DatabaseSpec, PoolSizes};

/// The places that one open database takes, given back when the last holder is gone.
pub(super) type Places = Arc<Vec<OwnedSemaphorePermit>>;

/// The places that open databases take. A database that wants one asks for the least recently
/// used idle one to be closed, and waits its turn.
pub(super) struct Budget {
    databases: Arc<Semaphore>,
    max_databases: usize,
    connections_per_server: usize,
    servers: Mutex<HashMap<String, Server>>,
    /// Told when a database comes out of use and may be closed for another.
    idle: Notify,
}

/// The connections of one database server.
struct Server {
    places: Arc<Semaphore>,
    bound: usize,
}

/// After how long another database is closed if one was not enough, or not yet closed.
const EVICT_AGAIN: Duration = Duration::from_millis(100);

impl Budget {
    pub(super) fn new(databases: usize, connections_per_server: usize) -> Self {
        Self {
            databases: Arc::new(Semaphore::new(databases.max(1))),
            max_databases: databases.max(1),
            connections_per_server,
            servers: Mutex::default(),
            idle: Notify::new(),
        }
    }

    /// Tells a waiting database that one came out of use.
    pub(super) fn database_is_idle(&self) {
        self.idle.notify_waiters();
    }

    /// Ends when a database comes out of use, but not if that is already so.
    pub(super) async fn idle_unless(&self, already: impl Fn() -> bool) {
        let idle = self.idle.notified();
        tokio::pin!(idle);
        idle.as_mut().enable();
        if !already() {
            idle.await;
        }
    }

    /// Ends when no database is open any more, and none is closing.
    pub(super) async fn all_closed(&self) {
        let all = u32::try_from(self.max_databases).unwrap_or(u32::MAX);
        // Fails only if the semaphore is closed, which nothing does.
        let _ = self.databases.acquire_many(all).await;
    }

    /// Takes the places for a database, waiting at most so long. `evict` closes an idle
    /// database, of the given server if one is named, and is asked again whenever one may be.
    pub(super) async fn take(
        &self,
        spec: &DatabaseSpec,
        patience: Duration,
        evict: impl Fn(Option<&str>),
    ) -> Result<Places, AccessError> {
        let wanted = self.wanted(spec);
        let all = async {
            let mut taken = Vec::with_capacity(wanted.len());
            for (server, semaphore, count) in &wanted {
                let evict = || evict(server.as_deref());
                taken.push(self.wait(semaphore, *count, evict).await?);
            }
            Ok(Arc::new(taken))
        };
        tokio::time::timeout(patience, all)
            .await
            .unwrap_or(Err(AccessError::Exhausted("database connections")))
    }

    /// Connections of each server, and one place among the databases, always in the same order.
    fn wanted(&self, spec: &DatabaseSpec) -> Vec<(Option<String>, Arc<Semaphore>, u32)> {
        let sizes = PoolSizes::of(spec.write.engine());
        let mut counts: std::collections::BTreeMap<String, u32> = Default::default();
        if let Some(address) = spec.write.server_address() {
            *counts.entry(address).or_default() += sizes.total();
        }
        for address in spec.read.iter().filter_map(super::DatabaseUrl::server_address) {
            *counts.entry(address).or_default() += sizes.read;
        }
        let mut wanted = Vec::new();
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        for (address, count) in counts {
            let server = servers.entry(address.clone()).or_insert_with(|| Server {
                places: Arc::new(Semaphore::new(self.connections_per_server)),
                bound: self.connections_per_server,
            });
            // A bound below one tenant's need would close that tenant for good.
            let missing = (count as usize).saturating_sub(server.bound);
            server.places.add_permits(missing);
            server.bound += missing;
            wanted.push((Some(address), Arc::clone(&server.places), count));
        }
        // Last, so that those who wait for a busy server hold no places that others could use.
        wanted.push((None, Arc::clone(&self.databases), 1));
        wanted
    }

    async fn wait(
        &self,
        semaphore: &Arc<Semaphore>,
        count: u32,
        evict: impl Fn(),
    ) -> Result<OwnedSemaphorePermit, AccessError> {
        if let Ok(permit) = Arc::clone(semaphore).try_acquire_many_owned(count) {
            return Ok(permit);
        }
        let closed = |_| AccessError::unavailable("the registry is closed");
        // Acquired in turn, so that nobody waits for ever behind later ones.
        let acquired = Arc::clone(semaphore).acquire_many_owned(count);
        tokio::pin!(acquired);
        loop {
            let idle = self.idle.notified();
            tokio::pin!(idle);
            // Listening before looking: what comes out of use in between is not missed.
            idle.as_mut().enable();
            evict();
            tokio::select! {
                permit = &mut acquired => return permit.map_err(closed),
                () = &mut idle => {}
                () = tokio::time::sleep(EVICT_AGAIN) => {}
            }
        }
    }
}
