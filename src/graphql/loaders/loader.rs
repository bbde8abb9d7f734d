//! One loader: it collects the keys of a level and fetches them together.

use std::{
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};

use super::HashMap;
use crate::graphql::{
    error::{ApiError, ApiResult},
    turns::Turns,
    wanted::Wanted,
};

type Fetched<K, V> = ApiResult<Arc<HashMap<K, V>>>;
/// Values by key, for whoever asks.
type Fetch<K, V> = fn(Wanted, Vec<K>) -> BoxFuture<'static, ApiResult<HashMap<K, V>>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Fetches values by key, those of one level together, each once.
pub(in crate::graphql) struct Loader<K, V, F = Fetch<K, V>> {
    turns: Arc<Turns>,
    wanted: Wanted,
    fetch: F,
    /// Made when it is first asked: most requests ask few of their loaders.
    state: OnceLock<Arc<Mutex<State<K, V>>>>,
}

struct State<K, V> {
    /// The batch that each key is in, whether it is collecting, being fetched or done.
    batch_of: HashMap<K, Batch<K, V>>,
    collecting: Option<Collecting<K, V>>,
}

type Batch<K, V> = Shared<BoxFuture<'static, Fetched<K, V>>>;

struct Collecting<K, V> {
    keys: Vec<K>,
    batch: Batch<K, V>,
}

impl<K, V, F> Loader<K, V, F>
where
    K: Copy + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    F: Fn(Wanted, Vec<K>) -> BoxFuture<'static, ApiResult<HashMap<K, V>>>,
    F: Clone + Send + 'static,
{
    pub(super) fn new(turns: &Arc<Turns>, wanted: Wanted, fetch: F) -> Self {
        Self { turns: Arc::clone(turns), wanted, fetch, state: OnceLock::new() }
    }

    fn state(&self) -> &Arc<Mutex<State<K, V>>> {
        self.state.get_or_init(|| {
            Arc::new(Mutex::new(State { batch_of: HashMap::default(), collecting: None }))
        })
    }

    /// The value of a key, if it has one.
    ///
    /// # Errors
    /// What the fetch of all keys of this level came to.
    pub(in crate::graphql) async fn load(&self, key: K) -> ApiResult<Option<V>> {
        let batch = self.batch_of(&mut lock(self.state()), key);
        Ok(batch.await?.get(&key).cloned())
    }

    /// Loads the values of all these keys, if they are wanted, for [`Loader::loaded`].
    ///
    /// # Errors
    /// What any of their fetches came to.
    pub(in crate::graphql) async fn load_all_if(
        &self,
        wanted: bool,
        keys: impl Iterator<Item = K>,
    ) -> ApiResult<()> {
        if !wanted {
            return Ok(());
        }
        let mut batches: Vec<Batch<K, V>> = Vec::new();
        {
            let mut state = lock(self.state());
            for key in keys {
                let batch = self.batch_of(&mut state, key);
                // Most keys have the same one as the key before.
                if !batches.last().is_some_and(|last| last.ptr_eq(&batch)) {
                    batches.push(batch);
                }
            }
        }
        for batch in batches {
            batch.await?;
        }
        Ok(())
    }

    /// The value of a key that was loaded, if it has one.
    pub(in crate::graphql) fn loaded(&self, key: K) -> Option<V> {
        let state = lock(self.state.get()?);
        state.batch_of.get(&key)?.peek()?.as_ref().ok()?.get(&key).cloned()
    }

    /// The batch that a key is in; the one that is collecting, if it is new.
    fn batch_of(&self, state: &mut State<K, V>, key: K) -> Batch<K, V> {
        if let Some(batch) = state.batch_of.get(&key) {
            return batch.clone();
        }
        let collecting = state.collecting.get_or_insert_with(|| self.collect());
        collecting.keys.push(key);
        let batch = collecting.batch.clone();
        state.batch_of.insert(key, batch.clone());
        batch
    }

    /// Fetches when the level is complete. Whoever of the siblings is polled next drives it, so
    /// it goes on when one of them is dropped.
    fn collect(&self) -> Collecting<K, V> {
        // The state holds its batches, so they must not hold it: whoever polls one has the
        // loader, and a batch that nobody polls any more goes, with the connection it waits for.
        let (fetch, state) = (self.fetch.clone(), Arc::downgrade(self.state()));
        let (turns, wanted) = (Arc::clone(&self.turns), self.wanted);
        let batch = async move {
            turns.end_of_level().await;
            let collected = state.upgrade().and_then(|state| lock(&state).collecting.take());
            let keys = collected.map_or_else(Vec::new, |batch| batch.keys);
            fetch(wanted, keys).await.map(Arc::new)
        };
        Collecting { keys: Vec::new(), batch: batch.boxed().shared() }
    }

    /// Keeps a value that is known already.
    pub(in crate::graphql) fn prime(&self, key: K, value: V) {
        let known = Ok(Arc::new(HashMap::from_iter([(key, value)])));
        let batch = futures::future::ready(known).boxed().shared();
        lock(self.state()).batch_of.insert(key, batch);
    }

    /// Keeps values that are known already.
    pub(in crate::graphql) fn prime_all(&self, known: impl IntoIterator<Item = (K, V)>) {
        let known: HashMap<K, V> = known.into_iter().collect();
        let known = Arc::new(known);
        let batch = futures::future::ready(Ok(Arc::clone(&known))).boxed().shared();
        let mut state = lock(self.state());
        state.batch_of.extend(known.keys().map(|key| (*key, batch.clone())));
    }

    pub(super) fn clear(&self) {
        if let Some(state) = self.state.get() {
            lock(state).batch_of.clear();
        }
    }
}

impl<K, V> Loader<K, V>
where
    K: Copy + Eq + Hash + fmt::Debug + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// The value of a key that must have one, as a foreign key points to it.
    ///
    /// # Errors
    /// Also `INTERNAL` where there is none after all.
    pub(in crate::graphql) async fn require(&self, key: K) -> ApiResult<V> {
        self.load(key)
            .await?
            .ok_or_else(|| ApiError::internal(format!("nothing was found for {key:?}")))
    }
}

impl<K, V, F> fmt::Debug for Loader<K, V, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, pin::pin};

    use super::*;

    async fn driven<T>(turns: &Arc<Turns>, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|task| turns.drive(task, |task| work.as_mut().poll(task))).await
    }

    #[tokio::test]
    async fn siblings_share_a_fetch_and_a_key_is_fetched_once() {
        let turns = Arc::new(Turns::default());
        let fetches = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&fetches);
        let loader = Loader::new(&turns, Wanted::ALL, move |_, mut keys: Vec<i64>| {
            keys.sort_unstable();
            lock(&log).push(keys.clone());
            async move { Ok(keys.into_iter().map(|key| (key, key * 10)).collect()) }.boxed()
        });
        let loads = (0..100).chain(0..100).map(|key| loader.load(key));
        let values = driven(&turns, futures::future::join_all(loads)).await;
        let values: Vec<_> = values.into_iter().map(|value| value.unwrap()).collect();
        assert_eq!(values[7], Some(70));
        assert_eq!(driven(&turns, loader.load(7)).await.unwrap(), Some(70));
        assert_eq!(*lock(&fetches), [(0..100).collect::<Vec<_>>()]);
    }

    #[tokio::test]
    async fn what_a_fetch_holds_goes_with_those_who_wait_for_it() {
        let turns = Arc::new(Turns::default());
        let held = Arc::new(());
        let kept = Arc::clone(&held);
        let loader: Loader<i64, i64, _> = Loader::new(&turns, Wanted::ALL, move |_, _| {
            let connection = Arc::clone(&kept);
            async move {
                futures::future::pending::<()>().await;
                drop(connection);
                Ok(HashMap::default())
            }
            .boxed()
        });
        let load = driven(&turns, loader.load(1));
        let load = tokio::time::timeout(std::time::Duration::from_millis(50), load);
        assert!(load.await.is_err());
        assert_eq!(Arc::strong_count(&held), 4, "here, in the loader, its batch and the fetch");
        drop(loader);
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
