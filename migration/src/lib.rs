//! The schema of a tenant database, one file a migration, alike on SQLite, PostgreSQL and
//! MySQL/MariaDB.
//!
//! Times are UTC without a zone, with microseconds (`DATETIME(6)`, `timestamp`, text on SQLite):
//! the one form that all three engines keep unchanged to the year 9999. Text compares byte by
//! byte on all three.

use sea_orm_migration::prelude::*;

mod columns;
mod m0001_user;
mod m0002_auth_token;
mod m0003_poll;
mod m0004_choice;
mod m0005_vote;
mod m0006_vote_once;

pub use sea_orm_migration::{MigrationStatus, MigratorTrait, SchemaManager};

/// All migrations of a tenant database, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_user::Migration),
            Box::new(m0002_auth_token::Migration),
            Box::new(m0003_poll::Migration),
            Box::new(m0004_choice::Migration),
            Box::new(m0005_vote::Migration),
            Box::new(m0006_vote_once::Migration),
        ]
    }
}

/// The names of all migrations, oldest first.
#[must_use]
pub fn names() -> Vec<String> {
    Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}
