//! `polls seed`

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use tempfile::NamedTempFile;

use super::{
    Ended, Invocation,
    create_user::explain,
    output, progress,
    select::{Named, TenantArgs, usage},
};
use crate::{
    fleet::{
        in_scope_of,
        seed::{self, Plan, SeededToken},
    },
    service::Failure,
};

/// How many people vote on each poll where nothing is said and there are so many.
const DEFAULT_VOTES: u32 = 40;

const EXAMPLES: &str = "\
Examples:
  polls seed --tenant thor --users 100 --polls 50 --choices 4 --votes 40
  polls seed --tenant thor --users 5000 --polls 0 --with-tokens tokens.txt

On every poll the first --votes users vote. Users are called user1, user2 … and have no password
that works. Running it again adds a batch of its own: its users go on numbering, and only they make
and vote on its polls. All of a batch is stored, or nothing.";

/// Fill a tenant's database with users, polls and votes, the same for the same numbers
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Seed {
    #[command(flatten)]
    tenant: TenantArgs,

    /// How many users to make
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    users: u32,

    /// How many polls to make
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    polls: u32,

    /// How many choices each poll has, 2 to 50
    #[arg(long, value_name = "COUNT", default_value_t = 4)]
    choices: u32,

    /// How many users vote on each poll [default: 40, or all users if they are fewer]
    #[arg(long, value_name = "COUNT")]
    votes: Option<u32>,

    /// Give every user a token for 30 days, and write "username token" a line to this file, in the
    /// order of the users. The file is for you alone to read
    #[arg(long, value_name = "FILE")]
    with_tokens: Option<PathBuf>,
}

impl Seed {
    pub async fn run(&self, invocation: &Invocation) -> anyhow::Result<Ended> {
        let catalog = invocation.catalog()?;
        let tenant = Named::new(&invocation.tenant, &self.tenant).one(&catalog)?;
        let plan = Plan {
            users: self.users,
            polls: self.polls,
            choices: self.choices,
            votes: self.votes.unwrap_or(DEFAULT_VOTES.min(self.users)),
            tokens: self.with_tokens.is_some(),
        };
        plan.check().map_err(|error| usage(&error.to_string()))?;
        let file = self.with_tokens.as_deref().map(TokenFile::new).transpose()?;
        let bar = progress::bar(plan.rows(), "rows");
        let advance = |rows| bar.inc(rows);
        let seeding = seed::run(&plan, &advance, |seeded| match &file {
            Some(file) => file.write(&seeded.tokens),
            None => Ok(()),
        });
        let seeded = in_scope_of(&tenant, seeding).await?.map_err(explain)?;
        bar.finish_and_clear();
        if let Some(file) = file {
            file.keep()?;
        }
        let Plan { polls, votes, .. } = plan;
        let users = match seeded.users {
            Some((first, last)) => format!("users user{first} to user{last}"),
            None => "no users".to_owned(),
        };
        let votes = u64::from(votes) * u64::from(polls);
        output::print(&format!("{}: made {users}, {polls} polls, {votes} votes", tenant.key))?;
        Ok(Ended::Done)
    }
}

/// Written beside its place before anything is committed, and put there afterwards, so that it
/// never lists users that do not exist.
struct TokenFile {
    temporary: NamedTempFile,
    path: PathBuf,
}

impl TokenFile {
    fn new(path: &Path) -> anyhow::Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let temporary = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
            .with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self { temporary, path: path.to_owned() })
    }

    fn write(&self, tokens: &[SeededToken]) -> Result<(), Failure> {
        let write = || {
            let mut out = std::io::BufWriter::new(self.temporary.as_file());
            for SeededToken { username, secret } in tokens {
                writeln!(out, "{username} {secret}")?;
            }
            out.flush()?;
            self.temporary.as_file().sync_all()
        };
        write().map_err(|error| Failure::Broken(format!("the tokens were not written: {error}")))
    }

    fn keep(self) -> anyhow::Result<()> {
        let shown = self.path.display().to_string();
        self.temporary
            .persist(&self.path)
            .with_context(|| format!("the users are made, but {shown} was not written"))?;
        Ok(())
    }
}
