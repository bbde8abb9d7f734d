//! Passwords: argon2id (RFC 9106), off the async threads, a bounded number at a time.

use std::time::Duration;

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use tokio::sync::Semaphore;

use super::error::Failure;
use crate::tenancy::spawn_blocking_untenanted;

/// Random bytes in the form of a hash, at the cost of a real one. No password is known to fit.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$jwPcOVKGZz6QaM6O4UJo6w$7lK1j3SGXXJT8SiIjzg8FYr/pFfbmuyrWdtKPFBLCUk";

/// How many may wait for each that is being hashed.
const QUEUE_PER_WORKER: usize = 128;

/// Hashes and verifies passwords.
#[derive(Debug)]
pub struct Passwords {
    workers: Semaphore,
    queue: Semaphore,
}

impl Passwords {
    /// With so many at a time, at least one. Each takes 19 MiB while it runs.
    #[must_use]
    pub fn new(workers: usize) -> Self {
        let workers = workers.max(1);
        Self {
            workers: Semaphore::new(workers),
            queue: Semaphore::new(workers * (QUEUE_PER_WORKER + 1)),
        }
    }

    /// The hash to store, in PHC string form.
    ///
    /// # Errors
    /// [`Failure::RateLimited`] when too many wait already.
    pub async fn hash(&self, password: &str) -> Result<String, Failure> {
        let password = password.to_owned();
        self.run(move || hash(&password)).await?
    }

    /// Whether the password fits the stored hash. Without one the answer is no, after the same
    /// work, so that its time does not tell whether there is an account.
    ///
    /// # Errors
    /// [`Failure::RateLimited`] when too many wait already.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, Failure> {
        let password = password.to_owned();
        let stored = stored.map(str::to_owned);
        self.run(move || {
            let hash = PasswordHash::new(stored.as_deref().unwrap_or(DUMMY));
            let fits = hash.is_ok_and(|hash| {
                Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
            });
            fits && stored.is_some()
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let busy = || Failure::RateLimited(Duration::from_secs(5));
        let _queued = self.queue.try_acquire().map_err(|_| busy())?;
        let _worker = self.workers.acquire().await.map_err(|_| busy())?;
        spawn_blocking_untenanted(work).await.map_err(|error| Failure::Broken(error.to_string()))
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

    #[tokio::test]
    async fn only_the_right_password_fits() {
        let passwords = Passwords::new(1);
        let stored = passwords.hash("correct horse").await.unwrap();
        let cost = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(cost(&stored), cost(DUMMY), "both cost the same to verify");
        assert!(passwords.verify("correct horse", Some(&stored)).await.unwrap());
        assert!(!passwords.verify("wrong horse", Some(&stored)).await.unwrap());
        assert!(!passwords.verify("correct horse", None).await.unwrap());
    }
}
