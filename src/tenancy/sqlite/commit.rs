//! What a turn of the writer does to the connection: begin, leave, commit. All of it in place;
//! [`super::batch`] decides on which thread.

use std::{path::Path, sync::Arc, time::Duration};

use rusqlite::{Connection, ErrorCode};
use tokio::sync::watch;

use super::{
    log::{self, Due, Log},
    room::Room,
};
use crate::tenancy::{Durability, RouterError, budget::Places};

/// How many turns share a commit at most. Where it waits for the disk, many share the wait. Where
/// it does not, few: those who are answered come again while the next ones write, and who waits
/// for nothing but others leaves the processor idle.
const fn most_turns(durability: Durability) -> usize {
    match durability {
        Durability::Full => 128,
        Durability::Normal => 8,
    }
}

/// How long a write waits for a lock that another process holds, on a thread that may block.
const PATIENCE: Duration = Duration::from_secs(10);
/// A commit of more changed rows than this is written on a thread that may block.
const MANY_CHANGES: u64 = 500;
/// A commit of so few changed rows has room made for it in the log, where it waits for the disk.
/// What many share is written once for all of them.
const FEW_CHANGES: u64 = 8;

/// What a turn has to itself.
#[derive(Debug)]
pub struct State {
    pub connection: Connection,
    pub batch: Option<Batch>,
    durability: Durability,
    log: Log,
    room: Room,
    /// Given back when the connection is closed, whoever has it last.
    _places: Places,
}

/// An open transaction and those who share it. The first turn is the transaction itself; each
/// that joins is a savepoint in it.
#[derive(Debug)]
pub struct Batch {
    turns: usize,
    /// How many rows the connection had changed when the transaction began.
    changes_before: u64,
    /// Its first page begins the log anew, which waits for the disk.
    begins_log: bool,
    outcome: watch::Sender<Option<Outcome>>,
}

/// How a shared commit ended: done, or why not.
pub type Outcome = Result<(), Arc<str>>;

/// What one who has left a batch waits for.
pub struct Left {
    pub outcome: watch::Receiver<Option<Outcome>>,
    /// Nobody else may join.
    pub full: bool,
}

impl State {
    /// The connection must have been opened for writing, to this file.
    pub fn new(
        path: &Path,
        connection: Connection,
        durability: Durability,
        places: Places,
    ) -> rusqlite::Result<Self> {
        // What waits for another process says so, and waits where nobody else does.
        connection.busy_timeout(Duration::ZERO)?;
        log::watch(&connection);
        let room = Room::of(path, &connection)?;
        let log = Log::default();
        Ok(Self { connection, batch: None, durability, log, room, _places: places })
    }

    /// Begins a transaction if no other process is in the way; whether it did.
    pub fn begin_at_once(&mut self) -> rusqlite::Result<bool> {
        match run(&self.connection, "BEGIN IMMEDIATE") {
            Ok(()) => {
                self.has_begun();
                Ok(true)
            }
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Begins a transaction, and waits for other processes. Blocks.
    pub fn begin_patiently(&mut self) -> rusqlite::Result<()> {
        self.connection.busy_timeout(PATIENCE)?;
        let begun = run(&self.connection, "BEGIN IMMEDIATE");
        let hasty = self.connection.busy_timeout(Duration::ZERO);
        begun?;
        self.has_begun();
        hasty
    }

    fn has_begun(&mut self) {
        self.batch = Some(Batch {
            turns: 0,
            changes_before: self.connection.total_changes(),
            begins_log: self.log.take_whole(),
            outcome: watch::Sender::new(None),
        });
    }

    /// Begins the turn of one who joins the open transaction.
    pub fn join(&self) -> rusqlite::Result<()> {
        run(&self.connection, "SAVEPOINT turn")
    }

    /// Keeps what a turn did, or undoes it. Nothing is left to wait for when one undoes all that
    /// there was: what the others will do has not been seen.
    pub fn leave(&mut self, keep: bool) -> Result<Option<Left>, RouterError> {
        let Some(batch) = &mut self.batch else { return Err(RouterError::EscapedWriter) };
        let is_first = batch.turns == 0;
        if is_first && !keep {
            self.finish(Err("the transaction was rolled back".into()));
            return Ok(None);
        }
        // SQLite itself rolls back on some errors.
        let ended = if self.connection.is_autocommit() {
            Err(RouterError::Commit("the transaction was rolled back".into()))
        } else if is_first {
            Ok(())
        } else {
            self.end_savepoint(keep).map_err(RouterError::from)
        };
        if let Err(error) = ended {
            // The transaction itself is gone; all of the batch is told.
            self.finish(Err(error.to_string().into()));
            return Err(error);
        }
        let Some(batch) = &mut self.batch else { return Err(RouterError::EscapedWriter) };
        batch.turns += 1;
        let full = batch.turns >= most_turns(self.durability);
        Ok(Some(Left { outcome: batch.outcome.subscribe(), full }))
    }

    fn end_savepoint(&self, keep: bool) -> rusqlite::Result<()> {
        if !keep {
            run(&self.connection, "ROLLBACK TO turn")?;
        }
        run(&self.connection, "RELEASE turn")
    }

    /// Whether a commit now waits for the disk, or writes much.
    pub fn commit_blocks(&self) -> bool {
        let Some(batch) = &self.batch else { return false };
        let changes = self.changes(batch);
        match self.durability {
            Durability::Full => changes > 0,
            Durability::Normal => batch.begins_log || changes > MANY_CHANGES,
        }
    }

    fn changes(&self, batch: &Batch) -> u64 {
        self.connection.total_changes().saturating_sub(batch.changes_before)
    }

    /// Commits the batch, if there is one, and tells its members.
    pub fn commit(&mut self) -> Due {
        let Some(batch) = &self.batch else { return Due::Nothing };
        let begins_log = batch.begins_log;
        if self.durability == Durability::Full && (1..=FEW_CHANGES).contains(&self.changes(batch)) {
            self.room.make(if begins_log { 0 } else { self.log.frames() });
        }
        let committed = run(&self.connection, "COMMIT");
        let frames = log::frames();
        if frames.is_none() && begins_log {
            // Nothing was written.
            self.log.set_whole();
        }
        self.finish(committed.map_err(|error| error.to_string().into()));
        frames.map_or(Due::Nothing, |frames| self.log.has_grown(frames))
    }

    /// Writes the log back while nobody writes. Blocks.
    pub fn write_back(&self) {
        if let Err(error) = self.log.write_back(&self.connection) {
            tracing::warn!(%error, "a long write-ahead log was not written back");
        }
    }

    /// A commit that failed leaves the transaction open.
    fn finish(&mut self, outcome: Outcome) {
        if outcome.is_err()
            && !self.connection.is_autocommit()
            && let Err(error) = run(&self.connection, "ROLLBACK")
        {
            tracing::warn!(%error, "a rollback failed");
        }
        if let Some(batch) = self.batch.take() {
            if outcome.is_err() && batch.begins_log {
                self.log.set_whole();
            }
            batch.outcome.send_replace(Some(outcome));
        }
    }
}

/// Runs a statement that is prepared once and kept.
fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}
