//! How often something may be done: a token bucket for each tenant and address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::tenancy::TenantKey;

/// How many buckets are kept; past that, those that are full again are forgotten, and if none
/// is, all are.
const MAX_BUCKETS: usize = 10_000;

/// Allows so many a minute, all of them at once if need be.
#[derive(Debug)]
pub struct RateLimiter {
    per_minute: u32,
    buckets: Mutex<HashMap<(TenantKey, IpAddr), Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl RateLimiter {
    /// At least one a minute.
    #[must_use]
    pub fn per_minute(per_minute: u32) -> Self {
        Self { per_minute: per_minute.max(1), buckets: Mutex::default() }
    }

    /// Takes one.
    ///
    /// # Errors
    /// How long to wait for the next one, where none is left.
    pub fn take(&self, tenant: &TenantKey, address: IpAddr) -> Result<(), Duration> {
        let now = Instant::now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MAX_BUCKETS {
            let full = f64::from(self.per_minute);
            buckets.retain(|_, bucket| self.level(*bucket, now) < full);
            if buckets.len() >= MAX_BUCKETS {
                buckets.clear();
            }
        }
        let full = Bucket { left: f64::from(self.per_minute), at: now };
        let bucket = buckets.entry((tenant.clone(), address)).or_insert(full);
        let level = self.level(*bucket, now);
        if level < 1.0 {
            *bucket = Bucket { left: level, at: now };
            let seconds = (1.0 - level) * 60.0 / f64::from(self.per_minute);
            return Err(Duration::from_secs_f64(seconds.ceil().max(1.0)));
        }
        *bucket = Bucket { left: level - 1.0, at: now };
        Ok(())
    }

    fn level(&self, bucket: Bucket, now: Instant) -> f64 {
        let full = f64::from(self.per_minute);
        let refilled = now.duration_since(bucket.at).as_secs_f64() * full / 60.0;
        (bucket.left + refilled).min(full)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn tenants_and_addresses_have_buckets_of_their_own() {
        let limiter = RateLimiter::per_minute(2);
        let (thor, potter) = ("thor".parse().unwrap(), "potter".parse().unwrap());
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let there = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
        assert!(limiter.take(&thor, here).is_ok());
        assert!(limiter.take(&thor, here).is_ok());
        let wait = limiter.take(&thor, here).unwrap_err();
        assert!((1..=30).contains(&wait.as_secs()), "{wait:?}");
        assert!(limiter.take(&thor, there).is_ok());
        assert!(limiter.take(&potter, here).is_ok());
    }
}
