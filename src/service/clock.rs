//! The time as the databases keep it: UTC, to the microsecond.

use chrono::{DateTime, Datelike, NaiveDateTime, Utc};

/// Now.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one clock")]
pub fn now() -> NaiveDateTime {
    truncate(Utc::now()).unwrap_or_default()
}

/// A moment as the databases keep it, or nothing if it lies outside the years 1 to 9999 in UTC.
/// A leap second becomes the second after it.
#[must_use]
pub fn truncate(moment: DateTime<Utc>) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(moment.timestamp_micros())
        .map(|moment| moment.naive_utc())
        .filter(|moment| (1..=9999).contains(&moment.year()))
}
