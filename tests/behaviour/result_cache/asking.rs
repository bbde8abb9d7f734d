//! Asking, and looking at what the cache did.

use serde_json::Value;

use crate::support::{Answer, Caller, Engine, PollIds, Server, World, field};

pub(super) const PAGE: &str =
    "{ polls { totalCount nodes { id question choices { voteCount } } } }";

/// What the cache did for a request (`hit`, `miss`, `off`), and how many statements it sent.
pub(super) fn mark(server: &Server, answer: &Answer) -> (String, u64) {
    let line = server.request_line(answer.header("x-request-id").unwrap());
    let cache = field(&line, "cache").and_then(Value::as_str).unwrap().to_owned();
    (cache, field(&line, "statements").and_then(Value::as_u64).unwrap())
}

pub(super) async fn marked(server: &Server, caller: &Caller, query: &str) -> (String, Answer) {
    let answer = caller.ask(query).await;
    (mark(server, &answer).0, answer)
}

/// Asks twice: it is computed, then known.
pub(super) async fn kept(server: &Server, caller: &Caller, query: &str) -> Answer {
    let (first, answer) = marked(server, caller, query).await;
    assert_eq!(first, "miss", "{query}");
    let again = caller.ask(query).await;
    assert_eq!(mark(server, &again), ("hit".to_owned(), 0), "{query}");
    assert_eq!(answer.text, again.text);
    again
}

pub(super) async fn kept_again(server: &Server, caller: &Caller, query: &str) {
    assert_eq!(marked(server, caller, query).await.0, "hit", "{query}");
}

pub(super) async fn figure(server: &Server, name: &str) -> u64 {
    server.figure(&format!("polls_result_cache_{name}")).await
}

pub(super) async fn thor_with_a_poll() -> (World, Server, Caller, PollIds) {
    let world = World::new(Engine::Sqlite).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    let poll = thor.create_poll("Q", &["a", "b"]).await;
    (world, server, thor, poll)
}
