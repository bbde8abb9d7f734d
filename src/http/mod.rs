//! The HTTP service (axum): from a request to a scope, to the schema, and back.

mod accept;
mod answer;
mod body;
mod cors;
mod graphiql;
mod graphql;
mod health;
mod log;
mod parameters;
mod routes;
mod server;
mod state;
mod tenant;

pub use routes::router;
pub use server::serve;
pub use state::{AppState, HttpLimits};
pub use tenant::TenantScope;
