//! Connections that nobody uses, and clients that do not take what they are sent: neither keeps
//! the server.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{Engine, EventStream, Server, Socket, World, eventually};

const WHO: &str = "{ tenant { key } }";
const CREATED: &str = "subscription { pollCreated { question } }";
/// A stop that waits for its grace is one that the tests do not wait for.
const LONG_GRACE: [&str; 2] = ["--shutdown-grace-seconds", "3600"];

fn http() -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy().read_timeout(Duration::from_secs(60))
}

fn http2() -> reqwest::Client {
    http().http2_prior_knowledge().build().unwrap()
}

/// A client that is sent no more than a kilobyte of an answer until it reads that.
fn http2_with_a_small_window() -> reqwest::Client {
    let client = http().http2_prior_knowledge();
    client.http2_initial_stream_window_size(1024).build().unwrap()
}

fn ask(client: &reqwest::Client, server: &Server, query: &str) -> reqwest::RequestBuilder {
    let request = client.post(server.url("/graphql")).header("x-tenant", "thor");
    request.json(&json!({ "query": query }))
}

#[tokio::test]
async fn an_idle_connection_is_closed_whichever_version_it_speaks() {
    let world = World::new(Engine::Sqlite).await;
    let server =
        world.serve_with(&["--header-timeout-seconds", "3", "--max-connections", "2"]).await;
    let http1 = http().http1_only().build().unwrap();
    for client in [http2(), http1] {
        let answer = ask(&client, &server, WHO).send().await.unwrap();
        assert_eq!(answer.json::<Value>().await.unwrap()["data"]["tenant"]["key"], "thor");
        // The client keeps its connection, and here are two others.
        let others = [http2(), http2()];
        for other in &others {
            eventually("there is a place again", async || {
                let asked = ask(other, &server, WHO).send();
                matches!(timeout(Duration::from_secs(10), asked).await, Ok(Ok(_)))
            })
            .await;
        }
        let answer = ask(&client, &server, WHO).send().await.unwrap();
        assert_eq!(answer.status(), 200, "another connection is made");
    }
}

#[tokio::test]
async fn an_event_stream_is_not_idle() {
    let world = World::new(Engine::Sqlite).await;
    let times = ["--header-timeout-seconds", "3", "--socket-idle-seconds", "2"];
    let server = world.serve_with(&times).await;
    let alice = server.caller("thor", &world.users("thor", 1)[0].token);
    let request = ask(&http2(), &server, CREATED).header("accept", "text/event-stream");
    let mut events = EventStream::accepted(request).await;
    // A comment a second: the connection has been without a new request for long.
    while events.comments < 5 {
        events.comment().await;
    }
    alice.create_poll("Tea?", &["yes", "no"]).await;
    assert_eq!(events.next().await["data"]["pollCreated"]["question"], "Tea?");
}

#[tokio::test]
async fn a_socket_that_is_not_read_is_told_of_the_end_once_it_is() {
    let world = World::new(Engine::Sqlite).await;
    let mut server = world.serve_with(&LONG_GRACE).await;
    let mut late = Socket::connect(&server, "thor", None).await;
    let mut never = Socket::connect(&server, "thor", None).await;
    for socket in [&mut late, &mut never] {
        let ping = json!({ "type": "ping", "payload": { "x": "x".repeat(1_000_000) } });
        // Until the server, which cannot write, reads no more either.
        while timeout(Duration::from_secs(1), socket.say(ping.clone())).await.is_ok() {}
    }
    server.terminate();
    assert_eq!(late.closed().await.0, 1001);
    drop(late);
    server.ended().await;
    drop(never);
}

#[tokio::test]
async fn a_suspended_tenant_leaves_sockets_that_are_not_read() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve_with(&LONG_GRACE).await;
    let mut socket = Socket::connect(&server, "thor", None).await;
    let ping = json!({ "type": "ping", "payload": { "x": "x".repeat(1_000_000) } });
    while timeout(Duration::from_secs(1), socket.say(ping.clone())).await.is_ok() {}
    let yaml = world.read_config();
    world.write_config(&yaml.replace("name: Thor", "name: Thor\n    state: suspended"));
    eventually("the socket is gone", async || server.figure("polls_streams_open").await == 0).await;
    drop(socket);
}

/// Two event streams of one connection, of which the first is stuck, and the poll they tell of.
async fn one_stuck(
    world: &World,
    server: &Server,
    client: &reqwest::Client,
) -> (EventStream, EventStream) {
    let alice = server.caller("thor", &world.users("thor", 1)[0].token);
    let events = |query: &str| ask(client, server, query).header("accept", "text/event-stream");
    let aliases: String = (0..60).map(|n| format!("a{n}: question ")).collect();
    let large = format!("subscription {{ pollCreated {{ {aliases} }} }}");
    let stuck = EventStream::accepted(events(&large)).await;
    let mut read = EventStream::accepted(events(CREATED)).await;
    // Six kilobytes, of which one is on its way and the rest waits to be asked for.
    alice.create_poll(&"x".repeat(100), &["yes", "no"]).await;
    read.next().await;
    (stuck, read)
}

#[tokio::test]
async fn an_event_stream_that_is_not_read_does_not_hold_up_the_stop() {
    let world = World::new(Engine::Sqlite).await;
    let mut server = world.serve_with(&LONG_GRACE).await;
    let client = http2_with_a_small_window();
    let (stuck, mut read) = one_stuck(&world, &server, &client).await;
    server.terminate();
    read.completed().await;
    assert_eq!(server.ended().await.code(), Some(0));
    drop(stuck);
}

#[tokio::test]
async fn an_event_stream_that_is_not_read_costs_no_other_answer() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    let client = http2_with_a_small_window();
    let (stuck, mut read) = one_stuck(&world, &server, &client).await;
    let yaml = world.read_config();
    world.write_config(&yaml.replace("name: Thor", "name: Thor\n    state: suspended"));
    assert_eq!(read.event().await.unwrap().0, "next");
    read.completed().await;
    let potter = |query: &str| {
        let request = client.post(server.url("/graphql")).header("x-tenant", "potter");
        request.json(&json!({ "query": query })).send()
    };
    let whole = "{ __schema { types { name description fields { name description } } } }";
    let slow = potter(whole).await.unwrap();
    drop(stuck);
    let small = potter(WHO).await.unwrap();
    assert_eq!(small.json::<Value>().await.unwrap()["data"]["tenant"]["key"], "potter");
    let types = slow.json::<Value>().await.unwrap();
    assert!(types["data"]["__schema"]["types"].as_array().unwrap().len() > 50);
}

#[tokio::test]
async fn an_answer_that_is_not_read_holds_no_place() {
    let world = World::new(Engine::Sqlite).await;
    let server =
        world.serve_with(&["--header-timeout-seconds", "1", "--max-connections", "1"]).await;
    let greedy = http2_with_a_small_window();
    let whole = "{ __schema { types { name description fields { name description } } } }";
    let answer = ask(&greedy, &server, whole).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let other = http2();
    eventually("there is a place again", async || {
        let asked = ask(&other, &server, WHO).send();
        matches!(timeout(Duration::from_secs(20), asked).await, Ok(Ok(_)))
    })
    .await;
    drop(answer);
}
