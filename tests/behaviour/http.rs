//! HTTP: what a browser, a proxy, an orchestrator and a careless client meet.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Connection, Engine, Raw, Server, World, eventually};

const WHO: &str = "{ tenant { key } }";

async fn world() -> World {
    World::new(Engine::Sqlite).await
}

async fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = server.http.get(server.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn health_asks_for_no_tenant() {
    let world = world().await;
    let server = world.serve().await;
    assert_eq!(get(&server, "/healthz", &[]).await.status, 200);
    assert_eq!(get(&server, "/readyz", &[]).await.status, 200);
}

#[tokio::test]
async fn a_server_is_ready_when_one_tenant_can_be_reached() {
    let world = world().await;
    std::fs::remove_file(world.file("thor")).unwrap();
    let server = world.serve().await;
    assert_eq!(get(&server, "/readyz", &[]).await.status, 200);
    drop(server);
    std::fs::remove_file(world.file("potter")).unwrap();
    let server = world.serve().await;
    let ready = get(&server, "/readyz", &[]).await;
    assert_eq!(ready.status, 503);
    assert!(!ready.text.contains(".db"), "{ready:#?}");
    assert_eq!(get(&server, "/healthz", &[]).await.status, 200);
}

#[tokio::test]
async fn a_browser_gets_graphiql() {
    let world = world().await;
    let server = world.serve().await;
    let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let page = get(&server, "/graphql", &[("accept", accept), ("host", "thor.localhost")]).await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert!(page.text.to_lowercase().contains("graphiql"));
}

#[tokio::test]
async fn a_query_may_come_by_get_a_mutation_not() {
    let world = world().await;
    let server = world.serve().await;
    let headers = [("x-tenant", "thor"), ("accept", "application/json")];
    let answer =
        get(&server, "/graphql?query=%7B%20tenant%20%7B%20key%20%7D%20%7D", &headers).await;
    assert_eq!(answer.data()["tenant"]["key"], "thor");
    let mutation = "/graphql?query=mutation%7Blogout(input:%7B%7D)%7BuserErrors%7Bcode%7D%7D%7D";
    let answer = get(&server, mutation, &headers).await;
    assert_eq!(answer.status, 405, "{answer:#?}");
    assert!(answer.header("allow").unwrap().contains("POST"));
}

#[tokio::test]
async fn methods_and_types_are_held_to() {
    let world = world().await;
    let server = world.serve().await;
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let request = server.http.request(method, server.url("/graphql"));
        let answer = request.header("x-tenant", "thor").send().await.unwrap();
        assert_eq!(answer.status(), 405);
        assert!(answer.headers()["allow"].to_str().unwrap().contains("POST"));
    }
    let body = json!({ "query": WHO }).to_string();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let request = server.anyone("thor").post().header("content-type", kind).body(body.clone());
        assert_eq!(request.send().await.unwrap().status(), 415, "{kind}");
    }
    let bare = server.http.post(server.url("/graphql")).header("x-tenant", "thor").body(body);
    assert_eq!(bare.send().await.unwrap().status(), 415, "no content type");
    assert_eq!(get(&server, "/nowhere", &[("x-tenant", "thor")]).await.status, 404);
    for accept in ["image/png", "text/html", "multipart/mixed"] {
        let request = server.http.post(server.url("/graphql")).header("x-tenant", "thor");
        let request = request.header("accept", accept).json(&json!({ "query": WHO }));
        assert_eq!(request.send().await.unwrap().status(), 406, "{accept}");
    }
}

#[tokio::test]
async fn the_answer_has_the_type_that_was_asked_for() {
    let world = world().await;
    let server = world.serve().await;
    let new = "application/graphql-response+json; charset=utf-8";
    let old = "application/json; charset=utf-8";
    for (accept, kind, status) in [
        ("application/graphql-response+json", new, 400),
        ("application/json", old, 200),
        ("*/*", old, 200),
        ("application/*", old, 200),
        ("application/json;q=0.5, application/graphql-response+json", new, 400),
        ("application/json, application/graphql-response+json;q=0.5", old, 200),
    ] {
        let ask = async |query: &str| {
            let request = server.http.post(server.url("/graphql")).header("x-tenant", "thor");
            let request = request.header("accept", accept).json(&json!({ "query": query }));
            Answer::read(request.send().await.unwrap()).await
        };
        let answer = ask(WHO).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)), "{accept}");
        let broken = ask("{").await;
        assert_eq!(
            (broken.status, broken.header("content-type")),
            (status, Some(kind)),
            "{accept}"
        );
    }
}

#[tokio::test]
async fn malformed_requests_are_refused() {
    let world = world().await;
    let server = world.serve().await;
    let thor = server.anyone("thor");
    for body in [
        "",
        "{",
        "null",
        "7",
        "\"x\"",
        "{}",
        r#"{"query":7}"#,
        r#"{"query":null}"#,
        r#"{"query":"{ tenant { key } }","variables":7}"#,
        r#"{"query":"{ tenant { key } }","operationName":7}"#,
        r#"{"query":"{ tenant { key } }","extensions":7}"#,
    ] {
        let request = thor.post().header("content-type", "application/json").body(body);
        let answer = Answer::read(request.send().await.unwrap()).await;
        assert_eq!(answer.status, 400, "{body}: {answer:#?}");
        assert!(answer.body["errors"][0]["message"].is_string(), "{body}: {answer:#?}");
        assert_eq!(answer.body.get("data"), None);
    }
}

#[tokio::test]
async fn every_answer_has_an_id_of_its_own() {
    let world = world().await;
    let server = world.serve().await;
    let mut ids = HashSet::new();
    for tenant in ["thor", "loki", "potter", "thor"] {
        let answer = server.anyone(tenant).ask(WHO).await;
        ids.insert(answer.header("x-request-id").unwrap().to_owned());
    }
    assert_eq!(ids.len(), 4);
}

async fn preflight(server: &Server, origin: &str, host: Option<&str>) -> reqwest::Response {
    let request = server.http.request(Method::OPTIONS, server.url("/graphql"));
    let request = request.header("origin", origin).header("access-control-request-method", "POST");
    let asked = "x-tenant,authorization,content-type";
    let request = request.header("access-control-request-headers", asked);
    let request = host.map_or(request.try_clone().unwrap(), |host| request.header("host", host));
    request.send().await.unwrap()
}

#[tokio::test]
async fn pages_of_other_origins_ask_first() {
    let world = world().await;
    let yaml = world.read_config();
    let origins = "defaults:\n  origins: [\"https://app.example\"]\n";
    world.write_config(&yaml.replace("defaults:\n", origins));
    let server = world.serve().await;
    // No tenant is named yet: a preflight carries no headers of its own.
    let answer = preflight(&server, "https://app.example", None).await;
    assert!(answer.status().is_success(), "{answer:?}");
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_lowercase();
    assert_eq!(header("access-control-allow-origin"), "https://app.example");
    assert!(header("access-control-allow-methods").contains("post"));
    for name in ["x-tenant", "authorization", "content-type"] {
        assert!(header("access-control-allow-headers").contains(name), "{name}");
    }
    let other = preflight(&server, "https://evil.example", None).await;
    assert_eq!(other.headers().get("access-control-allow-origin"), None);

    let from = async |origin: &str| {
        let request = server.anyone("thor").post().header("origin", origin);
        request.json(&json!({ "query": WHO })).send().await.unwrap()
    };
    let answer = from("https://app.example").await;
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_lowercase();
    assert_eq!(header("access-control-allow-origin"), "https://app.example");
    for name in ["retry-after", "etag"] {
        assert!(header("access-control-expose-headers").contains(name), "{name}");
    }
    assert!(header("vary").contains("origin"));
    let answer = from("https://evil.example").await;
    assert_eq!(answer.headers().get("access-control-allow-origin"), None);
}

#[tokio::test]
async fn long_answers_are_compressed_for_those_who_ask() {
    let world = world().await;
    world.seed("thor", 1, &["--polls", "60", "--choices", "4", "--votes", "0"]);
    let server = world.serve().await;
    let query = "{ polls(first: 60) { nodes { id question choices { id choiceText } } } }";
    let ask = async |encoding: &str| {
        let request = server.anyone("thor").post().header("accept-encoding", encoding);
        request.json(&json!({ "query": query })).send().await.unwrap()
    };
    let plain = ask("identity").await;
    assert_eq!(plain.headers().get("content-encoding"), None);
    let length = plain.bytes().await.unwrap().len();
    // Also who takes none gets what caches between must not hand to everybody.
    let bare = server.anyone("thor").post().json(&json!({ "query": query })).send().await.unwrap();
    let vary = bare.headers().get_all("vary").iter().map(|value| value.to_str().unwrap());
    assert!(vary.collect::<Vec<_>>().join(", ").contains("accept-encoding"));
    assert_eq!(bare.headers().get("content-encoding"), None);
    for encoding in ["gzip", "br"] {
        let answer = ask(encoding).await;
        assert_eq!(answer.headers()["content-encoding"], encoding);
        assert!(answer.bytes().await.unwrap().len() < length / 2, "{encoding}");
    }
}

#[tokio::test]
async fn sigterm_finishes_what_runs_and_ends() {
    let world = world().await;
    let mut server = world.serve().await;
    // argon2 takes long enough to be running when the signal comes.
    let input = json!({ "username": "sif", "password": "correct horse" });
    let query = "mutation($i: RegisterInput!) { register(input: $i) { token } }";
    let body = json!({ "query": query, "variables": { "i": input } }).to_string();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: thor.localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    let mut connection = Connection::open(server.address);
    connection.send(head.as_bytes());
    connection.send(&body.as_bytes()[..10]);
    // Another request's answer says that the first has been taken up.
    server.anyone("thor").ask(WHO).await.data();
    server.terminate();
    eventually("no new connection is taken", async || {
        std::net::TcpStream::connect(server.address).is_err()
    })
    .await;
    connection.send(&body.as_bytes()[10..]);
    let received = connection.read_until(|bytes| bytes.windows(7).any(|part| part == b"\"token\""));
    let text = String::from_utf8_lossy(&received).into_owned();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert!(text.contains("\"token\":\""), "{text}");
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn nonsense_on_the_wire_harms_nobody() {
    let world = world().await;
    let server = world.serve().await;
    for bytes in
        [&b"\x16\x03\x01\x02\x00\x01\x00\x01"[..], b"GET / HTTP/9.9\r\n\r\n", b"\r\n\r\n\0"]
    {
        let mut connection = Connection::open(server.address);
        connection.send(bytes);
        connection.leave();
    }
    let host = [("Host", "thor.localhost"), ("Host", "potter.localhost")];
    let (status, text) = Raw::exchange(server.address, &Raw::graphql("/graphql", &host, WHO));
    assert_eq!(status, 400, "two hosts: {text}");
    assert_eq!(
        server.anyone("thor").ask(WHO).await.body["data"]["tenant"],
        json!({ "key": "thor" })
    );
    assert_ne!(server.anyone("thor").ask(WHO).await.body, Value::Null);
}
