//! `polls migrate`

use clap::{Args, Subcommand, value_parser};
use serde_json::json;

use super::{
    Ended, Invocation, output, progress,
    select::{Named, TenantArgs, usage},
};
use crate::{
    fleet::migrate::{self, Direction, Outcome, Status},
    tenancy::TenantKey,
};

const EXAMPLES: &str = "\
Examples:
  polls migrate up                            all tenants
  polls migrate up --tenant thor,potter
  polls migrate status --json
  polls migrate down --tenant thor            the newest migration
  polls migrate down --all --yes --steps 99   everything, everywhere

A failure at one tenant does not stop the others; the exit code is 0 only when all succeeded.
Two runs at once are safe.";

/// Migrate tenant databases up or down, or tell how they stand
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Migrate {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Apply all pending migrations, at all tenants or those named
    ///
    /// A missing SQLite file is made; a missing database on a server is not, make it there first.
    Up(Common),
    /// Revert migrations, the newest first. Their data is gone then
    Down(Down),
    /// Tell which migrations each tenant has; changes nothing
    Status(Common),
}

#[derive(Debug, Args)]
struct Common {
    #[command(flatten)]
    tenant: TenantArgs,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Down {
    #[command(flatten)]
    common: Common,

    /// At all tenants; wants --yes
    #[arg(long)]
    all: bool,

    /// Yes, at all of them
    #[arg(long)]
    yes: bool,

    /// How many migrations to revert
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = value_parser!(u32).range(1..))]
    steps: u32,
}

impl Migrate {
    pub async fn run(&self, invocation: &Invocation) -> anyhow::Result<Ended> {
        match &self.what {
            What::Up(common) => run(invocation, common, Direction::Up).await,
            What::Down(down) => {
                let named = Named::new(&invocation.tenant, &down.common.tenant);
                match (named.is_empty(), down.all, down.yes) {
                    (true, true, true) | (false, false, _) => {}
                    (false, true, _) => return Err(usage("give either --tenant or --all")),
                    (true, ..) => {
                        return Err(usage("reverting loses data; name --tenant, or --all --yes"));
                    }
                }
                run(invocation, &down.common, Direction::Down { steps: down.steps }).await
            }
            What::Status(common) => status(invocation, common).await,
        }
    }
}

async fn run(
    invocation: &Invocation,
    common: &Common,
    direction: Direction,
) -> anyhow::Result<Ended> {
    let catalog = invocation.catalog()?;
    let tenants = Named::new(&invocation.tenant, &common.tenant).some_or_all(&catalog)?;
    let bar = progress::bar(tenants.len().try_into()?, "tenants");
    let outcomes = migrate::run(&tenants, direction, &|steps| bar.inc(steps)).await;
    bar.finish_and_clear();
    let failed = outcomes.iter().filter(|outcome| outcome.result.is_err()).count();
    let succeeded = outcomes.len() - failed;
    if common.json {
        let tenants: Vec<_> = outcomes.iter().map(outcome_json).collect();
        output::print_json(
            &json!({ "tenants": tenants, "succeeded": succeeded, "failed": failed }),
        )?;
    } else {
        for outcome in &outcomes {
            output::print(&outcome_line(outcome))?;
        }
        output::note(&format!("{succeeded} succeeded, {failed} failed"));
    }
    Ok(Ended::from_failures(failed))
}

fn outcome_json(outcome: &Outcome) -> serde_json::Value {
    let tenant = outcome.tenant.as_str();
    match &outcome.result {
        Ok(changed) => json!({
            "tenant": tenant, "ok": true, "applied": changed.applied, "reverted": changed.reverted,
        }),
        Err(error) => json!({ "tenant": tenant, "ok": false, "error": error.to_string() }),
    }
}

fn outcome_line(outcome: &Outcome) -> String {
    let tenant = &outcome.tenant;
    match &outcome.result {
        Ok(changed) if !changed.applied.is_empty() => {
            format!("{tenant}: applied {}", changed.applied.join(", "))
        }
        Ok(changed) if !changed.reverted.is_empty() => {
            format!("{tenant}: reverted {}", changed.reverted.join(", "))
        }
        Ok(_) => format!("{tenant}: nothing to do"),
        Err(error) => format!("{tenant}: failed: {error}"),
    }
}

async fn status(invocation: &Invocation, common: &Common) -> anyhow::Result<Ended> {
    let catalog = invocation.catalog()?;
    let tenants = Named::new(&invocation.tenant, &common.tenant).some_or_all(&catalog)?;
    let bar = progress::bar(tenants.len().try_into()?, "tenants");
    let found = migrate::status(&tenants, &|steps| bar.inc(steps)).await;
    bar.finish_and_clear();
    let failed = found.iter().filter(|(_, status)| status.is_err()).count();
    if common.json {
        let tenants: Vec<_> = found.iter().map(status_json).collect();
        let succeeded = found.len() - failed;
        output::print_json(
            &json!({ "tenants": tenants, "succeeded": succeeded, "failed": failed }),
        )?;
    } else {
        for found in &found {
            output::print(&status_line(found))?;
        }
        let behind = found.iter().filter(|(_, s)| s.as_ref().is_ok_and(|s| !s.pending.is_empty()));
        output::note(&format!("{} behind, {failed} failed", behind.count()));
    }
    Ok(Ended::from_failures(failed))
}

type Found = (TenantKey, Result<Status, migrate::MigrateError>);

fn status_json((tenant, status): &Found) -> serde_json::Value {
    match status {
        Ok(status) => json!({
            "tenant": tenant.as_str(), "ok": true, "applied": status.applied,
            "pending": status.pending, "unknown": status.unknown,
        }),
        Err(error) => {
            json!({ "tenant": tenant.as_str(), "ok": false, "error": error.to_string() })
        }
    }
}

fn status_line((tenant, status): &Found) -> String {
    match status {
        Ok(status) if !status.unknown.is_empty() => {
            let unknown = status.unknown.join(", ");
            format!("{tenant}: newer than this program: {unknown}")
        }
        Ok(status) if status.pending.is_empty() => {
            format!("{tenant}: up to date, {} applied", status.applied.len())
        }
        Ok(status) => format!("{tenant}: pending {}", status.pending.join(", ")),
        Err(error) => format!("{tenant}: failed: {error}"),
    }
}
