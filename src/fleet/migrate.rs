//! Migrating tenant databases up and down, one lock a database.

use std::sync::Arc;

use migration::{Migrator, MigratorTrait};
use sea_orm::DbErr;

use super::{
    each::{Progress, each},
    schema::Versions,
};
use crate::tenancy::{AccessError, Maintenance, Tenant, TenantKey, TenantRouter};

/// What to do to each database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Apply all that is pending. A missing SQLite file is made.
    Up,
    /// Revert the newest, so many.
    Down {
        /// At least one; more than there are is all.
        steps: u32,
    },
}

/// How it went for one tenant.
#[derive(Debug)]
pub struct Outcome {
    /// Whose database.
    pub tenant: TenantKey,
    /// What was done. A failure says what stands in the way; it may have a database's own words.
    pub result: Result<Changed, MigrateError>,
}

/// What a run changed in one database.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Migrations that were applied, in the order done.
    pub applied: Vec<String>,
    /// Migrations that were reverted, in the order done.
    pub reverted: Vec<String>,
}

/// How a database stands.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// What it has, oldest first.
    pub applied: Vec<String>,
    /// What it lacks, oldest first.
    pub pending: Vec<String>,
    /// What it has that this program does not know: a newer one made it.
    pub unknown: Vec<String>,
}

/// Why a database was not migrated, or not to the end.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// It cannot be opened.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// It refused.
    #[error("{0}")]
    Database(#[from] DbErr),
    /// The router says no.
    #[error("the migration {0} is not for this tenant")]
    NotAllowed(String),
}

/// Migrates all of these tenants, some at a time, and goes on after failures. The outcomes come in
/// the order of the tenants.
pub async fn run(
    tenants: &[Arc<Tenant>],
    direction: Direction,
    progress: Progress<'_>,
) -> Vec<Outcome> {
    each(tenants, progress, |tenant| async move {
        let result = run_one(&tenant, direction).await;
        Outcome { tenant: tenant.key.clone(), result }
    })
    .await
}

/// How all of these tenants stand, in their order.
pub async fn status(
    tenants: &[Arc<Tenant>],
    progress: Progress<'_>,
) -> Vec<(TenantKey, Result<Status, MigrateError>)> {
    each(tenants, progress, |tenant| async move { (tenant.key.clone(), status_one(&tenant).await) })
        .await
}

/// Migrates one tenant's database while nobody else does.
///
/// # Errors
/// [`MigrateError`]; on SQLite nothing was changed then, elsewhere what came before the failure is
/// done.
pub async fn run_one(tenant: &Tenant, direction: Direction) -> Result<Changed, MigrateError> {
    let create = direction == Direction::Up;
    let mut database = Maintenance::open(&tenant.database.write, create).await?;
    if create && has_nothing_to_do(&database).await? {
        database.finish().await?;
        return Ok(Changed::default());
    }
    database.lock().await?;
    match work(&database, tenant, direction).await {
        Ok(changed) => {
            database.finish().await?;
            Ok(changed)
        }
        Err(error) => {
            // The first error is the one to tell.
            if let Err(also) = database.abandon().await {
                tracing::debug!(tenant = %tenant.key, error = %also, "a failed migration's end");
            }
            Err(error)
        }
    }
}

/// A fleet with nothing to do is done fast: without locks.
async fn has_nothing_to_do(database: &Maintenance) -> Result<bool, DbErr> {
    let versions = Versions::of(database.executor()).await?;
    Ok(versions.pending.is_empty() && versions.unknown.is_empty())
}

async fn work(
    database: &Maintenance,
    tenant: &Tenant,
    direction: Direction,
) -> Result<Changed, MigrateError> {
    let versions = Versions::of(database.executor()).await?;
    let names: Vec<String> = match direction {
        Direction::Up => versions.pending,
        Direction::Down { steps } => {
            let steps = usize::try_from(steps).unwrap_or(usize::MAX);
            versions.applied.into_iter().rev().take(steps).collect()
        }
    };
    if let Some(name) = names.iter().find(|name| !TenantRouter::allow_migrate(&tenant.key, name)) {
        return Err(MigrateError::NotAllowed(name.clone()));
    }
    let steps = u32::try_from(names.len()).unwrap_or(u32::MAX);
    if direction == Direction::Up {
        Migrator::up(database.executor(), None).await?;
        return Ok(Changed { applied: names, ..Changed::default() });
    }
    if steps > 0 {
        Migrator::down(database.executor(), Some(steps)).await?;
    }
    Ok(Changed { reverted: names, ..Changed::default() })
}

async fn status_one(tenant: &Tenant) -> Result<Status, MigrateError> {
    let database = Maintenance::open(&tenant.database.write, false).await?;
    let Versions { applied, pending, unknown } = Versions::of(database.executor()).await?;
    database.finish().await?;
    Ok(Status { applied, pending, unknown })
}
