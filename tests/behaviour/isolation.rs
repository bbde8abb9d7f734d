//! Two tenants at one server never meet: not their rows, not their ids, not their tokens.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Caller, Engine, Server, World, on_each_engine};

on_each_engine!(
    no_row_of_another_tenant_under_load,
    an_id_of_another_tenant_is_refused,
    a_token_is_worthless_at_another_tenant,
    a_cursor_of_another_tenant_is_refused,
    what_one_tenant_changes_the_other_never_sees,
);

/// The page that nests as deep as the data does: loaders on every level.
const PAGE: &str = "{ tenant { key } viewer { username } polls(first: 20) { nodes { question \
    createdBy { username } choices { choiceText votes(first: 5) { nodes { \
    votedBy { username } choice { choiceText poll { question } } } } } } } }";

/// Every text that could give a tenant away, wherever it is in the answer.
fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => fields.values().for_each(|value| texts(value, found)),
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Value::String(text) => found.push(text),
        _ => {}
    }
}

/// A tenant whose every row bears its name; one of its users.
async fn canaries(server: &Server, tenant: &str) -> Caller {
    let mut users = Vec::new();
    for number in 0..3 {
        let name = format!("{tenant}-{number}");
        let input = json!({ "username": name, "password": "correct horse" });
        let payload = server.anyone(tenant).done("register", input, "token").await;
        users.push(server.caller(tenant, payload["token"].as_str().unwrap()));
    }
    for number in 0..5 {
        let question = format!("{tenant} asks {number}");
        let choices = [format!("{tenant} yes"), format!("{tenant} no")];
        let choices = [choices[0].as_str(), choices[1].as_str()];
        let poll = users[number % 3].create_poll(&question, &choices).await;
        for (voter, user) in users.iter().enumerate() {
            user.vote(&poll.choices[voter % 2]).await;
        }
    }
    users.remove(0)
}

async fn no_row_of_another_tenant_under_load(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve().await;
    let thor = canaries(&server, "thor").await;
    let potter = canaries(&server, "potter").await;

    let requests = (0..400).map(|number| {
        let (own, other, caller) =
            if number % 2 == 0 { ("thor", "potter", &thor) } else { ("potter", "thor", &potter) };
        async move {
            let answer = if number % 10 < 2 {
                let input = json!({
                    "question": format!("{own} asks again {number}"),
                    "choices": [format!("{own} a"), format!("{own} b")],
                });
                let selection = "poll { question createdBy { username } choices { choiceText } }";
                caller.mutate("createPoll", input, selection).await
            } else {
                caller.ask(PAGE).await
            };
            let mut found = Vec::new();
            texts(answer.data(), &mut found);
            assert!(found.iter().any(|text| text.starts_with(own)), "{answer:#?}");
            for text in found {
                assert!(!text.contains(other), "{text:?} at {own}");
            }
        }
    });
    join_all(requests).await;
}

async fn an_id_of_another_tenant_is_refused(engine: Engine) {
    let world = World::new(engine).await;
    let token = |tenant| world.users(tenant, 1).remove(0).token;
    let tokens = [token("thor"), token("potter")];
    let server = world.serve().await;
    let thor = server.caller("thor", &tokens[0]);
    let potter = server.caller("potter", &tokens[1]);
    // The same numbers in both databases, so that only the tenant in the id can tell.
    thor.create_poll("Same?", &["yes", "no"]).await;
    let poll = potter.create_poll("Same?", &["yes", "no"]).await;
    let vote = potter.vote(&poll.choices[0]).await;
    let viewer = potter.ask("{ viewer { id } tenant { id } }").await;
    let user = viewer.at("/viewer/id");
    let (id, choice) = (&poll.id, &poll.choices[0]);

    for id in [&json!(id), &json!(choice), &vote["id"], user, viewer.at("/tenant/id")] {
        let answer =
            thor.gql("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
        assert_eq!(answer.code(), "WRONG_TENANT", "{answer:#?}");
    }
    let answer = thor.gql("query($id: ID!) { poll(id: $id) { id } }", json!({ "id": id })).await;
    assert_eq!(answer.code(), "WRONG_TENANT");
    let nodes = "query($id: ID!) { nodes(ids: [$id]) { id } }";
    assert_eq!(thor.gql(nodes, json!({ "id": id })).await.code(), "WRONG_TENANT");
    let filter = "query($id: ID!) { polls(filter: { createdBy: $id }) { nodes { id } } }";
    assert_eq!(thor.gql(filter, json!({ "id": user })).await.code(), "WRONG_TENANT");

    for (mutation, input) in [
        ("castVote", json!({ "choiceId": choice })),
        ("changeVote", json!({ "choiceId": choice })),
        ("retractVote", json!({ "pollId": id })),
        ("updatePoll", json!({ "id": id, "question": "Mine?" })),
        ("closePoll", json!({ "id": id })),
        ("deletePoll", json!({ "id": id })),
        ("addChoice", json!({ "pollId": id, "choiceText": "mine" })),
        ("updateChoice", json!({ "id": choice, "choiceText": "mine" })),
        ("deleteChoice", json!({ "id": choice })),
    ] {
        let answer = thor.mutate(mutation, input, "").await;
        assert_eq!(answer.code(), "WRONG_TENANT", "{mutation}: {answer:#?}");
        assert_eq!(answer.at(&format!("/{mutation}")), &Value::Null);
        assert!(!answer.text.contains("potter"), "{answer:#?}");
    }
    assert_eq!(potter.tallies(&poll.id).await, [1, 0]);
}

async fn a_token_is_worthless_at_another_tenant(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("potter", 1).remove(0).token;
    world.users("thor", 1);
    let server = world.serve().await;
    server.caller("potter", &token).ask("{ viewer { id } }").await.data();
    let answer =
        server.caller("thor", &token).ask("{ viewer { id } polls { nodes { id } } }").await;
    assert_eq!(answer.code(), "UNAUTHENTICATED");
    assert_eq!(answer.error()["extensions"]["reason"], "INVALID");
    assert!(!answer.text.contains(&token), "{answer:#?}");
}

async fn a_cursor_of_another_tenant_is_refused(engine: Engine) {
    let world = World::new(engine).await;
    let seed = ["--polls", "3", "--choices", "2", "--votes", "0"];
    world.seed("thor", 1, &seed);
    world.seed("potter", 1, &seed);
    let server = world.serve().await;
    let page =
        "query($after: String) { polls(first: 1, after: $after) { pageInfo { endCursor } } }";
    let answer = server.anyone("potter").gql(page, json!({})).await;
    let after = json!({ "after": answer.at("/polls/pageInfo/endCursor") });
    server.anyone("potter").gql(page, after.clone()).await.data();
    assert_eq!(server.anyone("thor").gql(page, after).await.code(), "BAD_USER_INPUT");
}

async fn what_one_tenant_changes_the_other_never_sees(engine: Engine) {
    let world = World::new(engine).await;
    let tokens = [world.users("thor", 1).remove(0).token, world.users("potter", 1).remove(0).token];
    let server = world.serve().await;
    let thor = server.caller("thor", &tokens[0]);
    let count = "{ polls { totalCount } }";
    let poll = thor.create_poll("Hammer?", &["yes", "no"]).await;
    thor.vote(&poll.choices[0]).await;
    let potter = server.caller("potter", &tokens[1]);
    assert_eq!(potter.ask(count).await.at("/polls/totalCount"), 0);
    assert_eq!(thor.ask(count).await.at("/polls/totalCount"), 1);
    // The same name and password are two accounts.
    let input = json!({ "username": "ginny", "password": "correct horse" });
    let first = thor.done("register", input.clone(), "user { id }").await;
    let second = potter.done("register", input, "user { id }").await;
    assert_ne!(first["user"]["id"], second["user"]["id"]);
}
