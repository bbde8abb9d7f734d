//! A tenant that is suspended, in maintenance, read-only or unreachable says so, and no more.

use serde_json::json;

use crate::support::{Engine, World};

const WHO: &str = "{ tenant { key readOnly } }";

async fn world(lines: &[&str]) -> World {
    World::builder(Engine::Sqlite).tenant("thor", lines).build().await
}

#[tokio::test]
async fn a_suspended_tenant_is_forbidden() {
    let world = world(&["state: suspended"]).await;
    let server = world.serve().await;
    let answer = server.anyone("thor").ask(WHO).await;
    answer.refused("TENANT_SUSPENDED");
    assert_eq!(answer.status, 403);
    server.anyone("potter").ask(WHO).await.data();
}

#[tokio::test]
async fn a_tenant_in_maintenance_says_when_to_come_back() {
    let world = world(&["state: maintenance"]).await;
    let server = world.serve().await;
    let answer = server.anyone("thor").ask(WHO).await;
    answer.refused("TENANT_MAINTENANCE");
    assert_eq!(answer.status, 503);
    let after: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!(after > 0);
    assert_eq!(answer.error()["extensions"]["retryAfter"], json!(after));
    server.anyone("potter").ask(WHO).await.data();
}

#[tokio::test]
async fn states_are_told_alike_on_every_kind_of_request() {
    let world = world(&["state: suspended"]).await;
    let server = world.serve().await;
    for body in ["{", "[]", "{}", r#"{"query":"{ nothing }"}"#, r#"{"query":"{"}"#] {
        let request = server.anyone("thor").post();
        let request = request.header("content-type", "application/json").body(body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 403, "{body}");
    }
}

#[tokio::test]
async fn a_state_may_have_its_reason() {
    let world = world(&["state: suspended", "reason: unpaid since May"]).await;
    let server = world.serve().await;
    server.anyone("thor").ask(WHO).await.refused("TENANT_SUSPENDED");
}

#[tokio::test]
async fn refusals_name_no_tenant_and_no_path() {
    let world = world(&["state: suspended"]).await;
    let server = world.serve().await;
    let folder = world.folder().to_str().unwrap().to_owned();
    let anyone = server.anyone("loki");
    let both = server.anyone("thor").post().header("host", "potter.localhost");
    let both = both.json(&json!({ "query": WHO })).send().await.unwrap();
    let answers = [
        anyone.ask(WHO).await.text,
        server.anyone("thor").ask(WHO).await.text,
        both.text().await.unwrap(),
    ];
    for text in answers {
        for secret in ["potter", folder.as_str(), "sqlite", ".db", "tenants.yaml"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[tokio::test]
async fn a_read_only_tenant_says_so() {
    let world = world(&["state: read_only"]).await;
    let server = world.serve().await;
    let answer = server.anyone("thor").ask(WHO).await;
    assert_eq!(answer.data()["tenant"]["readOnly"], true);
    let answer = server.anyone("potter").ask(WHO).await;
    assert_eq!(answer.data()["tenant"]["readOnly"], false);
}
