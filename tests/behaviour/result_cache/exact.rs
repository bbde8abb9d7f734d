//! Answers that are kept are used only while they are what the query would answer now, for the same
//! request of the same viewer at the same tenant.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::asking::{PAGE, figure, kept, kept_again, mark, marked, thor_with_a_poll};
use crate::support::{Answer, Caller, Engine, Server, World, eventually};

#[tokio::test]
async fn viewers_and_tenants_are_kept_apart() {
    let world = World::new(Engine::Sqlite).await;
    let users = world.users("thor", 2);
    let other = world.users("potter", 1).remove(0);
    let server = world.serve().await;
    let query = "{ tenant { key } viewer { username } polls { totalCount } }";
    let callers = [
        (server.caller("thor", &users[0].token), "thor", json!(users[0].name)),
        (server.caller("thor", &users[1].token), "thor", json!(users[1].name)),
        (server.anyone("thor"), "thor", Value::Null),
        (server.caller("potter", &other.token), "potter", json!(other.name)),
        (server.anyone("potter"), "potter", Value::Null),
    ];
    for round in 0..3 {
        for (caller, tenant, name) in &callers {
            let (cache, answer) = marked(&server, caller, query).await;
            assert_eq!(cache, if round == 0 { "miss" } else { "hit" });
            assert_eq!(answer.data()["tenant"]["key"], *tenant);
            assert_eq!(answer.at("/viewer").get("username").unwrap_or(&Value::Null), name);
        }
        let stranger = server.caller("potter", &users[0].token);
        stranger.ask(query).await.refused("UNAUTHENTICATED");
    }
}

#[tokio::test]
async fn every_part_of_a_request_counts() {
    let (_world, server, thor, poll) = thor_with_a_poll().await;
    let other = thor.create_poll("other", &["c", "d"]).await;
    let query = "query A($id: ID!) { poll(id: $id) { question } } \
        query B($id: ID!) { poll(id: $id) { choices { choiceText } } }";
    let ask = async |name: &str, id: &str, accept: &str| {
        let variables = json!({ "id": id });
        let body = json!({ "query": query, "operationName": name, "variables": variables });
        let request = thor.post().header("accept", accept).json(&body);
        Answer::read(request.send().await.unwrap()).await
    };
    let (json_type, graphql) = ("application/json", "application/graphql-response+json");
    for expected in ["miss", "hit"] {
        for (name, id, accept, data) in [
            ("A", &poll.id, graphql, json!({ "question": "Q" })),
            ("A", &other.id, graphql, json!({ "question": "other" })),
            (
                "B",
                &poll.id,
                graphql,
                json!({ "choices": [{ "choiceText": "a" }, { "choiceText": "b" }] }),
            ),
            (
                "B",
                &other.id,
                graphql,
                json!({ "choices": [{ "choiceText": "c" }, { "choiceText": "d" }] }),
            ),
        ] {
            let answer = ask(name, id, accept).await;
            assert_eq!(answer.data()["poll"], data);
            assert_eq!(mark(&server, &answer).0, expected);
        }
    }
    // `Caller` asks for one type already, so the other is asked for in its place.
    for accept in [json_type, graphql, json_type, graphql] {
        let request = server.http.post(server.url("/graphql")).header("x-tenant", "thor");
        let request = request.header("accept", accept).json(&json!({ "query": PAGE }));
        let answer = Answer::read(request.send().await.unwrap()).await;
        assert!(answer.header("content-type").unwrap().starts_with(accept), "{answer:#?}");
    }
}

#[tokio::test]
async fn errors_and_mutations_are_not_kept() {
    let (_world, server, thor, poll) = thor_with_a_poll().await;
    for query in [
        "{ users { totalCount } }",
        "{ polls { nope } }",
        "{ polls(first: 1000) { totalCount } }",
        "{ polls { totalCount } users { totalCount } }",
        "{",
    ] {
        for _ in 0..3 {
            let (cache, answer) = marked(&server, &thor, query).await;
            assert_ne!(cache, "hit", "{query}");
            assert!(answer.body["errors"].is_array(), "{answer:#?}");
        }
    }
    assert_eq!(figure(&server, "entries").await, 0);
    let input = json!({ "choiceId": poll.choices[0] });
    let first = thor.mutate("castVote", input.clone(), "vote { id }").await;
    assert_eq!(first.at("/castVote/userErrors"), &json!([]));
    assert_eq!(mark(&server, &first).0, "off");
    let second = thor.mutate("castVote", input, "vote { id }").await;
    assert_eq!(second.at("/castVote/userErrors/0/code"), "ALREADY_VOTED");
    assert_eq!(figure(&server, "entries").await, 0);
}

#[tokio::test]
async fn a_commit_is_seen_at_once() {
    let (world, server, thor, poll) = thor_with_a_poll().await;
    let anyone = server.anyone("thor");
    let tallies = format!("{{ poll(id: \"{}\") {{ question choices {{ voteCount }} }} }}", poll.id);
    kept(&server, &anyone, &tallies).await;
    kept(&server, &thor, &tallies).await;
    thor.vote(&poll.choices[1]).await;
    for caller in [&anyone, &thor] {
        let (cache, answer) = marked(&server, caller, &tallies).await;
        assert_eq!((cache.as_str(), answer.at("/poll/choices/1/voteCount")), ("miss", &json!(1)));
    }
    kept_again(&server, &anyone, &tallies).await;
    // Another process, past the product.
    world.sql("thor", "UPDATE poll SET question = 'changed'").await;
    let (cache, answer) = marked(&server, &anyone, &tallies).await;
    assert_eq!((cache.as_str(), answer.at("/poll/question")), ("miss", &json!("changed")));
    // What nothing is left of is not held either.
    assert_eq!(figure(&server, "entries").await, 1);
}

/// Asks again and again across a moment. Before it the answer is one, from it on another; both are
/// taken from the cache at some time.
async fn flips(
    server: &Server,
    caller: &Caller,
    query: &str,
    at: DateTime<Utc>,
    is_after: impl Fn(&Answer) -> bool,
) {
    let mut hits = [false, false];
    let mut after = 0;
    while after < 5 {
        let asked = Utc::now();
        let (cache, answer) = marked(server, caller, query).await;
        let answered = Utc::now();
        let seen = is_after(&answer);
        assert!(seen || asked < at, "stale by {}: {answer:#?}", asked - at);
        assert!(!seen || answered >= at, "too early: {answer:#?}");
        hits[usize::from(seen)] |= cache == "hit";
        after += usize::from(seen);
    }
    assert!(hits[0], "never known before");
}

#[tokio::test]
async fn a_poll_that_closes_ends_what_was_said_of_it() {
    let world = World::new(Engine::Sqlite).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    thor.create_poll("never closes", &["a", "b"]).await;
    let queries = [
        (
            "{ polls(orderBy: { field: CLOSES_AT, direction: ASC }) { nodes { isOpen } } }",
            "/polls/nodes/0/isOpen",
        ),
        (
            "{ polls(orderBy: { field: CLOSES_AT, direction: ASC }) { nodes { viewerCanVote } } }",
            "/polls/nodes/0/viewerCanVote",
        ),
    ];
    let counts = "{ open: polls(filter: { isOpen: true }) { totalCount } \
        closed: polls(filter: { isOpen: false }) { totalCount } }";
    let soon = Utc::now() + TimeDelta::seconds(3);
    let input = json!({ "question": "Q", "choices": ["a", "b"], "closesAt": soon.to_rfc3339() });
    thor.create_poll_with(input).await;
    // As the databases keep it.
    let soon = DateTime::from_timestamp_micros(soon.timestamp_micros()).unwrap();
    let flags = queries.map(|(query, pointer)| {
        let is_after = move |answer: &Answer| answer.at(pointer) == false;
        Box::pin(flips(&server, &thor, query, soon, is_after))
    });
    let open = flips(&server, &thor, counts, soon, |answer| {
        let (open, closed) = (answer.at("/open/totalCount"), answer.at("/closed/totalCount"));
        assert_eq!(open.as_u64().unwrap() + closed.as_u64().unwrap(), 2);
        open == 1
    });
    tokio::join!(futures::future::join_all(flags), open);
    kept_again(&server, &thor, queries[0].0).await;
    kept_again(&server, &thor, counts).await;
    // What asks nothing of the clock goes on.
    kept(&server, &thor, "{ polls { nodes { closesAt } } }").await;
}

#[tokio::test]
async fn a_token_that_ends_ends_its_answers() {
    let (world, server, thor, _) = thor_with_a_poll().await;
    let soon = Utc::now() + TimeDelta::seconds(3);
    let soon = DateTime::from_timestamp_micros(soon.timestamp_micros()).unwrap();
    let text = soon.naive_utc().format("%F %T%.6f");
    world.sql("thor", &format!("UPDATE auth_token SET expires_at = '{text}'")).await;
    flips(&server, &thor, PAGE, soon, |answer| answer.status == 401).await;
    thor.ask(PAGE).await.refused("UNAUTHENTICATED");
    // Free fields go on, now for nobody.
    kept(&server, &thor, "{ tenant { name } }").await;
}

#[tokio::test]
async fn logging_out_ends_the_answers_of_a_token() {
    let (_world, server, thor, _) = thor_with_a_poll().await;
    kept(&server, &thor, "{ viewer { username } }").await;
    thor.done("logout", json!({}), "").await;
    thor.ask("{ viewer { username } }").await.refused("UNAUTHENTICATED");
}

#[tokio::test]
async fn a_change_of_settings_counts_at_once() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    let (thor, potter) = (server.anyone("thor"), server.anyone("potter"));
    kept(&server, &thor, PAGE).await;
    kept(&server, &thor, "{ tenant { name } }").await;
    kept(&server, &potter, PAGE).await;
    let yaml = world.read_config();
    let changed = yaml.replace("name: Thor\n", "name: Thunderer\n    anonymous: none\n");
    world.write_config(&changed);
    eventually("the name has changed", async || {
        thor.ask("{ tenant { name } }").await.data()["tenant"]["name"] == "Thunderer"
    })
    .await;
    for _ in 0..3 {
        assert_eq!(thor.ask(PAGE).await.error()["extensions"]["code"], "UNAUTHENTICATED");
    }
    // Nothing has changed for the other.
    kept_again(&server, &potter, PAGE).await;
    world.write_config(&changed.replace("anonymous: none", "result_cache: off"));
    eventually("thor keeps no answers", async || marked(&server, &thor, PAGE).await.0 == "off")
        .await;
    assert!(mark(&server, &thor.ask(PAGE).await).1 > 0);
    kept_again(&server, &potter, PAGE).await;
}

#[tokio::test]
async fn a_tenant_that_moves_takes_no_answers_along() {
    let (world, server, _, _) = thor_with_a_poll().await;
    let thor = server.anyone("thor");
    assert_eq!(kept(&server, &thor, PAGE).await.at("/polls/totalCount"), 1);
    let yaml = world.read_config();
    let moved = "name: Thor\n    database: \"sqlite://data/moved.db\"\n";
    for (config, polls) in [(yaml.replace("name: Thor\n", moved), 0), (yaml, 1)] {
        world.write_config(&config);
        world.polls(&["migrate", "up", "--tenant", "thor"]).ok();
        eventually("the other database is read", async || {
            let answer = thor.ask(PAGE).await;
            answer.status == 200 && answer.at("/polls/totalCount") == polls
        })
        .await;
        kept_again(&server, &thor, PAGE).await;
    }
}
