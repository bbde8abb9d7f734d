//! The commands together: parse, run, exit code.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use super::{
    check, create_user, dbshell, logging, migrate, output, schema, seed,
    select::{TenantArgs, UsageError},
    serve, tenant,
};
use crate::{
    config::{self, settings::ignore_empty_variables},
    tenancy::Catalog,
};

const EXAMPLES: &str = "\
Examples:
  polls serve --demo                         try it: makes and fills what is missing
  polls migrate up                           all tenants
  polls tenant create loki --name Loki
  polls create-superuser --tenant thor
  polls --tenant thor dbshell                the same as: polls dbshell --tenant thor

There is no default tenant: a command for one tenant wants --tenant.
Exit code: 0 when everything asked for was done, 1 when not, 2 for a wrong command line.";

/// GraphQL polls in which every tenant has a database of its own.
#[derive(Debug, Parser)]
#[command(name = "polls", version, about, after_help = EXAMPLES, max_term_width = 100)]
pub(super) struct Cli {
    /// The tenants and their databases; relative SQLite paths in it are relative to it
    #[arg(
        long,
        global = true,
        env = "POLLS_CONFIG",
        value_name = "FILE",
        default_value = "tenants.yaml"
    )]
    config: PathBuf,

    #[command(flatten)]
    tenant: TenantArgs,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Migrate(migrate::Migrate),
    Tenant(tenant::TenantCommand),
    CreateSuperuser(create_user::CreateSuperuser),
    CreateUser(create_user::CreateUser),
    Dbshell(dbshell::Dbshell),
    Seed(seed::Seed),
    Schema(schema::Schema),
    Check(check::Check),
}

/// How a command ended that did not break off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Everything asked for was done.
    Done,
    /// Something was not, and the command has said what.
    WithFailures,
}

impl Ended {
    pub fn from_failures(failures: usize) -> Self {
        if failures == 0 { Self::Done } else { Self::WithFailures }
    }
}

/// What every command gets.
pub(super) struct Invocation {
    /// `--config`.
    pub config: PathBuf,
    /// `--tenant` before the command.
    pub tenant: TenantArgs,
}

impl Invocation {
    pub fn catalog(&self) -> anyhow::Result<Catalog> {
        let hint = "name the file with --config FILE or POLLS_CONFIG";
        config::load(&self.config).map_err(|error| match error {
            config::CatalogError::Unreadable { .. } => anyhow::anyhow!("{error}; {hint}"),
            config::CatalogError::Invalid(_) => error.into(),
        })
    }
}

/// Parses the command line, runs the command and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let matches = ignore_empty_variables(Cli::command()).get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    match run(cli) {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::WithFailures) => ExitCode::from(1),
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(&format!("error: {error:#}"));
            ExitCode::from(if error.is::<UsageError>() { 2 } else { 1 })
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<Ended> {
    let invocation = Invocation { config: cli.config, tenant: cli.tenant };
    match &cli.command {
        Command::Serve(serve) => logging::init(&serve.settings.logs)?,
        _ => logging::init_quiet()?,
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime does not start")?;
    runtime.block_on(async {
        match cli.command {
            Command::Serve(command) => command.run(&invocation).await,
            Command::Migrate(command) => command.run(&invocation).await,
            Command::Tenant(command) => command.run(&invocation).await,
            Command::CreateSuperuser(command) => command.run(&invocation).await,
            Command::CreateUser(command) => command.run(&invocation).await,
            Command::Dbshell(command) => command.run(&invocation),
            Command::Seed(command) => command.run(&invocation).await,
            Command::Schema(command) => command.run(&invocation),
            Command::Check(command) => command.run(&invocation).await,
        }
    })
}
