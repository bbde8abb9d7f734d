//! The read-only connections of one tenant.

use std::{
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rusqlite::Connection;

use super::{log::Checkpoint, open::Access};
use crate::tenancy::{RouterError, spawn::block_in_place};

/// How many unused connections are kept. A statement runs on the calling thread, so no more are
/// in use at once than there are threads.
const KEPT: usize = 4;
/// A statement of so many virtual machine steps, some ten milliseconds, where a page takes
/// thousands, is begun again where it holds nobody up.
const SHORT: u32 = 400_000;
/// A statement of so many steps is stopped for good: some seconds of work.
const MAX_STEPS: u32 = 100_000_000;
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
        let first = super::open(&path, Access::Read)?;
        first.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(Self { path, idle: Mutex::new(vec![first]) })
    }

    /// Runs a statement on a connection of its own, in place; again, on a thread that may block,
    /// if it turns out to be long.
    pub fn run<T>(
        &self,
        work: impl Fn(&Connection) -> Result<T, RouterError>,
    ) -> Result<T, RouterError> {
        let connection = self.take()?;
        let (result, _) = Self::run_on(&connection, work);
        self.give_back(connection);
        result
    }

    /// The same on a connection that was taken before; and whether it was long.
    pub(super) fn run_on<T>(
        connection: &Connection,
        work: impl Fn(&Connection) -> Result<T, RouterError>,
    ) -> (Result<T, RouterError>, bool) {
        let result = bounded(connection, SHORT, &work);
        if result.as_ref().is_err_and(is_interrupted) {
            return (block_in_place(|| bounded(connection, MAX_STEPS, &work)), true);
        }
        (result, false)
    }

    /// A connection in a read transaction, which begins with its first statement.
    pub(super) fn begin(&self) -> rusqlite::Result<Connection> {
        let connection = self.take()?;
        connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(connection)
    }

    /// Ends such a transaction.
    pub(super) fn end(&self, connection: Connection) {
        let ended = connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        match ended {
            Ok(_) => self.give_back(connection),
            // It is closed instead, which ends the transaction too.
            Err(error) => tracing::debug!(%error, "a read transaction was not ended"),
        }
    }

    /// Writes the log back into the file; whether it is long for all that. Blocks.
    pub fn checkpoint(&self, checkpoint: &Checkpoint) -> rusqlite::Result<bool> {
        let connection = self.take()?;
        let result = checkpoint.run(&connection);
        self.give_back(connection);
        result
    }

    fn take(&self) -> rusqlite::Result<Connection> {
        let kept = self.idle().pop();
        kept.map_or_else(|| super::open(&self.path, Access::Read), Ok)
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = self.idle();
        if idle.len() < KEPT {
            idle.push(connection);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bounded<T>(
    connection: &Connection,
    max_steps: u32,
    work: impl Fn(&Connection) -> Result<T, RouterError>,
) -> Result<T, RouterError> {
    let mut looks = 0;
    connection.progress_handler(
        STEPS_BETWEEN_LOOKS,
        Some(move || {
            looks += 1;
            looks > max_steps / STEPS_BETWEEN_LOOKS.unsigned_abs()
        }),
    )?;
    work(connection)
}

fn is_interrupted(error: &RouterError) -> bool {
    matches!(
        error,
        RouterError::Sqlite(rusqlite::Error::SqliteFailure(error, _))
            if error.code == rusqlite::ErrorCode::OperationInterrupted
    )
}
