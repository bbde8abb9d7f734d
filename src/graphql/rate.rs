//! How often something may be done: a bucket for each key, that leaks.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How many buckets are kept.
const MAX_BUCKETS: usize = 20_000;

/// Past that, how many are looked at for the one that is forgotten.
const SAMPLE: usize = 8;

/// Allows so many a minute, all of them at once if need be.
///
/// Its memory is bounded. When it is full, a new key takes the place of one that has little to
/// lose: of a few chosen at random, the one with least in its bucket. So a flood of keys, each
/// used once or twice, drives out itself, and not those that were near their bound.
#[derive(Debug)]
pub struct RateLimiter<K>(Mutex<Buckets<K>>);

#[derive(Debug)]
struct Buckets<K> {
    places: HashMap<K, usize>,
    kept: Vec<(K, Bucket)>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    level: f64,
    at: Instant,
    per_minute: u32,
}

impl Bucket {
    fn level(&self, now: Instant) -> f64 {
        let leaked = now.duration_since(self.at).as_secs_f64() * f64::from(self.per_minute) / 60.0;
        (self.level - leaked).max(0.0)
    }
}

impl<K> Default for RateLimiter<K> {
    fn default() -> Self {
        Self(Mutex::new(Buckets { places: HashMap::new(), kept: Vec::new() }))
    }
}

impl<K: Clone + Eq + Hash> RateLimiter<K> {
    /// Whether there is room for one more.
    ///
    /// # Errors
    /// How long to wait where there is none.
    pub fn check(&self, key: &K, per_minute: u32) -> Result<(), Duration> {
        self.locked().check(key, per_minute, Instant::now())
    }

    /// Counts one, also past the bound: what was done at once, before any of it was counted,
    /// takes the longer to leak out.
    pub fn charge(&self, key: &K, per_minute: u32) {
        self.locked().charge(key, per_minute, Instant::now());
    }

    /// Counts one if there is room for it.
    ///
    /// # Errors
    /// How long to wait where there is none.
    pub fn take(&self, key: &K, per_minute: u32) -> Result<(), Duration> {
        let (mut buckets, now) = (self.locked(), Instant::now());
        buckets.check(key, per_minute, now)?;
        buckets.charge(key, per_minute, now);
        Ok(())
    }

    fn locked(&self) -> MutexGuard<'_, Buckets<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash> Buckets<K> {
    fn check(&self, key: &K, per_minute: u32, now: Instant) -> Result<(), Duration> {
        let Some(place) = self.places.get(key) else { return Ok(()) };
        let over = self.kept[*place].1.level(now) + 1.0 - f64::from(per_minute);
        if over <= 0.0 {
            return Ok(());
        }
        let seconds = over * 60.0 / f64::from(per_minute.max(1));
        Err(Duration::from_secs_f64(seconds.ceil().max(1.0)))
    }

    fn charge(&mut self, key: &K, per_minute: u32, now: Instant) {
        let place = match self.places.get(key) {
            Some(place) => *place,
            None => self.place(key.clone(), now),
        };
        let bucket = &mut self.kept[place].1;
        *bucket = Bucket { level: bucket.level(now) + 1.0, at: now, per_minute };
    }

    /// A place for a new key.
    fn place(&mut self, key: K, now: Instant) -> usize {
        let empty = Bucket { level: 0.0, at: now, per_minute: 0 };
        let place = if self.kept.len() < MAX_BUCKETS {
            self.kept.push((key.clone(), empty));
            self.kept.len() - 1
        } else {
            let level = |place: &usize| self.kept[*place].1.level(now);
            let sample = (0..SAMPLE).map(|_| rand::random_range(0..self.kept.len()));
            let least = sample.min_by(|a, b| level(a).total_cmp(&level(b))).unwrap_or(0);
            let (forgotten, _) = std::mem::replace(&mut self.kept[least], (key.clone(), empty));
            self.places.remove(&forgotten);
            least
        };
        self.places.insert(key, place);
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_a_bucket_of_its_own() {
        let limiter = RateLimiter::default();
        assert!(limiter.take(&"a", 2).is_ok());
        assert!(limiter.take(&"a", 2).is_ok());
        let wait = limiter.take(&"a", 2).unwrap_err();
        assert!((1..=30).contains(&wait.as_secs()), "{wait:?}");
        assert!(limiter.take(&"b", 2).is_ok());
    }

    #[test]
    fn a_bucket_leaks_and_what_is_past_the_bound_leaks_too() {
        let mut buckets = Buckets { places: HashMap::new(), kept: Vec::new() };
        let start = Instant::now();
        for _ in 0..12 {
            buckets.charge(&"a", 6, start);
        }
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(buckets.check(&"a", 6, start).unwrap_err().as_secs(), 70);
        assert!(buckets.check(&"a", 6, after(69)).is_err());
        assert!(buckets.check(&"a", 6, after(70)).is_ok());
    }

    #[test]
    fn a_flood_of_keys_is_bounded_and_does_not_free_who_is_locked_out() {
        let limiter = RateLimiter::default();
        for _ in 0..10 {
            limiter.charge(&0, 10);
        }
        for key in 1..=3 * MAX_BUCKETS {
            limiter.charge(&key, 10);
        }
        assert!(limiter.check(&0, 10).is_err());
        let buckets = limiter.locked();
        assert_eq!(buckets.kept.len(), MAX_BUCKETS);
        assert_eq!(buckets.places.len(), MAX_BUCKETS);
    }
}
