//! `--only`: a process that serves some of the tenants.

use thiserror::Error;

use crate::tenancy::{Catalog, TenantKey};

/// A tenant was named that is not in the file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no tenant {0} in the file")]
pub struct UnknownTenant(pub TenantKey);

/// The catalog with these tenants alone; the others are unknown in it, also by their hosts. No names
/// leave it as it is.
///
/// # Errors
/// [`UnknownTenant`].
pub fn only(mut catalog: Catalog, names: &[TenantKey]) -> Result<Catalog, UnknownTenant> {
    if let Some(unknown) = names.iter().find(|name| !catalog.tenants.contains_key(*name)) {
        return Err(UnknownTenant(unknown.clone()));
    }
    if !names.is_empty() {
        catalog.tenants.retain(|key, _| names.contains(key));
        // Their hosts still name them: to name an unknown tenant is not to name none.
    }
    Ok(catalog)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn catalog() -> Catalog {
        let source = "resolve: [header: A]\ntenants:\n  a: {database: 'sqlite:a', hosts: [a.example]}\n  \
                      b: {database: 'sqlite:b', hosts: [b.example]}\n";
        crate::config::parse(source, Path::new("t.yaml"), &|_| None).unwrap()
    }

    #[test]
    fn the_others_are_unknown() {
        let one = only(catalog(), &["b".parse().unwrap()]).unwrap();
        assert!(one.get("a").is_none() && one.get("b").is_some());
        assert_eq!(one.hosts.len(), 2, "a host of the others names an unknown tenant");
        assert_eq!(only(catalog(), &[]).unwrap().tenants.len(), 2);
        assert!(only(catalog(), &["c".parse().unwrap()]).is_err());
    }
}
