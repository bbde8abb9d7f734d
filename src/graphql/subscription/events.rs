//! Who is told of what. Everything is kept by tenant, so nothing of one reaches another; what
//! nobody listens to is not kept.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_graphql::Context;
use tokio::sync::broadcast;

use super::{
    listener::Listener,
    pump,
    results::{Channel, Results},
    source::Created,
};
use crate::{
    entity::poll,
    graphql::{context::RequestContext, schema::Services},
    service::Failure,
    tenancy::{TenantKey, Ticket, spawn_untenanted},
};

/// The news of all tenants, inside this process.
#[derive(Clone, Default)]
pub struct Events(Arc<Mutex<HashMap<TenantKey, Channels>>>);

/// What somebody of one tenant listens to.
#[derive(Default)]
struct Channels {
    polls: HashMap<i64, Arc<Channel>>,
    created: Option<broadcast::Sender<Arc<Created>>>,
    tokens: Option<broadcast::Sender<i64>>,
}

impl Channels {
    fn is_idle(&self) -> bool {
        self.polls.is_empty() && self.created.is_none() && self.tokens.is_none()
    }
}

/// How many pieces of news wait for a slow listener; older ones are skipped.
const BACKLOG: usize = 64;

impl Events {
    fn lock(&self) -> MutexGuard<'_, HashMap<TenantKey, Channels>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The states of a poll, from the one now on.
    pub(super) fn watch_poll(&self, ticket: &Ticket, poll_id: i64) -> Results {
        let mut tenants = self.lock();
        let polls = &mut tenants.entry(ticket.key().clone()).or_default().polls;
        if let Some(channel) = polls.get(&poll_id)
            && channel.ticket.is_same(ticket)
        {
            return channel.subscribe();
        }
        let channel = Arc::new(Channel::new(ticket.clone()));
        let results = channel.subscribe();
        polls.insert(poll_id, Arc::clone(&channel));
        drop(tenants);
        spawn_untenanted(pump::run(self.clone(), poll_id, channel));
        results
    }

    /// The polls that are made from now on.
    pub(super) fn watch_created(&self, tenant: &TenantKey) -> Listener<Arc<Created>> {
        let mut tenants = self.lock();
        let created = &mut tenants.entry(tenant.clone()).or_default().created;
        let sender = created.get_or_insert_with(|| broadcast::channel(BACKLOG).0);
        Listener::new(sender.subscribe(), self.clone(), tenant.clone())
    }

    /// The people whose tokens end or whose rights change from now on.
    #[must_use]
    pub fn watch_tokens(&self, tenant: &TenantKey) -> Listener<i64> {
        let mut tenants = self.lock();
        let tokens = &mut tenants.entry(tenant.clone()).or_default().tokens;
        let sender = tokens.get_or_insert_with(|| broadcast::channel(BACKLOG).0);
        Listener::new(sender.subscribe(), self.clone(), tenant.clone())
    }

    /// Forgets what nobody of a tenant listens to any more.
    pub(super) fn sweep(&self, tenant: &TenantKey) {
        let mut tenants = self.lock();
        let Some(channels) = tenants.get_mut(tenant) else { return };
        if channels.created.as_ref().is_some_and(|sender| sender.receiver_count() == 0) {
            channels.created = None;
        }
        if channels.tokens.as_ref().is_some_and(|sender| sender.receiver_count() == 0) {
            channels.tokens = None;
        }
        if channels.is_idle() {
            tenants.remove(tenant);
        }
    }

    /// Takes a poll's channel out: whoever comes later gets a new one. With `if_unused`, only if
    /// nobody listens. Tells whether it is out.
    pub(super) fn remove_poll(
        &self,
        poll_id: i64,
        channel: &Arc<Channel>,
        if_unused: bool,
    ) -> bool {
        let mut tenants = self.lock();
        if if_unused && channel.is_used() {
            return false;
        }
        let tenant = channel.ticket.key();
        let Some(channels) = tenants.get_mut(tenant) else { return true };
        if channels.polls.get(&poll_id).is_some_and(|current| Arc::ptr_eq(current, channel)) {
            channels.polls.remove(&poll_id);
        }
        if channels.is_idle() {
            tenants.remove(tenant);
        }
        true
    }

    fn touch_poll(&self, tenant: &TenantKey, poll_id: i64) {
        if let Some(channel) = self.lock().get(tenant).and_then(|all| all.polls.get(&poll_id)) {
            channel.touch();
        }
    }

    fn touch_all(&self, tenant: &TenantKey) {
        if let Some(channels) = self.lock().get(tenant) {
            channels.polls.values().for_each(|channel| channel.touch());
        }
    }

    fn tell_created(&self, tenant: &TenantKey, poll: &poll::Model) {
        if let Some(sender) = self.lock().get(tenant).and_then(|all| all.created.as_ref()) {
            // Without listeners there is nobody to tell.
            let _ = sender.send(Arc::new(Created::new(poll.clone())));
        }
    }

    fn tell_tokens(&self, tenant: &TenantKey, user_id: i64) {
        if let Some(sender) = self.lock().get(tenant).and_then(|all| all.tokens.as_ref()) {
            let _ = sender.send(user_id);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

/// Whom a mutation tells, if it did something.
fn on_success<'c, T>(
    ctx: &Context<'c>,
    result: &'c Result<T, Failure>,
) -> Option<(&'c Events, &'c TenantKey, &'c T)> {
    let done = result.as_ref().ok()?;
    Some((&Services::of(ctx).ok()?.events, RequestContext::of(ctx).ok()?.key(), done))
}

/// After a use case that changed a poll, its choices or its votes, if it succeeded.
pub(in crate::graphql) fn poll_changed<T>(
    ctx: &Context<'_>,
    result: &Result<T, Failure>,
    poll_id: impl FnOnce(&T) -> i64,
) {
    if let Some((events, tenant, done)) = on_success(ctx, result) {
        events.touch_poll(tenant, poll_id(done));
    }
}

/// After a poll was made, if it was.
pub(in crate::graphql) fn poll_created(ctx: &Context<'_>, result: &Result<poll::Model, Failure>) {
    if let Some((events, tenant, poll)) = on_success(ctx, result) {
        events.tell_created(tenant, poll);
    }
}

/// After somebody's role or state changed: those who made polls are shown with them.
pub(in crate::graphql) fn people_changed<T>(
    ctx: &Context<'_>,
    result: &Result<T, Failure>,
    user_id: impl FnOnce(&T) -> i64,
) {
    if let Some((events, tenant, done)) = on_success(ctx, result) {
        events.tell_tokens(tenant, user_id(done));
        events.touch_all(tenant);
    }
}

/// After tokens of somebody ended.
pub(in crate::graphql) fn tokens_ended<T>(
    ctx: &Context<'_>,
    result: &Result<T, Failure>,
    user_id: impl FnOnce(&T) -> i64,
) {
    if let Some((events, tenant, done)) = on_success(ctx, result) {
        events.tell_tokens(tenant, user_id(done));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_tenant_hears_its_own_news_and_nothing_is_kept_for_nobody() {
        let events = Events::default();
        let (thor, potter): (TenantKey, TenantKey) =
            ("thor".parse().unwrap(), "potter".parse().unwrap());
        let mut at_thor = events.watch_tokens(&thor);
        let mut at_potter = events.watch_tokens(&potter);
        events.tell_tokens(&thor, 1);
        events.tell_tokens(&potter, 2);
        assert_eq!(at_thor.next().await, Some(1));
        assert_eq!(at_potter.next().await, Some(2));
        drop(at_thor);
        drop(at_potter);
        assert!(events.is_empty());
        events.tell_tokens(&thor, 3);
        assert!(events.is_empty());
    }

    #[tokio::test]
    async fn a_slow_listener_skips_to_what_is_recent() {
        let events = Events::default();
        let thor: TenantKey = "thor".parse().unwrap();
        let mut slow = events.watch_tokens(&thor);
        let many = i64::try_from(BACKLOG).unwrap() * 10;
        (0..many).for_each(|number| events.tell_tokens(&thor, number));
        let first = slow.next().await.unwrap();
        assert_eq!(first, many - i64::try_from(BACKLOG).unwrap());
    }
}
