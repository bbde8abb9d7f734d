//! A whole operation without HTTP, and its answer as bytes.

use std::{net::Ipv4Addr, sync::Arc};

use anyhow::{Context, anyhow, ensure};
use async_graphql::{Response, Variables};
use chrono::TimeDelta;
use criterion::Criterion;
use polls::{
    graphql::{
        Attempts, Caller, Events, Parameters, PollsSchema, QueryLimits, Rates, RequestContext,
        Services, build,
    },
    http::answer_body,
    service::{account::Accounts, password::Passwords},
    tenancy::Introspection,
};
use serde_json::json;

use crate::{
    documents::{LIST, ONE},
    fixture::Fixture,
};

/// `Poll:t0500:7`
const POLL: &str = "UG9sbDp0MDUwMDo3";

fn schema() -> anyhow::Result<PollsSchema> {
    let rates = Rates { registrations: 1, failed_logins_per_user: 1, failed_logins_per_address: 1 };
    let services = Services {
        accounts: Accounts { passwords: Passwords::new(1), token_lifetime: TimeDelta::days(1) },
        attempts: Attempts::new(rates),
        introspection: Introspection::On,
        events: Events::default(),
    };
    build(Arc::new(services)).context("the library tells its types")
}

/// What happens between the body of a request and the body of its answer.
async fn operation(
    schema: &PollsSchema,
    fixture: &Fixture,
    text: &str,
) -> anyhow::Result<Response> {
    let variables = Variables::from_json(json!({ "id": POLL }));
    let query = Some(text.to_owned());
    let parameters = Parameters { query, variables, ..Parameters::default() };
    let operation = schema
        .prepare(&QueryLimits::default(), &fixture.tenant, parameters)
        .map_err(|errors| anyhow!("refused: {errors:?}"))?;
    let caller = Caller::known(None, Ipv4Addr::LOCALHOST.into());
    let tenant = Arc::clone(&fixture.tenant);
    let context = Arc::new(RequestContext::new(tenant, caller, operation.wanted()));
    let scope = fixture.scope().await?;
    let answer = scope.run(schema.execute(operation, context)).await;
    answer.map_err(|errors| anyhow!("refused: {errors:?}"))
}

pub fn bench(criterion: &mut Criterion, fixture: &Fixture) -> anyhow::Result<()> {
    let schema = schema()?;
    let mut group = criterion.benchmark_group("answers");
    for (name, text) in [("list", LIST), ("one", ONE)] {
        let answer = fixture.runtime.block_on(operation(&schema, fixture, text))?;
        ensure!(answer.is_ok(), "{name}: {:?}", answer.errors);
        group.bench_function(format!("{name}: the whole operation"), |bencher| {
            bencher.to_async(&fixture.runtime).iter(|| operation(&schema, fixture, text));
        });
        group.bench_function(format!("{name}: encode the answer"), |bencher| {
            bencher.iter(|| answer_body(&answer.errors, Some(&answer.data)));
        });
    }
    group.finish();
    Ok(())
}
