//! Rules between tenants: no host and no database belongs to two.

use std::collections::HashMap;

use super::{database::Target, reading::Reading, tenant::ReadTenant};
use crate::tenancy::{DatabaseUrl, Strategy};

pub(super) fn check(tenants: &[ReadTenant], strategies: &[Strategy], reading: &mut Reading<'_>) {
    hosts(tenants, strategies, reading);
    databases(tenants, reading);
}

fn hosts(tenants: &[ReadTenant], strategies: &[Strategy], reading: &mut Reading<'_>) {
    let mut owners: HashMap<&str, &ReadTenant> = HashMap::new();
    for read in tenants {
        for (index, (at, host)) in read.hosts.iter().enumerate() {
            let field = format!("{}.hosts[{index}]", read.path);
            if let Some(other) = owners.insert(host, read) {
                let other = &other.tenant.key;
                let problem = format!("is tenant {other}'s already; a host names one tenant, once");
                reading.add(*at, &field, problem);
            }
            if let Some((label, suffix)) = pattern_label(host, strategies)
                && label != read.tenant.key.as_str()
            {
                let problem = format!(
                    "means tenant {label} by the pattern {{tenant}}{suffix}; take another host"
                );
                reading.add(*at, &field, problem);
            }
        }
    }
}

/// The label and the suffix, when a host pattern matches this host.
fn pattern_label<'h>(host: &'h str, strategies: &'h [Strategy]) -> Option<(&'h str, &'h str)> {
    strategies.iter().find_map(|strategy| match strategy {
        Strategy::HostSuffix(suffix) => {
            let label = host.strip_suffix(suffix.as_str())?;
            let single = !label.is_empty() && !label.contains('.');
            single.then_some((label, suffix.as_str()))
        }
        Strategy::Header(_) => None,
    })
}

fn databases(tenants: &[ReadTenant], reading: &mut Reading<'_>) {
    let mut owners: HashMap<Target, usize> = HashMap::new();
    for (index, read) in tenants.iter().enumerate() {
        let spec = &read.tenant.database;
        let urls: Vec<&DatabaseUrl> = std::iter::once(&spec.write).chain(&spec.read).collect();
        for url in urls {
            let owner = *owners.entry(Target::of(url)).or_insert(index);
            if owner != index {
                let other = &tenants[owner].tenant.key;
                let problem = format!(
                    "is tenant {other}'s database too; give each tenant one of its own, e.g. with \
                     {{tenant}} in the URL"
                );
                reading.add(read.database_at, &format!("{}.database", read.path), problem);
            }
        }
    }
}
