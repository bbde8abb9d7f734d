//! The statements of the hot queries on SQLite, through the router, as the services send them, with
//! all columns.

use std::hint::black_box;

use anyhow::ensure;
use criterion::Criterion;
use polls::{
    service::{
        Failure, choice,
        page::Window,
        people,
        poll::{self, Filter, OrderField},
    },
    tenancy::{Columns, Scope},
};

use crate::fixture::Fixture;

const ALL: Columns = Columns::ALL;
const PAGE: Window = Window { limit: 20, backward: false, after: None, before: None };

/// The page of polls alone.
async fn page() -> Result<Vec<i64>, Failure> {
    let listing = poll::listing(&Filter::default(), OrderField::PubDate, true);
    Ok(listing.page(PAGE).await?.rows.iter().map(|poll| poll.id).collect())
}

/// Everything that `list` shows: polls, their creators, their choices.
async fn list() -> Result<usize, Failure> {
    let listing = poll::listing(&Filter::default(), OrderField::PubDate, true);
    let polls = listing.page(PAGE).await?.rows;
    let people = people::by_ids(polls.iter().map(|poll| poll.created_by_id).collect(), ALL).await?;
    let choices = choice::of_polls(polls.iter().map(|poll| poll.id).collect(), ALL).await?;
    Ok(polls.len() + people.len() + choices.len())
}

/// Everything that `one` shows.
async fn one() -> Result<usize, Failure> {
    let id = black_box(7);
    Ok(poll::by_ids(vec![id], ALL).await?.len() + choice::of_polls(vec![id], ALL).await?.len())
}

pub fn bench(criterion: &mut Criterion, fixture: &Fixture) -> anyhow::Result<()> {
    let scope = fixture.runtime.block_on(fixture.scope())?;
    let run = |scope: &Scope| fixture.runtime.block_on(scope.clone().run(one()));
    ensure!(matches!(run(&scope), Ok(5)), "one poll has four choices");
    let found = fixture.runtime.block_on(scope.clone().run(list()));
    ensure!(matches!(found, Ok(120)), "20 polls, 20 creators, 80 choices are {found:?}");

    let mut group = criterion.benchmark_group("statements");
    group.bench_function("list: the page of 20 polls", |bencher| {
        bencher.to_async(&fixture.runtime).iter(|| scope.clone().run(page()));
    });
    group.bench_function("list: polls, creators, choices", |bencher| {
        bencher.to_async(&fixture.runtime).iter(|| scope.clone().run(list()));
    });
    group.bench_function("one: poll and choices", |bencher| {
        bencher.to_async(&fixture.runtime).iter(|| scope.clone().run(one()));
    });
    group.finish();
    Ok(())
}
