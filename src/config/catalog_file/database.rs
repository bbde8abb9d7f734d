//! Database URLs. What is wrong with one is said without showing it: a password may be in it.

use std::path::{Component, Path, PathBuf};

use url::Url;

use super::reading::{Field, Reading, Section};
use crate::{
    config::{variables, yaml::Value},
    tenancy::{DatabaseSpec, DatabaseUrl, Durability, Engine, TenantKey},
};

/// Query parameters that say a second time what the URL itself says.
const REPEATED: [&str; 5] = ["hostaddr", "port", "dbname", "user", "password"];

/// A `database` field: URLs in which `{tenant}` stands for the key.
pub(super) struct Template<'n> {
    write: Field<'n>,
    read: Vec<Field<'n>>,
}

impl<'n> Template<'n> {
    /// Reads the field, and tries it with a key, so that a broken default is reported once.
    pub fn read(field: Field<'n>, reading: &mut Reading<'_>) -> Option<Self> {
        let template = if matches!(field.node.value, Value::Map(_)) {
            let section = Section::open(field.node, &field.path, &["write", "read"], reading)?;
            let Some(write) = section.get("write") else {
                reading.add_at(&field, "has no `write`; give the URL of the primary there");
                return None;
            };
            let read = section.get("read").map(|read| reading.list(&read)).unwrap_or_default();
            Self { write, read }
        } else {
            Self { write: field, read: Vec::new() }
        };
        let sample: TenantKey = "tenant".parse().ok()?;
        template.for_tenant(&sample, Durability::default(), reading)?;
        Some(template)
    }

    /// The databases of one tenant.
    pub fn for_tenant(
        &self,
        key: &TenantKey,
        durability: Durability,
        reading: &mut Reading<'_>,
    ) -> Option<DatabaseSpec> {
        let write = url(&self.write, key, reading)?;
        let mut read = Vec::new();
        for field in &self.read {
            let replica = url(field, key, reading)?;
            if replica.engine() != write.engine() {
                reading.add_at(field, "is on another engine than `write`; name a replica of it");
                return None;
            }
            if replica.engine() == Engine::Sqlite {
                reading.add_at(field, "is a SQLite file, which has no replicas; remove `read`");
                return None;
            }
            read.push(replica);
        }
        Some(DatabaseSpec { write, read, durability })
    }
}

fn url(field: &Field<'_>, key: &TenantKey, reading: &mut Reading<'_>) -> Option<DatabaseUrl> {
    let raw = reading.raw(field)?;
    let result = fill_tenant(raw, key).and_then(|filled| {
        let text = variables::expand_url(&filled, reading.variables).map_err(|e| e.to_string())?;
        Ok(parse(&text, &reading.folder)?)
    });
    result.map_err(|problem: String| reading.add_at(field, problem)).ok()
}

/// Puts the key where `{tenant}` stands; `${tenant}` is a variable and stays.
fn fill_tenant(template: &str, key: &TenantKey) -> Result<String, String> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (before, behind) = rest.split_at(at);
        out.push_str(before);
        if let Some(after) = behind.strip_prefix("{tenant}").filter(|_| !out.ends_with('$')) {
            out.push_str(key.as_str());
            rest = after;
        } else if out.ends_with('$') {
            out.push('{');
            rest = &behind[1..];
        } else {
            return Err(
                "has a `{` that starts neither {tenant} nor ${NAME}; write one of these".into()
            );
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// Reads a URL with nothing left to fill in; relative SQLite paths start at `folder`.
fn parse(text: &str, folder: &Path) -> Result<DatabaseUrl, &'static str> {
    if text.chars().any(char::is_control) || text.trim() != text {
        return Err("has control characters, or blanks at its ends; remove them");
    }
    if let Some(path) = text.strip_prefix("sqlite:") {
        return sqlite(path.strip_prefix("//").unwrap_or(path), folder);
    }
    let (scheme, behind) = text.split_once("://").unwrap_or(("", ""));
    let (engine, scheme) = match scheme {
        "postgres" | "postgresql" => (Engine::Postgres, "postgres"),
        "mysql" | "mariadb" => (Engine::MySql, "mysql"),
        _ => {
            return Err(
                "is no database URL; write sqlite://FILE, postgres://USER@HOST/DATABASE or \
                        mysql://USER@HOST/DATABASE",
            );
        }
    };
    if text.contains(' ') {
        return Err("has blanks in it; write %20 for each");
    }
    let url = Url::parse(&format!("{scheme}://{behind}")).map_err(|_| {
        "is not a URL; percent-encode what is special in user and password, or give them as ${NAME}"
    })?;
    if url.query_pairs().any(|(name, _)| REPEATED.contains(&&*name)) {
        return Err("has user, password, port or database as a parameter; write them in the URL \
                    proper, SCHEME://USER:PASSWORD@HOST:PORT/DATABASE");
    }
    match url.path().trim_matches('/') {
        "" => Err("names no database; end it with /DATABASE"),
        path if path.contains('/') => Err("has a '/' in the database's name; write %2F for it"),
        _ if url.fragment().is_some() => Err("has a `#` in it; write %23 for it"),
        _ => Ok(DatabaseUrl::server(engine, url.into())),
    }
}

fn sqlite(path: &str, folder: &Path) -> Result<DatabaseUrl, &'static str> {
    if path.is_empty() || path.ends_with('/') {
        return Err("names no file; write sqlite://folder/file.db");
    }
    if path.starts_with(':') {
        return Err("lives in memory only and would be lost; name a file, sqlite://folder/file.db");
    }
    if path.contains(['?', '#', '%']) {
        return Err("has `?`, `#` or `%` in it; write the path of a file without them");
    }
    Ok(DatabaseUrl::sqlite(folder.join(path)))
}

/// What two URLs of one database have in common.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Target {
    /// The absolute path without `.` and `..`.
    File(PathBuf),
    Server {
        engine: Engine,
        host: String,
        port: u16,
        database: String,
    },
}

impl Target {
    pub fn of(url: &DatabaseUrl) -> Self {
        if let Some(path) = url.sqlite_path() {
            return Self::File(lexical(path));
        }
        let engine = url.engine();
        let default_port = if engine == Engine::Postgres { 5432 } else { 3306 };
        // `parse` has been through it; an impossible failure only makes it a target of its own.
        let Ok(parsed) = Url::parse(url.expose()) else {
            return Self::File(PathBuf::from(url.expose()));
        };
        let decode = |text: &str| {
            let pair = format!("x={}", text.replace('+', "%2B"));
            url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, v)| v.into_owned())
        };
        let socket = parsed.query_pairs().find(|(name, _)| matches!(&**name, "host" | "socket"));
        let host = match socket {
            Some((_, socket)) => socket.into_owned(),
            None => decode(parsed.host_str().unwrap_or_default()).unwrap_or_default(),
        };
        let host = host.trim_end_matches('.').to_lowercase();
        let host = match host.as_str() {
            "" | "localhost" | "[::1]" => "127.0.0.1".to_owned(),
            _ => host,
        };
        let port = parsed.port().unwrap_or(default_port);
        let database = decode(parsed.path().trim_matches('/')).unwrap_or_default();
        Self::Server { engine, host, port, database }
    }
}

/// The absolute path with `.` and `..` resolved by their text alone: the file need not exist.
fn lexical(path: &Path) -> PathBuf {
    // Fails only where there is no current folder; then the path is compared as it stands.
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut out = PathBuf::new();
    for component in absolute.components() {
        match component {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}
