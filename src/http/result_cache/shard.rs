//! What is kept for one opening of one tenant's database.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::{encoded::Encoded, store::Totals};
use crate::tenancy::{DataVersion, Tenant};

/// An answer and for how long it is one.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// None: the query had an answer that cannot be shared, so nobody waits for the next one.
    pub body: Option<Encoded>,
    pub version: DataVersion,
    /// When it was made, and when it may hold no longer, in microseconds since 1970.
    pub from: i64,
    pub until: i64,
}

impl Kept {
    /// Whether it holds for that state of the rows, at that moment. A clock that was set back
    /// behind the making ends it too.
    pub fn holds(&self, version: DataVersion, now: i64) -> bool {
        self.version == version && self.from <= now && now < self.until
    }
}

/// How a computation ended that others wait for.
#[derive(Debug, Clone)]
pub(super) enum Flown {
    /// Not yet.
    Pending,
    /// With an answer for all who wait.
    Kept(Kept),
    /// With one that is nobody else's.
    Never,
}

/// What somebody does whose answer is not known.
pub(super) enum Join {
    /// Take this one after all.
    Found(Kept),
    /// Compute; others wait for it.
    Lead(Ticket),
    /// Wait for the one who computes.
    Wait(watch::Receiver<Flown>),
    /// Compute; nobody waits.
    Alone,
    /// Look at the version again: another has seen a newer one.
    Behind,
}

/// One tenant's answers, all of one state of its rows and of its settings.
pub(super) struct Shard {
    pub id: u64,
    totals: Arc<Totals>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    of: Option<Of>,
    entries: HashMap<Arc<[u8]>, Entry>,
    /// Oldest first; those that were used since get a second turn.
    order: VecDeque<Arc<[u8]>>,
    bytes: usize,
    flights: HashMap<Arc<[u8]>, (u64, watch::Receiver<Flown>)>,
    last_flight: u64,
}

/// What all that is kept is an answer of.
#[derive(Clone)]
pub(super) struct Of {
    pub version: DataVersion,
    pub settings: Arc<Tenant>,
}

impl Of {
    /// Whether an answer of this state is one of that.
    fn is_for(&mut self, other: &Self) -> bool {
        self.version == other.version && self.is_under(&other.settings)
    }

    /// Whether an answer under these settings is one under those.
    fn is_under(&mut self, settings: &Arc<Tenant>) -> bool {
        if Arc::ptr_eq(&self.settings, settings) {
            return true;
        }
        let same = self.settings == *settings;
        if same {
            // From another reading of the file: told at a glance from now on.
            self.settings = Arc::clone(settings);
        }
        same
    }
}

struct Entry {
    kept: Kept,
    size: usize,
    used: bool,
}

/// What an entry costs beside its key and its body: places in a map and a queue, half empty.
const OVERHEAD: usize = 512;

/// The bytes that an entry is counted with.
pub(super) fn size(key: &[u8], kept: &Kept) -> usize {
    OVERHEAD + key.len() + kept.body.as_ref().map_or(0, Encoded::len)
}

impl Shard {
    pub fn new(id: u64, totals: Arc<Totals>) -> Self {
        totals.shard_made();
        Self { id, totals, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was kept under a key for a tenant with these settings; whether it still holds is for
    /// the caller to see.
    pub fn find(&self, key: &[u8], settings: &Arc<Tenant>) -> Option<Kept> {
        let mut state = self.state();
        if !state.of.as_mut()?.is_under(settings) {
            return None;
        }
        let entry = state.entries.get_mut(key)?;
        entry.used = true;
        Some(entry.kept.clone())
    }

    /// Finds an answer for this very state, or who computes it. What was kept for others goes.
    pub fn join(self: &Arc<Self>, key: &[u8], of: &Of, now: i64) -> Join {
        let mut state = self.state();
        if state.of.as_ref().is_some_and(|known| of.version < known.version) {
            return Join::Behind;
        }
        let is_current = state.of.as_mut().is_some_and(|known| known.is_for(of));
        let gone = (!is_current).then(|| state.restart(of.clone(), &self.totals));
        let join = self.join_current(&mut state, key, of, now);
        drop(state);
        // Freed where nobody waits for the lock.
        drop(gone);
        join
    }

    fn join_current(self: &Arc<Self>, state: &mut State, key: &[u8], of: &Of, now: i64) -> Join {
        if let Some(entry) = state.entries.get_mut(key)
            && entry.kept.holds(of.version, now)
        {
            entry.used = true;
            return match entry.kept.body {
                Some(_) => Join::Found(entry.kept.clone()),
                None => Join::Alone,
            };
        }
        if let Some((_, flight)) = state.flights.get(key) {
            return Join::Wait(flight.clone());
        }
        let (sender, receiver) = watch::channel(Flown::Pending);
        let key: Arc<[u8]> = key.into();
        state.last_flight += 1;
        let flight = state.last_flight;
        state.flights.insert(Arc::clone(&key), (flight, receiver));
        Join::Lead(Ticket { shard: Arc::clone(self), key, of: of.clone(), flight, sender })
    }

    /// Puts an entry in, in the place of what time has ended, unless the state has moved on; the
    /// bytes held then.
    pub fn put(&self, key: Arc<[u8]>, kept: Kept, of: &Of) -> Option<usize> {
        let mut state = self.state();
        if !state.of.as_mut()?.is_for(of) {
            return None;
        }
        let size = size(&key, &kept);
        let entry = Entry { kept, size, used: false };
        match state.entries.insert(Arc::clone(&key), entry) {
            Some(old) => {
                state.bytes -= old.size;
                self.totals.freed(1, old.size);
            }
            None => state.order.push_back(key),
        }
        state.bytes += size;
        self.totals.taken(size);
        Some(state.bytes)
    }

    /// Takes out the entry that went unused longest, if the shard holds as many bytes as is
    /// believed; the bytes held then.
    pub fn evict(&self, believed: usize) -> Evicted {
        let mut state = self.state();
        if state.bytes != believed {
            return Evicted::Misjudged(state.bytes);
        }
        while let Some(key) = state.order.pop_front() {
            match state.entries.get_mut(&key) {
                Some(entry) if entry.used => {
                    entry.used = false;
                    state.order.push_back(key);
                }
                Some(_) => {
                    let size = state.entries.remove(&key).map_or(0, |entry| entry.size);
                    state.bytes -= size;
                    self.totals.freed(1, size);
                    return Evicted::One(state.bytes);
                }
                None => {}
            }
        }
        Evicted::One(state.bytes)
    }

    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        self.state().bytes
    }
}

/// What came of an eviction: the bytes held now.
pub(super) enum Evicted {
    One(usize),
    Misjudged(usize),
}

type Gone = (HashMap<Arc<[u8]>, Entry>, VecDeque<Arc<[u8]>>);

impl State {
    /// Empties it for another state; who computes for the old one is not waited for any more.
    fn restart(&mut self, of: Of, totals: &Totals) -> Gone {
        totals.freed(self.entries.len(), self.bytes);
        self.of = Some(of);
        self.bytes = 0;
        self.flights.clear();
        (std::mem::take(&mut self.entries), std::mem::take(&mut self.order))
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.totals.freed(state.entries.len(), state.bytes);
        self.totals.shard_gone();
    }
}

/// The right and the duty to compute an answer that others may wait for. Dropped, it has the next
/// one try.
pub(super) struct Ticket {
    pub shard: Arc<Shard>,
    pub key: Arc<[u8]>,
    pub of: Of,
    flight: u64,
    sender: watch::Sender<Flown>,
}

impl Ticket {
    /// Whether anybody waits.
    pub fn is_awaited(&self) -> bool {
        // One is the shard's own.
        self.sender.receiver_count() > 1
    }

    /// Tells all who wait.
    pub fn tell(self, flown: Flown) {
        self.land();
        self.sender.send_replace(flown);
    }

    fn land(&self) {
        let mut state = self.shard.state();
        if state.flights.get(&self.key).is_some_and(|(flight, _)| *flight == self.flight) {
            state.flights.remove(&self.key);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.land();
    }
}
