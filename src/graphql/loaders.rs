//! Loaders: what the objects of one level ask for is fetched in one statement.
//!
//! A loader collects keys while its siblings are polled, then fetches inside the request's own
//! task (see [`Turns`]), so the tenant's scope is there by construction: nothing is spawned, and
//! there is no timer. Loaders live as long as one request.

mod loader;

use std::{collections::BTreeMap, iter, sync::Arc};

use futures::{FutureExt, TryFutureExt};

use loader::Loader;

use super::{error::ApiResult, in_place::Many, object::Choice, turns::Turns, wanted::Wanted};
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
    /// The columns that they fetch.
    pub wanted: Wanted,
    pub polls: Loader<i64, poll::Model>,
    /// With its choices in the order written, where both are asked for.
    pub whole_polls: Loader<i64, (poll::Model, Many<Choice>)>,
    pub choices: Loader<i64, choice::Model>,
    pub users: Loader<i64, Arc<user::Model>>,
    pub votes: Loader<i64, vote::Model>,
    /// By poll, in the order written.
    pub choices_of_poll: Loader<i64, Many<Choice>>,
    /// By voter and poll.
    pub votes_of_voter: Loader<(i64, i64), vote::Model>,
    /// By poll and window.
    pub votes_of_poll: Loader<(Window, i64), Page<vote::Model>>,
    /// By choice and window.
    pub votes_of_choice: Loader<(Window, i64), Page<vote::Model>>,
    /// By user and window.
    pub polls_of_user: Loader<(Window, i64), Page<poll::Model>>,
}

impl Loaders {
    pub(super) fn new(wanted: Wanted) -> Self {
        let turns = Arc::new(Turns::default());
        Self {
            polls: Loader::new(&turns, wanted, |wanted, ids| {
                by(service::poll::by_ids(ids, wanted.poll), |poll: &poll::Model| poll.id).boxed()
            }),
            whole_polls: Loader::new(&turns, wanted, |wanted, ids| {
                whole_polls(wanted, ids).boxed()
            }),
            choices: Loader::new(&turns, wanted, |wanted, ids| {
                let choices = service::choice::by_ids(ids, wanted.choice);
                by(choices, |choice: &choice::Model| choice.id).boxed()
            }),
            users: Loader::new(&turns, wanted, |wanted, ids| {
                let users = service::people::by_ids(ids, wanted.user);
                let users = users.map_ok(|users| users.into_iter().map(Arc::new).collect());
                by(users, |user: &Arc<user::Model>| user.id).boxed()
            }),
            votes: Loader::new(&turns, wanted, |wanted, ids| {
                by(service::vote::by_ids(ids, wanted.vote), |vote: &vote::Model| vote.id).boxed()
            }),
            choices_of_poll: Loader::new(&turns, wanted, |wanted, ids| {
                choices_of_polls(wanted, ids).boxed()
            }),
            votes_of_voter: Loader::new(&turns, wanted, |wanted, keys| {
                votes_of_voters(wanted, keys).boxed()
            }),
            votes_of_poll: Loader::new(&turns, wanted, |wanted, keys| {
                pages(keys, move |ids, window| async move {
                    service::vote::pages_of_polls(&ids, window, wanted.vote).await
                })
                .boxed()
            }),
            votes_of_choice: Loader::new(&turns, wanted, |wanted, keys| {
                pages(keys, move |ids, window| async move {
                    service::vote::pages_of_choices(&ids, window, wanted.vote).await
                })
                .boxed()
            }),
            polls_of_user: Loader::new(&turns, wanted, |wanted, keys| {
                pages(keys, move |ids, window| async move {
                    service::poll::pages_made_by(&ids, window, wanted.poll).await
                })
                .boxed()
            }),
            wanted,
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
        self.votes_of_voter.clear();
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

/// A statement a voter, of whom a request has one.
async fn votes_of_voters(
    wanted: Wanted,
    keys: Vec<(i64, i64)>,
) -> ApiResult<HashMap<(i64, i64), vote::Model>> {
    let mut found = HashMap::default();
    for of_one in keys.chunk_by(|(one, _), (other, _)| one == other) {
        let (voter_id, _) = of_one[0];
        let polls = of_one.iter().map(|(_, poll_id)| *poll_id).collect();
        let votes = service::vote::of_voter(voter_id, polls, wanted.vote).await?;
        found.extend(votes.into_iter().map(|vote| ((voter_id, vote.poll_id), vote)));
    }
    Ok(found)
}

async fn whole_polls(
    wanted: Wanted,
    ids: Vec<i64>,
) -> ApiResult<HashMap<i64, (poll::Model, Many<Choice>)>> {
    let polls = service::poll::with_choices(ids, wanted.poll, wanted.choice).await?.into_iter();
    Ok(polls.map(|(poll, choices)| (poll.id, (poll, Many::of(choices)))).collect())
}

async fn choices_of_polls(
    wanted: Wanted,
    poll_ids: Vec<i64>,
) -> ApiResult<HashMap<i64, Many<Choice>>> {
    Ok(poll_by_poll(service::choice::of_polls(poll_ids, wanted.choice).await?))
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
