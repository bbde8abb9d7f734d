//! The only door from a scope to a connection. It keeps the four questions of Django's
//! `DATABASE_ROUTERS`.

use std::sync::Arc;

use sea_orm::{
    DatabaseTransaction, DbErr, EntityTrait, RuntimeErr, StatementBuilder, TransactionTrait, Value,
};

use super::{
    AccessError, Ask, AskTemplate, FromRow, Reader, RouterError, StoredRow, Template, Tenant,
    TenantKey, Writer,
    connection::{Connection, Piped, Target},
    scope::Scope,
    sqlite::SqliteTransaction,
};

tokio::task_local! {
    /// The transaction of the running use case. Not handed on to spawned work: a transaction
    /// belongs to one task.
    static TRANSACTION: Running;
}

/// The transaction of a use case, on whichever engine.
#[derive(Clone)]
enum Running {
    Orm(Arc<DatabaseTransaction>),
    Sqlite(Arc<SqliteTransaction>),
}

impl Running {
    async fn begin(scope: &Scope) -> Result<Self, RouterError> {
        let database = scope.lease().database();
        if let Some(writer) = database.sqlite_writer() {
            return Ok(Self::Sqlite(Arc::new(SqliteTransaction::begin(writer).await?)));
        }
        let pool = database.write().map_err(|error| closed(&error))?;
        Ok(Self::Orm(Arc::new(Box::pin(pool.begin()).await?)))
    }

    fn target(&self) -> Target {
        match self {
            Self::Orm(transaction) => Target::Transaction(Arc::clone(transaction)),
            Self::Sqlite(transaction) => Target::SqliteTransaction(Arc::clone(transaction)),
        }
    }

    /// Ends it, unless somebody still holds on to it: then it is rolled back.
    async fn end(self, keep: bool) -> Result<(), RouterError> {
        match self {
            Self::Orm(transaction) => {
                let transaction = Arc::into_inner(transaction).ok_or(RouterError::EscapedWriter)?;
                if keep {
                    Box::pin(transaction.commit()).await?;
                } else {
                    Box::pin(transaction.rollback()).await?;
                }
                Ok(())
            }
            Self::Sqlite(transaction) => match Arc::try_unwrap(transaction) {
                Ok(transaction) => transaction.end(keep).await,
                Err(escaped) => {
                    escaped.undo().await?;
                    Err(RouterError::EscapedWriter)
                }
            },
        }
    }
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
        Self::reader(false)
    }

    /// Where to read `E` from when a replica's lag matters, as for tokens: as
    /// [`TenantRouter::db_for_read`], but always the primary, and if the operation is
    /// [about to write](Scope::about_to_write), the connection that will, where it can. Only for
    /// rows that an index leads to: others may wait for that connection.
    ///
    /// # Errors
    /// [`RouterError::NoTenant`] outside a scope.
    pub fn db_for_fresh_read<E: EntityTrait>() -> Result<Reader, RouterError> {
        Self::reader(true)
    }

    /// Where to write `E` to: the transaction of the running use case.
    ///
    /// # Errors
    /// [`RouterError::NoTenant`] outside a scope, [`RouterError::NoTransaction`] outside
    /// [`TenantRouter::transaction`].
    pub fn db_for_write<E: EntityTrait>() -> Result<Writer, RouterError> {
        let scope = Scope::current()?;
        let target =
            TRANSACTION.try_with(Running::target).map_err(|_| RouterError::NoTransaction)?;
        Ok(Writer(Connection { target, scope }))
    }

    fn reader(fresh: bool) -> Result<Reader, RouterError> {
        let scope = Scope::current()?;
        let database = scope.lease().database();
        let writing = fresh && scope.will_write();
        let target = match TRANSACTION.try_with(Running::target) {
            Ok(target) => target,
            Err(_) if database.sqlite_readers().is_some() => {
                Target::SqliteReaders { database: Arc::clone(database), writing }
            }
            Err(_) => {
                let primary = fresh || scope.wrote();
                let pool = if primary { database.read_primary() } else { database.read_any() };
                let pool = pool.map_err(|error| closed(&error))?.clone();
                Target::Readers(match database.batches() {
                    Some(batches) if writing => pool.through(batches.pipeline()),
                    _ => pool,
                })
            }
        };
        Ok(Reader::new(Connection { target, scope }))
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

    /// Runs a use case that is one statement, on a database that changes rows in the course of a
    /// query, together with those of others: it is a transaction of all of them, and is committed
    /// when this returns the caller's row. A statement that finds a row locked by somebody else
    /// should leave it out rather than wait, as others would wait with it. Nothing comes back
    /// where there was no row, and also where the tenant's database has no pipeline for it:
    /// [`TenantRouter::transaction`] tells why, and waits.
    ///
    /// # Errors
    /// What the database answers, [`RouterError::NoTenant`] outside a scope and
    /// [`RouterError::NestedTransaction`] inside a transaction.
    pub async fn together<Q: StatementBuilder, T: FromRow>(
        template: &'static AskTemplate<Q>,
        ask: Ask,
    ) -> Result<Option<T>, RouterError> {
        let scope = Self::scope_to_write_in()?;
        let Some((batches, texts)) = scope.lease().database().batches().zip(template.texts())
        else {
            return Ok(None);
        };
        scope.count_statement();
        let row = batches.ask(texts, ask).await.map_err(RouterError::from);
        let row = row.inspect_err(|error| let_go_if_broken(&scope, error))?;
        // Even a refused use case is answered from what it saw.
        scope.set_wrote();
        row.map(|row| T::from_row(&StoredRow::new(&row).at(2))).transpose()
    }

    /// Whether the tenant's database has a pipeline for [`TenantRouter::at_once`].
    #[must_use]
    pub fn acts_at_once(scope: &Scope) -> bool {
        scope.lease().database().batches().is_some()
    }

    /// Runs a use case that is one statement and gives one row at most, on a database that changes
    /// rows in the course of a query: a transaction of its own, which is committed when this
    /// returns. Nothing comes back where there was no row, and also where the tenant's database has
    /// no pipeline for it or others are [together](TenantRouter::together) before it: then the use
    /// case in its general form tells why, or joins them.
    ///
    /// # Errors
    /// As for [`TenantRouter::together`]; a database out of reach is for the general form to let
    /// go of.
    pub async fn at_once<const N: usize, Q: StatementBuilder, T: FromRow>(
        template: &'static Template<N, Q>,
        values: [Value; N],
    ) -> Result<Option<T>, RouterError> {
        let scope = Self::scope_to_write_in()?;
        let Some(batches) = scope.lease().database().batches() else { return Ok(None) };
        let Some(_turn) = batches.turn() else { return Ok(None) };
        scope.count_statement();
        let (sql, values) = Piped::from(template.postgres_text(values, |query| query));
        let row = batches.pipeline().raw_rows(&sql, &values).await?.pop();
        if row.is_some() {
            scope.set_wrote();
        }
        row.map(|row| T::from_row(&StoredRow::new(&row))).transpose()
    }

    fn scope_to_write_in() -> Result<Scope, RouterError> {
        let scope = Scope::current()?;
        if TRANSACTION.try_with(|_| ()).is_ok() {
            return Err(RouterError::NestedTransaction);
        }
        Ok(scope)
    }

    /// Runs a use case in one transaction: committed when it succeeds, rolled back on any error
    /// and when its future is dropped. On SQLite it is a savepoint inside a `BEGIN IMMEDIATE`
    /// transaction on the one connection that writes, whose commit it may share with others;
    /// this returns when that commit is on disk. Nothing slow belongs inside.
    ///
    /// # Errors
    /// The use case's own, or a [`RouterError`].
    pub async fn transaction<T, E, F>(work: F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: From<RouterError>,
    {
        let scope = Self::scope_to_write_in()?;
        let transaction = Running::begin(&scope).await;
        let transaction = transaction.inspect_err(|error| let_go_if_broken(&scope, error))?;
        // Even a refused use case is answered from what it saw.
        scope.set_wrote();
        let result = TRANSACTION.scope(transaction.clone(), work).await;
        let ended = transaction.end(result.is_ok()).await;
        match result {
            Ok(value) => ended.map(|()| value).map_err(E::from),
            Err(error) => match ended {
                Ok(()) => Err(error),
                // It may have been refused for what others in the batch wrote, and that is lost.
                Err(lost @ RouterError::Commit(_)) => Err(lost.into()),
                Err(rollback) => {
                    tracing::warn!(error = %rollback, "a rollback failed; closing does it");
                    Err(error)
                }
            },
        }
    }
}

fn let_go_if_broken(scope: &Scope, error: &RouterError) {
    if error.is_broken() {
        scope.lease().discard();
    }
}

fn closed(error: &AccessError) -> RouterError {
    RouterError::Database(DbErr::Conn(RuntimeErr::Internal(error.to_string())))
}
