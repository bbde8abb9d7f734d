//! What a reader and a writer have in common: where their statements go.

use std::{borrow::Cow, sync::Arc};

use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, RuntimeErr, Statement,
};

use super::{
    RouterError,
    database::TenantDatabase,
    postgres::{Param, Pipeline},
    read_pool::ReadPool,
    scope::Scope,
    sqlite::{Snapshot, SqliteReaders, SqliteTransaction, SqliteWriter},
    stored::StoredRow,
    template::Text,
};

/// Where statements go, and for which operation they are counted.
#[derive(Clone)]
pub(super) struct Connection {
    pub target: Target,
    pub scope: Scope,
}

#[derive(Clone)]
pub(super) enum Target {
    /// Read-only connections to a server.
    Readers(ReadPool),
    /// A transaction of SeaORM's.
    Transaction(Arc<DatabaseTransaction>),
    /// Read-only connections to a SQLite file, run in place, or the one that writes, if that is
    /// wanted and it is idle; what the verbs do not cover goes to the tenant's pool.
    SqliteReaders { database: Arc<TenantDatabase>, writing: bool },
    /// A turn of a SQLite file's writer.
    SqliteTransaction(Arc<SqliteTransaction>),
}

/// A statement for a pipeline, with its values.
pub(super) type Piped<'a> = (Cow<'a, str>, Vec<Param>);

impl<'a> From<Text<'a>> for Piped<'a> {
    fn from(text: Text<'a>) -> Self {
        (text.sql, text.values.into_iter().map(Param::One).collect())
    }
}

/// Where a SQLite statement runs in place.
pub(super) enum InPlace<'a> {
    Readers(&'a SqliteReaders, &'a Snapshot),
    Writer(&'a SqliteWriter),
    Transaction(&'a SqliteTransaction),
}

impl InPlace<'_> {
    pub(super) fn run<T>(
        &self,
        work: impl Fn(&rusqlite::Connection) -> Result<T, RouterError>,
    ) -> Result<T, RouterError> {
        match self {
            Self::Readers(readers, snapshot) => snapshot.run(readers, work),
            Self::Writer(writer) => {
                writer.try_read(&work).unwrap_or_else(|| writer.readers().run(work))
            }
            Self::Transaction(transaction) => transaction.run(work),
        }
    }
}

impl Connection {
    /// Where to run a statement in place, if it is SQLite's; counted.
    pub(super) fn in_place(&self) -> Option<InPlace<'_>> {
        let in_place = match &self.target {
            Target::SqliteReaders { database, writing: true } => {
                InPlace::Writer(database.sqlite_writer()?)
            }
            Target::SqliteReaders { database, writing: false } => {
                InPlace::Readers(database.sqlite_readers()?, self.scope.snapshot())
            }
            Target::SqliteTransaction(transaction) => InPlace::Transaction(transaction),
            Target::Readers(_) | Target::Transaction(_) => return None,
        };
        self.scope.count_statement();
        Some(in_place)
    }

    /// Lets go of databases that turn out to be unreachable.
    pub(super) fn watch_in_place<T>(
        &self,
        result: Result<T, RouterError>,
    ) -> Result<T, RouterError> {
        if result.as_ref().is_err_and(RouterError::is_unreachable) {
            self.scope.lease().discard();
        }
        result
    }

    /// All rows of a short statement from the pipeline. Nothing if there is none, or the statement
    /// was not short after all: then it is for the pool.
    pub(super) async fn piped<'a, T>(
        &self,
        text: impl FnOnce() -> Option<Piped<'a>>,
        read: impl FnMut(&StoredRow<'_>) -> Result<T, RouterError>,
    ) -> Result<Option<Vec<T>>, RouterError> {
        let Some(pipeline) = self.pipeline() else { return Ok(None) };
        let Some((sql, params)) = text() else { return Ok(None) };
        self.scope.count_statement();
        match self.watch_in_place(pipeline.rows(&sql, &params, read).await) {
            Ok(rows) => Ok(Some(rows)),
            Err(error) if error.is_out_of_time() => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn pipeline(&self) -> Option<&Pipeline> {
        match &self.target {
            Target::Readers(readers) => readers.pipeline.as_deref(),
            _ => None,
        }
    }

    /// Counts the statement, and lets go of databases that turn out to be unreachable, so that
    /// the next request opens them afresh or is told.
    fn watch<T>(&self, result: Result<T, DbErr>) -> Result<T, DbErr> {
        self.scope.count_statement();
        if let Err(error) = &result
            && is_unreachable(error)
        {
            self.scope.lease().discard();
        }
        result
    }
}

/// Whether the database itself is out of reach, rather than the statement at fault.
pub(super) fn is_unreachable(error: &DbErr) -> bool {
    use sea_orm::sqlx::Error;
    match error {
        DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            matches!(**error, Error::Io(_) | Error::PoolClosed | Error::WorkerCrashed)
        }
        _ => false,
    }
}

/// SeaORM's own rows only come out of its own drivers.
const VERBS_ONLY: &str = "a SQLite transaction runs the verbs of Reader and Writer only";

macro_rules! on_target {
    ($self:ident, $method:ident ( $($argument:expr),* )) => {{
        let result = match &$self.target {
            Target::Readers(readers) => readers.pool.$method($($argument),*).await,
            Target::Transaction(transaction) => transaction.$method($($argument),*).await,
            Target::SqliteReaders { database, .. } => match database.sqlite_pool().await {
                Ok(pool) => pool.$method($($argument),*).await,
                Err(error) => Err(error),
            },
            Target::SqliteTransaction(_) => Err(DbErr::Custom(VERBS_ONLY.to_owned())),
        };
        $self.watch(result)
    }};
}

#[async_trait::async_trait]
impl ConnectionTrait for Connection {
    fn get_database_backend(&self) -> DbBackend {
        match &self.target {
            Target::Readers(readers) => readers.pool.get_database_backend(),
            Target::Transaction(transaction) => transaction.get_database_backend(),
            Target::SqliteReaders { .. } | Target::SqliteTransaction(_) => DbBackend::Sqlite,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        on_target!(self, execute_raw(statement))
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        on_target!(self, execute_unprepared(sql))
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        on_target!(self, query_one_raw(statement))
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        on_target!(self, query_all_raw(statement))
    }
}

/// Implements `ConnectionTrait` for a newtype around [`Connection`], for what its verbs leave
/// out.
macro_rules! delegate_connection {
    ($name:ident) => {
        #[async_trait::async_trait]
        impl sea_orm::ConnectionTrait for $name {
            fn get_database_backend(&self) -> sea_orm::DbBackend {
                self.0.get_database_backend()
            }

            async fn execute_raw(
                &self,
                statement: sea_orm::Statement,
            ) -> Result<sea_orm::ExecResult, sea_orm::DbErr> {
                self.0.execute_raw(statement).await
            }

            async fn execute_unprepared(
                &self,
                sql: &str,
            ) -> Result<sea_orm::ExecResult, sea_orm::DbErr> {
                self.0.execute_unprepared(sql).await
            }

            async fn query_one_raw(
                &self,
                statement: sea_orm::Statement,
            ) -> Result<Option<sea_orm::QueryResult>, sea_orm::DbErr> {
                self.0.query_one_raw(statement).await
            }

            async fn query_all_raw(
                &self,
                statement: sea_orm::Statement,
            ) -> Result<Vec<sea_orm::QueryResult>, sea_orm::DbErr> {
                self.0.query_all_raw(statement).await
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}
pub(super) use delegate_connection;
