//! A mistake in `tenants.yaml` is refused at start, with its place and what to do.

use crate::support::{Engine, World};

/// What is wrong, the file, the line that is to blame, and a word that the message must have.
const MISTAKES: &[(&str, &str, usize, &str)] = &[
    ("not YAML", "resolve: [\ntenants:\n  thor: {}\n", 0, ""),
    ("an unknown field", "resolve: [header: X-T]\ncolour: red\ntenants: {}\n", 2, "colour"),
    ("an unknown default", "resolve: [header: X-T]\ndefaults:\n  datebase: x\n", 3, "datebase"),
    (
        "an unknown field of a tenant",
        "resolve: [header: X-T]\ndefaults:\n  database: \"sqlite://{tenant}.db\"\n\
         tenants:\n  thor:\n    nome: Thor\n",
        6,
        "nome",
    ),
    (
        "a bad key",
        "resolve: [header: X-T]\ndefaults:\n  database: \"sqlite://{tenant}.db\"\n\
         tenants:\n  thor: {}\n  Potter: {}\n",
        6,
        "Potter",
    ),
    (
        "a key twice",
        "resolve: [header: X-T]\ndefaults:\n  database: \"sqlite://{tenant}.db\"\n\
         tenants:\n  thor: {}\n  thor: {}\n",
        6,
        "thor",
    ),
    (
        "a host twice",
        "resolve: [header: X-T]\ndefaults:\n  database: \"sqlite://{tenant}.db\"\n\
         tenants:\n  thor:\n    hosts: [a.example]\n  potter:\n    hosts: [A.example.]\n",
        8,
        "hosts",
    ),
    (
        "two tenants on one database",
        "resolve: [header: X-T]\ntenants:\n  thor:\n    database: \"sqlite://one.db\"\n  \
         potter:\n    database: \"sqlite://./one.db\"\n",
        6,
        "database",
    ),
    (
        "a template without the tenant",
        "resolve: [header: X-T]\ndefaults:\n  database: \"sqlite://one.db\"\n\
         tenants:\n  thor: {}\n  potter: {}\n",
        0,
        "database",
    ),
    (
        "an unset variable",
        "resolve: [header: X-T]\ntenants:\n  thor:\n    \
         database: \"postgres://app:${NO_SUCH_SECRET}@db1/thor\"\n",
        4,
        "NO_SUCH_SECRET",
    ),
    (
        "an unknown state",
        "resolve: [header: X-T]\ndefaults:\n  database: \"sqlite://{tenant}.db\"\n\
         tenants:\n  thor:\n    state: asleep\n",
        6,
        "state",
    ),
    (
        "an engine that is none",
        "resolve: [header: X-T]\ntenants:\n  thor:\n    database: \"oracle://db1/thor\"\n",
        4,
        "database",
    ),
    ("no database", "resolve: [header: X-T]\ntenants:\n  thor:\n    name: Thor\n", 0, "database"),
    (
        "a host that is a URL",
        "resolve: [header: X-T]\ndefaults:\n  database: \"sqlite://{tenant}.db\"\n\
         tenants:\n  thor:\n    hosts: [\"https://thor.example/\"]\n",
        6,
        "hosts",
    ),
    (
        "a pattern without the tenant",
        "resolve:\n  - header: X-T\n  - host: \"polls.example\"\ntenants: {}\n",
        3,
        "host",
    ),
    ("a header that cannot be", "resolve:\n  - header: \"X Tenant\"\ntenants: {}\n", 2, "header"),
    (
        "a word where another is due",
        "resolve: [header: X-T]\ndefaults:\n  database: \"sqlite://{tenant}.db\"\n  \
         anonymous: write\ntenants: {}\n",
        4,
        "anonymous",
    ),
    (
        "an origin that is none",
        "resolve: [header: X-T]\ndefaults:\n  database: \"sqlite://{tenant}.db\"\n  \
         origins: [\"app.example/path\"]\ntenants: {}\n",
        4,
        "origins",
    ),
    (
        "a list where a map is due",
        "resolve: [header: X-T]\ndefaults:\n  database: \"sqlite://{tenant}.db\"\n\
         tenants:\n  - thor\n",
        5,
        "tenants",
    ),
];

#[tokio::test]
async fn each_mistake_is_told_with_its_line() {
    let world = World::builder(Engine::Sqlite).unmigrated().build().await;
    let mut wrong = Vec::new();
    for (what, yaml, line, word) in MISTAKES {
        world.write_config(yaml);
        for command in [&["check"][..], &["serve", "--listen", "127.0.0.1:0"]] {
            let output = world.polls(command);
            // Line 0 stands for any: there is more than one to blame.
            let place = match line {
                0 => "tenants.yaml:".to_owned(),
                line => format!("tenants.yaml:{line}"),
            };
            let told = output.stderr.contains(&place) && output.stderr.contains(word);
            if !matches!(output.code, Some(1 | 2)) || !told || output.stderr.contains("panicked") {
                wrong.push(format!("{what}: no {place} {word:?} in {output:#?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_missing_file_is_told_by_its_name() {
    let world = World::builder(Engine::Sqlite).unmigrated().build().await;
    std::fs::remove_file(world.config()).unwrap();
    let output = world.polls(&["check"]).failed();
    assert!(output.stderr.contains("tenants.yaml"), "{output:#?}");
}

#[tokio::test]
async fn secrets_come_from_the_environment_and_stay_there() {
    let world = World::builder(Engine::Sqlite).unmigrated().build().await;
    let url = "postgres://app:${THOR_SECRET}@127.0.0.1:1/thor";
    let yaml = format!("resolve: [header: X-T]\ntenants:\n  thor:\n    database: \"{url}\"\n");
    world.write_config(&yaml);
    let mut command = world.command(&["check"]);
    command.env("THOR_SECRET", "hunter2");
    let output = World::run(&mut command).failed();
    assert!(!output.all().contains("hunter2"), "{output:#?}");
    assert!(output.all().contains("thor"), "{output:#?}");
}

#[tokio::test]
async fn check_tries_each_database() {
    let world = World::new(Engine::Sqlite).await;
    world.polls(&["check"]).ok();
    std::fs::write(world.file("thor"), "this is no database ".repeat(1000)).unwrap();
    let output = world.polls(&["check"]).failed();
    assert!(output.all().contains("thor"), "{output:#?}");
}

#[tokio::test]
async fn the_file_may_come_from_the_environment() {
    let world = World::new(Engine::Sqlite).await;
    let run = |config: Option<std::path::PathBuf>| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_polls"));
        command.arg("check").current_dir("/").env_remove("POLLS_CONFIG");
        config.map(|config| command.env("POLLS_CONFIG", config));
        World::run(&mut command)
    };
    run(Some(world.config())).ok();
    run(None).failed();
}
