//! The GraphQL schema: what clients see of the use cases.

mod coerce;
mod connection;
mod context;
mod cost;
mod datetime;
mod error;
mod extension;
mod id;
mod limits;
mod loaders;
mod mutation;
mod object;
mod operation;
mod query;
mod rate;
mod schema;

pub use context::{Caller, RequestContext};
pub use error::{ApiError, Code, InternalDetail};
pub use limits::QueryLimits;
pub use operation::{Operation, prepare};
pub use rate::RateLimiter;
pub use schema::{PollsSchema, Services, build, sdl};
