//! Making and removing whole databases.

use std::{io, path::PathBuf, time::Duration};

use percent_encoding::percent_decode_str;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement};
use thiserror::Error;

use super::{
    DatabaseUrl, Engine,
    connect::{Access, PoolBounds, connect},
};

/// A database that was made, and how to unmake it.
#[derive(Debug)]
pub struct Provision {
    url: DatabaseUrl,
    /// Folders that were made for a SQLite file, outermost first.
    folders: Vec<PathBuf>,
}

/// Why a database was not made or removed.
#[derive(Debug, Error)]
pub enum ProvisionError {
    /// There is one already; nothing was touched.
    #[error("the database {0} exists already")]
    Exists(DatabaseUrl),
    /// The address has no database name.
    #[error("{0} names no database")]
    Unnamed(DatabaseUrl),
    /// The server answered with an error.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// The file system did.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Provision {
    /// Whether the database is there.
    ///
    /// # Errors
    /// When its server cannot be asked.
    pub async fn exists(url: &DatabaseUrl) -> Result<bool, ProvisionError> {
        if let Some(path) = url.sqlite_path() {
            return Ok(path.try_exists()?);
        }
        let (server, name) = server_of(url).await?;
        let catalog = match url.engine() {
            Engine::Postgres => "SELECT 1 FROM pg_database WHERE datname = $1",
            _ => "SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?",
        };
        let query =
            Statement::from_sql_and_values(server.get_database_backend(), catalog, [name.into()]);
        let found = server.query_one_raw(query).await?.is_some();
        server.close().await?;
        Ok(found)
    }

    /// Makes an empty database.
    ///
    /// # Errors
    /// [`ProvisionError::Exists`] when it is there already.
    pub async fn create(url: &DatabaseUrl) -> Result<Self, ProvisionError> {
        if Self::exists(url).await? {
            return Err(ProvisionError::Exists(url.clone()));
        }
        let mut made = Self { url: url.clone(), folders: Vec::new() };
        if let Some(path) = url.sqlite_path() {
            let missing =
                |folder: &&std::path::Path| !folder.as_os_str().is_empty() && !folder.exists();
            made.folders = path.ancestors().skip(1).take_while(missing).map(Into::into).collect();
            made.folders.reverse();
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            create_file(path)?;
            // Write-ahead logging is a property of the file: set here, kept for good.
            let prepared = async { connect(url, Access::Create, ONE).await?.close().await };
            if let Err(error) = prepared.await {
                made.undo().await?;
                return Err(error.into());
            }
        } else {
            let (server, name) = server_of(url).await?;
            server.execute_unprepared(&create_statement(url.engine(), &name)).await?;
            server.close().await?;
        }
        Ok(made)
    }

    /// Removes what was made.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub async fn undo(self) -> Result<(), ProvisionError> {
        Self::remove(&self.url).await?;
        for folder in self.folders.iter().rev() {
            std::fs::remove_dir(folder)?;
        }
        Ok(())
    }

    /// Removes a database and all in it.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub async fn remove(url: &DatabaseUrl) -> Result<(), ProvisionError> {
        if let Some(path) = url.sqlite_path() {
            for suffix in ["", "-wal", "-shm"] {
                let mut file = path.as_os_str().to_owned();
                file.push(suffix);
                match std::fs::remove_file(&file) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(error.into());
                    }
                    _ => {}
                }
            }
            return Ok(());
        }
        let (server, name) = server_of(url).await?;
        let name = quote(url.engine(), &name);
        server.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name}")).await?;
        server.close().await?;
        Ok(())
    }
}

/// Makes an empty file that only its owner reads and writes: it will hold hashes of passwords.
pub(super) fn create_file(path: &std::path::Path) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

const ONE: PoolBounds = PoolBounds { max_connections: 1, acquire_timeout: Duration::from_secs(10) };

/// A connection to the server beside the database, and the database's name.
async fn server_of(url: &DatabaseUrl) -> Result<(DatabaseConnection, String), ProvisionError> {
    let unnamed = || ProvisionError::Unnamed(url.clone());
    let mut address = url::Url::parse(url.expose()).map_err(|_| unnamed())?;
    let name = address.path().trim_start_matches('/');
    let name = percent_decode_str(name).decode_utf8().map_err(|_| unnamed())?.into_owned();
    if name.is_empty() {
        return Err(unnamed());
    }
    address.set_path(if url.engine() == Engine::Postgres { "/postgres" } else { "/" });
    let server = DatabaseUrl::server(url.engine(), address.into());
    Ok((connect(&server, Access::Maintain, ONE).await?, name))
}

fn create_statement(engine: Engine, name: &str) -> String {
    let name = quote(engine, name);
    match engine {
        Engine::Postgres => format!("CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"),
        _ => format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"),
    }
}

fn quote(engine: Engine, name: &str) -> String {
    match engine {
        Engine::MySql => format!("`{}`", name.replace('`', "``")),
        _ => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}
