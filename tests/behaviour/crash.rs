//! Acknowledged means durable, and half a mutation is none.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Connection, Engine, World, eventually, on_each_engine};

on_each_engine!(
    every_acknowledged_vote_survives_kill_9,
    a_client_that_leaves_harms_nothing,
    what_a_client_began_is_done_without_it,
);

async fn every_acknowledged_vote_survives_kill_9(engine: Engine) {
    const VOTERS: usize = 64;
    let world = World::new(engine).await;
    let users = world.users("thor", VOTERS);
    let mut server = world.serve().await;
    let owner = server.caller("thor", &users[0].token);
    let mut polls = Vec::new();
    for number in 0..20 {
        polls.push(owner.create_poll(&format!("Q{number}"), &["a", "b", "c"]).await);
    }
    let acknowledged = AtomicUsize::new(0);
    let voting = users.iter().enumerate().map(|(number, user)| {
        let voter = server.caller("thor", &user.token);
        let (polls, acknowledged) = (&polls, &acknowledged);
        async move {
            let mut votes = Vec::new();
            for poll in polls {
                let choice = &poll.choices[number % 3];
                let query =
                    "mutation($c: ID!) { castVote(input: { choiceId: $c }) { vote { id } } }";
                let body = json!({ "query": query, "variables": { "c": choice } });
                let Ok(answer) = voter.post().json(&body).send().await else { break };
                let Ok(answer) = answer.json::<Value>().await else { break };
                let vote = answer["data"]["castVote"]["vote"]["id"].as_str();
                votes.push((poll.id.clone(), number, vote.unwrap().to_owned()));
                acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            votes
        }
    });
    let voting = join_all(voting);
    let killing = async {
        eventually("some have voted", async || acknowledged.load(Ordering::Relaxed) > 200).await;
        server.kill();
    };
    let (votes, ()) = tokio::join!(voting, killing);
    let votes: Vec<_> = votes.concat();
    assert!(votes.len() < VOTERS * polls.len(), "killed too late to tell anything");

    let server = world.serve().await;
    let owner = server.caller("thor", &users[0].token);
    let mut kept = HashSet::new();
    for poll in &polls {
        let selection =
            "totalVotes choices { voteCount votes(first: 100) { totalCount nodes { id } } }";
        let seen = owner.poll(&poll.id, selection).await;
        let mut total = 0;
        for choice in seen["choices"].as_array().unwrap() {
            let listed = choice["votes"]["nodes"].as_array().unwrap();
            assert_eq!(choice["voteCount"], listed.len(), "a tally is off");
            assert_eq!(choice["votes"]["totalCount"], listed.len());
            total += listed.len();
            kept.extend(listed.iter().map(|vote| vote["id"].as_str().unwrap().to_owned()));
        }
        assert_eq!(seen["totalVotes"], total);
    }
    for (poll, voter, vote) in &votes {
        assert!(kept.contains(vote), "the vote of {voter} on {poll} was acknowledged and lost");
    }
    let recount = world.polls(&["check", "--recount"]);
    recount.ok();
}

async fn a_client_that_leaves_harms_nothing(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    let choices: Vec<_> = (0..50).map(|number| number.to_string()).collect();
    let input = json!({ "question": "Q", "choices": choices });
    let query = "mutation($i: CreatePollInput!) { createPoll(input: $i) { poll { id } } }";
    let body = json!({ "query": query, "variables": { "i": input } }).to_string();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: thor.localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    for number in 0..60 {
        let mut connection = Connection::open(server.address);
        connection.send(head.as_bytes());
        connection.send(body.as_bytes());
        if number % 3 == 0 {
            // Gone when the work has begun, for there is a word of it in another's answer.
            thor.ask("{ viewer { id } }").await.data();
        }
        connection.leave();
    }
    // Whoever writes next waits for those who still write.
    let last = thor.create_poll("last", &["a", "b"]).await;
    thor.vote(&last.choices[0]).await;
    let query = "{ polls(first: 100) { totalCount nodes { question choices { id } } } }";
    let answer = thor.ask(query).await;
    for poll in answer.at("/polls/nodes").as_array().unwrap() {
        let whole = if poll["question"] == "Q" { 50 } else { 2 };
        assert_eq!(poll["choices"].as_array().unwrap().len(), whole, "half a poll");
    }
    assert_eq!(thor.tallies(&last.id).await, [1, 0]);
}

async fn what_a_client_began_is_done_without_it(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve().await;
    let anyone = server.anyone("thor");
    let input = |number: usize| {
        let username = format!("leaver{number}");
        json!({ "username": username, "email": "a@b.example", "password": "correct horse battery" })
    };
    let query = "mutation($i: RegisterInput!) { register(input: $i) { user { id } } }";
    for number in 0..10 {
        let body = json!({ "query": query, "variables": { "i": input(number) } }).to_string();
        let mut connection = Connection::open(server.address);
        let length = body.len();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nHost: thor.localhost\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        connection.send(head.as_bytes());
        connection.send(body.as_bytes());
        // The password is being hashed by now.
        anyone.ask("{ tenant { key } }").await.data();
        connection.leave();
    }
    let login = "mutation($i: LoginInput!) { login(input: $i) { token } }";
    eventually("an account is there", async || {
        for number in 0..10 {
            let mut input = input(number);
            input.as_object_mut().unwrap().remove("email");
            let answer = anyone.gql(login, json!({ "i": input })).await;
            if answer.at("/login/token").is_string() {
                return true;
            }
        }
        false
    })
    .await;
}
