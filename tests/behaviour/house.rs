//! Rules of the house: the floors, the size of files, and what is banned.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each floor, with those above it from which it may import. What is in no list is banned.
const FLOORS: &[(&str, &[&str])] = &[
    ("entity", &[]),
    ("tenancy", &[]),
    ("config", &["tenancy"]),
    ("service", &["entity", "tenancy"]),
    ("fleet", &["entity", "tenancy", "config", "service"]),
    ("graphql", &["entity", "tenancy", "config", "service", "fleet"]),
    ("http", &["entity", "tenancy", "config", "service", "fleet", "graphql"]),
    ("cli", &["entity", "tenancy", "config", "service", "fleet", "graphql", "http"]),
];

/// A file of the house should be understood without scrolling far.
const LINES: usize = 400;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file under a folder, with its text.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

/// A line without its comment.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap()
}

/// The modules named right after `crate::` on one line: one, or those of a list in braces.
fn named(line: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
    };
    let mut found = BTreeSet::new();
    for rest in line.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            None => found.insert(word(rest)),
            Some(list) => {
                found.extend(list.split(',').map(|part| word(part.trim())));
                continue;
            }
        };
    }
    found
}

#[test]
fn floors_import_only_from_those_above() {
    let mut wrong = Vec::new();
    for (floor, above) in FLOORS {
        let files = sources(&root().join("src").join(floor));
        assert!(!files.is_empty(), "the floor {floor} is empty");
        for (path, text) in files {
            for (number, line) in text.lines().enumerate() {
                for module in named(code(line)) {
                    let floors = FLOORS.iter().any(|(name, _)| *name == module);
                    if floors && module != *floor && !above.contains(&module.as_str()) {
                        let path = path.strip_prefix(root()).unwrap().display();
                        wrong.push(format!("{path}:{}: {}", number + 1, line.trim()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports from a floor below:\n{}", wrong.join("\n"));
}

#[test]
fn every_folder_of_src_is_a_floor() {
    for entry in std::fs::read_dir(root().join("src")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let floor = FLOORS.iter().any(|(floor, _)| *floor == name);
        assert!(floor || name.ends_with(".rs"), "{name} is no floor");
    }
}

/// Crates that a floor has no business with.
#[test]
fn floors_keep_to_their_trade() {
    let banned: &[(&str, &[&str])] = &[
        ("entity", &["async_graphql", "axum", "serde_saphyr", "clap"]),
        ("tenancy", &["async_graphql", "axum", "serde_saphyr", "clap", "migration"]),
        ("config", &["async_graphql", "axum", "sea_orm"]),
        ("service", &["async_graphql", "axum", "http", "clap", "serde_saphyr"]),
        ("fleet", &["async_graphql", "axum", "clap"]),
        ("graphql", &["axum", "clap", "serde_saphyr"]),
        ("http", &["clap", "serde_saphyr"]),
    ];
    let mut wrong = Vec::new();
    for (floor, crates) in banned {
        for (path, text) in sources(&root().join("src").join(floor)) {
            for (number, line) in text.lines().enumerate() {
                let uses = |name: &&&str| {
                    let line = code(line).trim_start();
                    let rest = line.strip_prefix("use ").unwrap_or(line);
                    rest.starts_with(&format!("{name}::"))
                };
                if let Some(name) = crates.iter().find(uses) {
                    let path = path.strip_prefix(root()).unwrap().display();
                    wrong.push(format!("{path}:{}: {name}", number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "not the business of its floor:\n{}", wrong.join("\n"));
}

#[test]
fn no_file_is_long() {
    let mut long = Vec::new();
    for folder in ["src", "migration", "tests"] {
        for (path, text) in sources(&root().join(folder)) {
            let lines = text.lines().count();
            if lines > LINES {
                long.push(format!("{}: {lines} lines", path.display()));
            }
        }
    }
    assert!(long.is_empty(), "more than {LINES} lines:\n{}", long.join("\n"));
}

#[test]
fn no_module_file_holds_logic() {
    let mut wrong = Vec::new();
    for (path, text) in sources(&root().join("src")) {
        if path.file_name().is_some_and(|name| name == "mod.rs") {
            let logic = text.lines().find(|line| {
                ["fn ", "pub fn ", "async fn ", "pub async fn ", "impl "]
                    .iter()
                    .any(|start| line.starts_with(start))
            });
            wrong.extend(logic.map(|line| format!("{}: {line}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "logic in mod.rs:\n{}", wrong.join("\n"));
}

#[test]
fn raw_spawns_are_only_in_tenancy() {
    let raw = ["tokio::spawn", "tokio::task::spawn", "task::spawn_blocking", "JoinSet::spawn"];
    let mut wrong = Vec::new();
    for (path, text) in sources(&root().join("src")) {
        if path.starts_with(root().join("src/tenancy")) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            if raw.iter().any(|spawn| code(line).contains(spawn)) {
                wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "a raw spawn loses the tenant:\n{}", wrong.join("\n"));
}

#[test]
fn connections_are_had_only_in_tenancy() {
    let doors = ["DatabaseConnection", "DatabaseTransaction", "Database::connect"];
    let mut wrong = Vec::new();
    for (path, text) in sources(&root().join("src")) {
        if path.starts_with(root().join("src/tenancy")) {
            continue;
        }
        // The migrator is lent a connection by `tenancy`, and makes none.
        let lent = path.starts_with(root().join("src/fleet"));
        let banned = if lent { &doors[1..] } else { &doors[..] };
        for (number, line) in text.lines().enumerate() {
            if banned.iter().any(|door| code(line).contains(door)) {
                wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "a second door:\n{}", wrong.join("\n"));
}

#[test]
fn clippy_bans_what_loses_the_tenant() {
    let bans = std::fs::read_to_string(root().join("clippy.toml")).unwrap();
    for path in ["tokio::spawn", "tokio::task::spawn_blocking", "std::env::var"] {
        let line = bans.lines().find(|line| line.contains(&format!("\"{path}\"")));
        let line = line.unwrap_or_else(|| panic!("clippy.toml does not ban {path}"));
        assert!(line.contains("reason"), "{path} is banned without a reason");
    }
}
