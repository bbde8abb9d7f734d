//! Which tenant a request is for: by header, by host, by both when they agree, and never by
//! default.

use reqwest::header::HOST;
use serde_json::json;

use crate::support::{Answer, Connection, Engine, Raw, Server, World, on_each_engine};

const WHO: &str = "{ tenant { key } }";

on_each_engine!(every_engine_answers_for_the_tenant_that_was_named);

async fn every_engine_answers_for_the_tenant_that_was_named(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve().await;
    for key in ["thor", "potter"] {
        let answer = server.anyone(key).ask("{ tenant { id key name } }").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.data()["tenant"]["key"], key);
    }
}

/// Asks with exactly these headers who the tenant is.
async fn ask(server: &Server, headers: &[(&str, &str)]) -> Answer {
    let mut request = server.http.post(server.url("/graphql"));
    request = request.header("accept", "application/graphql-response+json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.json(&json!({ "query": WHO }));
    Answer::read(request.send().await.unwrap()).await
}

async fn world() -> World {
    let hosts = ["hosts: [polls.hogwarts.example]"];
    World::builder(Engine::Sqlite).tenant("potter", &hosts).build().await
}

#[tokio::test]
async fn header_or_host_names_the_tenant() {
    let world = world().await;
    let server = world.serve().await;
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("x-tenant", "thor")], "thor"),
        (&[("X-TENANT", "potter")], "potter"),
        (&[("host", "thor.localhost")], "thor"),
        (&[("host", "thor.localhost:8000")], "thor"),
        (&[("host", "THOR.LocalHost")], "thor"),
        (&[("host", "thor.localhost.")], "thor"),
        (&[("host", "thor.localhost.:8000")], "thor"),
        (&[("host", "potter.polls.local")], "potter"),
        (&[("host", "polls.hogwarts.example")], "potter"),
        (&[("host", "Polls.Hogwarts.Example.:80")], "potter"),
        (&[("x-tenant", "thor"), ("host", "thor.polls.local")], "thor"),
        (&[("x-tenant", "potter"), ("host", "polls.hogwarts.example")], "potter"),
        (&[("x-tenant", "potter"), ("host", "elsewhere.example")], "potter"),
    ];
    for (headers, key) in cases {
        let answer = ask(&server, headers).await;
        assert_eq!(answer.data()["tenant"]["key"], **key, "{headers:?}");
    }
}

#[tokio::test]
async fn nothing_names_a_tenant() {
    let world = world().await;
    let server = world.serve().await;
    let cases: &[&[(&str, &str)]] = &[
        &[],
        &[("host", "localhost")],
        &[("host", "localhost:8000")],
        &[("host", "polls.local")],
        &[("host", "www.thor.localhost")],
        &[("host", "thor.localhost.example")],
        &[("host", "hogwarts.example")],
        &[("host", "www.polls.hogwarts.example")],
        &[("host", "[::1]:8000")],
    ];
    for headers in cases {
        let answer = ask(&server, headers).await;
        answer.refused("TENANT_REQUIRED");
        assert_eq!(answer.status, 400, "{headers:?}");
    }
}

#[tokio::test]
async fn an_unknown_or_malformed_key_is_not_found() {
    let world = world().await;
    let server = world.serve().await;
    let long = "a".repeat(64);
    let cases: &[&[(&str, &str)]] = &[
        &[("x-tenant", "loki")],
        &[("x-tenant", "../thor")],
        &[("x-tenant", "th or")],
        &[("x-tenant", "-thor")],
        &[("x-tenant", "thor-")],
        &[("x-tenant", "thor.potter")],
        &[("x-tenant", "thör")],
        &[("x-tenant", &long)],
        &[("host", "loki.localhost")],
        &[("host", "th_or.localhost")],
    ];
    for headers in cases {
        let answer = ask(&server, headers).await;
        answer.refused("TENANT_NOT_FOUND");
        assert_eq!(answer.status, 404, "{headers:?}");
    }
}

#[tokio::test]
async fn two_names_conflict_whatever_they_are() {
    let world = world().await;
    let server = world.serve().await;
    let cases: &[&[(&str, &str)]] = &[
        &[("x-tenant", "thor"), ("host", "potter.localhost")],
        &[("x-tenant", "thor"), ("host", "polls.hogwarts.example")],
        &[("x-tenant", "thor"), ("host", "loki.localhost")],
        &[("x-tenant", "loki"), ("host", "thor.localhost")],
        &[("x-tenant", "loki"), ("host", "odin.localhost")],
        &[("x-tenant", "thor"), ("x-tenant", "potter")],
        &[("x-tenant", "thor"), ("x-tenant", "thor")],
        // What a proxy may make of it (RFC 9110, section 5.3).
        &[("x-tenant", "thor, potter")],
        &[("x-tenant", "thor"), ("x-tenant", "thor"), ("host", "thor.localhost")],
    ];
    for headers in cases {
        let answer = ask(&server, headers).await;
        answer.refused("TENANT_CONFLICT");
        assert_eq!(answer.status, 400, "{headers:?}");
    }
}

#[tokio::test]
async fn a_forwarded_host_counts_for_nothing_by_default() {
    let world = world().await;
    let server = world.serve().await;
    let forwarded = [("x-forwarded-host", "thor.localhost")];
    ask(&server, &forwarded).await.refused("TENANT_REQUIRED");
    let other = [("x-forwarded-host", "potter.localhost"), ("host", "thor.localhost")];
    assert_eq!(ask(&server, &other).await.data()["tenant"]["key"], "thor");
}

#[tokio::test]
async fn a_forwarded_host_counts_behind_a_trusted_proxy() {
    let world = world().await;
    world.write_config(&format!("trust_proxy: true\n{}", world.read_config()));
    let server = world.serve().await;
    let forwarded = [("x-forwarded-host", "thor.localhost")];
    assert_eq!(ask(&server, &forwarded).await.data()["tenant"]["key"], "thor");
    let other = [("x-forwarded-host", "potter.localhost"), ("x-tenant", "thor")];
    ask(&server, &other).await.refused("TENANT_CONFLICT");
}

#[tokio::test]
async fn a_target_in_absolute_form_stands_for_the_host() {
    let world = world().await;
    let server = world.serve().await;
    let host = [("Host", "potter.localhost")];
    let request = Raw::graphql("http://thor.localhost/graphql", &host, WHO);
    let (status, text) = Raw::exchange(server.address, &request);
    assert_eq!(status, 200, "{text}");
    assert!(text.contains(r#""key":"thor""#), "{text}");
}

#[tokio::test]
async fn the_authority_of_http_2_stands_for_the_host() {
    let world = world().await;
    let server = world.serve().await;
    let body = json!({ "query": WHO }).to_string();
    let mut connection = Connection::open(server.address);
    connection.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    connection.send(&frame(SETTINGS, 0, 0, &[]));
    let head: Vec<u8> = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/graphql"),
        (":authority", "thor.localhost"),
        ("content-type", "application/json"),
    ]
    .into_iter()
    .flat_map(|(name, value)| literal(name, value))
    .collect();
    connection.send(&frame(HEADERS, END_HEADERS, 1, &head));
    connection.send(&frame(DATA, END_STREAM, 1, body.as_bytes()));
    let wanted = br#""key":"thor""#;
    let found = |bytes: &[u8]| bytes.windows(wanted.len()).any(|part| part == wanted);
    let received = connection.read_until(found);
    assert!(found(&received), "{}", String::from_utf8_lossy(&received));
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A frame of HTTP/2 (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [length[1], length[2], length[3], kind, flags, 0, 0, 0, stream];
    [&head, payload].concat()
}

/// A header field, neither indexed nor compressed (RFC 7541, section 6.2.2).
fn literal(name: &str, value: &str) -> Vec<u8> {
    let length = |text: &str| u8::try_from(text.len()).unwrap();
    let mut bytes = vec![0, length(name)];
    bytes.extend(name.as_bytes());
    bytes.push(length(value));
    bytes.extend(value.as_bytes());
    bytes
}

#[tokio::test]
async fn a_tenant_left_out_by_only_is_unknown() {
    let world = world().await;
    let server = world.serve_with(&["--only", "thor"]).await;
    assert_eq!(server.anyone("thor").ask(WHO).await.data()["tenant"]["key"], "thor");
    let answer = server.anyone("potter").ask(WHO).await;
    answer.refused("TENANT_NOT_FOUND");
    assert_eq!(answer.status, 404);
    let host = [(HOST.as_str(), "polls.hogwarts.example")];
    let answer = ask(&server, &host).await;
    assert!(["TENANT_NOT_FOUND", "TENANT_REQUIRED"].contains(&answer.code()), "{answer:?}");
    assert!(!answer.text.contains("potter"), "{answer:?}");
}
