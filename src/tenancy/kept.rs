//! Connections to PostgreSQL that stay out of sqlx's pool between statements.
//!
//! The pool pings each connection that is given back to it, which doubles the round trips of
//! statements outside a transaction, and no setting turns that off. So a connection that has
//! answered in full is kept here for the next statement, and goes back to the pool, which tests
//! it, after a while and whenever a statement failed or was given up.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{
    ConnAcquireErr, DbErr, QueryResult, RuntimeErr, Statement, Values,
    sqlx::{AssertSqlSafe, Error, PgPool, Postgres, pool::PoolConnection, query_with},
};
use sea_query_sqlx::SqlxValues;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The connections of a pool that nothing else takes connections from without a turn.
pub(super) struct KeptConnections {
    pool: PgPool,
    /// As many as the pool has connections: who has one never waits for those that are kept.
    turns: Semaphore,
    kept: Mutex<Vec<Kept>>,
    patience: Duration,
}

struct Kept {
    connection: PoolConnection<Postgres>,
    /// When the pool gave it out, tested or fresh.
    since: Instant,
}

/// How long the pool does not see a connection.
const KEEP: Duration = Duration::from_secs(15);

impl Kept {
    fn is_good(&self) -> bool {
        self.since.elapsed() < KEEP
    }
}

impl KeptConnections {
    /// Keeps connections of a pool of at most so many; a statement waits so long for one.
    pub(super) fn new(pool: PgPool, connections: u32, patience: Duration) -> Self {
        let turns = Semaphore::new(connections as usize);
        Self { pool, turns, kept: Mutex::default(), patience }
    }

    /// All rows of a statement.
    pub(super) async fn rows(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let _turn = self.turn().await?;
        let mut kept = match self.take() {
            Some(kept) => kept,
            None => {
                let connection = self.pool.acquire().await.map_err(not_acquired)?;
                Kept { connection, since: Instant::now() }
            }
        };
        let values = SqlxValues(statement.values.unwrap_or(Values(Vec::new())));
        let query = query_with(AssertSqlSafe(statement.sql), values);
        // Fails and ends early without being kept: the pool sees to it.
        let rows = query.fetch_all(&mut *kept.connection).await.map_err(failed)?;
        self.keep(kept);
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }

    /// Leaves the pool a connection, until this is dropped.
    pub(super) async fn turn_at_pool(&self) -> Result<SemaphorePermit<'_>, DbErr> {
        let turn = self.turn().await?;
        drop(self.take());
        Ok(turn)
    }

    /// Gives all connections back, so that the pool can be closed.
    pub(super) fn let_go(&self) {
        self.turns.close();
        self.lock().clear();
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, DbErr> {
        if let Ok(turn) = self.turns.try_acquire() {
            return Ok(turn);
        }
        match tokio::time::timeout(self.patience, self.turns.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)),
            Err(_) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
        }
    }

    /// One that need not be tested, if there is any; the others go back.
    fn take(&self) -> Option<Kept> {
        let mut kept = self.lock();
        kept.retain(Kept::is_good);
        kept.pop()
    }

    fn keep(&self, connection: Kept) {
        if connection.is_good() && !self.turns.is_closed() {
            self.lock().push(connection);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_acquired(error: Error) -> DbErr {
    match error {
        Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        other => DbErr::Conn(RuntimeErr::SqlxError(Arc::new(other))),
    }
}

fn failed(error: Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}

impl fmt::Debug for KeptConnections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptConnections").finish_non_exhaustive()
    }
}
