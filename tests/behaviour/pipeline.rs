//! PostgreSQL's pipelines: statements of many requests on one connection, none at the cost of
//! another.

use futures::future::join_all;
use sea_orm::ConnectionTrait;
use serde_json::json;
use url::Url;

use crate::support::{Engine, Relay, World, eventually};

/// Tests for PostgreSQL alone, named so that `--skip ::postgres` leaves them out.
macro_rules! on_postgres {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test]
            async fn postgres() {
                super::$name().await;
            }
        }
    )+};
}

on_postgres!(
    a_statement_that_is_held_up_holds_up_no_other,
    a_cut_connection_is_made_anew,
    a_cut_that_nobody_has_noticed_costs_no_vote,
    what_the_database_runs_for_a_query_cannot_write_either,
    votes_for_many_polls_come_at_once,
    many_ids_are_found_as_one_is,
    a_pipeline_is_encrypted_where_the_server_can,
);

async fn a_statement_that_is_held_up_holds_up_no_other() {
    let world = World::new(Engine::Postgres).await;
    let users = world.seed("thor", 3, &["--polls", "3", "--choices", "2", "--votes", "1"]);
    let server = world.serve().await;
    let thor = server.caller("thor", &users[0].token);
    let beside = Engine::connect(&world.url("thor")).await;
    beside.execute_unprepared("BEGIN").await.unwrap();
    beside.execute_unprepared("LOCK TABLE choice IN ACCESS EXCLUSIVE MODE").await.unwrap();
    // Within a transaction this view would stay as it was.
    let watcher = Engine::connect(&world.url("thor")).await;
    let others = async {
        // Long enough for the database to have stopped what is held up, and to have begun it
        // again where it is.
        let waits = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                     AND datname = current_database()";
        eventually("the statement waits", async || Engine::count(&watcher, waits).await > 0).await;
        let quick =
            (0..20).map(|_| thor.ask("{ viewer { username } polls { nodes { question } } }"));
        let answers = join_all(quick).await;
        beside.execute_unprepared("COMMIT").await.unwrap();
        answers
    };
    let query = "{ polls { nodes { choices { voteCount } } } }";
    let (held_up, others) = futures::future::join(thor.ask(query), others).await;
    for answer in others {
        assert_eq!(answer.at("/polls/nodes").as_array().unwrap().len(), 3);
    }
    assert_eq!(held_up.at("/polls/nodes/2/choices").as_array().unwrap().len(), 2);
    beside.close().await.unwrap();
    watcher.close().await.unwrap();
}

async fn a_cut_connection_is_made_anew() {
    let world = World::new(Engine::Postgres).await;
    let users = world.users("thor", 2);
    let server = world.serve().await;
    let thor = server.caller("thor", &users[0].token);
    let poll = thor.create_poll("Q", &["a", "b"]).await;
    let beside = Engine::connect(&world.url("thor")).await;
    let cut = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
               WHERE application_name = 'polls' AND datname = current_database()";
    for user in &users {
        beside.execute_unprepared(cut).await.unwrap();
        let voter = server.caller("thor", &user.token);
        assert_eq!(
            voter.ask("{ viewer { username } }").await.at("/viewer/username"),
            user.name.as_str()
        );
        assert_eq!(thor.poll(&poll.id, "question").await["question"], "Q");
        let input = json!({ "choiceId": poll.choices[1] });
        voter.done("castVote", input, "vote { id }").await;
    }
    assert_eq!(thor.poll(&poll.id, "totalVotes").await["totalVotes"], 2);
    beside.close().await.unwrap();
}

/// As between a client and a server that a firewall has forgotten: what is sent next finds out.
async fn a_cut_that_nobody_has_noticed_costs_no_vote() {
    let world = World::new(Engine::Postgres).await;
    let users = world.users("thor", 3);
    let url = Url::parse(&world.url("thor")).unwrap();
    let upstream = (url.host_str().unwrap().to_owned(), url.port().unwrap_or(5432));
    let relay = Relay::start(upstream).await;
    let mut through = url.clone();
    through.set_host(Some("127.0.0.1")).unwrap();
    through.set_port(Some(relay.port)).unwrap();
    let yaml = world.read_config();
    let database = format!("    database: \"{through}\"\n    name: Thor\n");
    world.write_config(&yaml.replace("    name: Thor\n", &database));
    let server = world.serve().await;
    let poll = server.caller("thor", &users[0].token).create_poll("Q", &["a", "b"]).await;
    for (number, user) in users.iter().enumerate() {
        let voter = server.caller("thor", &user.token);
        let input = json!({ "choiceId": poll.choices[1] });
        let cast = voter.done("castVote", input, "vote { choice { voteCount } }").await;
        assert_eq!(cast["vote"]["choice"]["voteCount"], number + 1);
        relay.forget();
    }
    assert_eq!(server.caller("thor", &users[0].token).tallies(&poll.id).await, [0, 3]);
}

async fn what_the_database_runs_for_a_query_cannot_write_either() {
    let world = World::new(Engine::Postgres).await;
    let users = world.seed("thor", 2, &["--polls", "1", "--choices", "2", "--votes", "1"]);
    let server = world.serve().await;
    let thor = server.caller("thor", &users[0].token);
    let beside = Engine::connect(&world.url("thor")).await;
    for sql in [
        "CREATE TABLE seen (id BIGINT)",
        "CREATE FUNCTION look(id BIGINT) RETURNS BOOLEAN LANGUAGE SQL VOLATILE AS \
         'INSERT INTO seen VALUES (id) RETURNING TRUE'",
        "ALTER TABLE choice RENAME TO choice_rows",
        "CREATE VIEW choice AS SELECT * FROM choice_rows WHERE look(id)",
    ] {
        beside.execute_unprepared(sql).await.unwrap();
    }
    let answer = thor.ask("{ polls { nodes { choices { voteCount } } } }").await;
    assert_eq!(answer.code(), "INTERNAL");
    assert_eq!(Engine::count(&beside, "SELECT COUNT(*) FROM seen").await, 0);
    beside.close().await.unwrap();
}

/// Some twice by the same person, and for two choices of the same poll.
async fn votes_for_many_polls_come_at_once() {
    let world = World::new(Engine::Postgres).await;
    let users = world.users("thor", 30);
    let server = world.serve().await;
    let voters: Vec<_> = users.iter().map(|user| server.caller("thor", &user.token)).collect();
    let questions = ["A", "B", "C"];
    let made = questions.map(|question| voters[0].create_poll(question, &["a", "b"]));
    let polls = join_all(made).await;
    let cast = voters.iter().flat_map(|voter| polls.iter().map(move |poll| (voter, poll)));
    let cast = cast.flat_map(|(voter, poll)| {
        [0, 1, 0].map(|choice| async move {
            let input = json!({ "choiceId": poll.choices[choice] });
            let selection = "vote { choice { id } } poll { question }";
            let answer = voter.mutate("castVote", input, selection).await;
            let cast = answer.data()["castVote"].clone();
            match cast["vote"].is_null() {
                true => assert_eq!(cast["userErrors"][0]["code"], "ALREADY_VOTED"),
                false => assert_eq!(cast["vote"]["choice"]["id"], poll.choices[choice].as_str()),
            }
            u64::from(!cast["vote"].is_null())
        })
    });
    assert_eq!(join_all(cast).await.iter().sum::<u64>(), 90, "one a person and poll");
    for poll in &polls {
        let found = voters[0].poll(&poll.id, "totalVotes votes { totalCount }").await;
        assert_eq!((&found["totalVotes"], &found["votes"]["totalCount"]), (&json!(30), &json!(30)));
    }
}

async fn many_ids_are_found_as_one_is() {
    let world = World::new(Engine::Postgres).await;
    let users = world.users("thor", 1);
    let server = world.serve().await;
    let thor = server.caller("thor", &users[0].token);
    let mut made = Vec::new();
    for question in ["A", "B", "C"] {
        made.push(thor.create_poll(question, &["x", "y"]).await);
    }
    let fields = "question choices { choiceText }";
    let choices = json!([{ "choiceText": "x" }, { "choiceText": "y" }]);
    let one = |id: &str| format!("poll(id: \"{id}\") {{ {fields} }}");
    let answer = thor.ask(&format!("{{ a: {} }}", one(&made[1].id))).await;
    assert_eq!(answer.data()["a"], json!({ "question": "B", "choices": choices }));
    let all = format!(
        "{{ a: {} b: {} c: {} d: {} }}",
        one(&made[2].id),
        one(&made[0].id),
        one(&made[1].id),
        one(&made[0].id)
    );
    let answer = thor.ask(&all).await;
    for (name, question) in [("a", "C"), ("b", "A"), ("c", "B"), ("d", "A")] {
        assert_eq!(answer.data()[name], json!({ "question": question, "choices": choices }));
    }
}

async fn a_pipeline_is_encrypted_where_the_server_can() {
    let world = World::new(Engine::Postgres).await;
    let users = world.users("thor", 1);
    let server = world.serve().await;
    server.caller("thor", &users[0].token).ask("{ viewer { username } }").await.data();
    let beside = Engine::connect(&world.url("thor")).await;
    let differs = "SELECT COUNT(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                   WHERE application_name = 'polls' AND datname = current_database() \
                   AND ssl <> (current_setting('ssl') = 'on')";
    assert_eq!(Engine::count(&beside, differs).await, 0);
    beside.close().await.unwrap();
}
