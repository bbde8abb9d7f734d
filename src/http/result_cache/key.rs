//! What tells one request from another, down to the last byte.

use axum::http::Method;
use sha2::{Digest, Sha256};

use crate::http::accept::MediaType;

/// Requests with more bytes than this are not looked for.
const MAX_RAW: usize = 16 * 1024;

/// Everything of a request that its answer depends on, but for the tenant, its settings and its
/// rows: two requests with the same key ask the same, for the same viewer, in the same form. It is
/// compared whole. None where nothing is kept.
///
/// A token belongs to one viewer, and whose it is stands in the tenant's rows. Its hash stands
/// for it, as in the database.
pub(super) fn key(
    method: &Method,
    media_type: MediaType,
    token: Option<&str>,
    raw: &[u8],
) -> Option<Vec<u8>> {
    if raw.len() > MAX_RAW {
        return None;
    }
    let tag = match *method {
        Method::GET => b'G',
        Method::POST => b'P',
        _ => return None,
    };
    let form = media_type.content_type().as_bytes();
    let mut key = Vec::with_capacity(3 + form.len() + 32 + raw.len());
    key.push(tag);
    // Each part has its length before it or a fixed one, so no two run into each other.
    key.push(u8::try_from(form.len()).ok()?);
    key.extend_from_slice(form);
    match token {
        None => key.push(0),
        Some(token) => {
            key.push(1);
            key.extend_from_slice(&Sha256::digest(token.as_bytes()));
        }
    }
    key.extend_from_slice(raw);
    Some(key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts() -> impl Strategy<Value = (bool, bool, Option<String>, Vec<u8>)> {
        let token = proptest::option::of("[ab]{0,2}");
        (any::<bool>(), any::<bool>(), token, proptest::collection::vec(0_u8..3, 0..40))
    }

    fn made((get, json, token, raw): &(bool, bool, Option<String>, Vec<u8>)) -> Vec<u8> {
        let method = if *get { Method::GET } else { Method::POST };
        let form = if *json { MediaType::Json } else { MediaType::GraphqlResponse };
        key(&method, form, token.as_deref(), raw).unwrap()
    }

    proptest! {
        #[test]
        fn only_the_same_request_has_the_same_key(one in parts(), other in parts()) {
            prop_assert_eq!(made(&one) == made(&other), one == other);
        }
    }

    #[test]
    fn long_requests_have_none() {
        let key = |length| key(&Method::POST, MediaType::Json, None, &vec![b'a'; length]);
        assert!(key(MAX_RAW).is_some());
        assert!(key(MAX_RAW + 1).is_none());
    }
}
