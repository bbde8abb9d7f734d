//! Which tenants a command is for. There is no default one.

use std::sync::Arc;

use clap::Args;
use thiserror::Error;

use crate::tenancy::{Catalog, Tenant, TenantKey};

/// The command line asks for what cannot be: exit code 2.
#[derive(Debug, Error)]
#[error("{0}")]
pub(super) struct UsageError(pub String);

/// `--tenant`, before or behind a command.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct TenantArgs {
    /// For this tenant; may be given before the command, too
    #[arg(long, value_name = "KEY", value_delimiter = ',')]
    pub tenant: Vec<TenantKey>,
}

/// The tenants that were named, each once.
#[derive(Debug)]
pub(super) struct Named(Vec<TenantKey>);

impl Named {
    pub fn new(before: &TenantArgs, behind: &TenantArgs) -> Self {
        let mut named = Vec::new();
        for key in before.tenant.iter().chain(&behind.tenant) {
            if !named.contains(key) {
                named.push(key.clone());
            }
        }
        Self(named)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one tenant of a command that is for one.
    pub fn one(&self, catalog: &Catalog) -> anyhow::Result<Arc<Tenant>> {
        match self.0.as_slice() {
            [] => Err(usage("this command is for one tenant; name it with --tenant KEY")),
            [key] => find(catalog, key),
            _ => Err(usage("this command is for one tenant, and more than one was named")),
        }
    }

    /// The tenants of a fleet command: those named, or all.
    pub fn some_or_all(&self, catalog: &Catalog) -> anyhow::Result<Vec<Arc<Tenant>>> {
        if self.is_empty() {
            return Ok(catalog.tenants.values().cloned().collect());
        }
        self.0.iter().map(|key| find(catalog, key)).collect()
    }

    /// For a command that is for no tenant in particular.
    pub fn none(&self, instead: &str) -> anyhow::Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        Err(usage(&format!("this command takes no --tenant; {instead}")))
    }
}

pub(super) fn usage(text: &str) -> anyhow::Error {
    UsageError(text.to_owned()).into()
}

pub(super) fn find(catalog: &Catalog, key: &TenantKey) -> anyhow::Result<Arc<Tenant>> {
    match catalog.get(key.as_str()) {
        Some(tenant) => Ok(Arc::clone(tenant)),
        None => Err(usage(&format!("there is no tenant {key}; `polls tenant list` lists them"))),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn named(before: &[&str], behind: &[&str]) -> Named {
        let args = |keys: &[&str]| TenantArgs {
            tenant: keys.iter().map(|key| key.parse().unwrap()).collect(),
        };
        Named::new(&args(before), &args(behind))
    }

    #[test]
    fn one_tenant_is_one_wherever_it_stands() {
        let source = "resolve: [header: A]\ndefaults: {database: 'sqlite:{tenant}.db'}\n\
                      tenants: {thor: , potter: }\n";
        let catalog = crate::config::parse(source, Path::new("t.yaml"), &|_| None).unwrap();
        for good in [named(&["thor"], &[]), named(&[], &["thor"]), named(&["thor"], &["thor"])] {
            assert_eq!(good.one(&catalog).unwrap().key.as_str(), "thor");
        }
        for bad in [named(&[], &[]), named(&["thor"], &["potter"]), named(&["loki"], &[])] {
            let error = bad.one(&catalog).unwrap_err();
            assert!(error.is::<UsageError>());
            assert!(!error.to_string().contains("potter"), "{error}");
        }
        assert_eq!(named(&[], &[]).some_or_all(&catalog).unwrap().len(), 2);
        assert_eq!(named(&["thor"], &["thor"]).some_or_all(&catalog).unwrap().len(), 1);
        assert!(named(&["thor"], &["loki"]).some_or_all(&catalog).is_err());
    }
}
