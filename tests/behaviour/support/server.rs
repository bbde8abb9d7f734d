//! The running binary.

use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};

use serde_json::Value;

use super::log::{Log, LogLine, field};
use super::{Caller, wait};

/// `polls serve`; killed when dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub log: Log,
    pub http: reqwest::Client,
}

impl Server {
    pub async fn start(mut command: Command, args: &[&str]) -> Self {
        command.args(["--listen", "127.0.0.1:0", "--log-format", "json"]);
        if !args.contains(&"--connections-per-server") {
            // The tests share one server; its own limit is near.
            command.args(["--connections-per-server", "20"]);
        }
        command.args(args).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = Log::follow(child.stderr.take().unwrap());
        let listening = log.wait_for(|line| is(line, "listening"));
        let address = listening.as_ref().and_then(|line| field(&line.json, "address"));
        let Some(address) = address.and_then(Value::as_str) else {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("the server does not say where it listens:\n{}", log.text());
        };
        let address = address.parse().unwrap();
        Self { child, address, log, http: client() }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Someone without a token.
    pub fn anyone(&self, tenant: &str) -> Caller {
        Caller::new(self, tenant, None)
    }

    /// The owner of a token.
    pub fn caller(&self, tenant: &str, token: &str) -> Caller {
        Caller::new(self, tenant, Some(token))
    }

    /// Logs in for a token.
    pub async fn login(&self, tenant: &str, username: &str, password: &str) -> Caller {
        let input = serde_json::json!({ "username": username, "password": password });
        let payload = self.anyone(tenant).done("login", input, "token").await;
        self.caller(tenant, payload["token"].as_str().unwrap())
    }

    /// One of the figures for those who watch the process.
    pub async fn figure(&self, name: &str) -> u64 {
        let text = self.http.get(self.url("/metrics")).send().await.unwrap().text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    }

    /// The log line of one GraphQL request.
    pub fn request_line(&self, id: &str) -> Value {
        let counted = |line: &LogLine| {
            let same = field(&line.json, "request_id").and_then(Value::as_str) == Some(id);
            same && field(&line.json, "statements").is_some()
        };
        let line = self.log.wait_for(counted);
        line.unwrap_or_else(|| panic!("no line for request {id}:\n{}", self.log.text())).json
    }

    /// `kill -9`: nothing is flushed, nobody is told.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// `kill -TERM`.
    pub fn terminate(&self) {
        wait::signal("TERM", self.child.id());
    }

    pub async fn ended(&mut self) -> ExitStatus {
        wait::eventually("the server has ended", || {
            std::future::ready(self.child.try_wait().unwrap().is_some())
        })
        .await;
        self.child.wait().unwrap()
    }
}

fn is(line: &LogLine, message: &str) -> bool {
    field(&line.json, "message").and_then(Value::as_str) == Some(message)
}

/// Connections are kept, hosts are never looked up and proxies never asked.
fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().read_timeout(2 * wait::PATIENCE).build().unwrap()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let lines = self.log.lines();
            for line in &lines[lines.len().saturating_sub(40)..] {
                eprintln!("server: {}", line.text);
            }
        }
    }
}
