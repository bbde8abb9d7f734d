//! Pages: what a browser is shown, and what it may do. Chromium's own tests are in `web/e2e`.

use reqwest::Response;

use crate::support::{Engine, Server, World};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn open(server: &Server, host: &str, path: &str) -> Response {
    let request = server.http.get(server.url(path)).header("accept", BROWSER);
    request.header("host", host).send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn every_page_is_held_to_a_strict_policy() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    for host in ["thor.localhost", "localhost", "nobody.localhost"] {
        for path in ["/", "/sign-in", "/polls/new", "/admin/people", "/graphql"] {
            let page = open(&server, host, path).await;
            assert!(header(&page, "content-type").starts_with("text/html"), "{host}{path}");
            let policy = header(&page, "content-security-policy");
            assert!(policy.starts_with("default-src 'none'"), "{host}{path}: {policy}");
            assert!(!policy.contains("unsafe") && !policy.contains('*'), "{host}{path}: {policy}");
            assert!(policy.contains("frame-ancestors 'none'"), "{host}{path}: {policy}");
            assert_eq!(header(&page, "x-content-type-options"), "nosniff");
            assert_eq!(header(&page, "referrer-policy"), "no-referrer");
            let text = page.text().await.unwrap();
            assert!(!text.contains("://") || text.contains("http://name.localhost"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_page_is_for_a_tenant_and_names_no_other() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    for (host, status) in [("thor.localhost", 200), ("localhost", 400), ("nobody.localhost", 404)] {
        for path in ["/", "/graphql"] {
            let page = open(&server, host, path).await;
            assert_eq!(page.status(), status, "{host}{path}");
            let text = page.text().await.unwrap().to_lowercase();
            assert!(!text.contains("potter") && !text.contains("thor"), "{text}");
        }
    }
    // A host and a header that disagree are as wrong for a page as for the API.
    let request = server.http.get(server.url("/")).header("accept", BROWSER);
    let page = request.header("host", "thor.localhost").header("x-tenant", "potter").send().await;
    assert_eq!(page.unwrap().status(), 400);
}

#[tokio::test]
async fn assets_are_had_by_their_names_only() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    for path in
        ["/assets/", "/assets/none.js", "/assets/..%2findex.html", "/assets/%2e%2e/Cargo.toml"]
    {
        assert_eq!(open(&server, "localhost", path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn a_known_page_is_not_sent_again() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    let page = open(&server, "thor.localhost", "/").await;
    let etag = header(&page, "etag").to_owned();
    // A program without pages shows one of its own, which is not to be kept.
    if etag.is_empty() {
        assert_eq!(header(&page, "cache-control"), "no-store");
        assert!(page.text().await.unwrap().contains("make web"));
        return;
    }
    let request = server.http.get(server.url("/")).header("host", "thor.localhost");
    let again = request.header("if-none-match", etag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    assert_eq!(header(&again, "cache-control"), "no-cache");
}
