//! Floors for the comparison: what is left when there is no GraphQL, only HTTP and SQLite.
//!
//! - `POST /fixed/graphql` answers with a fixed text, the one that `polls` would answer
//! - `POST /data/graphql` answers from the tenant's file: prepared statements, JSON by hand
//!
//! Which operation it is, is told by words in the query: `castVote`, `polls(`, else one poll.

mod answers;
mod databases;

use std::sync::OnceLock;

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
    serve::ListenerExt,
};
use serde::Deserialize;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow)]
    query: std::borrow::Cow<'a, str>,
    #[serde(default)]
    variables: Variables,
}

#[derive(Deserialize, Default)]
struct Variables {
    id: Option<i64>,
    c: Option<i64>,
    u: Option<i64>,
}

/// The fixed texts: of a list, and of one poll.
static FIXED: OnceLock<(Bytes, Bytes)> = OnceLock::new();

/// `t0007` of `t0007.polls.local`.
fn tenant(headers: &HeaderMap) -> Option<&str> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let name = host.split('.').next()?;
    let digits = name.strip_prefix('t')?;
    (digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(name)
}

fn answer(headers: &HeaderMap, body: &Bytes) -> Outcome<String> {
    let tenant = tenant(headers).ok_or("no such tenant")?;
    let Call { query, variables } = serde_json::from_slice(body)?;
    if query.contains("castVote") {
        let choice = variables.c.ok_or("c is missing")?;
        let user = variables.u.ok_or("u is missing")?;
        let writer = databases::writer(tenant)?;
        let connection = writer.lock().map_err(|_| "a writer panicked")?;
        answers::cast_vote(&connection, choice, user)
    } else if query.contains("polls(") {
        databases::with_reader(tenant, |connection| answers::list(connection, 20))
    } else {
        let id = variables.id.ok_or("id is missing")?;
        databases::with_reader(tenant, |connection| answers::one(connection, id))
    }
}

async fn data(headers: HeaderMap, body: Bytes) -> Response {
    match answer(&headers, &body) {
        Ok(text) => json(StatusCode::OK, text.into()),
        Err(error) => {
            let errors = serde_json::json!({"errors": [{"message": error.to_string()}]});
            json(StatusCode::BAD_REQUEST, errors.to_string().into())
        }
    }
}

async fn fixed(body: Bytes) -> Response {
    let is_list = body.windows(6).any(|window| window == b"polls(");
    match FIXED.get() {
        Some((list, _)) if is_list => json(StatusCode::OK, list.clone()),
        Some((_, one)) => json(StatusCode::OK, one.clone()),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn json(status: StatusCode, text: Bytes) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: floor PORT LIST.json ONE.json";
    let port: u16 = arguments.next().ok_or(usage)?.parse()?;
    let mut text =
        || -> Outcome<Bytes> { Ok(std::fs::read(arguments.next().ok_or(usage)?)?.into()) };
    let _ = FIXED.set((text()?, text()?));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let routes =
            Router::new().route("/fixed/graphql", post(fixed)).route("/data/graphql", post(data));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, routes).await?;
        Ok(())
    })
}
