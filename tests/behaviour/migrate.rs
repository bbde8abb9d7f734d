//! Migrating the fleet: every tenant gets its turn, and the exit code tells the truth.

use serde_json::Value;

use crate::support::{Engine, World, on_each_engine};

on_each_engine!(
    up_then_status_then_down_then_up_again,
    two_runs_at_once_both_succeed,
    one_broken_tenant_does_not_stop_the_rest,
);

/// The line of a report about a tenant.
fn line<'a>(report: &'a str, tenant: &str) -> &'a str {
    let about =
        |line: &&str| line.split_whitespace().any(|word| word.trim_end_matches(':') == tenant);
    report.lines().find(about).unwrap_or_else(|| panic!("no line of {tenant} in:\n{report}"))
}

async fn serves(world: &World, tenant: &str) -> u16 {
    let server = world.serve().await;
    server.anyone(tenant).ask("{ polls { totalCount } }").await.status
}

async fn up_then_status_then_down_then_up_again(engine: Engine) {
    let world = World::builder(engine).unmigrated().build().await;
    let up = world.polls(&["migrate", "up"]).ok();
    line(&up.all(), "thor");
    line(&up.all(), "potter");
    world.polls(&["migrate", "up"]).ok();
    let status = world.polls(&["migrate", "status"]).ok();
    line(&status.stdout, "thor");
    world.users("thor", 3);

    world.polls(&["migrate", "down", "--tenant", "thor"]).ok();
    assert_eq!(serves(&world, "thor").await, 503);
    assert_eq!(serves(&world, "potter").await, 200);
    world.polls(&["migrate", "up", "--tenant", "thor"]).ok();
    assert_eq!(serves(&world, "thor").await, 200);
    assert_eq!(world.users("thor", 2).len(), 2, "a fresh database takes users");
}

async fn two_runs_at_once_both_succeed(engine: Engine) {
    let world = World::builder(engine).unmigrated().build().await;
    let up: &[&str] = &["migrate", "up"];
    for output in world.polls_at_once(&[up, up, up]) {
        output.ok();
    }
    assert_eq!(serves(&world, "thor").await, 200);
    assert_eq!(serves(&world, "potter").await, 200);
}

async fn one_broken_tenant_does_not_stop_the_rest(engine: Engine) {
    let builder = World::builder(engine).unmigrated();
    let world = builder.tenant("a", &[]).tenant("b", &[]).tenant("z", &[]).build().await;
    // In its way stands a table of the same name, by someone else.
    world.sql("b", "CREATE TABLE poll (something INTEGER)").await;
    let up = world.polls(&["migrate", "up"]).failed();
    assert_ne!(line(&up.all(), "b"), line(&up.all(), "a"));
    for tenant in ["a", "z", "thor", "potter"] {
        line(&up.all(), tenant);
        world.polls(&["migrate", "up", "--tenant", tenant]).ok();
        assert_eq!(serves(&world, tenant).await, 200, "{tenant}");
    }
    assert_eq!(serves(&world, "b").await, 503);
    world.polls(&["migrate", "up", "--tenant", "b"]).failed();
    world.sql("b", "DROP TABLE poll").await;
    world.polls(&["migrate", "up"]).ok();
    assert_eq!(serves(&world, "b").await, 200, "nothing was left half done");
}

#[tokio::test]
async fn json_is_for_scripts() {
    let world = World::builder(Engine::Sqlite).unmigrated().build().await;
    std::fs::write(world.file("thor"), "this is no database ".repeat(1000)).unwrap();
    for command in ["up", "status"] {
        let output = world.polls(&["migrate", command, "--json"]).failed();
        let report: Value = serde_json::from_str(&output.stdout).unwrap();
        let text = report.to_string();
        assert!(text.contains("\"thor\"") && text.contains("\"potter\""), "{text}");
    }
    std::fs::remove_file(world.file("thor")).unwrap();
    let output = world.polls(&["migrate", "up", "--json"]).ok();
    serde_json::from_str::<Value>(&output.stdout).unwrap();
}

#[tokio::test]
async fn down_wants_to_be_told_where() {
    let world = World::new(Engine::Sqlite).await;
    world.polls(&["migrate", "down"]).failed();
    world.polls(&["migrate", "down", "--all"]).failed();
    assert_eq!(serves(&world, "thor").await, 200);
    world.polls(&["migrate", "down", "--tenant", "loki"]).failed();
    world.polls(&["migrate", "down", "--all", "--yes"]).ok();
    assert_eq!(serves(&world, "thor").await, 503);
    assert_eq!(serves(&world, "potter").await, 503);
}

#[tokio::test]
async fn an_unknown_tenant_fails_and_makes_nothing() {
    let world = World::new(Engine::Sqlite).await;
    let output = world.polls(&["migrate", "up", "--tenant", "loki"]).failed();
    assert!(output.stderr.contains("loki"), "{output:#?}");
    assert!(!world.file("loki").exists());
}

#[tokio::test]
async fn no_command_falls_back_to_a_tenant() {
    let world = World::new(Engine::Sqlite).await;
    for command in [
        &["seed", "--users", "1"][..],
        &["create-superuser"],
        &["dbshell"],
        &["seed", "--tenant", "loki", "--users", "1"],
        &["create-superuser", "--tenant", "loki"],
    ] {
        let mut command = world.command(command);
        command.env("POLLS_TENANT", "thor").env("POLLS_SUPERUSER_USERNAME", "odin");
        command.env("POLLS_SUPERUSER_EMAIL", "odin@example.com");
        command.env("POLLS_SUPERUSER_PASSWORD", "all-father");
        World::run(&mut command).failed();
    }
}
