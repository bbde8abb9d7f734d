//! For which tenant a socket is, whose it is, and from which page.

use serde_json::{Value, json};

use super::RESULTS;
use crate::support::{Engine, Server, Socket, World};

const WHO: &str = "{ tenant { key } }";

async fn world() -> (World, Server) {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    (world, server)
}

async fn tenant_of(socket: &mut Socket) -> String {
    socket.subscribe("who", WHO, json!({})).await;
    let result = socket.next("who").await;
    socket.completed("who").await;
    result["data"]["tenant"]["key"].as_str().unwrap().to_owned()
}

async fn refused(server: &Server, headers: &[(&str, &str)], payload: Value) -> String {
    let mut socket = Socket::open(server, headers).await;
    socket.say(json!({ "type": "connection_init", "payload": payload })).await;
    let (code, reason) = socket.closed().await;
    assert_eq!(code, 4403, "{reason}");
    assert!(reason.len() <= 123);
    reason.split(':').next().unwrap().to_owned()
}

#[tokio::test]
async fn headers_host_and_payload_name_the_tenant() {
    let (_world, server) = world().await;
    let thor = json!({ "tenant": "thor" });
    for (headers, payload) in [
        (vec![("x-tenant", "thor")], json!(null)),
        (vec![("host", "thor.localhost")], json!({})),
        (vec![], thor.clone()),
        (vec![], json!({ "X-Tenant": "thor" })),
        (vec![("x-tenant", "thor")], thor.clone()),
        (vec![("host", "thor.localhost")], thor.clone()),
    ] {
        let mut socket = Socket::open(&server, &headers).await;
        socket.init(payload.clone()).await;
        assert_eq!(tenant_of(&mut socket).await, "thor", "{headers:?} {payload}");
    }
}

#[tokio::test]
async fn tenants_that_are_not_to_be_had_close_with_4403() {
    let world = World::builder(Engine::Sqlite)
        .tenant("loki", &["state: suspended"])
        .tenant("odin", &["state: maintenance"])
        .build()
        .await;
    let server = world.serve().await;
    let none: &[(&str, &str)] = &[];
    let thor = &[("x-tenant", "thor")];
    let nobody = &[("x-tenant", "nobody")];
    for (headers, payload, code) in [
        (none, json!({}), "TENANT_REQUIRED"),
        (none, json!({ "tenant": "nobody" }), "TENANT_NOT_FOUND"),
        (nobody, json!({}), "TENANT_NOT_FOUND"),
        (none, json!({ "tenant": "Thor" }), "TENANT_NOT_FOUND"),
        (thor, json!({ "tenant": "potter" }), "TENANT_CONFLICT"),
        (thor, json!({ "tenant": "nobody" }), "TENANT_CONFLICT"),
        (none, json!({ "tenant": "thor", "x-tenant": "potter" }), "TENANT_CONFLICT"),
        (&[("host", "thor.localhost")], json!({ "tenant": "potter" }), "TENANT_CONFLICT"),
        (none, json!({ "tenant": "loki" }), "TENANT_SUSPENDED"),
        (none, json!({ "tenant": "odin" }), "TENANT_MAINTENANCE"),
    ] {
        assert_eq!(refused(&server, headers, payload.clone()).await, code, "{headers:?} {payload}");
    }
}

#[tokio::test]
async fn the_token_may_come_either_way_but_not_two() {
    let (world, server) = world().await;
    let users = world.users("thor", 2);
    let bearer = |index: usize| format!("Bearer {}", users[index].token);
    let viewer = "{ viewer { username } }";
    let (first, second) = (bearer(0), bearer(1));
    let tenant = ("x-tenant", "thor");
    for (headers, payload) in [
        (vec![tenant], json!({ "authorization": first })),
        (vec![tenant], json!({ "Authorization": first })),
        (vec![tenant, ("authorization", &first)], json!({})),
        (vec![tenant, ("authorization", &first)], json!({ "authorization": first })),
    ] {
        let mut socket = Socket::open(&server, &headers).await;
        socket.init(payload).await;
        socket.subscribe("1", viewer, json!({})).await;
        let result = socket.next("1").await;
        assert_eq!(result["data"]["viewer"]["username"], users[0].name, "{result}");
        socket.completed("1").await;
    }
    let both = [tenant, ("authorization", first.as_str())];
    let code = refused(&server, &both, json!({ "authorization": second })).await;
    assert_eq!(code, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_bad_token_closes_with_4403() {
    let (world, server) = world().await;
    let token = world.users("thor", 1).remove(0).token;
    world.sql("thor", "UPDATE auth_token SET expires_at = '2020-01-01 00:00:00'").await;
    let tenant = [("x-tenant", "thor")];
    for authorization in [format!("Bearer {token}"), "Bearer nonsense".into(), "Basic x".into()] {
        let code = refused(&server, &tenant, json!({ "authorization": authorization })).await;
        assert_eq!(code, "UNAUTHENTICATED", "{authorization}");
    }
}

#[tokio::test]
async fn a_token_of_another_tenant_is_worth_nothing() {
    let (world, server) = world().await;
    let token = world.users("thor", 1).remove(0).token;
    let payload = json!({ "tenant": "potter", "authorization": format!("Bearer {token}") });
    assert_eq!(refused(&server, &[], payload).await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_tenant_for_members_only_says_so_for_each_operation() {
    let world = World::builder(Engine::Sqlite).tenant("thor", &["anonymous: none"]).build().await;
    let server = world.serve().await;
    let token = world.users("thor", 1).remove(0).token;
    let poll = server.caller("thor", &token).create_poll("?", &["a", "b"]).await;
    let mut anyone = Socket::connect(&server, "thor", None).await;
    assert_eq!(tenant_of(&mut anyone).await, "thor");
    for query in [RESULTS, "subscription { pollCreated { id } }"] {
        anyone.subscribe("1", query, super::of(&poll.id)).await;
        assert_eq!(anyone.error("1").await, "UNAUTHENTICATED", "{query}");
    }
    let mut member = Socket::connect(&server, "thor", Some(&token)).await;
    member.subscribe("1", RESULTS, super::of(&poll.id)).await;
    member.next("1").await;
}

#[tokio::test]
async fn only_known_origins_may_open_a_socket() {
    let listed = "https://app.example";
    let lines = [format!("origins: [\"{listed}\"]")];
    let world = World::builder(Engine::Sqlite).tenant("thor", &[&lines[0]]).build().await;
    let server = world.serve().await;
    let path = "/graphql";
    for (host, origin) in [
        ("thor.localhost:8000", "https://evil.example"),
        ("thor.localhost:8000", "null"),
        ("thor.localhost:8000", "https://app.example.evil.example"),
        ("thor.localhost:8000", "http://thor.localhost:3000"),
        ("thor.localhost:8000", "https://thor.localhost"),
        ("thor.localhost:8000", "http://potter.localhost:8000"),
        // Whoever owns a name that is no tenant's can have it lead here.
        ("evil.example:8000", "http://evil.example:8000"),
        ("evil.example", "https://evil.example"),
    ] {
        let opened = Socket::try_open(&server, path, &[("host", host), ("origin", origin)]).await;
        assert_eq!(opened.err(), Some(403), "{host} {origin}");
    }
    for (host, origin) in [
        ("thor.localhost:8000", "http://thor.localhost:8000"),
        ("thor.localhost", "https://THOR.localhost"),
        ("thor.localhost:443", "https://thor.localhost"),
        ("thor.localhost", "https://thor.localhost:8443"),
        ("thor.localhost:8000", listed),
        ("localhost:8000", "http://localhost:8000"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("[::1]:8000", "http://[::1]:8000"),
    ] {
        let headers = [("host", host), ("origin", origin), ("x-tenant", "thor")];
        let mut socket = Socket::try_open(&server, path, &headers).await.unwrap();
        socket.init(json!({})).await;
    }
    // An origin of one tenant is none of another's.
    let headers = [("origin", listed)];
    assert_eq!(refused(&server, &headers, json!({ "tenant": "potter" })).await, "FORBIDDEN");
}

#[tokio::test]
async fn the_path_for_sockets_has_nothing_else() {
    let (_world, server) = world().await;
    let answer = server.http.get(server.url("/graphql/ws")).send().await.unwrap();
    assert_eq!(answer.status(), 426);
    assert_eq!(answer.headers()["upgrade"], "websocket");
}
