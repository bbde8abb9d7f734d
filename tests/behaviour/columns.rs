//! Only the columns are read that a document asks for, and no answer shows it: whatever is asked
//! by itself is answered as it is beside what makes all columns be read.

use serde_json::{Value, json};

use crate::support::{Caller, Engine, World, on_each_engine};

on_each_engine!(a_field_by_itself_is_what_it_is_among_all, what_is_not_asked_for_is_not_read);

const OF_POLLS: &[&str] = &[
    "question",
    "ballot",
    "pubDate",
    "updatedAt",
    "closesAt",
    "isOpen",
    "totalVotes",
    "createdBy { username }",
    "createdBy { polls(first: 2) { nodes { question } edges { cursor } } }",
    "choices { choiceText }",
    "choices { voteCount }",
    "choices { poll { question } }",
    "choices { viewerHasVoted }",
    "choices { votes(first: 2) { nodes { votedAt } } }",
    "viewerVote { choice { choiceText } }",
    "viewerVote { votedBy { username } }",
    "viewerCanVote",
    "viewerCanUpdate",
    "viewerCanDelete",
    "votes(first: 2) { nodes { votedAt } pageInfo { endCursor } }",
    "votes(first: 2) { nodes { poll { isOpen } } }",
    "votes(first: 2) { edges { node { votedBy { email } } } }",
    "votes(first: 2) { nodes { choice { id } } }",
];
const OF_PEOPLE: &[&str] = &["username", "email", "role", "isActive", "polls { nodes { isOpen } }"];
/// Where a poll stands.
const POLLS: &[&str] = &[
    "polls(first: 4) { nodes { FIELD } }",
    "polls(first: 9, orderBy: { field: CLOSES_AT, direction: DESC }) { edges { node { FIELD } } }",
    "polls(last: 3, filter: { isOpen: true }) { nodes { FIELD } pageInfo { startCursor } }",
    "poll(id: $id) { FIELD }",
    "poll(id: $id) { choices { id } FIELD }",
];
const PEOPLE: &[&str] = &[
    "viewer { FIELD }",
    "users(first: 4) { nodes { FIELD } }",
    "polls(first: 4) { nodes { createdBy { FIELD } } }",
];

/// `beside` asks for rows that are looked at as a whole.
async fn answer(caller: &Caller, asked: &str, beside: &str, id: &str) -> Value {
    let asked = format!("{{ {asked} {beside} }}");
    let head = if asked.contains("$id") { "query($id: ID!)" } else { "" };
    let query = format!("{head} {asked}");
    let body = json!({ "query": query, "variables": { "id": id } });
    let mut answer: Value = caller.post().json(&body).send().await.unwrap().json().await.unwrap();
    answer.as_object_mut().unwrap().remove("errors");
    answer["data"].as_object_mut().unwrap().remove("beside");
    answer
}

/// Every field in every place.
fn asked(places: &[&str], fields: &[&str]) -> Vec<String> {
    let pairs = places.iter().flat_map(|place| fields.iter().map(move |field| (place, field)));
    pairs.map(|(place, field)| place.replace("FIELD", field)).collect()
}

async fn a_field_by_itself_is_what_it_is_among_all(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.seed("thor", 8, &["--polls", "6", "--choices", "3", "--votes", "5"]);
    world.superuser("thor", "root", "a long password");
    let server = world.serve_with(&["--result-cache", "off"]).await;
    let user = server.caller("thor", &users[0].token);
    let poll = user
        .create_poll_with(json!({ "question": "which?", "choices": ["this", "that"],
            "ballot": "SECRET", "closesAt": "2999-12-31T23:59:59.999Z" }))
        .await;
    user.vote(&poll.choices[0]).await;
    let closed = user.create_poll("closed?", &["this", "that"]).await;
    user.done("closePoll", json!({ "id": closed.id }), "poll { id }").await;
    let superuser = server.login("thor", "root", "a long password").await;
    let all = [asked(POLLS, OF_POLLS), asked(PEOPLE, OF_PEOPLE)].concat();
    for caller in [server.anyone("thor"), user, superuser] {
        for asked in &all {
            let by_itself = answer(&caller, asked, "beside: tenant { key }", &poll.id).await;
            let beside = "beside: node(id: $id) { id }";
            let among_all = answer(&caller, asked, beside, &poll.id).await;
            assert_eq!(by_itself, among_all, "{asked}");
        }
    }
}

/// Whoever asks for a column that is gone is told so, and nobody else.
async fn what_is_not_asked_for_is_not_read(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.seed("thor", 4, &["--polls", "3", "--choices", "2", "--votes", "2"]);
    let server = world.serve_with(&["--result-cache", "off"]).await;
    let user = server.caller("thor", &users[0].token);
    let poll = user.create_poll("which?", &["this", "that"]).await;
    world.sql("thor", "ALTER TABLE poll DROP COLUMN updated_at").await;
    for asked in [
        "polls { nodes { question createdBy { username } choices { choiceText } } }",
        "polls(orderBy: { field: CLOSES_AT, direction: ASC }) { edges { cursor node { isOpen } } }",
        "polls { nodes { choices { poll { question } } } }",
        "poll(id: $id) { question }",
        "viewer { polls { nodes { question } } }",
        "poll(id: $id) { question choices { voteCount } }",
    ] {
        let asked =
            format!("query($id: ID = \"{}\") {{ a: {asked} poll(id: $id) {{ id }} }}", poll.id);
        assert!(user.ask(&asked).await.data().is_object(), "{asked}");
    }
    assert_eq!(user.ask("{ polls { nodes { updatedAt } } }").await.code(), "INTERNAL");
}
