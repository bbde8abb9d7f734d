//! Between what numbers each limit may be set, by flag, by variable or in `tenants.yaml`.

use std::ops::RangeInclusive;

use crate::tenancy::LimitName;

pub(super) const QUERY_BYTES: RangeInclusive<i64> = 1_024..=16 * 1024 * 1024;
pub(super) const TOKENS: RangeInclusive<i64> = 100..=1_000_000;
/// The parser calls itself once a bracket, on a stack of 2 MiB.
pub(super) const NESTING: RangeInclusive<i64> = 10..=500;
pub(super) const FIELDS: RangeInclusive<i64> = 10..=100_000;
/// No deeper than the schema executes.
pub(super) const DEPTH: RangeInclusive<i64> = 1..=64;
pub(super) const ALIASES: RangeInclusive<i64> = 0..=100_000;
pub(super) const DIRECTIVES: RangeInclusive<i64> = 0..=100_000;
pub(super) const COMPLEXITY: RangeInclusive<i64> = 10..=100_000_000;
pub(super) const BODY_BYTES: RangeInclusive<i64> = 1_024..=64 * 1024 * 1024;
pub(super) const REQUEST_SECONDS: RangeInclusive<i64> = 1..=3_600;
pub(super) const CONCURRENT_OPERATIONS: RangeInclusive<i64> = 1..=100_000;
pub(super) const QUEUED_OPERATIONS: RangeInclusive<i64> = 0..=100_000;
pub(super) const PER_MINUTE: RangeInclusive<i64> = 1..=1_000_000;

/// The range of a limit.
pub(super) const fn of(name: LimitName) -> RangeInclusive<i64> {
    match name {
        LimitName::QueryBytes => QUERY_BYTES,
        LimitName::Tokens => TOKENS,
        LimitName::Nesting => NESTING,
        LimitName::Fields => FIELDS,
        LimitName::Depth => DEPTH,
        LimitName::Aliases => ALIASES,
        LimitName::Directives => DIRECTIVES,
        LimitName::Complexity => COMPLEXITY,
        LimitName::BodyBytes => BODY_BYTES,
        LimitName::RequestSeconds => REQUEST_SECONDS,
        LimitName::ConcurrentOperations => CONCURRENT_OPERATIONS,
        LimitName::QueuedOperations => QUEUED_OPERATIONS,
        LimitName::FailedLoginsPerUser
        | LimitName::FailedLoginsPerAddress
        | LimitName::RegistrationsPerMinute => PER_MINUTE,
    }
}
