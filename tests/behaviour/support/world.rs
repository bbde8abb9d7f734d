//! A folder with a `tenants.yaml`, and the databases that it names.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::ConnectionTrait;
use tempfile::TempDir;

use super::{Engine, Server, wait::ended};

/// How a tenant of the test may be named by a request, as in the shipped `tenants.yaml`.
const RESOLVE: &str = r#"resolve:
  - header: X-Tenant
  - host: "{tenant}.localhost"
  - host: "{tenant}.polls.local"
"#;

/// One user made by `polls seed`.
#[derive(Clone, Debug)]
pub struct Seeded {
    pub name: String,
    pub token: String,
}

/// What a command said and how it ended.
#[derive(Debug)]
pub struct Output {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    #[track_caller]
    pub fn failed(self) -> Self {
        assert!(matches!(self.code, Some(1 | 2)), "{self:#?}");
        self
    }

    pub fn all(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}

impl From<std::process::Output> for Output {
    fn from(output: std::process::Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// What a world is made of, before it exists.
pub struct Builder {
    engine: Engine,
    defaults: String,
    tenants: Vec<(String, String)>,
    migrated: bool,
}

impl Builder {
    /// A line of YAML under `defaults:`.
    pub fn default(mut self, line: &str) -> Self {
        writeln!(self.defaults, "  {line}").unwrap();
        self
    }

    /// A tenant with lines of YAML of its own.
    pub fn tenant(mut self, key: &str, lines: &[&str]) -> Self {
        let lines = lines.iter().map(|line| format!("    {line}\n")).collect();
        self.tenants.retain(|(known, _)| known != key);
        self.tenants.push((key.to_owned(), lines));
        self
    }

    /// Leaves the databases empty.
    pub fn unmigrated(mut self) -> Self {
        self.migrated = false;
        self
    }

    pub async fn build(self) -> World {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let world = World {
            engine: self.engine,
            folder: tempfile::Builder::new().prefix("polls-test-").tempdir().unwrap(),
            unique: format!("polls_test_{}_{count}", std::process::id()),
            databases: Mutex::default(),
        };
        let mut yaml = RESOLVE.to_owned();
        let template = self.engine.template(&world.unique);
        write!(yaml, "defaults:\n  database: \"{template}\"\n{}", self.defaults).unwrap();
        yaml.push_str("tenants:\n");
        for (key, lines) in &self.tenants {
            writeln!(yaml, "  {key}:").unwrap();
            if !lines.contains("name:") {
                let (first, rest) = key.split_at(1);
                writeln!(yaml, "    name: {}{rest}", first.to_uppercase()).unwrap();
            }
            yaml.push_str(lines);
            world.create_database(key).await;
        }
        world.write_config(&yaml);
        if self.migrated {
            world.polls(&["migrate", "up"]).ok();
        }
        world
    }
}

/// The folder, the file and the databases; all of them go when it does.
pub struct World {
    pub engine: Engine,
    folder: TempDir,
    unique: String,
    databases: Mutex<Vec<String>>,
}

impl World {
    /// Two tenants, `thor` and `potter`, migrated and empty.
    pub async fn new(engine: Engine) -> Self {
        Self::builder(engine).build().await
    }

    pub fn builder(engine: Engine) -> Builder {
        let builder =
            Builder { engine, defaults: String::new(), tenants: Vec::new(), migrated: true };
        builder.tenant("thor", &[]).tenant("potter", &[])
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn config(&self) -> PathBuf {
        self.folder().join("tenants.yaml")
    }

    pub fn read_config(&self) -> String {
        std::fs::read_to_string(self.config()).unwrap()
    }

    /// Replaces the file in one step, so that a running server never reads half of it.
    pub fn write_config(&self, yaml: &str) {
        let next = self.folder().join("tenants.yaml.next");
        std::fs::write(&next, yaml).unwrap();
        std::fs::rename(next, self.config()).unwrap();
    }

    /// The SQLite file of a tenant.
    pub fn file(&self, tenant: &str) -> PathBuf {
        self.folder().join("data").join(format!("{tenant}.db"))
    }

    /// The address of a tenant's database.
    pub fn url(&self, tenant: &str) -> String {
        self.engine.url(self.folder(), &self.unique, tenant)
    }

    /// Makes the empty database that a tenant of this name would have.
    pub async fn create_database(&self, tenant: &str) {
        let name = format!("{}_{tenant}", self.unique);
        self.engine.create(self.folder(), &name).await;
        self.databases.lock().unwrap().push(name);
    }

    /// Has a database removed in the end that a command will make.
    pub fn expect_database(&self, tenant: &str) {
        self.databases.lock().unwrap().push(format!("{}_{tenant}", self.unique));
    }

    /// Runs SQL in a tenant's database, past the product.
    pub async fn sql(&self, tenant: &str, sql: &str) {
        let connection = Engine::connect(&self.url(tenant)).await;
        connection.execute_unprepared(sql).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Copies the users of one tenant, with their tokens, to another that has none.
    pub async fn copy_users(&self, from: &str, to: &str) {
        let database = |tenant| format!("{}_{tenant}", self.unique);
        self.engine.copy(&database(from), &database(to), &["user", "auth_token"]).await;
    }

    /// The command, ready to run with this world's configuration and no setting of the caller's.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_polls"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("POLLS_")) {
            command.env_remove(name);
        }
        command.env_remove("RUST_LOG").current_dir(self.folder()).stdin(Stdio::null());
        command.args(args).arg("--config").arg(self.config());
        command
    }

    /// Runs a command to its end.
    pub fn polls(&self, args: &[&str]) -> Output {
        Self::run(&mut self.command(args))
    }

    /// Runs one that was made ready to its end.
    pub fn run(command: &mut Command) -> Output {
        ended(begun(command)).into()
    }

    /// Starts commands at once and waits for all.
    pub fn polls_at_once(&self, runs: &[&[&str]]) -> Vec<Output> {
        let running: Vec<_> = runs.iter().map(|args| begun(&mut self.command(args))).collect();
        running.into_iter().map(|child| ended(child).into()).collect()
    }

    /// Users without a password, and their tokens.
    pub fn users(&self, tenant: &str, count: usize) -> Vec<Seeded> {
        self.seed(tenant, count, &["--polls", "0", "--choices", "2", "--votes", "0"])
    }

    /// Runs `polls seed` and reads back the tokens that it wrote.
    pub fn seed(&self, tenant: &str, users: usize, rest: &[&str]) -> Vec<Seeded> {
        let tokens = self.folder().join(format!("{tenant}.tokens"));
        let users = users.to_string();
        let mut args = vec!["seed", "--tenant", tenant, "--users", &users];
        args.extend(rest);
        args.extend(["--with-tokens", tokens.to_str().unwrap()]);
        self.polls(&args).ok();
        let read = |line: &str| {
            let (name, token) = line.split_once(' ').unwrap();
            Seeded { name: name.to_owned(), token: token.to_owned() }
        };
        std::fs::read_to_string(tokens).unwrap().lines().map(read).collect()
    }

    /// Makes a superuser, who then has to log in.
    pub fn superuser(&self, tenant: &str, name: &str, password: &str) {
        let mut command = self.command(&["create-superuser", "--tenant", tenant]);
        command.env("POLLS_SUPERUSER_USERNAME", name);
        command.env("POLLS_SUPERUSER_EMAIL", format!("{name}@example.com"));
        command.env("POLLS_SUPERUSER_PASSWORD", password);
        Self::run(&mut command).ok();
    }

    /// Starts the server on a port of its own and waits until it listens.
    pub async fn serve(&self) -> Server {
        self.serve_with(&[]).await
    }

    pub async fn serve_with(&self, args: &[&str]) -> Server {
        Server::start(self.command(&["serve"]), args).await
    }
}

fn begun(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

impl Drop for World {
    fn drop(&mut self) {
        let engine = self.engine;
        let names = std::mem::take(&mut *self.databases.lock().unwrap());
        if engine == Engine::Sqlite {
            return;
        }
        // A runtime of its own: the test's may be going down, and cannot be blocked on here.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(engine.drop_all(&names));
        });
        let dropped = dropping.join();
        assert!(dropped.is_ok() || std::thread::panicking(), "databases were left behind");
    }
}
