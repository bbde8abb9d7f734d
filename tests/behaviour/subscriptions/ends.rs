//! How streams end before their time: tokens, tenants, caps, silence, and the server's own end.

use chrono::{TimeDelta, Utc};
use serde_json::json;

use super::{RESULTS, of};
use crate::support::{Engine, EventStream, Server, Socket, World, eventually};

const CREATED: &str = "subscription { pollCreated { id } }";

async fn world() -> (World, Server) {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    (world, server)
}

fn stream(
    server: &Server,
    tenant: &str,
    token: Option<&str>,
    query: &str,
) -> reqwest::RequestBuilder {
    let request = server.http.post(server.url("/graphql")).header("x-tenant", tenant);
    let request = request.header("accept", "text/event-stream").json(&json!({ "query": query }));
    match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    }
}

async fn code_then_end(events: &mut EventStream) -> String {
    let result = events.next().await;
    assert_eq!(result.get("data"), None, "{result}");
    let code = result["errors"][0]["extensions"]["code"].as_str().unwrap().to_owned();
    events.completed().await;
    code
}

#[tokio::test]
async fn a_token_that_expires_ends_its_streams() {
    let (world, server) = world().await;
    let token = world.users("thor", 1).remove(0).token;
    let soon = (Utc::now() + TimeDelta::seconds(8)).format("%Y-%m-%d %H:%M:%S%.6f");
    world.sql("thor", &format!("UPDATE auth_token SET expires_at = '{soon}'")).await;
    let mut socket = Socket::connect(&server, "thor", Some(&token)).await;
    socket.subscribe("1", CREATED, json!({})).await;
    let mut events = EventStream::accepted(stream(&server, "thor", Some(&token), CREATED)).await;
    let mut anyone = Socket::connect(&server, "thor", None).await;
    let (code, reason) = socket.closed().await;
    assert_eq!(code, 4403);
    assert!(reason.starts_with("UNAUTHENTICATED"), "{reason}");
    assert_eq!(code_then_end(&mut events).await, "UNAUTHENTICATED");
    anyone.silent().await;
}

#[tokio::test]
async fn a_token_that_is_revoked_ends_its_streams() {
    let (world, server) = world().await;
    let mut users = world.users("thor", 2);
    let (bob, alice) = (users.remove(1), users.remove(0));
    let mut hers = Socket::connect(&server, "thor", Some(&alice.token)).await;
    let mut her_events =
        EventStream::accepted(stream(&server, "thor", Some(&alice.token), CREATED)).await;
    let mut his = Socket::connect(&server, "thor", Some(&bob.token)).await;
    let alice = server.caller("thor", &alice.token);
    alice.done("logout", json!({}), "").await;
    assert_eq!(hers.closed().await.0, 4403);
    assert_eq!(code_then_end(&mut her_events).await, "UNAUTHENTICATED");
    his.silent().await;

    // Behind the server's back, it is found out at the next operation.
    world.sql("thor", "DELETE FROM auth_token").await;
    his.silent().await;
    his.subscribe("1", CREATED, json!({})).await;
    assert_eq!(his.closed().await.0, 4403);
}

#[tokio::test]
async fn a_person_who_is_deactivated_hears_no_more() {
    let world = World::builder(Engine::Sqlite).tenant("thor", &["anonymous: none"]).build().await;
    let server = world.serve().await;
    let token = world.users("thor", 1).remove(0).token;
    let mut socket = Socket::connect(&server, "thor", Some(&token)).await;
    socket.subscribe("1", CREATED, json!({})).await;
    world.superuser("thor", "root", "correct horse");
    let root = server.login("thor", "root", "correct horse").await;
    let id = server.caller("thor", &token).ask("{ viewer { id } }").await.at("/viewer/id").clone();
    root.done("deactivateUser", json!({ "id": id }), "user { id }").await;
    assert_eq!(socket.closed().await.0, 4403);
}

#[tokio::test]
async fn a_tenant_that_is_suspended_ends_its_streams_and_no_others() {
    let (world, server) = world().await;
    let mut at_thor = Socket::connect(&server, "thor", None).await;
    at_thor.subscribe("1", CREATED, json!({})).await;
    let mut events = EventStream::accepted(stream(&server, "thor", None, CREATED)).await;
    let mut at_potter = Socket::connect(&server, "potter", None).await;
    at_potter.subscribe("1", CREATED, json!({})).await;
    let yaml = world.read_config();
    world.write_config(&yaml.replace("name: Thor", "name: Thor\n    state: suspended"));
    let (code, reason) = at_thor.closed().await;
    assert_eq!(code, 4403);
    assert!(reason.starts_with("TENANT_SUSPENDED"), "{reason}");
    assert_eq!(code_then_end(&mut events).await, "TENANT_SUSPENDED");

    let harry = server.caller("potter", &world.users("potter", 1)[0].token);
    harry.create_poll("?", &["a", "b"]).await;
    at_potter.next("1").await;
}

#[tokio::test]
async fn a_tenant_that_turns_read_only_is_shown_so() {
    let (world, server) = world().await;
    let mut users = world.users("thor", 2);
    let bob = users.remove(1);
    let alice = server.caller("thor", &users[0].token);
    let poll = alice.create_poll("?", &["a", "b"]).await;
    let query = "subscription($id: ID!) { pollResults(pollId: $id) { viewerCanVote } }";
    let mut socket = Socket::connect(&server, "thor", Some(&bob.token)).await;
    socket.subscribe("1", query, of(&poll.id)).await;
    let can_vote = json!({ "data": { "pollResults": { "viewerCanVote": true } } });
    assert_eq!(socket.next("1").await, can_vote);
    let yaml = world.read_config();
    let soon = Utc::now() + TimeDelta::seconds(3);
    let input = json!({ "id": poll.id, "closesAt": soon.to_rfc3339() });
    alice.done("updatePoll", input, "poll { id }").await;
    assert_eq!(socket.next("1").await, can_vote);
    world.write_config(&yaml.replace("name: Thor", "name: Thor\n    state: read_only"));
    let cannot = json!({ "data": { "pollResults": { "viewerCanVote": false } } });
    assert_eq!(socket.next("1").await, cannot);
    socket.completed("1").await;
}

#[tokio::test]
async fn stopping_closes_sockets_with_1001_and_completes_event_streams() {
    let (world, mut server) = world().await;
    let alice = server.caller("thor", &world.users("thor", 1)[0].token);
    let poll = alice.create_poll("?", &["a", "b"]).await;
    let mut idle = Socket::open(&server, &[("x-tenant", "thor")]).await;
    let mut socket = Socket::connect(&server, "thor", None).await;
    socket.subscribe("1", RESULTS, of(&poll.id)).await;
    socket.next("1").await;
    let mut events = EventStream::accepted(stream(&server, "thor", None, CREATED)).await;
    server.terminate();
    assert_eq!(socket.closed().await.0, 1001);
    assert_eq!(idle.closed().await.0, 1001);
    events.completed().await;
    // The clients have to close, too.
    drop((socket, idle, events));
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn streams_past_the_cap_of_a_tenant_are_refused() {
    let (world, _) = world().await;
    let server = world.serve_with(&["--max-socket-connections-per-tenant", "2"]).await;
    let first = Socket::connect(&server, "thor", None).await;
    let events = EventStream::accepted(stream(&server, "thor", None, CREATED)).await;
    let mut third = Socket::open(&server, &[("x-tenant", "thor")]).await;
    third.say(json!({ "type": "connection_init" })).await;
    let (code, reason) = third.closed().await;
    assert_eq!(code, 1013);
    assert!(reason.starts_with("RATE_LIMITED"), "{reason}");
    let refused = EventStream::open(stream(&server, "thor", None, CREATED)).await.response;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    let answer: serde_json::Value = refused.json().await.unwrap();
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!(extensions["code"], "RATE_LIMITED");
    assert_eq!(extensions["limit"], "connections_per_tenant");
    assert_eq!(extensions["max"], 2);
    Socket::connect(&server, "potter", None).await;

    drop(events);
    first.close().await;
    eventually("there is a place again", async || {
        let mut again = Socket::open(&server, &[("x-tenant", "thor")]).await;
        again.say(json!({ "type": "connection_init" })).await;
        again.say(json!({ "type": "ping" })).await;
        again.try_hear().await.is_some_and(|message| message["type"] == "connection_ack")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_peer_is_left_and_one_that_answers_pings_is_kept() {
    let (world, _) = world().await;
    let server = world.serve_with(&["--socket-idle-seconds", "4"]).await;
    let mut alive = Socket::connect(&server, "thor", None).await;
    let dead = Socket::connect(&server, "thor", None).await;
    // Reading answers pings; the other one does not read.
    let alive = tokio::spawn(async move {
        let closed = alive.closed();
        let waited = tokio::time::timeout(std::time::Duration::from_secs(10), closed).await;
        assert!(waited.is_err(), "{waited:?}");
    });
    let ended = |line: &crate::support::LogLine| {
        line.text.contains("socket ended") && line.text.contains("1001")
    };
    assert!(server.log.wait_for(ended).is_some(), "{}", server.log.text());
    alive.await.unwrap();
    drop(dead);
}
