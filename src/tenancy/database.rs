//! One tenant's open connections.

use std::{
    any::Any,
    fmt,
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sea_orm::{DatabaseConnection, DbErr, RuntimeErr, TransactionTrait};
use tokio::sync::OnceCell;

use super::{
    AccessError, DatabaseSpec, DatabaseUrl, Engine, SchemaCheck,
    budget::Places,
    connect::{Access, PoolBounds, connect},
    postgres::{Batches, Lane},
    read_pool::{ReadPool, pipeline},
    spawn::{spawn_blocking_untenanted, spawn_untenanted},
    sqlite::{SqliteReaders, SqliteVersion, SqliteWriter},
};

/// How many connections a tenant's pools hold at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSizes {
    /// Read-only connections to the primary, and to each replica.
    pub read: u32,
    /// Connections that write. SQLite has one writer, so there it is always one.
    pub write: u32,
}

impl PoolSizes {
    /// The sizes for an engine.
    #[must_use]
    pub const fn of(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self { read: 4, write: 1 },
            Engine::MySql => Self { read: 3, write: 2 },
            Engine::Postgres => Self { read: 2 + PIPELINE, write: 2 + PIPELINE },
        }
    }

    /// How many of them are in pools, as all but the pipelines are.
    const fn pooled(self, engine: Engine) -> Self {
        match engine {
            Engine::Postgres => Self { read: self.read - PIPELINE, write: self.write - PIPELINE },
            Engine::Sqlite | Engine::MySql => self,
        }
    }

    /// How many connections a tenant may hold to its primary's server.
    #[must_use]
    pub const fn total(self) -> u32 {
        self.read + self.write
    }
}

/// The connection of a pipeline.
const PIPELINE: u32 = 1;

/// How long a statement waits for one of the tenant's connections, all of which are in use.
const QUEUE_TIME: Duration = Duration::from_secs(20);

/// How long opening waits for each replica.
const REPLICA_PATIENCE: Duration = Duration::from_secs(1);

/// The open pools of one tenant. When the last user lets go, they are closed and only then is
/// their place given back.
pub(super) struct TenantDatabase {
    pools: Option<Pools>,
    next_replica: AtomicUsize,
    beside: OnceLock<Box<dyn Any + Send + Sync>>,
}

struct Pools {
    /// On servers, as is the next.
    write: Option<DatabaseConnection>,
    /// On PostgreSQL, for use cases that are one statement.
    batches: Option<Arc<Batches>>,
    read: Option<ReadPool>,
    replicas: Vec<ReadPool>,
    sqlite: Option<Sqlite>,
    /// Given back when the pools are closed.
    places: Places,
}

struct Sqlite {
    /// The writer's own, to be found at once; closed before it.
    readers: Arc<SqliteReaders>,
    writer: SqliteWriter,
    version: SqliteVersion,
    url: DatabaseUrl,
    /// For what the verbs do not cover; most tenants never need it.
    pool: OnceCell<DatabaseConnection>,
}

impl TenantDatabase {
    /// Opens all pools.
    pub(super) async fn open(spec: &DatabaseSpec, places: Places) -> Result<Self, AccessError> {
        if let Some(path) = spec.write.sqlite_path()
            && !path.is_file()
        {
            return Err(AccessError::unavailable("the SQLite file does not exist"));
        }
        let engine = spec.write.engine();
        let sizes = PoolSizes::of(engine).pooled(engine);
        let bounds = |max_connections| PoolBounds { max_connections, acquire_timeout: QUEUE_TIME };
        let unavailable = |error: DbErr| AccessError::unavailable(error);
        let sqlite = match spec.write.sqlite_path() {
            Some(path) => Some(open_sqlite(spec, path.to_owned(), Arc::clone(&places)).await?),
            None => None,
        };
        let (mut write, mut batches, mut read) = (None, None, None);
        if sqlite.is_none() {
            let pool = ReadPool::open(&spec.write, bounds(sizes.read));
            read = Some(pool.await.map_err(unavailable)?);
            batches = pipeline(&spec.write, Lane::Write).await.map(Batches::new);
            let pool = connect(&spec.write, Access::ReadWrite, bounds(sizes.write));
            write = Some(pool.await.map_err(unavailable)?);
        }
        let mut replicas = Vec::with_capacity(spec.read.len());
        for url in &spec.read {
            // Without a replica the others, or the primary, are read.
            let replica = ReadPool::open(url, bounds(sizes.read));
            match tokio::time::timeout(REPLICA_PATIENCE, replica).await {
                Ok(Ok(replica)) => replicas.push(replica),
                Ok(Err(error)) => {
                    tracing::warn!(%error, replica = %url, "a replica is left out");
                }
                Err(_) => tracing::warn!(replica = %url, "a replica is left out: no answer"),
            }
        }
        let pools = Pools { write, batches, read, replicas, sqlite, places };
        Ok(Self { pools: Some(pools), next_replica: AtomicUsize::new(0), beside: OnceLock::new() })
    }

    /// Whether its schema is behind what the program needs. A SQLite file is shown on a connection
    /// that is closed at once: SeaORM gives each a thread and caches of its own, and most tenants
    /// never need one again. A server is asked in a transaction, so on one connection: a pool often
    /// opens another for the second statement, which it keeps.
    pub(super) async fn is_behind(&self, check: &dyn SchemaCheck) -> Result<bool, AccessError> {
        let Some(sqlite) = self.sqlite() else {
            let pool = &self.read_primary()?.pool;
            let look = async {
                let transaction = pool.begin().await?;
                let behind = check.is_behind((&transaction).into()).await?;
                transaction.rollback().await.map(|()| behind)
            };
            return look.await.map_err(AccessError::unavailable);
        };
        let pool = sqlite.connect(1).await.map_err(AccessError::unavailable)?;
        let behind = check.is_behind((&pool).into()).await;
        if let Err(error) = pool.close().await {
            tracing::warn!(%error, "a pool did not close cleanly");
        }
        behind.map_err(AccessError::unavailable)
    }

    fn pools(&self) -> Result<&Pools, AccessError> {
        self.pools.as_ref().ok_or_else(|| AccessError::unavailable("the database is closed"))
    }

    /// The connections that write, on servers.
    pub(super) fn write(&self) -> Result<&DatabaseConnection, AccessError> {
        let write = self.pools()?.write.as_ref();
        write.ok_or_else(|| AccessError::unavailable("SQLite has a writer of its own"))
    }

    /// Where a use case that is one statement goes, on PostgreSQL.
    pub(super) fn batches(&self) -> Option<&Arc<Batches>> {
        self.pools.as_ref()?.batches.as_ref()
    }

    /// Where SQLite is read in place.
    pub(super) fn sqlite_readers(&self) -> Option<&SqliteReaders> {
        Some(&self.sqlite()?.readers)
    }

    /// Where SQLite is written in place.
    pub(super) fn sqlite_writer(&self) -> Option<&SqliteWriter> {
        Some(&self.sqlite()?.writer)
    }

    /// Where SQLite tells whether anything has changed.
    pub(super) fn sqlite_version(&self) -> Option<&SqliteVersion> {
        Some(&self.sqlite()?.version)
    }

    fn sqlite(&self) -> Option<&Sqlite> {
        self.pools.as_ref()?.sqlite.as_ref()
    }

    /// See [`Scope::beside`](super::Scope::beside).
    pub(super) fn beside<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.beside.get_or_init(|| Box::new(make())).downcast_ref()
    }

    /// Read-only connections of SeaORM's to a SQLite file.
    pub(super) async fn sqlite_pool(&self) -> Result<&DatabaseConnection, DbErr> {
        let Some(sqlite) = self.sqlite() else {
            return Err(DbErr::Conn(RuntimeErr::Internal("the database is closed".to_owned())));
        };
        let size = PoolSizes::of(Engine::Sqlite).read;
        sqlite.pool.get_or_try_init(|| sqlite.connect(size)).await
    }

    /// Read-only connections to the primary, on servers.
    pub(super) fn read_primary(&self) -> Result<&ReadPool, AccessError> {
        let read = self.pools()?.read.as_ref();
        read.ok_or_else(|| AccessError::unavailable("SQLite has readers of its own"))
    }

    /// Read-only connections to the replicas in turn, or to the primary where there are none.
    pub(super) fn read_any(&self) -> Result<&ReadPool, AccessError> {
        let pools = self.pools()?;
        if pools.replicas.is_empty() {
            return self.read_primary();
        }
        let turn = self.next_replica.fetch_add(1, Ordering::Relaxed);
        Ok(&pools.replicas[turn % pools.replicas.len()])
    }
}

/// On a thread that may block: a log that a crash has left is written back first.
async fn open_sqlite(
    spec: &DatabaseSpec,
    path: PathBuf,
    places: Places,
) -> Result<Sqlite, AccessError> {
    let (durability, url) = (spec.durability, spec.write.clone());
    let open = move || {
        let version = SqliteVersion::new(path.clone());
        let writer = SqliteWriter::open(path, durability, places)?;
        let readers = Arc::clone(writer.readers());
        Ok(Sqlite { readers, writer, version, url, pool: OnceCell::new() })
    };
    let opened = spawn_blocking_untenanted(open).await.map_err(AccessError::unavailable)?;
    opened.map_err(|error: rusqlite::Error| AccessError::unavailable(error))
}

impl Sqlite {
    async fn connect(&self, max_connections: u32) -> Result<DatabaseConnection, DbErr> {
        let bounds = PoolBounds { max_connections, acquire_timeout: QUEUE_TIME };
        connect(&self.url, Access::ReadOnly, bounds).await
    }
}

impl Drop for TenantDatabase {
    fn drop(&mut self) {
        let Some(pools) = self.pools.take() else { return };
        // Outside a runtime the process is ending, and the drivers close by themselves.
        if tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        spawn_untenanted(async move {
            let Pools { write, batches, read, replicas, mut sqlite, places } = pools;
            let beside = sqlite.as_mut().and_then(|sqlite| sqlite.pool.take());
            if let Some(batches) = batches {
                batches.pipeline().close().await;
            }
            let mut readers = Vec::new();
            for pool in replicas.into_iter().chain(read) {
                readers.push(pool.let_go().await);
            }
            for pool in readers.into_iter().chain(write).chain(beside) {
                if let Err(error) = pool.close().await {
                    tracing::warn!(%error, "a pool did not close cleanly");
                }
            }
            // The last connection to a file writes its log back into it, which takes a while.
            let closed = spawn_blocking_untenanted(move || drop((sqlite, places))).await;
            if let Err(error) = closed {
                tracing::warn!(%error, "a file did not close cleanly");
            }
        });
    }
}

impl fmt::Debug for TenantDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantDatabase").finish_non_exhaustive()
    }
}
