//! What can be done to tenants.

use clap::{Args, Subcommand};

use super::{create, list};
use crate::{
    cli::{
        Ended, Invocation, check,
        select::{Named, TenantArgs, find},
    },
    tenancy::TenantKey,
};

/// List, create or check tenants
#[derive(Debug, Args)]
pub(in crate::cli) struct TenantCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    List(list::List),
    Create(create::Create),
    Check(Check),
}

/// Check tenants' databases: reachable, migrated
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  polls tenant check thor --recount")]
struct Check {
    /// Which; all when none is named
    #[arg(value_name = "KEY")]
    keys: Vec<TenantKey>,

    #[command(flatten)]
    options: check::CheckOptions,
}

impl TenantCommand {
    pub async fn run(&self, invocation: &Invocation) -> anyhow::Result<Ended> {
        match &self.what {
            What::List(list) => list.run(invocation),
            What::Create(create) => create.run(invocation).await,
            What::Check(check) => {
                let catalog = invocation.catalog()?;
                for key in &check.keys {
                    find(&catalog, key)?;
                }
                let behind = TenantArgs { tenant: check.keys.clone() };
                let named = Named::new(&invocation.tenant, &behind);
                check::run(&named.some_or_all(&catalog)?, check.options).await
            }
        }
    }
}
