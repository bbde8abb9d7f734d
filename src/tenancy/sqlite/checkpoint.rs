//! Writing logs back into their files, beside the requests.

use std::time::Duration;

use tokio::sync::Semaphore;

use super::{
    SqliteWriter,
    batch::Turn,
    log::{Checkpoint, Due},
};
use crate::tenancy::{spawn::spawn_blocking_untenanted, spawn_untenanted};

/// How many logs are written back at once, over all tenants.
static PLACES: Semaphore = Semaphore::const_new(2);
/// Who has waited so long for a place goes on without one: a disk that hangs under one tenant
/// shall not make the others' logs grow.
const PATIENCE: Duration = Duration::from_secs(5);

/// Starts what a commit found to be done. The database stays open until it is done.
pub fn start(writer: SqliteWriter, turn: Turn, due: Due) {
    match due {
        Due::Nothing => {}
        Due::Beside(checkpoint) => {
            drop(turn);
            spawn_untenanted(beside(writer, checkpoint));
        }
        Due::Alone => alone(writer, turn),
    }
}

async fn beside(writer: SqliteWriter, checkpoint: Checkpoint) {
    let place = tokio::time::timeout(PATIENCE, PLACES.acquire()).await;
    // Whoever is the last to have the writer closes the file, which takes a while.
    let work = move || match writer.readers().checkpoint(&checkpoint) {
        Ok(is_long) => is_long.then_some((writer, checkpoint)),
        Err(error) => {
            tracing::warn!(%error, "a write-ahead log was not written back");
            None
        }
    };
    let long = spawn_blocking_untenanted(work).await;
    drop(place);
    if let Ok(Some((writer, checkpoint))) = long {
        let turn = writer.turn().await;
        alone(writer, turn);
        drop(checkpoint);
    }
}

/// Holds up those who write for as long as it takes.
fn alone(writer: SqliteWriter, mut turn: Turn) {
    spawn_blocking_untenanted(move || {
        // Those before may have left the transaction open for others to join.
        turn.commit();
        turn.write_back();
        drop(turn);
        drop(writer);
    });
}
