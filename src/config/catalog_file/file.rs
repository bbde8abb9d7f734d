//! The file as a whole.

use std::path::Path;

use super::{
    reading::{Reading, Section},
    resolve,
    tenant::{self, Defaults},
    unique,
};
use crate::{
    config::{CatalogError, ConfigError, Variables, process_variables, yaml},
    tenancy::{Catalog, TenantKey, Tenants},
};

/// The largest `tenants.yaml`, in bytes: enough for some 100,000 tenants.
const MAX_FILE_BYTES: u64 = 32 * 1024 * 1024;

/// Reads the file at `path` with the variables of this process. Relative SQLite paths in it are
/// relative to its folder.
///
/// # Errors
/// The file cannot be read (or is over 32 MiB), or is not a valid catalog.
pub fn load(path: &Path) -> Result<Catalog, CatalogError> {
    parse(&read_source(path)?, path, &process_variables)
}

/// The text of the file at `path`.
///
/// # Errors
/// The file cannot be read, is over 32 MiB, or is not UTF-8.
pub fn read_source(path: &Path) -> Result<String, CatalogError> {
    let read = || {
        let length = std::fs::metadata(path)?.len();
        if length > MAX_FILE_BYTES {
            return Err(std::io::Error::other(format!("it is over {MAX_FILE_BYTES} bytes long")));
        }
        std::fs::read_to_string(path)
    };
    read().map_err(|cause| CatalogError::Unreadable { file: path.display().to_string(), cause })
}

/// Makes a catalog of a text. `path` is what errors call it, and its folder is where relative
/// SQLite paths start; `variables` gives the values of `${NAME}`.
///
/// # Errors
/// All that is wrong in the text, from top to bottom.
pub fn parse(source: &str, path: &Path, variables: Variables<'_>) -> Result<Catalog, CatalogError> {
    let file = path.display().to_string();
    let root = match yaml::read(source) {
        Ok(root) => root,
        Err(yaml::SyntaxError { at, problem }) => {
            return Err(CatalogError::Invalid(vec![ConfigError {
                file: file.into(),
                line: at.line,
                column: at.column,
                field: "syntax".to_owned(),
                problem,
            }]));
        }
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut reading = Reading::new(&file, folder, variables);
    let catalog = catalog(&root, &mut reading);
    reading.finish(catalog)
}

fn catalog(root: &yaml::Node, reading: &mut Reading<'_>) -> Option<Catalog> {
    let known = ["resolve", "trust_proxy", "defaults", "tenants"];
    let top = Section::open(root, "", &known, reading)?;
    let strategies = resolve::strategies(&top, reading);
    let trust_proxy = top
        .get("trust_proxy")
        .and_then(|field| reading.word(&field, &[("true", true), ("false", false)]))
        .unwrap_or(false);
    let defaults = Defaults::read(top.get("defaults"), reading);
    let Some(field) = top.get("tenants") else {
        reading.add(top.at, "tenants", "is missing; add `tenants:`, even with nothing in it");
        return None;
    };

    let mut tenants = Vec::new();
    for (key, field) in Section::open_any(&field, reading)? {
        let Ok(valid) = key.text.parse::<TenantKey>() else {
            let problem = format!("is no tenant key: {}", crate::tenancy::InvalidKey);
            reading.add(key.at, &field.path, problem);
            continue;
        };
        tenants.extend(tenant::read(&valid, key.at, &field, &defaults, reading));
    }
    unique::check(&tenants, &strategies, reading);

    let hosts = tenants.iter().flat_map(|read| {
        read.hosts.iter().map(|(_, host)| (host.clone(), read.tenant.key.clone()))
    });
    let hosts = hosts.collect();
    let by_key = tenants.iter().map(|read| (read.tenant.key.clone(), read.tenant.clone()));
    let mut tenants: Tenants = by_key.collect();
    tenants.sort_unstable_keys();
    Some(Catalog { hosts, strategies, trust_proxy, tenants })
}
