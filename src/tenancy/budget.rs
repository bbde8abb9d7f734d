//! How many databases, and how many connections per server, may be open at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::{AccessError, DatabaseSpec, PoolSizes};

/// The places that open databases take. A database that wants one asks for the least recently
/// used idle one to be closed, and waits its turn.
pub(super) struct Budget {
    databases: Arc<Semaphore>,
    connections_per_server: usize,
    servers: Mutex<HashMap<String, Arc<Semaphore>>>,
    /// Told when a database comes out of use and may be closed for another.
    idle: Notify,
}

impl Budget {
    pub(super) fn new(databases: usize, connections_per_server: usize) -> Self {
        Self {
            databases: Arc::new(Semaphore::new(databases.max(1))),
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

    /// Takes the places for a database, waiting at most so long. `evict` closes an idle
    /// database, of the given server if one is named, and is asked again whenever one may be.
    pub(super) async fn take(
        &self,
        spec: &DatabaseSpec,
        patience: Duration,
        evict: impl Fn(Option<&str>),
    ) -> Result<Vec<OwnedSemaphorePermit>, AccessError> {
        let wanted = self.wanted(spec);
        let all = async {
            let mut taken = Vec::with_capacity(wanted.len());
            for (server, semaphore, count) in &wanted {
                let evict = || evict(server.as_deref());
                taken.push(self.wait(semaphore, *count, evict).await?);
            }
            Ok(taken)
        };
        tokio::time::timeout(patience, all)
            .await
            .unwrap_or(Err(AccessError::Exhausted("database connections")))
    }

    /// One place among the databases, and connections of each server, always in the same order.
    fn wanted(&self, spec: &DatabaseSpec) -> Vec<(Option<String>, Arc<Semaphore>, u32)> {
        let sizes = PoolSizes::of(spec.write.engine());
        let mut counts: std::collections::BTreeMap<String, u32> = Default::default();
        if let Some(address) = spec.write.server_address() {
            *counts.entry(address).or_default() += sizes.total();
        }
        for address in spec.read.iter().filter_map(super::DatabaseUrl::server_address) {
            *counts.entry(address).or_default() += sizes.read;
        }
        let mut wanted = vec![(None, Arc::clone(&self.databases), 1)];
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        for (address, count) in counts {
            // A bound below one tenant's need would close that tenant for good.
            let bound = self.connections_per_server.max(count as usize);
            let server =
                servers.entry(address.clone()).or_insert_with(|| Arc::new(Semaphore::new(bound)));
            wanted.push((Some(address), Arc::clone(server), count));
        }
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
            }
        }
    }
}
