//! Work on many tenants: migrating, creating, filling and checking their databases. One tenant's
//! failure never stops the others' turn.

pub mod check;
pub mod create;
pub mod demo;
mod each;
pub mod migrate;
mod open;
mod recount;
mod schema;
pub mod seed;

pub use each::{CONCURRENCY, Progress};
pub use open::in_scope_of;
pub use schema::MigrationsApplied;
