//! `limits:` of a tenant, or of all in `defaults`: numbers by name.

use super::reading::{Field, Reading, Section};
use crate::{
    config::limit_ranges,
    tenancy::{LimitName, LimitOverrides},
};

/// The numbers that are given in this section.
pub(super) fn read(section: &Section<'_>, reading: &mut Reading<'_>) -> LimitOverrides {
    let mut limits = LimitOverrides::default();
    let known = LimitName::ALL.map(LimitName::as_str);
    let section = section
        .get("limits")
        .and_then(|field| Section::open(field.node, &field.path, &known, reading));
    let Some(section) = section else { return limits };
    for name in LimitName::ALL {
        if let Some(field) = section.get(name.as_str())
            && let Some(number) = number(name, &field, reading)
        {
            limits.set(name, number);
        }
    }
    limits
}

fn number(name: LimitName, field: &Field<'_>, reading: &mut Reading<'_>) -> Option<u32> {
    let range = limit_ranges::of(name);
    let text = reading.raw(field)?;
    // Plain digits, with `_` between them as YAML 1.1 and Rust have it.
    let digits = text.replace('_', "");
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse::<i64>().ok().filter(|number| plain && range.contains(number));
    let Some(number) = number.and_then(|number| u32::try_from(number).ok()) else {
        let shown: String = text.chars().take(40).collect();
        let problem = format!(
            "cannot be {shown:?}; write a whole number from {} to {}",
            range.start(),
            range.end()
        );
        reading.add_at(field, problem);
        return None;
    };
    Some(number)
}
