//! The states of one poll, for all who watch it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::{Notify, watch};

use super::shared::Shared;
use crate::{
    entity::{choice, poll},
    graphql::error::ApiError,
    tenancy::Ticket,
};

/// A poll with its choices, as they were read together.
#[derive(Debug)]
pub(in crate::graphql) struct Snapshot {
    pub poll: poll::Model,
    pub choices: Vec<choice::Model>,
    pub(super) shared: Shared,
}

/// What is known of a poll.
#[derive(Debug, Clone)]
pub(super) enum State {
    /// It is read for the first time.
    Unknown,
    /// It is open; more may come.
    Open(Arc<Snapshot>),
    /// It is closed; that is all.
    Closed(Arc<Snapshot>),
    /// There is no such poll, or no longer.
    Gone,
    /// It cannot be read.
    Failed(ApiError),
}

/// A state, and up to which change it is true.
#[derive(Debug, Clone)]
struct Published {
    version: u64,
    state: State,
}

/// Between those who change a poll, the one who reads it and those who watch it.
pub(super) struct Channel {
    pub ticket: Ticket,
    /// Counts the changes.
    changes: AtomicU64,
    changed: Notify,
    published: watch::Sender<Published>,
}

impl Channel {
    pub(super) fn new(ticket: Ticket) -> Self {
        Self {
            ticket,
            changes: AtomicU64::new(0),
            changed: Notify::new(),
            published: watch::Sender::new(Published { version: 0, state: State::Unknown }),
        }
    }

    /// From now on: a state from before a change that has happened already is left out.
    pub(super) fn subscribe(&self) -> Results {
        let mut receiver = self.published.subscribe();
        receiver.mark_changed();
        Results { receiver, at_least: self.version(), over: false }
    }

    /// Something changed, and is committed.
    pub(super) fn touch(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.changed.notify_one();
    }

    /// Ends at a change, at once if there was one since the last wait.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Ends when nobody watches.
    pub(super) async fn unused(&self) {
        self.published.closed().await;
    }

    pub(super) fn is_used(&self) -> bool {
        self.published.receiver_count() > 0
    }

    /// Which changes what is read from now on includes.
    pub(super) fn version(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    pub(super) fn publish(&self, version: u64, state: State) {
        self.published.send_replace(Published { version, state });
    }
}

/// One who watches a poll. Holds the latest state only, however slow.
pub(super) struct Results {
    receiver: watch::Receiver<Published>,
    at_least: u64,
    over: bool,
}

impl Results {
    /// Whether the last state has been given.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// The next state; none after the last one. Nothing is lost when the wait is broken off.
    pub(super) async fn next(&mut self) -> Option<State> {
        while !self.over {
            if self.receiver.changed().await.is_err() {
                break;
            }
            let published = self.receiver.borrow_and_update().clone();
            match published.state {
                State::Unknown => {}
                State::Open(_) if published.version < self.at_least => {}
                state => {
                    self.over = !matches!(state, State::Open(_));
                    return Some(state);
                }
            }
        }
        None
    }
}
