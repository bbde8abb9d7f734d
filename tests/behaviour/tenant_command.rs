//! `polls tenant`: a new tenant is written, made and migrated, or nothing is.

use crate::support::{Engine, World, dead_port, on_each_engine};

on_each_engine!(a_new_tenant_is_served, a_failure_leaves_everything_as_it_was);

const COMMENTED: &str = "# The fleet.\n\
    resolve:   # by header only\n  - header: X-Tenant\n\n\
    tenants:\n\
    \x20 # the first\n  thor: { name: Thor }   # flow style\n\
    \x20 potter:\n    name: \"Potter\"  \n\n\
    # What all share, below for once.\n\
    defaults:\n  database: \"sqlite://data/{tenant}.db\"\n";

/// What was put in, when everything else is as it was.
fn inserted(before: &[u8], after: &[u8]) -> String {
    let same = before.iter().zip(after).take_while(|(old, new)| old == new).count();
    for start in (0..=same).rev() {
        let end = start + after.len() - before.len();
        if after[end..] == before[start..] {
            return String::from_utf8(after[start..end].to_vec()).unwrap();
        }
    }
    panic!("more changed than was put in:\n{}", String::from_utf8_lossy(after));
}

fn files(world: &World) -> Vec<String> {
    let entries = std::fs::read_dir(world.folder().join("data")).unwrap();
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.unwrap().file_name().to_string_lossy().into_owned()
    };
    let mut names: Vec<_> = entries.map(name).collect();
    names.sort();
    names
}

async fn a_new_tenant_is_served(engine: Engine) {
    let world = World::new(engine).await;
    let before = world.read_config();
    world.expect_database("loki");
    world.polls(&["tenant", "create", "loki"]).ok();
    let added = inserted(before.as_bytes(), world.read_config().as_bytes());
    assert!(added.contains("loki"), "{added}");
    let token = world.users("loki", 1).remove(0).token;
    let server = world.serve().await;
    let loki = server.caller("loki", &token);
    let poll = loki.create_poll("Mischief?", &["yes", "no"]).await;
    loki.vote(&poll.choices[0]).await;
    world.polls(&["tenant", "check", "loki"]).ok();
    let list = world.polls(&["tenant", "list"]).ok();
    for tenant in ["thor", "potter", "loki"] {
        assert!(list.stdout.contains(tenant), "{list:#?}");
    }
    let again = world.read_config();
    world.polls(&["tenant", "create", "loki"]).failed();
    assert_eq!(world.read_config(), again);
}

async fn a_failure_leaves_everything_as_it_was(engine: Engine) {
    let world = World::new(engine).await;
    let before = world.read_config();
    for key in ["thor", "Loki", "lo ki", "-loki", "", "../loki", "lo.ki", &"l".repeat(64)] {
        world.polls(&["tenant", "create", "--", key]).failed();
        assert_eq!(world.read_config(), before, "{key}");
    }
    if engine == Engine::Sqlite {
        // Where the file would be there is something else.
        let there = files(&world);
        std::fs::create_dir(world.file("loki")).unwrap();
        world.polls(&["tenant", "create", "loki"]).failed();
        std::fs::remove_dir(world.file("loki")).unwrap();
        assert_eq!(files(&world), there);
    } else {
        let dead = format!("postgres://x@127.0.0.1:{}/{{tenant}}", dead_port());
        let database = |line: &str| line.trim_start().starts_with("database:");
        let line = before.lines().find(|line| database(line)).unwrap();
        let broken = before.replace(line, &format!("  database: \"{dead}\""));
        world.write_config(&broken);
        world.polls(&["tenant", "create", "loki"]).failed();
        assert_eq!(world.read_config(), broken);
    }
}

#[tokio::test]
async fn every_other_byte_of_the_file_stays() {
    let unix = COMMENTED.to_owned();
    let windows = COMMENTED.replace('\n', "\r\n");
    let unended = COMMENTED.trim_end().to_owned();
    let tenants_last = "defaults: { database: \"sqlite://data/{tenant}.db\" }\n\
        resolve: [{ header: X-Tenant }]\ntenants:\n    thor:\n        name: Thor";
    for yaml in [unix, windows, unended, tenants_last.to_owned()] {
        let world = World::builder(Engine::Sqlite).unmigrated().build().await;
        world.write_config(&yaml);
        world.polls(&["migrate", "up"]).ok();
        world.polls(&["tenant", "create", "loki"]).ok();
        let after = world.read_config();
        let added = inserted(yaml.as_bytes(), after.as_bytes());
        assert!(added.contains("loki"), "{added}");
        world.polls(&["check"]).ok();
        assert!(world.file("loki").exists());
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_added_to_is_left_alone() {
    let world = World::builder(Engine::Sqlite).unmigrated().build().await;
    let flow = "defaults: { database: \"sqlite://data/{tenant}.db\" }\n\
        resolve: [{ header: X-Tenant }]\ntenants: { thor: { name: Thor } }\n";
    world.write_config(flow);
    world.polls(&["migrate", "up"]).ok();
    let output = world.polls(&["tenant", "create", "loki"]);
    if output.code == Some(0) {
        world.polls(&["check"]).ok();
        assert!(world.file("loki").exists());
    } else {
        output.failed();
        assert_eq!(world.read_config(), flow);
        assert!(!world.file("loki").exists());
    }
}

#[tokio::test]
async fn a_file_that_is_there_already_is_nobody_elses_to_take() {
    let world = World::new(Engine::Sqlite).await;
    let before = world.read_config();
    std::fs::write(world.file("loki"), "someone's notes").unwrap();
    world.polls(&["tenant", "create", "loki"]).failed();
    assert_eq!(world.read_config(), before);
    assert_eq!(std::fs::read(world.file("loki")).unwrap(), b"someone's notes");
}
