//! Whether anything in a file has changed, told exactly and in a microsecond or two.
//!
//! `PRAGMA data_version` changes on a connection with every commit of any other connection of any
//! process. So the connection that is asked is one of its own that never writes. The number it
//! answers begins anew with every connection; what is handed out is drawn from one counter of the
//! process instead, so that no two states of any file ever have the same.

use std::{
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use rusqlite::Connection;

use super::open::Access;

/// One state of one opened database: two that are equal have the same rows. The later one is the
/// larger. Means nothing to another process, nor to this one after a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DataVersion(u64);

impl DataVersion {
    /// A version that nothing has had before.
    #[must_use]
    pub fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed))
    }
}

/// Watches one file. Costs nothing until it is first asked.
#[derive(Debug)]
pub struct SqliteVersion {
    path: PathBuf,
    watch: Mutex<Option<Watch>>,
}

#[derive(Debug)]
struct Watch {
    connection: Connection,
    seen: i64,
    version: DataVersion,
}

impl SqliteVersion {
    pub fn new(path: PathBuf) -> Self {
        Self { path, watch: Mutex::default() }
    }

    /// The version now: whatever was committed before this was called is in it. None, with a
    /// word in the log, when the file does not tell.
    pub fn now(&self) -> Option<DataVersion> {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        match self.ask(&mut watch) {
            Ok(version) => Some(version),
            Err(error) => {
                tracing::debug!(%error, "a SQLite file does not tell its version");
                *watch = None;
                None
            }
        }
    }

    fn ask(&self, watch: &mut Option<Watch>) -> rusqlite::Result<DataVersion> {
        if let Some(watch) = watch {
            let seen = data_version(&watch.connection)?;
            if seen != watch.seen {
                watch.seen = seen;
                watch.version = DataVersion::next();
            }
            return Ok(watch.version);
        }
        let connection = super::open(&self.path, Access::Read)?;
        // It reads the first page of the file and nothing else.
        connection.pragma_update(None, "cache_size", 2)?;
        connection.set_prepared_statement_cache_capacity(1);
        let seen = data_version(&connection)?;
        let version = DataVersion::next();
        *watch = Some(Watch { connection, seen, version });
        Ok(version)
    }
}

fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(path: &std::path::Path) {
        let connection = Connection::open(path).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a)").unwrap();
    }

    #[test]
    fn every_commit_of_others_is_told_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        made(&path);
        let one = Connection::open(&path).unwrap();
        let other = Connection::open(&path).unwrap();
        let version = SqliteVersion::new(path.clone());
        let mut last = version.now().unwrap();
        assert_eq!(version.now(), Some(last));
        for round in 0..50 {
            let writer = if round % 2 == 0 { &one } else { &other };
            writer.execute_batch("BEGIN; INSERT INTO t VALUES (1)").unwrap();
            assert_eq!(version.now(), Some(last), "not committed yet");
            writer.execute_batch("COMMIT").unwrap();
            let now = version.now().unwrap();
            assert!(now > last);
            last = now;
            writer.query_row("SELECT COUNT(*) FROM t", [], |_| Ok(())).unwrap();
            writer.execute_batch("BEGIN; INSERT INTO t VALUES (1); ROLLBACK").unwrap();
            assert_eq!(version.now(), Some(last), "read and rolled back");
        }
    }

    #[test]
    fn two_openings_share_no_version() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        made(&path);
        let first = SqliteVersion::new(path.clone()).now();
        assert_ne!(SqliteVersion::new(path).now(), first);
        assert_eq!(SqliteVersion::new(folder.path().join("none.db")).now(), None);
    }
}
