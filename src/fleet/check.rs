//! Is every tenant's database reachable, migrated, and right in its tallies?

use std::sync::Arc;

use thiserror::Error;

use super::{
    each::{Progress, each},
    recount::{self, Recount},
    schema::Versions,
};
use crate::tenancy::{AccessError, DatabaseUrl, Maintenance, Tenant, TenantKey};

/// What was found at one tenant.
#[derive(Debug)]
pub struct Finding {
    /// Whose.
    pub tenant: TenantKey,
    /// All that is wrong; nothing when all is well.
    pub problems: Vec<Problem>,
    /// What recounting the votes showed, where that was asked for and possible.
    pub recount: Option<Recount>,
}

/// One thing that is wrong.
#[derive(Debug, Error)]
pub enum Problem {
    /// A database cannot be opened.
    #[error("{0}: {1}")]
    Unreachable(DatabaseUrl, AccessError),
    /// A database refused to be looked at.
    #[error("{0}: {1}")]
    Unreadable(DatabaseUrl, sea_orm::DbErr),
    /// Migrations are missing.
    #[error("{0}: {1} pending migrations; run `polls migrate up`")]
    Pending(DatabaseUrl, usize),
    /// The votes could not be recounted.
    #[error("the votes were not recounted: {0}")]
    Recount(sea_orm::DbErr),
    /// Tallies were wrong; they are right now.
    #[error("{0} tallies were wrong and have been repaired")]
    Repaired(usize),
}

/// Checks all of these tenants, some at a time; with `recount` also whether every tally is the
/// number of its votes, and mends those that are not.
pub async fn run(tenants: &[Arc<Tenant>], recount: bool, progress: Progress<'_>) -> Vec<Finding> {
    each(tenants, progress, |tenant| async move { check_one(&tenant, recount).await }).await
}

async fn check_one(tenant: &Tenant, recount: bool) -> Finding {
    let spec = &tenant.database;
    let mut problems = Vec::new();
    for url in std::iter::once(&spec.write).chain(&spec.read) {
        problems.extend(check_database(url).await.err());
    }
    let mut found = Finding { tenant: tenant.key.clone(), problems, recount: None };
    if recount && found.problems.is_empty() {
        match recount::run(&spec.write).await {
            Ok(recount) => {
                if recount.repaired > 0 {
                    found.problems.push(Problem::Repaired(recount.repaired));
                }
                found.recount = Some(recount);
            }
            Err(error) => found.problems.push(Problem::Recount(error)),
        }
    }
    found
}

async fn check_database(url: &DatabaseUrl) -> Result<(), Problem> {
    let unreachable = |error| Problem::Unreachable(url.clone(), error);
    let unreadable = |error| Problem::Unreadable(url.clone(), error);
    let database = Maintenance::open(url, false).await.map_err(unreachable)?;
    let versions = Versions::of(database.executor()).await.map_err(unreadable)?;
    database.finish().await.map_err(unreadable)?;
    match versions.pending.len() {
        0 => Ok(()),
        pending => Err(Problem::Pending(url.clone(), pending)),
    }
}
