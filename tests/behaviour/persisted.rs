//! Documents that are named instead of sent.

use serde_json::{Value, json};

use crate::support::{Answer, Caller, Engine, World};

const WHO: &str = "{ tenant { key } }";
const MANY: &str = "query Count { polls { totalCount } } query Who { tenant { key } }";

async fn send(caller: &Caller, body: &Value) -> Answer {
    Answer::read(caller.post().json(body).send().await.unwrap()).await
}

fn hashed(text: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": sha256(text) } })
}

fn sha256(text: &str) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A world in which thor has a manifest, and potter has none.
async fn with_manifest(policy: &str, manifest: &Value) -> World {
    let world = World::new(Engine::Sqlite).await;
    std::fs::write(world.folder().join("manifest.json"), manifest.to_string()).unwrap();
    let lines =
        format!("  thor:\n    trusted_documents: {policy}\n    trusted_manifest: manifest.json\n");
    world.write_config(&world.read_config().replace("  thor:\n", &lines));
    world
}

#[tokio::test]
async fn a_client_registers_a_query_by_its_hash() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    let thor = server.anyone("thor");
    let by_hash = json!({ "extensions": hashed(WHO) });
    let registering = json!({ "query": WHO, "extensions": hashed(WHO) });

    let unknown = send(&thor, &by_hash).await;
    unknown.refused("PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(unknown.error()["message"], "PersistedQueryNotFound");
    assert_eq!(send(&thor, &registering).await.data()["tenant"]["key"], "thor");
    assert_eq!(send(&thor, &by_hash).await.data()["tenant"]["key"], "thor");

    let url = reqwest::Url::parse_with_params(
        &server.url("/graphql"),
        [("extensions", hashed(WHO).to_string())],
    );
    let request = server.http.get(url.unwrap()).header("x-tenant", "thor");
    let answer = Answer::read(request.send().await.unwrap()).await;
    assert_eq!(answer.data()["tenant"]["key"], "thor");

    // What one tenant's clients registered, another's do not find.
    send(&server.anyone("potter"), &by_hash).await.refused("PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test]
async fn only_a_valid_query_of_that_very_hash_is_registered() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    let thor = server.anyone("thor");
    let wrong = json!({ "query": WHO, "extensions": hashed(MANY) });
    send(&thor, &wrong).await.refused("BAD_USER_INPUT");
    send(&thor, &json!({ "extensions": hashed(MANY) })).await.refused("PERSISTED_QUERY_NOT_FOUND");

    let invalid = "{ nothing }";
    let registering = json!({ "query": invalid, "extensions": hashed(invalid) });
    send(&thor, &registering).await.refused("GRAPHQL_VALIDATION_FAILED");
    let by_hash = json!({ "extensions": hashed(invalid) });
    send(&thor, &by_hash).await.refused("PERSISTED_QUERY_NOT_FOUND");

    for bad in [json!({ "version": 2, "sha256Hash": sha256(WHO) }), json!({ "version": 1 })] {
        send(&thor, &json!({ "query": WHO, "extensions": { "persistedQuery": bad } }))
            .await
            .refused("BAD_USER_INPUT");
    }
    send(&thor, &json!({ "documentId": "who" })).await.refused("PERSISTED_QUERY_NOT_SUPPORTED");
}

#[tokio::test]
async fn trusted_documents_run_by_their_id() {
    let world = with_manifest("allow", &json!({ "who": WHO, "many": MANY })).await;
    let server = world.serve().await;
    let thor = server.anyone("thor");
    let answer = send(&thor, &json!({ "documentId": "who" })).await;
    assert_eq!(answer.data()["tenant"]["key"], "thor");
    let by_extension = json!({ "persistedQuery": { "version": 1, "sha256Hash": "who" } });
    let answer = send(&thor, &json!({ "extensions": by_extension })).await;
    assert_eq!(answer.data()["tenant"]["key"], "thor");
    let answer = send(&thor, &json!({ "documentId": "many", "operationName": "Who" })).await;
    assert_eq!(answer.data()["tenant"]["key"], "thor");

    send(&thor, &json!({ "documentId": "nobody" })).await.refused("PERSISTED_QUERY_NOT_FOUND");
    send(&thor, &json!({ "documentId": "who", "query": WHO })).await.refused("BAD_USER_INPUT");
    assert_eq!(thor.ask("{ __typename }").await.data()["__typename"], "Query");
    send(&server.anyone("potter"), &json!({ "documentId": "who" }))
        .await
        .refused("PERSISTED_QUERY_NOT_SUPPORTED");
}

#[tokio::test]
async fn nothing_else_runs_where_trusted_documents_are_required() {
    let apollo = json!({
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [{ "id": sha256(WHO), "name": "Who", "type": "query", "body": WHO }],
    });
    let world = with_manifest("require", &apollo).await;
    let server = world.serve().await;
    let thor = server.anyone("thor");
    let answer = send(&thor, &json!({ "documentId": sha256(WHO) })).await;
    assert_eq!(answer.data()["tenant"]["key"], "thor");
    assert_eq!(
        send(&thor, &json!({ "extensions": hashed(WHO) })).await.data()["tenant"]["key"],
        "thor"
    );
    assert_eq!(thor.ask(WHO).await.data()["tenant"]["key"], "thor");

    thor.ask("{ __typename }").await.refused("FORBIDDEN");
    let registering = json!({ "query": MANY, "extensions": hashed(MANY) });
    send(&thor, &registering).await.refused("FORBIDDEN");
    send(&thor, &json!({ "extensions": hashed(MANY) })).await.refused("PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(server.anyone("potter").ask("{ __typename }").await.data()["__typename"], "Query");
}

#[tokio::test]
async fn a_manifest_that_cannot_be_read_is_reported_where_it_is_named() {
    let world = with_manifest("require", &json!([])).await;
    let output = world.polls(&["check"]).failed();
    assert!(output.stderr.contains("tenants.thor.trusted_manifest"), "{output:#?}");
    let yaml = world.read_config().replace("    trusted_manifest: manifest.json\n", "");
    world.write_config(&yaml);
    let output = world.polls(&["check"]).failed();
    assert!(output.stderr.contains("tenants.thor.trusted_documents"), "{output:#?}");
}

#[tokio::test]
async fn limits_hold_for_documents_that_are_known() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    let thor = server.anyone("thor");
    let query = "query($n: Int!) { polls(first: $n) { nodes { votes(first: $n) { nodes { \
                 votedBy { polls(first: $n) { nodes { id } } } } } } } }";
    for _ in 0..2 {
        assert!(thor.gql(query, json!({ "n": 1 })).await.data()["polls"].is_object());
        thor.gql(query, json!({ "n": 100 })).await.refused("LIMIT_EXCEEDED");
    }
}
