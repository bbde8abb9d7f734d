//! Picking up changes of `tenants.yaml` while serving.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::{CatalogError, catalog_file};
use crate::tenancy::{Catalog, spawn_blocking_untenanted};

/// How often the file is read. It is read whole and compared, so that a change through a
/// symbolic link (as Kubernetes mounts config maps) or with an old time stamp is seen too.
const INTERVAL: Duration = Duration::from_secs(1);

/// Reads the file over and over, and tells of every change: the new catalog, or why there is
/// none, once. Never ends; drop it to stop.
pub async fn watch(
    path: PathBuf,
    seen: String,
    mut changed: impl FnMut(Result<Catalog, CatalogError>),
) {
    let mut seen = Some(seen);
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let file = path.clone();
        let Ok(source) = spawn_blocking_untenanted(move || read(&file)).await else { continue };
        if source == seen {
            continue;
        }
        seen = source;
        let file = path.clone();
        let Ok(catalog) = spawn_blocking_untenanted(move || catalog_file::load(&file)).await
        else {
            continue;
        };
        changed(catalog);
    }
}

fn read(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}
