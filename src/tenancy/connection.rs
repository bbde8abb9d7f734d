//! What a reader and a writer have in common: where their statements go.

use std::sync::Arc;

use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    ExecResult, QueryResult, RuntimeErr, Statement,
};

use super::scope::Scope;

/// Where statements go, and for which operation they are counted.
#[derive(Clone)]
pub(super) struct Connection {
    pub target: Target,
    pub scope: Scope,
}

#[derive(Clone)]
pub(super) enum Target {
    Pool(DatabaseConnection),
    Transaction(Arc<DatabaseTransaction>),
}

impl Connection {
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

macro_rules! on_target {
    ($self:ident, $method:ident ( $($argument:expr),* )) => {{
        let result = match &$self.target {
            Target::Pool(pool) => pool.$method($($argument),*).await,
            Target::Transaction(transaction) => transaction.$method($($argument),*).await,
        };
        $self.watch(result)
    }};
}

#[async_trait::async_trait]
impl ConnectionTrait for Connection {
    fn get_database_backend(&self) -> DbBackend {
        match &self.target {
            Target::Pool(pool) => pool.get_database_backend(),
            Target::Transaction(transaction) => transaction.get_database_backend(),
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
