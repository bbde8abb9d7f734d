//! The statements of the hot queries on SQLite, through the router, as the services send them, with
//! all columns.

use std::hint::black_box;

use anyhow::{Context, ensure};
use chrono::TimeDelta;
use criterion::Criterion;
use polls::{
    entity::user,
    service::{
        Failure, choice,
        page::Window,
        people,
        poll::{self, Filter, OrderField},
        token, vote,
    },
    tenancy::{Columns, Scope, TenantRouter},
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

/// A person who has not voted on a poll, with a token and a choice of that poll.
struct Voter {
    user: user::Model,
    secret: String,
    poll_id: i64,
    choice_id: i64,
}

impl Voter {
    async fn new() -> anyhow::Result<Self> {
        let poll_id = 7;
        let user = people::by_ids(vec![100], ALL).await?.pop().context("there are 100 people")?;
        let choice = choice::of_polls(vec![poll_id], ALL).await?.pop().context("it has choices")?;
        let issued = TenantRouter::transaction(token::issue(user.id, TimeDelta::hours(1))).await?;
        if !vote::of_voter(user.id, vec![poll_id], ALL).await?.is_empty() {
            vote::retract(&user, poll_id).await?;
        }
        Ok(Self { user, secret: issued.secret, poll_id, choice_id: choice.id })
    }

    /// Whether the token is good.
    async fn is_known(&self) -> Result<bool, Failure> {
        Ok(token::authenticate(&self.secret).await?.is_ok())
    }

    /// A vote and its end, each durable when it returns.
    async fn vote(&self) -> Result<(), Failure> {
        vote::cast(&self.user, self.choice_id).await?;
        vote::retract(&self.user, self.poll_id).await?;
        Ok(())
    }
}

pub fn bench(criterion: &mut Criterion, fixture: &Fixture) -> anyhow::Result<()> {
    let scope = fixture.runtime.block_on(fixture.scope())?;
    let run = |scope: &Scope| fixture.runtime.block_on(scope.clone().run(one()));
    ensure!(matches!(run(&scope), Ok(5)), "one poll has four choices");
    let found = fixture.runtime.block_on(scope.clone().run(list()));
    ensure!(matches!(found, Ok(120)), "20 polls, 20 creators, 80 choices are {found:?}");

    let voter = fixture.runtime.block_on(scope.clone().run(Voter::new()))?;
    ensure!(matches!(fixture.runtime.block_on(scope.clone().run(voter.is_known())), Ok(true)));
    fixture.runtime.block_on(scope.clone().run(voter.vote()))?;

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
    group.bench_function("vote: the look-up of its token", |bencher| {
        bencher.to_async(&fixture.runtime).iter(|| scope.clone().run(voter.is_known()));
    });
    group.bench_function("vote: cast, and taken back", |bencher| {
        bencher.to_async(&fixture.runtime).iter(|| scope.clone().run(voter.vote()));
    });
    group.finish();
    Ok(())
}
