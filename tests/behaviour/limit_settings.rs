//! Every limit can be set: for all tenants by flag or variable, for one in `tenants.yaml`.

use serde_json::json;

use crate::support::{Answer, Caller, Engine, Server, World, eventually};

const DEEP: &str = "{ polls { nodes { createdBy { username } } } }";

/// The limit that a query of this caller's runs into, and what it allows.
async fn limit(caller: &Caller, query: &str) -> (String, u64) {
    let answer = caller.ask(query).await;
    answer.refused("LIMIT_EXCEEDED");
    let extensions = &answer.error()["extensions"];
    (extensions["limit"].as_str().unwrap().to_owned(), extensions["max"].as_u64().unwrap())
}

/// Queries that run into each limit of the document once it is this tight.
fn tight() -> Vec<(&'static str, &'static str, u64, String)> {
    let name = "__typename ";
    vec![
        (
            "--max-query-bytes",
            "query_bytes",
            1_024,
            format!("{{ {name} }} # {}", "x".repeat(1_024)),
        ),
        ("--max-tokens", "tokens", 100, format!("{{ {} }}", name.repeat(99))),
        (
            "--max-nesting",
            "nesting",
            10,
            format!("{{ poll(id: {}{}) }}", "[".repeat(9), "]".repeat(9)),
        ),
        ("--max-fields", "fields", 10, format!("{{ {} }}", name.repeat(11))),
        ("--max-depth", "depth", 3, DEEP.to_owned()),
        ("--max-aliases", "aliases", 1, "{ a: __typename b: __typename }".to_owned()),
        ("--max-directives", "directives", 0, "{ __typename @include(if: true) }".to_owned()),
        ("--max-complexity", "complexity", 10, "{ polls { nodes { id } } }".to_owned()),
    ]
}

#[tokio::test]
async fn each_limit_of_a_document_has_a_flag() {
    let world = World::new(Engine::Sqlite).await;
    let easy = world.serve().await;
    let max: Vec<String> = tight().iter().map(|(_, _, max, _)| max.to_string()).collect();
    let mut flags = Vec::new();
    for ((flag, ..), max) in tight().iter().zip(&max) {
        flags.extend([*flag, max.as_str()]);
    }
    // One server a limit would be slow; so each query is within the other limits.
    for (index, (_, name, max, query)) in tight().into_iter().enumerate() {
        let others = ["query_bytes", "tokens", "nesting"];
        let strict = match others.contains(&name) {
            true => world.serve_with(&flags[2 * index..2 * index + 2]).await,
            false => world.serve_with(&flags[6..]).await,
        };
        let found = limit(&strict.anyone("thor"), &query).await;
        let within_one = if name == "complexity" { vec!["fields", name] } else { vec![name] };
        assert!(within_one.contains(&found.0.as_str()), "{name}: {found:?}");
        assert!(found.1 == max || name == "complexity", "{name}: {found:?}");
        let answer = easy.anyone("thor").ask(&query).await;
        let code = answer.body["errors"][0]["extensions"]["code"].as_str();
        assert_ne!(code, Some("LIMIT_EXCEEDED"), "{name} with the defaults: {answer:#?}");
    }
}

#[tokio::test]
async fn a_variable_does_what_the_flag_does() {
    let world = World::new(Engine::Sqlite).await;
    let mut command = world.command(&["serve"]);
    command.env("POLLS_MAX_DEPTH", "3").env("POLLS_MAX_ALIASES", "");
    let server = Server::start(command, &[]).await;
    assert_eq!(limit(&server.anyone("thor"), DEEP).await, ("depth".to_owned(), 3));
    server.anyone("thor").ask("{ a: __typename }").await.data();
}

#[tokio::test]
async fn a_tenant_comes_before_the_defaults_and_those_before_the_flag() {
    let builder = World::builder(Engine::Sqlite).default("limits: { depth: 2, aliases: 1 }");
    let own = ["limits:", "  depth: 8", "  body_bytes: 1_024"];
    let world = builder.tenant("thor", &own).build().await;
    let server = world.serve_with(&["--max-depth", "1", "--max-directives", "0"]).await;
    let (thor, potter) = (server.anyone("thor"), server.anyone("potter"));
    thor.ask(DEEP).await.data();
    assert_eq!(limit(&potter, DEEP).await, ("depth".to_owned(), 2));
    let aliases = "{ a: __typename b: __typename }";
    for caller in [&thor, &potter] {
        assert_eq!(limit(caller, aliases).await, ("aliases".to_owned(), 1));
        let directives = "{ __typename @skip(if: false) }";
        assert_eq!(limit(caller, directives).await, ("directives".to_owned(), 0));
    }
    let long = json!({ "query": "{ __typename }", "variables": { "x": "x".repeat(2_000) } });
    let send =
        async |caller: &Caller| Answer::read(caller.post().json(&long).send().await.unwrap()).await;
    let refused = send(&thor).await;
    assert_eq!(refused.status, 413, "{refused:#?}");
    assert_eq!(refused.error()["extensions"]["limit"], "body_bytes");
    assert_eq!(refused.error()["extensions"]["max"], 1_024);
    send(&potter).await.data();
}

#[tokio::test]
async fn a_change_of_a_tenants_limits_counts_at_once() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    let thor = server.anyone("thor");
    thor.ask(DEEP).await.data();
    let yaml = world.read_config();
    world.write_config(&yaml.replace("name: Thor", "name: Thor\n    limits: { depth: 2 }"));
    eventually("the limit is known", async || thor.ask(DEEP).await.status == 400).await;
    assert_eq!(limit(&thor, DEEP).await, ("depth".to_owned(), 2));
    server.anyone("potter").ask(DEEP).await.data();
}

#[tokio::test]
async fn wrong_limits_are_refused_with_their_place() {
    let world = World::new(Engine::Sqlite).await;
    let yaml = world.read_config();
    for (line, place, told) in [
        ("limits: { deepness: 3 }", "tenants.thor.limits.deepness", "query_bytes"),
        ("limits: { depth: 65 }", "tenants.thor.limits.depth", "from 1 to 64"),
        ("limits: { depth: 0 }", "tenants.thor.limits.depth", "from 1 to 64"),
        ("limits: { depth: deep }", "tenants.thor.limits.depth", "whole number"),
        ("limits: { depth: -1 }", "tenants.thor.limits.depth", "whole number"),
        ("limits: { tokens: 99999999999999999999 }", "tenants.thor.limits.tokens", "whole number"),
        ("limits: { depth: 1, depth: 2 }", "tenants.thor.limits.depth", "twice"),
        ("limits: [depth]", "tenants.thor.limits", "not a map"),
        ("introspection: sometimes", "tenants.thor.introspection", "superusers"),
    ] {
        world.write_config(&yaml.replace("name: Thor", &format!("name: Thor\n    {line}")));
        let output = world.polls(&["check"]).failed().all();
        let number = 1 + yaml.lines().position(|line| line.contains("name: Thor")).unwrap() + 1;
        for part in [format!("tenants.yaml:{number}:"), place.to_owned(), told.to_owned()] {
            assert!(output.contains(&part), "{line}: no {part:?} in {output}");
        }
    }
}

#[tokio::test]
async fn flags_have_ranges_and_show_their_defaults() {
    let world = World::new(Engine::Sqlite).await;
    let help = world.polls(&["serve", "--help"]).ok().stdout;
    let limits = help.split("Limits:").nth(1).unwrap();
    let words: String = limits.split_whitespace().collect::<Vec<_>>().join(" ");
    for (variable, default) in [
        ("POLLS_MAX_QUERY_BYTES", "65536"),
        ("POLLS_MAX_DEPTH", "25"),
        ("POLLS_MAX_CONCURRENT_OPERATIONS", "64"),
        ("POLLS_HEADER_TIMEOUT_SECONDS", "75"),
        ("POLLS_MAX_CONNECTIONS", "10000"),
        ("POLLS_INTROSPECTION", "on"),
    ] {
        let shown = format!("[env: {variable}=] [default: {default}]");
        assert!(words.contains(&shown), "no {shown} in {limits}");
    }
    for flags in [["--max-depth", "65"], ["--max-nesting", "501"], ["--introspection", "maybe"]] {
        let output = world.polls(&["serve", flags[0], flags[1]]).failed();
        assert_eq!(output.code, Some(2), "{output:#?}");
    }
}
