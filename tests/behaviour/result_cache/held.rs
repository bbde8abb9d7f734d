//! How much is kept, where, for how many, and what a client keeps itself.

use serde_json::json;

use super::asking::{PAGE, figure, kept, kept_again, mark, marked, thor_with_a_poll};
use crate::support::{Answer, Engine, World, eventually, on_each_server};

on_each_server!(servers_keep_no_answers,);

#[tokio::test]
async fn a_repeated_query_sends_no_statement() {
    let (_world, server, thor, _) = thor_with_a_poll().await;
    let known = kept(&server, &thor, PAGE).await;
    assert_eq!(known.at("/polls/totalCount"), 1);
    assert_eq!(known.status, 200);
    assert_eq!(
        known.header("content-type"),
        Some("application/graphql-response+json; charset=utf-8")
    );
    assert_eq!(known.header("cache-control"), Some("no-store"));
    for query in ["{ __schema { types { name } } }", "{ tenant { name } }", "{ viewer { id } }"] {
        kept(&server, &thor, query).await;
    }
    assert!(figure(&server, "hits_total").await >= 4);
    assert!(figure(&server, "misses_total").await >= 4);
    assert_eq!(figure(&server, "capacity_bytes").await, 64 << 20);
    assert_eq!(figure(&server, "entries").await, 4);
}

#[tokio::test]
async fn it_can_be_off() {
    let world = World::builder(Engine::Sqlite)
        .default("result_cache: off")
        .tenant("potter", &["result_cache: on"])
        .build()
        .await;
    let server = world.serve().await;
    for _ in 0..2 {
        assert_eq!(marked(&server, &server.anyone("thor"), PAGE).await.0, "off");
    }
    kept(&server, &server.anyone("potter"), PAGE).await;
    let server = world.serve_with(&["--result-cache", "off"]).await;
    for _ in 0..2 {
        let answer = server.anyone("potter").ask(PAGE).await;
        let (cache, statements) = mark(&server, &answer);
        assert_eq!(cache, "off");
        assert!(statements > 0);
    }
    assert_eq!(figure(&server, "capacity_bytes").await, 0);
    let told = world.polls(&["serve", "--result-cache", "64MB"]).failed();
    assert!(told.stderr.contains("64MiB"), "{told:#?}");
}

async fn servers_keep_no_answers(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve().await;
    for _ in 0..2 {
        let answer = server.anyone("thor").ask(PAGE).await;
        let (cache, statements) = mark(&server, &answer);
        assert_eq!(cache, "off");
        assert!(statements > 0);
    }
}

#[tokio::test]
async fn a_closed_database_leaves_nothing_behind() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve_with(&["--idle-close-seconds", "1"]).await;
    let thor = server.anyone("thor");
    kept(&server, &thor, PAGE).await;
    assert!(figure(&server, "bytes").await > 0);
    eventually("it has closed", async || figure(&server, "entries").await == 0).await;
    assert_eq!(figure(&server, "bytes").await, 0);
    let names = world.seed("thor", 1, &["--polls", "3", "--choices", "2", "--votes", "1"]);
    assert_eq!(names.len(), 1);
    let (cache, answer) = marked(&server, &thor, PAGE).await;
    assert_eq!((cache.as_str(), answer.at("/polls/totalCount")), ("miss", &json!(3)));
}

#[tokio::test]
async fn a_flood_of_one_tenant_pushes_out_its_own() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve_with(&["--result-cache", "64KiB"]).await;
    let (thor, potter) = (server.anyone("thor"), server.anyone("potter"));
    kept(&server, &potter, PAGE).await;
    for number in 0..300 {
        let query = format!("{{ flood{number}: tenant {{ key name registrationOpen }} }}");
        assert_eq!(marked(&server, &thor, &query).await.0, "miss");
        let bytes = figure(&server, "bytes").await;
        assert!(bytes <= 64 << 10, "{bytes} bytes are held");
    }
    assert!(figure(&server, "evictions_total").await > 100);
    assert!(figure(&server, "bytes").await > 32 << 10, "room is left unused");
    kept_again(&server, &potter, PAGE).await;
}

#[tokio::test]
async fn a_crowd_computes_once() {
    const CROWD: usize = 48;
    let world = World::new(Engine::Sqlite).await;
    let users = world.seed("thor", 20, &["--polls", "100", "--choices", "4", "--votes", "5"]);
    let server = world.serve().await;
    let query = "{ polls(first: 100) { nodes { question createdBy { username } \
        choices { choiceText voteCount } } } }";
    let thor = server.caller("thor", &users[0].token);
    thor.ask("{ tenant { key } }").await.data();
    let before = figure(&server, "misses_total").await;
    let crowd = futures::future::join_all((0..CROWD).map(|_| thor.ask(query))).await;
    for answer in &crowd {
        answer.data();
        assert_eq!(answer.text, crowd[0].text);
    }
    // A checkpoint of the log may begin a new state in between.
    let computed = figure(&server, "misses_total").await - before;
    assert!((1..=3).contains(&computed), "computed {computed} times");
}

#[tokio::test]
async fn those_who_leave_hold_up_nobody() {
    let world = World::new(Engine::Sqlite).await;
    let users = world.seed("thor", 20, &["--polls", "100", "--choices", "4", "--votes", "5"]);
    let server = world.serve().await;
    let thor = server.caller("thor", &users[0].token);
    for round in 0..20 {
        let query = format!(
            "{{ polls(first: {}) {{ nodes {{ question choices {{ choiceText }} }} }} }}",
            80 + round
        );
        let body = json!({ "query": query, "variables": {} });
        // Gives up at once, whoever it leads.
        let leaving = thor.post().json(&body).timeout(std::time::Duration::from_millis(round));
        let staying = futures::future::join_all((0..4).map(|_| thor.ask(&query)));
        let (_, stayed) = tokio::join!(leaving.send(), staying);
        for answer in stayed {
            assert_eq!(answer.at("/polls/nodes").as_array().unwrap().len() as u64, 80 + round);
        }
    }
}

#[tokio::test]
async fn a_query_with_get_has_a_tag() {
    let (_world, server, thor, poll) = thor_with_a_poll().await;
    let get = |known: Option<&str>, encoding: bool| {
        let url =
            server.url("/graphql?query=%7Bpolls%7Bnodes%7Bid%20question%20totalVotes%7D%7D%7D");
        let mut request = server.http.get(url).header("x-tenant", "thor");
        if let Some(known) = known {
            request = request.header("if-none-match", known);
        }
        if encoding {
            request = request.header("accept-encoding", "gzip");
        }
        async { Answer::read(request.send().await.unwrap()).await }
    };
    let first = get(None, false).await;
    let tag = first.header("etag").unwrap().to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    assert_eq!(first.header("cache-control"), Some("private, no-cache"));
    let vary: Vec<_> = first.headers.get_all("vary").iter().map(|v| v.to_str().unwrap()).collect();
    let vary = vary.join(", ").to_ascii_lowercase();
    for header in ["accept", "authorization", "x-tenant"] {
        assert!(vary.split(", ").any(|name| name == header), "{vary}");
    }
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let answer = get(Some(&known), false).await;
        assert_eq!((answer.status, answer.text.as_str()), (304, ""), "{known}");
        assert_eq!(answer.header("etag"), Some(tag.as_str()));
        assert_eq!(mark(&server, &answer), ("hit".to_owned(), 0));
    }
    let weak = get(Some(&tag), true).await;
    assert_eq!((weak.status, weak.header("etag")), (304, Some(format!("W/{tag}").as_str())));
    assert_eq!(get(Some("\"x\""), false).await.text, first.text);

    thor.vote(&poll.choices[0]).await;
    let changed = get(Some(&tag), false).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
    assert_eq!(changed.at("/polls/nodes/0/totalVotes"), 1);
    // The tag is of the answer, so it comes back with it, whoever computed it.
    thor.done("retractVote", json!({ "pollId": poll.id }), "").await;
    assert_eq!(get(Some(&tag), false).await.status, 304);
    // Errors and what is sent with POST have none.
    let failed =
        server.http.get(server.url("/graphql?query=%7Bnope%7D")).header("x-tenant", "thor");
    let failed = Answer::read(failed.send().await.unwrap()).await;
    assert_eq!((failed.header("etag"), failed.header("cache-control")), (None, Some("no-store")));
    assert_eq!(thor.ask(PAGE).await.header("etag"), None);
}
