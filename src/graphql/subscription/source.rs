//! What a subscription waits for (GraphQL specification, section 6.2.3.1, the source stream).

use std::sync::Arc;

use tokio::sync::OnceCell;

use super::{
    listener::Listener,
    results::{Results, Snapshot, State},
    shared::{Shared, SharedResult},
};
use crate::{
    entity::{choice, poll},
    graphql::error::{ApiError, ApiResult},
    service,
    tenancy::Columns,
};

/// A poll that was made. Its choices are read once for all who are told.
#[derive(Debug)]
pub(in crate::graphql) struct Created {
    pub poll: poll::Model,
    choices: OnceCell<Vec<choice::Model>>,
    shared: Shared,
}

impl Created {
    pub(super) fn new(poll: poll::Model) -> Self {
        Self { poll, choices: OnceCell::new(), shared: Shared::default() }
    }

    /// Its choices, in the scope of its tenant.
    pub(super) async fn choices(&self) -> ApiResult<&Vec<choice::Model>> {
        let read =
            || async { Ok(service::choice::of_polls(vec![self.poll.id], Columns::ALL).await?) };
        self.choices.get_or_try_init(read).await
    }
}

/// A piece of news, for one subscription.
#[derive(Debug)]
pub struct Event(pub(super) News);

impl Event {
    /// Where the result for all who ask this question is, or belongs. To be used only among those
    /// whom nothing tells apart.
    #[must_use]
    pub fn shared(&self, question: &Arc<str>) -> Option<SharedResult> {
        match &self.0 {
            News::Results(snapshot) => snapshot.shared.result(question),
            News::Created(created) => created.shared.result(question),
            News::Gone | News::Failed(_) => None,
        }
    }
}

#[derive(Debug)]
pub(super) enum News {
    /// A poll as it is.
    Results(Arc<Snapshot>),
    /// There is no such poll, or no longer.
    Gone,
    /// A poll that was made.
    Created(Arc<Created>),
    /// There will be none, for this reason.
    Failed(ApiError),
}

/// Where a subscription's news comes from.
pub(super) enum Source {
    Results(Results),
    Created(Listener<Arc<Created>>),
}

impl Source {
    /// The next piece of news; none after the last one. Nothing is lost when the wait is broken
    /// off.
    pub(super) async fn next(&mut self) -> Option<Event> {
        let news = match self {
            Self::Results(results) => match results.next().await? {
                State::Open(snapshot) | State::Closed(snapshot) => News::Results(snapshot),
                State::Gone => News::Gone,
                State::Failed(error) => News::Failed(error),
                State::Unknown => return None,
            },
            Self::Created(created) => News::Created(created.next().await?),
        };
        Some(Event(news))
    }

    /// Whether there is nothing more to wait for.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Results(results) => results.is_over(),
            Self::Created(_) => false,
        }
    }
}
