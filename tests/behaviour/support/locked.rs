//! Another process that writes to a tenant's file and takes its time.

use sea_orm::{ConnectionTrait, DatabaseConnection};

use super::{Engine, World};

/// Keeps a tenant's SQLite file locked, so that its mutations wait.
pub struct Locked(DatabaseConnection);

impl Locked {
    pub async fn new(world: &World, tenant: &str) -> Self {
        let connection = Engine::connect(&world.url(tenant)).await;
        connection.execute_unprepared("BEGIN IMMEDIATE").await.unwrap();
        Self(connection)
    }

    pub async fn unlock(self) {
        self.0.execute_unprepared("ROLLBACK").await.unwrap();
        self.0.close().await.unwrap();
    }
}
