//! How far into an item playback is, in hundredths of a percent, so that no comparison depends on rounding.

use std::fmt;

/// From 0.00 to 100.00 percent. Shows itself with two decimals, as trackers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Percent(u16);

impl Percent {
    /// The beginning.
    pub const ZERO: Self = Self(0);
    /// The end.
    pub const FULL: Self = Self(10_000);

    /// Whole percents; more than 100 is the end.
    pub const fn whole(percent: u8) -> Self {
        Self::hundredths(percent as u16 * 100)
    }

    /// Hundredths of a percent; more than 10 000 is the end.
    pub const fn hundredths(hundredths: u16) -> Self {
        if hundredths < 10_000 { Self(hundredths) } else { Self::FULL }
    }

    /// How far a position is into a length, rounded half up; `None` where the length is unknown or zero.
    pub fn of(position_ms: u64, duration_ms: Option<u64>) -> Option<Self> {
        let duration_ms = duration_ms.filter(|duration| *duration > 0)?;
        let scaled = (u128::from(position_ms) * 10_000 + u128::from(duration_ms) / 2) / u128::from(duration_ms);
        Some(u16::try_from(scaled).map_or(Self::FULL, Self::hundredths))
    }

    /// The hundredths.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// How much further `self` is than `other`; nothing when it is not.
    #[must_use]
    pub const fn beyond(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_become_hundredths() {
        for (position, duration, expected) in [
            (0, Some(6_000_000), Some("0.00")),
            (2_520_000, Some(6_000_000), Some("42.00")),
            (1, Some(3), Some("33.33")),
            (7_000_000, Some(6_000_000), Some("100.00")),
            (5, Some(0), None),
            (5, None, None),
        ] {
            assert_eq!(Percent::of(position, duration).map(|percent| percent.to_string()).as_deref(), expected);
        }
        assert_eq!(Percent::of(u64::MAX, Some(1)), Some(Percent::FULL));
    }
}
