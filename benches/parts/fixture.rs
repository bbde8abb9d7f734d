//! A catalog of a thousand tenants, one of which has a database with polls in it.

use std::sync::Arc;

use anyhow::{Context, ensure};
use polls::{
    config,
    fleet::{
        MigrationsApplied,
        migrate::{self, Direction},
        seed::{self, Plan},
    },
    tenancy::{Catalog, Limits, Registry, Scope, Tenant},
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// How many tenants the catalog has: what is linear in them would show.
pub const TENANTS: usize = 1_000;
/// The one with a database.
pub const KEY: &str = "t0500";

/// What all benches use.
pub struct Fixture {
    pub runtime: Runtime,
    pub catalog: Arc<Catalog>,
    pub registry: Registry,
    pub tenant: Arc<Tenant>,
    _folder: TempDir,
}

impl Fixture {
    /// Makes the database: 100 users, 50 polls, 4 choices and 40 votes a poll.
    pub fn new() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let source = yaml();
        let path = folder.path().join("tenants.yaml");
        let catalog = Arc::new(config::parse(&source, &path, &|_| None)?);
        let tenant = Arc::clone(catalog.get(KEY).context("the tenant is in the catalog")?);
        let registry =
            Registry::new(Arc::clone(&catalog), Limits::default(), Box::new(MigrationsApplied));
        let fixture = Self { runtime, catalog, registry, tenant, _folder: folder };
        fixture.runtime.block_on(fixture.fill())?;
        Ok(fixture)
    }

    async fn fill(&self) -> anyhow::Result<()> {
        let done = migrate::run(&[Arc::clone(&self.tenant)], Direction::Up, &|_| {}).await;
        ensure!(done.iter().all(|outcome| outcome.result.is_ok()), "migrating failed: {done:?}");
        let plan = Plan { users: 100, polls: 50, choices: 4, votes: 40, tokens: false };
        let seeded = self.scope().await?.run(seed::run(&plan, &|_| {}, |_| Ok(()))).await;
        ensure!(seeded.is_ok(), "seeding failed");
        Ok(())
    }

    /// A scope of the tenant, as each request gets one.
    pub async fn scope(&self) -> anyhow::Result<Scope> {
        let lease = self.registry.lease(&self.registry.view(), &self.tenant).await?;
        Ok(Scope::new(Arc::clone(&self.tenant), lease))
    }
}

fn yaml() -> String {
    let mut source = String::from(
        "resolve:\n  - header: X-Tenant\n  - host: \"{tenant}.polls.local\"\n\
         defaults:\n  database: \"sqlite://{tenant}.db\"\ntenants:\n",
    );
    for number in 0..TENANTS {
        source.push_str(&format!("  t{number:04}:\n    name: Tenant {number}\n"));
    }
    source
}
