//! The time as the databases keep it: UTC, to the microsecond.
//!
//! Answers may be kept for as long as they hold, so whoever looks at the clock leaves a note in
//! the scope: [`has_come`] until when its answer holds, [`now`] that what was made of it holds for
//! no other moment.

use chrono::{DateTime, Datelike, NaiveDateTime, Utc};

use crate::tenancy::{Holds, Scope};

/// Now.
#[must_use]
pub fn now() -> NaiveDateTime {
    Scope::note(Holds::only_now);
    look()
}

/// Whether a moment is now or past. One to come ends what is made of the answer.
#[must_use]
pub fn has_come(moment: NaiveDateTime) -> bool {
    let come = moment <= look();
    if !come {
        holds_until(moment);
    }
    come
}

/// Now, for somebody who says with [`holds_until`] how long what is made of it holds.
#[must_use]
pub fn bare_now() -> NaiveDateTime {
    look()
}

/// Notes that what was found holds before that moment; at it, it may not.
pub fn holds_until(moment: NaiveDateTime) {
    Scope::note(|holds| holds.only_until(micros(moment)));
}

/// Whether anybody reads the notes.
#[must_use]
pub fn is_noted() -> bool {
    let mut noted = false;
    Scope::note(|_| noted = true);
    noted
}

/// A moment in microseconds since 1970, as notes in the scope have it.
#[must_use]
pub fn micros(moment: NaiveDateTime) -> i64 {
    moment.and_utc().timestamp_micros()
}

#[expect(clippy::disallowed_methods, reason = "the one clock")]
fn look() -> NaiveDateTime {
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
