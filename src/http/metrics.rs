//! Figures for those who watch the process, in Prometheus's text format. None names a tenant.

use std::fmt::Write as _;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use super::state::AppState;

/// All figures.
pub(super) async fn metrics(State(state): State<AppState>) -> Response {
    let figures = state.results.figures();
    let counter = |name: &str, help: &str, value: u64| line(name, help, "counter", value);
    let gauge = |name: &str, help: &str, value: usize| {
        line(name, help, "gauge", u64::try_from(value).unwrap_or(u64::MAX))
    };
    let text = [
        counter("hits_total", "Answers taken from the result cache.", figures.hits),
        counter("misses_total", "Answers to queries that had to be computed.", figures.misses),
        counter("evictions_total", "Answers pushed out to make room.", figures.evictions),
        gauge("bytes", "Bytes held by answers, their keys included.", figures.bytes),
        gauge("entries", "Answers held.", figures.entries),
        gauge("capacity_bytes", "Bytes that may be held; 0 when off.", figures.capacity),
    ]
    .concat();
    let headers = [
        (header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, text).into_response()
}

fn line(name: &str, help: &str, kind: &str, value: u64) -> String {
    let name = format!("polls_result_cache_{name}");
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    text
}
