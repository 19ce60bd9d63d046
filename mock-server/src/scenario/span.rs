//! Stretches of time as scenarios write them: `90s`, `1h30m`, `500ms`.

use crate::clock::parse_span;
use serde::de::{Deserialize, Deserializer, Error};
use serde::{Serialize, Serializer};
use std::fmt;
use std::time::Duration;

/// A stretch of time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Span(pub Duration);

const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

impl Span {
    pub const fn millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    pub const fn minutes(minutes: u64) -> Self {
        Self(Duration::from_secs(60 * minutes))
    }

    /// Reads one or more numbers with their units.
    pub fn parse(text: &str) -> Option<Self> {
        parse_span(text).map(Self)
    }
}

impl fmt::Display for Span {
    /// In the largest unit that tells it exactly.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let exact = |(_, unit): &&(&str, u64)| millis.is_multiple_of(*unit) && millis >= *unit;
        let (name, unit) = UNITS.iter().rev().find(exact).unwrap_or(&UNITS[0]);
        write!(f, "{}{name}", millis / unit)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom(format_args!(
                "`{text}` is no stretch of time: write it like 500ms, 90s, 3m or 1h30m"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_and_told() {
        for (text, millis, told) in [
            ("500ms", 500, "500ms"),
            ("90s", 90_000, "90s"),
            ("3m", 180_000, "3m"),
            ("1h30m", 5_400_000, "90m"),
            ("2d", 172_800_000, "2d"),
            ("0s", 0, "0ms"),
        ] {
            let span = Span::parse(text).unwrap();
            assert_eq!((span, span.to_string().as_str()), (Span::millis(millis), told));
        }
        for text in [
            "",
            "3",
            "m",
            "3 m",
            "3min",
            "-3m",
            "1.5h",
            "99999999999999999999s",
            "999999999999999999d",
            "é3m",
        ] {
            assert_eq!(Span::parse(text), None, "{text}");
        }
    }
}
