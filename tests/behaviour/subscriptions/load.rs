//! Many who watch one poll while many vote on it.
//!
//! `POLLS_TEST_SUBSCRIBERS` and `POLLS_TEST_VOTES` make it larger; see CONTRIBUTING.md.

use std::time::{Duration, Instant};

use super::{RESULTS, of};
use crate::support::{Engine, Server, Socket, World};

fn setting(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |value| value.parse().unwrap())
}

/// What the server's process has in memory, in KiB; nothing where there is no `/proc`.
fn resident(server: &Server) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

async fn total_until(socket: &mut Socket, wanted: usize) -> usize {
    let mut told = 0;
    loop {
        told += 1;
        let result = socket.next("r").await;
        let total = result["data"]["pollResults"]["totalVotes"].as_u64().unwrap();
        if usize::try_from(total).unwrap() == wanted {
            return told;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_ends_on_the_exact_tally() {
    let subscribers = setting("POLLS_TEST_SUBSCRIBERS", 100);
    let votes = setting("POLLS_TEST_VOTES", 100);
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    let voters = world.users("thor", votes);
    let alice = server.caller("thor", &voters[0].token);
    let poll = alice.create_poll("?", &["a", "b"]).await;
    let before = resident(&server);
    let mut sockets = Vec::new();
    for _ in 0..subscribers {
        let mut socket = Socket::connect(&server, "thor", None).await;
        socket.subscribe("r", RESULTS, of(&poll.id)).await;
        socket.next("r").await;
        sockets.push(socket);
    }
    let connected = resident(&server);
    let watching: Vec<_> = sockets
        .into_iter()
        .map(|mut socket| {
            tokio::spawn(async move { (total_until(&mut socket, votes).await, socket) })
        })
        .collect();

    // A hundred votes a second, on time whatever the votes take.
    let start = Instant::now();
    let mut casting = Vec::new();
    for (number, voter) in (0_u32..).zip(&voters) {
        tokio::time::sleep_until((start + Duration::from_millis(10) * number).into()).await;
        let voter = server.caller("thor", &voter.token);
        let choice = poll.choices[number as usize % 2].clone();
        casting.push(tokio::spawn(async move {
            let start = Instant::now();
            voter.vote(&choice).await;
            start.elapsed()
        }));
    }
    let mut took = Vec::new();
    for cast in casting {
        took.push(cast.await.unwrap());
    }
    let voted = start.elapsed();
    let mut told = Vec::new();
    for watcher in watching {
        told.push(watcher.await.unwrap());
    }
    took.sort_unstable();
    let counts: Vec<_> = told.iter().map(|(count, _)| *count).collect();
    eprintln!(
        "{subscribers} subscribers, {votes} votes in {voted:?}, all told after {:?}; \
         states told to each: {} to {}; a vote took {:?} (median), {:?} (p99); \
         memory (KiB) before {before:?}, connected {connected:?}, after {:?}",
        start.elapsed(),
        counts.iter().min().unwrap(),
        counts.iter().max().unwrap(),
        took[took.len() / 2],
        took[took.len() * 99 / 100],
        resident(&server),
    );
    assert_eq!(alice.tallies(&poll.id).await.iter().sum::<u64>(), votes as u64);
}

#[tokio::test]
async fn who_does_not_read_holds_up_nobody_and_skips_to_the_latest() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    let alice = server.caller("thor", &world.users("thor", 1)[0].token);
    let poll = alice.create_poll("?", &["a", "b"]).await;
    // A result so large that a few of them fill all buffers on the way.
    let fields: String = (0..90).map(|n| format!("a{n}: question ")).collect();
    let long = "x".repeat(100);
    let input = serde_json::json!({ "id": poll.id, "question": long });
    alice.done("updatePoll", input, "poll { id }").await;
    let query = format!(
        "subscription($id: ID!) {{ pollResults(pollId: $id) {{ totalVotes question {fields} }} }}"
    );
    let mut slow = Socket::connect(&server, "thor", None).await;
    let slow_operations = 90;
    for id in 0..slow_operations {
        slow.subscribe(&id.to_string(), &query, of(&poll.id)).await;
    }
    let mut quick = Socket::connect(&server, "thor", None).await;
    quick.subscribe("r", RESULTS, of(&poll.id)).await;
    quick.next("r").await;
    for round in 0..10 {
        alice.vote(&poll.choices[round % 2]).await;
        total_until(&mut quick, 1).await;
        let input = serde_json::json!({ "pollId": poll.id });
        alice.done("retractVote", input, "deletedVoteId").await;
        total_until(&mut quick, 0).await;
    }
    alice.vote(&poll.choices[0]).await;
    // It reads at last: each of its operations ends on the latest state.
    let mut left: std::collections::BTreeSet<_> =
        (0..slow_operations).map(|id| id.to_string()).collect();
    let mut last = std::collections::BTreeMap::new();
    while !left.is_empty() {
        let message = slow.hear().await;
        assert_eq!(message["type"], "next", "{message}");
        let id = message["id"].as_str().unwrap().to_owned();
        let total = message["payload"]["data"]["pollResults"]["totalVotes"].as_u64().unwrap();
        if last.insert(id.clone(), total) != Some(1) && total == 1 {
            left.remove(&id);
        }
    }
    assert!(last.values().all(|total| *total <= 1));
}
