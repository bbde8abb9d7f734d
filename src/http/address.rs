//! The address that a request is counted by.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

use crate::tenancy::Catalog;

/// The peer's, or what the nearest proxy saw if proxies are trusted.
pub(super) fn client_address(catalog: &Catalog, headers: &HeaderMap, peer: SocketAddr) -> IpAddr {
    if !catalog.trust_proxy {
        return peer.ip();
    }
    headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.rsplit(',').next())
        .and_then(|address| address.trim().parse().ok())
        .unwrap_or_else(|| peer.ip())
}
