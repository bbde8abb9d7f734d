//! What a newcomer does first: `polls serve --demo`, and `polls seed`.

use serde_json::json;

use crate::support::{Engine, World, on_each_engine};

on_each_engine!(
    a_demo_makes_what_is_missing_and_changes_nothing_else,
    the_first_users_vote_on_every_seeded_poll,
);

const COUNT: &str = "{ tenant { key } polls { totalCount nodes { id question totalVotes } } }";

async fn a_demo_makes_what_is_missing_and_changes_nothing_else(engine: Engine) {
    let world = World::builder(engine).unmigrated().build().await;
    let yaml = world.read_config();
    let server = world.serve_with(&["--demo"]).await;
    let mut first = Vec::new();
    for tenant in ["thor", "potter"] {
        let answer = server.anyone(tenant).ask(COUNT).await;
        assert!(answer.at("/polls/totalCount").as_u64().unwrap() > 0, "{answer:#?}");
        first.push(answer.data().clone());
    }
    let poll = first[0].pointer("/polls/nodes/0/id").unwrap().as_str().unwrap().to_owned();
    drop(server);

    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    let own = thor.create_poll("Mine?", &["yes", "no"]).await;
    let before = thor.ask(COUNT).await.data().clone();
    drop(server);
    let server = world.serve_with(&["--demo"]).await;
    let after = server.anyone("thor").ask(COUNT).await.data().clone();
    assert_eq!(after, before);
    assert_eq!(server.anyone("potter").ask(COUNT).await.data(), &first[1]);
    assert_eq!(
        server.anyone("thor").poll(&own.id, "question").await,
        json!({ "question": "Mine?" })
    );
    assert_ne!(server.anyone("thor").poll(&poll, "id").await, json!(null));
    assert_eq!(world.read_config(), yaml);
}

async fn the_first_users_vote_on_every_seeded_poll(engine: Engine) {
    let world = World::new(engine).await;
    let tokens = world.seed("thor", 9, &["--polls", "3", "--choices", "4", "--votes", "4"]);
    assert_eq!(tokens.len(), 9);
    let server = world.serve().await;
    let query = "{ polls { nodes { totalVotes choices { voteCount } votes { totalCount } } } }";
    let answer = server.anyone("thor").ask(query).await;
    let polls = answer.at("/polls/nodes").as_array().unwrap();
    assert_eq!(polls.len(), 3);
    for poll in polls {
        assert_eq!(poll["totalVotes"], 4);
        assert_eq!(poll["votes"]["totalCount"], 4);
        assert_eq!(poll["choices"].as_array().unwrap().len(), 4);
    }
    for (number, user) in tokens.iter().enumerate() {
        let query =
            "{ viewer { username } polls(filter: { viewerHasVoted: true }) { totalCount } }";
        let answer = server.caller("thor", &user.token).ask(query).await;
        assert_eq!(answer.at("/viewer/username"), &json!(user.name));
        let voted = if number < 4 { 3 } else { 0 };
        assert_eq!(answer.at("/polls/totalCount"), voted, "user {number}");
    }
    // None of them has a usable password.
    for password in ["", "password", &tokens[0].name] {
        let input = json!({ "username": tokens[0].name, "password": password });
        let told = server.anyone("thor").faults("login", input).await;
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("INVALID_CREDENTIALS"), "{told:?}");
    }
}

#[tokio::test]
async fn the_same_numbers_seed_the_same() {
    let world = World::new(Engine::Sqlite).await;
    let seed = ["--polls", "5", "--choices", "3", "--votes", "6"];
    world.seed("thor", 8, &seed);
    world.seed("potter", 8, &seed);
    let server = world.serve().await;
    let query = "{ polls { nodes { question createdBy { username } choices { choiceText voteCount \
        votes { nodes { votedBy { username } } } } } } }";
    let thor = server.anyone("thor").ask(query).await;
    assert_eq!(thor.data(), server.anyone("potter").ask(query).await.data());
}
