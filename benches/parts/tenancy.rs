//! The tenancy tax: what a request pays because there is more than one tenant.

use std::{hint::black_box, sync::Arc};

use anyhow::{Context, ensure};
use criterion::Criterion;
use http::{HeaderMap, HeaderValue, Uri, header};
use polls::tenancy::{Scope, TenantRouter, resolve};

use crate::fixture::{Fixture, KEY};

pub fn bench(criterion: &mut Criterion, fixture: &Fixture) -> anyhow::Result<()> {
    let mut headers = HeaderMap::new();
    let host = HeaderValue::from_str(&format!("{KEY}.polls.local"))?;
    headers.insert(header::HOST, host);
    let uri = Uri::from_static("/graphql");
    let found = resolve(&fixture.catalog, &headers, &uri)?;
    ensure!(found.key.as_str() == KEY, "another tenant was found");

    let mut group = criterion.benchmark_group("tenancy");
    group.bench_function("resolve the tenant from the Host header", |bencher| {
        bencher.iter(|| resolve(&fixture.catalog, black_box(&headers), &uri).is_ok());
    });
    group.bench_function("lease from the registry", |bencher| {
        bencher.to_async(&fixture.runtime).iter(|| async {
            let view = fixture.registry.view();
            fixture.registry.lease(&view, &fixture.tenant).await.is_ok()
        });
    });
    let scope = fixture.runtime.block_on(fixture.scope())?;
    group.bench_function("enter the scope and ask for its tenant", |bencher| {
        let enter = || scope.clone().run(async { TenantRouter::tenant().is_ok() });
        bencher.to_async(&fixture.runtime).iter(enter);
    });
    let whole = || async {
        let view = fixture.registry.view();
        let tenant = resolve(&view.catalog, black_box(&headers), &uri).ok()?;
        let lease = fixture.registry.lease(&view, tenant).await.ok()?;
        let scope = Scope::new(Arc::clone(tenant), lease);
        scope.run(async { TenantRouter::tenant().ok() }).await
    };
    fixture.runtime.block_on(whole()).context("the tax is paid and nothing bought")?;
    group.bench_function("all three: the tenancy tax", |bencher| {
        bencher.to_async(&fixture.runtime).iter(whole);
    });
    group.finish();
    Ok(())
}
