//! GraphQL over Server-Sent Events.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{RESULTS, of};
use crate::support::{Answer, Engine, EventStream, Server, World};

const WHO: &str = "{ tenant { key } }";

async fn world() -> (World, Server) {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    (world, server)
}

fn post(server: &Server, query: &str, variables: &Value) -> RequestBuilder {
    let body = json!({ "query": query, "variables": variables });
    let request = server.http.post(server.url("/graphql")).json(&body);
    request.header("x-tenant", "thor").header("accept", "text/event-stream")
}

fn get(server: &Server, query: &str, variables: &Value) -> RequestBuilder {
    let mut url = url::Url::parse(&server.url("/graphql")).unwrap();
    url.query_pairs_mut()
        .append_pair("query", query)
        .append_pair("variables", &variables.to_string());
    let request = server.http.get(url);
    request.header("x-tenant", "thor").header("accept", "text/event-stream")
}

#[tokio::test]
async fn subscriptions_stream_by_post_and_by_get() {
    let (world, server) = world().await;
    let alice = server.caller("thor", &world.users("thor", 1)[0].token);
    let poll = alice.create_poll("?", &["a", "b"]).await;
    let mut posted = EventStream::accepted(post(&server, RESULTS, &of(&poll.id))).await;
    let mut got = EventStream::accepted(get(&server, RESULTS, &of(&poll.id))).await;
    let brotli = post(&server, RESULTS, &of(&poll.id)).header("accept-encoding", "br, gzip");
    let mut packed = EventStream::accepted(brotli).await;
    for events in [&mut posted, &mut got, &mut packed] {
        assert_eq!(events.next().await["data"]["pollResults"]["totalVotes"], 0);
    }
    alice.vote(&poll.choices[0]).await;
    for events in [&mut posted, &mut got, &mut packed] {
        assert_eq!(events.next().await["data"]["pollResults"]["totalVotes"], 1);
    }
    alice.done("closePoll", json!({ "id": poll.id }), "poll { id }").await;
    for events in [&mut posted, &mut got, &mut packed] {
        assert_eq!(events.next().await["data"]["pollResults"]["isOpen"], false);
        events.completed().await;
    }
}

#[tokio::test]
async fn queries_and_mutations_have_one_result() {
    let (world, server) = world().await;
    let who = json!({ "data": { "tenant": { "key": "thor" } } });
    for request in [post(&server, WHO, &json!({})), get(&server, WHO, &json!({}))] {
        let mut events = EventStream::accepted(request).await;
        assert_eq!(events.next().await, who);
        events.completed().await;
    }
    let token = world.users("thor", 1).remove(0).token;
    let logout = "mutation { logout(input: {}) { userErrors { code } } }";
    let request = post(&server, logout, &json!({}));
    let request = request.header("authorization", format!("Bearer {token}"));
    let mut events = EventStream::accepted(request).await;
    assert_eq!(events.next().await["data"]["logout"]["userErrors"], json!([]));
    events.completed().await;
    let refused = get(&server, logout, &json!({})).send().await.unwrap();
    assert_eq!(refused.status(), 405);
}

#[tokio::test]
async fn request_errors_are_events_under_200() {
    let (world, server) = world().await;
    let foreign = server.caller("potter", &world.users("potter", 1)[0].token);
    let foreign = foreign.create_poll("?", &["a", "b"]).await;
    for (request, code) in [
        (post(&server, "{", &json!({})), "GRAPHQL_PARSE_FAILED"),
        (post(&server, "{ nothing }", &json!({})), "GRAPHQL_VALIDATION_FAILED"),
        (post(&server, RESULTS, &json!({})), "BAD_USER_INPUT"),
        (post(&server, RESULTS, &of("x")), "BAD_USER_INPUT"),
        (post(&server, RESULTS, &of(&foreign.id)), "WRONG_TENANT"),
        (post(&server, RESULTS, &of("x")).header("authorization", "Bearer x"), "UNAUTHENTICATED"),
        (post(&server, WHO, &json!({})).header("x-tenant", "thor"), "TENANT_CONFLICT"),
    ] {
        let mut events = EventStream::accepted(request).await;
        let result = events.next().await;
        assert_eq!(result.get("data"), None, "{result}");
        assert_eq!(result["errors"][0]["extensions"]["code"], code, "{result}");
        events.completed().await;
    }
}

#[tokio::test]
async fn a_subscription_without_a_stream_is_told_how_to_get_one() {
    let (_world, server) = world().await;
    for accept in ["application/json", "application/graphql-response+json"] {
        let request = server.http.post(server.url("/graphql")).header("x-tenant", "thor");
        let body = json!({ "query": "subscription { pollCreated { id } }" });
        let request = request.header("accept", accept).json(&body);
        let answer = Answer::read(request.send().await.unwrap()).await;
        answer.refused("BAD_USER_INPUT");
        let message = answer.error()["message"].as_str().unwrap();
        assert!(message.contains("text/event-stream"), "{message}");
        assert!(message.contains("graphql-transport-ws"), "{message}");
    }
}

#[tokio::test]
async fn a_client_that_takes_both_has_json_for_one_result_and_a_stream_for_many() {
    let (world, server) = world().await;
    let alice = server.caller("thor", &world.users("thor", 1)[0].token);
    let poll = alice.create_poll("?", &["a", "b"]).await;
    let both = "application/graphql-response+json, application/json, text/event-stream";
    let request = |query: &str, variables: Value| {
        let request = server.http.post(server.url("/graphql")).header("x-tenant", "thor");
        request.header("accept", both).json(&json!({ "query": query, "variables": variables }))
    };
    let answer = Answer::read(request(WHO, json!({})).send().await.unwrap()).await;
    assert_eq!(answer.data()["tenant"]["key"], "thor");
    let mut events = EventStream::accepted(request(RESULTS, of(&poll.id))).await;
    events.next().await;
}

#[tokio::test]
async fn a_quiet_stream_has_comments() {
    let (world, _) = world().await;
    let server = world.serve_with(&["--socket-idle-seconds", "2"]).await;
    let alice = server.caller("thor", &world.users("thor", 1)[0].token);
    let poll = alice.create_poll("?", &["a", "b"]).await;
    let soon = chrono::Utc::now() + chrono::TimeDelta::seconds(4);
    let input = json!({ "id": poll.id, "closesAt": soon.to_rfc3339() });
    alice.done("updatePoll", input, "poll { id }").await;
    let mut events = EventStream::accepted(post(&server, RESULTS, &of(&poll.id))).await;
    events.next().await;
    events.next().await;
    events.completed().await;
    assert!(events.comments >= 1, "{}", events.comments);
}
