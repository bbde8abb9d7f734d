//! The read-only connections of one tenant.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use rusqlite::Connection;

use crate::tenancy::RouterError;

/// How many unused connections are kept. A statement runs on the calling thread, so no more are
/// in use at once than there are threads.
const KEPT: usize = 8;
/// A statement of so many virtual machine steps is stopped: some seconds of work, where a page
/// takes thousands.
const MAX_STEPS: u32 = 50_000_000;
/// How often a running statement is looked at, in steps.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// Read-only connections, opened as they are needed.
#[derive(Debug)]
pub struct SqliteReaders {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl SqliteReaders {
    /// Opens the first connection, so that a file that is no database is an error here.
    pub fn open(path: PathBuf) -> rusqlite::Result<Self> {
        let first = super::open(&path, true)?;
        first.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(Self { path, idle: Mutex::new(vec![first]) })
    }

    /// Runs a statement on a connection of its own, in place. The caller keeps it short.
    pub fn run<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, RouterError>,
    ) -> Result<T, RouterError> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let connection = match kept {
            Some(connection) => connection,
            None => super::open(&self.path, true)?,
        };
        let mut looks = 0;
        connection.progress_handler(
            STEPS_BETWEEN_LOOKS,
            Some(move || {
                looks += 1;
                looks > MAX_STEPS / STEPS_BETWEEN_LOOKS.unsigned_abs()
            }),
        )?;
        let result = work(&connection);
        let mut idle = idle();
        if idle.len() < KEPT {
            idle.push(connection);
        }
        result
    }
}
