//! Nothing is unbounded: each limit has a clear error past it, and is reached in no time.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Answer, Caller, Engine, World};

/// More than any refusal needs, and far less than what the attacks would cost.
const SOON: Duration = Duration::from_secs(5);

async fn world() -> World {
    World::new(Engine::Sqlite).await
}

async fn over(caller: &Caller, what: &str, query: &str) -> Answer {
    let start = Instant::now();
    let answer = caller.ask(query).await;
    assert!(start.elapsed() < SOON, "{what}: {:?}", start.elapsed());
    answer.refused("LIMIT_EXCEEDED");
    let extensions = &answer.error()["extensions"];
    assert!(extensions["limit"].is_string(), "{what}: {answer:#?}");
    assert!(extensions["max"].is_u64(), "{what}: {answer:#?}");
    answer
}

#[tokio::test]
async fn a_deep_document_is_refused() {
    let world = world().await;
    let server = world.serve().await;
    for depth in [12, 30, 60, 2000] {
        let deep = "choices { poll { ".repeat(depth);
        let deep = format!("{{ polls {{ nodes {{ {deep} id {} }} }} }}", "} } ".repeat(depth));
        over(&server.anyone("thor"), &format!("depth {depth}"), &deep).await;
    }
    let list = format!("{{ poll(id: {}{}) {{ id }} }}", "[".repeat(5000), "]".repeat(5000));
    over(&server.anyone("thor"), "nested lists", &list).await;
}

#[tokio::test]
async fn a_wide_document_is_refused() {
    let world = world().await;
    let server = world.serve().await;
    let thor = server.anyone("thor");
    let aliases: String = (0..10_000).fold(String::new(), |mut all, number| {
        write!(all, "a{number}: __typename ").unwrap();
        all
    });
    over(&thor, "aliases", &format!("{{ {aliases} }}")).await;
    over(&thor, "duplicate fields", &format!("{{ {} }}", "__typename ".repeat(10_000))).await;
    let directives = "@include(if: true) ".repeat(10_000);
    over(&thor, "directives", &format!("{{ __typename {directives} }}")).await;
}

#[tokio::test]
async fn a_costly_document_is_refused() {
    let world = world().await;
    let server = world.serve().await;
    let costly = "first: 100) { nodes { createdBy { polls(first: 100) { nodes { votes(first: 100) \
        { nodes { votedBy { polls(first: 100) { nodes { id } } } } } } } } } }";
    over(&server.anyone("thor"), "complexity", &format!("{{ polls({costly} }}")).await;
    // The same, the sizes in variables.
    let query = "query($n: Int) { polls(first: $n) { nodes { createdBy { polls(first: $n) { nodes \
        { votes(first: $n) { nodes { votedBy { polls(first: $n) { nodes { id } } } } } } } } } } }";
    let answer = server.anyone("thor").gql(query, json!({ "n": 100 })).await;
    answer.refused("LIMIT_EXCEEDED");
}

#[tokio::test]
async fn a_fragment_bomb_does_not_go_off() {
    let world = world().await;
    let server = world.serve().await;
    let mut bomb = "{ ...F0 }".to_owned();
    for number in 0..24 {
        let next = number + 1;
        write!(bomb, " fragment F{number} on Query {{ ...F{next} ...F{next} }}").unwrap();
    }
    bomb.push_str(" fragment F24 on Query { __typename tenant { key } }");
    over(&server.anyone("thor"), "fragments", &bomb).await;
}

#[tokio::test]
async fn a_circle_of_fragments_is_refused() {
    let world = world().await;
    let server = world.serve().await;
    let circle = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }";
    let answer = server.anyone("thor").ask(circle).await;
    assert!(
        ["GRAPHQL_VALIDATION_FAILED", "LIMIT_EXCEEDED"].contains(&answer.code()),
        "{answer:#?}"
    );
}

#[tokio::test]
async fn a_body_too_large_is_refused_as_413_and_read_by_the_client() {
    let world = world().await;
    let server = world.serve().await;
    let big = json!({ "query": format!("{{ tenant {{ key }} }} # {}", "x".repeat(4 << 20)) });
    for _ in 0..10 {
        let request = server.anyone("thor").post().json(&big);
        let answer = Answer::read(request.send().await.unwrap()).await;
        assert_eq!(answer.status, 413, "{answer:#?}");
        assert_eq!(answer.error()["extensions"]["code"], "LIMIT_EXCEEDED");
    }
}

#[tokio::test]
async fn lists_of_ids_are_bounded() {
    let world = world().await;
    let server = world.serve().await;
    let thor = server.anyone("thor");
    let id = thor.ask("{ tenant { id } }").await.at("/tenant/id").clone();
    let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let few = thor.gql(nodes, json!({ "ids": vec![&id; 20] })).await;
    assert_eq!(few.at("/nodes").as_array().unwrap().len(), 20);
    let many = thor.gql(nodes, json!({ "ids": vec![&id; 5000] })).await;
    assert!(["LIMIT_EXCEEDED", "BAD_USER_INPUT"].contains(&many.code()), "{}", many.status);
}

#[tokio::test]
async fn batches_are_refused() {
    let world = world().await;
    let server = world.serve().await;
    let one = json!({ "query": "{ tenant { key } }" });
    let request = server.anyone("thor").post().json(&json!([one, one]));
    let answer = Answer::read(request.send().await.unwrap()).await;
    assert_eq!(answer.status, 400, "{answer:#?}");
    assert!(answer.body["errors"][0]["extensions"]["code"].is_string(), "{answer:#?}");
}

#[tokio::test]
async fn what_graphiql_asks_passes_the_limits() {
    let world = world().await;
    let server = world.serve().await;
    let kind = "kind name ofType { ".repeat(9) + "kind name" + &" }".repeat(9);
    let query = format!(
        "query IntrospectionQuery {{ __schema {{ queryType {{ name }} mutationType {{ name }} \
         subscriptionType {{ name }} types {{ ...FullType }} directives {{ name description \
         locations args {{ ...InputValue }} }} }} }} \
         fragment FullType on __Type {{ kind name description fields(includeDeprecated: true) {{ \
         name description args {{ ...InputValue }} type {{ ...TypeRef }} isDeprecated \
         deprecationReason }} inputFields {{ ...InputValue }} interfaces {{ ...TypeRef }} \
         enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }} \
         possibleTypes {{ ...TypeRef }} }} \
         fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} \
         defaultValue }} fragment TypeRef on __Type {{ {kind} }}"
    );
    let answer = server.anyone("thor").ask(&query).await;
    assert_eq!(answer.data()["__schema"]["queryType"]["name"], "Query");
}

#[tokio::test]
async fn registration_has_a_rate_limit() {
    let world = world().await;
    let server = world.serve_with(&["--registrations-per-minute", "3"]).await;
    let register = async |tenant: &str, name: String| {
        let input = json!({ "username": name, "password": "short" });
        server.anyone(tenant).mutate("register", input, "token").await
    };
    let mut codes = Vec::new();
    for number in 0..6 {
        let answer = register("thor", format!("user{number}")).await;
        match answer.body.get("errors") {
            None => codes.push(String::new()),
            Some(_) => {
                assert_eq!(answer.at("/register"), &Value::Null);
                let after = answer.error()["extensions"]["retryAfter"].as_u64().unwrap();
                assert!((1..=60).contains(&after), "{answer:#?}");
                codes.push(answer.code().to_owned());
            }
        }
    }
    assert_eq!(codes, ["", "", "", "RATE_LIMITED", "RATE_LIMITED", "RATE_LIMITED"]);
}
