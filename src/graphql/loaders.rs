//! Loaders: what the objects of one level ask for is fetched in one statement.
//!
//! A loader collects keys while its siblings are polled, then fetches inside the request's own
//! task (see [`Turns`]), so the tenant's scope is there by construction: nothing is spawned, and
//! there is no timer. Loaders live as long as one request.

use std::{
    collections::BTreeMap,
    fmt,
    hash::Hash,
    iter,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use futures::{
    FutureExt, TryFutureExt,
    future::{BoxFuture, Shared},
};

use super::{
    error::{ApiError, ApiResult},
    in_place::Many,
    object::Choice,
    turns::Turns,
};
use crate::{
    entity::{choice, poll, user, vote},
    service::{
        self,
        page::{Page, Window},
    },
};

/// The standard library's own takes longer for such keys than all else that is done with them.
type HashMap<K, V> = std::collections::HashMap<K, V, foldhash::fast::RandomState>;

/// The loaders of one request.
#[derive(Debug)]
pub(super) struct Loaders {
    pub turns: Arc<Turns>,
    pub polls: Loader<i64, poll::Model>,
    /// With its choices in the order written, where both are asked for.
    pub whole_polls: Loader<i64, (poll::Model, Many<Choice>)>,
    pub choices: Loader<i64, choice::Model>,
    pub users: Loader<i64, Arc<user::Model>>,
    pub votes: Loader<i64, vote::Model>,
    /// By poll, in the order written.
    pub choices_of_poll: Loader<i64, Many<Choice>>,
    /// By poll, the viewer's own.
    pub viewer_votes: Loader<i64, vote::Model>,
    /// By poll and window.
    pub votes_of_poll: Loader<(Window, i64), Page<vote::Model>>,
    /// By choice and window.
    pub votes_of_choice: Loader<(Window, i64), Page<vote::Model>>,
    /// By user and window.
    pub polls_of_user: Loader<(Window, i64), Page<poll::Model>>,
}

impl Loaders {
    pub(super) fn new(viewer_id: Option<i64>) -> Self {
        let turns = Arc::new(Turns::default());
        Self {
            polls: Loader::new(&turns, viewer_id, |_, ids| {
                by(service::poll::by_ids(ids), |poll: &poll::Model| poll.id).boxed()
            }),
            whole_polls: Loader::new(&turns, viewer_id, |_, ids| whole_polls(ids).boxed()),
            choices: Loader::new(&turns, viewer_id, |_, ids| {
                by(service::choice::by_ids(ids), |choice: &choice::Model| choice.id).boxed()
            }),
            users: Loader::new(&turns, viewer_id, |_, ids| {
                let users = service::people::by_ids(ids);
                let users = users.map_ok(|users| users.into_iter().map(Arc::new).collect());
                by(users, |user: &Arc<user::Model>| user.id).boxed()
            }),
            votes: Loader::new(&turns, viewer_id, |_, ids| {
                by(service::vote::by_ids(ids), |vote: &vote::Model| vote.id).boxed()
            }),
            choices_of_poll: Loader::new(&turns, viewer_id, |_, ids| choices_of_polls(ids).boxed()),
            viewer_votes: Loader::new(&turns, viewer_id, |viewer_id, ids| {
                by(votes_of(viewer_id, ids), |vote: &vote::Model| vote.poll_id).boxed()
            }),
            votes_of_poll: Loader::new(&turns, viewer_id, |_, keys| {
                pages(keys, |ids, window| async move {
                    service::vote::pages_of_polls(&ids, window).await
                })
                .boxed()
            }),
            votes_of_choice: Loader::new(&turns, viewer_id, |_, keys| {
                pages(keys, |ids, window| async move {
                    service::vote::pages_of_choices(&ids, window).await
                })
                .boxed()
            }),
            polls_of_user: Loader::new(&turns, viewer_id, |_, keys| {
                pages(keys, |ids, window| async move {
                    service::poll::pages_made_by(&ids, window).await
                })
                .boxed()
            }),
            turns,
        }
    }

    /// Forgets all that was loaded.
    pub(super) fn clear(&self) {
        self.polls.clear();
        self.whole_polls.clear();
        self.choices.clear();
        self.users.clear();
        self.votes.clear();
        self.choices_of_poll.clear();
        self.viewer_votes.clear();
        self.votes_of_poll.clear();
        self.votes_of_choice.clear();
        self.polls_of_user.clear();
    }
}

/// Pages of the same window are fetched together.
async fn pages<M, F>(
    keys: Vec<(Window, i64)>,
    fetch: impl Fn(Vec<i64>, Window) -> F,
) -> ApiResult<HashMap<(Window, i64), Page<M>>>
where
    F: Future<Output = Result<std::collections::HashMap<i64, Page<M>>, service::Failure>>,
{
    let mut parents: BTreeMap<Window, Vec<i64>> = BTreeMap::new();
    for (window, parent) in keys {
        parents.entry(window).or_default().push(parent);
    }
    let mut found = HashMap::default();
    for (window, parents) in parents {
        let pages = fetch(parents, window).await?;
        found.extend(pages.into_iter().map(|(parent, page)| ((window, parent), page)));
    }
    Ok(found)
}

async fn by<V>(
    rows: impl Future<Output = Result<Vec<V>, service::Failure>>,
    key: impl Fn(&V) -> i64,
) -> ApiResult<HashMap<i64, V>> {
    Ok(rows.await?.into_iter().map(|row| (key(&row), row)).collect())
}

async fn votes_of(
    viewer_id: Option<i64>,
    poll_ids: Vec<i64>,
) -> Result<Vec<vote::Model>, service::Failure> {
    match viewer_id {
        Some(viewer_id) => service::vote::of_voter(viewer_id, poll_ids).await,
        None => Ok(Vec::new()),
    }
}

async fn whole_polls(ids: Vec<i64>) -> ApiResult<HashMap<i64, (poll::Model, Many<Choice>)>> {
    let polls = service::poll::with_choices(ids).await?.into_iter();
    Ok(polls.map(|(poll, choices)| (poll.id, (poll, Many::of(choices)))).collect())
}

async fn choices_of_polls(poll_ids: Vec<i64>) -> ApiResult<HashMap<i64, Many<Choice>>> {
    Ok(poll_by_poll(service::choice::of_polls(poll_ids).await?))
}

/// The choices of each poll; they come poll by poll.
pub(super) fn poll_by_poll(choices: Vec<choice::Model>) -> HashMap<i64, Many<Choice>> {
    let mut of_poll = HashMap::default();
    let mut choices = choices.into_iter().peekable();
    while let Some(&choice::Model { poll_id, .. }) = choices.peek() {
        let of_this = iter::from_fn(|| choices.next_if(|choice| choice.poll_id == poll_id));
        of_poll.insert(poll_id, Many::of(of_this));
    }
    of_poll
}

type Fetched<K, V> = ApiResult<Arc<HashMap<K, V>>>;
/// Values by key, for this viewer.
type Fetch<K, V> = fn(Option<i64>, Vec<K>) -> BoxFuture<'static, ApiResult<HashMap<K, V>>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Fetches values by key, those of one level together, each once.
pub(super) struct Loader<K, V, F = Fetch<K, V>> {
    turns: Arc<Turns>,
    viewer_id: Option<i64>,
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
    F: Fn(Option<i64>, Vec<K>) -> BoxFuture<'static, ApiResult<HashMap<K, V>>>,
    F: Clone + Send + 'static,
{
    fn new(turns: &Arc<Turns>, viewer_id: Option<i64>, fetch: F) -> Self {
        Self { turns: Arc::clone(turns), viewer_id, fetch, state: OnceLock::new() }
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
    pub(super) async fn load(&self, key: K) -> ApiResult<Option<V>> {
        let batch = self.batch_of(&mut lock(self.state()), key);
        Ok(batch.await?.get(&key).cloned())
    }

    /// Loads the values of all these keys, if they are wanted, for [`Loader::loaded`].
    ///
    /// # Errors
    /// What any of their fetches came to.
    pub(super) async fn load_all_if(
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
    pub(super) fn loaded(&self, key: K) -> Option<V> {
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
        let (turns, viewer_id) = (Arc::clone(&self.turns), self.viewer_id);
        let batch = async move {
            turns.end_of_level().await;
            let collected = state.upgrade().and_then(|state| lock(&state).collecting.take());
            let keys = collected.map_or_else(Vec::new, |batch| batch.keys);
            fetch(viewer_id, keys).await.map(Arc::new)
        };
        Collecting { keys: Vec::new(), batch: batch.boxed().shared() }
    }

    /// Keeps a value that is known already.
    pub(super) fn prime(&self, key: K, value: V) {
        let known = Ok(Arc::new(HashMap::from_iter([(key, value)])));
        let batch = futures::future::ready(known).boxed().shared();
        lock(self.state()).batch_of.insert(key, batch);
    }

    /// Keeps values that are known already.
    pub(super) fn prime_all(&self, known: impl IntoIterator<Item = (K, V)>) {
        let known: HashMap<K, V> = known.into_iter().collect();
        let known = Arc::new(known);
        let batch = futures::future::ready(Ok(Arc::clone(&known))).boxed().shared();
        let mut state = lock(self.state());
        state.batch_of.extend(known.keys().map(|key| (*key, batch.clone())));
    }

    fn clear(&self) {
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
    pub(super) async fn require(&self, key: K) -> ApiResult<V> {
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
        let loader = Loader::new(&turns, None, move |_, mut keys: Vec<i64>| {
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
        let loader: Loader<i64, i64, _> = Loader::new(&turns, None, move |_, _| {
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
