//! The one writer of a tenant, and how those who wait for it share a commit.
//!
//! The writer is taken in turns, first come, first served, and all of a turn runs in place. Who
//! sees others waiting leaves the transaction open for them; the last one, or the one who fills
//! the batch, commits it. Nobody is answered before that commit, and if it fails, it fails for
//! all of the batch. What waits for the disk, or for another process's lock, does so on a thread
//! that may block.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rusqlite::Connection;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{checkpoint, commit::State, open::Access, readers::SqliteReaders};
use crate::tenancy::{
    Durability, RouterError, budget::Places, spawn::spawn_blocking_untenanted, spawn_untenanted,
};

/// The one connection that writes to a tenant's file.
#[derive(Debug, Clone)]
pub struct SqliteWriter(Arc<Inner>);

/// The readers are closed first: the state has the places of the database.
#[derive(Debug)]
struct Inner {
    readers: Arc<SqliteReaders>,
    state: Arc<Mutex<State>>,
    /// How many wait for their turn.
    waiting: AtomicUsize,
}

/// The writer, for as long as a turn lasts.
pub(super) type Turn = OwnedMutexGuard<State>;

impl SqliteWriter {
    /// Opens the file for writing.
    pub fn open(path: PathBuf, durability: Durability, places: Places) -> rusqlite::Result<Self> {
        let connection = super::open(&path, Access::Write(durability))?;
        let state = State::new(&path, connection, durability, places)?;
        let state = Arc::new(Mutex::new(state));
        let readers = Arc::new(SqliteReaders::open(path)?);
        Ok(Self(Arc::new(Inner { readers, state, waiting: AtomicUsize::new(0) })))
    }

    /// The read-only connections to the same file.
    pub fn readers(&self) -> &Arc<SqliteReaders> {
        &self.0.readers
    }

    /// Runs a short statement that reads, if nobody writes or waits to. The pages that it needs are
    /// likely at hand here, where each commit makes the readers forget theirs.
    pub fn try_read<T>(
        &self,
        work: impl Fn(&Connection) -> Result<T, RouterError>,
    ) -> Option<Result<T, RouterError>> {
        let turn = self.0.state.try_lock().ok()?;
        // What is in an open transaction may yet be undone.
        turn.batch.is_none().then(|| work(&turn.connection))
    }

    /// Waits for a turn, in the open transaction if there is one.
    pub(super) async fn begin(&self) -> Result<Turn, RouterError> {
        let waiting = Waiting::new(self.clone());
        let mut turn = self.turn().await;
        waiting.done();
        let left_open = LeftOpen(Some(self));
        if turn.batch.is_some() {
            turn.join()?;
        } else if !turn.begin_at_once()? {
            let begin = |mut turn: Turn| turn.begin_patiently().map(|()| turn);
            turn = blocking(turn, begin).await??;
        }
        left_open.taken();
        Ok(turn)
    }

    pub(super) async fn turn(&self) -> Turn {
        Arc::clone(&self.0.state).lock_owned().await
    }

    /// Keeps what a turn did, or undoes it, and waits until the batch is committed: also what
    /// was refused may have been refused for what others in the batch wrote.
    pub(super) async fn end(&self, mut turn: Turn, keep: bool) -> Result<(), RouterError> {
        let Some(mut left) = turn.leave(keep)? else { return Ok(()) };
        if left.full || self.0.waiting.load(Ordering::SeqCst) == 0 {
            self.commit(turn).await?;
        } else {
            drop(turn);
        }
        let outcome = left.outcome.wait_for(Option::is_some).await.map(|outcome| outcome.clone());
        match outcome {
            Ok(Some(Ok(()))) => Ok(()),
            Ok(Some(Err(why))) => Err(RouterError::Commit(why)),
            _ => Err(RouterError::Commit("the writer went away".into())),
        }
    }

    async fn commit(&self, turn: Turn) -> Result<(), RouterError> {
        let writer = self.clone();
        let commit = move |mut turn: Turn| {
            let due = turn.commit();
            checkpoint::start(writer, turn, due);
        };
        if turn.commit_blocks() {
            return blocking(turn, commit).await;
        }
        commit(turn);
        Ok(())
    }

    /// For a turn whose task is gone: undoes it, in place, and sees to the others' commit.
    pub(super) fn abandon(&self, mut turn: Turn) {
        let left = turn.leave(false);
        drop(turn);
        if matches!(left, Ok(Some(_))) {
            self.commit_if_left();
        }
    }

    /// Commits a batch that nobody else will: those who were to go on with it went away.
    fn commit_if_left(&self) {
        let writer = self.clone();
        if tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        spawn_untenanted(async move {
            let turn = writer.turn().await;
            if turn.batch.is_some()
                && let Err(error) = writer.commit(turn).await
            {
                tracing::error!(%error, "a commit was not run");
            }
            // The last to have it closes the file, which takes a while.
            let _ = spawn_blocking_untenanted(move || drop(writer)).await;
        });
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

#[cfg(test)]
mod tests;
