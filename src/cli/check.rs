//! `polls check`

use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::{
    Ended, Invocation, output, progress,
    select::{Named, TenantArgs},
};
use crate::{
    fleet::check::{self, Finding},
    tenancy::Tenant,
};

const EXAMPLES: &str = "\
Examples:
  polls check                       the file, and every tenant's database
  polls check --tenant thor --recount
  polls check --json";

/// Check tenants.yaml and each tenant's database: reachable, migrated
///
/// For all tenants, or those named. With --recount also whether every tally is the number of its
/// votes; those that are not are repaired, and the exit code is 1.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Check {
    #[command(flatten)]
    tenant: TenantArgs,

    #[command(flatten)]
    options: CheckOptions,
}

#[derive(Debug, Clone, Copy, Args)]
pub(super) struct CheckOptions {
    /// Count all votes again and repair tallies that are wrong
    #[arg(long)]
    recount: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    pub async fn run(&self, invocation: &Invocation) -> anyhow::Result<Ended> {
        let catalog = invocation.catalog()?;
        let tenants = Named::new(&invocation.tenant, &self.tenant).some_or_all(&catalog)?;
        run(&tenants, self.options).await
    }
}

pub(super) async fn run(tenants: &[Arc<Tenant>], options: CheckOptions) -> anyhow::Result<Ended> {
    let bar = progress::bar(tenants.len().try_into()?, "tenants");
    let found = check::run(tenants, options.recount, &|steps| bar.inc(steps)).await;
    bar.finish_and_clear();
    let failed = found.iter().filter(|finding| !finding.problems.is_empty()).count();
    if options.json {
        let tenants: Vec<_> = found.iter().map(as_json).collect();
        output::print_json(&json!({
            "tenants": tenants, "succeeded": found.len() - failed, "failed": failed,
        }))?;
    } else {
        for finding in &found {
            output::print(&as_line(finding))?;
        }
        output::note(&format!("{} well, {failed} not", found.len() - failed));
    }
    Ok(Ended::from_failures(failed))
}

fn as_json(finding: &Finding) -> serde_json::Value {
    let problems: Vec<String> = finding.problems.iter().map(ToString::to_string).collect();
    let recount = finding
        .recount
        .map(|recount| json!({ "choices": recount.choices, "repaired": recount.repaired }));
    json!({
        "tenant": finding.tenant.as_str(), "ok": problems.is_empty(), "problems": problems,
        "recount": recount,
    })
}

fn as_line(finding: &Finding) -> String {
    if !finding.problems.is_empty() {
        let problems: Vec<String> = finding.problems.iter().map(ToString::to_string).collect();
        return format!("{}: {}", finding.tenant, problems.join("; "));
    }
    match finding.recount {
        Some(recount) => {
            format!("{}: ok, all {} tallies are right", finding.tenant, recount.choices)
        }
        None => format!("{}: ok", finding.tenant),
    }
}
