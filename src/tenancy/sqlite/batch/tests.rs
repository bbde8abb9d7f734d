//! Sharing a commit, waiting for other processes, and the log.

use std::{path::PathBuf, pin::pin};

use futures::{future::join_all, poll};
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::tenancy::{
    sqlite::{SqliteTransaction, statement},
    stored::StoredRow,
    template::Text,
};

struct File {
    path: PathBuf,
    writer: SqliteWriter,
    /// Goes last.
    _folder: TempDir,
}

impl File {
    fn new(durability: Durability) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let tables = "CREATE TABLE row (id INTEGER PRIMARY KEY, text BLOB);
            CREATE TABLE child (row_id REFERENCES row (id) DEFERRABLE INITIALLY DEFERRED);";
        Connection::open(&path).unwrap().execute_batch(tables).unwrap();
        let writer = SqliteWriter::open(path.clone(), durability, Places::default()).unwrap();
        Self { path, writer, _folder: folder }
    }

    async fn begin(&self) -> SqliteTransaction {
        SqliteTransaction::begin(&self.writer).await.unwrap()
    }

    /// What is committed.
    fn rows(&self) -> Vec<i64> {
        let connection = Connection::open(&self.path).unwrap();
        let mut select = connection.prepare("SELECT id FROM row ORDER BY id").unwrap();
        select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn log(&self) -> PathBuf {
        self.path.with_extension("db-wal")
    }
}

fn run(turn: &SqliteTransaction, sql: &str) -> Result<(), RouterError> {
    turn.run(|connection| Ok(connection.execute_batch(sql)?))
}

fn insert(turn: &SqliteTransaction, id: i64) {
    run(turn, &format!("INSERT INTO row VALUES ({id}, NULL)")).unwrap();
}

/// Polls once: what is pending now has taken its place in the queue.
macro_rules! waits {
    ($future:expr) => {
        assert!(poll!(&mut $future).is_pending())
    };
}

#[tokio::test]
async fn one_who_is_refused_leaves_the_others_whole() {
    for durability in [Durability::Full, Durability::Normal] {
        let file = File::new(durability);
        let first = file.begin().await;
        insert(&first, 1);
        let (mut second, mut third) = (pin!(file.begin()), pin!(file.begin()));
        waits!(second);
        waits!(third);
        let mut first = pin!(first.end(true));
        waits!(first);
        let second = second.await;
        insert(&second, 2);
        assert!(run(&second, "INSERT INTO row VALUES (1, NULL)").is_err(), "it sees the first");
        let mut second = pin!(second.end(false));
        waits!(second);
        let third = third.await;
        insert(&third, 3);
        waits!(first);
        waits!(second);
        assert_eq!(file.rows(), [0_i64; 0], "nothing is committed, and nobody was answered");
        third.end(true).await.unwrap();
        first.await.unwrap();
        second.await.unwrap();
        assert_eq!(file.rows(), [1, 3]);
    }
}

#[tokio::test]
async fn the_first_who_is_refused_waits_for_nobody() {
    let file = File::new(Durability::Full);
    let first = file.begin().await;
    insert(&first, 1);
    let mut second = pin!(file.begin());
    waits!(second);
    let mut first = pin!(first.end(false));
    assert!(poll!(&mut first).is_ready());
    let second = second.await;
    insert(&second, 2);
    second.end(true).await.unwrap();
    assert_eq!(file.rows(), [2]);
}

#[tokio::test]
async fn a_commit_that_fails_fails_for_all_who_share_it() {
    let file = File::new(Durability::Full);
    let first = file.begin().await;
    insert(&first, 1);
    let mut second = pin!(file.begin());
    waits!(second);
    let mut first = pin!(first.end(true));
    waits!(first);
    let second = second.await;
    run(&second, "INSERT INTO child VALUES (7)").unwrap();
    assert!(matches!(second.end(true).await, Err(RouterError::Commit(_))));
    assert!(matches!(first.await, Err(RouterError::Commit(_))));
    assert_eq!(file.rows(), [0_i64; 0]);
    let next = file.begin().await;
    insert(&next, 2);
    next.end(true).await.unwrap();
    assert_eq!(file.rows(), [2]);
}

#[tokio::test]
async fn a_batch_that_waits_for_no_disk_is_small() {
    for durability in [Durability::Full, Durability::Normal] {
        let file = File::new(durability);
        // The first commit begins the log, which waits for the disk.
        let first = file.begin().await;
        insert(&first, 0);
        first.end(true).await.unwrap();
        let mut turn = file.begin().await;
        let mut others = Vec::new();
        for id in 1..=8 {
            let mut next = pin!(file.begin());
            waits!(next);
            insert(&turn, id);
            let mut end = Box::pin(turn.end(true));
            let is_answered = poll!(&mut end).is_ready();
            assert_eq!(is_answered, id == 8 && durability == Durability::Normal, "{id}");
            if !is_answered {
                others.push(end);
            }
            turn = next.await;
        }
        assert_eq!(file.rows().len(), if durability == Durability::Normal { 9 } else { 1 });
        turn.end(true).await.unwrap();
        for end in others {
            end.await.unwrap();
        }
        assert_eq!(file.rows().len(), 9);
    }
}

#[tokio::test]
async fn what_leaves_half_way_is_undone_and_the_others_are_kept() {
    let file = File::new(Durability::Normal);
    let alone = file.begin().await;
    insert(&alone, 1);
    drop(alone);
    let first = file.begin().await;
    insert(&first, 2);
    // One leaves in its turn, one in the queue.
    let mut second = pin!(file.begin());
    let mut third = Box::pin(file.begin());
    waits!(second);
    waits!(third);
    let mut first = pin!(first.end(true));
    waits!(first);
    let second = second.await;
    insert(&second, 3);
    drop(third);
    drop(second);
    first.await.unwrap();
    assert_eq!(file.rows(), [2]);
}

#[tokio::test]
async fn who_meets_the_lock_of_another_process_waits_for_it_elsewhere() {
    let file = File::new(Durability::Normal);
    let other = Connection::open(&file.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; INSERT INTO row VALUES (1, NULL)").unwrap();
    let mut turn = pin!(file.begin());
    waits!(turn);
    other.execute_batch("COMMIT").unwrap();
    let turn = turn.await;
    insert(&turn, 2);
    turn.end(true).await.unwrap();
    assert_eq!(file.rows(), [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_written_back_and_begins_anew_while_everybody_writes() {
    const WRITERS: i64 = 4;
    const EACH: i64 = 4_000;
    /// Pages of a row.
    const PAGES: i64 = 3;
    let file = Arc::new(File::new(Durability::Normal));
    let write = |number: i64| {
        let file = Arc::clone(&file);
        spawn_untenanted(async move {
            let mut longest = 0;
            for id in 0..EACH {
                let turn = file.begin().await;
                let id = number * EACH + id;
                run(&turn, &format!("INSERT INTO row VALUES ({id}, zeroblob(9000))")).unwrap();
                turn.end(true).await.unwrap();
                longest = longest.max(file.log().metadata().unwrap().len());
            }
            longest
        })
    };
    let longest = join_all((0..WRITERS).map(write)).await.into_iter().map(Result::unwrap).max();
    // How much is committed while a checkpoint runs is the disk's affair.
    let written = u64::try_from(WRITERS * EACH * PAGES * 4_096).unwrap();
    assert!(longest < Some(written / 2), "{longest:?} of {written}");
    assert_eq!(i64::try_from(file.rows().len()), Ok(WRITERS * EACH));
}

#[tokio::test]
async fn when_it_is_closed_the_file_is_all_there_is() {
    let file = File::new(Durability::Normal);
    let turn = file.begin().await;
    insert(&turn, 1);
    turn.end(true).await.unwrap();
    let log = file.log();
    assert!(log.exists());
    let File { path, writer, _folder } = file;
    drop(writer);
    assert!(path.exists());
    assert!(!log.exists());
}

#[tokio::test]
async fn the_writer_is_read_only_where_nothing_can_be_undone() {
    let file = File::new(Durability::Full);
    let text = |sql: &'static str| Text { sql: sql.into(), values: Vec::new() };
    let read = |sql| {
        let first = |row: &StoredRow<'_>| row.get::<i64>(0);
        file.writer.try_read(|connection| statement::each(connection, &text(sql), first))
    };
    let ids = "SELECT id FROM row ORDER BY id";
    assert_eq!(read(ids).unwrap().unwrap(), [0_i64; 0]);
    let turn = file.begin().await;
    insert(&turn, 1);
    assert!(read(ids).is_none(), "somebody writes");
    let mut leaves = Box::pin(file.begin());
    waits!(leaves);
    let mut ended = pin!(turn.end(true));
    waits!(ended);
    drop(leaves);
    assert!(read(ids).is_none(), "nobody has it, but what was written is not committed");
    ended.await.unwrap();
    drop(file.writer.turn().await);
    assert_eq!(read(ids).unwrap().unwrap(), [1]);
    // The readers refuse it themselves.
    let refused = read("INSERT INTO row VALUES (2, NULL) RETURNING id").unwrap();
    assert!(matches!(refused, Err(RouterError::NoTransaction)), "{refused:?}");
    assert_eq!(file.rows(), [1]);
}
