//! `polls serve --demo`: makes what is missing, and says what to open.

use std::{fmt::Write as _, net::SocketAddr};

use crate::{
    cli::output,
    fleet::demo,
    service::account::Accounts,
    tenancy::{Catalog, State, Strategy},
};

/// Makes what is missing, tenant by tenant. One that fails is reported; the others are served.
pub(super) async fn ensure(catalog: &Catalog, accounts: &Accounts) {
    for tenant in catalog.tenants.values() {
        if let Err(error) = demo::ensure(tenant, accounts).await {
            tracing::error!(tenant = %tenant.key, %error, "no demo for this tenant");
        }
    }
}

/// Says what to open.
pub(super) fn announce(catalog: &Catalog, address: SocketAddr) -> anyhow::Result<()> {
    output::print(&announcement(catalog, address))
}

fn announcement(catalog: &Catalog, address: SocketAddr) -> String {
    let port = address.port();
    let suffix = host_suffix(catalog);
    let header = catalog.strategies.iter().find_map(|strategy| match strategy {
        Strategy::Header(name) => Some(name.as_str()),
        Strategy::HostSuffix(_) => None,
    });
    let mut text = String::from("\nOpen in a browser:\n");
    for tenant in catalog.tenants.values().filter(|tenant| tenant.state == State::Active) {
        // Writing to a String cannot fail.
        let _ = match suffix {
            Some(suffix) => {
                let address = format!("http://{}{suffix}:{port}/", tenant.key);
                writeln!(text, "  {address:<32} and {address}graphql for GraphiQL")
            }
            None => writeln!(text, "  {}", tenant.key),
        };
    }
    if let Some(key) = catalog.tenants.keys().next() {
        let header = match (header, suffix) {
            (Some(header), _) => format!("{header}: {key}"),
            (None, suffix) => format!("Host: {key}{}", suffix.unwrap_or_default()),
        };
        let query =
            r#"{"query":"{ tenant { name } polls(first: 3) { nodes { question totalVotes } } }"}"#;
        let _ = writeln!(
            text,
            "Or ask:\n  curl http://127.0.0.1:{port}/graphql -H 'content-type: application/json' \
             -H '{header}' \\\n    -d '{query}'"
        );
    }
    let people: Vec<String> = (1..=demo::USERS).map(|number| format!("demo{number}")).collect();
    let _ = write!(text, "Sign in as {} with the password {}", people.join(", "), demo::PASSWORD);
    text
}

/// The suffix that browsers resolve to this machine by themselves, else any.
fn host_suffix(catalog: &Catalog) -> Option<&str> {
    let suffixes = || {
        catalog.strategies.iter().filter_map(|strategy| match strategy {
            Strategy::HostSuffix(suffix) => Some(suffix.as_str()),
            Strategy::Header(_) => None,
        })
    };
    suffixes().find(|suffix| *suffix == ".localhost").or_else(|| suffixes().next())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn it_says_what_to_open() {
        let source = include_str!("../../../tenants.yaml");
        let catalog = crate::config::parse(source, Path::new("t.yaml"), &|_| None).unwrap();
        let text = announcement(&catalog, "127.0.0.1:8123".parse().unwrap());
        assert!(text.contains("http://thor.localhost:8123/graphql for GraphiQL\n"), "{text}");
        assert!(text.contains("  http://potter.localhost:8123/ "), "{text}");
        assert!(text.contains("-H 'x-tenant: potter'"), "{text}");
        assert!(text.contains("demo1, demo2, demo3 with the password demo-password"), "{text}");
    }
}
