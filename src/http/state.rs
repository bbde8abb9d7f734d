//! What all requests share. Nothing in it belongs to a tenant but the registry's databases,
//! which only a scope reaches.

use std::time::Duration;

use crate::{
    graphql::{PollsSchema, QueryLimits},
    tenancy::Registry,
};

/// The bounds of HTTP itself.
#[derive(Debug, Clone, Copy)]
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
#[derive(Clone)]
pub struct AppState {
    /// The tenants and their databases.
    pub registry: Registry,
    /// The schema.
    pub schema: PollsSchema,
    /// The bounds of a document.
    pub query_limits: QueryLimits,
    /// The bounds of HTTP.
    pub http_limits: HttpLimits,
}

impl std::fmt::Debug for AppState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppState").field("registry", &self.registry).finish_non_exhaustive()
    }
}
