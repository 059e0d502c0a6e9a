//! Whether two stamps of one item are one viewing.
//!
//! Two instants are when they lie close together, never because they fall into one bucket: 12:00:59 and 12:01:00 are.
//! A day is any instant of that day in the user's zone. A viewing nobody can date is the same as any other, because
//! "watched" is all that is known of it.

use crosswatch_model::{WatchedAt, same_instant_tolerance_s};
use jiff::{Timestamp, tz::TimeZone};

/// Compares two stamps of the same item. Symmetric.
pub fn same_viewing(one: WatchedAt, other: WatchedAt, zone: &TimeZone) -> bool {
    match (one, other) {
        (WatchedAt::Unknown, _) | (_, WatchedAt::Unknown) => true,
        (WatchedAt::Day(one), WatchedAt::Day(other)) => one == other,
        (WatchedAt::Day(day), WatchedAt::Exact(at) | WatchedAt::Minute(at))
        | (WatchedAt::Exact(at) | WatchedAt::Minute(at), WatchedAt::Day(day)) => {
            at.to_zoned(zone.clone()).date() == day
        }
        (one @ WatchedAt::Minute(_), WatchedAt::Exact(at)) | (WatchedAt::Exact(at), one @ WatchedAt::Minute(_)) => one
            .instant()
            .is_some_and(|minute| are_close(minute, WatchedAt::Exact(at).to_minute().instant().unwrap_or(at))),
        (WatchedAt::Exact(one), WatchedAt::Exact(other)) | (WatchedAt::Minute(one), WatchedAt::Minute(other)) => {
            are_close(one, other)
        }
    }
}

fn are_close(one: Timestamp, other: Timestamp) -> bool {
    (one.as_second() - other.as_second()).abs() <= same_instant_tolerance_s()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn exact(second: i64) -> WatchedAt {
        WatchedAt::Exact(Timestamp::from_second(second).unwrap())
    }

    #[test]
    fn instants_are_compared_by_distance_and_not_by_bucket() {
        let base = 1_700_000_040;
        for (one, other, same) in [
            (exact(base + 59), exact(base + 60), true),
            (exact(base), exact(base + 120), true),
            (exact(base), exact(base + 121), false),
            (exact(base + 59).to_minute(), exact(base + 179), true),
            (exact(base).to_minute(), exact(base + 240), false),
            (WatchedAt::Unknown, exact(base), true),
        ] {
            assert_eq!(same_viewing(one, other, &TimeZone::UTC), same, "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_day_is_the_users_day() {
        let late_evening_utc = WatchedAt::Exact("2026-03-01T23:30:00Z".parse().unwrap());
        let berlin = TimeZone::posix("CET-1").unwrap();
        let day = |number| WatchedAt::Day(date(2026, 3, number));
        assert!(same_viewing(day(1), late_evening_utc, &TimeZone::UTC));
        assert!(same_viewing(day(2), late_evening_utc, &berlin));
        assert!(!same_viewing(day(1), late_evening_utc, &berlin));
        assert!(!same_viewing(day(1), day(2), &berlin));
    }

    proptest! {
        #[test]
        fn is_symmetric(one in 0i64..100_000, other in 0i64..100_000, forms in 0u8..9) {
            let form = |second, form| match form {
                0 => exact(second),
                1 => exact(second).to_minute(),
                _ => WatchedAt::Day(Timestamp::from_second(second).unwrap().to_zoned(TimeZone::UTC).date()),
            };
            let (one, other) = (form(one, forms / 3), form(other, forms % 3));
            prop_assert_eq!(same_viewing(one, other, &TimeZone::UTC), same_viewing(other, one, &TimeZone::UTC));
        }
    }
}
