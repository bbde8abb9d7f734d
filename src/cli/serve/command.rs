//! Everything put together, and served.

use std::sync::Arc;

use anyhow::Context;
use chrono::TimeDelta;
use clap::Args;
use tokio::net::TcpListener;

use super::{demo, reload};
use crate::{
    cli::{
        Ended, Invocation,
        select::{Named, TenantArgs, usage},
    },
    config::{self, Settings},
    fleet::MigrationsApplied,
    graphql::{self, QueryLimits, RateLimiter, Services},
    http::{self, AppState, HttpLimits},
    service::{account::Accounts, password::Passwords},
    tenancy::{Limits, Registry},
};

const EXAMPLES: &str = "\
Examples:
  polls serve --demo                         makes and fills what is missing, says what to open
  polls serve --listen 0.0.0.0:8000 --log-format json
  polls serve --only thor                    one process a tenant

A change of tenants.yaml is picked up while serving; a bad one is reported, and the last good one
stays. Stop with Ctrl-C or SIGTERM: what runs is finished first.";

/// Serve GraphQL over HTTP
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Serve {
    /// Make, migrate and fill what is missing of all tenants; change nothing that is there
    #[arg(long)]
    demo: bool,

    #[command(flatten)]
    pub settings: Settings,
}

impl Serve {
    pub async fn run(&self, invocation: &Invocation) -> anyhow::Result<Ended> {
        let named = Named::new(&invocation.tenant, &TenantArgs::default());
        named.none("name those to serve with --only")?;
        let settings = &self.settings;
        let seen = reload::Seen::now(&invocation.config);
        let catalog = config::only(invocation.catalog()?, &settings.server.only)
            .map_err(|error| usage(&error.to_string()))?;
        let catalog = Arc::new(catalog);
        if self.demo {
            demo::ensure(&catalog, &accounts(settings)).await;
        }

        let address = settings.server.listen;
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}; choose another with --listen"))?;
        let address = listener.local_addr()?;
        let registry =
            Registry::new(Arc::clone(&catalog), limits(settings), Box::new(MigrationsApplied));
        registry.close_idle_in_background();
        reload::watch(
            invocation.config.clone(),
            settings.server.only.clone(),
            seen,
            registry.clone(),
        );
        tracing::info!(%address, tenants = catalog.tenants.len(), "listening");
        if self.demo {
            demo::announce(&catalog, address)?;
        }
        let state = state(settings, registry);
        http::serve(listener, state, stop(), settings.server.shutdown_grace()).await?;
        Ok(Ended::Done)
    }
}

fn limits(settings: &Settings) -> Limits {
    let databases = &settings.databases;
    Limits {
        max_open: usize::try_from(databases.max_open_databases).unwrap_or(usize::MAX),
        connections_per_server: usize::try_from(databases.connections_per_server)
            .unwrap_or(usize::MAX),
        idle_close: databases.idle_close(),
        ..Limits::default()
    }
}

fn accounts(settings: &Settings) -> Accounts {
    let lifetime = TimeDelta::days(i64::from(settings.accounts.token_lifetime_days));
    Accounts {
        passwords: Passwords::new(settings.accounts.password_hashes()),
        token_lifetime: lifetime,
    }
}

fn state(settings: &Settings, registry: Registry) -> AppState {
    let services = Services {
        accounts: accounts(settings),
        registrations: RateLimiter::per_minute(settings.accounts.registrations_per_minute),
    };
    let query_limits = QueryLimits::default();
    let http_limits = HttpLimits {
        body_bytes: usize::try_from(settings.requests.max_body_bytes).unwrap_or(usize::MAX),
        request_time: settings.requests.timeout(),
        ..HttpLimits::default()
    };
    AppState { registry, schema: graphql::build(Arc::new(services)), query_limits, http_limits }
}

/// Ends when the process is told to stop.
async fn stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    () = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => interrupt.await,
        }
    }
    #[cfg(not(unix))]
    interrupt.await;
}
