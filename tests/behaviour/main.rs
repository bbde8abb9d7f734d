//! What the service promises, tested from outside: HTTP and the command line of the real binary,
//! real databases, every data test on each engine.
//!
//! `scripts/test` leaves out the engines that it cannot reach.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test ends where its world does not hold, shows why, and stands outside the house"
)]

mod support;

mod accounts;
mod administration;
mod config_errors;
mod crash;
mod demo;
mod errors;
mod house;
mod http;
mod isolation;
mod limits;
mod migrate;
mod pagination;
mod polls;
mod read_only;
mod registry;
mod reload;
mod schema;
mod scope;
mod statements;
mod tenant_command;
mod tenant_resolution;
mod tenant_states;
mod text;
mod time;
mod votes;
