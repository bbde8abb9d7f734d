//! Passwords: argon2id (RFC 9106), off the async threads, a bounded number at a time.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use tokio::sync::Semaphore;

use super::error::Failure;
use crate::tenancy::{TenantKey, TenantRouter, spawn_blocking_untenanted};

/// Random bytes in the form of a hash, at the cost of a real one. No password is known to fit.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$jwPcOVKGZz6QaM6O4UJo6w$7lK1j3SGXXJT8SiIjzg8FYr/pFfbmuyrWdtKPFBLCUk";

/// How many of one tenant may be waited for at once. A flood at one tenant is refused there, and
/// delays the others by no more than this.
const MAX_PER_TENANT: usize = 64;

/// Hashes and verifies passwords.
#[derive(Debug)]
pub struct Passwords {
    workers: Semaphore,
    queues: Mutex<HashMap<TenantKey, usize>>,
}

impl Passwords {
    /// With so many at a time, at least one. Each takes 19 MiB while it runs.
    #[must_use]
    pub fn new(workers: usize) -> Self {
        Self { workers: Semaphore::new(workers.max(1)), queues: Mutex::default() }
    }

    /// The hash to store, in PHC string form.
    ///
    /// # Errors
    /// [`Failure::RateLimited`] when too many of this tenant wait already.
    pub async fn hash(&self, password: &str) -> Result<String, Failure> {
        let password = password.to_owned();
        self.run(move || hash(&password)).await?
    }

    /// Whether the password fits the stored hash. Without one the answer is no, after the same
    /// work, so that its time does not tell whether there is an account.
    ///
    /// # Errors
    /// [`Failure::RateLimited`] when too many of this tenant wait already.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, Failure> {
        let password = password.to_owned();
        let stored = stored.map(str::to_owned);
        self.run(move || fits(&password, stored.as_deref())).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let _queued = Queued::new(&self.queues, TenantRouter::tenant()?.key.clone())?;
        let worker = self.workers.acquire().await;
        let _worker = worker.map_err(|error| Failure::Broken(error.to_string()))?;
        spawn_blocking_untenanted(work).await.map_err(|error| Failure::Broken(error.to_string()))
    }
}

fn fits(password: &str, stored: Option<&str>) -> bool {
    let hash = PasswordHash::new(stored.unwrap_or(DUMMY));
    let fits = hash
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
    fits && stored.is_some()
}

/// A place in its tenant's queue.
struct Queued<'q> {
    queues: &'q Mutex<HashMap<TenantKey, usize>>,
    tenant: TenantKey,
}

impl<'q> Queued<'q> {
    fn new(
        queues: &'q Mutex<HashMap<TenantKey, usize>>,
        tenant: TenantKey,
    ) -> Result<Self, Failure> {
        let mut locked = queues.lock().unwrap_or_else(PoisonError::into_inner);
        let length = locked.entry(tenant.clone()).or_default();
        if *length >= MAX_PER_TENANT {
            let wait = Duration::from_secs(5);
            let (limit, max) = ("queued_passwords", MAX_PER_TENANT);
            return Err(Failure::RateLimited { wait, limit, max });
        }
        *length += 1;
        Ok(Self { queues, tenant })
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(length) = queues.get_mut(&self.tenant) {
            *length -= 1;
            if *length == 0 {
                queues.remove(&self.tenant);
            }
        }
    }
}

fn hash(password: &str) -> Result<String, Failure> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| Failure::Broken(format!("hashing a password failed: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_fits() {
        let stored = hash("correct horse").unwrap();
        assert!(fits("correct horse", Some(&stored)));
        assert!(!fits("wrong horse", Some(&stored)));
        assert!(!fits("correct horse", None));
        let cost = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(cost(&stored), cost(DUMMY), "both cost the same to verify");
    }

    #[test]
    fn a_flood_at_one_tenant_is_refused_there_only() {
        let queues = Mutex::default();
        let queue = |key: &str| Queued::new(&queues, key.parse().unwrap());
        let flood: Vec<_> = (0..MAX_PER_TENANT).map(|_| queue("thor").unwrap()).collect();
        assert!(matches!(queue("thor"), Err(Failure::RateLimited { .. })));
        assert!(queue("potter").is_ok());
        drop(flood);
        assert!(queue("thor").is_ok());
        assert!(queues.lock().unwrap().is_empty(), "empty queues are forgotten");
    }
}
