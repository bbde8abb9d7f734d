//! The one writer of a tenant, and how those who wait for it share a commit.
//!
//! The writer is taken in turns, first come, first served. A turn is a savepoint whose
//! statements run in place. Who sees others waiting leaves the transaction open for them; the
//! last one, or the one who fills the batch, commits it on a thread that may block. Nobody is
//! answered before that commit is on disk, and if it fails, it fails for all of the batch.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rusqlite::Connection;
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use super::open::Access;
use crate::tenancy::{
    Durability, RouterError, budget::Places, spawn::spawn_blocking_untenanted, spawn_untenanted,
};

/// How many turns share a commit at most.
const MAX_BATCH: usize = 128;

/// The one connection that writes to a tenant's file.
#[derive(Debug, Clone)]
pub struct SqliteWriter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Arc<Mutex<State>>,
    /// How many wait for their turn.
    waiting: AtomicUsize,
}

/// What a turn has to itself.
#[derive(Debug)]
pub(super) struct State {
    pub(super) connection: Connection,
    batch: Option<Batch>,
    /// Given back when the connection is closed, whoever has it last.
    _places: Places,
}

#[derive(Debug)]
struct Batch {
    turns: usize,
    outcome: watch::Sender<Option<Outcome>>,
}

/// How a shared commit ended: done, or why not.
type Outcome = Result<(), Arc<str>>;

/// The writer, for as long as a turn lasts.
pub(super) type Turn = OwnedMutexGuard<State>;

impl SqliteWriter {
    /// Opens the file for writing.
    pub fn open(path: &Path, durability: Durability, places: Places) -> rusqlite::Result<Self> {
        let connection = super::open(path, Access::Write(durability))?;
        let state = State { connection, batch: None, _places: places };
        let state = Arc::new(Mutex::new(state));
        Ok(Self(Arc::new(Inner { state, waiting: AtomicUsize::new(0) })))
    }

    /// Waits for a turn and begins its savepoint, in the open transaction if there is one.
    pub(super) async fn begin(&self) -> Result<Turn, RouterError> {
        let waiting = Waiting::new(self.clone());
        let turn = Arc::clone(&self.0.state).lock_owned().await;
        waiting.done();
        let left_open = LeftOpen(Some(self));
        if turn.batch.is_some() {
            turn.connection.execute_batch("SAVEPOINT turn")?;
            left_open.taken();
            return Ok(turn);
        }
        // Another process may hold the lock, and waiting for it blocks the thread.
        let begun = blocking(turn, |mut turn| {
            let begun = turn.connection.execute_batch("BEGIN IMMEDIATE; SAVEPOINT turn");
            if begun.is_err() && !turn.connection.is_autocommit() {
                let _ = turn.connection.execute_batch("ROLLBACK");
            }
            if begun.is_ok() {
                turn.batch = Some(Batch { turns: 0, outcome: watch::Sender::new(None) });
            }
            begun.map(|()| turn)
        });
        let turn = begun.await??;
        left_open.taken();
        Ok(turn)
    }

    /// Keeps what a turn did, or undoes it, and waits until the batch is on disk: also what was
    /// refused may have been refused for what others in the batch wrote.
    pub(super) async fn end(&self, mut turn: Turn, keep: bool) -> Result<(), RouterError> {
        let ended = if keep {
            turn.connection.execute_batch("RELEASE turn")
        } else {
            turn.connection.execute_batch("ROLLBACK TO turn; RELEASE turn")
        };
        if let Err(error) = ended {
            // The transaction itself is gone; all of the batch is told.
            finish(&mut turn, Err(error.to_string().into()));
            return Err(error.into());
        }
        let Some(batch) = &mut turn.batch else { return Err(RouterError::EscapedWriter) };
        batch.turns += 1;
        let full = batch.turns >= MAX_BATCH;
        let mut outcome = batch.outcome.subscribe();
        if full || self.0.waiting.load(Ordering::SeqCst) == 0 {
            blocking(turn, commit).await?;
        } else {
            drop(turn);
        }
        let outcome = outcome.wait_for(Option::is_some).await.map(|outcome| outcome.clone());
        match outcome {
            Ok(Some(Ok(()))) => Ok(()),
            Ok(Some(Err(why))) => Err(RouterError::Commit(why)),
            _ => Err(RouterError::Commit("the writer went away".into())),
        }
    }

    /// For a turn whose task is gone: undoes it, in place, and sees to the others' commit.
    pub(super) fn abandon(&self, mut turn: Turn) {
        if let Err(error) = turn.connection.execute_batch("ROLLBACK TO turn; RELEASE turn") {
            finish(&mut turn, Err(error.to_string().into()));
        }
        drop(turn);
        self.commit_if_left();
    }

    /// Commits a batch that nobody else will: those who were to go on with it went away.
    fn commit_if_left(&self) {
        let state = Arc::clone(&self.0.state);
        if tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        spawn_untenanted(async move {
            let turn = state.lock_owned().await;
            if turn.batch.is_some()
                && let Err(error) = blocking(turn, commit).await
            {
                tracing::error!(%error, "a commit was not run");
            }
        });
    }
}

/// Commits the batch and tells its members.
fn commit(mut turn: Turn) {
    let committed = turn.connection.execute_batch("COMMIT");
    if committed.is_err() && !turn.connection.is_autocommit() {
        // A commit that fails leaves the transaction open.
        let _ = turn.connection.execute_batch("ROLLBACK");
    }
    finish(&mut turn, committed.map_err(|error| error.to_string().into()));
}

fn finish(turn: &mut Turn, outcome: Outcome) {
    if outcome.is_err() && !turn.connection.is_autocommit() {
        let _ = turn.connection.execute_batch("ROLLBACK");
    }
    if let Some(batch) = turn.batch.take() {
        batch.outcome.send_replace(Some(outcome));
    }
}

/// Runs what waits for the disk, or for another process's lock, off the async threads.
async fn blocking<T: Send + 'static>(
    turn: Turn,
    work: impl FnOnce(Turn) -> T + Send + 'static,
) -> Result<T, RouterError> {
    spawn_blocking_untenanted(move || work(turn))
        .await
        .map_err(|error| RouterError::Commit(error.to_string().into()))
}

/// Sees to the open batch if a turn goes away before it is in anybody's hands.
struct LeftOpen<'a>(Option<&'a SqliteWriter>);

impl LeftOpen<'_> {
    fn taken(mut self) {
        self.0 = None;
    }
}

impl Drop for LeftOpen<'_> {
    fn drop(&mut self) {
        if let Some(writer) = self.0 {
            writer.commit_if_left();
        }
    }
}

/// Counts one who waits for a turn; if they go away instead of taking it, sees to the commit
/// that was left to them.
struct Waiting(Option<SqliteWriter>);

impl Waiting {
    fn new(writer: SqliteWriter) -> Self {
        writer.0.waiting.fetch_add(1, Ordering::SeqCst);
        Self(Some(writer))
    }

    fn done(mut self) {
        if let Some(writer) = self.0.take() {
            writer.0.waiting.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(writer) = self.0.take() {
            writer.0.waiting.fetch_sub(1, Ordering::SeqCst);
            writer.commit_if_left();
        }
    }
}
