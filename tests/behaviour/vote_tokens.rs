//! The token that a vote comes with, by a document that the server knows already: then the database
//! may judge both at once, and nobody shall see a difference.

use futures::future::{join, join_all};
use serde_json::{Value, json};

use crate::support::{Answer, Caller, Engine, World, on_each_engine};

const SECRET: &str = "correct horse";

on_each_engine!(
    a_bad_token_casts_no_vote,
    whatever_else_is_wrong_a_bad_token_is_told_first,
    a_vote_shows_what_its_voter_may_see,
    no_vote_comes_after_its_token_has_ended,
);

/// A vote whose poll is not asked for.
async fn cast(voter: &Caller, choice: impl Into<Value>) -> Answer {
    voter.mutate("castVote", json!({ "choiceId": choice.into() }), "vote { id }").await
}

#[track_caller]
fn is_refused(answer: &Answer, reason: &str) {
    answer.refused("UNAUTHENTICATED");
    assert_eq!(answer.status, 401, "{answer:#?}");
    assert_eq!(answer.error()["extensions"]["reason"], reason);
}

async fn a_bad_token_casts_no_vote(engine: Engine) {
    let world = World::new(engine).await;
    let [thor, loki, late, left] = world.users("thor", 4).try_into().unwrap();
    let other = world.users("potter", 1).remove(0);
    let server = world.serve().await;
    let caller = |token: &str| server.caller("thor", token);
    let poll = caller(&thor.token).create_poll("Q", &["a", "b"]).await;
    for _ in 0..2 {
        cast(&caller(&thor.token), &*poll.choices[0]).await;
    }
    caller(&left.token).done("logout", json!({}), "").await;
    // They were made in this order.
    let people = if engine == Engine::Postgres { "\"user\"" } else { "user" };
    world.sql("thor", &format!("UPDATE {people} SET is_active = FALSE WHERE id = 2")).await;
    let past = "UPDATE auth_token SET expires_at = '2020-01-01 00:00:00' WHERE user_id = 3";
    world.sql("thor", past).await;
    for (token, reason) in [
        ("nonsense", "INVALID"),
        ("polls_nonsense", "INVALID"),
        (&other.token, "INVALID"),
        (&late.token, "EXPIRED"),
        (&left.token, "INVALID"),
        (&loki.token, "INVALID"),
    ] {
        let voter = caller(token);
        // Alone, and beside others.
        is_refused(&cast(&voter, &*poll.choices[1]).await, reason);
        for answer in join_all((0..4).map(|_| cast(&voter, &*poll.choices[1]))).await {
            is_refused(&answer, reason);
        }
    }
    assert_eq!(caller(&thor.token).tallies(&poll.id).await, [1, 0]);
}

async fn whatever_else_is_wrong_a_bad_token_is_told_first(engine: Engine) {
    let world = World::new(engine).await;
    let voter = world.users("thor", 1).remove(0);
    let foreign = world.users("potter", 1).remove(0);
    let server = world.serve().await;
    let (thor, nobody) = (server.caller("thor", &voter.token), server.caller("thor", "polls_x"));
    let potter = server.caller("potter", &foreign.token);
    let poll = thor.create_poll("Q", &["a", "b"]).await;
    let closed = thor.create_poll("Closed", &["a", "b"]).await;
    thor.done("closePoll", json!({ "id": closed.id }), "").await;
    let elsewhere = potter.create_poll("Q", &["a", "b"]).await;
    cast(&thor, &*poll.choices[0]).await;
    for (choice, code) in [
        (json!(poll.choices[0]), "ALREADY_VOTED"),
        (json!(closed.choices[0]), "POLL_CLOSED"),
        (json!(poll.id), "NOT_FOUND"),
        (json!(elsewhere.choices[0]), "WRONG_TENANT"),
        (json!("nonsense"), "INVALID"),
        (json!(null), "BAD_USER_INPUT"),
    ] {
        let told = cast(&thor, choice.clone()).await;
        let user_error = told.body["data"]["castVote"]["userErrors"][0]["code"].as_str();
        assert_eq!(user_error.unwrap_or_else(|| told.code()), code, "{told:#?}");
        is_refused(&cast(&nobody, choice).await, "INVALID");
    }
}

async fn a_vote_shows_what_its_voter_may_see(engine: Engine) {
    let world = World::new(engine).await;
    let user = world.users("thor", 1).remove(0);
    world.superuser("thor", "odin", SECRET);
    let server = world.serve().await;
    let user = server.caller("thor", &user.token);
    let odin = server.login("thor", "odin", SECRET).await;
    let bare = "votedBy { email role polls { totalCount } } choice { voteCount viewerHasVoted }";
    let bare = format!("vote {{ {bare} }}");
    let of_poll = "question viewerCanUpdate viewerCanVote createdBy { email } totalVotes \
                   viewerVote { choice { choiceText } } choices { voteCount viewerHasVoted }";
    let with_poll = format!("{bare} vote {{ poll {{ {of_poll} }} }} poll {{ {of_poll} }}");
    // At first by documents that are new, then by those that are known.
    for (round, selection) in [&bare, &with_poll, &bare, &with_poll].into_iter().enumerate() {
        let made = [user.create_poll("Q", &["a", "b"]), odin.create_poll("Q", &["a", "b"])];
        let made = join_all(made).await;
        for (voter, own, is_superuser) in [(&user, 0, false), (&odin, 1, true)] {
            for (place, poll) in made.iter().enumerate() {
                let input = json!({ "choiceId": poll.choices[1] });
                let cast = voter.done("castVote", input, selection).await;
                let vote = &cast["vote"];
                let votes = own + 1;
                assert!(vote["votedBy"]["email"].is_string(), "round {round}: {cast:#?}");
                assert_eq!(vote["votedBy"]["polls"]["totalCount"], round + 1);
                assert_eq!(vote["choice"], json!({ "voteCount": votes, "viewerHasVoted": true }));
                if selection == &bare {
                    continue;
                }
                let may = place == own || is_superuser;
                for shown in [&vote["poll"], &cast["poll"]] {
                    assert_eq!(shown["viewerCanUpdate"], may);
                    assert_eq!(shown["viewerCanVote"], false);
                    assert_eq!(shown["createdBy"]["email"].is_string(), may, "{cast:#?}");
                    assert_eq!(shown["totalVotes"], votes);
                    assert_eq!(shown["viewerVote"]["choice"]["choiceText"], "b");
                    let choices = json!([
                        { "voteCount": 0, "viewerHasVoted": false },
                        { "voteCount": votes, "viewerHasVoted": true },
                    ]);
                    assert_eq!(shown["choices"], choices);
                }
            }
        }
    }
}

async fn no_vote_comes_after_its_token_has_ended(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 9);
    let server = world.serve().await;
    let (reader, voters) = users.split_first().unwrap();
    let reader = server.caller("thor", &reader.token);
    let polls = join_all((0..6).map(|_| reader.create_poll("Q", &["a", "b"]))).await;
    cast(&reader, &*polls[0].choices[0]).await;
    let mut acknowledged = 1;
    for (round, user) in voters.iter().enumerate() {
        let voter = server.caller("thor", &user.token);
        let votes = join_all(polls.iter().map(|poll| cast(&voter, &*poll.choices[1])));
        let logout = async {
            // In some rounds the votes are ahead, in some not.
            for _ in 0..round / 2 {
                reader.ask("{ tenant { key } }").await;
            }
            voter.done("logout", json!({}), "").await;
            let after = join_all(polls.iter().map(|poll| cast(&voter, &*poll.choices[0]))).await;
            after.iter().for_each(|answer| is_refused(answer, "INVALID"));
        };
        let (votes, ()) = join(votes, logout).await;
        for answer in votes {
            match answer.status {
                401 => is_refused(&answer, "INVALID"),
                _ => {
                    assert_eq!(answer.data()["castVote"]["userErrors"], json!([]), "{answer:#?}");
                    acknowledged += 1;
                }
            }
        }
    }
    let tallies = join_all(polls.iter().map(|poll| reader.tallies(&poll.id))).await;
    assert_eq!(tallies.concat().iter().sum::<u64>(), acknowledged);
    assert_eq!(tallies.iter().map(|tally| tally[0]).sum::<u64>(), 1, "none but the reader's");
    world.polls(&["check", "--recount"]).ok();
}
