//! The server's standard error, read as it comes.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use serde_json::Value;

use super::wait::PATIENCE;

/// One line of `--log-format json`; `Null` where the line was not JSON.
#[derive(Clone, Debug)]
pub struct LogLine {
    pub text: String,
    pub json: Value,
}

#[derive(Clone, Default)]
pub struct Log(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    lines: Vec<LogLine>,
    ended: bool,
}

impl Log {
    /// Reads the pipe on a thread of its own until the process closes it.
    pub fn follow(pipe: impl Read + Send + 'static) -> Self {
        let log = Self::default();
        let writer = log.clone();
        std::thread::spawn(move || {
            for text in BufReader::new(pipe).lines().map_while(Result::ok) {
                let json = serde_json::from_str(&text).unwrap_or(Value::Null);
                writer.update(|state| state.lines.push(LogLine { text, json }));
            }
            writer.update(|state| state.ended = true);
        });
        log
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
    }

    /// The first line for which `wanted` holds, waiting for it; none if the process ended or
    /// patience did before there was one.
    pub fn wait_for(&self, wanted: impl Fn(&LogLine) -> bool) -> Option<LogLine> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.0.0.lock().unwrap();
        let mut seen = 0;
        loop {
            if let Some(line) = state.lines[seen..].iter().find(|line| wanted(line)) {
                return Some(line.clone());
            }
            seen = state.lines.len();
            let left = deadline.checked_duration_since(Instant::now())?;
            if state.ended {
                return None;
            }
            state = self.0.1.wait_timeout(state, left).unwrap().0;
        }
    }

    pub fn lines(&self) -> Vec<LogLine> {
        self.0.0.lock().unwrap().lines.clone()
    }

    pub fn text(&self) -> String {
        let lines = self.lines();
        let texts: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
        texts.join("\n")
    }
}

/// A field of a log line, at its top or among the event's fields.
pub fn field<'a>(line: &'a Value, name: &str) -> Option<&'a Value> {
    line.get(name)
        .or_else(|| line.get("fields").and_then(|fields| fields.get(name)))
        .or_else(|| line.get("span").and_then(|span| span.get(name)))
}
