//! Picks up changes of `tenants.yaml` while serving. A bad one is reported, and the last good
//! catalog stays.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{
    config,
    tenancy::{Catalog, Registry, TenantKey, spawn_blocking_untenanted, spawn_untenanted},
};

/// How often the file is looked at.
const INTERVAL: Duration = Duration::from_millis(500);

/// What tells one state of the file from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen(Option<(SystemTime, u64, u64)>);

impl Seen {
    /// The state now; a file that is not there is a state, too.
    pub fn now(path: &Path) -> Self {
        let look = || {
            let found = fs::metadata(path).ok()?;
            Some((found.modified().ok()?, found.len(), inode(&found)))
        };
        Self(look())
    }
}

#[cfg(unix)]
fn inode(found: &fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    found.ino()
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> u64 {
    0
}

/// Looks at the file for as long as the process lives. `seen` is its state from before the catalog
/// was read, so that no change is missed.
pub(super) fn watch(path: PathBuf, only: Vec<TenantKey>, mut seen: Seen, registry: Registry) {
    spawn_untenanted(async move {
        let mut ticks = tokio::time::interval(INTERVAL);
        loop {
            ticks.tick().await;
            let (path, only, last) = (path.clone(), only.clone(), seen.clone());
            let looked = spawn_blocking_untenanted(move || look(&path, &only, &last)).await;
            let Ok(Some((now, catalog))) = looked else { continue };
            seen = now;
            match catalog {
                Ok(catalog) => {
                    let tenants = catalog.tenants.len();
                    registry.replace_catalog(Arc::new(catalog));
                    tracing::info!(tenants, "the tenants file changed");
                }
                Err(error) => {
                    tracing::error!(error, "a bad change of the tenants file; the last good stays");
                }
            }
        }
    });
}

/// The new state of the file and what it says, if it changed.
fn look(path: &Path, only: &[TenantKey], last: &Seen) -> Option<(Seen, Result<Catalog, String>)> {
    let now = Seen::now(path);
    if now == *last {
        return None;
    }
    let catalog = config::load(path)
        .map_err(|error| error.to_string())
        .and_then(|catalog| config::only(catalog, only).map_err(|error| error.to_string()));
    Some((now, catalog))
}
