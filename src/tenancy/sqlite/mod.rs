//! SQLite, run in place: the statements that SeaORM's query builder made, on rusqlite
//! connections of the calling thread, read into SeaORM models.
//!
//! sqlx hands every statement of SQLite to a thread of its own and copies every value of every
//! row; that costs more than most statements do. What the verbs of `Reader` and `Writer` do not
//! cover still goes through it.

mod batch;
mod checkpoint;
mod commit;
mod log;
mod open;
mod readers;
mod room;
mod snapshot;
mod statement;
mod steps;
mod turn;
mod version;

pub(super) use batch::SqliteWriter;
use open::open;
pub(super) use readers::SqliteReaders;
pub(super) use snapshot::Snapshot;
pub(super) use statement::{count, each, execute, exists, insert, rows};
pub(super) use turn::SqliteTransaction;
pub use version::DataVersion;
pub(super) use version::SqliteVersion;
