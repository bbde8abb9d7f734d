//! Who may ask what the schema is.

use crate::support::{Caller, Engine, World};

const ASKING: [&str; 5] = [
    "{ __schema { queryType { name } } }",
    "{ tenant { key } it: __type(name: \"Poll\") { name } }",
    "{ ... on Query { ... { __schema { queryType { name } } } } }",
    "{ ...A } fragment A on Query { ...B } fragment B on Query { __type(name: \"Poll\") { name } }",
    "query A { tenant { key } } query B { __schema { queryType { name } } }",
];

async fn refused(caller: &Caller) {
    for query in ASKING {
        let variables = serde_json::json!({});
        let request = serde_json::json!({
            "query": query, "variables": variables,
            "operationName": query.contains("query B").then_some("B"),
        });
        let answer = caller.post().json(&request).send().await.unwrap();
        let answer = crate::support::Answer::read(answer).await;
        answer.refused("FORBIDDEN");
        assert_eq!(answer.error()["extensions"]["reason"], "INTROSPECTION_DISABLED");
    }
    // What is no introspection goes on as it did.
    let answer = caller.ask("{ __typename tenant { __typename } }").await;
    assert_eq!(answer.data()["tenant"]["__typename"], "Tenant");
    // Nor is the schema told by the way.
    for query in ["{ pols { nodes { id } } }", "{ polls(frist: 1) { nodes { id } } }"] {
        let answer = caller.ask(query).await;
        answer.refused("GRAPHQL_VALIDATION_FAILED");
        assert!(!answer.text.contains("Did you mean"), "{}", answer.text);
        assert!(answer.text.contains("Unknown"), "{}", answer.text);
    }
    let answer = caller.ask("{ tenant @skip(iff: true) { key } }").await;
    assert!(!answer.text.contains("Did you mean"), "{}", answer.text);
}

async fn open(caller: &Caller) {
    for query in &ASKING[..4] {
        caller.ask(query).await.data();
    }
    let answer = caller.ask("{ pols { nodes { id } } }").await;
    assert!(answer.text.contains("Did you mean"), "{}", answer.text);
}

#[tokio::test]
async fn it_is_on_where_nothing_is_said() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    open(&server.anyone("thor")).await;
}

#[tokio::test]
async fn off_is_off_for_all_and_a_tenant_may_say_otherwise() {
    let builder = World::builder(Engine::Sqlite).tenant("potter", &["introspection: on"]);
    let world = builder.build().await;
    world.superuser("thor", "odin", "correct horse");
    let server = world.serve_with(&["--introspection", "off"]).await;
    refused(&server.anyone("thor")).await;
    refused(&server.login("thor", "odin", "correct horse").await).await;
    open(&server.anyone("potter")).await;
}

#[tokio::test]
async fn superusers_may_where_only_they_may() {
    let builder = World::builder(Engine::Sqlite).default("introspection: superusers");
    let world = builder.tenant("potter", &["introspection: off"]).build().await;
    world.superuser("thor", "odin", "correct horse");
    let user = world.users("thor", 1).remove(0);
    let server = world.serve().await;
    refused(&server.anyone("thor")).await;
    refused(&server.caller("thor", &user.token)).await;
    open(&server.login("thor", "odin", "correct horse").await).await;
    refused(&server.anyone("potter")).await;
}
