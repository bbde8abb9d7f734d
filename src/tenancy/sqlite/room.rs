//! Room at the end of the write-ahead log, made before it is needed.
//!
//! To sync a file that has grown, the file system also commits where its new blocks are to a
//! journal of its own. A log that was begun anew is overwritten in place and is spared that; one
//! that still grows would pay for it with every vote. So zeros are written for some commits to
//! come. SQLite takes them for the end of the log: a page in it counts only with the log's own
//! salt, and a checksum over all before it.

use std::{
    ffi::OsString,
    fs::OpenOptions,
    io::{self, Write},
    path::{Path, PathBuf},
};

use rusqlite::Connection;

/// What stands before each page in the log, and before the first of them, in bytes.
const PAGE_HEADER: u64 = 24;
const LOG_HEADER: u64 = 32;
/// So many pages a commit is expected to need at most: a vote changes seven.
const NEEDED: u64 = 16;
/// How much is added at once, in bytes: to write too much ahead costs as much as it saves.
static ZEROS: [u8; 128 * 1024] = [0; 128 * 1024];

/// How long the log of a file is.
#[derive(Debug)]
pub struct Room {
    log: PathBuf,
    page: u64,
    /// It is at least so long, unless another process has cut it; then it grows commit by commit.
    length: u64,
}

impl Room {
    /// In the log of this file.
    pub fn of(path: &Path, connection: &Connection) -> rusqlite::Result<Self> {
        let mut log = OsString::from(path);
        log.push("-wal");
        let size = |row: &rusqlite::Row<'_>| row.get::<_, u32>(0);
        let page = u64::from(connection.query_row("PRAGMA page_size", [], size)?) + PAGE_HEADER;
        Ok(Self { log: log.into(), page, length: 0 })
    }

    /// Makes room for a small commit to a log that has so many pages. Only for who is in a
    /// transaction that writes: nobody else makes the log longer or shorter meanwhile.
    pub fn make(&mut self, pages: u32) {
        let wanted = LOG_HEADER + (u64::from(pages) + NEEDED) * self.page;
        if wanted <= self.length {
            return;
        }
        match self.lengthen(wanted) {
            Ok(length) => self.length = length,
            Err(error) => {
                // The commits will do without, or meet the same.
                tracing::debug!(%error, "no room was made in a write-ahead log");
                self.length = u64::MAX;
            }
        }
    }

    fn lengthen(&self, wanted: u64) -> io::Result<u64> {
        let mut log = OpenOptions::new().append(true).open(&self.log)?;
        let length = log.metadata()?.len();
        if length >= wanted {
            return Ok(length);
        }
        log.write_all(&ZEROS)?;
        Ok(length + ZEROS.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_log_with_room_is_recovered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let writer = Connection::open(&path).unwrap();
        writer
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (a)",
            )
            .unwrap();
        let mut room = Room::of(&path, &writer).unwrap();
        let length = || std::fs::metadata(folder.path().join("a.db-wal")).unwrap().len();
        let insert = |room: &mut Room, pages| {
            writer.execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)").unwrap();
            room.make(pages);
            let made = length();
            writer.execute_batch("COMMIT").unwrap();
            assert_eq!(length(), made, "the commit overwrites what is there");
            made
        };
        let before = length();
        let made = insert(&mut room, 2);
        assert_eq!(made, before + ZEROS.len() as u64);
        assert_eq!(insert(&mut room, 3), made, "there is room still");
        assert!(insert(&mut room, 20) > made);

        // As after a crash: nobody has written the log back, and another process reads it.
        let copy = folder.path().join("b.db");
        std::fs::copy(&path, &copy).unwrap();
        std::fs::copy(folder.path().join("a.db-wal"), folder.path().join("b.db-wal")).unwrap();
        let copy = Connection::open(copy).unwrap();
        let ask = |sql| copy.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(ask("SELECT CAST(COUNT(*) AS TEXT) FROM t"), "3");
        assert_eq!(ask("PRAGMA integrity_check"), "ok");
    }

    #[test]
    fn without_a_log_no_room_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut room = Room::of(&path, &Connection::open(&path).unwrap()).unwrap();
        room.make(0);
        assert!(!folder.path().join("a.db-wal").exists());
    }
}
