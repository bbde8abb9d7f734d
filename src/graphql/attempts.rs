//! How often people may register, and how often their signing in may fail.
//!
//! Failures are counted for the name that was given, whether anybody has it or not, and for the
//! address they came from; each tenant has its own counts. Success is not counted.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

use super::{
    context::RequestContext,
    error::{ApiError, ApiResult},
    rate::RateLimiter,
};
use crate::{
    service::{self, Failure, text},
    tenancy::{LimitName, TenantKey},
};

/// How often a minute, where nothing else is said for the tenant.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// Registrations of one address.
    pub registrations: u32,
    /// Failed sign-ins of one name.
    pub failed_logins_per_user: u32,
    /// Failed sign-ins of one address.
    pub failed_logins_per_address: u32,
}

type ByAddress = RateLimiter<(TenantKey, IpAddr)>;

/// Counts attempts.
#[derive(Debug)]
pub struct Attempts {
    rates: Rates,
    registrations: ByAddress,
    users: RateLimiter<(TenantKey, Arc<str>)>,
    addresses: ByAddress,
}

/// A sign-in that may be tried.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    attempts: &'a Attempts,
    user: ((TenantKey, Arc<str>), u32),
    address: ((TenantKey, IpAddr), u32),
}

impl Attempts {
    /// With nothing counted yet.
    #[must_use]
    pub fn new(rates: Rates) -> Self {
        Self {
            rates,
            registrations: RateLimiter::default(),
            users: RateLimiter::default(),
            addresses: RateLimiter::default(),
        }
    }

    /// Counts a registration.
    ///
    /// # Errors
    /// `RATE_LIMITED`.
    pub(super) fn register(&self, request: &RequestContext) -> ApiResult<()> {
        let name = LimitName::RegistrationsPerMinute;
        let rate = request.tenant.limits.get(name).unwrap_or(self.rates.registrations);
        self.registrations
            .take(&by_address(request), rate)
            .map_err(|wait| refusal(name, rate, wait))
    }

    /// Lets somebody try a password for that name.
    ///
    /// # Errors
    /// `RATE_LIMITED` where too many have failed.
    pub(super) fn sign_in(&self, request: &RequestContext, name: &str) -> ApiResult<Attempt<'_>> {
        let rate = |name, of_all| request.tenant.limits.get(name).unwrap_or(of_all);
        let of_user = LimitName::FailedLoginsPerUser;
        let of_address = LimitName::FailedLoginsPerAddress;
        let user = (
            (request.tenant.key.clone(), comparable(name)),
            rate(of_user, self.rates.failed_logins_per_user),
        );
        let address = (by_address(request), rate(of_address, self.rates.failed_logins_per_address));
        let refused = |name, rate| move |wait| refusal(name, rate, wait);
        self.users.check(&user.0, user.1).map_err(refused(of_user, user.1))?;
        self.addresses.check(&address.0, address.1).map_err(refused(of_address, address.1))?;
        Ok(Attempt { attempts: self, user, address })
    }
}

impl Attempt<'_> {
    /// Counts the attempt if the password did not fit.
    pub(super) fn note<T>(&self, result: &Result<T, Failure>) {
        let Err(Failure::Refused(refusal)) = result else { return };
        let wrong = service::Code::InvalidCredentials;
        if refusal.violations.iter().any(|violation| violation.code == wrong) {
            self.attempts.users.charge(&self.user.0, self.user.1);
            self.attempts.addresses.charge(&self.address.0, self.address.1);
        }
    }
}

fn refusal(name: LimitName, rate: u32, wait: Duration) -> ApiError {
    let max = usize::try_from(rate).unwrap_or(usize::MAX);
    ApiError::rate_limited(name.as_str(), max, wait.as_secs())
}

fn by_address(request: &RequestContext) -> (TenantKey, IpAddr) {
    (request.tenant.key.clone(), network(request.caller.address))
}

/// What one caller holds: an address, or with IPv6 the network of 64 bits that one is given.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

/// The name as accounts are found by it, and no longer than any can be.
fn comparable(name: &str) -> Arc<str> {
    let start: String = name.trim().chars().take(text::MAX_USERNAME).collect();
    text::fold(&start).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_moves_within_a_network_is_still_the_same() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:127.0.0.1"), network("127.0.0.1"));
        assert_ne!(network("127.0.0.1"), network("127.0.0.2"));
    }

    #[test]
    fn a_name_is_one_however_it_is_written() {
        assert_eq!(comparable(" ALICE "), comparable("alice"));
        assert_eq!(comparable(&"x".repeat(1_000_000)).len(), text::MAX_USERNAME);
    }
}
