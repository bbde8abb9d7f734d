//! From a request's headers to the tenant that it names.
//!
//! Every strategy looks at every request and nothing is ranked: two different answers are an
//! error, and so is none.

use std::sync::Arc;

use http::{HeaderMap, Uri, header};

use super::{Catalog, ResolveError, Strategy, Tenant};

const X_FORWARDED_HOST: &str = "x-forwarded-host";

/// The tenant that a request names.
///
/// The authority of an absolute-form target and HTTP/2's `:authority` (both in `uri`) stand for
/// `Host` (RFC 9112, section 3.2.2; RFC 9113, section 8.3.1).
///
/// # Errors
/// [`ResolveError`] where the request names none, more than one, or one that does not exist.
pub fn resolve<'c>(
    catalog: &'c Catalog,
    headers: &HeaderMap,
    uri: &Uri,
) -> Result<&'c Arc<Tenant>, ResolveError> {
    resolve_with(catalog, headers, uri, &[])
}

/// The same where the client may have named the tenant elsewhere too: those names count like
/// headers.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_with<'c>(
    catalog: &'c Catalog,
    headers: &HeaderMap,
    uri: &Uri,
    others: &[&str],
) -> Result<&'c Arc<Tenant>, ResolveError> {
    let mut found: Option<String> = None;
    let mut name = |key: String| match &found {
        Some(other) if *other != key => Err(ResolveError::Conflict),
        _ => {
            found = Some(key);
            Ok(())
        }
    };
    let host = request_host(catalog, headers, uri)?;
    if let Some(key) = host.as_deref().and_then(|host| catalog.hosts.get(host)) {
        name(key.as_str().to_owned())?;
    }
    for strategy in &catalog.strategies {
        match strategy {
            Strategy::Header(header) => {
                if let Some(key) = header_key(headers, header)? {
                    name(key)?;
                }
            }
            Strategy::HostSuffix(suffix) => {
                if let Some(label) = host.as_deref().and_then(|host| label_before(host, suffix)) {
                    name(label.to_owned())?;
                }
            }
        }
    }
    for other in others {
        name((*other).to_owned())?;
    }
    let key = found.ok_or(ResolveError::Required)?;
    catalog.get(&key).ok_or(ResolveError::NotFound)
}

/// The value of a header that may stand in a request once. A value that is no text, or no key,
/// names a tenant that does not exist; a list names more than one.
fn header_key(
    headers: &HeaderMap,
    name: &http::HeaderName,
) -> Result<Option<String>, ResolveError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let key = String::from_utf8_lossy(value.as_bytes()).trim().to_owned();
    if values.next().is_some() || key.contains(',') {
        return Err(ResolveError::Conflict);
    }
    Ok(Some(key))
}

/// The host that a request is for: lower case, without port and trailing dot.
///
/// # Errors
/// [`ResolveError::Conflict`] for more than one.
pub fn request_host(
    catalog: &Catalog,
    headers: &HeaderMap,
    uri: &Uri,
) -> Result<Option<String>, ResolveError> {
    if catalog.trust_proxy
        && let Some(host) = single(headers, X_FORWARDED_HOST)?
    {
        return Ok(Some(normalize_host(&host)));
    }
    if let Some(authority) = uri.authority() {
        return Ok(Some(normalize_host(authority.as_str())));
    }
    Ok(single(headers, header::HOST.as_str())?.map(|host| normalize_host(&host)))
}

fn single(headers: &HeaderMap, name: &str) -> Result<Option<String>, ResolveError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
    if values.next().is_some() || text.contains(',') {
        return Err(ResolveError::Conflict);
    }
    Ok(Some(text))
}

/// The tenants that a host names by itself, as [`resolve()`] would have them.
pub fn tenants_of_host<'c>(
    catalog: &'c Catalog,
    host: &'c str,
) -> impl Iterator<Item = &'c Arc<Tenant>> {
    let listed = catalog.hosts.get(host).and_then(|key| catalog.get(key.as_str()));
    let named = catalog.strategies.iter().filter_map(move |strategy| match strategy {
        Strategy::HostSuffix(suffix) => catalog.get(label_before(host, suffix)?),
        Strategy::Header(_) => None,
    });
    listed.into_iter().chain(named)
}

/// A host as the catalog compares it: lower case, without port and trailing dot.
#[must_use]
pub fn normalize_host(host: &str) -> String {
    let host = host.trim();
    let without_port = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') && port.bytes().all(|b| b.is_ascii_digit()) => {
            name
        }
        _ => host,
    };
    without_port.strip_suffix('.').unwrap_or(without_port).to_ascii_lowercase()
}

/// The single label in front of the suffix, if that is all there is.
fn label_before<'h>(host: &'h str, suffix: &str) -> Option<&'h str> {
    host.strip_suffix(suffix).filter(|label| !label.is_empty() && !label.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_compare_without_port_dot_and_case() {
        for host in
            ["Thor.localhost", "thor.localhost:8000", "THOR.LOCALHOST.", "thor.localhost.:80"]
        {
            assert_eq!(normalize_host(host), "thor.localhost", "{host}");
        }
        assert_eq!(normalize_host("[::1]:8000"), "[::1]");
        assert_eq!(normalize_host("[::1]"), "[::1]");
    }

    #[test]
    fn a_pattern_takes_exactly_one_label() {
        assert_eq!(label_before("thor.localhost", ".localhost"), Some("thor"));
        assert_eq!(label_before("a.thor.localhost", ".localhost"), None);
        assert_eq!(label_before(".localhost", ".localhost"), None);
        assert_eq!(label_before("localhost", ".localhost"), None);
    }
}
