//! Passwords: argon2id (RFC 9106), off the async threads, a bounded number at a time.

use std::{sync::OnceLock, time::Duration};

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use tokio::sync::Semaphore;

use super::error::Failure;
use crate::tenancy::spawn_blocking_untenanted;

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
            let stored_hash = stored.as_deref().or_else(|| dummy_hash());
            let fits =
                stored_hash.and_then(|stored| PasswordHash::new(stored).ok()).is_some_and(|hash| {
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

/// A hash that no password fits but by breaking argon2.
fn dummy_hash() -> Option<&'static str> {
    static DUMMY: OnceLock<Option<String>> = OnceLock::new();
    DUMMY.get_or_init(|| hash(&super::token::random_text()).ok()).as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_fits() {
        let passwords = Passwords::new(1);
        let stored = passwords.hash("correct horse").await.unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(passwords.verify("correct horse", Some(&stored)).await.unwrap());
        assert!(!passwords.verify("wrong horse", Some(&stored)).await.unwrap());
        assert!(!passwords.verify("correct horse", None).await.unwrap());
    }
}
