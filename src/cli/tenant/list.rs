//! `polls tenant list`

use clap::Args;
use serde_json::json;

use crate::{
    cli::{
        Ended, Invocation, output,
        select::{Named, TenantArgs},
    },
    tenancy::Tenant,
};

/// List the tenants of tenants.yaml; passwords are not shown
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  polls tenant list\n  polls tenant list --json")]
pub(super) struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl List {
    pub fn run(&self, invocation: &Invocation) -> anyhow::Result<Ended> {
        let catalog = invocation.catalog()?;
        let named = Named::new(&invocation.tenant, &TenantArgs::default());
        let tenants = named.some_or_all(&catalog)?;
        if self.json {
            let tenants: Vec<_> = tenants.iter().map(|tenant| as_json(tenant)).collect();
            output::print_json(&json!({ "tenants": tenants }))?;
            return Ok(Ended::Done);
        }
        let width = tenants.iter().map(|tenant| tenant.key.as_str().len()).max().unwrap_or(0);
        for tenant in &tenants {
            let (key, state) = (tenant.key.as_str(), tenant.state.as_str());
            let Tenant { name, database, .. } = &**tenant;
            output::print(&format!("{key:width$}  {state:<11}  {}  {name}", database.write))?;
        }
        Ok(Ended::Done)
    }
}

fn as_json(tenant: &Tenant) -> serde_json::Value {
    let replicas: Vec<String> = tenant.database.read.iter().map(ToString::to_string).collect();
    json!({
        "key": tenant.key.as_str(), "name": tenant.name, "state": tenant.state.as_str(),
        "reason": tenant.reason, "hosts": tenant.hosts,
        "engine": tenant.database.write.engine().as_str(),
        "database": tenant.database.write.to_string(), "replicas": replicas,
    })
}
