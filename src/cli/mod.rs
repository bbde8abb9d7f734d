//! The command line: one file a subcommand. Results go to standard output, everything else to
//! standard error. The exit code is 0 only when everything asked for was done, 2 when the command
//! line itself is wrong, else 1.

mod app;
mod check;
mod create_user;
mod dbshell;
mod logging;
mod migrate;
mod output;
mod progress;
mod schema;
mod seed;
mod select;
mod serve;
mod tenant;
#[cfg(test)]
mod tests;

pub use app::main;
use app::{Ended, Invocation};
