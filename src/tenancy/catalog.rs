//! The set of tenants and what is known of each.

use std::{collections::HashMap, fmt, path::PathBuf, sync::Arc};

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::{AccessError, LimitOverrides, TenantKey, TrustedDocuments};

/// All tenants and how a request may name one. Built whole by the `config` floor, which checks
/// it; never changed afterwards, only replaced.
#[derive(Debug, Default)]
pub struct Catalog {
    /// How a request may name its tenant; every one looks at every request.
    pub strategies: Vec<Strategy>,
    /// Whether `X-Forwarded-Host` and `X-Forwarded-For` are believed. Only behind a proxy that
    /// sets them itself.
    pub trust_proxy: bool,
    /// The tenants by key, in the order of their keys, into which `config` puts them.
    pub tenants: Tenants,
    /// Exact extra host names (lower case, no port, no trailing dot) and whose they are.
    pub hosts: HashMap<String, TenantKey>,
}

/// Tenants by key. Every request looks one up: a tree would take it past a dozen other keys, each
/// somewhere else in memory.
pub type Tenants = IndexMap<TenantKey, Arc<Tenant>, RandomState>;

/// One way in which a request may name its tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strategy {
    /// A header whose value is the key; the name in lower case.
    Header(http::HeaderName),
    /// A host of one label followed by this suffix (`.localhost`); the label is the key.
    HostSuffix(String),
}

/// What is known of one tenant.
///
/// Most of what each request looks at stands together, in this order, at the beginning: with the
/// counters of the `Arc` it is 64 bytes, of which most tenants' are in no cache of the processor.
#[derive(Debug, Clone, PartialEq, Eq)]
#[repr(C)]
pub struct Tenant {
    /// Its name in ids, files and hosts.
    pub key: TenantKey,
    /// What is bounded otherwise than for all.
    pub limits: LimitOverrides,
    /// The texts that may be run by their id.
    pub documents: TrustedDocuments,
    /// What it may do now.
    pub state: State,
    /// What a caller without a token may do.
    pub anonymous: Anonymous,
    /// Who may ask what the schema is, where that is other than for all.
    pub introspection: Option<Introspection>,
    /// Whether answers are kept.
    pub result_cache: ResultCaching,
    /// Whether `register` makes accounts.
    pub registration: Registration,
    /// Its name for people.
    pub name: String,
    /// Exact extra host names.
    pub hosts: Vec<String>,
    /// Where its rows are.
    pub database: DatabaseSpec,
    /// Why it is in that state, for its users; never for other tenants'.
    pub reason: Option<String>,
    /// CORS: other origins whose pages may call.
    pub origins: Vec<String>,
}

/// What a tenant may do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// Everything.
    #[default]
    Active,
    /// Reads only; mutations get `TENANT_READ_ONLY`.
    ReadOnly,
    /// Nothing for now: `TENANT_MAINTENANCE`, come back later.
    Maintenance,
    /// Nothing: `TENANT_SUSPENDED`.
    Suspended,
}

impl State {
    /// Whether requests reach the tenant's database.
    #[must_use]
    pub const fn is_served(self) -> bool {
        matches!(self, Self::Active | Self::ReadOnly)
    }

    /// The word for it in `tenants.yaml`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::ReadOnly => "read_only",
            Self::Maintenance => "maintenance",
            Self::Suspended => "suspended",
        }
    }
}

/// What a caller without a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Anonymous {
    /// Only see the tenant, sign in and register.
    None,
    /// Read what is public.
    #[default]
    Read,
}

/// Whether visitors can make accounts for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Registration {
    /// Anybody can.
    #[default]
    Open,
    /// Only superusers and the command line make accounts.
    Closed,
}

/// Who may ask what the schema is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Introspection {
    /// Whoever may ask anything.
    #[default]
    On,
    /// Superusers of the tenant.
    Superusers,
    /// Nobody.
    Off,
}

impl Introspection {
    /// All of them with their words.
    pub const WORDS: [(&str, Self); 3] =
        [("on", Self::On), ("superusers", Self::Superusers), ("off", Self::Off)];
}

/// Whether a tenant's answers are kept for as long as they hold, where the process keeps any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResultCaching {
    /// They are, on SQLite.
    #[default]
    On,
    /// They are not.
    Off,
}

/// Where a tenant's rows are: one database to write to and, on servers, replicas to read from.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseSpec {
    /// The primary.
    pub write: DatabaseUrl,
    /// Replicas; empty when reads go to the primary too.
    pub read: Vec<DatabaseUrl>,
    /// When a commit counts as done; SQLite only.
    pub durability: Durability,
}

/// When a commit to a SQLite file counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Durability {
    /// When it is on disk: nothing acknowledged is lost, whatever happens.
    #[default]
    Full,
    /// When the operating system has it: a process that dies loses nothing, but a machine that
    /// loses power may lose the last commits, whole ones, in order.
    Normal,
}

/// The address of one database. Its `Debug` and `Display` hide the password; only
/// [`DatabaseUrl::expose`] shows it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DatabaseUrl {
    engine: Engine,
    url: String,
    sqlite_path: Option<PathBuf>,
}

/// The three engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// A file of its own.
    Sqlite,
    /// A database on a PostgreSQL server.
    Postgres,
    /// A database on a MySQL or MariaDB server.
    MySql,
}

impl Engine {
    /// Its name for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::MySql => "MySQL",
        }
    }
}

impl Tenant {
    /// Whether requests reach its databases.
    ///
    /// # Errors
    /// [`AccessError`] that names the state which stands in the way.
    pub const fn access(&self) -> Result<(), AccessError> {
        match self.state {
            State::Suspended => Err(AccessError::Suspended),
            State::Maintenance => Err(AccessError::Maintenance),
            State::Active | State::ReadOnly => Ok(()),
        }
    }
}

impl DatabaseUrl {
    /// A SQLite file.
    #[must_use]
    pub fn sqlite(path: PathBuf) -> Self {
        let url = format!("sqlite://{}", path.display());
        Self { engine: Engine::Sqlite, url, sqlite_path: Some(path) }
    }

    /// A database on a server. The caller has checked that the URL parses and names a database.
    #[must_use]
    pub fn server(engine: Engine, url: String) -> Self {
        Self { engine, url, sqlite_path: None }
    }

    /// Which engine it is on.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// The file, for SQLite.
    #[must_use]
    pub fn sqlite_path(&self) -> Option<&std::path::Path> {
        self.sqlite_path.as_deref()
    }

    /// The whole URL, password and all: for the driver, never for a person.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.url
    }

    /// The server's address without user, password and database (`postgres://db1:5432`), for
    /// counting connections per server; nothing for SQLite.
    #[must_use]
    pub fn server_address(&self) -> Option<String> {
        if self.engine == Engine::Sqlite {
            return None;
        }
        let url = url::Url::parse(&self.url).ok()?;
        let (scheme, port) = match self.engine {
            Engine::Postgres => ("postgres", 5432),
            _ => ("mysql", 3306),
        };
        let host = url.host_str().unwrap_or("localhost");
        Some(format!("{scheme}://{host}:{}", url.port().unwrap_or(port)))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match url::Url::parse(&self.url) {
            Ok(mut url) if self.engine != Engine::Sqlite => {
                if url.password().is_some() {
                    // Fails only for URLs that cannot have a password.
                    let _ = url.set_password(Some("***"));
                }
                url.set_query(None);
                write!(f, "{url}")
            }
            Ok(_) | Err(_) if self.engine == Engine::Sqlite => f.write_str(&self.url),
            _ => write!(f, "{}://…", self.engine.as_str()),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

impl fmt::Debug for DatabaseSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseSpec")
            .field("write", &self.write)
            .field("read", &self.read)
            .finish()
    }
}

impl Catalog {
    /// The tenant of that key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Arc<Tenant>> {
        self.tenants.get(key)
    }
}
