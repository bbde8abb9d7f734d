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
mod attacks;
mod columns;
mod concurrency;
mod config_errors;
mod connections;
mod crash;
mod demo;
mod durability;
mod errors;
mod fuzzing;
mod house;
mod http;
mod introspection;
mod isolation;
mod limit_settings;
mod limits;
mod login_attempts;
mod migrate;
mod pages;
mod pagination;
mod persisted;
mod pipeline;
mod polls;
mod read_only;
mod registry;
mod reload;
mod result_cache;
mod schema;
mod scope;
mod statements;
mod subscriptions;
mod tenant_command;
mod tenant_resolution;
mod tenant_states;
mod text;
mod time;
mod vote_races;
mod vote_tokens;
mod votes;
mod written;
