//! The only door from a scope to a connection. It keeps the four questions of Django's
//! `DATABASE_ROUTERS`.

use std::sync::Arc;

use sea_orm::{
    DatabaseTransaction, DbErr, EntityTrait, RuntimeErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

use super::{
    AccessError, Reader, RouterError, Tenant, TenantKey, Writer,
    connection::{Connection, Target},
    scope::Scope,
};

tokio::task_local! {
    /// The transaction of the running use case. Not handed on to spawned work: a transaction
    /// belongs to one task.
    static TRANSACTION: Arc<DatabaseTransaction>;
}

/// The router facade: which connection does this entity's query go to, for the tenant in scope?
#[derive(Debug, Clone, Copy)]
pub struct TenantRouter;

impl TenantRouter {
    /// Where to read `E` from: the running transaction; else, once this operation has written,
    /// the primary; else a replica or the primary. Outside a transaction the database itself
    /// refuses writes.
    ///
    /// # Errors
    /// [`RouterError::NoTenant`] outside a scope.
    pub fn db_for_read<E: EntityTrait>() -> Result<Reader, RouterError> {
        let scope = Scope::current()?;
        let target = match TRANSACTION.try_with(Arc::clone) {
            Ok(transaction) => Target::Transaction(transaction),
            Err(_) => {
                let database = scope.lease().database();
                let pool =
                    if scope.wrote() { database.read_primary() } else { database.read_any() };
                Target::Pool(pool.map_err(|error| closed(&error))?.clone())
            }
        };
        Ok(Reader(Connection { target, scope }))
    }

    /// Where to write `E` to: the transaction of the running use case.
    ///
    /// # Errors
    /// [`RouterError::NoTenant`] outside a scope, [`RouterError::NoTransaction`] outside
    /// [`TenantRouter::transaction`].
    pub fn db_for_write<E: EntityTrait>() -> Result<Writer, RouterError> {
        let scope = Scope::current()?;
        let transaction =
            TRANSACTION.try_with(Arc::clone).map_err(|_| RouterError::NoTransaction)?;
        Ok(Writer(Connection { target: Target::Transaction(transaction), scope }))
    }

    /// Whether rows of these two tenants may refer to each other: only if it is the same one.
    #[must_use]
    pub fn allow_relation(one: &TenantKey, other: &TenantKey) -> bool {
        one == other
    }

    /// Whether a migration runs in this tenant's database. All tenants have the whole schema;
    /// but work that runs in the scope of one tenant migrates no other.
    #[must_use]
    pub fn allow_migrate(tenant: &TenantKey, _migration: &str) -> bool {
        Scope::current().map_or(true, |scope| scope.tenant().key == *tenant)
    }

    /// The tenant in scope.
    ///
    /// # Errors
    /// [`RouterError::NoTenant`] outside a scope.
    pub fn tenant() -> Result<Arc<Tenant>, RouterError> {
        Ok(Arc::clone(Scope::current()?.tenant()))
    }

    /// Runs a use case in one transaction: committed when it succeeds, rolled back on any error
    /// and when its future is dropped. On SQLite it begins with `BEGIN IMMEDIATE` on the one
    /// connection that writes. Nothing slow belongs inside.
    ///
    /// # Errors
    /// The use case's own, or a [`RouterError`].
    pub async fn transaction<T, E, F>(work: F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: From<RouterError>,
    {
        let scope = Scope::current()?;
        if TRANSACTION.try_with(|_| ()).is_ok() {
            return Err(RouterError::NestedTransaction.into());
        }
        let transaction = Arc::new(begin(&scope).await?);
        // Even a refused use case is answered from what it saw.
        scope.set_wrote();
        let result = TRANSACTION.scope(Arc::clone(&transaction), work).await;
        let transaction =
            Arc::into_inner(transaction).ok_or(RouterError::EscapedWriter).map_err(E::from);
        match result {
            Ok(value) => {
                transaction?.commit().await.map_err(RouterError::from)?;
                Ok(value)
            }
            Err(error) => {
                if let Ok(transaction) = transaction
                    && let Err(rollback) = transaction.rollback().await
                {
                    tracing::warn!(error = %rollback, "a rollback failed; closing does it");
                }
                Err(error)
            }
        }
    }
}

async fn begin(scope: &Scope) -> Result<DatabaseTransaction, RouterError> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let pool = scope.lease().database().write().map_err(|error| closed(&error))?;
    pool.begin_with_options(options).await.map_err(|error| {
        if super::connection::is_unreachable(&error) {
            scope.lease().discard();
        }
        RouterError::Database(error)
    })
}

fn closed(error: &AccessError) -> RouterError {
    RouterError::Database(DbErr::Conn(RuntimeErr::Internal(error.to_string())))
}
