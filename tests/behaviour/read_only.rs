//! A read-only tenant takes no mutation; a query reads from where reads are sent.

use serde_json::{Value, json};

use crate::support::{Engine, Seeded, World, dead_port, on_each_engine, on_each_server};

on_each_engine!(a_read_only_tenant_refuses_mutations_and_answers_queries,);
on_each_server!(
    queries_read_from_the_replica_and_payloads_from_the_primary,
    a_login_counts_at_once_however_late_the_replica,
    a_logout_counts_at_once_however_late_the_replica,
    a_dead_replica_is_done_without,
);

async fn a_read_only_tenant_refuses_mutations_and_answers_queries(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.seed("thor", 2, &["--polls", "1", "--choices", "2", "--votes", "1"]);
    let token = &token[1].token;
    let yaml = world.read_config();
    let yaml = yaml.replace("    name: Thor\n", "    name: Thor\n    state: read_only\n");
    world.write_config(&yaml);
    let server = world.serve().await;
    let thor = server.caller("thor", token);
    let page = thor.ask("{ tenant { readOnly } polls { nodes { id choices { id } } } }").await;
    assert_eq!(page.at("/tenant/readOnly"), true);
    let poll = page.at("/polls/nodes/0/id");
    let choice = page.at("/polls/nodes/0/choices/0/id");
    for (mutation, input) in [
        ("castVote", json!({ "choiceId": choice })),
        ("createPoll", json!({ "question": "Q", "choices": ["a", "b"] })),
        ("createPoll", json!({ "question": "", "choices": [] })),
        ("closePoll", json!({ "id": poll })),
        ("login", json!({ "username": "x", "password": "correct horse" })),
        ("register", json!({ "username": "x", "password": "correct horse" })),
    ] {
        let answer = thor.mutate(mutation, input, "").await;
        assert_eq!(answer.code(), "TENANT_READ_ONLY", "{mutation}: {answer:#?}");
        assert_eq!(answer.at(&format!("/{mutation}")), &Value::Null, "{mutation}");
    }
    let after = thor.ask("{ polls { totalCount nodes { totalVotes } } }").await;
    assert_eq!(after.at("/polls"), &json!({ "totalCount": 1, "nodes": [{ "totalVotes": 1 }] }));
    thor.done("logout", json!({}), "").await;
    assert_eq!(thor.ask("{ viewer { id } }").await.code(), "UNAUTHENTICATED");
}

/// Thor with a replica that stays as it is: what is read from it is what it had when it was made,
/// which is the users.
async fn replicated(engine: Engine, users: usize) -> (World, Vec<Seeded>) {
    let world = World::builder(engine).tenant("replica", &[]).build().await;
    let users = world.users("thor", users);
    world.copy_users("thor", "replica").await;
    let (primary, replica) = (world.url("thor"), world.url("replica"));
    let database = format!("    database: {{ write: \"{primary}\", read: [\"{replica}\"] }}\n");
    let yaml = world.read_config();
    let (before, _) = yaml.split_once("  replica:").unwrap();
    let thor = format!("    name: Thor\n{database}");
    world.write_config(&before.replace("    name: Thor\n", &thor));
    (world, users)
}

async fn queries_read_from_the_replica_and_payloads_from_the_primary(engine: Engine) {
    let (world, users) = replicated(engine, 1).await;
    let server = world.serve().await;
    let thor = server.caller("thor", &users[0].token);
    let selection = "poll { id question choices { choiceText } createdBy { username } }";
    let input = json!({ "question": "Q", "choices": ["a", "b"] });
    let made = thor.done("createPoll", input, selection).await;
    assert_eq!(made["poll"]["question"], "Q", "the payload sees its own write");
    assert_eq!(made["poll"]["choices"][1]["choiceText"], "b");
    let seen = thor.ask("{ polls { totalCount } }").await;
    assert_eq!(seen.at("/polls/totalCount"), 0, "a query reads from the replica");
}

async fn a_login_counts_at_once_however_late_the_replica(engine: Engine) {
    let (world, _) = replicated(engine, 1).await;
    world.superuser("thor", "odin", "all-father");
    let server = world.serve().await;
    let odin = server.login("thor", "odin", "all-father").await;
    odin.done("createPoll", json!({ "question": "Q", "choices": ["a", "b"] }), "").await;
    odin.ask("{ tenant { key } viewer { username } }").await.data();
}

async fn a_logout_counts_at_once_however_late_the_replica(engine: Engine) {
    let (world, users) = replicated(engine, 1).await;
    let server = world.serve().await;
    let leaving = server.caller("thor", &users[0].token);
    leaving.done("logout", json!({}), "").await;
    assert_eq!(leaving.ask("{ polls { totalCount } }").await.code(), "UNAUTHENTICATED");
}

async fn a_dead_replica_is_done_without(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.seed("thor", 2, &["--polls", "1", "--choices", "2", "--votes", "1"]);
    let primary = world.url("thor");
    let scheme = primary.split("://").next().unwrap();
    let dead = format!("{scheme}://nobody@127.0.0.1:{}/nowhere", dead_port());
    let database = format!("    database: {{ write: \"{primary}\", read: [\"{dead}\"] }}\n");
    let yaml = world.read_config();
    world.write_config(&yaml.replace("    name: Thor\n", &format!("    name: Thor\n{database}")));
    let server = world.serve().await;
    let thor = server.caller("thor", &users[0].token);
    assert_eq!(thor.ask("{ polls { totalCount } }").await.at("/polls/totalCount"), 1);
}
