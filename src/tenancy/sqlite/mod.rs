//! SQLite, run in place: the statements that SeaORM's query builder made, on rusqlite
//! connections of the calling thread, decoded into SeaORM models once for all entities.
//!
//! sqlx hands every statement of SQLite to a thread of its own and copies every value of every
//! row; that costs more than most statements do. What the verbs of `Reader` and `Writer` do not
//! cover still goes through it.

mod batch;
mod readers;
mod statement;
mod turn;

pub(super) use batch::SqliteWriter;
pub(super) use readers::SqliteReaders;
pub(super) use statement::{count, execute, exists, insert, rows};
pub(super) use turn::SqliteTransaction;

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags};

/// How long a statement waits for a lock that another process holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 64;

/// Opens an existing file. `query_only`: the database itself refuses writes.
fn open(path: &Path, query_only: bool) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true)?;
    // An acknowledged commit is on disk.
    connection.pragma_update(None, "synchronous", "FULL")?;
    if query_only {
        connection.pragma_update(None, "query_only", true)?;
    }
    Ok(connection)
}
