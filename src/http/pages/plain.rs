//! Pages of this program's own, where there is no built one to show. They load nothing.

use std::sync::LazyLock;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use super::{policy, site::Page};
use crate::tenancy::ResolveError;

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:1.0625rem/1.6 system-ui,sans-serif;max-width:38rem;margin:12vh auto;padding:0 1.25rem}\
h1{font-size:1.6rem;line-height:1.25}\
pre{padding:.8rem 1rem;border:1px solid;border-radius:.5rem;overflow:auto}";

/// The page's one style is named by its hash, so that no other can come in.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or(policy::ASSET)
});

/// Why no tenant's page is shown. It names no tenant: who they are is nobody else's business.
pub(super) fn no_tenant(error: &ResolveError) -> Response {
    let (status, title, text) = match error {
        ResolveError::Required => (
            StatusCode::BAD_REQUEST,
            "Which tenant?",
            "<p>Each tenant has its pages at a host name of its own, and this address names \
             none. Open the address that you were given.</p>\
             <p>On the machine where this runs, that is the tenant's name before \
             <code>localhost</code>, as in:</p>\
             <pre>http://name.localhost:8000/</pre>",
        ),
        ResolveError::Conflict => (
            StatusCode::BAD_REQUEST,
            "Which tenant?",
            "<p>The request names more than one tenant. Name one.</p>",
        ),
        ResolveError::NotFound => (
            StatusCode::NOT_FOUND,
            "No such tenant",
            "<p>There is no tenant of that name here. Check the address.</p>",
        ),
    };
    page(status, title, text)
}

/// How to get the pages that this program was built without.
pub(super) fn not_built(page_asked: Page) -> Response {
    let title = match page_asked {
        Page::App => "The pages are not built in",
        Page::Graphiql => "GraphiQL is not built in",
    };
    page(
        StatusCode::OK,
        title,
        "<p>The GraphQL endpoint, <code>/graphql</code>, works. This program was built without \
         the app and GraphiQL. With Node.js and npm at hand, build them and then the program:</p>\
         <pre>make web\ncargo build --release</pre>",
    )
}

fn page(status: StatusCode, title: &str, text: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} · polls</title><link rel=\"icon\" href=\"data:,\">\
         <style>{STYLE}</style></head><body><main><h1>{title}</h1>{text}</main></body></html>"
    );
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    policy::apply(headers, POLICY.clone());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(response: Response) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_program_without_pages_says_how_to_build_them_and_loads_nothing() {
        for page in [Page::App, Page::Graphiql] {
            let response = not_built(page);
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY].clone();
            assert!(policy.to_str().unwrap().starts_with("default-src 'none'; style-src 'sha256-"));
            let text = text(response).await;
            assert!(text.contains("make web"), "{text}");
            for outside in ["src=", "<script", "@import", "url(", "//"] {
                assert!(!text.contains(outside), "{outside}: {text}");
            }
        }
    }
}
