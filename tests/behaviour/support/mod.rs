//! A world of its own for every test: a temporary folder with its `tenants.yaml`, databases that
//! nobody else uses, and the real binary, run as an operator runs it. Everything is removed by
//! `Drop`, also when a test fails.

mod answer;
mod caller;
mod engine;
mod event_stream;
mod locked;
mod log;
mod raw;
mod relay;
mod server;
mod socket;
mod wait;
mod world;

pub use answer::Answer;
pub use caller::{Caller, PollIds};
pub use engine::Engine;
pub use event_stream::EventStream;
pub use locked::Locked;
pub use log::{LogLine, field};
pub use raw::{Connection, Raw, dead_port};
pub use relay::Relay;
pub use server::Server;
pub use socket::Socket;
pub use wait::{eventually, in_time};
pub use world::{Seeded, World};

/// Yields, for each async function that takes an [`Engine`], three tests named
/// `function::sqlite`, `function::postgres` and `function::mysql`, so that one engine can be left
/// out with `--skip ::postgres`.
macro_rules! on_each_engine {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            use crate::support::Engine;

            #[tokio::test]
            async fn sqlite() {
                crate::support::in_time(super::$name(Engine::Sqlite)).await;
            }

            crate::support::on_servers!($name);
        }
    )+};
}

/// The same for what only database servers have: [`on_each_engine`] without SQLite.
macro_rules! on_each_server {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            use crate::support::Engine;

            crate::support::on_servers!($name);
        }
    )+};
}

macro_rules! on_servers {
    ($name:ident) => {
        #[tokio::test]
        async fn postgres() {
            crate::support::in_time(super::$name(Engine::Postgres)).await;
        }

        #[tokio::test]
        async fn mysql() {
            crate::support::in_time(super::$name(Engine::Mysql)).await;
        }
    };
}
pub(crate) use {on_each_engine, on_each_server, on_servers};
