//! The `DateTime` scalar.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime as Chrono, NaiveDateTime, SecondsFormat, Utc};

use super::in_place::Leaf;
use crate::service::clock;

/// A moment as RFC 3339 writes it. Input takes any offset; answers are UTC with milliseconds,
/// as in `2026-11-23T10:15:30.000Z`. The years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DateTime(pub NaiveDateTime);

/// A moment as RFC 3339 writes it. Input takes any offset; answers are UTC with milliseconds,
/// as in `2026-11-23T10:15:30.000Z`. The years 1 to 9999.
#[Scalar(name = "DateTime", specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        parse(text).map(Self).ok_or_else(|| {
            InputValueError::custom(
                "expected a moment of the years 1 to 9999 such as \"2026-11-23T10:15:30Z\" \
                 (RFC 3339)",
            )
        })
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(text) if parse(text).is_some())
    }

    fn to_value(&self) -> Value {
        Value::String(self.text())
    }
}

impl Leaf for DateTime {
    fn write(&self, json: &mut Vec<u8>) -> Option<()> {
        self.text().write(json)
    }
}

impl DateTime {
    fn text(self) -> String {
        self.0.and_utc().to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}

fn parse(text: &str) -> Option<NaiveDateTime> {
    let moment = Chrono::parse_from_rfc3339(text).ok()?;
    clock::truncate(moment.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_offset_comes_back_as_utc_with_milliseconds() {
        for (text, answer) in [
            ("2026-11-23T12:15:30+02:00", "2026-11-23T10:15:30.000Z"),
            ("2046-01-01T00:00:00.123456789Z", "2046-01-01T00:00:00.123Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ] {
            let moment = DateTime(parse(text).unwrap());
            assert_eq!(moment.to_value(), Value::from(answer));
        }
        for text in ["9999-12-31T23:59:59-14:00", "2026-11-23", "tomorrow", "2026-02-30T00:00:00Z"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
