//! Making accounts, logging in and out, passwords and tokens.

use serde_json::{Value, json};

use crate::support::{Caller, Engine, World, on_each_engine};

on_each_engine!(
    registering_makes_an_account_and_a_token,
    faults_of_a_registration,
    login_answers_alike_for_unknown_users_and_wrong_passwords,
    logout_revokes_one_token_or_all,
    a_changed_password_counts_at_once,
    an_email_is_for_oneself_and_superusers,
    a_bad_token_refuses_all_but_signing_in,
);

const ME: &str = "{ viewer { id username email role isActive } }";
const PASSWORD: &str = "correct horse";

fn account(username: &str) -> Value {
    json!({ "username": username, "password": PASSWORD })
}

async fn refused(caller: &Caller) {
    let answer = caller.ask(ME).await;
    answer.refused("UNAUTHENTICATED");
    assert_eq!(answer.error()["extensions"]["reason"], "INVALID");
}

async fn registering_makes_an_account_and_a_token(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve().await;
    let input = json!({ "username": "sif", "email": "sif@example.com", "password": PASSWORD });
    let selection = "user { id username email role isActive } token tokenExpiresAt";
    let payload = server.anyone("thor").done("register", input, selection).await;
    let user = &payload["user"];
    let expected = json!({
        "id": user["id"], "username": "sif", "email": "sif@example.com", "role": "USER",
        "isActive": true,
    });
    assert_eq!(user, &expected);
    let expires = payload["tokenExpiresAt"].as_str().unwrap();
    assert!(expires.ends_with('Z') && expires.len() == 24, "{expires}");
    let sif = server.caller("thor", payload["token"].as_str().unwrap());
    assert_eq!(sif.ask(ME).await.data()["viewer"], expected);
    assert_eq!(server.anyone("thor").ask(ME).await.data()["viewer"], Value::Null);
    let login = server.login("thor", "sif", PASSWORD).await;
    assert_eq!(login.ask(ME).await.data()["viewer"], expected);
    assert_ne!(login.token, sif.token);
}

async fn faults_of_a_registration(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve().await;
    let anyone = server.anyone("thor");
    anyone.done("register", account("Sif"), "token").await;
    let faults = async |username: &str, password: &str| {
        anyone.faults("register", json!({ "username": username, "password": password })).await
    };
    assert_eq!(faults("Sif", PASSWORD).await, ["TAKEN username"]);
    assert_eq!(faults("sIF", PASSWORD).await, ["TAKEN username"]);
    assert_eq!(faults("", "short").await, ["BLANK username", "TOO_SHORT password"]);
    assert_eq!(faults(&"x".repeat(151), PASSWORD).await, ["TOO_LONG username"]);
    assert_eq!(faults("loki", "1234567").await, ["TOO_SHORT password"]);
    let email = json!({ "username": "loki", "email": "not an address", "password": PASSWORD });
    assert_eq!(anyone.faults("register", email).await, ["INVALID email"]);
    anyone.done("register", account(&"x".repeat(150)), "").await;
    let payload = anyone.mutate("register", account("sif"), "user { id } token").await;
    assert_eq!(payload.at("/register/token"), &Value::Null);
    assert_eq!(payload.at("/register/user"), &Value::Null);
}

async fn login_answers_alike_for_unknown_users_and_wrong_passwords(engine: Engine) {
    let world = World::new(engine).await;
    let seeded = world.users("thor", 1).remove(0).name;
    let server = world.serve().await;
    let anyone = server.anyone("thor");
    anyone.done("register", account("sif"), "token").await;
    let mut told = Vec::new();
    for (username, password) in
        [("sif", "wrong horse"), ("nobody", "wrong horse"), (&seeded, ""), ("sif", "")]
    {
        let input = json!({ "username": username, "password": password });
        let answer = anyone.mutate("login", input, "user { id } token").await;
        let payload = answer.data()["login"].clone();
        assert_eq!(payload["userErrors"][0]["code"], "INVALID_CREDENTIALS", "{username}");
        assert_eq!(payload["token"], Value::Null);
        told.push(payload);
    }
    assert!(told.iter().all(|payload| payload == &told[0]), "{told:#?}");
}

async fn logout_revokes_one_token_or_all(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve().await;
    server.anyone("thor").done("register", account("sif"), "token").await;
    let login = async || server.login("thor", "sif", PASSWORD).await;
    let (first, second, third) = (login().await, login().await, login().await);
    first.done("logout", json!({}), "").await;
    refused(&first).await;
    second.ask(ME).await.data();
    second.done("logout", json!({ "everywhere": true }), "").await;
    refused(&second).await;
    refused(&third).await;
    login().await.ask(ME).await.data();
}

async fn a_changed_password_counts_at_once(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve().await;
    server.anyone("thor").done("register", account("sif"), "token").await;
    let sif = server.login("thor", "sif", PASSWORD).await;
    let change =
        |current: &str, new: &str| json!({ "currentPassword": current, "newPassword": new });
    let wrong = sif.faults("changePassword", change("wrong horse", "battery staple")).await;
    assert_eq!(wrong, ["INVALID_CREDENTIALS currentPassword"]);
    let short = sif.faults("changePassword", change(PASSWORD, "short")).await;
    assert_eq!(short, ["TOO_SHORT newPassword"]);
    let anyone = server.anyone("thor");
    let nobody = anyone.mutate("changePassword", change(PASSWORD, "battery staple"), "").await;
    assert_eq!(nobody.code(), "UNAUTHENTICATED");
    let selection = "user { username } token tokenExpiresAt";
    let changed = sif.done("changePassword", change(PASSWORD, "battery staple"), selection).await;
    assert_eq!(changed["user"]["username"], "sif");
    let fresh = server.caller("thor", changed["token"].as_str().unwrap());
    fresh.ask(ME).await.data();
    assert_eq!(anyone.faults("login", account("sif")).await.len(), 1, "the old one is gone");
    server.login("thor", "sif", "battery staple").await;
}

async fn an_email_is_for_oneself_and_superusers(engine: Engine) {
    let world = World::new(engine).await;
    let other = world.users("thor", 1).remove(0).token;
    world.superuser("thor", "odin", "all-father");
    let server = world.serve().await;
    let input = json!({ "username": "sif", "email": "sif@example.com", "password": PASSWORD });
    let payload = server.anyone("thor").done("register", input, "token user { id }").await;
    let sif = server.caller("thor", payload["token"].as_str().unwrap());
    let query = "query($id: ID!) { node(id: $id) { ... on User { username email } } }";
    let email = async |caller: &Caller| {
        let answer = caller.gql(query, json!({ "id": payload["user"]["id"] })).await;
        assert_eq!(answer.at("/node/username"), "sif");
        answer.at("/node/email").clone()
    };
    assert_eq!(email(&sif).await, "sif@example.com");
    assert_eq!(email(&server.login("thor", "odin", "all-father").await).await, "sif@example.com");
    assert_eq!(email(&server.caller("thor", &other)).await, Value::Null);
    assert_eq!(email(&server.anyone("thor")).await, Value::Null);
}

async fn a_bad_token_refuses_all_but_signing_in(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve().await;
    server.anyone("thor").done("register", account("sif"), "token").await;
    let bad = server.caller("thor", "no-such-token");
    for query in [
        ME,
        "{ polls { nodes { id } } }",
        "{ tenant { key } polls { nodes { id } } }",
        "{ __typename viewer { id } }",
    ] {
        let answer = bad.ask(query).await;
        answer.refused("UNAUTHENTICATED");
        assert_eq!(answer.error()["extensions"]["reason"], "INVALID", "{query}");
    }
    bad.ask("{ tenant { key registrationOpen anonymousAccess } }").await.data();
    bad.done("login", account("sif"), "token").await;
    bad.done("register", account("loki"), "token").await;
    bad.mutate("logout", json!({}), "").await.data();
    let both = "mutation { a: login(input: { username: \"sif\", password: \"x\" }) { token } \
        closePoll(input: { id: \"x\" }) { poll { id } } }";
    bad.ask(both).await.refused("UNAUTHENTICATED");
}

#[tokio::test]
async fn tokens_are_not_kept_in_the_clear() {
    let world = World::new(Engine::Sqlite).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    server.caller("thor", &token).ask(ME).await.data();
    for entry in std::fs::read_dir(world.folder().join("data")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes.windows(token.len()).any(|part| part == token.as_bytes());
        assert!(!found, "a token in {}", path.display());
    }
    assert!(!server.log.text().contains(&token), "a token in the log");
}

#[tokio::test]
async fn without_anonymous_access_only_signing_in_is_open() {
    let builder = World::builder(Engine::Sqlite).default("anonymous: none");
    let world = builder.tenant("potter", &["anonymous: read"]).build().await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let anyone = server.anyone("thor");
    let polls = "{ polls { nodes { id } } }";
    assert_eq!(anyone.ask(polls).await.code(), "UNAUTHENTICATED");
    let tenant = anyone.ask("{ tenant { key anonymousAccess } }").await;
    assert_eq!(tenant.at("/tenant/anonymousAccess"), "NONE");
    anyone.done("register", account("sif"), "token").await;
    anyone.done("login", account("sif"), "token").await;
    server.caller("thor", &token).ask(polls).await.data();
    let potter = server.anyone("potter");
    let tenant = potter.ask("{ tenant { anonymousAccess } polls { totalCount } }").await;
    assert_eq!(tenant.at("/tenant/anonymousAccess"), "READ");
}

#[tokio::test]
async fn closed_registration_makes_no_accounts() {
    let builder = World::builder(Engine::Sqlite).default("registration: closed");
    let world = builder.build().await;
    world.superuser("thor", "odin", "all-father");
    let server = world.serve().await;
    let anyone = server.anyone("thor");
    let tenant = anyone.ask("{ tenant { registrationOpen } }").await;
    assert_eq!(tenant.at("/tenant/registrationOpen"), false);
    assert_eq!(anyone.faults("register", account("sif")).await, ["REGISTRATION_CLOSED"]);
    let odin = server.login("thor", "odin", "all-father").await;
    odin.done("createUser", account("sif"), "user { id }").await;
    server.login("thor", "sif", PASSWORD).await;
}
