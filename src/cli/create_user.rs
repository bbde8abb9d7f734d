//! `polls create-superuser` and `polls create-user`

use std::io::{IsTerminal, Write, stderr, stdin};

use anyhow::{Context, bail};
use chrono::TimeDelta;
use clap::Args;

use super::{
    Ended, Invocation, output,
    select::{Named, TenantArgs},
};
use crate::{
    config::process_variables,
    entity::user::Role,
    fleet::in_scope_of,
    service::{
        Failure,
        account::{Accounts, NewUser},
        password::Passwords,
    },
};

const SUPERUSER_EXAMPLES: &str = "\
Examples:
  polls create-superuser --tenant thor
  POLLS_SUPERUSER_USERNAME=odin POLLS_SUPERUSER_PASSWORD=… polls create-superuser --tenant thor

What the environment does not give is asked for at the terminal:
  POLLS_SUPERUSER_USERNAME, POLLS_SUPERUSER_EMAIL (may be left out), POLLS_SUPERUSER_PASSWORD";

const USER_EXAMPLES: &str = "\
Examples:
  polls create-user --tenant thor
  POLLS_USER_USERNAME=loki POLLS_USER_PASSWORD=… polls create-user --tenant thor

What the environment does not give is asked for at the terminal:
  POLLS_USER_USERNAME, POLLS_USER_EMAIL (may be left out), POLLS_USER_PASSWORD";

/// Make a superuser of a tenant: may change all its polls and people
#[derive(Debug, Args)]
#[command(after_help = SUPERUSER_EXAMPLES)]
pub(super) struct CreateSuperuser {
    #[command(flatten)]
    tenant: TenantArgs,
}

/// Make a user of a tenant, also where registration is closed
#[derive(Debug, Args)]
#[command(after_help = USER_EXAMPLES)]
pub(super) struct CreateUser {
    #[command(flatten)]
    tenant: TenantArgs,
}

impl CreateSuperuser {
    pub async fn run(&self, invocation: &Invocation) -> anyhow::Result<Ended> {
        create(invocation, &self.tenant, Role::Superuser, "POLLS_SUPERUSER").await
    }
}

impl CreateUser {
    pub async fn run(&self, invocation: &Invocation) -> anyhow::Result<Ended> {
        create(invocation, &self.tenant, Role::User, "POLLS_USER").await
    }
}

async fn create(
    invocation: &Invocation,
    tenant: &TenantArgs,
    role: Role,
    prefix: &str,
) -> anyhow::Result<Ended> {
    let catalog = invocation.catalog()?;
    let tenant = Named::new(&invocation.tenant, tenant).one(&catalog)?;
    // Before anything is asked: whether there is a database to put the answers in.
    let made = in_scope_of(&tenant, async {
        let new = ask(role, prefix)?;
        let accounts = Accounts { passwords: Passwords::new(1), token_lifetime: TimeDelta::zero() };
        accounts.create(new).await.map_err(explain)
    });
    let user = made.await??;
    let what = if role == Role::Superuser { "superuser" } else { "user" };
    output::print(&format!("{}: made {what} {}", tenant.key, user.username))?;
    Ok(Ended::Done)
}

fn ask(role: Role, prefix: &str) -> anyhow::Result<NewUser> {
    let variable = |name: &str| format!("{prefix}_{name}");
    let given = |name: &str| process_variables(&variable(name));
    let interactive = stdin().is_terminal();
    let missing = |name: &str| {
        anyhow::anyhow!("{} is not set, and there is no terminal to ask at", variable(name))
    };
    let username = match given("USERNAME") {
        Some(username) => username,
        None if interactive => line("Username: ")?,
        None => return Err(missing("USERNAME")),
    };
    let email = match given("EMAIL") {
        Some(email) => Some(email),
        None if interactive => Some(line("E-mail (may stay empty): ")?),
        None => None,
    };
    let password = match given("PASSWORD") {
        Some(password) => password,
        None if interactive => new_password()?,
        None => return Err(missing("PASSWORD")),
    };
    Ok(NewUser { username, email, password, role })
}

fn line(prompt: &str) -> anyhow::Result<String> {
    let mut out = stderr().lock();
    out.write_all(prompt.as_bytes())?;
    out.flush()?;
    let mut line = String::new();
    if stdin().read_line(&mut line)? == 0 {
        bail!("the input ended");
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn new_password() -> anyhow::Result<String> {
    loop {
        let password = rpassword::prompt_password("Password: ").context("no password was read")?;
        let again = rpassword::prompt_password("Password (again): ")?;
        if password == again {
            return Ok(password);
        }
        output::note("The two differ; once more.");
    }
}

/// A use case's failure in words for whoever typed the command.
pub(super) fn explain(failure: Failure) -> anyhow::Error {
    let Failure::Refused(refusal) = failure else { return failure.into() };
    let reasons = refusal.violations.iter().map(|violation| {
        let field = violation.field.join(".");
        if field.is_empty() {
            violation.message.clone()
        } else {
            format!("{field}: {}", violation.message)
        }
    });
    anyhow::anyhow!(reasons.collect::<Vec<_>>().join("\n"))
}
