//! Everything put together, and served.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use chrono::TimeDelta;
use clap::Args;

use super::{demo, reload};
use crate::{
    cli::{
        Ended, Invocation,
        select::{Named, TenantArgs, usage},
    },
    config::{self, Settings, SubscriptionSettings, limit_settings::LimitSettings},
    fleet::MigrationsApplied,
    graphql::{self, Attempts, Events, QueryLimits, Rates, Services},
    http::{self, App, AppState, HttpLimits, ResultCache, StreamLimits, Streams},
    service::{account::Accounts, password::Passwords},
    tenancy::{GateLimits, Limits, Registry},
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
        let listener = http::listen(address)
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
        let state = state(settings, registry)?;
        http::serve(listener, state, stop(), settings.server.shutdown_grace()).await?;
        Ok(Ended::Done)
    }
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn limits(settings: &Settings) -> Limits {
    let (databases, limits) = (&settings.databases, &settings.limits);
    Limits {
        max_open: count(databases.max_open_databases),
        connections_per_server: count(databases.connections_per_server),
        idle_close: databases.idle_close(),
        gate: GateLimits {
            running: count(limits.max_concurrent_operations),
            waiting: count(limits.max_queued_operations),
            patience: limits.queue_time(),
        },
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

fn state(settings: &Settings, registry: Registry) -> anyhow::Result<AppState> {
    let (limits, rates) = (&settings.limits, &settings.accounts);
    let events = Events::default();
    let services = Services {
        accounts: accounts(settings),
        attempts: Attempts::new(Rates {
            registrations: rates.registrations_per_minute,
            failed_logins_per_user: rates.failed_logins_per_user,
            failed_logins_per_address: rates.failed_logins_per_address,
        }),
        introspection: limits.introspection,
        events: events.clone(),
    };
    Ok(Arc::new(App {
        registry,
        results: ResultCache::new(settings.cache.result_cache.0),
        schema: graphql::build(Arc::new(services)).context("the schema cannot be built")?,
        query_limits: query_limits(limits),
        http_limits: http_limits(limits),
        streams: Streams::new(stream_limits(&settings.subscriptions), events),
    }))
}

fn stream_limits(settings: &SubscriptionSettings) -> StreamLimits {
    StreamLimits {
        connections_per_tenant: count(settings.max_socket_connections_per_tenant),
        operations_per_connection: count(settings.max_operations_per_socket),
        message_bytes: count(settings.max_socket_message_bytes),
        idle_time: Duration::from_secs(settings.socket_idle_seconds.into()),
        init_time: Duration::from_secs(settings.socket_init_seconds.into()),
    }
}

fn query_limits(limits: &LimitSettings) -> QueryLimits {
    QueryLimits {
        bytes: count(limits.max_query_bytes),
        tokens: count(limits.max_tokens),
        nesting: count(limits.max_nesting),
        fields: count(limits.max_fields),
        depth: count(limits.max_depth),
        aliases: count(limits.max_aliases),
        directives: count(limits.max_directives),
        complexity: count(limits.max_complexity),
    }
}

fn http_limits(limits: &LimitSettings) -> HttpLimits {
    HttpLimits {
        body_bytes: count(limits.max_body_bytes),
        request_time: limits.request_time(),
        header_time: limits.header_time(),
        connections: count(limits.max_connections),
    }
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        settings: Settings,
    }

    #[test]
    fn the_defaults_of_the_flags_are_those_of_the_code() {
        let settings = Line::parse_from(["serve"]).settings;
        assert_eq!(query_limits(&settings.limits), QueryLimits::default());
        assert_eq!(http_limits(&settings.limits), HttpLimits::default());
        assert_eq!(limits(&settings).gate, GateLimits::default());
    }

    #[test]
    fn no_flag_allows_more_depth_than_the_schema_executes() {
        let parses = |depth: usize| {
            Line::try_parse_from(["serve", "--max-depth", &depth.to_string()]).is_ok()
        };
        assert!(parses(QueryLimits::MAX_DEPTH) && !parses(QueryLimits::MAX_DEPTH + 1));
    }
}
