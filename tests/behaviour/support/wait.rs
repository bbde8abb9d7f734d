//! Waiting for what the product does on its own time, such as reading a changed file.

use std::time::{Duration, Instant};

/// Asks again and again until the answer is yes; fails, saying what was awaited, when it stays no.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut ask: impl FnMut() -> F) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !ask().await {
        assert!(Instant::now() < deadline, "not within 30 seconds: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
