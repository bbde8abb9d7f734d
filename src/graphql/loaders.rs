//! Loaders: what the objects of one level ask for is fetched in one statement.
//!
//! A loader collects keys while its siblings are polled, then fetches inside the request's own
//! task, so the tenant's scope is there by construction: nothing is spawned, and there is no
//! timer. Loaders live as long as one request.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
    task::AtomicWaker,
};

use super::error::{ApiError, ApiResult};
use crate::{
    entity::{choice, poll, user, vote},
    service,
};

/// The loaders of one request.
#[derive(Debug)]
pub(super) struct Loaders {
    pub polls: Loader<poll::Model>,
    pub choices: Loader<choice::Model>,
    pub users: Loader<user::Model>,
    pub votes: Loader<vote::Model>,
    /// By poll, in the order written.
    pub choices_of_poll: Loader<Vec<choice::Model>>,
    /// By poll, the viewer's own.
    pub viewer_votes: Loader<vote::Model>,
}

impl Loaders {
    pub(super) fn new(viewer_id: Option<i64>) -> Self {
        Self {
            polls: Loader::new(|ids| {
                by(service::poll::by_ids(ids), |poll: &poll::Model| poll.id).boxed()
            }),
            choices: Loader::new(|ids| {
                by(service::choice::by_ids(ids), |choice: &choice::Model| choice.id).boxed()
            }),
            users: Loader::new(|ids| {
                by(service::people::by_ids(ids), |user: &user::Model| user.id).boxed()
            }),
            votes: Loader::new(|ids| {
                by(service::vote::by_ids(ids), |vote: &vote::Model| vote.id).boxed()
            }),
            choices_of_poll: Loader::new(|ids| choices_of_polls(ids).boxed()),
            viewer_votes: Loader::new(move |ids| {
                let votes = async move {
                    match viewer_id {
                        Some(viewer_id) => service::vote::of_voter(viewer_id, ids).await,
                        None => Ok(Vec::new()),
                    }
                };
                by(votes, |vote: &vote::Model| vote.poll_id).boxed()
            }),
        }
    }

    /// Forgets all that was loaded.
    pub(super) fn clear(&self) {
        self.polls.clear();
        self.choices.clear();
        self.users.clear();
        self.votes.clear();
        self.choices_of_poll.clear();
        self.viewer_votes.clear();
    }
}

async fn by<V>(
    rows: impl Future<Output = Result<Vec<V>, service::Failure>>,
    key: impl Fn(&V) -> i64,
) -> ApiResult<HashMap<i64, V>> {
    Ok(rows.await?.into_iter().map(|row| (key(&row), row)).collect())
}

async fn choices_of_polls(poll_ids: Vec<i64>) -> ApiResult<HashMap<i64, Vec<choice::Model>>> {
    let mut of_poll: HashMap<i64, Vec<choice::Model>> = HashMap::new();
    for choice in service::choice::of_polls(poll_ids).await? {
        of_poll.entry(choice.poll_id).or_default().push(choice);
    }
    Ok(of_poll)
}

/// Ends when the running task's current poll is over: by then all siblings have been polled.
/// `tokio::task::yield_now` alone ends at its second poll, whoever polls it, and those who share
/// it all do.
#[derive(Default)]
struct EndOfPoll {
    signal: Arc<Signal>,
    begun: bool,
}

#[derive(Default)]
struct Signal {
    given: AtomicBool,
    waiting: AtomicWaker,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.given.store(true, Ordering::Release);
        self.waiting.wake();
    }
}

impl Future for EndOfPoll {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.signal.waiting.register(context.waker());
        if !self.begun {
            self.begun = true;
            // Tokio wakes it when the task yields.
            let waker = Waker::from(Arc::clone(&self.signal));
            let pending = pin!(tokio::task::yield_now()).poll(&mut Context::from_waker(&waker));
            debug_assert!(pending.is_pending(), "yield_now waits once");
        }
        if self.signal.given.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }
}

type Fetched<V> = ApiResult<Arc<HashMap<i64, V>>>;
type Fetch<V> = dyn Fn(Vec<i64>) -> BoxFuture<'static, ApiResult<HashMap<i64, V>>> + Send + Sync;

/// Fetches values by key, those of one level together, each once.
pub(super) struct Loader<V> {
    fetch: Arc<Fetch<V>>,
    state: Arc<Mutex<State<V>>>,
}

struct State<V> {
    /// What was fetched; nothing for keys without a value.
    loaded: HashMap<i64, Option<V>>,
    collecting: Option<Collecting<V>>,
}

struct Collecting<V> {
    keys: BTreeSet<i64>,
    fetched: Shared<BoxFuture<'static, Fetched<V>>>,
}

impl<V: Clone + Send + Sync + 'static> Loader<V> {
    fn new(
        fetch: impl Fn(Vec<i64>) -> BoxFuture<'static, ApiResult<HashMap<i64, V>>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let state = State { loaded: HashMap::new(), collecting: None };
        Self { fetch: Arc::new(fetch), state: Arc::new(Mutex::new(state)) }
    }

    /// The value of a key, if it has one.
    ///
    /// # Errors
    /// What the fetch of all keys of this level came to.
    pub(super) async fn load(&self, key: i64) -> ApiResult<Option<V>> {
        let fetched = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(value) = state.loaded.get(&key) {
                return Ok(value.clone());
            }
            let collecting = state.collecting.get_or_insert_with(|| self.collect());
            collecting.keys.insert(key);
            collecting.fetched.clone()
        };
        Ok(fetched.await?.get(&key).cloned())
    }

    /// Fetches when all siblings have been polled once. Whoever of them is polled next drives
    /// it, so it goes on when one of them is dropped.
    fn collect(&self) -> Collecting<V> {
        let (fetch, state) = (Arc::clone(&self.fetch), Arc::clone(&self.state));
        let lock = move |state: &Mutex<State<V>>, work: &mut dyn FnMut(&mut State<V>)| {
            work(&mut state.lock().unwrap_or_else(PoisonError::into_inner));
        };
        let fetched = async move {
            EndOfPoll::default().await;
            let mut keys = Vec::new();
            lock(&state, &mut |state| {
                let collected = state.collecting.take().map(|collecting| collecting.keys);
                keys = collected.unwrap_or_default().into_iter().collect();
            });
            let values = Arc::new(fetch(keys.clone()).await?);
            lock(&state, &mut |state| {
                let found = |key: &i64| (*key, values.get(key).cloned());
                state.loaded.extend(keys.iter().map(found));
            });
            Ok(values)
        };
        Collecting { keys: BTreeSet::new(), fetched: fetched.boxed().shared() }
    }

    fn clear(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).loaded.clear();
    }
}

impl<V: Clone + Send + Sync + 'static> Loader<V> {
    /// The value of a key that must have one, since a foreign key points to it.
    ///
    /// # Errors
    /// Also `INTERNAL` where there is none after all.
    pub(super) async fn require(&self, key: i64) -> ApiResult<V> {
        self.load(key).await?.ok_or_else(|| ApiError::internal(format!("row {key} is missing")))
    }
}

impl<V> fmt::Debug for Loader<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader").finish_non_exhaustive()
    }
}
