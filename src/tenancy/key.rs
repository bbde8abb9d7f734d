//! The name of a tenant.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use thiserror::Error;

/// The name of a tenant: a lower-case DNS label (RFC 1123, section 2.1; RFC 1035, section 2.3.1),
/// 1 to 63 characters of `a-z`, `0-9` and `-`, neither starting nor ending with `-`. It never
/// changes in the life of a tenant, so it may stand in file names, ids and host names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantKey(Arc<str>);

/// Why a text is not a [`TenantKey`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "a tenant key is a lower-case DNS label: 1 to 63 characters of a-z, 0-9 and '-', with no '-' at either end"
)]
pub struct InvalidKey;

impl TenantKey {
    /// The longest key, in characters.
    pub const MAX_LEN: usize = 63;

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a text is a key.
    #[must_use]
    pub fn is_valid(text: &str) -> bool {
        !text.is_empty()
            && text.len() <= Self::MAX_LEN
            && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && !text.starts_with('-')
            && !text.ends_with('-')
    }
}

impl FromStr for TenantKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        if Self::is_valid(text) { Ok(Self(text.into())) } else { Err(InvalidKey) }
    }
}

impl Borrow<str> for TenantKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TenantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TenantKey({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_keys() {
        for good in ["thor", "a", "a-1", "0", &"x".repeat(63)] {
            assert!(TenantKey::is_valid(good), "{good}");
        }
    }

    #[test]
    fn other_texts_are_not() {
        let long = "x".repeat(64);
        for bad in ["", "Thor", "-a", "a-", "a_b", "a.b", "../x", "é", "a b", "a\0", &long] {
            assert!(!TenantKey::is_valid(bad), "{bad:?}");
        }
    }
}
