//! Moments as SQLite holds them: text.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

/// How sqlx writes a moment without a zone; what it wrote is read, and the other way round.
pub(super) const MOMENT: &str = "%F %T%.f";

/// The fixed form is read directly; all else that sqlx accepts by chrono.
pub(super) fn parse(text: &str) -> Option<NaiveDateTime> {
    fixed(text.as_bytes())
        .or_else(|| NaiveDateTime::parse_from_str(text, MOMENT).ok())
        .or_else(|| NaiveDateTime::parse_from_str(text, "%FT%T%.f").ok())
        .or_else(|| NaiveDateTime::parse_from_str(text, "%FT%T%.fZ").ok())
        .or_else(|| NaiveDateTime::parse_from_str(text, "%F %R").ok())
        .or_else(|| NaiveDateTime::parse_from_str(text, "%FT%R").ok())
}

/// `2026-11-23 10:15:30`, with or without a fraction of three, six or nine digits.
fn fixed(text: &[u8]) -> Option<NaiveDateTime> {
    let digits = |range: std::ops::Range<usize>| {
        text.get(range)?.iter().try_fold(0_u32, |number, byte| {
            byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'))
        })
    };
    let separated = text.get(4) == Some(&b'-')
        && text.get(7) == Some(&b'-')
        && text.get(10) == Some(&b' ')
        && text.get(13) == Some(&b':')
        && text.get(16) == Some(&b':');
    if !separated {
        return None;
    }
    let nanoseconds = match text.len() {
        19 => 0,
        length @ (23 | 26 | 29) if text[19] == b'.' => {
            digits(20..length)? * 10_u32.pow(29 - u32::try_from(length).ok()?)
        }
        _ => return None,
    };
    let year = i32::try_from(digits(0..4)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, digits(5..7)?, digits(8..10)?)?;
    let (hour, minute, second) = (digits(11..13)?, digits(14..16)?, digits(17..19)?);
    Some(date.and_time(NaiveTime::from_hms_nano_opt(hour, minute, second, nanoseconds)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_moment_comes_back_as_it_was_written(micros in -62_135_596_800_000_000_i64..253_402_300_799_999_999) {
            let moment = chrono::DateTime::from_timestamp_micros(micros).unwrap().naive_utc();
            let text = moment.format(MOMENT).to_string();
            prop_assert_eq!(fixed(text.as_bytes()), Some(moment));
            prop_assert_eq!(NaiveDateTime::parse_from_str(&text, MOMENT).unwrap(), moment);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }
    }
}
