//! Lengths of time as people write them: `30s`, `15m`, `6h`, `2d`.

use std::{fmt, str::FromStr};

/// A length of time, at most 366 days. A day is 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    seconds: u32,
}

/// The text is not a length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a whole number and a unit, as in `30s`, `15m`, `6h` or `2d`, at most 366 days")]
pub struct SpanRejection;

const UNITS: [(char, u32); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];
const LONGEST_S: u32 = 366 * 86_400;

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self { seconds: 0 };

    /// So many seconds, at most 366 days of them.
    pub(crate) const fn from_seconds(seconds: u32) -> Self {
        Self { seconds: if seconds < LONGEST_S { seconds } else { LONGEST_S } }
    }

    /// The length in seconds.
    pub const fn seconds(self) -> u32 {
        self.seconds
    }

    /// The length as the standard library has it.
    pub const fn as_duration(self) -> std::time::Duration {
        std::time::Duration::from_secs(self.seconds as u64)
    }
}

impl FromStr for Span {
    type Err = SpanRejection;

    fn from_str(text: &str) -> Result<Self, SpanRejection> {
        let (unit, factor) = UNITS.into_iter().find(|(unit, _)| text.ends_with(*unit)).ok_or(SpanRejection)?;
        let number = text.strip_suffix(unit).ok_or(SpanRejection)?;
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SpanRejection);
        }
        let seconds = number.parse::<u32>().ok().and_then(|number| number.checked_mul(factor));
        seconds.filter(|seconds| *seconds <= LONGEST_S).map(|seconds| Self { seconds }).ok_or(SpanRejection)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.seconds == 0 {
            return formatter.pad("0m");
        }
        for (unit, factor) in UNITS {
            if self.seconds.is_multiple_of(factor) {
                return formatter.pad(&format!("{}{unit}", self.seconds / factor));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_people_write_and_nothing_else() {
        for (text, seconds) in
            [("0m", 0), ("30s", 30), ("15m", 900), ("6h", 21_600), ("2d", 172_800), ("366d", 31_622_400)]
        {
            assert_eq!(text.parse::<Span>().unwrap().seconds(), seconds, "{text}");
        }
        for text in ["", "6", "h", "-1h", "+1h", "1.5h", "6 h", "6H", "1h30m", "367d", "99999999999s", "6w", "6\u{e4}"]
        {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_text_says_the_same_length(seconds in 0u32..=LONGEST_S) {
            let span = Span { seconds };
            prop_assert_eq!(span.to_string().parse::<Span>(), Ok(span));
        }
    }
}
