//! What `pollResults` tells, on every engine.

use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{RESULTS, of};
use crate::support::{Caller, Engine, PollIds, Server, Socket, World, on_each_engine};

on_each_engine!(
    every_change_is_told,
    a_closed_poll_comes_once,
    closing_is_told_and_is_the_end,
    deleting_is_told_and_is_the_end,
    same_ids_at_two_tenants_stay_apart,
    a_reader_sees_what_was_committed_before,
);

struct Scene {
    world: World,
    server: Server,
    alice: Caller,
    poll: PollIds,
}

async fn scene(engine: Engine) -> Scene {
    let world = World::new(engine).await;
    let server = world.serve().await;
    let alice = server.caller("thor", &world.users("thor", 1)[0].token);
    let poll = alice.create_poll("Tea?", &["yes", "no"]).await;
    Scene { world, server, alice, poll }
}

async fn follow(socket: &mut Socket, poll: &PollIds) -> Value {
    socket.subscribe("r", RESULTS, of(&poll.id)).await;
    results(socket).await
}

async fn results(socket: &mut Socket) -> Value {
    let mut result = socket.next("r").await;
    assert_eq!(result.get("errors"), None, "{result}");
    result["data"]["pollResults"].take()
}

/// The state for which `wanted` holds; what comes before may be older.
async fn until(socket: &mut Socket, mut wanted: impl FnMut(&Value) -> bool) -> Value {
    loop {
        let poll = results(socket).await;
        if wanted(&poll) {
            return poll;
        }
    }
}

async fn every_change_is_told(engine: Engine) {
    let Scene { world: _world, server, alice, poll } = scene(engine).await;
    let mut socket = Socket::connect(&server, "thor", None).await;
    let first = follow(&mut socket, &poll).await;
    let choices = json!([
        { "choiceText": "yes", "voteCount": 0 },
        { "choiceText": "no", "voteCount": 0 },
    ]);
    assert_eq!(
        first,
        json!({ "id": poll.id, "question": "Tea?", "isOpen": true, "totalVotes": 0, "choices": choices })
    );

    alice.done("updatePoll", json!({ "id": poll.id, "question": "Ale?" }), "poll { id }").await;
    until(&mut socket, |poll| poll["question"] == "Ale?").await;
    let input = json!({ "pollId": poll.id, "choiceText": "maybe" });
    let added = alice.done("addChoice", input, "choice { id }").await;
    until(&mut socket, |poll| poll["choices"][2]["choiceText"] == "maybe").await;
    let id = &added["choice"]["id"];
    alice.done("updateChoice", json!({ "id": id, "choiceText": "later" }), "choice { id }").await;
    until(&mut socket, |poll| poll["choices"][2]["choiceText"] == "later").await;
    alice.done("deleteChoice", json!({ "id": id }), "deletedChoiceId").await;
    until(&mut socket, |poll| poll["choices"].as_array().unwrap().len() == 2).await;
    alice.vote(&poll.choices[0]).await;
    until(&mut socket, |poll| poll["choices"][0]["voteCount"] == 1).await;
    let input = json!({ "choiceId": poll.choices[1] });
    alice.done("changeVote", input, "vote { id }").await;
    until(&mut socket, |poll| poll["choices"][1]["voteCount"] == 1).await;
    alice.done("retractVote", json!({ "pollId": poll.id }), "deletedVoteId").await;
    until(&mut socket, |poll| poll["totalVotes"] == 0).await;
    socket.silent().await;
}

async fn a_closed_poll_comes_once(engine: Engine) {
    let Scene { world: _world, server, alice, poll } = scene(engine).await;
    alice.vote(&poll.choices[0]).await;
    alice.done("closePoll", json!({ "id": poll.id }), "poll { id }").await;
    let mut socket = Socket::connect(&server, "thor", None).await;
    let only = follow(&mut socket, &poll).await;
    assert_eq!(only["isOpen"], false);
    assert_eq!(only["totalVotes"], 1);
    socket.completed("r").await;
}

async fn closing_is_told_and_is_the_end(engine: Engine) {
    let Scene { world: _world, server, alice, poll } = scene(engine).await;
    let mut socket = Socket::connect(&server, "thor", None).await;
    follow(&mut socket, &poll).await;
    alice.vote(&poll.choices[0]).await;
    alice.done("closePoll", json!({ "id": poll.id }), "poll { id }").await;
    let last = until(&mut socket, |poll| poll["isOpen"] == false).await;
    assert_eq!(last["totalVotes"], 1);
    socket.completed("r").await;

    // And by time, without anybody's doing.
    let soon = (Utc::now() + Duration::from_secs(5)).to_rfc3339_opts(SecondsFormat::Millis, true);
    let input = json!({ "question": "?", "choices": ["a", "b"], "closesAt": soon });
    let poll = alice.create_poll_with(input).await;
    assert_eq!(follow(&mut socket, &poll).await["isOpen"], true);
    assert_eq!(results(&mut socket).await["isOpen"], false);
    socket.completed("r").await;
}

async fn deleting_is_told_and_is_the_end(engine: Engine) {
    let Scene { world: _world, server, alice, poll } = scene(engine).await;
    let mut socket = Socket::connect(&server, "thor", None).await;
    follow(&mut socket, &poll).await;
    alice.done("deletePoll", json!({ "id": poll.id }), "deletedPollId").await;
    // Then the same of a poll that is gone already, and of what is no poll.
    for id in [None, Some(&poll.id), Some(&poll.choices[0])] {
        if let Some(id) = id {
            socket.subscribe("r", RESULTS, of(id)).await;
        }
        let result = socket.next("r").await;
        assert_eq!(result["data"], json!({ "pollResults": null }), "{result}");
        assert_eq!(result["errors"][0]["extensions"]["code"], "NOT_FOUND", "{result}");
        assert_eq!(result["errors"][0]["path"], json!(["pollResults"]), "{result}");
        socket.completed("r").await;
    }
}

async fn same_ids_at_two_tenants_stay_apart(engine: Engine) {
    let Scene { world, server, alice, poll } = scene(engine).await;
    let harry = server.caller("potter", &world.users("potter", 1)[0].token);
    let theirs = harry.create_poll("Tea?", &["yes", "no"]).await;
    let mut at_thor = Socket::connect(&server, "thor", None).await;
    let mut at_potter = Socket::connect(&server, "potter", None).await;
    follow(&mut at_thor, &poll).await;
    follow(&mut at_potter, &theirs).await;

    alice.vote(&poll.choices[0]).await;
    until(&mut at_thor, |poll| poll["totalVotes"] == 1).await;
    alice.done("deletePoll", json!({ "id": poll.id }), "deletedPollId").await;
    at_thor.next("r").await;
    at_thor.completed("r").await;
    at_potter.silent().await;

    harry.vote(&theirs.choices[1]).await;
    // The next thing that potter hears is its own.
    assert_eq!(results(&mut at_potter).await["choices"][1]["voteCount"], 1);

    at_potter.subscribe("x", RESULTS, of(&poll.id)).await;
    assert_eq!(at_potter.error("x").await, "WRONG_TENANT");
}

async fn a_reader_sees_what_was_committed_before(engine: Engine) {
    let Scene { world, server, poll, alice: _ } = scene(engine).await;
    let voters = world.users("thor", 6);
    let mut early = Socket::connect(&server, "thor", None).await;
    follow(&mut early, &poll).await;
    for (count, voter) in (1..).zip(&voters) {
        server.caller("thor", &voter.token).vote(&poll.choices[0]).await;
        let mut late = Socket::connect(&server, "thor", None).await;
        assert_eq!(follow(&mut late, &poll).await["totalVotes"], count);
    }
    until(&mut early, |poll| poll["totalVotes"] == voters.len()).await;
}

#[tokio::test]
async fn changes_are_coalesced_and_the_last_is_told() {
    let Scene { world, server, poll, alice: _ } = scene(Engine::Sqlite).await;
    let voters = world.users("thor", 200);
    let mut socket = Socket::connect(&server, "thor", None).await;
    follow(&mut socket, &poll).await;
    let start = std::time::Instant::now();
    let votes = voters.iter().map(|voter| {
        let voter = server.caller("thor", &voter.token);
        let choice = poll.choices[0].clone();
        async move { voter.vote(&choice).await }
    });
    futures::future::join_all(votes).await;
    let mut told = 0_u128;
    until(&mut socket, |poll| {
        told += 1;
        poll["totalVotes"] == voters.len()
    })
    .await;
    let most = start.elapsed().as_millis() / 100 + 2;
    assert!(told <= most, "{told} states in {:?}", start.elapsed());
    socket.silent().await;
}

#[tokio::test]
async fn each_viewer_has_their_own_fields() {
    let Scene { world, server, poll, alice } = scene(Engine::Sqlite).await;
    let bob = world.users("thor", 2).remove(1);
    let own = "subscription($id: ID!) { pollResults(pollId: $id) \
        { viewerCanUpdate viewerCanVote viewerVote { choice { choiceText } } \
          createdBy { username role } totalVotes } }";
    let mut hers = Socket::connect(&server, "thor", alice.token.as_deref()).await;
    let mut his = Socket::connect(&server, "thor", Some(&bob.token)).await;
    for (socket, mine) in [(&mut hers, true), (&mut his, false)] {
        socket.subscribe("r", own, of(&poll.id)).await;
        let first = results(socket).await;
        assert_eq!(first["viewerCanUpdate"], mine, "{first}");
        assert_eq!(first["viewerVote"], json!(null));
    }
    server.caller("thor", &bob.token).vote(&poll.choices[1]).await;
    let seen = until(&mut his, |poll| poll["totalVotes"] == 1).await;
    assert_eq!(seen["viewerVote"]["choice"]["choiceText"], "no");
    assert_eq!(seen["viewerCanVote"], false);
    let seen = until(&mut hers, |poll| poll["totalVotes"] == 1).await;
    assert_eq!(seen["viewerVote"], json!(null));
    assert_eq!(seen["viewerCanVote"], true);

    // Who made it is shown as they are now.
    world.superuser("thor", "root", "correct horse");
    let root = server.login("thor", "root", "correct horse").await;
    let maker = alice.ask("{ viewer { id } }").await.at("/viewer/id").clone();
    let input = json!({ "id": maker, "role": "SUPERUSER" });
    root.done("setUserRole", input, "user { id }").await;
    until(&mut his, |poll| poll["createdBy"]["role"] == "SUPERUSER").await;
}

#[tokio::test]
async fn a_subscription_does_not_hold_the_database_open() {
    let world = World::new(Engine::Sqlite).await;
    let server =
        world.serve_with(&["--max-open-databases", "1", "--idle-close-seconds", "1"]).await;
    let alice = server.caller("thor", &world.users("thor", 1)[0].token);
    let poll = alice.create_poll("?", &["a", "b"]).await;
    let mut socket = Socket::connect(&server, "thor", None).await;
    follow(&mut socket, &poll).await;
    // The one place goes to another tenant, and comes back for the news.
    server.anyone("potter").ask("{ polls { totalCount } }").await.data();
    alice.vote(&poll.choices[0]).await;
    server.anyone("potter").ask("{ polls { totalCount } }").await.data();
    until(&mut socket, |poll| poll["totalVotes"] == 1).await;
}
