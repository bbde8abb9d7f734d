//! One state of a file for all that is read in one turn of a task.
//!
//! A statement by itself opens and closes a read transaction: four locks and two looks at the
//! file's size for two statements, under a mutex that all connections of the process to this file
//! share. Statements that run one right after the other share one transaction instead, and so
//! also see the same rows. It never lasts beyond the turn: a request that waits holds nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use super::SqliteReaders;
use crate::tenancy::RouterError;

/// The read transaction of one operation's running turn.
#[derive(Debug, Default)]
pub struct Snapshot(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    /// Counts the turns: a statement on another thread may outlast its own.
    turn: u64,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    /// Statements are by themselves.
    #[default]
    Off,
    /// The next statement opens it.
    Wanted,
    /// A statement runs in it.
    InUse,
    Open(Box<Connection>),
}

impl Snapshot {
    /// From now on statements share a transaction, until [`Self::end`].
    pub fn begin(&self) {
        let mut held = self.held();
        held.turn += 1;
        held.state = State::Wanted;
    }

    /// Ends the transaction, if any statement opened it.
    pub fn end(&self, readers: Option<&SqliteReaders>) {
        let state = std::mem::take(&mut self.held().state);
        if let (State::Open(connection), Some(readers)) = (state, readers) {
            readers.end(connection);
        }
    }

    /// Runs a statement; see [`SqliteReaders::run`].
    pub fn run<T>(
        &self,
        readers: &SqliteReaders,
        work: impl Fn(&Connection) -> Result<T, RouterError>,
    ) -> Result<T, RouterError> {
        let (turn, state) = self.enter();
        let connection = match state {
            // Another thread works for the same operation.
            State::Off | State::InUse => return readers.run(work),
            State::Wanted => readers.begin(),
            State::Open(connection) => Ok(connection),
        };
        let connection = connection.inspect_err(|_| drop(self.leave(turn, State::Wanted)))?;
        let (result, long) = SqliteReaders::run_on(&connection, work);
        // After a long one the next begins anew: while a transaction lasts, the write-ahead log
        // cannot begin anew either.
        let left = if long {
            drop(self.leave(turn, State::Wanted));
            State::Open(connection)
        } else {
            self.leave(turn, State::Open(connection))
        };
        if let State::Open(connection) = left {
            readers.end(connection);
        }
        result
    }

    /// The turn, and the state until now; from now on it is in use where there is or will be a
    /// transaction.
    fn enter(&self) -> (u64, State) {
        let mut held = self.held();
        let state = match held.state {
            State::Off => State::Off,
            _ => std::mem::replace(&mut held.state, State::InUse),
        };
        (held.turn, state)
    }

    /// Sets the state, unless the turn is over: then it is given back.
    fn leave(&self, turn: u64, to: State) -> State {
        let mut held = self.held();
        if held.turn != turn || !matches!(held.state, State::InUse) {
            return to;
        }
        held.state = to;
        State::Off
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_reads_one_state_and_holds_none_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let writer = Connection::open(&path).unwrap();
        writer.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a)").unwrap();
        let readers = SqliteReaders::open(path).unwrap();
        let snapshot = Snapshot::default();
        let count = || {
            let read = |connection: &Connection| {
                Ok(connection
                    .query_row("SELECT COUNT(*) FROM t", [], |row| row.get::<_, i64>(0))?)
            };
            snapshot.run(&readers, read).unwrap()
        };
        let insert = || writer.execute_batch("INSERT INTO t VALUES (1)").unwrap();
        let is_held = || {
            let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
            writer.query_row(checkpoint, [], |row| row.get::<_, bool>(0)).unwrap()
        };

        snapshot.begin();
        insert();
        assert_eq!(count(), 1, "what was committed before the first statement is there");
        insert();
        assert_eq!(count(), 1);
        assert!(is_held());
        snapshot.end(Some(&readers));
        assert!(!is_held());
        assert_eq!(count(), 2);
        insert();
        assert_eq!(count(), 3, "by itself, each statement sees what there is");

        snapshot.begin();
        snapshot.end(Some(&readers));
        snapshot.begin();
        assert_eq!(count(), 3);
        // As when the operation is given up in its midst.
        drop(snapshot);
        assert!(!is_held());
    }

    #[test]
    fn a_statement_that_fails_ends_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let writer = Connection::open(&path).unwrap();
        writer.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a)").unwrap();
        let readers = SqliteReaders::open(path).unwrap();
        let snapshot = Snapshot::default();
        let run = |sql: &str| {
            snapshot.run(&readers, |connection| {
                Ok(connection.query_row(sql, [], |row| row.get::<_, i64>(0))?)
            })
        };
        snapshot.begin();
        assert_eq!(run("SELECT COUNT(*) FROM t").unwrap(), 0);
        writer.execute_batch("INSERT INTO t VALUES (1)").unwrap();
        assert!(run("SELECT a FROM none").is_err());
        assert!(run("INSERT INTO t VALUES (1) RETURNING 1").is_err(), "it is for reading");
        assert_eq!(run("SELECT COUNT(*) FROM t").unwrap(), 0);
        snapshot.end(Some(&readers));
        assert_eq!(run("SELECT COUNT(*) FROM t").unwrap(), 1);
    }
}
