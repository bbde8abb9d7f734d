//! `graphql-transport-ws`, case by case.

use serde_json::json;

use super::{RESULTS, of};
use crate::support::{Engine, Server, Socket, World};

const WHO: &str = "{ tenant { key } }";

async fn world() -> (World, Server) {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    (world, server)
}

#[tokio::test]
async fn a_socket_opens_on_both_paths_and_runs_queries() {
    let (_world, server) = world().await;
    for path in ["/graphql", "/graphql/ws"] {
        let mut socket = Socket::try_open(&server, path, &[("x-tenant", "thor")]).await.unwrap();
        socket.init(json!(null)).await;
        socket.subscribe("1", WHO, json!({})).await;
        assert_eq!(socket.next("1").await, json!({ "data": { "tenant": { "key": "thor" } } }));
        socket.completed("1").await;
        // The id is free again.
        socket.subscribe("1", WHO, json!({})).await;
        socket.next("1").await;
        socket.completed("1").await;
        socket.close().await;
    }
}

#[tokio::test]
async fn mutations_run_and_authenticate() {
    let (world, server) = world().await;
    let token = world.users("thor", 1).remove(0).token;
    let mut socket = Socket::connect(&server, "thor", Some(&token)).await;
    let create = "mutation { createPoll(input: { question: \"?\", choices: [\"a\", \"b\"] }) \
                  { poll { question } userErrors { code } } }";
    socket.subscribe("m", create, json!({})).await;
    let result = socket.next("m").await;
    assert_eq!(result["data"]["createPoll"]["poll"]["question"], "?", "{result}");
    socket.completed("m").await;

    let mut anyone = Socket::connect(&server, "thor", None).await;
    anyone.subscribe("m", create, json!({})).await;
    let result = anyone.next("m").await;
    assert_eq!(result["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{result}");
    anyone.completed("m").await;
}

#[tokio::test]
async fn bad_messages_close_with_4400() {
    let (_world, server) = world().await;
    for text in [
        "",
        "{",
        "[]",
        "1",
        "{}",
        r#"{"type":"start"}"#,
        r#"{"type":"connection_ack"}"#,
        r#"{"type":"next","id":"1","payload":{}}"#,
        r#"{"type":"connection_init","payload":"x"}"#,
        r#"{"type":"connection_init","payload":{"tenant":1}}"#,
        r#"{"type":"connection_init","payload":{"authorization":[]}}"#,
        r#"{"type":"ping","payload":1}"#,
        r#"{"type":"subscribe"}"#,
        r#"{"type":"subscribe","id":1,"payload":{"query":"{__typename}"}}"#,
        r#"{"type":"subscribe","id":"1","payload":{}}"#,
        r#"{"type":"subscribe","id":"1","payload":{"query":1}}"#,
        r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":1}}"#,
        r#"{"type":"complete"}"#,
    ] {
        let mut socket = Socket::open(&server, &[("x-tenant", "thor")]).await;
        socket.text(text).await;
        let (code, reason) = socket.closed().await;
        assert_eq!(code, 4400, "{text}: {reason}");
        assert!(!reason.is_empty() && reason.len() <= 123, "{text}: {reason}");
    }
    let mut socket = Socket::connect(&server, "thor", None).await;
    socket.binary(br#"{"type":"ping"}"#).await;
    assert_eq!(socket.closed().await.0, 4400);
}

#[tokio::test]
async fn subscribing_before_the_connection_is_accepted_closes_with_4401() {
    let (_world, server) = world().await;
    let mut socket = Socket::open(&server, &[("x-tenant", "thor")]).await;
    socket.subscribe("1", WHO, json!({})).await;
    assert_eq!(socket.closed().await.0, 4401);
}

#[tokio::test]
async fn a_second_connection_init_closes_with_4429() {
    let (_world, server) = world().await;
    let mut socket = Socket::connect(&server, "thor", None).await;
    socket.say(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.closed().await.0, 4429);
}

#[tokio::test]
async fn no_connection_init_closes_with_4408() {
    let (world, _) = world().await;
    let server = world.serve_with(&["--socket-init-seconds", "1"]).await;
    let mut socket = Socket::open(&server, &[("x-tenant", "thor")]).await;
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.closed().await.0, 4408);
}

#[tokio::test]
async fn an_id_in_use_closes_with_4409() {
    let (_world, server) = world().await;
    for id in ["1", &"long ".repeat(100)] {
        let mut socket = Socket::connect(&server, "thor", None).await;
        for _ in 0..2 {
            socket.subscribe(id, "subscription { pollCreated { id } }", json!({})).await;
        }
        let (code, reason) = socket.closed().await;
        assert_eq!(code, 4409, "{reason}");
        assert!(reason.ends_with("already exists"), "{reason}");
    }
}

#[tokio::test]
async fn another_subprotocol_closes_with_4406() {
    let (_world, server) = world().await;
    let mut socket =
        Socket::try_open_bare(&server, "/graphql", &[("x-tenant", "thor")]).await.unwrap();
    assert_eq!(socket.closed().await.0, 4406);
}

#[tokio::test]
async fn pings_are_answered_with_their_payload_at_any_time() {
    let (_world, server) = world().await;
    let mut socket = Socket::open(&server, &[("x-tenant", "thor")]).await;
    socket.silent().await;
    socket.init(json!({})).await;
    socket.say(json!({ "type": "ping", "payload": { "a": [1, "x"] } })).await;
    assert_eq!(socket.hear().await, json!({ "type": "pong", "payload": { "a": [1, "x"] } }));
    socket.say(json!({ "type": "pong" })).await;
    socket.say(json!({ "type": "pong", "payload": { "a": 1 } })).await;
    socket.say(json!({ "type": "complete", "id": "unknown" })).await;
    socket.silent().await;
}

#[tokio::test]
async fn what_is_not_executed_has_one_error_and_nothing_else() {
    let (_world, server) = world().await;
    let mut socket = Socket::connect(&server, "thor", None).await;
    let aliases: String = (0..200).map(|n| format!("a{n}: __typename ")).collect();
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($a: Int!) { polls(first: $a) { totalCount } }", "BAD_USER_INPUT"),
        (&format!("{{ {aliases} }}"), "LIMIT_EXCEEDED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { pollResults { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { pollResults(pollId: \"x\") { id } }", "BAD_USER_INPUT"),
        (
            "subscription { a: pollCreated { id } b: pollCreated { id } }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("subscription { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { ...F }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { pollCreated @skip(if: true) { id } }", "GRAPHQL_VALIDATION_FAILED"),
    ] {
        socket.subscribe("1", query, json!({})).await;
        assert_eq!(socket.error("1").await, code, "{query}");
        socket.silent().await;
    }
}

#[tokio::test]
async fn the_root_field_may_stand_in_fragments() {
    let (world, server) = world().await;
    let alice = server.caller("thor", &world.users("thor", 1)[0].token);
    let poll = alice.create_poll("?", &["a", "b"]).await;
    let mut socket = Socket::connect(&server, "thor", None).await;
    for query in [
        "subscription($id: ID!) { ...F } fragment F on Subscription { pollResults(pollId: $id) { question } }",
        "subscription($id: ID!) { ... on Subscription { pollResults(pollId: $id) { question } } }",
        "subscription($id: ID!) { ... { pollResults(pollId: $id) { ...P } } } fragment P on Poll { question }",
        "subscription($id: ID!) { pollResults(pollId: $id) { id } ...F } \
         fragment F on Subscription { pollResults(pollId: $id) { question } }",
    ] {
        socket.subscribe("1", query, of(&poll.id)).await;
        let result = socket.next("1").await;
        assert_eq!(result["data"]["pollResults"]["question"], "?", "{query}: {result}");
        socket.say(json!({ "type": "complete", "id": "1" })).await;
        socket.silent().await;
    }
}

#[tokio::test]
async fn after_complete_there_is_silence() {
    let (world, server) = world().await;
    let alice = server.caller("thor", &world.users("thor", 1)[0].token);
    let poll = alice.create_poll("?", &["a", "b"]).await;
    let mut socket = Socket::connect(&server, "thor", None).await;
    socket.subscribe("1", RESULTS, of(&poll.id)).await;
    socket.next("1").await;
    socket.say(json!({ "type": "complete", "id": "1" })).await;
    alice.vote(&poll.choices[0]).await;
    // Who hears of the vote hears it alone.
    socket.subscribe("2", RESULTS, of(&poll.id)).await;
    assert_eq!(socket.next("2").await["data"]["pollResults"]["totalVotes"], 1);
    socket.silent().await;
}

#[tokio::test]
async fn a_message_past_the_limit_closes_with_1009() {
    let (world, _) = world().await;
    let server = world.serve_with(&["--max-socket-message-bytes", "2048"]).await;
    // The last one fits into no buffer on the way.
    for length in [3_000, 100_000, 12_000_000] {
        let mut socket = Socket::connect(&server, "thor", None).await;
        socket.say(json!({ "type": "ping", "payload": { "x": "x".repeat(length) } })).await;
        assert_eq!(socket.closed().await.0, 1009, "{length}");
    }
    let mut socket = Socket::connect(&server, "thor", None).await;
    socket.say(json!({ "type": "ping", "payload": { "x": "x".repeat(1_900) } })).await;
    assert_eq!(socket.hear().await["type"], "pong");
}

#[tokio::test]
async fn operations_past_the_cap_are_refused_one_by_one() {
    let (world, _) = world().await;
    let server = world.serve_with(&["--max-operations-per-socket", "2"]).await;
    let mut socket = Socket::connect(&server, "thor", None).await;
    for id in ["1", "2", "3"] {
        socket.subscribe(id, "subscription { pollCreated { id } }", json!({})).await;
    }
    assert_eq!(socket.error("3").await, "LIMIT_EXCEEDED");
    socket.say(json!({ "type": "complete", "id": "1" })).await;
    socket.subscribe("4", WHO, json!({})).await;
    socket.next("4").await;
    socket.completed("4").await;
}
