//! The scope and the router from inside: who has a connection, which one, and who has none. Here
//! through the library, for no request could ask for what must be refused.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use polls::{
    entity::{poll, user},
    fleet::MigrationsApplied,
    service::{self, Failure, clock},
    tenancy::{
        AccessError, Columns, Limits, Registry, RouterError, Scope, TenantRouter, spawn,
        spawn_blocking, spawn_untenanted,
    },
};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};

use crate::support::{Engine, World, on_each_engine};

on_each_engine!(
    a_reader_cannot_write_with_every_connection_busy,
    a_transaction_is_whole_or_not_at_all,
    databases_open_once_and_no_more_than_allowed,
);

fn registry(world: &World, limits: Limits) -> Registry {
    let catalog = polls::config::load(&world.config()).unwrap();
    Registry::new(Arc::new(catalog), limits, Box::new(MigrationsApplied))
}

async fn scope(registry: &Registry, key: &str) -> Scope {
    let view = registry.view();
    let tenant = view.catalog.get(key).unwrap();
    Scope::new(tenant.clone(), registry.lease(&view, tenant).await.unwrap())
}

fn somebody(name: &str) -> user::ActiveModel {
    user::ActiveModel {
        username: Set(name.to_owned()),
        username_key: Set(name.to_owned()),
        email: Set(None),
        password_hash: Set(None),
        role: Set(user::Role::User),
        is_active: Set(true),
        created_at: Set(clock::now()),
        ..Default::default()
    }
}

async fn people() -> u64 {
    TenantRouter::db_for_read::<user::Entity>().unwrap().count(user::Entity::find()).await.unwrap()
}

#[tokio::test]
async fn outside_a_scope_there_is_no_tenant() {
    let no_tenant = |error| matches!(error, RouterError::NoTenant);
    assert!(TenantRouter::db_for_read::<poll::Entity>().is_err_and(no_tenant));
    assert!(TenantRouter::db_for_write::<poll::Entity>().is_err_and(no_tenant));
    assert!(TenantRouter::tenant().is_err_and(no_tenant));
    assert!(spawn(async {}).is_err_and(no_tenant));
    assert!(spawn_blocking(|| ()).is_err_and(no_tenant));
    let transaction = TenantRouter::transaction(async { Ok::<_, RouterError>(()) }).await;
    assert!(transaction.is_err_and(no_tenant));
    let found = service::poll::by_ids(vec![1], Columns::ALL).await;
    assert!(matches!(found, Err(Failure::Router(RouterError::NoTenant))), "{found:?}");
}

#[tokio::test]
async fn the_scope_goes_along_with_started_work_and_only_there() {
    let world = World::new(Engine::Sqlite).await;
    let registry = registry(&world, Limits::default());
    let here = || TenantRouter::tenant().map(|tenant| tenant.key.to_string());
    let work = async {
        assert_eq!(spawn(async move { here() }).unwrap().await.unwrap().unwrap(), "thor");
        let nested = spawn(async move { spawn(async move { here() }).unwrap().await.unwrap() });
        assert_eq!(nested.unwrap().await.unwrap().unwrap(), "thor");
        assert_eq!(spawn_blocking(here).unwrap().await.unwrap().unwrap(), "thor");
        let untenanted = spawn_untenanted(async move { here() }).await.unwrap();
        assert!(matches!(untenanted, Err(RouterError::NoTenant)));
    };
    scope(&registry, "thor").await.run(work).await;
    assert!(here().is_err(), "the scope ends with its work");
    let stream = futures::stream::iter(0..3).map(move |_| here().unwrap()).boxed();
    let stream = scope(&registry, "potter").await.stream(stream);
    let keys = spawn_untenanted(stream.collect::<Vec<_>>()).await.unwrap();
    assert_eq!(keys, ["potter"; 3], "whoever polls it");
}

async fn a_reader_cannot_write_with_every_connection_busy(engine: Engine) {
    let world = World::new(engine).await;
    let registry = registry(&world, Limits::default());
    let scope = scope(&registry, "thor").await;
    let work = async {
        let attempt = |_| async {
            let reader = TenantRouter::db_for_read::<poll::Entity>().unwrap();
            reader.execute_unprepared("DELETE FROM auth_token WHERE id < 0").await
        };
        let attempts = futures::future::join_all((0..30).map(attempt)).await;
        let written = attempts.iter().filter(|attempt| attempt.is_ok()).count();
        assert_eq!(written, 0, "of 30 writes through readers");
        let writer = TenantRouter::db_for_write::<poll::Entity>();
        assert!(matches!(writer, Err(RouterError::NoTransaction)));
    };
    scope.run(work).await;
}

async fn a_transaction_is_whole_or_not_at_all(engine: Engine) {
    let world = World::new(engine).await;
    let registry = registry(&world, Limits::default());
    let insert = |name: &'static str| async move {
        let writer = TenantRouter::db_for_write::<user::Entity>()?;
        writer.insert(somebody(name)).await?;
        Ok::<_, RouterError>(writer)
    };
    let work = async {
        let failed = TenantRouter::transaction(async {
            insert("first").await?;
            assert_eq!(people().await, 1, "a read inside sees the write");
            Err::<(), _>(RouterError::EscapedWriter)
        });
        failed.await.unwrap_err();
        assert_eq!(people().await, 0, "rolled back on an error");

        let dropped = TenantRouter::transaction(async {
            insert("second").await?;
            futures::future::pending::<()>().await;
            Ok::<_, RouterError>(())
        });
        tokio::time::timeout(Duration::from_millis(300), dropped).await.unwrap_err();
        assert_eq!(people().await, 0, "rolled back when its future goes");

        let nested = TenantRouter::transaction(async {
            TenantRouter::transaction(async { Ok::<_, RouterError>(()) }).await
        });
        assert!(matches!(nested.await, Err(RouterError::NestedTransaction)));

        let escaped = TenantRouter::transaction(insert("third")).await;
        assert!(matches!(escaped, Err(RouterError::EscapedWriter)));
        assert_eq!(people().await, 0, "rolled back when a writer gets away");

        TenantRouter::transaction(async { insert("fourth").await.map(drop) }).await.unwrap();
        assert_eq!(people().await, 1);
    };
    scope(&registry, "thor").await.run(work).await;
}

async fn databases_open_once_and_no_more_than_allowed(engine: Engine) {
    let world = World::new(engine).await;
    let limits = Limits { max_open: 1, patience: Duration::from_secs(2), ..Limits::default() };
    let registry = registry(&world, limits);
    let many = futures::future::join_all((0..50).map(|_| scope(&registry, "thor"))).await;
    assert_eq!(registry.figures().open, 1);
    let view = registry.view();
    let potter = view.catalog.get("potter").unwrap();
    let refused = registry.lease(&view, potter).await;
    assert!(matches!(refused, Err(AccessError::Exhausted(_))), "a used database is not closed");
    many[0].clone().run(async { assert_eq!(people().await, 0) }).await;
    drop(many);
    let lease = registry.lease(&view, potter).await.unwrap();
    assert_eq!(registry.figures().open, 1, "an idle one gave its place");
    let waiting = async {
        let thor = scope(&registry, "thor").await;
        thor.run(async { assert_eq!(people().await, 0) }).await;
    };
    let letting_go = async {
        tokio::task::yield_now().await;
        drop(lease);
    };
    futures::join!(waiting, letting_go);
}
