//! Making a new tenant's database: made and migrated, or not there at all.

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseExecutor, DbErr, Statement};
use thiserror::Error;

use super::migrate::{self, Direction, MigrateError};
use crate::tenancy::{
    AccessError, DatabaseUrl, Engine, Maintenance, Provision, ProvisionError, Tenant,
};

/// Why a tenant has no database now. What was made on the way is removed again.
#[derive(Debug, Error)]
pub enum CreateError {
    /// There is one with something in it, and it is left alone.
    #[error("the database {0} is there already and is not empty")]
    NotEmpty(DatabaseUrl),
    /// What is there is no database that can be read.
    #[error("{0} is there already and cannot be read as a database: {1}")]
    Unreadable(DatabaseUrl, AccessError),
    /// It cannot be made.
    #[error("the database was not made: {0}")]
    Provision(#[from] ProvisionError),
    /// It cannot be migrated.
    #[error("the database was not migrated: {0}")]
    Migrate(#[from] MigrateError),
    /// It cannot be looked at.
    #[error("{0}")]
    Database(#[from] DbErr),
}

/// A database that was made and migrated, and how to be rid of it again.
#[derive(Debug)]
pub struct Created {
    /// Nothing, when it was there and empty.
    provision: Option<Provision>,
    url: DatabaseUrl,
}

impl Created {
    /// Leaves the disk or the server as they were before.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub async fn undo(self) -> Result<(), CreateError> {
        match self.provision {
            Some(made) => Ok(made.undo().await?),
            None => empty_again(&self.url).await,
        }
    }
}

/// Makes and migrates a tenant's database. One that is there and empty is taken.
///
/// # Errors
/// [`CreateError`]; everything is as before then.
pub async fn create(tenant: &Tenant) -> Result<Created, CreateError> {
    let url = tenant.database.write.clone();
    let provision = if Provision::exists(&url).await? {
        require_empty(&url).await?;
        None
    } else {
        Some(Provision::create(&url).await?)
    };
    let created = Created { provision, url };
    if let Err(error) = migrate::run_one(tenant, Direction::Up).await {
        if let Err(left) = created.undo().await {
            tracing::warn!(tenant = %tenant.key, error = %left, "a half-made database is left");
        }
        return Err(error.into());
    }
    Ok(created)
}

/// Makes or migrates what is missing, and leaves what is there.
///
/// # Errors
/// [`CreateError`].
pub async fn ensure(tenant: &Tenant) -> Result<(), CreateError> {
    if Provision::exists(&tenant.database.write).await? {
        migrate::run_one(tenant, Direction::Up).await?;
    } else {
        create(tenant).await?;
    }
    Ok(())
}

async fn require_empty(url: &DatabaseUrl) -> Result<(), CreateError> {
    let unreadable = |error| CreateError::Unreadable(url.clone(), error);
    let database = Maintenance::open(url, false).await.map_err(unreadable)?;
    let tables = count_tables(url.engine(), &database.executor()).await?;
    database.finish().await?;
    if tables == 0 { Ok(()) } else { Err(CreateError::NotEmpty(url.clone())) }
}

async fn count_tables(engine: Engine, database: &DatabaseExecutor<'_>) -> Result<i64, DbErr> {
    let query = match engine {
        Engine::Sqlite => "SELECT COUNT(*) FROM sqlite_master",
        Engine::Postgres => {
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema()"
        }
        Engine::MySql => {
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"
        }
    };
    let query = Statement::from_string(database.get_database_backend(), query);
    let row = database.query_one_raw(query).await?;
    row.map_or(Ok(0), |row| row.try_get_by_index(0))
}

/// Reverts all migrations, and forgets that there were any.
async fn empty_again(url: &DatabaseUrl) -> Result<(), CreateError> {
    let mut database = Maintenance::open(url, false).await.map_err(MigrateError::from)?;
    database.lock().await?;
    Migrator::down(database.executor(), None).await?;
    Migrator::uninstall(database.executor()).await?;
    database.finish().await?;
    Ok(())
}
