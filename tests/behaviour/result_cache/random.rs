//! Whoever asks after an acknowledged commit sees it, whichever process wrote it and whichever is
//! asked.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures::future::join_all;
use rand::RngExt;
use serde_json::{Value, json};

use crate::support::{Caller, Engine, PollIds, Server, World, eventually, field};

const VOTERS: usize = 60;
const POLLS: usize = 6;
const READERS: usize = 10;

/// What is known to be committed, each number only growing.
#[derive(Default)]
struct Told {
    votes: AtomicU64,
    renamings: AtomicU64,
    done: AtomicBool,
    hits: AtomicU64,
}

/// Votes everywhere once, each vote through one of the two processes.
async fn vote(servers: &[Server; 2], token: &str, polls: &[PollIds], told: &Told) {
    for poll in polls {
        let (server, choice) = {
            let mut rng = rand::rng();
            (rng.random_range(0..2), rng.random_range(0..2))
        };
        servers[server].caller("thor", token).vote(&poll.choices[choice]).await;
        told.votes.fetch_add(1, Ordering::SeqCst);
    }
}

/// Writes past the product, in the process of the test.
async fn rename(world: &World, told: &Told) {
    let mut number = 0;
    while !told.done.load(Ordering::SeqCst) {
        number += 1;
        world.sql("thor", &format!("UPDATE poll SET question = '{number}' WHERE id = 1")).await;
        told.renamings.store(number, Ordering::SeqCst);
    }
}

async fn read(servers: &[Server; 2], callers: &[Vec<Caller>; 2], queries: &[&str], told: &Told) {
    while !told.done.load(Ordering::SeqCst) {
        let (server, caller, query) = {
            let mut rng = rand::rng();
            (rng.random_range(0..2), rng.random_range(0..3), rng.random_range(0..queries.len()))
        };
        let votes = told.votes.load(Ordering::SeqCst);
        let renamings = told.renamings.load(Ordering::SeqCst);
        let answer = callers[server][caller].ask(queries[query]).await;
        let polls = answer.at("/polls/nodes").as_array().unwrap();
        let seen: u64 = polls.iter().map(|poll| poll["totalVotes"].as_u64().unwrap()).sum();
        assert!(seen >= votes, "{seen} votes seen, {votes} acknowledged before");
        let of_choices = |poll: &Value| {
            let counts = poll["choices"].as_array().unwrap().iter();
            counts.map(|choice| choice["voteCount"].as_u64().unwrap()).sum::<u64>()
        };
        assert_eq!(polls.iter().map(of_choices).sum::<u64>(), seen, "two states in one answer");
        let name: u64 = polls[0]["question"].as_str().unwrap().parse().unwrap();
        assert!(name >= renamings, "renamed to {renamings} before, {name} seen");
        let line = servers[server].request_line(answer.header("x-request-id").unwrap());
        if field(&line, "cache").and_then(Value::as_str) == Some("hit") {
            told.hits.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_is_older_than_the_question() {
    let world = World::new(Engine::Sqlite).await;
    let users = world.users("thor", VOTERS);
    let servers = [world.serve().await, world.serve().await];
    let owner = servers[0].caller("thor", &users[0].token);
    let mut polls = Vec::new();
    for number in 0..POLLS {
        polls.push(owner.create_poll(&number.to_string(), &["a", "b"]).await);
    }
    let query = "{ polls(orderBy: { field: PUB_DATE, direction: ASC }) \
        { nodes { question totalVotes choices { voteCount } } } }";
    let queries = [query, &format!("{query} "), &format!("query Named {query}")];
    let callers = [0, 1].map(|at: usize| {
        let server = &servers[at];
        let token = |number: usize| server.caller("thor", &users[number].token);
        vec![server.anyone("thor"), token(0), token(1)]
    });
    let told = Told::default();
    let voting = async {
        join_all(users.iter().map(|user| vote(&servers, &user.token, &polls, &told))).await;
        // On a busy machine the two servers may have had the file to themselves until now.
        let renamed = || async { told.renamings.load(Ordering::SeqCst) > 1 };
        eventually("another process writes", renamed).await;
        told.done.store(true, Ordering::SeqCst);
    };
    let reading = join_all((0..READERS).map(|_| read(&servers, &callers, &queries, &told)));
    tokio::join!(voting, rename(&world, &told), reading);

    assert_eq!(told.votes.load(Ordering::SeqCst), (VOTERS * POLLS) as u64);
    for caller in callers.iter().flatten() {
        let answer = caller.gql(query, json!({})).await;
        let polls = answer.at("/polls/nodes").as_array().unwrap();
        for poll in polls {
            assert_eq!(poll["totalVotes"], VOTERS);
        }
    }
    assert!(told.hits.load(Ordering::SeqCst) > 0, "nothing was ever kept");
}
