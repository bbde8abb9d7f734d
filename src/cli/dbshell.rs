//! `polls dbshell`

use std::{io, process::Command};

use anyhow::{Context, bail};
use clap::Args;
use url::Url;

use super::{
    Ended, Invocation,
    select::{Named, TenantArgs},
};
use crate::tenancy::{DatabaseUrl, Engine};

const EXAMPLES: &str = "\
Examples:
  polls dbshell --tenant thor
  polls --tenant thor dbshell -- -header 'SELECT username FROM user'

Runs sqlite3, psql, mariadb or mysql, which has to be installed.";

/// Open the database's own shell on a tenant's database
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Dbshell {
    #[command(flatten)]
    tenant: TenantArgs,

    /// Arguments for the shell
    #[arg(last = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

impl Dbshell {
    pub fn run(&self, invocation: &Invocation) -> anyhow::Result<Ended> {
        let catalog = invocation.catalog()?;
        let tenant = Named::new(&invocation.tenant, &self.tenant).one(&catalog)?;
        let mut tried = Vec::new();
        for mut shell in shells(&tenant.database.write)? {
            shell.args(&self.arguments);
            let name = shell.get_program().to_string_lossy().into_owned();
            match become_it(shell) {
                Ok(ended) => return Ok(ended),
                Err(error) if error.kind() == io::ErrorKind::NotFound => tried.push(name),
                Err(error) => return Err(error).with_context(|| format!("{name} does not start")),
            }
        }
        bail!("{} is not installed", tried.join(" or "))
    }
}

/// Replaces this process; comes back only when that failed.
#[cfg(unix)]
fn become_it(mut shell: Command) -> io::Result<Ended> {
    use std::os::unix::process::CommandExt;
    Err(shell.exec())
}

#[cfg(not(unix))]
fn become_it(mut shell: Command) -> io::Result<Ended> {
    let status = shell.status()?;
    Ok(if status.success() { Ended::Done } else { Ended::WithFailures })
}

/// The shells to try. The password is in their environment only: arguments can be read by
/// everybody on the machine.
fn shells(url: &DatabaseUrl) -> anyhow::Result<Vec<Command>> {
    if let Some(path) = url.sqlite_path() {
        if !path.is_file() {
            bail!("{} does not exist; make it with `polls migrate up`", path.display());
        }
        let mut shell = Command::new("sqlite3");
        shell.arg(std::path::absolute(path)?);
        return Ok(vec![shell]);
    }
    let address = Url::parse(url.expose()).map_err(|_| anyhow::anyhow!("{url} is not a URL"))?;
    Ok(match url.engine() {
        Engine::Postgres => vec![psql(&address)],
        _ => ["mariadb", "mysql"].map(|program| mysql(program, &address)).into(),
    })
}

fn psql(address: &Url) -> Command {
    let mut shell = Command::new("psql");
    let host = parameter(address, "host").or_else(|| address.host_str().map(decoded));
    let settings = [
        ("PGHOST", host.filter(|host| !host.is_empty())),
        ("PGPORT", address.port().map(|port| port.to_string())),
        ("PGUSER", Some(decoded(address.username())).filter(|user| !user.is_empty())),
        ("PGPASSWORD", address.password().map(decoded)),
        ("PGDATABASE", Some(decoded(address.path().trim_matches('/')))),
        ("PGSSLMODE", parameter(address, "sslmode").or_else(|| parameter(address, "ssl-mode"))),
        (
            "PGSSLROOTCERT",
            parameter(address, "sslrootcert").or_else(|| parameter(address, "ssl-root-cert")),
        ),
    ];
    for (name, value) in settings {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    shell
}

fn mysql(program: &str, address: &Url) -> Command {
    let mut shell = Command::new(program);
    shell.arg("--default-character-set=utf8mb4");
    if let Some(socket) = parameter(address, "socket") {
        shell.arg(format!("--socket={socket}"));
    } else if let Some(host) = address.host_str() {
        // Over the network, as the service itself, also to localhost.
        shell.arg(format!("--host={host}")).arg("--protocol=tcp");
    }
    if let Some(port) = address.port() {
        shell.arg(format!("--port={port}"));
    }
    if !address.username().is_empty() {
        shell.arg(format!("--user={}", decoded(address.username())));
    }
    if let Some(password) = address.password() {
        shell.env("MYSQL_PWD", decoded(password));
    }
    shell.arg(format!("--database={}", decoded(address.path().trim_matches('/'))));
    shell
}

fn parameter(address: &Url, name: &str) -> Option<String> {
    address.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn decoded(text: &str) -> String {
    let pair = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
    let value = url::form_urlencoded::parse(pair.as_bytes()).next();
    value.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(engine: Engine, url: &str) -> Command {
        shells(&DatabaseUrl::server(engine, url.to_owned())).unwrap().remove(0)
    }

    #[test]
    fn no_password_is_an_argument() {
        for (engine, url, variable) in [
            (Engine::Postgres, "postgres://app:s3%40cr+t@db1:5433/thor", "PGPASSWORD"),
            (Engine::MySql, "mysql://app:s3%40cr+t@db1:3307/thor", "MYSQL_PWD"),
        ] {
            let shell = command(engine, url);
            assert!(shell.get_args().all(|arg| !arg.to_string_lossy().contains("s3")));
            let password = shell.get_envs().find(|(name, _)| *name == variable).unwrap().1;
            assert_eq!(password, Some("s3@cr+t".as_ref()));
        }
    }

    #[test]
    fn a_missing_file_is_not_made() {
        assert!(shells(&DatabaseUrl::sqlite("no/such/file.db".into())).is_err());
    }
}
