//! What `pollCreated` tells.

use serde_json::json;

use crate::support::{Engine, Socket, World, on_each_engine};

const CREATED: &str = "subscription { pollCreated { id question choices { choiceText } } }";

on_each_engine!(each_new_poll_is_told_at_its_tenant);

async fn each_new_poll_is_told_at_its_tenant(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve().await;
    let alice = server.caller("thor", &world.users("thor", 1)[0].token);
    let harry = server.caller("potter", &world.users("potter", 1)[0].token);
    let mut at_thor = Socket::connect(&server, "thor", None).await;
    let mut at_potter = Socket::connect(&server, "potter", None).await;
    for socket in [&mut at_thor, &mut at_potter] {
        socket.subscribe("c", CREATED, json!({})).await;
        // A query that is answered after it: by then it listens.
        socket.subscribe("q", "{ tenant { key } }", json!({})).await;
        socket.next("q").await;
        socket.completed("q").await;
    }
    let first = alice.create_poll("first", &["a", "b"]).await;
    alice.faults("createPoll", json!({ "question": "", "choices": ["a"] })).await;
    let second = alice.create_poll("second", &["c", "d"]).await;
    let theirs = harry.create_poll("theirs", &["e", "f"]).await;
    for (hers, id, question, choice) in [
        (true, &first.id, "first", "a"),
        (true, &second.id, "second", "c"),
        (false, &theirs.id, "theirs", "e"),
    ] {
        let socket = if hers { &mut at_thor } else { &mut at_potter };
        let result = socket.next("c").await;
        let poll = &result["data"]["pollCreated"];
        assert_eq!(poll["id"], *id, "{result}");
        assert_eq!(poll["question"], question);
        assert_eq!(poll["choices"][0]["choiceText"], choice);
    }
    for socket in [&mut at_thor, &mut at_potter] {
        socket.silent().await;
    }
}
