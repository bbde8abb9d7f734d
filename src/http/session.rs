//! Who is at the other end of a stream, for as long as it lasts. A stream outlives what was true
//! when it began: tokens end, tenants are suspended.

use std::{
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use async_graphql::ServerError;
use tokio::time::sleep;

use super::{
    log::RequestId,
    state::AppState,
    tenant::{Why, describe, refusal},
};
use crate::{
    graphql::{ApiError, Code, Heard, Listener},
    service::{
        clock,
        token::{self, Rejected, Viewer},
    },
    tenancy::{Scope, Tenant, Ticket, TicketError},
};

/// For how long a token that was looked up is taken for good without news of it. Other
/// processes send none.
const RECHECK_AFTER: Duration = Duration::from_secs(30);
/// After what time a look-up that failed is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The longest sleep until a token ends; then it is looked at again.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// Whose tokens end at a tenant, from before one's own token was looked up: between that and the
/// stream's beginning it may end too.
pub(super) type TokenNews = Listener<i64>;

/// Why a stream ends before its time.
#[derive(Debug, Clone)]
pub(super) struct Farewell {
    /// As in `extensions.code`.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
    /// The error for clients that are told in an event stream.
    pub error: ServerError,
}

impl Farewell {
    pub(super) fn of_tenant(why: &Why) -> Self {
        let (_, code, message, _) = describe(why);
        Self { code, message, error: refusal(why).1 }
    }

    pub(super) fn of_token(rejected: Rejected) -> Self {
        let error = ApiError::rejected(rejected).into_server_error();
        let code = Code::Unauthenticated.as_str();
        Self { code, message: error.message.clone(), error }
    }
}

/// Who is at the other end of a stream.
pub(super) struct Session {
    pub state: AppState,
    pub ticket: Ticket,
    pub address: IpAddr,
    pub request_id: RequestId,
    secret: Option<String>,
    known: Mutex<Known>,
}

/// Whose token it is, and when that was found out.
struct Known {
    viewer: Option<Viewer>,
    at: Instant,
}

impl Session {
    /// A session for whoever has this token.
    pub(super) fn new(
        state: AppState,
        ticket: Ticket,
        secret: Option<String>,
        viewer: Option<Viewer>,
        (address, request_id): (IpAddr, RequestId),
    ) -> Self {
        let known = Mutex::new(Known { viewer, at: Instant::now() });
        Self { state, ticket, address, request_id, secret, known }
    }

    /// The token that was sent.
    pub(super) fn secret(&self) -> Option<&str> {
        self.secret.as_deref()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A scope for one operation, or for one event of it.
    pub(super) async fn scope(&self) -> Result<Scope, ServerError> {
        self.ticket.scope().await.map_err(|error| refusal(&error.into()).1)
    }

    /// Who it is: as known if that is recent, else looked up, in a scope.
    pub(super) async fn viewer(&self) -> Result<Result<Option<Viewer>, Rejected>, ApiError> {
        {
            let known = self.known();
            if self.secret.is_none() || known.at.elapsed() < RECHECK_AFTER {
                return Ok(Ok(known.viewer.clone()));
            }
        }
        self.look_up().await
    }

    async fn look_up(&self) -> Result<Result<Option<Viewer>, Rejected>, ApiError> {
        let Some(secret) = &self.secret else { return Ok(Ok(None)) };
        let looked_up = token::authenticate(secret).await.map_err(ApiError::from)?;
        Ok(looked_up.map(|viewer| {
            *self.known() = Known { viewer: Some(viewer.clone()), at: Instant::now() };
            Some(viewer)
        }))
    }

    /// Ends when the stream has to: its tenant is not served any more, or its token has ended.
    pub(super) async fn ended(&self, mut tokens: Option<TokenNews>) -> Farewell {
        let mut catalog = self.state.registry.changes();
        loop {
            if let Err(error) = self.tenant() {
                return Farewell::of_tenant(&error.into());
            }
            let viewer = self.known().viewer.clone();
            tokio::select! {
                changed = catalog.changed() => if changed.is_err() {
                    std::future::pending::<()>().await;
                },
                heard = next_of(tokens.as_mut()) => {
                    let concerned = match heard {
                        Heard::News(user_id) => {
                            viewer.is_some_and(|viewer| viewer.user.id == user_id)
                        }
                        // It may have been this one's.
                        Heard::Missed => true,
                    };
                    if concerned
                        && let Some(rejected) = self.look_again().await
                    {
                        return Farewell::of_token(rejected);
                    }
                }
                () = sleep(time_left(viewer.as_ref())) => {
                    let now = clock::now();
                    if viewer.is_some_and(|viewer| viewer.expires_at <= now) {
                        return Farewell::of_token(Rejected::Expired);
                    }
                }
            }
        }
    }

    /// The tenant as it is now.
    pub(super) fn tenant(&self) -> Result<std::sync::Arc<Tenant>, TicketError> {
        self.ticket.tenant()
    }

    /// Whether the token is worth nothing any more. What cannot be found out now is tried again.
    async fn look_again(&self) -> Option<Rejected> {
        loop {
            let Ok(scope) = self.ticket.scope().await else {
                // Gone for good, the tenant ends the stream.
                self.tenant().ok()?;
                sleep(RETRY_AFTER).await;
                continue;
            };
            match scope.run(self.look_up()).await {
                Ok(Ok(_)) => return None,
                Ok(Err(rejected)) => return Some(rejected),
                Err(_) => sleep(RETRY_AFTER).await,
            }
        }
    }
}

/// Whose tokens ended next. Who has none does not care.
async fn next_of(tokens: Option<&mut TokenNews>) -> Heard<i64> {
    if let Some(tokens) = tokens
        && let Some(heard) = tokens.hear().await
    {
        return heard;
    }
    std::future::pending().await
}

fn time_left(viewer: Option<&Viewer>) -> Duration {
    viewer.map_or(LONGEST_WAIT, |viewer| {
        // Rounded up: a moment too early it would still be good.
        let left = (viewer.expires_at - clock::now()).to_std().unwrap_or_default();
        (left + Duration::from_millis(1)).min(LONGEST_WAIT)
    })
}
