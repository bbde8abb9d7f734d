//! How a pool is opened on each engine: what it may do is set on every connection of it.

use std::{io, path::Path, time::Duration};

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DbErr,
    sqlx::{self, Connection, pool::PoolConnectionMetadata},
};
use tokio::time::timeout;

use super::{DatabaseUrl, Engine};

/// What a pool is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Reads; the database itself refuses writes on every connection.
    ReadOnly,
    /// Reads and writes for requests: waits for a lock that somebody else holds, but not long.
    ReadWrite,
    /// Reads and writes, and waits for locks as long as it takes.
    Maintain,
    /// Reads and writes; a missing SQLite file is made.
    Create,
}

/// The bounds of a pool.
#[derive(Debug, Clone, Copy)]
pub(super) struct PoolBounds {
    pub max_connections: u32,
    pub acquire_timeout: Duration,
}

/// How long a statement waits for a lock of another connection.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// A server connection idle for longer is asked for a sign of life before it is used again, and has
/// so long for it.
const PING_AFTER_IDLE: Duration = Duration::from_secs(15);
const PING_TIME: Duration = Duration::from_secs(2);
/// One that is older, or idle for longer, is not used again: what stands between may have forgotten
/// it, or another server may have taken the place of the one that it leads to.
const MAX_AGE: Duration = Duration::from_secs(30 * 60);
const MAX_IDLE: Duration = Duration::from_secs(10 * 60);

/// Opens a pool. Connects at least once, so that a database that cannot be reached is an error
/// here and not at the first query. Two connect when they are used: a read-only pool of a SQLite
/// file, and that of the requests which write on a server, whose read-only pool has been there.
#[expect(clippy::disallowed_methods, reason = "the one place where connections are made")]
pub(super) async fn connect(
    url: &DatabaseUrl,
    access: Access,
    bounds: PoolBounds,
) -> Result<DatabaseConnection, DbErr> {
    Database::connect(options(url, access, bounds)).await
}

fn options(url: &DatabaseUrl, access: Access, bounds: PoolBounds) -> ConnectOptions {
    let mut options = match url.sqlite_path() {
        Some(path) => sqlite(path, access),
        None => server(url, access),
    };
    options
        .max_connections(bounds.max_connections)
        .min_connections(0)
        .acquire_timeout(bounds.acquire_timeout)
        .connect_timeout(bounds.acquire_timeout)
        // Either limit would start a task of the pool's that sometimes takes a thread for ever, so
        // that a command does not end (sqlx issue 3645, in 0.9.0 still). Connections are looked at
        // when they are wanted instead, and what nobody wants goes with its tenant's database.
        .idle_timeout(None)
        .max_lifetime(None)
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    options
}

fn sqlite(path: &Path, access: Access) -> ConnectOptions {
    use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
    // The path is set below as it is: in a URL some of its characters would mean something.
    let mut options = ConnectOptions::new("sqlite://set-below.db");
    let path = path.to_owned();
    options.map_sqlx_sqlite_opts(move |opts| {
        let opts = opts
            .filename(&path)
            .create_if_missing(access == Access::Create)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            .synchronous(SqliteSynchronous::Full);
        match access {
            Access::Create => opts.journal_mode(SqliteJournalMode::Wal),
            Access::ReadWrite | Access::Maintain => opts,
            Access::ReadOnly => opts.pragma("query_only", "ON"),
        }
    });
    options.test_before_acquire(false).connect_lazy(access == Access::ReadOnly);
    options
}

fn server(url: &DatabaseUrl, access: Access) -> ConnectOptions {
    let mut options = ConnectOptions::new(url.expose());
    options.test_before_acquire(false).connect_lazy(access == Access::ReadWrite);
    match url.engine() {
        Engine::Postgres => {
            options.map_sqlx_postgres_before_acquire(move |connection, meta| {
                Box::pin(is_good(connection, access, meta))
            });
            options.map_sqlx_postgres_opts(move |opts| {
                let opts = opts.application_name("polls");
                let lock_timeout = format!("{}s", BUSY_TIMEOUT.as_secs());
                match access {
                    Access::ReadOnly => opts.options([("default_transaction_read_only", "on")]),
                    Access::ReadWrite => opts.options([("lock_timeout", lock_timeout)]),
                    Access::Maintain | Access::Create => opts,
                }
            });
        }
        _ => {
            options.map_sqlx_mysql_before_acquire(move |connection, meta| {
                Box::pin(is_good(connection, access, meta))
            });
            options.map_sqlx_mysql_pool_opts(move |pool| {
                pool.after_connect(move |connection, _| {
                    Box::pin(async move {
                        use sqlx::{AssertSqlSafe, Executor};
                        connection.execute(session_setup(access)).await?;
                        if access == Access::ReadWrite {
                            let seconds = BUSY_TIMEOUT.as_secs();
                            let wait = format!("SET SESSION innodb_lock_wait_timeout = {seconds}");
                            connection.execute(AssertSqlSafe(wait)).await?;
                        }
                        Ok(())
                    })
                })
            });
        }
    }
    options
}

/// Whether a connection to a server may be used again. That of maintenance holds a lock, so no other
/// may take its place.
async fn is_good(
    connection: &mut impl Connection,
    access: Access,
    meta: PoolConnectionMetadata,
) -> Result<bool, sqlx::Error> {
    if matches!(access, Access::Maintain | Access::Create) {
        return Ok(true);
    }
    if meta.age > MAX_AGE || meta.idle_for > MAX_IDLE {
        return Ok(false);
    }
    if meta.idle_for < PING_AFTER_IDLE {
        return Ok(true);
    }
    match timeout(PING_TIME, connection.ping()).await {
        Ok(answer) => answer.map(|()| true),
        Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
    }
}

/// Each statement of a transaction sees what is committed, as on PostgreSQL.
const fn session_setup(access: Access) -> &'static str {
    match access {
        Access::ReadOnly => "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY",
        _ => "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pool_has_a_task_of_its_own() {
        let server = |engine, url: &str| DatabaseUrl::server(engine, url.to_owned());
        let urls = [
            DatabaseUrl::sqlite("a.db".into()),
            server(Engine::Postgres, "postgres://localhost/a"),
            server(Engine::MySql, "mysql://localhost/a"),
        ];
        let bounds = PoolBounds { max_connections: 4, acquire_timeout: Duration::from_secs(1) };
        for url in &urls {
            for access in [Access::ReadOnly, Access::ReadWrite, Access::Maintain, Access::Create] {
                let options = options(url, access, bounds);
                assert_eq!(options.get_idle_timeout(), Some(None), "{url} {access:?}");
                assert_eq!(options.get_max_lifetime(), Some(None), "{url} {access:?}");
                assert_eq!(options.get_min_connections(), Some(0), "{url} {access:?}");
            }
        }
    }
}
