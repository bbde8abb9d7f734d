//! What rows are read from on servers.

use std::sync::Arc;

use sea_orm::{DatabaseConnection, DbErr};

use super::{
    DatabaseUrl, Engine,
    connect::{Access, PoolBounds, connect},
    postgres::{Lane, Pipeline},
};

/// Read-only connections.
#[derive(Clone)]
pub(super) struct ReadPool {
    pub pool: DatabaseConnection,
    /// On PostgreSQL, where statements that are short are read.
    pub pipeline: Option<Arc<Pipeline>>,
}

impl ReadPool {
    /// Connects.
    pub(super) async fn open(url: &DatabaseUrl, bounds: PoolBounds) -> Result<Self, DbErr> {
        let pool = connect(url, Access::ReadOnly, bounds).await?;
        Ok(Self { pool, pipeline: pipeline(url, Lane::Read).await })
    }

    /// The same, with short statements going another way.
    pub(super) fn through(self, pipeline: &Arc<Pipeline>) -> Self {
        Self { pipeline: Some(Arc::clone(pipeline)), ..self }
    }

    /// Closes the pipeline; the pool is what is left.
    pub(super) async fn let_go(self) -> DatabaseConnection {
        if let Some(pipeline) = self.pipeline {
            pipeline.close().await;
        }
        self.pool
    }
}

/// The pipeline to a database that a pool has reached. Without one everything goes to the pool.
pub(super) async fn pipeline(url: &DatabaseUrl, lane: Lane) -> Option<Arc<Pipeline>> {
    if url.engine() != Engine::Postgres {
        return None;
    }
    match Pipeline::open(url, lane).await {
        Ok(pipeline) => Some(Arc::new(pipeline)),
        Err(error) => {
            tracing::warn!(%error, database = %url, "no pipeline; statements go to the pool");
            None
        }
    }
}
