//! One tenant's trouble stays its own; open databases and connections are capped, and nobody
//! notices.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;

use crate::support::{
    Answer, Engine, Server, World, dead_port, eventually, on_each_engine, on_each_server,
};

on_each_engine!(
    an_unmigrated_database_says_so,
    a_database_that_is_gone_is_unavailable,
    more_tenants_than_may_be_open_are_all_served,
    few_connections_serve_many_requests,
);

on_each_server!(who_only_reads_takes_no_connection_that_writes);

const ASK: &str = "{ tenant { key } polls { totalCount } }";

fn unavailable(answer: &Answer, code: &str) {
    answer.refused(code);
    assert_eq!(answer.status, 503, "{answer:#?}");
    let after: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert_eq!(answer.error()["extensions"]["retryAfter"], json!(after));
    for secret in [".db", "sqlite", "postgres", "mysql", "127.0.0.1", "polls_test"] {
        assert!(!answer.text.contains(secret), "{secret} in {answer:#?}");
    }
}

async fn potter_is_well(server: &Server) {
    let start = Instant::now();
    assert_eq!(server.anyone("potter").ask(ASK).await.data()["tenant"]["key"], "potter");
    assert!(start.elapsed() < Duration::from_secs(5), "waited for thor: {:?}", start.elapsed());
}

async fn an_unmigrated_database_says_so(engine: Engine) {
    let world = World::builder(engine).unmigrated().build().await;
    world.polls(&["migrate", "up", "--tenant", "potter"]).ok();
    world.polls(&["migrate", "up", "--tenant", "thor"]).ok();
    world.polls(&["migrate", "down", "--tenant", "thor"]).ok();
    let server = world.serve().await;
    let thor = server.anyone("thor");
    unavailable(&thor.ask(ASK).await, "MIGRATIONS_PENDING");
    unavailable(&thor.ask("{ tenant { key } }").await, "MIGRATIONS_PENDING");
    potter_is_well(&server).await;
    world.polls(&["migrate", "up", "--tenant", "thor"]).ok();
    eventually("thor is served", async || thor.ask(ASK).await.status == 200).await;
}

async fn a_database_that_is_gone_is_unavailable(engine: Engine) {
    let world = World::new(engine).await;
    let yaml = world.read_config();
    let gone = match engine {
        Engine::Sqlite => "sqlite://data/nowhere.db".to_owned(),
        _ => world.url("nowhere"),
    };
    let gone = format!("    name: Thor\n    database: \"{gone}\"\n");
    world.write_config(&yaml.replace("    name: Thor\n", &gone));
    let server = world.serve().await;
    let thor = server.anyone("thor");
    let answers = join_all((0..20).map(|_| thor.ask(ASK))).await;
    for answer in answers {
        unavailable(&answer, "TENANT_UNAVAILABLE");
        potter_is_well(&server).await;
    }
    assert!(!world.file("nowhere").exists(), "a server makes no database");
}

async fn more_tenants_than_may_be_open_are_all_served(engine: Engine) {
    const TENANTS: [&str; 6] = ["thor", "potter", "a", "b", "c", "d"];
    let mut builder = World::builder(engine);
    for tenant in &TENANTS[2..] {
        builder = builder.tenant(tenant, &[]);
    }
    let world = builder.build().await;
    let tokens: Vec<_> = TENANTS.iter().map(|key| world.users(key, 1).remove(0).token).collect();
    let server = world.serve_with(&["--max-open-databases", "2"]).await;
    let requests = (0..240).map(|number| {
        let (tenant, token) = (TENANTS[number % 6], &tokens[number % 6]);
        let caller = server.caller(tenant, token);
        async move {
            if number % 24 < 6 {
                caller.create_poll(&format!("{tenant} {number}"), &["a", "b"]).await;
            } else {
                let answer = caller.ask("{ tenant { key } polls { nodes { question } } }").await;
                assert_eq!(answer.data()["tenant"]["key"], tenant);
                for poll in answer.at("/polls/nodes").as_array().unwrap() {
                    let question = poll["question"].as_str().unwrap();
                    assert!(question.starts_with(&format!("{tenant} ")), "{question} at {tenant}");
                }
            }
        }
    });
    join_all(requests).await;
    for tenant in TENANTS {
        let count = server.anyone(tenant).ask(ASK).await;
        assert_eq!(count.at("/polls/totalCount"), 10, "{tenant}");
    }
}

async fn few_connections_serve_many_requests(engine: Engine) {
    let world = World::new(engine).await;
    let tokens = [world.users("thor", 1).remove(0).token, world.users("potter", 1).remove(0).token];
    let server = world.serve_with(&["--connections-per-server", "4"]).await;
    let requests = (0..120).map(|number| {
        let tenant = ["thor", "potter"][number % 2];
        let caller = server.caller(tenant, &tokens[number % 2]);
        async move {
            if number % 12 < 2 {
                caller.create_poll("Q", &["a", "b"]).await;
            } else {
                caller.ask("{ viewer { id } polls { nodes { choices { id } } } }").await.data();
            }
        }
    });
    join_all(requests).await;
    for tenant in ["thor", "potter"] {
        let count = server.anyone(tenant).ask(ASK).await;
        assert_eq!(count.at("/polls/totalCount"), 10, "{tenant}");
    }
}

#[tokio::test]
async fn a_missing_file_is_not_created() {
    let world = World::new(Engine::Sqlite).await;
    std::fs::remove_file(world.file("thor")).unwrap();
    let server = world.serve().await;
    let thor = server.anyone("thor");
    unavailable(&thor.ask(ASK).await, "TENANT_UNAVAILABLE");
    unavailable(&thor.ask("{ tenant { key } }").await, "TENANT_UNAVAILABLE");
    assert!(!world.file("thor").exists());
    potter_is_well(&server).await;
    world.polls(&["migrate", "up", "--tenant", "thor"]).ok();
    eventually("thor is back", async || thor.ask(ASK).await.status == 200).await;
}

#[tokio::test]
async fn a_corrupt_file_is_unavailable() {
    let world = World::new(Engine::Sqlite).await;
    std::fs::write(world.file("thor"), "this is no database ".repeat(1000)).unwrap();
    let server = world.serve().await;
    unavailable(&server.anyone("thor").ask(ASK).await, "TENANT_UNAVAILABLE");
    potter_is_well(&server).await;
}

#[tokio::test]
async fn an_empty_file_is_not_migrated() {
    let world = World::new(Engine::Sqlite).await;
    std::fs::write(world.file("thor"), "").unwrap();
    let server = world.serve().await;
    unavailable(&server.anyone("thor").ask(ASK).await, "MIGRATIONS_PENDING");
    potter_is_well(&server).await;
}

#[tokio::test]
async fn a_dead_server_holds_up_nobody_else() {
    let world = World::new(Engine::Sqlite).await;
    let yaml = world.read_config();
    for scheme in ["postgres", "mysql"] {
        let dead = format!("{scheme}://nobody:hunter2@127.0.0.1:{}/nowhere", dead_port());
        let dead = format!("    name: Thor\n    database: \"{dead}\"\n");
        world.write_config(&yaml.replace("    name: Thor\n", &dead));
        let server = world.serve().await;
        let thor = server.anyone("thor");
        let waiting = join_all((0..8).map(|_| thor.ask(ASK)));
        let (answers, ()) = tokio::join!(waiting, potter_is_well(&server));
        for answer in answers {
            unavailable(&answer, "TENANT_UNAVAILABLE");
        }
        assert!(!server.log.text().contains("hunter2"), "a password in the log");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_holds_up_nobody_else() {
    let world = World::new(Engine::Sqlite).await;
    let yaml = world.read_config();
    // It accepts, and says nothing.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mute = format!("    name: Thor\n    database: \"postgres://x@127.0.0.1:{port}/x\"\n");
    world.write_config(&yaml.replace("    name: Thor\n", &mute));
    let server = world.serve().await;
    let thor = server.anyone("thor");
    let (answer, ()) = tokio::join!(thor.ask(ASK), potter_is_well(&server));
    unavailable(&answer, "TENANT_UNAVAILABLE");
    drop(listener);
}

/// A server has thousands of tenants' connections, most of which wait for nothing.
async fn who_only_reads_takes_no_connection_that_writes(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 1);
    let beside = Engine::connect(&world.url("thor")).await;
    let held = match engine {
        Engine::Postgres => {
            "SELECT COUNT(*) FROM pg_stat_activity \
             WHERE datname = current_database() AND application_name = 'polls'"
        }
        _ => {
            "SELECT COUNT(*) FROM information_schema.processlist \
             WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        }
    };
    let held = async || Engine::count(&beside, held).await;
    eventually("the commands' own are gone", async || held().await == 0).await;
    let server = world.serve().await;
    let thor = server.caller("thor", &users[0].token);
    // Not a count, which goes to the pool: that gets back the connection of the look at the schema
    // when it may, and opens another until then.
    thor.ask("{ tenant { key } polls(first: 1) { nodes { question } } }").await.data();
    // Two pipelines, and the pool that has looked at the schema; a pool alone has up to three that
    // read.
    let before = held().await;
    let expected = if engine == Engine::Postgres { 3..=3 } else { 1..=3 };
    assert!(expected.contains(&before), "{before}");
    thor.create_poll("Q", &["a", "b"]).await;
    assert!(held().await > before, "a poll is written by the other pool");
    beside.close().await.unwrap();
}
