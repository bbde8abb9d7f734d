//! Sizes in bytes, as people write them.

use std::{fmt, str::FromStr};

/// So many bytes, written `64MiB`; `off` is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteSize(pub usize);

const UNITS: [(&str, usize); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("off") {
            return Ok(Self(0));
        }
        let bytes = || {
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            let (number, unit) = text.split_at(digits);
            let unit = unit.trim();
            let (_, factor) = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
            number.parse::<usize>().ok()?.checked_mul(*factor)
        };
        bytes()
            .map(Self)
            .ok_or_else(|| "write a size such as 64MiB (KiB, MiB or GiB), or off".to_owned())
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = *self;
        if bytes == 0 {
            return f.write_str("off");
        }
        let whole = UNITS.iter().find(|(_, factor)| bytes % factor == 0);
        let (name, factor) = whole.unwrap_or(&("B", 1));
        write!(f, "{}{name}", bytes / factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written() {
        for (text, bytes, shown) in [
            ("64MiB", 64 << 20, "64MiB"),
            (" 64 mib ", 64 << 20, "64MiB"),
            ("1536KiB", 1536 << 10, "1536KiB"),
            ("2GiB", 2 << 30, "2GiB"),
            ("100B", 100, "100B"),
            ("off", 0, "off"),
            ("OFF", 0, "off"),
            ("0MiB", 0, "off"),
        ] {
            let size: ByteSize = text.parse().unwrap();
            assert_eq!(size, ByteSize(bytes), "{text}");
            assert_eq!(size.to_string(), shown, "{text}");
        }
        for bad in ["", "64", "64MB", "MiB", "-1MiB", "1.5MiB", "99999999999999999999GiB", "on"] {
            assert!(bad.parse::<ByteSize>().is_err(), "{bad}");
        }
    }
}
