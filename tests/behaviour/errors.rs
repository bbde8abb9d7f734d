//! One lane per error: what is refused before an operation runs, what fails inside one, what is a
//! userError; and nothing that leaks.

use serde_json::{Value, json};

use crate::support::{Answer, Caller, Engine, World, on_each_engine};

on_each_engine!(
    each_root_field_of_a_mutation_is_for_itself,
    ids_of_nothing_and_ids_that_are_none,
    no_error_body_leaks,
);

async fn each_root_field_of_a_mutation_is_for_itself(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    let poll = thor.create_poll("Q", &["a", "b"]).await;
    let query = "mutation($choice: ID!) { \
        first: castVote(input: { choiceId: $choice }) { vote { id } userErrors { code } } \
        second: createUser(input: { username: \"x\", password: \"correct horse\" }) { user { id } } \
        third: castVote(input: { choiceId: $choice }) { vote { id } userErrors { code } } }";
    let answer = thor.gql(query, json!({ "choice": poll.choices[0] })).await;
    assert_eq!(answer.code(), "FORBIDDEN");
    assert_eq!(answer.error()["path"], json!(["second"]));
    assert!(answer.at("/first/vote/id").is_string());
    assert_eq!(answer.at("/first/userErrors"), &json!([]));
    assert_eq!(answer.at("/second"), &Value::Null);
    assert_eq!(answer.at("/third/userErrors/0/code"), "ALREADY_VOTED");
    assert_eq!(thor.tallies(&poll.id).await, [1, 0], "what was committed stays");
}

async fn ids_of_nothing_and_ids_that_are_none(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    let gone = thor.create_poll("Q", &["a", "b"]).await;
    let here = thor.create_poll("R", &["a", "b"]).await;
    thor.done("deletePoll", json!({ "id": gone.id }), "").await;
    let poll = "query($id: ID!) { poll(id: $id) { id } node(id: $id) { id } }";
    let answer = thor.gql(poll, json!({ "id": gone.id })).await;
    assert_eq!(answer.data(), &json!({ "poll": null, "node": null }));
    let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let answer = thor.gql(nodes, json!({ "ids": [here.id, gone.id, here.choices[1]] })).await;
    let id = |id: &String| json!({ "id": id });
    assert_eq!(answer.at("/nodes"), &json!([id(&here.id), null, id(&here.choices[1])]));

    for bad in ["", "1", "nonsense", "UG9sbDox", "\u{0}", "ä", &"x".repeat(2000)] {
        for query in
            ["query($id: ID!) { poll(id: $id) { id } }", "query($id: ID!) { node(id: $id) { id } }"]
        {
            let answer = thor.gql(query, json!({ "id": bad })).await;
            assert_eq!(answer.code(), "BAD_USER_INPUT", "{bad:?}: {answer:#?}");
        }
        let told = thor.faults("castVote", json!({ "choiceId": bad })).await;
        assert_eq!(told, ["INVALID choiceId"], "{bad:?}");
        let told = thor.faults("closePoll", json!({ "id": bad })).await;
        assert_eq!(told, ["INVALID id"], "{bad:?}");
    }
    // An id of another type is an id of nothing where a poll or a choice is wanted.
    let told = thor.faults("castVote", json!({ "choiceId": here.id })).await;
    assert_eq!(told, ["NOT_FOUND choiceId"]);
    let answer =
        thor.gql("query($id: ID!) { poll(id: $id) { id } }", json!({ "id": here.choices[0] }));
    assert_eq!(answer.await.data()["poll"], Value::Null);
}

/// What no answer to a client may contain.
fn secrets(world: &World) -> Vec<String> {
    let mut secrets = vec![world.folder().to_str().unwrap().to_owned()];
    let words = [
        "potter",
        "SELECT ",
        "INSERT ",
        "sqlite",
        "SQLITE",
        "postgres",
        "mysql",
        "MariaDB",
        "sqlx",
        "SeaORM",
        "sea_orm",
        ".db",
        ".rs",
        "127.0.0.1",
        "tenants.yaml",
        "panicked",
        "Err(",
    ];
    secrets.extend(words.map(ToOwned::to_owned));
    secrets
}

async fn no_error_body_leaks(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("thor", 1).remove(0).token;
    let foreign = world.users("potter", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    let other = server.caller("potter", &foreign);
    let poll = other.create_poll("Q", &["a", "b"]).await;
    let node = "query($id: ID!) { node(id: $id) { id } }";
    let long = "x".repeat(100_000);
    let answers = [
        thor.gql(node, json!({ "id": poll.id })).await,
        server.caller("thor", &foreign).ask("{ viewer { id } }").await,
        server.anyone("loki").ask("{ viewer { id } }").await,
        thor.gql(node, json!({ "id": "'; DROP TABLE poll; --" })).await,
        thor.gql(node, json!({ "id": "\u{0}" })).await,
        thor.gql(node, json!({})).await,
        thor.ask("{ polls(filter: { search: \"\\u0000\" }) { nodes { id } } }").await,
        thor.ask("{ polls(after: \"\\u0000\") { nodes { id } } }").await,
        thor.ask("{ pols { id } }").await,
        thor.ask(&format!("{{ {long} }}")).await,
        thor.mutate("createPoll", json!({ "question": "\u{0}", "choices": ["a", "b"] }), "").await,
        thor.mutate("login", json!({ "username": "\u{0}", "password": "\u{0}" }), "").await,
        thor.mutate("castVote", json!({ "choiceId": poll.choices[0] }), "").await,
    ];
    for answer in answers {
        for secret in secrets(&world) {
            assert!(!answer.text.contains(&secret), "{secret} in {answer:#?}");
        }
        assert!(!answer.text.contains("INTERNAL"), "{answer:#?}");
        assert!(answer.text.len() < 10_000, "an echo of {} bytes", answer.text.len());
    }
}

async fn world() -> World {
    World::new(Engine::Sqlite).await
}

#[tokio::test]
async fn a_broken_row_is_an_internal_error_with_a_request_id() {
    let world = world().await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    thor.create_poll("Q", &["a", "b"]).await;
    world.sql("thor", "DROP TABLE choice").await;
    let answer = thor.ask("{ polls { nodes { choices { id } } } }").await;
    assert_eq!(answer.code(), "INTERNAL");
    let id = answer.header("x-request-id").unwrap();
    assert!(answer.text.contains(id), "{answer:#?}");
    for secret in secrets(&world) {
        assert!(!answer.text.contains(&secret), "{secret} in {answer:#?}");
    }
    let told =
        |line: &&crate::support::LogLine| line.text.contains(id) && line.text.contains("\"ERROR\"");
    server.request_line(id);
    assert_eq!(server.log.lines().iter().filter(told).count(), 1, "logged once");
}

async fn refused(caller: &Caller, query: &str, code: &str) -> Answer {
    let answer = caller.ask(query).await;
    assert_eq!(answer.error()["extensions"]["code"], code, "{query}: {answer:#?}");
    answer.refused(code);
    assert_eq!(answer.status, 400, "{query}");
    answer
}

#[tokio::test]
async fn a_document_that_does_not_parse_or_fit_is_refused_whole() {
    let world = world().await;
    let server = world.serve().await;
    let thor = server.anyone("thor");
    for query in ["{", "", "nonsense", "{ tenant { key }", "query { } }", "{ a(b: ) }"] {
        refused(&thor, query, "GRAPHQL_PARSE_FAILED").await;
    }
    for query in [
        "{ nothing }",
        "{ tenant { key(x: 1) } }",
        "{ tenant }",
        "{ poll { id } }",
        "query($id: ID) { tenant { key } }",
        "{ ...Missing }",
        "mutation { createPoll(input: { question: \"x\" }) { poll { id } } }",
    ] {
        refused(&thor, query, "GRAPHQL_VALIDATION_FAILED").await;
    }
}

#[tokio::test]
async fn bad_variables_run_nothing() {
    let world = world().await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    let query = "mutation($a: CreatePollInput!, $b: CreatePollInput!) { \
        x: createPoll(input: $a) { poll { id } } y: createPoll(input: $b) { poll { id } } }";
    let good = json!({ "question": "Q", "choices": ["a", "b"] });
    let with = |field: &str, value: Value| {
        let mut input = good.clone();
        input[field] = value;
        input
    };
    for bad in [
        Value::Null,
        json!(7),
        json!({}),
        with("question", json!(7)),
        with("question", Value::Null),
        with("choices", json!([null, "a"])),
        with("closesAt", json!("tomorrow")),
        with("closesAt", json!("2046-02-30T00:00:00Z")),
        with("ballot", json!("LOUD")),
        with("colour", json!("red")),
    ] {
        let answer = thor.gql(query, json!({ "a": good, "b": bad })).await;
        assert_eq!(answer.code(), "BAD_USER_INPUT", "{bad}: {answer:#?}");
        answer.refused("BAD_USER_INPUT");
        assert_eq!(answer.error().get("path"), None, "{bad}");
    }
    let missing = thor.gql(query, json!({ "a": good })).await;
    missing.refused("BAD_USER_INPUT");
    let count = thor.ask("{ polls { totalCount } }").await;
    assert_eq!(count.at("/polls/totalCount"), 0, "a mutation started before all was coerced");
}

#[tokio::test]
async fn a_variable_of_an_unknown_type_is_refused_like_any_other_mistake() {
    let world = world().await;
    let server = world.serve().await;
    let thor = server.anyone("thor");
    for query in ["query($x: Nope) { __typename }", "query($x: [Nope] = [1]) { __typename }"] {
        thor.ask(query).await.refused("GRAPHQL_VALIDATION_FAILED");
    }
}

#[tokio::test]
async fn a_document_is_not_taken_for_valid_because_variables_were_left_out() {
    let world = world().await;
    let server = world.serve().await;
    let thor = server.caller("thor", &world.users("thor", 1)[0].token);
    let query = "mutation($c: DateTime) { createPoll(input: { question: \"q\", choices: [\"a\", \
                 \"b\"], balot: SECRET, closesAt: $c }) { poll { id } } }";
    let given = json!({ "c": "2099-01-01T00:00:00Z" });
    thor.gql(query, given.clone()).await.refused("GRAPHQL_VALIDATION_FAILED");
    thor.gql(query, json!({})).await;
    thor.gql(query, given).await.refused("GRAPHQL_VALIDATION_FAILED");
}
