//! The settings of `serve`: one struct a concern, each setting a flag and a `POLLS_…` variable. An
//! empty variable counts as unset (see [`ignore_empty_variables`]).

use std::{net::SocketAddr, num::NonZeroUsize, time::Duration};

use clap::{Args, Command, ValueEnum, value_parser};

use super::{ByteSize, SubscriptionSettings, limit_ranges, limit_settings::LimitSettings};
use crate::tenancy::TenantKey;

/// All settings of `serve`.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Where to listen and whom to serve.
    #[command(flatten)]
    pub server: ServerSettings,
    /// Bounds on requests.
    #[command(flatten)]
    pub limits: LimitSettings,
    /// Bounds on sockets and event streams.
    #[command(flatten)]
    pub subscriptions: SubscriptionSettings,
    /// Bounds on open databases.
    #[command(flatten)]
    pub databases: DatabaseSettings,
    /// Answers that are kept.
    #[command(flatten)]
    pub cache: CacheSettings,
    /// Tokens, passwords, registration.
    #[command(flatten)]
    pub accounts: AccountSettings,
    /// What is written to standard error.
    #[command(flatten)]
    pub logs: LogSettings,
}

/// Where to listen and whom to serve.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server")]
pub struct ServerSettings {
    /// Address and port to listen on; port 0 takes any free one
    #[arg(
        long,
        env = "POLLS_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8000"
    )]
    pub listen: SocketAddr,

    /// Serve only these tenants; the others are unknown to this process
    #[arg(long, env = "POLLS_ONLY", value_name = "KEY,…", value_delimiter = ',')]
    pub only: Vec<TenantKey>,

    /// How long running requests may take to finish when the server is told to stop, in seconds
    #[arg(long, env = "POLLS_SHUTDOWN_GRACE_SECONDS", value_name = "SECONDS", default_value_t = 30,
        value_parser = value_parser!(u32).range(0..=3600))]
    pub shutdown_grace_seconds: u32,
}

/// Bounds on open databases.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Databases")]
pub struct DatabaseSettings {
    /// How many tenant databases may be open at once; the one unused longest is closed for another
    #[arg(long, env = "POLLS_MAX_OPEN_DATABASES", value_name = "COUNT", default_value_t = 256,
        value_parser = value_parser!(u32).range(1..=100_000))]
    pub max_open_databases: u32,

    /// After how long without use a tenant database is closed, in seconds
    #[arg(long, env = "POLLS_IDLE_CLOSE_SECONDS", value_name = "SECONDS", default_value_t = 300,
        value_parser = value_parser!(u32).range(1..=86_400))]
    pub idle_close_seconds: u32,

    /// How many connections to open to one PostgreSQL or MySQL server, over all its tenants;
    /// PostgreSQL itself allows 100 by default
    #[arg(long, env = "POLLS_CONNECTIONS_PER_SERVER", value_name = "COUNT", default_value_t = 90,
        value_parser = value_parser!(u32).range(2..=100_000))]
    pub connections_per_server: u32,
}

/// Answers that are kept.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Result cache")]
pub struct CacheSettings {
    /// Memory for answers that are kept for as long as they hold, over all tenants on SQLite, such
    /// as 64MiB; or off
    #[arg(long, env = "POLLS_RESULT_CACHE", value_name = "SIZE", default_value = "64MiB")]
    pub result_cache: ByteSize,
}

/// Tokens, passwords, registration.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Accounts")]
pub struct AccountSettings {
    /// How long a token is good for, in days
    #[arg(long, env = "POLLS_TOKEN_LIFETIME_DAYS", value_name = "DAYS", default_value_t = 30,
        value_parser = value_parser!(u32).range(1..=3650))]
    pub token_lifetime_days: u32,

    /// How many accounts one address may register in a minute
    #[arg(long, env = "POLLS_REGISTRATIONS_PER_MINUTE", value_name = "COUNT", default_value_t = 300,
        value_parser = value_parser!(u32).range(limit_ranges::PER_MINUTE))]
    pub registrations_per_minute: u32,

    /// How often in a minute sign-ins of one user name may fail
    #[arg(long, env = "POLLS_FAILED_LOGINS_PER_USER", value_name = "COUNT", default_value_t = 10,
        value_parser = value_parser!(u32).range(limit_ranges::PER_MINUTE))]
    pub failed_logins_per_user: u32,

    /// How often in a minute sign-ins from one address may fail
    #[arg(long, env = "POLLS_FAILED_LOGINS_PER_ADDRESS", value_name = "COUNT",
        default_value_t = 100, value_parser = value_parser!(u32).range(limit_ranges::PER_MINUTE))]
    pub failed_logins_per_address: u32,

    /// How many passwords are hashed at once [default: the number of processor cores]
    #[arg(long, env = "POLLS_MAX_PASSWORD_HASHES", value_name = "COUNT",
        value_parser = value_parser!(u16).range(1..=1024))]
    pub max_password_hashes: Option<u16>,
}

/// What is written to standard error.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Logs")]
pub struct LogSettings {
    /// How log lines are written
    #[arg(long, env = "POLLS_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,

    /// The least level that is logged, or a list such as `info,polls=debug`
    #[arg(long, env = "POLLS_LOG_LEVEL", value_name = "LEVEL", default_value = "info",
        value_parser = log_level)]
    pub log_level: String,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl ServerSettings {
    /// How long running requests may take to finish on shutdown.
    #[must_use]
    pub fn shutdown_grace(&self) -> Duration {
        Duration::from_secs(self.shutdown_grace_seconds.into())
    }
}

impl DatabaseSettings {
    /// After how long without use a tenant database is closed.
    #[must_use]
    pub fn idle_close(&self) -> Duration {
        Duration::from_secs(self.idle_close_seconds.into())
    }
}

impl AccountSettings {
    /// How long a token is good for.
    #[must_use]
    pub fn token_lifetime(&self) -> Duration {
        Duration::from_secs(u64::from(self.token_lifetime_days) * 86_400)
    }

    /// How many passwords are hashed at once: at least one.
    #[must_use]
    pub fn password_hashes(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.max_password_hashes.map_or_else(cores, usize::from).max(1)
    }
}

fn log_level(text: &str) -> Result<String, String> {
    text.parse::<tracing_subscriber::EnvFilter>().map(|_| text.to_owned()).map_err(|_| {
        "write error, warn, info, debug or trace, or a list like info,polls=debug".into()
    })
}

/// Makes every argument that reads an environment variable ignore one that is set but empty, as
/// `docker run --env NAME=` and `.env` files leave it.
#[must_use]
pub fn ignore_empty_variables(command: Command) -> Command {
    command
        .mut_args(|arg| {
            let is_empty = arg
                .get_env()
                .is_some_and(|name| std::env::var_os(name).is_some_and(|value| value.is_empty()));
            if is_empty { arg.env(None) } else { arg }
        })
        .mut_subcommands(ignore_empty_variables)
}
