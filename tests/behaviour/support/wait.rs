//! Waiting for what the product does on its own time, such as reading a changed file, and never
//! for ever: a test that waits in vain fails, and is named.

use std::path::PathBuf;
use std::pin::pin;
use std::process::{Child, Command, Output};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use tokio::time::timeout;

/// How long anything may take that a test waits for.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again and again until the answer is yes; fails, saying what was awaited, when it stays no
/// or does not come.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut ask: impl FnMut() -> F) {
    let asking = async {
        while !ask().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(timeout(PATIENCE, asking).await.is_ok(), "not within {PATIENCE:?}: {what}");
}

/// The whole of a test.
pub async fn in_time(test: impl Future<Output = ()>) {
    // Pinned here: when it is dropped, there is a panic already, and the servers' words are shown.
    let mut test = pin!(test);
    assert!(timeout(10 * PATIENCE, test.as_mut()).await.is_ok(), "the test does not end");
}

/// What a process said when it ended. One that does not end is killed, and the test's output shows
/// what its threads were at.
pub fn ended(child: Child) -> Output {
    let id = child.id();
    let (has_ended, ending) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        let waited = ending.recv_timeout(4 * PATIENCE);
        (waited == Err(RecvTimeoutError::Timeout)).then(|| {
            let threads = threads(id);
            // It may just have ended after all.
            send("KILL", id);
            threads
        })
    });
    let output = child.wait_with_output().unwrap();
    drop(has_ended);
    if let Some(threads) = watch.join().unwrap() {
        eprintln!("it did not end, and was killed; its threads: {threads}");
    }
    output
}

/// Name, state (R runs, S sleeps) and place in the kernel of each thread of a process.
fn threads(process: u32) -> String {
    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap_or_default();
    let thread = |folder: PathBuf| {
        let stat = read(folder.join("stat"));
        let (_, state) = stat.rsplit_once(") ").unwrap_or_default();
        let name = read(folder.join("comm"));
        format!("{} {:.1} {}", name.trim_end(), state, read(folder.join("wchan")))
    };
    let folders = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten();
    folders.flatten().map(|folder| thread(folder.path())).collect::<Vec<_>>().join(", ")
}

/// Sends a signal to a process, which must be there.
pub fn signal(name: &str, process: u32) {
    assert!(send(name, process), "there is no process {process}");
}

fn send(signal: &str, process: u32) -> bool {
    let kill = format!("kill -{signal} {process}");
    Command::new("sh").args(["-c", &kill]).status().unwrap().success()
}
