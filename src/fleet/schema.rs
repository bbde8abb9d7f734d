//! Whether a database has the schema that this program needs.

use std::collections::HashSet;

use async_trait::async_trait;
use migration::{Migrator, MigratorTrait, SchemaManager};
use sea_orm::{ConnectionTrait, DatabaseExecutor, DbErr, sea_query::Query};

use crate::tenancy::SchemaCheck;

/// What the registry asks before it lets requests to a database: are all migrations applied?
///
/// A database that has more of them than this program knows passes: while a new version is rolled
/// out, the old one still serves.
#[derive(Debug, Clone, Copy)]
pub struct MigrationsApplied;

#[async_trait]
impl SchemaCheck for MigrationsApplied {
    async fn is_behind(&self, database: DatabaseExecutor<'_>) -> Result<bool, DbErr> {
        Ok(!Versions::of(database).await?.pending.is_empty())
    }
}

/// The migrations of this program and of a database, compared.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Versions {
    /// In both, oldest first.
    pub applied: Vec<String>,
    /// In the program only, oldest first.
    pub pending: Vec<String>,
    /// In the database only: a newer program made them.
    pub unknown: Vec<String>,
}

impl Versions {
    /// Reads, and writes nothing. The migrator's own comparison would fail on a migration that it
    /// does not know.
    pub async fn of(database: DatabaseExecutor<'_>) -> Result<Self, DbErr> {
        let manager = SchemaManager::new(database);
        let table = Migrator::migration_table_name();
        let mut found = HashSet::new();
        if manager.has_table(table.to_string()).await? {
            let query = Query::select().column("version").from(table).to_owned();
            for row in manager.get_connection().query_all(&query).await? {
                found.insert(row.try_get_by_index::<String>(0)?);
            }
        }
        let (applied, pending) =
            migration::names().into_iter().partition(|name| found.remove(name));
        let mut unknown: Vec<String> = found.into_iter().collect();
        unknown.sort();
        Ok(Self { applied, pending, unknown })
    }
}
