//! What `pollCreated` tells.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use crate::support::{Caller, Engine, Socket, World, on_each_engine};

const CREATED: &str = "subscription { pollCreated { id question choices { choiceText } } }";

on_each_engine!(each_new_poll_is_told_at_its_tenant);

/// Subscribes. The protocol does not say when that is done, so polls are made until one is told;
/// from then on none is missed.
async fn subscribe(socket: &mut Socket, maker: &Caller) {
    socket.subscribe("c", CREATED, json!({})).await;
    let mut made = 0;
    let mut make = async || {
        made += 1;
        maker.create_poll(&format!("early {made}"), &["a", "b"]).await.id
    };
    let told_of_one = async {
        loop {
            let last = make().await;
            if let Ok(told) = timeout(Duration::from_millis(100), socket.next("c")).await {
                return (last, told);
            }
        }
    };
    let (last, mut told) = timeout(Duration::from_secs(30), told_of_one).await.unwrap();
    while told["data"]["pollCreated"]["id"] != *last {
        told = socket.next("c").await;
    }
}

async fn each_new_poll_is_told_at_its_tenant(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve().await;
    let alice = server.caller("thor", &world.users("thor", 1)[0].token);
    let harry = server.caller("potter", &world.users("potter", 1)[0].token);
    let mut at_thor = Socket::connect(&server, "thor", None).await;
    let mut at_potter = Socket::connect(&server, "potter", None).await;
    subscribe(&mut at_thor, &alice).await;
    subscribe(&mut at_potter, &harry).await;
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
