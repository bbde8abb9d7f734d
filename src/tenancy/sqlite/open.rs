//! How a connection is opened: what it may do, and how durable it is.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::steps;
use crate::tenancy::Durability;

/// How long opening for writing waits for a lock that another process holds.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a read waits for one, on any thread. With a write-ahead log a read meets locks only
/// while the log is recovered or closed.
const READ_TIMEOUT: Duration = Duration::from_millis(250);
/// The most memory for pages of the file that a connection keeps, in KiB: what is not here is in
/// the operating system's own cache, a system call away. A tenant has several connections.
const PAGES_KIB: i64 = 256;
/// How many pages a transaction changes before SQLite begins to write them into the log, to have
/// room for others, and again when they are changed again. A full batch of votes changes some
/// hundreds; they take memory until it is committed.
const CHANGED_PAGES: i64 = 1_024;
/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 64;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// The database itself refuses writes.
    Read,
    /// Sees to it that the file has a write-ahead log, without which readers and the writer
    /// would wait for each other.
    Write(Durability),
}

/// Opens an existing file.
pub(super) fn open(path: &Path, access: Access) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A plan is made once for a statement, not again for each new value bound to it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // A negative number counts KiB, a positive one pages.
    connection.pragma_update(None, "cache_size", -PAGES_KIB)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    match access {
        Access::Read => {
            connection.busy_timeout(READ_TIMEOUT)?;
            connection.pragma_update(None, "query_only", true)?;
            steps::watch(&connection)?;
        }
        Access::Write(durability) => {
            connection.busy_timeout(WRITE_TIMEOUT)?;
            let synchronous = match durability {
                Durability::Full => "FULL",
                Durability::Normal => "NORMAL",
            };
            connection.pragma_update(None, "synchronous", synchronous)?;
            connection.pragma_update(None, "cache_spill", CHANGED_PAGES)?;
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| {
                let mode: String = row.get(0)?;
                if mode.eq_ignore_ascii_case("wal") { Ok(()) } else { Err(no_wal(&mode)) }
            })?;
        }
    }
    Ok(connection)
}

fn no_wal(mode: &str) -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
    let message = format!("the file keeps journal mode {mode} and takes no write-ahead log");
    rusqlite::Error::SqliteFailure(code, Some(message))
}
