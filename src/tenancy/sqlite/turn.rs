//! The transaction of one use case: a turn of the writer.

use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::batch::{SqliteWriter, Turn};
use crate::tenancy::RouterError;

/// A running transaction. Dropped without an end, it undoes what was done.
#[derive(Debug)]
pub struct SqliteTransaction {
    writer: SqliteWriter,
    turn: Mutex<Option<Turn>>,
}

impl SqliteTransaction {
    /// Waits for a turn.
    pub async fn begin(writer: &SqliteWriter) -> Result<Self, RouterError> {
        let turn = Mutex::new(Some(writer.begin().await?));
        Ok(Self { writer: writer.clone(), turn })
    }

    /// Runs a statement in place.
    pub fn run<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, RouterError>,
    ) -> Result<T, RouterError> {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        match &*turn {
            // SQLite itself rolls back on some errors; what came then would be kept alone.
            Some(turn) if turn.connection.is_autocommit() => {
                Err(RouterError::Commit("the transaction was rolled back".into()))
            }
            Some(turn) => work(&turn.connection),
            None => Err(RouterError::EscapedWriter),
        }
    }

    /// Undoes what was done, for a writer that somebody still holds on to.
    pub async fn undo(&self) -> Result<(), RouterError> {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner).take();
        match turn {
            Some(turn) => self.writer.end(turn, false).await,
            None => Ok(()),
        }
    }

    /// Keeps what was done, or undoes it; done when it is on disk.
    pub async fn end(self, keep: bool) -> Result<(), RouterError> {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner).take();
        match turn {
            Some(turn) => self.writer.end(turn, keep).await,
            None => Err(RouterError::EscapedWriter),
        }
    }
}

impl Drop for SqliteTransaction {
    fn drop(&mut self) {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(turn) = turn {
            self.writer.abandon(turn);
        }
    }
}
