//! The body of an answer without errors, as it is sent and kept.

use std::sync::{Arc, OnceLock};

use axum::{body::Bytes, http::HeaderValue};
use sha2::{Digest, Sha256};

/// An encoded answer. Those who send it share its bytes.
#[derive(Debug, Clone)]
pub(in crate::http) struct Encoded(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bytes: Bytes,
    etag: OnceLock<Option<HeaderValue>>,
}

impl Encoded {
    pub(in crate::http) fn new(mut bytes: Vec<u8>) -> Self {
        // So that what is counted is what is held.
        bytes.shrink_to_fit();
        Self(Arc::new(Inner { bytes: bytes.into(), etag: OnceLock::new() }))
    }

    pub(in crate::http) fn bytes(&self) -> Bytes {
        self.0.bytes.clone()
    }

    pub(super) fn len(&self) -> usize {
        self.0.bytes.len()
    }

    /// The strong entity tag of these bytes (RFC 9110, section 8.8.3); computed once.
    pub(super) fn etag(&self) -> Option<&HeaderValue> {
        let make = || {
            let digest = Sha256::digest(&self.0.bytes);
            let hex: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
            HeaderValue::from_str(&format!("\"{hex}\"")).ok()
        };
        self.0.etag.get_or_init(make).as_ref()
    }
}
