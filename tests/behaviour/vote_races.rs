//! Votes that race with each other, and with what ends voting: tallies always equal the rows, and
//! nothing is counted that was refused.

use chrono::{SecondsFormat, TimeDelta, Utc};
use futures::future::{join, join_all};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use serde_json::{Value, json};

use crate::support::{
    Answer, Caller, Engine, PollIds, Seeded, Server, World, eventually, on_each_engine,
    on_each_server,
};

on_each_engine!(
    one_person_casts_changes_and_retracts_at_once,
    votes_race_with_the_end_of_their_poll,
    votes_race_with_the_end_of_their_choice,
    votes_race_with_the_deletion_of_their_poll,
    a_cast_vote_is_told_with_its_tally,
    votes_of_two_processes_are_all_counted,
);
on_each_server!(
    a_vote_that_waited_for_its_poll_sees_what_became_of_it,
    a_vote_that_waited_beyond_the_end_of_its_poll_is_refused,
    a_vote_that_waits_too_long_is_not_cast_later,
);

fn voters(server: &Server, users: &[Seeded]) -> Vec<Caller> {
    users.iter().map(|user| server.caller("thor", &user.token)).collect()
}

/// A vote whose answer asks for nothing that may be gone by then.
async fn cast_bare(voter: &Caller, choice: &str) -> Answer {
    voter.mutate("castVote", json!({ "choiceId": choice }), "vote { id }").await
}

/// The first error's code, or nothing if it was done.
fn refusal(answer: &Answer, mutation: &str) -> Option<String> {
    let errors = &answer.data()[mutation]["userErrors"];
    errors.get(0).map(|error| error["code"].as_str().unwrap().to_owned())
}

/// How many were done; the others must have been refused for one of these reasons.
fn done(answers: &[Answer], mutation: &str, reasons: &[&str]) -> u64 {
    let refused = answers.iter().filter_map(|answer| refusal(answer, mutation));
    let refused = refused.inspect(|code| assert!(reasons.contains(&code.as_str()), "{code}"));
    (answers.len() - refused.count()) as u64
}

/// All tallies as rows are counted, which must be what is kept.
async fn counted(caller: &Caller, poll: &PollIds) -> Vec<u64> {
    let fields = "totalVotes votes { totalCount } choices { voteCount votes { totalCount } }";
    let found = caller.poll(&poll.id, fields).await;
    assert_eq!(found["totalVotes"], found["votes"]["totalCount"], "{found}");
    let choices = found["choices"].as_array().unwrap().iter();
    let choices = choices.inspect(|one| assert_eq!(one["voteCount"], one["votes"]["totalCount"]));
    choices.map(|one| one["voteCount"].as_u64().unwrap()).collect()
}

async fn one_person_casts_changes_and_retracts_at_once(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 4);
    let server = world.serve().await;
    let voters = voters(&server, &users);
    let poll = voters[0].create_poll("Q", &["a", "b", "c"]).await;
    let busy = (0..120).map(|number: usize| {
        let (voter, choice) = (&voters[number % 4], &poll.choices[number / 4 % 3]);
        let poll = &poll.id;
        async move {
            let choice = json!({ "choiceId": choice });
            let (name, input) = match number / 8 % 3 {
                0 => ("castVote", choice),
                1 => ("changeVote", choice),
                _ => ("retractVote", json!({ "pollId": poll })),
            };
            let answer = voter.mutate(name, input, "").await;
            let refused = refusal(&answer, name);
            let refused = refused.as_deref();
            assert!(matches!(refused, None | Some("ALREADY_VOTED" | "NOT_VOTED")), "{refused:?}");
            match (name, refused) {
                ("castVote", None) => 1,
                ("retractVote", None) => -1,
                _ => 0,
            }
        }
    });
    let votes: i64 = join_all(busy).await.into_iter().sum();
    let tallies = counted(&voters[0], &poll).await;
    assert_eq!(tallies.iter().sum::<u64>(), u64::try_from(votes).unwrap());
    world.polls(&["check", "--recount"]).ok();
}

async fn votes_race_with_the_end_of_their_poll(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 24);
    let server = world.serve().await;
    let voters = voters(&server, &users);
    for round in 0..6 {
        let poll = voters[0].create_poll("Q", &["a", "b"]).await;
        let cast = voters.iter().enumerate().map(|(number, voter)| {
            let choice = &poll.choices[number % 2];
            async move { voter.cast(choice).await }
        });
        let close = async {
            // Some rounds close while votes are under way, some before most have come.
            for _ in 0..round {
                voters[0].poll(&poll.id, "id").await;
            }
            let input = json!({ "id": poll.id });
            let closed = voters[0].done("closePoll", input, "poll { id isOpen }").await;
            assert_eq!(closed["poll"]["isOpen"], false);
            counted(&voters[0], &poll).await
        };
        let (answers, at_close) = join(join_all(cast), close).await;
        let cast = done(&answers, "castVote", &["POLL_CLOSED"]);
        let refused = answers.iter().map(|answer| &answer.data()["castVote"]);
        for payload in refused.filter(|payload| payload["vote"] == Value::Null) {
            assert_eq!(payload["poll"]["isOpen"], false);
        }
        assert_eq!(counted(&voters[0], &poll).await, at_close, "none comes after the end");
        assert_eq!(at_close.iter().sum::<u64>(), cast);
    }
    world.polls(&["check", "--recount"]).ok();
}

async fn votes_race_with_the_end_of_their_choice(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 8);
    let server = world.serve().await;
    let voters = voters(&server, &users);
    for _ in 0..12 {
        let poll = voters[0].create_poll("Q", &["a", "b", "c"]).await;
        let choice = &poll.choices[1];
        let cast = voters.iter().map(|voter| cast_bare(voter, choice));
        let delete = voters[0].mutate("deleteChoice", json!({ "id": choice }), "");
        let (answers, deleted) = join(join_all(cast), delete).await;
        let cast = done(&answers, "castVote", &["NOT_FOUND"]);
        match refusal(&deleted, "deleteChoice").as_deref() {
            None => {
                assert_eq!(cast, 0, "a choice that is gone has no votes");
                assert_eq!(counted(&voters[0], &poll).await, [0, 0]);
            }
            Some("HAS_VOTES") => {
                assert_eq!(cast, 8);
                assert_eq!(counted(&voters[0], &poll).await, [0, 8, 0]);
            }
            other => assert_eq!(other, None),
        }
    }
    world.polls(&["check", "--recount"]).ok();
}

async fn votes_race_with_the_deletion_of_their_poll(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 8);
    let server = world.serve().await;
    let voters = voters(&server, &users);
    for _ in 0..12 {
        let poll = voters[0].create_poll("Q", &["a", "b"]).await;
        let cast = voters.iter().map(|voter| cast_bare(voter, &poll.choices[1]));
        let delete = voters[0].done("deletePoll", json!({ "id": poll.id }), "deletedPollId");
        let (answers, _) = join(join_all(cast), delete).await;
        done(&answers, "castVote", &["NOT_FOUND"]);
        let gone = cast_bare(&voters[0], &poll.choices[1]).await;
        assert_eq!(refusal(&gone, "castVote").as_deref(), Some("NOT_FOUND"));
    }
    world.polls(&["check", "--recount"]).ok();
}

async fn a_cast_vote_is_told_with_its_tally(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 24);
    let server = world.serve().await;
    let voters = voters(&server, &users);
    let poll = voters[0].create_poll("Q", &["a", "b"]).await;
    let cast = voters.iter().map(|voter| {
        let selection = "vote { id choice { voteCount poll { id } } poll { question } }";
        voter.done("castVote", json!({ "choiceId": poll.choices[0] }), selection)
    });
    let cast = join_all(cast).await;
    let mut told: Vec<_> =
        cast.iter().map(|cast| cast["vote"]["choice"]["voteCount"].as_u64().unwrap()).collect();
    told.sort_unstable();
    if engine != Engine::Mysql {
        assert_eq!(told, (1..=24).collect::<Vec<_>>(), "each is told its own");
    }
    assert_eq!(told.last(), Some(&24));
    assert_eq!(counted(&voters[0], &poll).await, [24, 0]);
}

async fn votes_of_two_processes_are_all_counted(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 20);
    let (one, other) = (world.serve().await, world.serve().await);
    let poll = one.caller("thor", &users[0].token).create_poll("Q", &["a", "b"]).await;
    // Those of one process come one after the other, so each of its votes is sent alone.
    let cast = async |server: &Server, users: &[Seeded]| {
        let mut told = Vec::new();
        for voter in voters(server, users) {
            let selection = "vote { choice { voteCount } }";
            let input = json!({ "choiceId": poll.choices[0] });
            let cast = voter.done("castVote", input, selection).await;
            told.push(cast["vote"]["choice"]["voteCount"].as_u64().unwrap());
        }
        told
    };
    let (users, others) = users.split_at(10);
    let (mut told, others) = join(cast(&one, users), cast(&other, others)).await;
    told.extend(others);
    told.sort_unstable();
    if engine != Engine::Mysql {
        assert_eq!(told, (1..=20).collect::<Vec<_>>(), "each is told its own");
    }
    assert_eq!(told.last(), Some(&20));
    let voter = one.caller("thor", &users[0].token);
    assert_eq!(counted(&voter, &poll).await, [20, 0]);
}

/// Keeps a tenant's polls locked, as somebody who is about to change them.
struct Locked(DatabaseConnection);

impl Locked {
    async fn new(world: &World) -> Self {
        let connection = Engine::connect(&world.url("thor")).await;
        connection.execute_unprepared("BEGIN").await.unwrap();
        connection.execute_unprepared("SELECT id FROM poll FOR UPDATE").await.unwrap();
        Self(connection)
    }

    async fn is_waited_for(&self, engine: Engine) -> bool {
        let waiting = match engine {
            Engine::Postgres => {
                "SELECT COUNT(*) FROM pg_stat_activity \
                 WHERE datname = current_database() AND wait_event_type = 'Lock'"
            }
            _ => {
                "SELECT COUNT(*) FROM information_schema.processlist \
                 WHERE db = DATABASE() AND id <> CONNECTION_ID() AND info LIKE '%FOR UPDATE'"
            }
        };
        Engine::count(&self.0, waiting).await > 0
    }

    async fn change(self, sql: &str) {
        self.0.execute_unprepared(sql).await.unwrap();
        self.0.execute_unprepared("COMMIT").await.unwrap();
        self.0.close().await.unwrap();
    }
}

async fn a_vote_that_waited_for_its_poll_sees_what_became_of_it(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 1);
    let server = world.serve().await;
    let thor = server.caller("thor", &users[0].token);
    let cases = [
        ("UPDATE choice SET vote_count = vote_count + 10", None),
        ("UPDATE poll SET closes_at = '{now}', updated_at = '{now}'", Some("POLL_CLOSED")),
        ("DELETE FROM choice WHERE choice_text = 'b'", Some("NOT_FOUND")),
        ("DELETE FROM poll", Some("NOT_FOUND")),
    ];
    for (change, refused) in cases {
        let poll = thor.create_poll("Q", &["a", "b", "c"]).await;
        let locked = Locked::new(&world).await;
        let vote = tokio::spawn({
            let (thor, choice) = (thor.clone(), json!({ "choiceId": poll.choices[1] }));
            async move { thor.mutate("castVote", choice, "vote { choice { voteCount } }").await }
        });
        eventually("the vote waits", async || locked.is_waited_for(engine).await).await;
        let now = Utc::now().format("%F %T%.6f").to_string();
        locked.change(&change.replace("{now}", &now)).await;
        let answer = vote.await.unwrap();
        assert_eq!(refusal(&answer, "castVote").as_deref(), refused, "{change}");
        if refused.is_none() {
            assert_eq!(answer.data()["castVote"]["vote"]["choice"]["voteCount"], 11);
            assert_eq!(thor.tallies(&poll.id).await, [10, 11, 10]);
        }
        world.sql("thor", "DELETE FROM poll").await;
    }
}

async fn a_vote_that_waited_beyond_the_end_of_its_poll_is_refused(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 1);
    let server = world.serve().await;
    let thor = server.caller("thor", &users[0].token);
    let soon = (Utc::now() + TimeDelta::seconds(4)).to_rfc3339_opts(SecondsFormat::Millis, true);
    let input = json!({ "question": "Q", "choices": ["a", "b"], "closesAt": soon });
    let poll = thor.create_poll_with(input).await;
    let locked = Locked::new(&world).await;
    let cast = tokio::spawn({
        let (thor, choice) = (thor.clone(), poll.choices[1].clone());
        async move { cast_bare(&thor, &choice).await }
    });
    eventually("the vote waits", async || locked.is_waited_for(engine).await).await;
    eventually("the poll is closed", async || {
        thor.poll(&poll.id, "isOpen").await["isOpen"] == false
    })
    .await;
    locked.change("SELECT 1").await;
    assert_eq!(refusal(&cast.await.unwrap(), "castVote").as_deref(), Some("POLL_CLOSED"));
    assert_eq!(counted(&thor, &poll).await, [0, 0]);
}

async fn a_vote_that_waits_too_long_is_not_cast_later(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 1);
    let server = world.serve().await;
    let thor = server.caller("thor", &users[0].token);
    let poll = thor.create_poll("Q", &["a", "b"]).await;
    let locked = Locked::new(&world).await;
    assert_eq!(cast_bare(&thor, &poll.choices[1]).await.code(), "TENANT_UNAVAILABLE");
    locked.change("SELECT 1").await;
    assert_eq!(counted(&thor, &poll).await, [0, 0]);
    thor.vote(&poll.choices[1]).await;
    assert_eq!(counted(&thor, &poll).await, [0, 1]);
}
