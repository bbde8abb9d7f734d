//! Every tenant gets its turn, so many at a time.

use std::sync::Arc;

use futures::{StreamExt, stream};

use crate::tenancy::Tenant;

/// How many tenants are worked on at once: enough to hide a server's distance, few enough not to
/// crowd out those who are being served.
pub const CONCURRENCY: usize = 8;

/// Is told how many steps of a long work were done since the last time.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);

/// Does the work for every tenant and gives the results in the order of the tenants.
pub(super) async fn each<T, F>(
    tenants: &[Arc<Tenant>],
    progress: Progress<'_>,
    work: impl Fn(Arc<Tenant>) -> F,
) -> Vec<T>
where
    F: Future<Output = T>,
{
    let work = &work;
    let turns = tenants.iter().enumerate().map(|(index, tenant)| async move {
        let result = work(Arc::clone(tenant)).await;
        progress(1);
        (index, result)
    });
    let mut results: Vec<(usize, T)> =
        stream::iter(turns).buffer_unordered(CONCURRENCY).collect().await;
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
