//! `tenants.yaml` changes while the server runs.

use crate::support::{Engine, World, eventually, field};

const WHO: &str = "{ tenant { key name } }";

#[tokio::test]
async fn a_change_is_picked_up_while_serving() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    let thor = server.anyone("thor");
    thor.ask(WHO).await.data();
    let yaml = world.read_config();
    world.write_config(&yaml.replace("name: Thor", "name: Thor\n    state: suspended"));
    eventually("thor is suspended", async || thor.ask(WHO).await.status == 403).await;
    world.write_config(&yaml.replace("name: Thor", "name: Thunderer"));
    eventually("thor is back", async || thor.ask(WHO).await.status == 200).await;
    assert_eq!(thor.ask(WHO).await.data()["tenant"]["name"], "Thunderer");
}

#[tokio::test]
async fn a_tenant_created_while_serving_is_served() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    let loki = server.anyone("loki");
    loki.ask(WHO).await.refused("TENANT_NOT_FOUND");
    world.polls(&["tenant", "create", "loki"]).ok();
    eventually("loki is served", async || loki.ask(WHO).await.status == 200).await;
}

#[tokio::test]
async fn a_bad_change_is_reported_and_the_last_good_catalog_stays() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    let thor = server.anyone("thor");
    thor.ask(WHO).await.data();
    let yaml = world.read_config();
    let line = yaml.lines().count() + 1;
    world.write_config(&format!("{yaml}    colour: red\n"));
    let place = format!("tenants.yaml:{line}");
    let told = server.log.wait_for(|line| line.text.contains(&place));
    let told = told.unwrap_or_else(|| panic!("no word of {place}:\n{}", server.log.text()));
    let level = field(&told.json, "level").and_then(|level| level.as_str());
    assert!(matches!(level, Some("ERROR" | "WARN")), "{told:?}");
    thor.ask(WHO).await.data();
    server.anyone("potter").ask(WHO).await.data();

    world.write_config(&yaml.replace("name: Potter", "name: Harry"));
    let potter = server.anyone("potter");
    eventually("a good change counts again", async || {
        potter.ask(WHO).await.data()["tenant"]["name"] == "Harry"
    })
    .await;
}
