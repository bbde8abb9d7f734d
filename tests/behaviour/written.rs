//! Answers are the same, byte for byte, whether they are written where they stand or resolved
//! field by field: what a selection asks for twice is always resolved.

use serde_json::json;

use crate::support::{Caller, Engine, World, on_each_engine};

on_each_engine!(what_is_written_is_what_is_resolved, what_cannot_be_written_is_resolved);

/// All that can be written, through aliases and fragments. `TWICE` stands where a field can be
/// repeated.
const QUERIES: &[&str] = &[
    "{ polls(first: 50, orderBy: { field: CLOSES_AT, direction: ASC }) { nodes { TWICE question \
     ballot pubDate updatedAt closesAt isOpen totalVotes viewerCanUpdate viewerCanDelete \
     choices { TWICE choiceText voteCount __typename } \
     createdBy { TWICE username email role isActive } } } }",
    "{ polls { edges { cursor node { TWICE a: question b: question ...On ... on Node { id } \
     ... { c: totalVotes } d: choices { TWICE e: voteCount } } } } } \
     fragment On on Poll { __typename f: createdBy { TWICE ...Who } } \
     fragment Who on User { name: username __typename }",
    "{ polls(first: 9) { nodes { TWICE votes(first: 9) { nodes { TWICE votedAt \
     poll { TWICE question closesAt } choice { TWICE choiceText } \
     votedBy { TWICE username email } } } } } }",
    "{ polls(first: 0) { nodes { TWICE question choices { TWICE voteCount } } } \
     viewer { TWICE username email role isActive } }",
    "query($id: ID!) { poll(id: $id) { TWICE question choices { TWICE voteCount } \
     createdBy { TWICE username } totalVotes } \
     node(id: $id) { TWICE ... on Node { ... on User { username } } ... on Poll { question choices { TWICE choiceText } } } }",
];

async fn text(caller: &Caller, query: &str, id: &str) -> String {
    let body = json!({ "query": query, "variables": { "id": id } });
    let text = caller.post().json(&body).send().await.unwrap().text().await.unwrap();
    assert!(text.starts_with(r#"{"data":{"#), "{query}: {text}");
    text
}

async fn what_is_written_is_what_is_resolved(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.seed("thor", 12, &["--polls", "6", "--choices", "3", "--votes", "5"]);
    world.superuser("thor", "root", "a long password");
    let server = world.serve_with(&["--result-cache", "off"]).await;
    let user = server.caller("thor", &users[0].token);
    let odd = "\"q\" \\ / ' <é> 😀 %s {}";
    let poll = user
        .create_poll_with(json!({ "question": odd, "choices": [odd, "other"],
            "ballot": "SECRET", "closesAt": "2999-12-31T23:59:59.999Z" }))
        .await;
    user.vote(&poll.choices[0]).await;
    let superuser = server.login("thor", "root", "a long password").await;
    for caller in [server.anyone("thor"), user, superuser] {
        for query in QUERIES {
            let written = text(&caller, &query.replace("TWICE", "id"), &poll.id).await;
            let resolved = text(&caller, &query.replace("TWICE", "id id"), &poll.id).await;
            assert_eq!(written, resolved, "{query}");
            serde_json::from_str::<serde_json::Value>(&written).unwrap();
        }
    }
}

async fn what_cannot_be_written_is_resolved(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.seed("thor", 12, &["--polls", "6", "--choices", "3", "--votes", "5"]);
    let server = world.serve().await;
    let user = server.caller("thor", &users[0].token);
    // A field that waits below one that was fetched, and one that nothing fetches for a list.
    let query = "{ polls { nodes { id choices { id viewerHasVoted } viewerVote { id } } } }";
    let answer = user.ask(query).await;
    let polls = answer.at("/polls/nodes").as_array().unwrap();
    assert_eq!(polls.len(), 6);
    for poll in polls {
        let choices = poll["choices"].as_array().unwrap();
        let voted = choices.iter().filter(|choice| choice["viewerHasVoted"] == true).count();
        assert_eq!(voted, usize::from(!poll["viewerVote"].is_null()));
    }
}
