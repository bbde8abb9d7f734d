//! All tenants' answers: one bound, and who gives way when it is reached.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use super::shard::{Evicted, Kept, Shard, Ticket, size};

/// The answers that are kept, of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct ResultCache(Option<Arc<Store>>);

impl ResultCache {
    /// Keeps so many bytes at most; nothing at all with 0.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self((capacity > 0).then(|| Arc::new(Store::new(capacity))))
    }

    pub(super) fn store(&self) -> Option<&Arc<Store>> {
        self.0.as_ref()
    }

    /// The figures now; all zero where nothing is kept.
    pub(in crate::http) fn figures(&self) -> Figures {
        let Some(store) = &self.0 else { return Figures::default() };
        let totals = &store.totals;
        Figures {
            hits: totals.hits.load(Ordering::Relaxed),
            misses: totals.misses.load(Ordering::Relaxed),
            evictions: totals.evictions.load(Ordering::Relaxed),
            bytes: totals.bytes.load(Ordering::Relaxed),
            entries: totals.entries.load(Ordering::Relaxed),
            capacity: store.capacity,
        }
    }
}

impl fmt::Debug for ResultCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ResultCache").field(&self.figures()).finish()
    }
}

/// What the cache has done and holds.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::http) struct Figures {
    pub hits: u64,
    pub misses: u64,
    pub evictions: u64,
    pub bytes: usize,
    pub entries: usize,
    pub capacity: usize,
}

/// Counters that all shards share.
#[derive(Debug, Default)]
pub(super) struct Totals {
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: AtomicU64,
    bytes: AtomicUsize,
    entries: AtomicUsize,
    shards: AtomicUsize,
}

impl Totals {
    pub fn hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    pub fn miss(&self) {
        self.misses.fetch_add(1, Ordering::Relaxed);
    }

    pub fn taken(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.entries.fetch_add(1, Ordering::Relaxed);
    }

    pub fn freed(&self, entries: usize, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.entries.fetch_sub(entries, Ordering::Relaxed);
    }

    pub fn shard_made(&self) {
        self.shards.fetch_add(1, Ordering::Relaxed);
    }

    pub fn shard_gone(&self) {
        self.shards.fetch_sub(1, Ordering::Relaxed);
    }
}

/// No single answer takes more than this part of the bound.
const LARGEST_PART: usize = 16;

pub(super) struct Store {
    pub totals: Arc<Totals>,
    capacity: usize,
    last_shard: AtomicU64,
    /// Held by those who put something in, never by those who find something.
    ledger: Mutex<Ledger>,
}

/// How much each shard held when it was last looked at, so that the largest is found without a
/// walk over all. What a shard has given back since is noticed when its turn comes.
#[derive(Default)]
struct Ledger {
    by_size: BTreeSet<(usize, u64)>,
    shards: HashMap<u64, (Weak<Shard>, usize)>,
}

impl Store {
    fn new(capacity: usize) -> Self {
        Self {
            totals: Arc::default(),
            capacity,
            last_shard: AtomicU64::new(0),
            ledger: Mutex::default(),
        }
    }

    /// A place for the answers of one opened database.
    pub fn shard(&self) -> Arc<Shard> {
        let id = self.last_shard.fetch_add(1, Ordering::Relaxed);
        Arc::new(Shard::new(id, Arc::clone(&self.totals)))
    }

    /// Keeps an answer, if it still is one and not too large. When there is no room, the tenants
    /// that hold most make it: one who floods pushes out its own.
    pub fn keep(&self, ticket: &Ticket, kept: Kept) {
        let size = size(&ticket.key, &kept);
        if size > self.capacity / LARGEST_PART {
            return;
        }
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        while self.totals.bytes.load(Ordering::Relaxed) + size > self.capacity {
            if !ledger.evict_one(&self.totals) {
                return;
            }
        }
        if let Some(bytes) = ticket.shard.put(Arc::clone(&ticket.key), kept, &ticket.of) {
            ledger.note(&ticket.shard, bytes);
            ledger.forget_the_dead(self.totals.shards.load(Ordering::Relaxed));
        }
    }

    #[cfg(test)]
    pub fn known_shards(&self) -> usize {
        self.ledger.lock().unwrap().shards.len()
    }
}

impl Ledger {
    fn note(&mut self, shard: &Arc<Shard>, bytes: usize) {
        let known = self.shards.entry(shard.id).or_insert_with(|| (Arc::downgrade(shard), 0));
        self.by_size.remove(&(known.1, shard.id));
        known.1 = bytes;
        self.by_size.insert((bytes, shard.id));
    }

    /// Takes one entry from whoever holds most. False where nobody holds anything.
    fn evict_one(&mut self, totals: &Totals) -> bool {
        while let Some((believed, id)) = self.by_size.pop_last() {
            let shard = self.shards.remove(&id).and_then(|(shard, _)| shard.upgrade());
            let Some(shard) = shard else { continue };
            let (done, bytes) = match shard.evict(believed) {
                Evicted::One(bytes) => (true, bytes),
                Evicted::Misjudged(bytes) => (false, bytes),
            };
            if bytes > 0 {
                self.note(&shard, bytes);
            }
            if done {
                totals.evictions.fetch_add(1, Ordering::Relaxed);
                return true;
            }
        }
        false
    }

    /// Closed databases leave an empty place each; they are cleared away in bulk.
    fn forget_the_dead(&mut self, living: usize) {
        if self.shards.len() <= 2 * living + 64 {
            return;
        }
        let by_size = &mut self.by_size;
        self.shards.retain(|id, (shard, bytes)| {
            let lives = shard.strong_count() > 0;
            if !lives {
                by_size.remove(&(*bytes, *id));
            }
            lives
        });
    }
}
