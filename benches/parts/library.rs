//! Executing, with everything in memory: a schema of the page's shape and nothing behind it. What
//! it takes is the library's own; the rest of a request is ours and SQLite's.

use anyhow::ensure;
use async_graphql::{
    EmptyMutation, EmptySubscription, ID, Object, Request, Schema, SimpleObject,
    parser::parse_query,
};
use criterion::Criterion;

use crate::{documents::LIST, fixture::Fixture};

struct Query(Vec<Poll>);

#[derive(SimpleObject, Clone)]
struct Connection {
    nodes: Vec<Poll>,
}

#[derive(SimpleObject, Clone)]
struct Poll {
    id: ID,
    question: String,
    pub_date: String,
    created_by: User,
    choices: Vec<Choice>,
}

#[derive(SimpleObject, Clone)]
struct User {
    username: String,
}

#[derive(SimpleObject, Clone)]
struct Choice {
    id: ID,
    choice_text: String,
    vote_count: i32,
}

#[Object]
impl Query {
    async fn polls(&self, first: usize) -> Connection {
        Connection { nodes: self.0.iter().take(first).cloned().collect() }
    }
}

fn poll(number: usize) -> Poll {
    let choice = |place: usize| Choice {
        id: ID(format!("Q2hvaWNlOnQwNTAwOj{number}{place}")),
        choice_text: "Something new".to_owned(),
        vote_count: 10,
    };
    Poll {
        id: ID(format!("UG9sbDp0MDUwMDo{number}")),
        question: "Which book shall we read next, round 2?".to_owned(),
        pub_date: "2026-01-01T00:00:00.000Z".to_owned(),
        created_by: User { username: format!("user{number}") },
        choices: (0..4).map(choice).collect(),
    }
}

pub fn bench(criterion: &mut Criterion, fixture: &Fixture) -> anyhow::Result<()> {
    let polls = (1..=20).map(poll).collect();
    let schema = Schema::new(Query(polls), EmptyMutation, EmptySubscription);
    let parsed = parse_query(LIST)?;
    let request = || {
        let mut request = Request::new(String::new());
        request.set_parsed_query(parsed.clone());
        request
    };
    let answer = fixture.runtime.block_on(schema.execute(request()));
    ensure!(answer.is_ok(), "{:?}", answer.errors);
    let mut group = criterion.benchmark_group("library");
    group.bench_function("list: validate and execute from memory, parsed before", |bencher| {
        bencher.to_async(&fixture.runtime).iter(|| schema.execute(request()));
    });
    group.finish();
    Ok(())
}
