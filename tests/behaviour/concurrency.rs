//! So many operations of one tenant run at once, some more wait, and the rest is told to come
//! back; what one tenant does is nothing to the others.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{
    Answer, Caller, Engine, EventStream, Locked, Server, World, eventually, field,
};

/// An answer that is known takes no place.
const NO_CACHE: [&str; 2] = ["--result-cache", "off"];
const WHO: &str = "{ tenant { key } polls { nodes { id } } }";

async fn create(caller: &Caller) -> Answer {
    let input = json!({ "question": "Tea?", "choices": ["yes", "no"] });
    caller.mutate("createPoll", input, "poll { id }").await
}

/// Asking the tenant itself would take the place that is waited for.
async fn one_runs(server: &Server) {
    eventually("the mutation runs", async || server.figure("polls_operations_running").await == 1)
        .await;
}

fn turned_away(answer: &Answer) -> bool {
    if answer.status != 429 {
        return false;
    }
    answer.refused("RATE_LIMITED");
    let extensions = &answer.error()["extensions"];
    assert_eq!(extensions["limit"], "queued_operations");
    assert_eq!(extensions["max"], 3);
    let after = extensions["retryAfter"].as_u64().unwrap();
    assert_eq!(answer.header("retry-after"), Some(after.to_string().as_str()));
    true
}

#[tokio::test]
async fn past_the_queue_it_is_429_and_other_tenants_see_nothing_of_it() {
    let limits = ["limits: { concurrent_operations: 1, queued_operations: 3 }"];
    let world = World::builder(Engine::Sqlite).tenant("thor", &limits).build().await;
    let user = world.users("thor", 1).remove(0);
    let server = world.serve_with(&NO_CACHE).await;
    let (thor, potter) = (server.caller("thor", &user.token), server.anyone("potter"));
    thor.ask(WHO).await.data();
    potter.ask(WHO).await.data();

    let locked = Locked::new(&world, "thor").await;
    let flood = (0..20).map(|_| {
        let thor = thor.clone();
        tokio::spawn(async move { create(&thor).await })
    });
    let flood: Vec<_> = flood.collect();
    eventually("the flood is turned away", async || {
        let away = flood.iter().filter(|request| request.is_finished()).count();
        away == 20 - 1 - 3
    })
    .await;
    // A query of the same tenant has no place either, and says so whatever it accepts.
    assert!(turned_away(&thor.ask(WHO).await));
    let json = thor.post().header("accept", "application/json").json(&json!({ "query": WHO }));
    assert_eq!(json.send().await.unwrap().status().as_u16(), 429);
    for _ in 0..10 {
        let start = Instant::now();
        potter.ask(WHO).await.data();
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
    locked.unlock().await;
    let answers: Vec<Answer> = join_all(flood).await.into_iter().map(Result::unwrap).collect();
    let (away, done): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| turned_away(answer));
    assert_eq!((away.len(), done.len()), (16, 4));
    for answer in done {
        assert!(answer.data()["createPoll"]["poll"]["id"].is_string(), "{answer:#?}");
    }
    thor.ask(WHO).await.data();
}

#[tokio::test]
async fn waiting_has_an_end() {
    let world = World::new(Engine::Sqlite).await;
    let user = world.users("thor", 1).remove(0);
    let limits = ["--max-concurrent-operations", "1", "--queue-timeout-seconds", "1"];
    let server = world.serve_with(&[&limits[..], &NO_CACHE].concat()).await;
    let thor = server.caller("thor", &user.token);
    let locked = Locked::new(&world, "thor").await;
    let first = tokio::spawn({
        let thor = thor.clone();
        async move { create(&thor).await }
    });
    one_runs(&server).await;
    // Whoever comes next waits in vain.
    let answer = thor.ask(WHO).await;
    answer.refused("RATE_LIMITED");
    assert_eq!(answer.error()["extensions"]["limit"], "concurrent_operations");
    assert_eq!(answer.error()["extensions"]["max"], 1);
    locked.unlock().await;
    assert!(first.await.unwrap().data()["createPoll"]["poll"]["id"].is_string());
}

#[tokio::test]
async fn a_mutation_whose_client_has_left_keeps_its_place_until_it_is_done() {
    let world = World::new(Engine::Sqlite).await;
    let user = world.users("thor", 1).remove(0);
    let limits = ["--max-concurrent-operations", "1", "--max-queued-operations", "0"];
    let server = world.serve_with(&[&limits[..], &NO_CACHE].concat()).await;
    let thor = server.caller("thor", &user.token);
    let locked = Locked::new(&world, "thor").await;
    let left = tokio::spawn({
        let thor = thor.clone();
        async move { create(&thor).await }
    });
    one_runs(&server).await;
    left.abort();
    assert!(left.await.unwrap_err().is_cancelled());
    for _ in 0..5 {
        assert_eq!(thor.ask(WHO).await.status, 429, "its place is still taken");
    }
    locked.unlock().await;
    eventually("the place is free", async || thor.ask(WHO).await.status == 200).await;
    let polls = thor.ask("{ polls { totalCount } }").await;
    assert_eq!(polls.at("/polls/totalCount"), 1, "the mutation was done");
}

#[tokio::test]
async fn a_stream_that_waits_for_its_turn_is_told_of_the_end() {
    let world = World::new(Engine::Sqlite).await;
    let user = world.users("thor", 1).remove(0);
    let limits = ["--max-concurrent-operations", "1"];
    let mut server = world.serve_with(&[&limits[..], &NO_CACHE].concat()).await;
    let thor = server.caller("thor", &user.token);
    let locked = Locked::new(&world, "thor").await;
    let first = tokio::spawn(async move { create(&thor).await });
    one_runs(&server).await;
    let request = server.http.post(server.url("/graphql")).header("x-tenant", "thor");
    let request = request.header("accept", "text/event-stream");
    let request = request.json(&json!({ "query": "subscription { pollCreated { id } }" }));
    let mut events = EventStream::accepted(request).await;
    server.terminate();
    events.completed().await;
    locked.unlock().await;
    first.await.unwrap().data();
    assert!(server.ended().await.success());
}

#[tokio::test]
async fn thirty_two_at_once_are_never_turned_away() {
    let world = World::new(Engine::Sqlite).await;
    let users = world.users("thor", 32);
    let server = world.serve_with(&NO_CACHE).await;
    for _ in 0..5 {
        let callers = users.iter().map(|user| server.caller("thor", &user.token));
        let answers = join_all(callers.map(|caller| async move { create(&caller).await })).await;
        for answer in answers {
            assert!(answer.data()["createPoll"]["poll"]["id"].is_string(), "{answer:#?}");
        }
    }
}

#[tokio::test]
async fn a_changed_number_counts_for_those_who_come_after() {
    let world = World::new(Engine::Sqlite).await;
    let user = world.users("thor", 1).remove(0);
    let server = world.serve_with(&NO_CACHE).await;
    let thor = server.caller("thor", &user.token);
    thor.ask(WHO).await.data();
    let yaml = world.read_config();
    let limits = "limits: { concurrent_operations: 1, queued_operations: 0 }";
    world.write_config(&yaml.replace("name: Thor", &format!("name: Thor\n    {limits}")));
    let changed = server.log.wait_for(|line| {
        field(&line.json, "message").and_then(Value::as_str) == Some("the tenants file changed")
    });
    changed.unwrap();
    let locked = Locked::new(&world, "thor").await;
    let first = tokio::spawn({
        let thor = thor.clone();
        async move { create(&thor).await }
    });
    one_runs(&server).await;
    assert_eq!(thor.ask(WHO).await.status, 429, "the one place is taken");
    server.anyone("potter").ask(WHO).await.data();
    world.write_config(&yaml);
    eventually("there are more places again", async || thor.ask(WHO).await.status == 200).await;
    locked.unlock().await;
    first.await.unwrap().data();
}
