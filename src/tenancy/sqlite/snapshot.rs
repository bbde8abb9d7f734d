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
pub struct Snapshot(Mutex<State>);

#[derive(Debug, Default)]
enum State {
    /// Statements are by themselves.
    #[default]
    Off,
    /// The next statement opens it.
    Wanted,
    /// A statement runs in it.
    InUse,
    Open(Connection),
}

impl Snapshot {
    /// From now on statements share a transaction, until [`Self::end`].
    pub fn begin(&self) {
        *self.state() = State::Wanted;
    }

    /// Ends the transaction, if any statement opened it.
    pub fn end(&self, readers: Option<&SqliteReaders>) {
        let state = std::mem::take(&mut *self.state());
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
        let connection = match self.enter() {
            // Another thread works for the same operation.
            State::Off | State::InUse => return readers.run(work),
            State::Wanted => readers.begin(),
            State::Open(connection) => Ok(connection),
        };
        let connection = connection.inspect_err(|_| self.leave(State::Wanted))?;
        let result = SqliteReaders::run_on(&connection, work);
        if matches!(*self.state(), State::InUse) {
            self.leave(State::Open(connection));
        } else {
            readers.end(connection);
        }
        result
    }

    /// The state until now; from now on it is in use where there is or will be a transaction.
    fn enter(&self) -> State {
        let mut state = self.state();
        match *state {
            State::Off => State::Off,
            _ => std::mem::replace(&mut *state, State::InUse),
        }
    }

    fn leave(&self, to: State) {
        *self.state() = to;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
