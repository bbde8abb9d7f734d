//! The read-only connections of one tenant.

use std::{
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rusqlite::Connection;

use super::{log::Checkpoint, open::Access, steps::bounded};
use crate::tenancy::{RouterError, spawn::block_in_place};

/// How many unused connections are kept. A statement runs on the calling thread, so no more are
/// in use at once than there are threads.
const KEPT: usize = 4;
/// A statement of so many virtual machine steps, some ten milliseconds, where a page takes
/// thousands, is begun again where it holds nobody up.
const SHORT: u32 = 400_000;
/// A statement of so many steps is stopped for good: some seconds of work.
const MAX_STEPS: u32 = 100_000_000;

/// Read-only connections, opened as they are needed.
#[derive(Debug)]
pub struct SqliteReaders {
    path: PathBuf,
    idle: Mutex<Idle>,
}

/// The connections that nobody uses. They stay where they are when they change hands: to copy one
/// reads all of what, of most tenants, is in no cache of the processor.
type Idle = [Option<Box<Connection>>; KEPT];

impl SqliteReaders {
    /// Opens the first connection, so that a file that is no database is an error here.
    pub fn open(path: PathBuf) -> rusqlite::Result<Self> {
        let first = super::open(&path, Access::Read)?;
        first.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(Self { path, idle: Mutex::new([Some(Box::new(first)), None, None, None]) })
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
        let work = || work(connection);
        let result = bounded(SHORT, work);
        if result.as_ref().is_err_and(is_interrupted) {
            return (block_in_place(|| bounded(MAX_STEPS, work)), true);
        }
        (result, false)
    }

    /// A connection in a read transaction, which begins with its first statement.
    pub(super) fn begin(&self) -> rusqlite::Result<Box<Connection>> {
        let connection = self.take()?;
        connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(connection)
    }

    /// Ends such a transaction.
    pub(super) fn end(&self, connection: Box<Connection>) {
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

    fn take(&self) -> rusqlite::Result<Box<Connection>> {
        let kept = self.idle().iter_mut().find_map(Option::take);
        kept.map_or_else(|| super::open(&self.path, Access::Read).map(Box::new), Ok)
    }

    fn give_back(&self, connection: Box<Connection>) {
        if let Some(place) = self.idle().iter_mut().find(|place| place.is_none()) {
            *place = Some(connection);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_interrupted(error: &RouterError) -> bool {
    matches!(
        error,
        RouterError::Sqlite(rusqlite::Error::SqliteFailure(error, _))
            if error.code == rusqlite::ErrorCode::OperationInterrupted
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn count_to(last: u32) -> impl Fn(&Connection) -> Result<u32, RouterError> {
        let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) \
                       SELECT MAX(i) FROM n";
        move |connection| Ok(connection.query_row(numbers, [last], |row| row.get(0))?)
    }

    #[test]
    fn a_long_statement_is_begun_again_and_told_of() {
        let connection = super::super::open(Path::new(":memory:"), Access::Read).unwrap();
        for _ in 0..2 {
            assert!(matches!(SqliteReaders::run_on(&connection, count_to(10)), (Ok(10), false)));
            // A step or more for each number.
            let (counted, long) = SqliteReaders::run_on(&connection, count_to(SHORT));
            assert_eq!((counted.unwrap(), long), (SHORT, true));
        }
    }

    #[test]
    fn so_many_are_kept_and_the_others_closed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
        let readers = SqliteReaders::open(path).unwrap();
        let taken: Vec<_> = (0..=KEPT).map(|_| readers.take().unwrap()).collect();
        assert!(readers.idle().iter().all(Option::is_none));
        taken.into_iter().for_each(|connection| readers.give_back(connection));
        assert!(readers.idle().iter().all(Option::is_some));
        assert!(readers.run(|connection| Ok(connection.is_autocommit())).unwrap());
    }
}
