//! The door for work on a whole database: migrating it, filling it, checking it.

use std::{fmt, time::Duration};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseExecutor, DatabaseTransaction, DbErr,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

use super::{
    AccessError, DatabaseUrl, Engine,
    connect::{Access, PoolBounds, connect},
};

/// How long one waits for another's lock.
const LOCK_PATIENCE: Duration = Duration::from_secs(60);
/// An arbitrary number for PostgreSQL's advisory lock; it is per database there.
const ADVISORY_LOCK: i64 = 0x706f_6c6c_7300;

/// One connection to a tenant's database, for work that no request does. While it is locked no
/// other maintenance of that database runs, in this process or another.
///
/// On SQLite the lock is a transaction around all the work, so that either all of it is done or
/// nothing; on PostgreSQL and MySQL it is an advisory lock of the session.
pub struct Maintenance {
    engine: Engine,
    connection: DatabaseConnection,
    transaction: Option<DatabaseTransaction>,
}

impl Maintenance {
    /// Opens a database. A missing SQLite file is made if `create` says so, and is an error
    /// otherwise.
    ///
    /// # Errors
    /// [`AccessError::Unavailable`] when it cannot be reached.
    pub async fn open(url: &DatabaseUrl, create: bool) -> Result<Self, AccessError> {
        if let Some(path) = url.sqlite_path() {
            prepare_file(path, create)?;
        }
        let access = if create { Access::Create } else { Access::Maintain };
        let bounds = PoolBounds { max_connections: 1, acquire_timeout: Duration::from_secs(10) };
        let connection = connect(url, access, bounds).await.map_err(AccessError::unavailable)?;
        Ok(Self { engine: url.engine(), connection, transaction: None })
    }

    /// Waits, at most a minute (on SQLite ten seconds), until nobody else maintains this
    /// database, then keeps others out until [`Maintenance::finish`].
    ///
    /// # Errors
    /// What the database answers, or that the wait was too long.
    pub async fn lock(&mut self) -> Result<(), DbErr> {
        match self.engine {
            Engine::Sqlite => {
                let options = TransactionOptions {
                    sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                    ..TransactionOptions::default()
                };
                self.transaction = Some(self.connection.begin_with_options(options).await?);
                Ok(())
            }
            Engine::Postgres => {
                let timeout = format!("SET lock_timeout = '{}s'", LOCK_PATIENCE.as_secs());
                self.connection.execute_unprepared(&timeout).await?;
                let lock = format!("SELECT pg_advisory_lock({ADVISORY_LOCK})");
                self.connection.execute_unprepared(&lock).await?;
                Ok(())
            }
            Engine::MySql => {
                let lock = format!(
                    "SELECT CAST(GET_LOCK(CONCAT('polls:', MD5(DATABASE())), {}) AS SIGNED)",
                    LOCK_PATIENCE.as_secs()
                );
                let row = self
                    .connection
                    .query_one_raw(Statement::from_string(
                        self.connection.get_database_backend(),
                        lock,
                    ))
                    .await?;
                let got: Option<i64> =
                    row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(None);
                if got == Some(1) {
                    Ok(())
                } else {
                    Err(DbErr::Custom("another run has held the database's lock too long".into()))
                }
            }
        }
    }

    /// Where the work's statements go: SeaORM's own type for this, which the migrator takes.
    #[must_use]
    pub fn executor(&self) -> DatabaseExecutor<'_> {
        match &self.transaction {
            Some(transaction) => DatabaseExecutor::Transaction(transaction),
            None => DatabaseExecutor::Connection(&self.connection),
        }
    }

    /// Keeps what was done, and lets others in.
    ///
    /// # Errors
    /// What the database answers; on SQLite nothing is kept then.
    pub async fn finish(mut self) -> Result<(), DbErr> {
        if let Some(transaction) = self.transaction.take() {
            transaction.commit().await?;
        }
        self.connection.close().await
    }

    /// Lets others in without keeping what can still be undone: on SQLite all that was done
    /// under the lock.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn abandon(mut self) -> Result<(), DbErr> {
        if let Some(transaction) = self.transaction.take() {
            transaction.rollback().await?;
        }
        self.connection.close().await
    }
}

impl fmt::Debug for Maintenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Maintenance").field("engine", &self.engine).finish_non_exhaustive()
    }
}

fn prepare_file(path: &std::path::Path, create: bool) -> Result<(), AccessError> {
    if !create && !path.is_file() {
        return Err(AccessError::unavailable("the SQLite file does not exist"));
    }
    if create && let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(AccessError::unavailable)?;
    }
    if create
        && let Err(error) = super::provision::create_file(path)
        && error.kind() != std::io::ErrorKind::AlreadyExists
    {
        return Err(AccessError::unavailable(error));
    }
    Ok(())
}
