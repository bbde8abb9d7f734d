//! One request at the cache: asking for its answer, computing it for all who wait, keeping it.

use std::{sync::Arc, time::Duration};

use axum::{
    http::{HeaderMap, Method},
    response::Response,
};
use tokio::time::{Instant, timeout_at};

use super::{
    encoded::Encoded,
    key::key,
    shard::{Flown, Join, Kept, Of, Shard, Ticket},
    store::Store,
};
use crate::{
    http::{accept::MediaType, answer, authorize, state::AppState},
    service::clock,
    tenancy::{DataVersion, Engine, ResultCaching, Scope},
};

/// What the cache did for a request; for its line in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum CacheMark {
    /// The answer was there, or another one's.
    Hit,
    /// It had to be computed.
    Miss,
}

impl CacheMark {
    pub(in crate::http) const fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
        }
    }
}

/// How often one tries to wait for another, each time for another state of the rows, before one
/// computes alone.
const ROUNDS: usize = 4;
/// For how long nobody waits for an answer that could not be shared the last time, in
/// microseconds.
const ALONE_FOR: i64 = 1_000_000;

/// A request whose answer may be kept, or not.
pub(in crate::http) struct Visit<'a>(Option<Place<'a>>);

/// Where its answer is kept.
struct Place<'a> {
    store: &'a Store,
    shard: &'a Arc<Shard>,
    scope: &'a Scope,
    key: Vec<u8>,
    media_type: MediaType,
    patience: Duration,
}

impl<'a> Visit<'a> {
    /// A request by its own bytes, before any of them is read: its body, or the query of its URL.
    pub(in crate::http) fn new(
        state: &'a AppState,
        scope: &'a Scope,
        method: &Method,
        media_type: MediaType,
        headers: &HeaderMap,
        raw: &[u8],
    ) -> Self {
        let place = || {
            let store = state.results.store()?;
            let tenant = scope.tenant();
            let is_sqlite = tenant.database.write.engine() == Engine::Sqlite;
            if !is_sqlite || tenant.result_cache == ResultCaching::Off {
                return None;
            }
            let token = authorize::bearer(headers).ok()?;
            let key = key(method, media_type, token, raw)?;
            let shard = scope.beside(|| store.shard())?;
            let patience = state.http_limits(tenant).request_time / 2;
            Some(Place { store, shard, scope, key, media_type, patience })
        };
        Self(place())
    }

    /// The answer, if it is known and holds now.
    pub(in crate::http) fn hit(&self) -> Option<Response> {
        let place = self.0.as_ref()?;
        let kept = place.shard.find(&place.key, place.scope.tenant())?;
        // Looked at after it was found: whatever was committed before the request is seen here.
        let version = place.scope.version()?;
        place.answer(&kept, version)
    }

    /// The answer to a query: another's for the same state of the rows, or what `work` answers,
    /// which is kept if it may be.
    pub(in crate::http) async fn share(&self, work: impl Future<Output = Response>) -> Response {
        let Some(place) = &self.0 else { return work.await };
        let deadline = Instant::now() + place.patience;
        for _ in 0..ROUNDS {
            let Some(version) = place.scope.version() else { break };
            let of = Of { version, settings: Arc::clone(place.scope.tenant()) };
            match place.shard.join(&place.key, &of, now()) {
                Join::Found(kept) => {
                    if let Some(response) = place.answer(&kept, version) {
                        return response;
                    }
                }
                Join::Lead(ticket) => return place.lead(ticket, work).await,
                Join::Wait(mut flight) => {
                    let landed = flight.wait_for(|flown| !matches!(flown, Flown::Pending));
                    let landed =
                        timeout_at(deadline, landed).await.map(|landed| landed.map(|f| f.clone()));
                    match landed {
                        Ok(Ok(Flown::Kept(kept))) => {
                            if let Some(response) = place.answer(&kept, version) {
                                return response;
                            }
                        }
                        // The leader has left, or something was committed in between.
                        Ok(Err(_)) => {}
                        Ok(Ok(Flown::Never | Flown::Pending)) | Err(_) => break,
                    }
                }
                Join::Behind => {}
                Join::Alone => break,
            }
        }
        place.missed(work.await)
    }
}

impl Place<'_> {
    /// What was kept, if it holds for what the caller has seen.
    fn answer(&self, kept: &Kept, version: DataVersion) -> Option<Response> {
        let body = kept.body.as_ref().filter(|_| kept.holds(version, now()))?;
        self.store.totals.hit();
        let mut response = answer::encoded(self.media_type, body);
        response.extensions_mut().insert(CacheMark::Hit);
        Some(response)
    }

    async fn lead(&self, ticket: Ticket, work: impl Future<Output = Response>) -> Response {
        self.scope.holds().ask();
        let response = work.await;
        let body = response.extensions().get::<Encoded>().cloned();
        let (from, until) = (now(), self.scope.holds().until());
        let version = ticket.of.version;
        match body.filter(|_| from < until) {
            // Another state was read from then on, or in between: the next one tries.
            Some(_) if self.scope.version() != Some(version) => drop(ticket),
            Some(body) => {
                let kept = Kept { body: Some(body), version, from, until };
                self.store.keep(&ticket, kept.clone());
                ticket.tell(Flown::Kept(kept));
            }
            None => {
                if ticket.is_awaited() {
                    let until = from.saturating_add(ALONE_FOR);
                    self.store.keep(&ticket, Kept { body: None, version, from, until });
                }
                ticket.tell(Flown::Never);
            }
        }
        self.missed(response)
    }

    fn missed(&self, mut response: Response) -> Response {
        self.store.totals.miss();
        response.extensions_mut().insert(CacheMark::Miss);
        response
    }
}

fn now() -> i64 {
    clock::micros(clock::bare_now())
}
