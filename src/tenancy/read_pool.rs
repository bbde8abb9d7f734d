//! What rows are read from on servers.

use std::sync::Arc;

use sea_orm::{DatabaseConnection, DbBackend, DbErr};
use tokio::sync::SemaphorePermit;

use super::{connect::PoolBounds, kept::KeptConnections};

/// Read-only connections.
#[derive(Clone)]
pub(super) struct ReadPool {
    pub pool: DatabaseConnection,
    /// On PostgreSQL, where rows are read; nothing else takes connections of that pool.
    pub kept: Option<Arc<KeptConnections>>,
}

impl ReadPool {
    /// The connections of a pool with these bounds.
    pub(super) fn new(pool: DatabaseConnection, bounds: PoolBounds) -> Self {
        let kept = (pool.get_database_backend() == DbBackend::Postgres).then(|| {
            let PoolBounds { max_connections, acquire_timeout } = bounds;
            let connections = pool.get_postgres_connection_pool().clone();
            Arc::new(KeptConnections::new(connections, max_connections, acquire_timeout))
        });
        Self { pool, kept }
    }

    /// For statements that go to the pool itself: leaves it a connection until this is dropped.
    pub(super) async fn turn_at_pool(&self) -> Result<Option<SemaphorePermit<'_>>, DbErr> {
        match &self.kept {
            Some(kept) => kept.turn_at_pool().await.map(Some),
            None => Ok(None),
        }
    }

    /// The pool, which can be closed now.
    pub(super) fn let_go(self) -> DatabaseConnection {
        if let Some(kept) = self.kept {
            kept.let_go();
        }
        self.pool
    }
}
