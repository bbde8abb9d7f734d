//! One who listens to the news of a tenant.

use std::fmt;

use tokio::sync::broadcast::{self, error::RecvError};

use super::events::Events;
use crate::tenancy::TenantKey;

/// Hears news in order. Who is slow skips the oldest; nobody waits for them.
pub struct Listener<T: Clone> {
    /// Taken out when the listener goes, so that it no longer counts.
    receiver: Option<broadcast::Receiver<T>>,
    events: Events,
    tenant: TenantKey,
}

/// What a listener hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard<T> {
    /// A piece of news.
    News(T),
    /// Some went by while nobody listened.
    Missed,
}

impl<T: Clone> Listener<T> {
    pub(super) fn new(receiver: broadcast::Receiver<T>, events: Events, tenant: TenantKey) -> Self {
        Self { receiver: Some(receiver), events, tenant }
    }

    /// The next piece of news that is still there; none if there will be no more. Nothing is
    /// lost when the wait for it is broken off.
    pub async fn next(&mut self) -> Option<T> {
        loop {
            if let Heard::News(news) = self.hear().await? {
                return Some(news);
            }
        }
    }

    /// The next piece of news, or that some was missed; none if there will be no more.
    pub async fn hear(&mut self) -> Option<Heard<T>> {
        match self.receiver.as_mut()?.recv().await {
            Ok(news) => Some(Heard::News(news)),
            Err(RecvError::Lagged(_)) => Some(Heard::Missed),
            Err(RecvError::Closed) => None,
        }
    }
}

impl<T: Clone> Drop for Listener<T> {
    fn drop(&mut self) {
        self.receiver = None;
        self.events.sweep(&self.tenant);
    }
}

impl<T: Clone> fmt::Debug for Listener<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}
