//! What an attacker sends: refused at once, with the name of a limit, and nobody else notices.

use std::fmt::Write as _;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Answer, Connection, Engine, Raw, Server, World, eventually};

/// What a refusal may take in a build without optimisation, next to other tests. The attacks that
/// get through take minutes, or the process.
const SOON: Duration = Duration::from_secs(5);

/// `levels` fragments, each of which spreads the next twice.
fn fragments(levels: usize, last: &str) -> String {
    let mut bomb = "{ ...F0 }".to_owned();
    for level in 0..levels {
        let next = level + 1;
        write!(bomb, " fragment F{level} on Query {{ ...F{next} ...F{next} }}").unwrap();
    }
    bomb + last
}

/// The attack's name, its query, and the limits that may catch it.
fn attacks() -> Vec<(&'static str, String, &'static [&'static str])> {
    let aliases = (0..10_000).fold(String::new(), |mut all, number| {
        write!(all, "a{number}: __typename ").unwrap();
        all
    });
    let size: &[&str] = &["query_bytes", "tokens"];
    vec![
        (
            "a fragment bomb of 30 levels",
            fragments(30, " fragment F30 on Query { __typename }"),
            &["fields"],
        ),
        ("a fragment bomb whose last fragment is missing", fragments(30, ""), &["fields"]),
        ("10,000 aliases", format!("{{ {aliases} }}"), &["query_bytes", "tokens", "aliases"]),
        (
            "10,000 directives",
            format!("{{ __typename {} }}", "@a ".repeat(10_000)),
            &["tokens", "directives"],
        ),
        (
            "10,000 directives with arguments",
            format!("{{ __typename {} }}", "@include(if: true) ".repeat(10_000)),
            size,
        ),
        ("200,000 tokens", format!("{{ {} }}", "a ".repeat(200_000)), size),
        (
            "100,000 nested lists",
            format!("{{ poll(id: {}{}) {{ id }} }}", "[".repeat(100_000), "]".repeat(100_000)),
            &["query_bytes", "tokens", "nesting"],
        ),
        (
            "30,000 lists that never close",
            format!("{{ poll(id: {}", "[".repeat(30_000)),
            &["tokens", "nesting"],
        ),
    ]
}

fn named(answer: &Answer, what: &str, limits: &[&str]) {
    answer.refused("LIMIT_EXCEEDED");
    let extensions = &answer.error()["extensions"];
    let limit = extensions["limit"].as_str().unwrap();
    assert!(limits.contains(&limit), "{what}: {limit}");
    assert!(extensions["max"].is_u64(), "{what}: {answer:#?}");
    assert!(answer.text.len() < 2_000, "{what}: the answer repeats the attack");
}

async fn all_are_refused(server: &Server, rest: &[&str]) {
    for (what, query, limits) in attacks() {
        let start = Instant::now();
        let answer = server.anyone("thor").ask(&query).await;
        assert!(start.elapsed() < SOON, "{what}: {:?}", start.elapsed());
        let limits: Vec<&str> = limits.iter().chain(rest).copied().collect();
        named(&answer, what, &limits);
    }
}

#[tokio::test]
async fn each_attack_is_refused_with_a_named_limit() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    all_are_refused(&server, &[]).await;
    server.anyone("thor").ask("{ tenant { key } }").await.data();
}

/// The limits of texts as loose as they can be set, the attacks go further; the process stays.
#[tokio::test]
async fn each_attack_is_refused_where_texts_may_be_long() {
    let world = World::new(Engine::Sqlite).await;
    let loose =
        ["--max-query-bytes", "16777216", "--max-tokens", "1000000", "--max-nesting", "500"];
    let server = world.serve_with(&loose).await;
    all_are_refused(&server, &["fields", "depth", "aliases", "directives", "nesting"]).await;
    let chain = (0..5_000).fold("{ ...F0 }".to_owned(), |mut chain, at| {
        write!(chain, " fragment F{at} on Query {{ ...F{} }}", at + 1).unwrap();
        chain
    });
    let answer = server.anyone("thor").ask(&chain).await;
    named(&answer, "5,000 fragments one inside the other", &["depth"]);
    let inline = format!("{{ {} a {} }}", "... { ".repeat(490), "} ".repeat(490));
    let answer = server.anyone("thor").ask(&inline).await;
    named(&answer, "490 inline fragments", &["depth"]);
    for (open, close) in [("[", "]"), ("{ a: ", "}")] {
        let value = format!("{}1{}", open.repeat(490), close.repeat(490));
        let answer = server.anyone("thor").ask(&format!("{{ poll(id: {value}) {{ id }} }}")).await;
        assert_eq!(answer.status, 400, "490 of {open}: {answer:#?}");
    }
    server.anyone("thor").ask("{ tenant { key } }").await.data();
}

#[tokio::test]
async fn a_block_string_without_an_end_hides_no_lists() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    let query = format!("{{ poll(id: [\"\"\"x\" {}", "[".repeat(30_000));
    server.anyone("thor").ask(&query).await.refused("GRAPHQL_PARSE_FAILED");
    server.anyone("thor").ask("{ tenant { key } }").await.data();
}

/// A request whose body comes in pieces, its length not told beforehand.
fn chunked(query: &str) -> Vec<u8> {
    let body = json!({ "query": query }).to_string();
    let head = "POST /graphql HTTP/1.1\r\nHost: thor.localhost\r\nConnection: close\r\n\
        Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut request = head.as_bytes().to_vec();
    for piece in body.as_bytes().chunks(16 * 1024) {
        write!(request, "{:x}\r\n", piece.len()).unwrap();
        request.extend_from_slice(piece);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    request
}

#[tokio::test]
async fn five_megabytes_are_413_in_one_piece_and_in_many() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    let query = format!("{{ tenant {{ key }} }} # {}", "x".repeat(5 << 20));
    let whole = Raw::graphql("/graphql", &[("Host", "thor.localhost")], &query);
    for request in [whole, chunked(&query)] {
        let start = Instant::now();
        let (status, text) = Raw::exchange(server.address, &request);
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
        assert_eq!(status, 413, "{text}");
        let body: Value = serde_json::from_str(text.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        let extensions = &body["errors"][0]["extensions"];
        assert_eq!(extensions["code"], "LIMIT_EXCEEDED");
        assert_eq!(extensions["limit"], "body_bytes");
        assert_eq!(extensions["max"], 1 << 20);
    }
    let (status, text) = Raw::exchange(server.address, &chunked("{ tenant { key } }"));
    assert_eq!(status, 200, "{text}");
}

/// Whoever says nothing, or not all of it, or only that it will speak HTTP/2, is hung up on.
#[tokio::test]
async fn a_connection_that_asks_nothing_is_closed() {
    let world = World::new(Engine::Sqlite).await;
    let server =
        world.serve_with(&["--header-timeout-seconds", "1", "--max-connections", "5"]).await;
    // What is said, and how many answers that has.
    let beginnings: [(&[u8], usize); 5] = [
        (b"", 0),
        (b"POST /graphql HTTP/1.1\r\nHost: thor.loc", 0),
        (b"PRI * HTTP/2.0\r\n", 0),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", 0),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nHo", 1),
    ];
    let silent = beginnings.map(|(bytes, answers)| {
        let mut connection = Connection::open(server.address);
        connection.send(bytes);
        (connection, answers)
    });
    // All places are taken; they come free by themselves.
    let thor = server.anyone("thor");
    eventually("there is a place again", async || {
        thor.ask("{ tenant { key } }").await.status == 200
    })
    .await;
    for (mut connection, answers) in silent {
        let received = String::from_utf8_lossy(&connection.read_until(|_| false)).into_owned();
        assert_eq!(received.matches("HTTP/1.1 200").count(), answers, "{received}");
        assert_eq!(received.matches("HTTP/1.1 ").count(), answers, "{received}");
    }
}

/// Nor does it help to say a little more now and then: not before any answer, nor after one.
#[tokio::test]
async fn headers_that_never_end_are_hung_up_on() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve_with(&["--header-timeout-seconds", "1"]).await;
    let whole = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    for before in ["", whole] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        stream.write_all(before.as_bytes()).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: a").unwrap();
        let start = Instant::now();
        // Sooner than one who takes nothing of an answer.
        while start.elapsed() < 2 * SOON {
            match stream.read(&mut [0; 1024]) {
                Ok(0) => break,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
                // An answer, or nothing for now.
                _ => _ = stream.write_all(b"a"),
            }
        }
        assert!(start.elapsed() < 2 * SOON, "after {before:?}");
    }
}
