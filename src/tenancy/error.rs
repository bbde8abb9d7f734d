//! What can go wrong between a request and its tenant's rows.

use std::sync::Arc;

use rusqlite::ErrorCode;
use sea_orm::{
    DbErr, RuntimeErr, SqlErr,
    sqlx::{error::DatabaseError, mysql::MySqlDatabaseError},
};
use thiserror::Error;
use tokio_postgres::error::SqlState;

use super::postgres;

/// Why a request names no tenant that can be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ResolveError {
    /// Nothing in the request names a tenant.
    #[error("the request names no tenant")]
    Required,
    /// The request names more than one.
    #[error("the request names more than one tenant")]
    Conflict,
    /// The request names one that does not exist.
    #[error("there is no such tenant")]
    NotFound,
}

/// Why a known tenant's databases are closed to a request.
#[derive(Debug, Clone, Error)]
pub enum AccessError {
    /// The catalog says `suspended`.
    #[error("the tenant is suspended")]
    Suspended,
    /// The catalog says `maintenance`.
    #[error("the tenant is in maintenance")]
    Maintenance,
    /// Its schema is behind this program's.
    #[error("the tenant's database has pending migrations; run `polls migrate up`")]
    MigrationsPending,
    /// Its database cannot be reached. The detail is for the log, never for a client.
    #[error("the tenant's database cannot be opened: {0}")]
    Unavailable(Arc<str>),
    /// As many databases as allowed are open, all of them in use.
    #[error("all {0} are in use")]
    Exhausted(&'static str),
}

impl AccessError {
    /// For a failure of the driver.
    pub(super) fn unavailable(error: impl std::fmt::Display) -> Self {
        Self::Unavailable(error.to_string().into())
    }
}

/// Why the router gives no connection, or a statement fails.
#[derive(Debug, Error)]
pub enum RouterError {
    /// The running code works for no tenant: it was started outside a scope.
    #[error("no tenant is in scope here")]
    NoTenant,
    /// A write was asked for outside `TenantRouter::transaction`.
    #[error("no transaction is running here; writes belong inside TenantRouter::transaction")]
    NoTransaction,
    /// A transaction was begun inside another one.
    #[error("a transaction is running here already")]
    NestedTransaction,
    /// A writer outlived its transaction, which was therefore rolled back.
    #[error("a writer outlived its transaction; all of it was rolled back")]
    EscapedWriter,
    /// The task that worked for several use cases ended before they were answered.
    #[error("a statement that several use cases share was interrupted")]
    Interrupted,
    /// A statement that several use cases share failed, for all of them.
    #[error(transparent)]
    Shared(#[from] Arc<RouterError>),
    /// A commit that several transactions share failed, for all of them.
    #[error("the commit failed: {0}")]
    Commit(Arc<str>),
    /// The database has not answered in the time there was.
    #[error("the database has not answered in time")]
    Unanswered,
    /// The database refused or failed.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// PostgreSQL, asked through a pipeline, refused or failed.
    #[error("{}", postgres::told(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// SQLite, run in place, refused or failed.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

impl RouterError {
    /// Whether the database itself is out of reach or has no connection to spare, rather than
    /// the statement at fault.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Unanswered | Self::Database(DbErr::ConnectionAcquire(_)) => true,
            Self::Database(error) => super::connection::is_unreachable(error),
            Self::Postgres(error) => postgres::is_unreachable(error),
            Self::Shared(error) => error.is_unreachable(),
            Self::Sqlite(rusqlite::Error::SqliteFailure(error, _)) => matches!(
                error.code,
                ErrorCode::CannotOpen | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase
            ),
            _ => false,
        }
    }

    /// Whether what is open is of no use any more. A pool whose connections are all in use is not
    /// broken: another one beside it would only take more of the server's.
    pub(super) fn is_broken(&self) -> bool {
        match self {
            Self::Database(error) => super::connection::is_unreachable(error),
            Self::Shared(error) => error.is_broken(),
            _ => self.is_unreachable(),
        }
    }

    /// Whether somebody else held a lock for too long.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        match self {
            Self::Sqlite(rusqlite::Error::SqliteFailure(error, _)) => {
                matches!(error.code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
            }
            Self::Database(
                DbErr::Exec(RuntimeErr::SqlxError(error))
                | DbErr::Query(RuntimeErr::SqlxError(error)),
            ) => error.as_database_error().is_some_and(is_lock_timeout),
            _ => self.is_state(&SqlState::LOCK_NOT_AVAILABLE),
        }
    }

    /// Whether a pipeline's statement was stopped so that others need not wait for it.
    pub(super) fn is_out_of_time(&self) -> bool {
        self.is_state(&SqlState::QUERY_CANCELED)
    }

    fn is_state(&self, state: &SqlState) -> bool {
        match self {
            Self::Postgres(error) => error.code() == Some(state),
            Self::Shared(error) => error.is_state(state),
            _ => false,
        }
    }

    /// Whether a unique index stood in the way.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        match self {
            Self::Database(error) => {
                matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
            }
            Self::Sqlite(rusqlite::Error::SqliteFailure(error, _)) => {
                error.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
            }
            _ => self.is_state(&SqlState::UNIQUE_VIOLATION),
        }
    }

    /// Whether a row that was pointed to is not there. Asked of servers only.
    #[must_use]
    pub fn is_foreign_key_violation(&self) -> bool {
        match self {
            Self::Database(error) => {
                matches!(error.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_)))
            }
            _ => self.is_state(&SqlState::FOREIGN_KEY_VIOLATION),
        }
    }
}

/// PostgreSQL's `lock_not_available`, MySQL's `ER_LOCK_WAIT_TIMEOUT`.
fn is_lock_timeout(error: &dyn DatabaseError) -> bool {
    match error.try_downcast_ref::<MySqlDatabaseError>() {
        Some(error) => error.number() == 1205,
        None => error.code().is_some_and(|code| code == "55P03"),
    }
}
