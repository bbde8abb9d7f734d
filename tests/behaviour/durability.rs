//! What SQLite has on disk: after a kill at any moment, after an orderly end, and in its log.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Caller, Engine, Locked, PollIds, Server, World, eventually};

const VOTERS: usize = 64;
/// More polls than anybody gets round to voting on before the kill.
const POLLS: usize = 60;

/// Somebody's votes on one poll after the other, until the server is gone or refuses: those
/// acknowledged.
async fn vote_until_the_end(
    voter: Caller,
    number: usize,
    polls: &[PollIds],
    count: &AtomicUsize,
) -> Vec<(usize, String)> {
    let query = "mutation($c: ID!) { castVote(input: { choiceId: $c }) { vote { id } } }";
    let mut votes = Vec::new();
    for (place, poll) in polls.iter().enumerate() {
        let choice = &poll.choices[(number + place) % 3];
        let body = json!({ "query": query, "variables": { "c": choice } });
        let Ok(answer) = voter.post().json(&body).send().await else { break };
        let Ok(answer) = answer.json::<Value>().await else { break };
        let Some(vote) = answer["data"]["castVote"]["vote"]["id"].as_str() else { break };
        votes.push((place, vote.to_owned()));
        count.fetch_add(1, Ordering::Relaxed);
    }
    votes
}

/// The votes on a poll; its tallies must be theirs.
async fn votes_on(caller: &Caller, poll: &PollIds) -> Vec<String> {
    let selection = "totalVotes choices { voteCount votes(first: 100) { nodes { id } } }";
    let seen = caller.poll(&poll.id, selection).await;
    let mut votes = Vec::new();
    for choice in seen["choices"].as_array().unwrap() {
        let listed = choice["votes"]["nodes"].as_array().unwrap();
        assert_eq!(choice["voteCount"], listed.len(), "a tally is off");
        votes.extend(listed.iter().map(|vote| vote["id"].as_str().unwrap().to_owned()));
    }
    assert_eq!(seen["totalVotes"], votes.len());
    votes
}

async fn make_polls(owner: &Caller) -> Vec<PollIds> {
    let made = (0..POLLS).map(|number| async move {
        owner.create_poll(&format!("Q{number}"), &["a", "b", "c"]).await
    });
    join_all(made).await
}

#[tokio::test]
async fn kills_at_any_moment_lose_no_acknowledged_vote() {
    const ROUNDS: usize = 5;
    let world = World::new(Engine::Sqlite).await;
    let users = world.users("thor", VOTERS);
    let mut server = world.serve().await;
    for _ in 0..ROUNDS {
        let polls = make_polls(&server.caller("thor", &users[0].token)).await;
        let count = AtomicUsize::new(0);
        let voting = users.iter().enumerate().map(|(number, user)| {
            vote_until_the_end(server.caller("thor", &user.token), number, &polls, &count)
        });
        let voting = join_all(voting);
        let killing = async {
            eventually("they vote", async || count.load(Ordering::Relaxed) > 0).await;
            // Not waiting for anything: the kill is to come at any moment.
            tokio::time::sleep(Duration::from_micros(rand::random_range(0..300_000))).await;
            server.kill();
        };
        let (acknowledged, ()) = tokio::join!(voting, killing);
        let acknowledged: Vec<_> = acknowledged.concat();
        assert!(acknowledged.len() < VOTERS * POLLS, "killed too late to tell anything");

        server = world.serve().await;
        let owner = server.caller("thor", &users[0].token);
        for (place, poll) in polls.iter().enumerate() {
            let votes = votes_on(&owner, poll).await;
            let kept: BTreeSet<_> = votes.iter().collect();
            assert_eq!(kept.len(), votes.len(), "a vote is there twice");
            for (_, vote) in acknowledged.iter().filter(|(there, _)| *there == place) {
                assert!(kept.contains(vote), "an acknowledged vote is lost");
            }
        }
    }
}

/// What lies beside the tenant's file.
fn beside(world: &World) -> Vec<String> {
    let names = std::fs::read_dir(world.folder().join("data")).unwrap();
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
    let names = names.map(|entry| name(entry).into_string().unwrap());
    names.filter(|name| name.starts_with("thor.db-")).collect()
}

#[tokio::test]
async fn after_each_command_and_an_orderly_stop_the_file_is_all_there_is() {
    const NOTHING: [&str; 0] = [];
    let world = World::new(Engine::Sqlite).await;
    assert_eq!(beside(&world), NOTHING, "migrate");
    for number in 0..8 {
        let seeded = world.polls(&["seed", "--tenant", "thor", "--users", "200", "--polls", "5"]);
        assert_eq!(seeded.ok().stderr, "", "it has nothing to warn of");
        assert_eq!(beside(&world), NOTHING, "seed");
        world.superuser("thor", &format!("super{number}"), "a long password");
        assert_eq!(beside(&world), NOTHING, "create-superuser");
        world.polls(&["check", "--recount"]).ok();
        assert_eq!(beside(&world), NOTHING, "check");
    }
    let token = world.users("thor", 1).remove(0).token;
    let mut server = world.serve().await;
    let thor = server.caller("thor", &token);
    let poll = thor.create_poll("Q", &["a", "b"]).await;
    thor.vote(&poll.choices[0]).await;
    assert_eq!(beside(&world).len(), 2, "a log and its index");
    server.terminate();
    assert!(server.ended().await.success());
    assert_eq!(beside(&world), NOTHING, "serve");
    let server = world.serve().await;
    assert_eq!(server.anyone("thor").tallies(&poll.id).await, [1, 0]);
}

#[tokio::test]
async fn an_orderly_stop_amid_votes_leaves_no_log() {
    let world = World::builder(Engine::Sqlite).default("durability: normal").build().await;
    let users = world.users("thor", VOTERS);
    let mut server = world.serve().await;
    let polls = make_polls(&server.caller("thor", &users[0].token)).await;
    let count = AtomicUsize::new(0);
    let voting = users.iter().enumerate().map(|(number, user)| {
        vote_until_the_end(server.caller("thor", &user.token), number, &polls, &count)
    });
    let voting = join_all(voting);
    let stopping = async {
        eventually("many have voted", async || count.load(Ordering::Relaxed) > 600).await;
        server.terminate();
    };
    let (acknowledged, ()) = tokio::join!(voting, stopping);
    let acknowledged: Vec<_> = acknowledged.concat();
    assert!(server.ended().await.success());
    assert_eq!(beside(&world), [""; 0]);
    let server = world.serve().await;
    let owner = server.caller("thor", &users[0].token);
    let mut kept = BTreeSet::new();
    for poll in &polls {
        kept.extend(votes_on(&owner, poll).await);
    }
    assert!(acknowledged.iter().all(|(_, vote)| kept.contains(vote)));
}

async fn vote_on_all(server: &Server, token: &str, polls: &[PollIds]) {
    let voter = server.caller("thor", token);
    for poll in polls {
        voter.vote(&poll.choices[0]).await;
    }
}

#[tokio::test]
async fn the_log_is_written_back_while_they_vote() {
    let world = World::builder(Engine::Sqlite).default("durability: normal").build().await;
    let users = world.users("thor", 40);
    let server = world.serve().await;
    let polls = make_polls(&server.caller("thor", &users[0].token)).await;
    let log = world.folder().join("data/thor.db-wal");
    // One after the other, so that each is a commit of its own. A log that is never written back
    // would have 10,000 pages in the end.
    for user in &users {
        vote_on_all(&server, &user.token, &polls[..50]).await;
        let pages = log.metadata().unwrap().len() / 4_096;
        assert!(pages < 8_000, "the log has {pages} pages");
    }
    assert_eq!(server.anyone("thor").tallies(&polls[0].id).await, [40, 0, 0]);
}

#[tokio::test]
async fn votes_wait_for_another_process_and_nobody_waits_for_them() {
    let world = World::new(Engine::Sqlite).await;
    let users = world.users("thor", 20);
    let server = world.serve_with(&["--result-cache", "off"]).await;
    let polls = make_polls(&server.caller("thor", &users[0].token)).await;
    let locked = Locked::new(&world, "thor").await;
    let voting = users.iter().map(|user| {
        let (voter, choice) = (server.caller("thor", &user.token), polls[0].choices[0].clone());
        tokio::spawn(async move { voter.vote(&choice).await })
    });
    let voting: Vec<_> = voting.collect();
    for _ in 0..50 {
        let start = Instant::now();
        assert_eq!(server.anyone("thor").tallies(&polls[0].id).await, [0, 0, 0]);
        server.anyone("potter").ask("{ polls { totalCount } }").await.data();
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    }
    assert!(voting.iter().all(|vote| !vote.is_finished()));
    locked.unlock().await;
    for vote in voting {
        vote.await.unwrap();
    }
    assert_eq!(server.anyone("thor").tallies(&polls[0].id).await, [20, 0, 0]);
}
