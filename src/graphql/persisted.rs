//! Documents that are named instead of sent: trusted documents from a tenant's manifest, and
//! automatic persisted queries, which clients register themselves (Apollo's protocol).

use std::sync::Arc;

use quick_cache::{Weighter, sync::Cache};
use sha2::{Digest, Sha256};

use super::{
    document::cache,
    error::{ApiError, Code},
    parameters::Parameters,
};
use crate::tenancy::{DocumentPolicy, Tenant, TenantKey};

/// The SHA-256 of a text.
pub(super) type Hash = [u8; 32];

/// The texts that clients registered, for each tenant its own, up to a number of bytes.
#[derive(Debug)]
pub(super) struct Registered(Cache<(TenantKey, Hash), Arc<str>, Bytes>);

/// How many bytes of registered texts are kept.
const CAPACITY: u64 = 16 * 1024 * 1024;
/// What an entry takes beside its text, about, in bytes.
const ENTRY: usize = 128;

#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<(TenantKey, Hash), Arc<str>> for Bytes {
    fn weight(&self, _: &(TenantKey, Hash), text: &Arc<str>) -> u64 {
        u64::try_from(text.len().saturating_add(ENTRY)).unwrap_or(u64::MAX)
    }
}

impl Registered {
    pub(super) fn new() -> Self {
        Self(cache(CAPACITY, Bytes))
    }

    /// Keeps a text that proved valid.
    pub(super) fn keep(&self, tenant: &TenantKey, hash: Hash, text: &Arc<str>) {
        self.0.insert((tenant.clone(), hash), Arc::clone(text));
    }
}

/// The document that a request means.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Its text; nothing when the request brings it itself.
    pub text: Option<Arc<str>>,
    /// The hash to register it by.
    pub register: Option<Hash>,
}

/// Finds the document that a request names, or lets it send one.
///
/// # Errors
/// `PERSISTED_QUERY_NOT_FOUND` for an id or a hash of nothing, `PERSISTED_QUERY_NOT_SUPPORTED` for
/// ids at a tenant without a manifest, `FORBIDDEN` for texts of one's own where only trusted ones
/// run, `BAD_USER_INPUT` for a hash that is not the text's.
pub(super) fn find(
    registered: &Registered,
    tenant: &Tenant,
    parameters: &Parameters,
) -> Result<Found, ApiError> {
    match (&parameters.document_id, &parameters.persisted_hash, &parameters.query) {
        (Some(_), Some(_), _) => {
            let message = "Send `documentId` or `extensions.persistedQuery`, not both.";
            Err(ApiError::bad_input(message))
        }
        (Some(_), None, Some(_)) => {
            Err(ApiError::bad_input("Send `query` or `documentId`, not both."))
        }
        (Some(id), None, None) => by_id(tenant, id),
        (None, Some(hash), None) => by_hash(registered, tenant, hash),
        (None, Some(hash), Some(text)) => {
            own_text(tenant, text)?;
            let hash = decode(hash).filter(|hash| *hash == digest(text));
            let message = "`extensions.persistedQuery.sha256Hash` is not the SHA-256 of `query`.";
            let hash = hash.ok_or_else(|| ApiError::bad_input(message))?;
            Ok(Found { text: None, register: Some(hash) })
        }
        (None, None, Some(text)) => {
            own_text(tenant, text)?;
            Ok(Found::default())
        }
        (None, None, None) => Err(ApiError::bad_input("`query` is missing.")),
    }
}

/// Whether the tenant runs a text that a request brings: under `require`, only one of the
/// manifest.
fn own_text(tenant: &Tenant, text: &str) -> Result<(), ApiError> {
    if tenant.documents.policy == DocumentPolicy::Require && !tenant.documents.has_text(text) {
        let message = "Only trusted documents run here; send the `documentId` of one.";
        return Err(ApiError::new(Code::Forbidden, message));
    }
    Ok(())
}

fn by_id(tenant: &Tenant, id: &str) -> Result<Found, ApiError> {
    if tenant.documents.policy == DocumentPolicy::Off {
        let message = "Trusted documents are not served here; send the `query` itself.";
        return Err(ApiError::new(Code::PersistedQueryNotSupported, message));
    }
    tenant.documents.text(id).map(found).ok_or_else(|| {
        let message = "There is no trusted document of that `documentId` here.";
        ApiError::new(Code::PersistedQueryNotFound, message)
    })
}

fn by_hash(registered: &Registered, tenant: &Tenant, hash: &str) -> Result<Found, ApiError> {
    let documents = &tenant.documents;
    if documents.policy != DocumentPolicy::Off
        && let Some(text) = documents.text(hash)
    {
        return Ok(found(text));
    }
    let registered = decode(hash)
        .filter(|_| documents.policy != DocumentPolicy::Require)
        .and_then(|hash| registered.0.get(&(tenant.key.clone(), hash)));
    match registered {
        Some(text) => Ok(Found { text: Some(text), register: None }),
        // The message is part of Apollo's protocol: its clients look for it.
        None => Err(ApiError::new(Code::PersistedQueryNotFound, "PersistedQueryNotFound")),
    }
}

fn found(text: &Arc<str>) -> Found {
    Found { text: Some(Arc::clone(text)), register: None }
}

fn digest(text: &str) -> Hash {
    Sha256::digest(text.as_bytes()).into()
}

/// The hash in 64 hexadecimal digits.
fn decode(text: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    let digits = text.as_bytes();
    if digits.len() != 2 * hash.len() {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |digit: u8| char::from(digit).to_digit(16);
        let value = digit(pair[0])? * 16 + digit(pair[1])?;
        *byte = u8::try_from(value).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_read_as_hexadecimal() {
        let hash = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
        assert_eq!(decode(hash), Some(digest("{__typename}")));
        assert_eq!(decode(&hash.to_uppercase()), Some(digest("{__typename}")));
        for bad in ["", "ec", &hash[1..], &hash.replace('e', "g"), &"é".repeat(32)] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
