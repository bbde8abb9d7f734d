//! The GraphQL schema: what clients see of the use cases.

mod attempts;
mod coerce;
mod connection;
mod context;
mod cost;
mod datetime;
mod document;
mod error;
mod extension;
mod id;
mod in_place;
mod introspection;
mod json;
mod limits;
mod loaders;
mod mutation;
mod object;
mod operation;
mod parameters;
mod persisted;
mod query;
mod rate;
mod run;
mod schema;
mod subscription;
mod tenant_limits;
mod turns;

pub use attempts::{Attempts, Rates};
pub use context::{Caller, RequestContext};
pub use error::{ApiError, Code, InternalDetail};
pub use json::text as json_text;
pub use limits::QueryLimits;
pub use operation::Operation;
pub use parameters::Parameters;
pub use schema::{PollsSchema, Services, build, sdl};
pub use subscription::{Begun, Event, Events, Heard, Listener, Live, SharedResult};
