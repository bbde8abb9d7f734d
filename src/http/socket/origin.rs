//! Which pages may open a socket without being listed: those of the host that they call. CORS
//! does not hold for sockets, so the server has to look itself (RFC 6455, section 10.2).

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue, Uri, header, uri::Authority};

use crate::tenancy::{Catalog, Tenant, normalize_host, request_host, tenants_of_host};

/// The host that a request is for, and its port if it says one.
pub(super) struct OwnOrigin<'a> {
    catalog: &'a Catalog,
    host: Option<String>,
    port: Option<u16>,
}

/// The origin that pages of the called host have.
pub(super) fn own_origin<'a>(
    catalog: &'a Catalog,
    headers: &HeaderMap,
    uri: &Uri,
) -> OwnOrigin<'a> {
    let host = request_host(catalog, headers, uri).ok().flatten();
    let said = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = uri.authority().cloned().or_else(|| said?.parse().ok());
    // What a proxy says of ports may be its own inner one.
    let port = authority.filter(|_| !catalog.trust_proxy).and_then(|said| said.port_u16());
    OwnOrigin { catalog, host, port }
}

impl OwnOrigin<'_> {
    /// Whether the origin is that of the called host, and the host one of the tenant's own, or of
    /// any if the tenant is not known yet.
    ///
    /// A name that is no tenant's may be anybody's: whoever owns it can have it lead here for
    /// their own page (DNS rebinding). `localhost` and plain addresses are nobody's to point.
    /// Ports are compared where the request says one and no proxy is trusted to stand between.
    pub(super) fn is(&self, origin: &HeaderValue, tenant: Option<&Tenant>) -> bool {
        let Some(host) = self.host.as_deref() else { return false };
        let Some(page) = Page::of(origin) else { return false };
        if page.host != host || self.port.is_some_and(|port| page.port != Some(port)) {
            return false;
        }
        let mut tenants = tenants_of_host(self.catalog, host).peekable();
        if tenants.peek().is_none() {
            return cannot_be_rebound(host);
        }
        tenant.is_none_or(|tenant| tenants.any(|named| named.key == tenant.key))
    }
}

/// Where a page comes from (RFC 6454, section 4).
struct Page {
    host: String,
    port: Option<u16>,
}

impl Page {
    fn of(origin: &HeaderValue) -> Option<Self> {
        let (scheme, authority) = origin.to_str().ok()?.split_once("://")?;
        let authority: Authority = authority.parse().ok()?;
        let usual = match scheme {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        Some(Self { host: of(&authority), port: authority.port_u16().or(usual) })
    }
}

fn of(authority: &Authority) -> String {
    normalize_host(authority.host())
}

fn cannot_be_rebound(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok()
}
