//! From the text of a query to an operation that may be executed.

use std::hint::black_box;

use anyhow::ensure;
use async_graphql::{Variables, parser::parse_query};
use criterion::Criterion;
use polls::graphql::{Operation, Parameters, QueryLimits};
use serde_json::json;

/// The page query of the load comparison.
pub const LIST: &str = "{ polls(first: 20) { nodes { id question pubDate createdBy { username } \
                        choices { id choiceText voteCount } } } }";
/// One poll.
pub const ONE: &str =
    "query($id: ID!) { poll(id: $id) { id question choices { id choiceText voteCount } } }";

pub fn bench(criterion: &mut Criterion) -> anyhow::Result<()> {
    let limits = QueryLimits::default();
    let mut group = criterion.benchmark_group("documents");
    for (name, text) in [("list", LIST), ("one", ONE)] {
        let request = || {
            let variables = Variables::from_json(json!({ "id": "UG9sbDp0MDUwMDo3" }));
            let query = Some(black_box(text).to_owned());
            Parameters { query, variables, ..Parameters::default() }
        };
        ensure!(Operation::parse(&limits, request()).is_ok(), "{name} is refused");
        group.bench_function(format!("{name}: parse, by the library alone"), |bencher| {
            bencher.iter(|| parse_query(black_box(text)).is_ok());
        });
        group.bench_function(format!("{name}: prepare: parse, limits, cost"), |bencher| {
            bencher.iter_batched(
                request,
                |request| Operation::parse(&limits, request),
                criterion::BatchSize::SmallInput,
            );
        });
    }
    group.finish();
    Ok(())
}
