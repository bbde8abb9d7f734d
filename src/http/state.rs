//! What all requests share. Nothing in it belongs to a tenant but the registry's databases,
//! which only a scope reaches.

use std::{sync::Arc, time::Duration};

use super::{result_cache::ResultCache, streams::Streams};
use crate::{
    graphql::{PollsSchema, QueryLimits},
    tenancy::{LimitName, Registry, Tenant},
};

/// The bounds of HTTP itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpLimits {
    /// The largest request body, in bytes.
    pub body_bytes: usize,
    /// How long one operation may run.
    pub request_time: Duration,
    /// How long a connection may take to send the next request's headers, idle time included.
    pub header_time: Duration,
    /// How many connections are open at once; more wait in the kernel's queue.
    pub connections: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            body_bytes: 1024 * 1024,
            request_time: Duration::from_secs(30),
            header_time: Duration::from_secs(75),
            connections: 10_000,
        }
    }
}

/// What all requests share.
pub struct App {
    /// The tenants and their databases.
    pub registry: Registry,
    /// Answers that are kept.
    pub results: ResultCache,
    /// The schema.
    pub schema: PollsSchema,
    /// The bounds of a document, where nothing else is said for the tenant.
    pub query_limits: QueryLimits,
    /// The bounds of HTTP, likewise.
    pub http_limits: HttpLimits,
    /// What streams share: sockets and event streams.
    pub streams: Streams,
}

impl App {
    /// The bounds of that tenant's documents.
    #[must_use]
    pub fn query_limits(&self, tenant: &Tenant) -> QueryLimits {
        self.query_limits.with(&tenant.limits)
    }

    /// The bounds of that tenant's requests.
    #[must_use]
    pub fn http_limits(&self, tenant: &Tenant) -> HttpLimits {
        let seconds = tenant.limits.get(LimitName::RequestSeconds);
        let of_all = self.http_limits;
        HttpLimits {
            body_bytes: tenant.limits.or(LimitName::BodyBytes, of_all.body_bytes),
            request_time: seconds
                .map_or(of_all.request_time, |own| Duration::from_secs(own.into())),
            ..of_all
        }
    }
}

/// What all requests share, as each of them holds it.
pub type AppState = Arc<App>;

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("registry", &self.registry).finish_non_exhaustive()
    }
}
