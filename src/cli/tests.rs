//! The command line as clap sees it.

use clap::{CommandFactory, Parser};

use super::app::Cli;

fn parses(line: &str) -> bool {
    Cli::try_parse_from(line.split(' ')).is_ok()
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn the_tenant_stands_before_or_behind_the_command() {
    for line in [
        "polls --tenant thor seed --users 1",
        "polls seed --tenant thor --users 1",
        "polls migrate up --tenant thor --tenant potter",
        "polls migrate up --tenant thor,potter --config x.yaml",
        "polls --config x.yaml tenant check thor",
        "polls migrate down --all --yes --steps 2",
        "polls serve --demo --only thor,potter --listen 127.0.0.1:0",
        "polls tenant create loki --name Loki --host a.example --host b.example",
        "polls dbshell --tenant thor -- -c select",
    ] {
        assert!(parses(line), "{line}");
    }
}

#[test]
fn wrong_lines_are_refused() {
    for line in [
        "polls",
        "polls migrate",
        "polls seed --tenant Thor",
        "polls tenant create Loki",
        "polls migrate down --steps 0",
        "polls serve --listen nowhere",
        "polls serve --token-lifetime-days 0",
        "polls nonsense",
    ] {
        assert!(!parses(line), "{line}");
    }
}
