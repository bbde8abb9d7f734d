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
    let text = [of_tenants(&state), of_results(&state)].concat();
    let headers = [
        (header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, text).into_response()
}

fn of_tenants(state: &AppState) -> String {
    let figures = state.registry.figures();
    [
        gauge("databases_open", "Tenants whose databases are open.", figures.open),
        gauge("operations_running", "Queries and mutations that run.", figures.running),
        gauge("operations_waiting", "Those that wait in their tenant's line.", figures.waiting),
        gauge("streams_open", "Sockets and event streams.", state.streams.count()),
    ]
    .concat()
}

fn of_results(state: &AppState) -> String {
    let figures = state.results.figures();
    let counter = |name: &str, help: &str, value: u64| {
        line(&format!("result_cache_{name}"), help, "counter", value)
    };
    let gauge =
        |name: &str, help: &str, value: usize| gauge(&format!("result_cache_{name}"), help, value);
    [
        counter("hits_total", "Answers taken from the result cache.", figures.hits),
        counter("misses_total", "Answers to queries that had to be computed.", figures.misses),
        counter("evictions_total", "Answers pushed out to make room.", figures.evictions),
        gauge("bytes", "Bytes held by answers, their keys included.", figures.bytes),
        gauge("entries", "Answers held.", figures.entries),
        gauge("capacity_bytes", "Bytes that may be held; 0 when off.", figures.capacity),
    ]
    .concat()
}

fn gauge(name: &str, help: &str, value: usize) -> String {
    line(name, help, "gauge", u64::try_from(value).unwrap_or(u64::MAX))
}

fn line(name: &str, help: &str, kind: &str, value: u64) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "# HELP polls_{name} {help}\n# TYPE polls_{name} {kind}\npolls_{name} {value}"
    );
    text
}
