//! Guessing passwords is slow; signing in is not.

use serde_json::json;

use crate::support::{Answer, Caller, Engine, World};

const PASSWORD: &str = "correct horse";

async fn login(caller: &Caller, username: &str, password: &str) -> Answer {
    caller.mutate("login", json!({ "username": username, "password": password }), "token").await
}

async fn fails(caller: &Caller, username: &str) {
    let answer = login(caller, username, "wrong horse").await;
    let code = &answer.data()["login"]["userErrors"][0]["code"];
    assert_eq!(code, "INVALID_CREDENTIALS", "{answer:#?}");
}

/// A refusal that names the limit and when to come back.
fn limited(answer: &Answer, limit: &str, max: u64) {
    assert_eq!(answer.code(), "RATE_LIMITED", "{answer:#?}");
    let extensions = &answer.error()["extensions"];
    assert_eq!(extensions["limit"], limit);
    assert_eq!(extensions["max"], max);
    let after = extensions["retryAfter"].as_u64().unwrap();
    assert!((1..=60).contains(&after), "{answer:#?}");
    assert_eq!(answer.header("retry-after"), Some(after.to_string().as_str()));
}

#[tokio::test]
async fn a_name_is_limited_whether_anybody_has_it_or_not() {
    let world = World::new(Engine::Sqlite).await;
    for tenant in ["thor", "potter"] {
        world.superuser(tenant, "odin", PASSWORD);
    }
    let server = world.serve_with(&["--failed-logins-per-user", "3"]).await;
    let thor = server.anyone("thor");
    let mut refusals = Vec::new();
    for name in ["odin", "nobody"] {
        for spelling in [name.to_owned(), name.to_uppercase(), format!(" {name} ")] {
            fails(&thor, &spelling).await;
        }
        let answer = login(&thor, name, PASSWORD).await;
        limited(&answer, "failed_logins_per_user", 3);
        refusals.push(answer.error()["message"].clone());
        assert_eq!(answer.at("/login"), &serde_json::Value::Null);
    }
    assert_eq!(refusals[0], refusals[1], "the answers tell who is there");
    // Others, and those of the same name elsewhere, are not concerned.
    fails(&thor, "loki").await;
    server.login("potter", "odin", PASSWORD).await;
}

#[tokio::test]
async fn an_address_is_limited_over_all_names_of_a_tenant() {
    let world = World::builder(Engine::Sqlite)
        .tenant("potter", &["limits: { failed_logins_per_address: 100 }"])
        .build()
        .await;
    let server = world.serve_with(&["--failed-logins-per-address", "4"]).await;
    let (thor, potter) = (server.anyone("thor"), server.anyone("potter"));
    for number in 0..4 {
        fails(&thor, &format!("guess{number}")).await;
    }
    limited(&login(&thor, "guess4", "wrong horse").await, "failed_logins_per_address", 4);
    for number in 0..6 {
        fails(&potter, &format!("guess{number}")).await;
    }
}

#[tokio::test]
async fn success_is_not_counted() {
    let world = World::new(Engine::Sqlite).await;
    world.superuser("thor", "odin", PASSWORD);
    let limits = ["--failed-logins-per-user", "2", "--failed-logins-per-address", "2"];
    let server = world.serve_with(&limits).await;
    let thor = server.anyone("thor");
    let at_once = futures::future::join_all((0..8).map(|_| login(&thor, "odin", PASSWORD))).await;
    for answer in at_once {
        assert!(answer.data()["login"]["token"].is_string(), "{answer:#?}");
    }
    fails(&thor, "odin").await;
    server.login("thor", "odin", PASSWORD).await;
}

#[tokio::test]
async fn guesses_sent_at_once_are_counted_all_the_same() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve_with(&["--failed-logins-per-user", "2"]).await;
    let thor = server.anyone("thor");
    futures::future::join_all((0..8).map(|_| login(&thor, "odin", "wrong horse"))).await;
    let answer = login(&thor, "odin", "wrong horse").await;
    assert_eq!(answer.code(), "RATE_LIMITED");
    let after = answer.error()["extensions"]["retryAfter"].as_u64().unwrap();
    assert!(after >= 20, "at least one failure is to leak out: {after}");
}

#[tokio::test]
async fn guessing_the_current_password_counts_too() {
    let world = World::new(Engine::Sqlite).await;
    world.superuser("thor", "odin", PASSWORD);
    let server = world.serve_with(&["--failed-logins-per-user", "2"]).await;
    let odin = server.login("thor", "odin", PASSWORD).await;
    let change = async |current: &str| {
        let input = json!({ "currentPassword": current, "newPassword": "battery staple" });
        odin.mutate("changePassword", input, "token").await
    };
    for _ in 0..2 {
        let answer = change("wrong horse").await;
        let code = &answer.data()["changePassword"]["userErrors"][0]["code"];
        assert_eq!(code, "INVALID_CREDENTIALS", "{answer:#?}");
    }
    limited(&change(PASSWORD).await, "failed_logins_per_user", 2);
    limited(&login(&server.anyone("thor"), "odin", PASSWORD).await, "failed_logins_per_user", 2);
}
