//! How a connection is opened: what it may do, and how durable it is.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags};

/// How long a statement waits for a lock that another process holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 64;

/// Opens an existing file. `query_only`: the database itself refuses writes.
pub(super) fn open(path: &Path, query_only: bool) -> rusqlite::Result<Connection> {
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
