//! Whether a date that an account has for an item is this viewing of it.
//!
//! A viewing is an interval, and services date it differently: when it crossed the bar, when it ended, when it began, or
//! only the day. A date nobody knows is no evidence of this viewing: it may be any.

use crosswatch_model::{WatchedAt, same_instant_tolerance_s};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// One viewing of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewing {
    /// When it was seen to begin.
    pub started_at: Timestamp,
    /// When it counted as watched.
    pub completed_at: Timestamp,
    /// How long the item runs.
    pub runtime_s: Option<u32>,
}

/// A stamp may lie this long before the first sign of a viewing.
const BEFORE_S: i64 = 60;
/// And so long behind its completion: the credits, or a fifth of the item where that is longer.
const BEHIND_S: i64 = 600;

impl Viewing {
    /// Whether the date is this viewing's. Symmetric in nothing: the date is another's word about the same thing.
    pub fn is_dated(&self, stamp: WatchedAt, zone: &TimeZone) -> bool {
        match stamp {
            WatchedAt::Unknown => false,
            WatchedAt::Day(day) => {
                [self.started_at, self.completed_at].iter().any(|at| at.to_zoned(zone.clone()).date() == day)
            }
            // A minute stands for any of its seconds.
            WatchedAt::Minute(at) => self.holds(at) || self.holds(plus(at, 59)),
            WatchedAt::Exact(at) => self.holds(at),
        }
    }

    /// The time in which a date is this viewing's.
    pub fn span(&self) -> (Timestamp, Timestamp) {
        let runtime_s = self.runtime_s.map_or(0, i64::from);
        (plus(self.started_at, -BEFORE_S), plus(self.completed_at, BEHIND_S.max(runtime_s / 5)))
    }

    /// Whether two viewings of one item are one.
    pub fn is_same(&self, other: &Self) -> bool {
        self.holds(other.completed_at) || other.holds(self.completed_at)
    }

    fn holds(&self, at: Timestamp) -> bool {
        let runtime_s = self.runtime_s.map_or(0, i64::from);
        let (from, until) = self.span();
        let is_within = from <= at && at <= until;
        let is_close = |one: Timestamp| (one.as_second() - at.as_second()).abs() <= same_instant_tolerance_s();
        // A service that dates the beginning, of a viewing whose beginning nobody saw.
        let is_its_start = runtime_s > 0 && is_close(plus(self.completed_at, -runtime_s));
        is_within || is_close(self.completed_at) || is_its_start
    }
}

fn plus(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(clock: &str) -> Timestamp {
        format!("2026-03-01T{clock}Z").parse().unwrap()
    }

    #[test]
    fn a_date_is_the_viewings_when_it_lies_in_it() {
        let film = Viewing { started_at: at("19:30:00"), completed_at: at("21:03:11"), runtime_s: Some(6000) };
        let marked = Viewing { started_at: at("12:00:00"), completed_at: at("12:00:00"), runtime_s: Some(6000) };
        for (viewing, stamp, expected) in [
            (film, WatchedAt::Exact(at("21:03:11")), true),
            (film, WatchedAt::Exact(at("21:04:40")), true),
            (film, WatchedAt::Exact(at("21:23:11")), true),
            (film, WatchedAt::Exact(at("21:23:12")), false),
            (film, WatchedAt::Exact(at("19:29:00")), true),
            (film, WatchedAt::Exact(at("19:28:00")), false),
            (film, WatchedAt::Minute(at("19:28:00")), false),
            (film, WatchedAt::Minute(at("21:23:00")), true),
            (film, WatchedAt::Day("2026-03-01".parse().unwrap()), true),
            (film, WatchedAt::Day("2026-03-02".parse().unwrap()), false),
            (film, WatchedAt::Unknown, false),
            (marked, WatchedAt::Exact(at("11:58:00")), true),
            (marked, WatchedAt::Exact(at("10:20:00")), true),
            (marked, WatchedAt::Exact(at("11:00:00")), false),
        ] {
            assert_eq!(viewing.is_dated(stamp, &TimeZone::UTC), expected, "{viewing:?} {stamp:?}");
        }
    }

    #[test]
    fn two_viewings_of_one_evening_are_two() {
        let first = Viewing { started_at: at("18:00:00"), completed_at: at("19:30:00"), runtime_s: Some(6000) };
        let second = Viewing { started_at: at("20:00:00"), completed_at: at("21:40:00"), runtime_s: Some(6000) };
        let marked = Viewing { started_at: at("21:41:00"), completed_at: at("21:41:00"), runtime_s: None };
        assert!(!first.is_same(&second) && !second.is_same(&first));
        assert!(second.is_same(&marked) && marked.is_same(&second));
    }
}
