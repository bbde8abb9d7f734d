//! The HTTP service (axum): from a request to a scope, to the schema, and back.

mod accept;
mod address;
mod answer;
mod authorize;
mod body;
mod compress;
mod concurrency;
mod connection;
mod cors;
mod execute;
mod graphql;
mod health;
mod json;
mod listen;
mod live;
mod log;
mod metrics;
mod pages;
pub mod parameters;
mod result_cache;
mod routes;
mod server;
mod session;
mod socket;
mod sse;
mod state;
mod streams;
mod tenant;

pub use json::body as answer_body;
pub use listen::listen;
pub use result_cache::ResultCache;
pub use server::serve;
pub use state::{App, AppState, HttpLimits};
pub use streams::{StreamLimits, Streams};
pub use tenant::TenantScope;
