//! One connection that many requests share, each of them sending without waiting for the others.
//!
//! Statements are answered in the order in which they were sent, so one that is slow holds up
//! those behind it. Only short ones belong here: the session has a time limit, and what it stops
//! is begun again by the caller where it holds up nobody.

use std::{
    collections::HashMap,
    fmt,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};

use foldhash::fast::RandomState;
use futures::TryStreamExt;
use sea_orm::{DbErr, RuntimeErr};
use tokio::task::{JoinHandle, yield_now};
use tokio_postgres::{Client, Row, Statement, error::SqlState, types::Type};

use super::{
    address::{Address, ConnectError, Lane},
    value::Param,
};
use crate::tenancy::{DatabaseUrl, RouterError, stored::StoredRow};

/// How many prepared statements a session keeps, each of which takes some tens of kilobytes of the
/// server's memory. There is one for each use case and the columns that documents ask for.
const MAX_STATEMENTS: usize = 128;

/// A lane to a database, connected anew when its connection has ended.
pub(in crate::tenancy) struct Pipeline {
    address: Address,
    session: Mutex<Option<Arc<Session>>>,
    /// Whoever connects; the others wait for it.
    connecting: tokio::sync::Mutex<()>,
}

struct Session {
    client: Client,
    prepared: Mutex<HashMap<Box<str>, Statement, RandomState>>,
    task: JoinHandle<()>,
}

impl Pipeline {
    /// Connects.
    pub(in crate::tenancy) async fn open(
        url: &DatabaseUrl,
        lane: Lane,
    ) -> Result<Self, ConnectError> {
        let address = Address::new(url, lane)?;
        let session = Session::open(&address).await?;
        let session = Mutex::new(Some(Arc::new(session)));
        Ok(Self { address, session, connecting: tokio::sync::Mutex::default() })
    }

    /// All rows of a statement that reads, which is sent once more if the connection was cut.
    pub(in crate::tenancy) async fn rows<T>(
        &self,
        sql: &str,
        params: &[Param],
        mut read: impl FnMut(&StoredRow<'_>) -> Result<T, RouterError>,
    ) -> Result<Vec<T>, RouterError> {
        let mut read = |row| read(&StoredRow::new(&row));
        match self.each(sql, params, &mut read).await {
            // Cut while nothing went over it, or a server that was begun anew.
            Err(error) if error.is_unreachable() => self.each(sql, params, read).await,
            result => result,
        }
    }

    /// All rows of a statement that may write, as the driver has them.
    pub(in crate::tenancy) async fn raw_rows(
        &self,
        sql: &str,
        params: &[Param],
    ) -> Result<Vec<Row>, RouterError> {
        self.each(sql, params, Ok).await
    }

    async fn each<T>(
        &self,
        sql: &str,
        params: &[Param],
        mut read: impl FnMut(Row) -> Result<T, RouterError>,
    ) -> Result<Vec<T>, RouterError> {
        let session = self.session().await?;
        match session.each(sql, params, &mut read).await {
            // Changed tables, or a proxy that puts another session behind the same connection:
            // nothing ran, and prepared anew it does.
            Err(error) if is_stale(&error) => {
                session.forget();
                session.each(sql, params, &mut read).await
            }
            result => result,
        }
    }

    async fn session(&self) -> Result<Arc<Session>, RouterError> {
        match self.running() {
            Some(session) => Ok(session),
            // Boxed: what is rare would make every statement's future larger.
            None => Box::pin(self.connect()).await,
        }
    }

    async fn connect(&self) -> Result<Arc<Session>, RouterError> {
        let _connecting = self.connecting.lock().await;
        if let Some(session) = self.running() {
            return Ok(session);
        }
        let opened = Session::open(&self.address).await;
        let session = Arc::new(opened.map_err(|error| {
            RouterError::Database(DbErr::Conn(RuntimeErr::Internal(error.to_string())))
        })?);
        *self.current() = Some(Arc::clone(&session));
        Ok(session)
    }

    fn running(&self) -> Option<Arc<Session>> {
        self.current().as_ref().filter(|session| !session.client.is_closed()).cloned()
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Option<Arc<Session>>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the connection, which nobody uses any more, and waits for that.
    pub(in crate::tenancy) async fn close(&self) {
        let session = self.current().take().and_then(Arc::into_inner);
        if let Some(Session { client, prepared, task }) = session {
            drop((prepared, client));
            if let Err(error) = task.await {
                tracing::warn!(%error, "a pipeline did not close cleanly");
            }
        }
    }
}

impl Session {
    async fn open(address: &Address) -> Result<Self, ConnectError> {
        let (client, task) = address.connect().await?;
        Ok(Self { client, prepared: Mutex::default(), task })
    }

    async fn each<T>(
        &self,
        sql: &str,
        params: &[Param],
        read: &mut impl FnMut(Row) -> Result<T, RouterError>,
    ) -> Result<Vec<T>, RouterError> {
        let statement = match self.prepared(sql) {
            Some(statement) => statement,
            None => Box::pin(self.prepare(sql, params)).await?,
        };
        // Sent with what others of this turn ask, not amid it: each statement wakes a process of the
        // database, which takes the processor from whoever sends.
        yield_now().await;
        let mut found = pin!(self.client.query_raw(&statement, params).await?);
        let mut models = Vec::new();
        while let Some(row) = found.try_next().await? {
            models.push(read(row)?);
        }
        Ok(models)
    }

    fn prepared(&self, sql: &str) -> Option<Statement> {
        self.kept().get(sql).cloned()
    }

    async fn prepare(&self, sql: &str, params: &[Param]) -> Result<Statement, RouterError> {
        let types = params.iter().map(Param::type_of).collect::<Result<Vec<Type>, _>>()?;
        let statement = self.client.prepare_typed(sql, &types).await?;
        let mut kept = self.kept();
        if kept.len() >= MAX_STATEMENTS
            && let Some(any) = kept.keys().next().cloned()
        {
            kept.remove(&any);
        }
        kept.insert(sql.into(), statement.clone());
        Ok(statement)
    }

    fn forget(&self) {
        self.kept().clear();
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<Box<str>, Statement, RandomState>> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_stale(error: &RouterError) -> bool {
    let RouterError::Postgres(error) = error else { return false };
    let stale = [SqlState::FEATURE_NOT_SUPPORTED, SqlState::INVALID_SQL_STATEMENT_NAME];
    error.code().is_some_and(|code| stale.contains(code))
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").finish_non_exhaustive()
    }
}
