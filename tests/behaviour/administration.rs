//! What superusers do, and nobody else.

use serde_json::{Value, json};

use crate::support::{Engine, World, on_each_engine};

on_each_engine!(
    superusers_make_and_change_accounts,
    deactivating_revokes_every_token,
    a_reset_password_is_temporary_and_revokes,
    the_last_active_superuser_stays,
    nobody_else_administers,
);

const ME: &str = "{ viewer { username role } }";
const SECRET: &str = "all-father";

async fn superusers_make_and_change_accounts(engine: Engine) {
    let world = World::new(engine).await;
    world.superuser("thor", "odin", SECRET);
    let server = world.serve().await;
    let odin = server.login("thor", "odin", SECRET).await;
    assert_eq!(odin.ask(ME).await.at("/viewer/role"), "SUPERUSER");
    let sif = json!({
        "username": "sif", "email": "sif@example.com", "password": "correct horse",
        "role": "SUPERUSER",
    });
    let made = odin.done("createUser", sif.clone(), "user { id role email isActive }").await;
    let user = &made["user"];
    let expected = json!({
        "id": user["id"], "role": "SUPERUSER", "email": "sif@example.com", "isActive": true,
    });
    assert_eq!(user, &expected);
    assert_eq!(odin.faults("createUser", sif).await, ["TAKEN username"]);
    let demote = json!({ "id": user["id"], "role": "USER" });
    let demoted = odin.done("setUserRole", demote, "user { role }").await;
    assert_eq!(demoted["user"]["role"], "USER");
    let sif = server.login("thor", "sif", "correct horse").await;
    assert_eq!(sif.ask(ME).await.at("/viewer/role"), "USER");
    let bad = odin.faults("setUserRole", json!({ "id": "nonsense", "role": "USER" })).await;
    assert_eq!(bad, ["INVALID id"]);

    let listed =
        odin.ask("{ users(search: \"SIF\") { totalCount nodes { username email } } }").await;
    let only = json!([{ "username": "sif", "email": "sif@example.com" }]);
    assert_eq!(listed.data()["users"], json!({ "totalCount": 1, "nodes": only }));
    let all = odin.ask("{ users { totalCount } }").await;
    assert_eq!(all.at("/users/totalCount"), 2);
}

async fn deactivating_revokes_every_token(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("thor", 1).remove(0).token;
    world.superuser("thor", "odin", SECRET);
    let server = world.serve().await;
    let odin = server.login("thor", "odin", SECRET).await;
    let user = server.caller("thor", &token);
    let id = user.ask("{ viewer { id } }").await.at("/viewer/id").clone();
    let poll = user.create_poll("Q", &["a", "b"]).await;
    let off = odin.done("deactivateUser", json!({ "id": id }), "user { isActive }").await;
    assert_eq!(off["user"]["isActive"], false);
    assert_eq!(user.ask(ME).await.code(), "UNAUTHENTICATED");
    assert_eq!(user.cast(&poll.choices[0]).await.code(), "UNAUTHENTICATED");
    let on = odin.done("activateUser", json!({ "id": id }), "user { isActive }").await;
    assert_eq!(on["user"]["isActive"], true);
    assert_eq!(user.ask(ME).await.code(), "UNAUTHENTICATED", "revoked is revoked");

    let loki = json!({ "username": "loki", "password": "mischief" });
    let made = odin.done("createUser", loki.clone(), "user { id }").await;
    let id = json!({ "id": made["user"]["id"] });
    odin.done("deactivateUser", id.clone(), "").await;
    let told = server.anyone("thor").faults("login", loki).await;
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("INVALID_CREDENTIALS"), "{told:?}");
    odin.done("activateUser", id, "").await;
    server.login("thor", "loki", "mischief").await;
}

async fn a_reset_password_is_temporary_and_revokes(engine: Engine) {
    let world = World::new(engine).await;
    let seeded = world.users("thor", 1).remove(0);
    world.superuser("thor", "odin", SECRET);
    let server = world.serve().await;
    let odin = server.login("thor", "odin", SECRET).await;
    let user = server.caller("thor", &seeded.token);
    let id = user.ask("{ viewer { id } }").await.at("/viewer/id").clone();
    let selection = "user { username } temporaryPassword";
    let reset = odin.done("resetPassword", json!({ "id": id }), selection).await;
    let temporary = reset["temporaryPassword"].as_str().unwrap();
    assert_eq!(user.ask(ME).await.code(), "UNAUTHENTICATED");
    let back = server.login("thor", &seeded.name, temporary).await;
    assert_eq!(back.ask(ME).await.at("/viewer/username"), &json!(seeded.name));
    assert!(!server.log.text().contains(temporary), "a password in the log");
}

async fn the_last_active_superuser_stays(engine: Engine) {
    let world = World::new(engine).await;
    world.superuser("thor", "odin", SECRET);
    let server = world.serve().await;
    let odin = server.login("thor", "odin", SECRET).await;
    let own = odin.ask("{ viewer { id } }").await.at("/viewer/id").clone();
    let demote = json!({ "id": own, "role": "USER" });
    for (mutation, input) in
        [("setUserRole", demote.clone()), ("deactivateUser", json!({ "id": own }))]
    {
        let told = odin.faults(mutation, input).await;
        assert_eq!(told.len(), 1, "{mutation}: {told:?}");
        assert!(told[0].starts_with("LAST_SUPERUSER"), "{mutation}: {told:?}");
    }
    let frigg = json!({ "username": "frigg", "password": "correct horse", "role": "SUPERUSER" });
    let second = odin.done("createUser", frigg, "user { id }").await;
    let second = json!({ "id": second["user"]["id"] });
    odin.done("deactivateUser", second.clone(), "").await;
    let told = odin.faults("setUserRole", demote.clone()).await;
    assert!(told[0].starts_with("LAST_SUPERUSER"), "an inactive one does not count: {told:?}");
    odin.done("activateUser", second, "").await;
    odin.done("setUserRole", demote, "").await;
    assert_eq!(odin.ask(ME).await.at("/viewer/role"), "USER");
}

async fn nobody_else_administers(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 2);
    let server = world.serve().await;
    let user = server.caller("thor", &users[0].token);
    let other = server.caller("thor", &users[1].token);
    let id = other.ask("{ viewer { id } }").await.at("/viewer/id").clone();
    let mutations = [
        ("createUser", json!({ "username": "loki", "password": "mischief" })),
        ("setUserRole", json!({ "id": id, "role": "SUPERUSER" })),
        ("deactivateUser", json!({ "id": id })),
        ("activateUser", json!({ "id": id })),
        ("resetPassword", json!({ "id": id })),
    ];
    for (caller, code) in [(&user, "FORBIDDEN"), (&server.anyone("thor"), "UNAUTHENTICATED")] {
        for (mutation, input) in &mutations {
            let answer = caller.mutate(mutation, input.clone(), "").await;
            assert_eq!(answer.code(), code, "{mutation}");
            assert_eq!(answer.at(&format!("/{mutation}")), &Value::Null);
        }
        let answer = caller.ask("{ users { nodes { id } } }").await;
        assert_eq!(answer.code(), code, "users");
        assert_eq!(answer.at("/users"), &Value::Null);
    }
    assert_eq!(other.ask(ME).await.at("/viewer/role"), "USER");
}
