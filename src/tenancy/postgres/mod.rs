//! PostgreSQL, asked through a pipeline: statements of several requests follow each other on one
//! connection, and none waits for the answer to the one before it.
//!
//! sqlx answers one statement at a time on each connection of a pool, which it pings whenever it
//! is given back. What is sent through the pipeline is still what SeaORM's query builder made.

mod address;
mod batch;
mod pipeline;
mod tls;
mod value;

use std::{error::Error, io};

use tokio_postgres::error::SqlState;

pub(super) use address::Lane;
pub use batch::Ask;
pub(super) use batch::Batches;
pub(super) use pipeline::Pipeline;
pub(super) use value::Param;

/// What the server said, which the driver's own sentence leaves out.
pub(super) fn told(error: &tokio_postgres::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Whether the connection is gone, rather than the statement at fault.
pub(super) fn is_unreachable(error: &tokio_postgres::Error) -> bool {
    let ends = [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW];
    error.is_closed()
        || error.source().is_some_and(<dyn Error>::is::<io::Error>)
        || error.code().is_some_and(|code| ends.contains(code))
}
