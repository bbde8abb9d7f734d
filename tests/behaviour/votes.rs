//! Voting: one vote per user per poll, and tallies that are always exact.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Engine, World, on_each_engine};

on_each_engine!(
    a_vote_is_cast_changed_and_retracted,
    a_second_vote_is_refused_and_shows_the_poll_as_it_is,
    two_hundred_users_vote_at_once,
    one_user_votes_twenty_times_at_once,
    votes_change_under_concurrency_and_tallies_stay_exact,
    votes_are_listed_with_their_voters,
    a_tally_that_is_off_is_found_and_repaired,
);

async fn a_vote_is_cast_changed_and_retracted(engine: Engine) {
    let world = World::new(engine).await;
    let user = world.users("thor", 1).remove(0);
    let server = world.serve().await;
    let thor = server.caller("thor", &user.token);
    let poll = thor.create_poll("Q", &["a", "b"]).await;
    let selection = "vote { id choice { choiceText } poll { id } votedBy { username } votedAt } \
        poll { id totalVotes viewerCanVote choices { voteCount viewerHasVoted } viewerVote { id } }";
    let cast = thor.done("castVote", json!({ "choiceId": poll.choices[0] }), selection).await;
    assert_eq!(cast["vote"]["choice"]["choiceText"], "a");
    assert_eq!(cast["vote"]["poll"]["id"], poll.id);
    assert_eq!(cast["vote"]["votedBy"]["username"], user.name);
    assert_eq!(cast["poll"]["totalVotes"], 1, "a read sees its own writes");
    assert_eq!(cast["poll"]["viewerVote"]["id"], cast["vote"]["id"]);
    let voted = json!({ "voteCount": 1, "viewerHasVoted": true });
    let unvoted = json!({ "voteCount": 0, "viewerHasVoted": false });
    assert_eq!(cast["poll"]["choices"], json!([voted, unvoted]));

    let changed = thor.done("changeVote", json!({ "choiceId": poll.choices[1] }), selection).await;
    assert_eq!(changed["vote"]["id"], cast["vote"]["id"], "the same vote");
    assert_eq!(changed["vote"]["choice"]["choiceText"], "b");
    assert_eq!(changed["poll"]["choices"], json!([unvoted, voted]));
    let same = thor.done("changeVote", json!({ "choiceId": poll.choices[1] }), selection).await;
    assert_eq!(same["poll"]["choices"], json!([unvoted, voted]), "changed to the same");

    let retract = json!({ "pollId": poll.id });
    let selection = "deletedVoteId poll { totalVotes viewerVote { id } }";
    let gone = thor.done("retractVote", retract.clone(), selection).await;
    assert_eq!(gone["deletedVoteId"], cast["vote"]["id"]);
    assert_eq!(gone["poll"], json!({ "totalVotes": 0, "viewerVote": null }));
    for (mutation, input) in
        [("retractVote", retract), ("changeVote", json!({ "choiceId": poll.choices[0] }))]
    {
        let told = thor.faults(mutation, input).await;
        assert_eq!(told.len(), 1, "{mutation}: {told:?}");
        assert!(told[0].starts_with("NOT_VOTED"), "{mutation}: {told:?}");
    }
    thor.vote(&poll.choices[0]).await;
    assert_eq!(thor.tallies(&poll.id).await, [1, 0]);
    let anyone = server.anyone("thor").cast(&poll.choices[0]).await;
    assert_eq!(anyone.code(), "UNAUTHENTICATED");
}

async fn a_second_vote_is_refused_and_shows_the_poll_as_it_is(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 2);
    let server = world.serve().await;
    let thor = server.caller("thor", &users[0].token);
    let poll = thor.create_poll("Q", &["a", "b"]).await;
    thor.vote(&poll.choices[0]).await;
    server.caller("thor", &users[1].token).vote(&poll.choices[1]).await;
    let again = thor.cast(&poll.choices[1]).await;
    let payload = &again.data()["castVote"];
    assert_eq!(payload["vote"], Value::Null);
    assert_eq!(payload["userErrors"][0]["code"], "ALREADY_VOTED");
    assert_eq!(payload["userErrors"].as_array().unwrap().len(), 1);
    assert_eq!(payload["poll"]["id"], poll.id);
    assert_eq!(payload["poll"]["choices"], json!([{ "voteCount": 1 }, { "voteCount": 1 }]));
    assert_eq!(thor.tallies(&poll.id).await, [1, 1]);
}

async fn two_hundred_users_vote_at_once(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 200);
    assert_eq!(users.len(), 200);
    let server = world.serve().await;
    let thor = server.caller("thor", &users[0].token);
    let poll = thor.create_poll("Q", &["a", "b", "c", "d"]).await;
    let votes = users.iter().enumerate().map(|(number, user)| {
        let voter = server.caller("thor", &user.token);
        let choice = &poll.choices[number % 4];
        async move { voter.vote(choice).await["id"].as_str().unwrap().to_owned() }
    });
    let mut ids = join_all(votes).await;
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 200, "one vote each");
    assert_eq!(thor.tallies(&poll.id).await, [50; 4]);
    let counted = thor.poll(&poll.id, "totalVotes votes { totalCount }").await;
    assert_eq!(counted, json!({ "totalVotes": 200, "votes": { "totalCount": 200 } }));
}

async fn one_user_votes_twenty_times_at_once(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    let poll = thor.create_poll("Q", &["a", "b"]).await;
    let answers = join_all((0..20).map(|number| thor.cast(&poll.choices[number % 2]))).await;
    let accepted = |payload: &&Value| payload["userErrors"] == json!([]);
    let payloads: Vec<_> = answers.iter().map(|answer| &answer.data()["castVote"]).collect();
    assert_eq!(payloads.iter().copied().filter(|payload| accepted(payload)).count(), 1);
    for payload in payloads.iter().filter(|payload| !accepted(payload)) {
        assert_eq!(payload["userErrors"][0]["code"], "ALREADY_VOTED");
        assert_eq!(payload["poll"]["totalVotes"], 1);
    }
    assert_eq!(thor.tallies(&poll.id).await.iter().sum::<u64>(), 1);
}

async fn votes_change_under_concurrency_and_tallies_stay_exact(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 24);
    let server = world.serve().await;
    let thor = server.caller("thor", &users[0].token);
    let poll = thor.create_poll("Q", &["a", "b", "c"]).await;
    let busy = users.iter().enumerate().map(|(number, user)| {
        let voter = server.caller("thor", &user.token);
        let poll = &poll;
        async move {
            voter.vote(&poll.choices[number % 3]).await;
            for step in 1..4 {
                let choice = &poll.choices[(number + step) % 3];
                voter.done("changeVote", json!({ "choiceId": choice }), "").await;
            }
            if number % 2 == 0 {
                voter.done("retractVote", json!({ "pollId": poll.id }), "").await;
            }
        }
    });
    join_all(busy).await;
    // Three steps lead back to the first choice; the odd numbers stayed.
    assert_eq!(thor.tallies(&poll.id).await, [4, 4, 4]);
    let listed = thor.poll(&poll.id, "choices { votes(first: 0) { totalCount } }").await;
    for choice in listed["choices"].as_array().unwrap() {
        assert_eq!(choice["votes"]["totalCount"], 4);
    }
}

async fn votes_are_listed_with_their_voters(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 3);
    let server = world.serve().await;
    let thor = server.caller("thor", &users[0].token);
    let poll = thor.create_poll("Q", &["a", "b"]).await;
    for (user, choice) in users.iter().zip([0, 1, 1]) {
        server.caller("thor", &user.token).vote(&poll.choices[choice]).await;
    }
    let selection = "choices { votes { nodes { votedBy { username } } edges { cursor } } }";
    let seen = server.anyone("thor").poll(&poll.id, selection).await;
    let names = |choice: usize| {
        let votes = seen["choices"][choice]["votes"]["nodes"].as_array().unwrap();
        let name = |vote: &Value| vote["votedBy"]["username"].as_str().unwrap().to_owned();
        let mut names: Vec<_> = votes.iter().map(name).collect();
        names.sort();
        names
    };
    let mut others = [users[1].name.clone(), users[2].name.clone()];
    others.sort();
    assert_eq!(names(0), [users[0].name.clone()]);
    assert_eq!(names(1), others);
}

async fn a_tally_that_is_off_is_found_and_repaired(engine: Engine) {
    let world = World::new(engine).await;
    let tokens = world.seed("thor", 5, &["--polls", "2", "--choices", "2", "--votes", "5"]);
    let server = world.serve().await;
    let thor = server.caller("thor", &tokens[0].token);
    let polls = thor.ask("{ polls { nodes { id choices { voteCount } } } }").await;
    world.polls(&["check", "--recount"]).ok();
    world.sql("thor", "UPDATE choice SET vote_count = vote_count + 7").await;
    let spoilt = thor.ask("{ polls { nodes { id choices { voteCount } } } }").await;
    assert_ne!(spoilt.data(), polls.data());
    let found = world.polls(&["check", "--recount"]).failed();
    assert!(found.all().contains("thor"), "{found:#?}");
    world.polls(&["check", "--recount"]).ok();
    let repaired = thor.ask("{ polls { nodes { id choices { voteCount } } } }").await;
    assert_eq!(repaired.data(), polls.data());
}
