//! How long the write-ahead log has grown, and writing it back into the file.
//!
//! SQLite would do that by itself, inside the commit that finds the log long. Here it is done
//! beside the commits, by a connection that reads. What is committed meanwhile stays in the log;
//! so under writes without a pause it would never begin anew. When it has become long, a turn of
//! the writer is taken, and nobody writes while the rest is written back; a commit that finds it
//! longer still keeps its turn for that.

use std::{
    cell::Cell,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rusqlite::Connection;

/// The log is written back whenever it has grown by so many pages.
const PAGES: u32 = 1_000;
/// A log of so many pages takes a turn of the writer: each time that it was written back, more had
/// been committed meanwhile.
const LONG: u32 = 4 * PAGES;
/// No log grows much longer than this, but while another process reads from it and does not end.
const TOO_LONG: u32 = 2 * LONG;
/// How long such a turn waits for those who still read from the log. Who begins to read now
/// reads from the file.
const READERS_PATIENCE: Duration = Duration::from_millis(20);

thread_local! {
    /// The hook is a function without a state of its own, called by the commit.
    static FRAMES: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Has commits tell how long the log is; SQLite no longer writes it back by itself.
pub fn watch(connection: &Connection) {
    connection.wal_hook(Some(|_, frames| {
        FRAMES.set(u32::try_from(frames).ok());
        Ok(())
    }));
}

/// How many pages the log had after the last commit on this thread; asked once for each.
pub fn frames() -> Option<u32> {
    FRAMES.take()
}

/// What a commit finds to be done about the log.
pub enum Due {
    /// It is short, or seen to already.
    Nothing,
    /// It is to be written back beside the commits.
    Beside(Checkpoint),
    /// It is to be written back before anybody writes again.
    Alone,
}

/// What the writer knows of its log.
#[derive(Debug)]
pub struct Log {
    frames: u32,
    /// It is written back when it is so long.
    due: u32,
    shared: Arc<Shared>,
}

/// What those know who write a log back.
#[derive(Debug)]
struct Shared {
    /// All of it may be in the file.
    whole: AtomicBool,
    /// Somebody is to write it back beside the commits.
    seen_to: AtomicBool,
    /// Held while it is written back: SQLite refuses the second one rather than let it wait.
    running: Mutex<()>,
}

impl Default for Log {
    fn default() -> Self {
        let whole = AtomicBool::new(true);
        let shared = Shared { whole, seen_to: AtomicBool::default(), running: Mutex::default() };
        Self { frames: 0, due: PAGES, shared: Arc::new(shared) }
    }
}

impl Log {
    /// After each commit.
    pub fn has_grown(&mut self, frames: u32) -> Due {
        if frames < self.frames {
            self.due = PAGES;
        }
        self.frames = frames;
        if frames < self.due {
            return Due::Nothing;
        }
        self.due = frames.saturating_add(PAGES);
        if frames >= TOO_LONG {
            Due::Alone
        } else if self.shared.seen_to.swap(true, Ordering::AcqRel) {
            Due::Nothing
        } else {
            Due::Beside(Checkpoint(Arc::clone(&self.shared)))
        }
    }

    /// How many pages it had after the last commit.
    pub const fn frames(&self) -> u32 {
        self.frames
    }

    /// Whether all of it may be in the file, so that the next to write begins it anew; told once.
    pub fn take_whole(&self) -> bool {
        let whole = &self.shared.whole;
        whole.load(Ordering::Relaxed) && whole.swap(false, Ordering::Relaxed)
    }

    pub fn set_whole(&self) {
        self.shared.whole.store(true, Ordering::Relaxed);
    }

    /// Writes all of it back, on the connection that writes, in a turn of its own, so that the
    /// next to write begins the log anew. Blocks.
    pub fn write_back(&self, connection: &Connection) -> rusqlite::Result<()> {
        let _running = self.shared.running.lock().unwrap_or_else(PoisonError::into_inner);
        connection.busy_timeout(READERS_PATIENCE)?;
        let written = write_back(connection, "PRAGMA wal_checkpoint(RESTART)");
        connection.busy_timeout(Duration::ZERO)?;
        if written?.0 {
            self.set_whole();
        }
        Ok(())
    }
}

/// The task of writing a log back beside the commits: one has it.
pub struct Checkpoint(Arc<Shared>);

impl Checkpoint {
    /// Writes back what can be without holding anybody up, on a connection that does not write;
    /// whether the log is long for all that. Blocks.
    pub fn run(&self, connection: &Connection) -> rusqlite::Result<bool> {
        let _running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        let (is_whole, frames) = write_back(connection, "PRAGMA wal_checkpoint(PASSIVE)")?;
        if is_whole {
            self.0.whole.store(true, Ordering::Relaxed);
        }
        Ok(frames >= LONG)
    }
}

impl Drop for Checkpoint {
    fn drop(&mut self) {
        self.0.seen_to.store(false, Ordering::Release);
    }
}

/// Whether all of the log was in the file when this began, and how long the log was.
fn write_back(connection: &Connection, sql: &str) -> rusqlite::Result<(bool, u32)> {
    connection.query_row(sql, [], |row| {
        let (busy, frames, written): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok((busy == 0 && frames == written, u32::try_from(frames).unwrap_or(0)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_seen_to_once_for_each_thousand_pages_and_taken_alone_when_too_long() {
        let mut log = Log::default();
        assert!(matches!(log.has_grown(999), Due::Nothing));
        let Due::Beside(checkpoint) = log.has_grown(1_000) else { panic!("not seen to") };
        assert!(matches!(log.has_grown(1_999), Due::Nothing));
        assert!(matches!(log.has_grown(2_500), Due::Nothing), "somebody is at it");
        drop(checkpoint);
        assert!(matches!(log.has_grown(3_499), Due::Nothing));
        assert!(matches!(log.has_grown(3_500), Due::Beside(_)));
        let Due::Beside(_checkpoint) = log.has_grown(7_999) else { panic!("not seen to") };
        assert!(matches!(log.has_grown(8_999), Due::Alone), "whoever is at it");
        assert!(matches!(log.has_grown(9_000), Due::Nothing));
        assert!(matches!(log.has_grown(5), Due::Nothing), "it began anew");
        assert!(matches!(log.has_grown(999), Due::Nothing));
    }

    #[test]
    fn a_log_that_is_in_the_file_is_told_once() {
        let log = Log::default();
        assert!(log.take_whole(), "a new log is begun");
        assert!(!log.take_whole());
        log.set_whole();
        assert!(log.take_whole());
    }
}
