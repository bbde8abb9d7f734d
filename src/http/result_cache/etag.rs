//! Entity tags and conditional requests (RFC 9110, section 13) for queries sent with GET.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};

use super::encoded::Encoded;
use crate::tenancy::{Catalog, Strategy};

/// Gives an answer without errors its entity tag; to a client that has it already, says so and no
/// more. Its own cache may keep the answer but has to ask each time.
pub(in crate::http) fn conditional(
    request: &HeaderMap,
    catalog: &Catalog,
    mut response: Response,
) -> Response {
    let encoded = response.extensions().get::<Encoded>();
    let Some(etag) = encoded.and_then(Encoded::etag).cloned() else { return response };
    let etag = if request.contains_key(header::ACCEPT_ENCODING) { weak(&etag) } else { etag };
    if is_known(request, &etag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.append(header::VARY, HeaderValue::from_static("Accept, Authorization"));
    for strategy in &catalog.strategies {
        if let Strategy::Header(name) = strategy {
            headers.append(header::VARY, HeaderValue::from(name.clone()));
        }
    }
    response
}

/// The same tag for an answer that may be compressed on its way, whose bytes are then others.
fn weak(etag: &HeaderValue) -> HeaderValue {
    let text = [b"W/", etag.as_bytes()].concat();
    HeaderValue::from_bytes(&text).unwrap_or_else(|_| etag.clone())
}

/// Whether `If-None-Match` names the tag; weak and strong ones compare alike there.
fn is_known(request: &HeaderMap, etag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let own = opaque(etag.to_str().unwrap_or_default());
    request.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        let listed = value.to_str().unwrap_or_default();
        // The tags here have no comma in them.
        listed.trim() == "*" || listed.split(',').any(|tag| opaque(tag) == own)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_tag_is_known_weak_or_strong() {
        let etag = HeaderValue::from_static("\"ab\"");
        for (sent, known) in [
            ("\"ab\"", true),
            ("W/\"ab\"", true),
            ("\"x\", W/\"ab\"", true),
            ("*", true),
            ("\"a\"", false),
            ("ab", false),
            ("", false),
        ] {
            let sent_header = HeaderValue::from_static(sent);
            let request = HeaderMap::from_iter([(header::IF_NONE_MATCH, sent_header)]);
            assert_eq!(is_known(&request, &etag), known, "{sent}");
            assert_eq!(is_known(&request, &weak(&etag)), known, "{sent}");
        }
        assert!(!is_known(&HeaderMap::new(), &etag));
    }
}
