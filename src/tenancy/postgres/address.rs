//! Where a database is, and how it is spoken to there.

use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinHandle,
    time::{error::Elapsed, timeout},
};
use tokio_postgres::{Client, Config, Connection, NoTls, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;

use super::tls;
use crate::tenancy::{DatabaseUrl, spawn::spawn_untenanted};

/// What goes through a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tenancy) enum Lane {
    /// Short reads; the database itself refuses writes.
    Read,
    /// Use cases that are one statement, outside a transaction.
    Write,
}

/// How long the network may take to connect.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// How long it may take with all that is said before a session begins: encryption, the password.
const SESSION_TIME: Duration = Duration::from_secs(7);
/// From when on an idle connection is looked at, and how often then: what lies between may forget
/// it without a word.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const KEEP_ALIVE_RETRIES: u32 = 3;

impl Lane {
    /// Settings of each session. A statement that takes longer than others should wait for it is
    /// stopped, and begun again elsewhere by whoever sent it. Planned once: for an array shorter
    /// than PostgreSQL expects it would plan anew each time, which takes longer than a vote. And
    /// planned for pages in memory: what is short is led by an index to a few of them, not through
    /// a whole table because it is small, and without a map of those pages, which takes longer to
    /// make than to look at one of them twice.
    const fn session(self) -> &'static str {
        match self {
            Self::Read => {
                "-c default_transaction_read_only=on -c statement_timeout=500 \
                 -c plan_cache_mode=force_generic_plan -c random_page_cost=1.1 \
                 -c enable_bitmapscan=off"
            }
            Self::Write => {
                "-c lock_timeout=500 -c plan_cache_mode=force_generic_plan \
                 -c random_page_cost=1.1 -c enable_bitmapscan=off"
            }
        }
    }
}

/// One lane to one database.
pub(super) struct Address {
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(in crate::tenancy) enum ConnectError {
    /// The URL asks for what only sqlx does.
    #[error("{0} is left to the pool")]
    Unsupported(&'static str),
    #[error(transparent)]
    Url(#[from] sea_orm::sqlx::Error),
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    #[error(transparent)]
    Driver(#[from] tokio_postgres::Error),
    #[error("the server has not begun a session within {} s", SESSION_TIME.as_secs())]
    Slow(#[from] Elapsed),
}

impl Address {
    /// What sqlx makes of the URL, so that both go to the same place in the same way. Passwords
    /// outside the URL and checked certificates are left to it alone.
    pub(super) fn new(url: &DatabaseUrl, lane: Lane) -> Result<Self, ConnectError> {
        let options: PgConnectOptions = url.expose().parse()?;
        let mut config = Config::new();
        match options.get_socket() {
            Some(folder) => config.host_path(folder),
            None => config.host(options.get_host()),
        };
        let given = options.get_options().unwrap_or_default();
        config
            .port(options.get_port())
            .user(options.get_username())
            .application_name("polls")
            .options(format!("{given} {}", lane.session()).trim())
            .connect_timeout(CONNECT_TIME)
            .keepalives_idle(KEEP_ALIVE)
            .keepalives_interval(KEEP_ALIVE)
            .keepalives_retries(KEEP_ALIVE_RETRIES);
        if let Some(database) = options.get_database() {
            config.dbname(database);
        }
        if let Some(password) = password(url) {
            config.password(password);
        }
        let (mode, tls) = match options.get_ssl_mode() {
            PgSslMode::Disable | PgSslMode::Allow => (SslMode::Disable, None),
            PgSslMode::Prefer => (SslMode::Prefer, Some(tls::unchecked()?)),
            PgSslMode::Require => (SslMode::Require, Some(tls::unchecked()?)),
            PgSslMode::VerifyCa | PgSslMode::VerifyFull => {
                return Err(ConnectError::Unsupported("checking the server's certificate"));
            }
        };
        config.ssl_mode(mode);
        Ok(Self { config, tls })
    }

    /// Connects; the task ends when nobody has the client any more, or the connection does.
    pub(super) async fn connect(&self) -> Result<(Client, JoinHandle<()>), ConnectError> {
        let connecting = async {
            match &self.tls {
                Some(tls) => begin(self.config.connect(tls.clone()).await?).await,
                None => begin(self.config.connect(NoTls).await?).await,
            }
        };
        Ok(timeout(SESSION_TIME, connecting).await??)
    }
}

/// A lane's pages are too short to meet many rows twice, and what would keep those takes longer to
/// begin than to find them again. Servers before this version do not know the setting.
const FORGETFUL: &str = "SET enable_memoize = off";
const FORGETFUL_SINCE: u32 = 14;

async fn begin<S, T>(
    (client, connection): (Client, Connection<S, T>),
) -> Result<(Client, JoinHandle<()>), tokio_postgres::Error>
where
    Connection<S, T>: Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static,
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    let version = connection.parameter("server_version").and_then(major);
    let task = spawn_untenanted(told(connection));
    if version.is_some_and(|version| version >= FORGETFUL_SINCE) {
        client.batch_execute(FORGETFUL).await?;
    }
    Ok((client, task))
}

/// The first number of a version such as `15.20 (Debian 15.20-0+deb12u1)` or `18beta1`.
fn major(version: &str) -> Option<u32> {
    version.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

/// Its statements are told as well; without any nobody else would be.
async fn told(connection: impl Future<Output = Result<(), tokio_postgres::Error>>) {
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a pipeline ended");
    }
}

fn password(url: &DatabaseUrl) -> Option<Vec<u8>> {
    let url = Url::parse(url.expose()).ok()?;
    Some(percent_encoding::percent_decode_str(url.password()?).collect())
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_first_number_of_a_version_counts() {
        for (version, expected) in [
            ("15.20 (Debian 15.20-0+deb12u1)", Some(15)),
            ("18beta1", Some(18)),
            ("9.6.24", Some(9)),
            ("unknown", None),
            ("", None),
        ] {
            assert_eq!(major(version), expected, "{version}");
        }
    }
}
