//! How often an account may ask: ten reads and one write a second, and so many requests a day until midnight in New York.

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde_json::json;

use super::account::Membership;
use crate::{instant, reply::Reply};

const READS_PER_SECOND: u32 = 10;
const WRITES_PER_SECOND: u32 = 1;
/// New York, with its summer time, without a time zone database.
const NEW_YORK: &str = "EST5EDT,M3.2.0,M11.1.0";

/// What an account has used.
#[derive(Debug, Clone, Default)]
pub(crate) struct Usage {
    day_ends: Option<Timestamp>,
    used_today: u32,
    second: Option<i64>,
    reads: u32,
    writes: u32,
}

impl Usage {
    /// Counts a request, or answers 429.
    pub(crate) fn count(&mut self, now: Timestamp, is_write: bool, membership: Membership) -> Result<(), Reply> {
        if self.day_ends.is_none_or(|ends| now >= ends) {
            self.day_ends = Some(next_midnight(now));
            self.used_today = 0;
        }
        let wait_s = self.day_ends.map_or(1, |ends| ends.as_second() - now.as_second()).max(1);
        if self.used_today >= membership.requests_per_day() {
            return Err(too_many("user_limit_exceeded", wait_s));
        }
        if self.second != Some(now.as_second()) {
            (self.second, self.reads, self.writes) = (Some(now.as_second()), 0, 0);
        }
        let (used, limit) =
            if is_write { (&mut self.writes, WRITES_PER_SECOND) } else { (&mut self.reads, READS_PER_SECOND) };
        if *used >= limit {
            // The header speaks of the day even where the second is meant.
            return Err(too_many("rate_limit", wait_s));
        }
        *used += 1;
        self.used_today += 1;
        Ok(())
    }
}

fn too_many(error: &str, wait_s: i64) -> Reply {
    let body = json!({"error": error, "code": 429, "message": "Too many requests"});
    Reply::json(429, body).with_header("Retry-After", wait_s.to_string())
}

/// The next midnight in New York.
fn next_midnight(now: Timestamp) -> Timestamp {
    let zone = TimeZone::posix(NEW_YORK).unwrap_or(TimeZone::UTC);
    let here = now.to_zoned(zone.clone());
    let tomorrow = here.date().checked_add(1.day()).ok().and_then(|day| day.to_zoned(zone).ok());
    tomorrow.map_or_else(|| instant::plus_seconds(now, 24 * 3600), |midnight| midnight.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_end_at_midnight_in_new_york() {
        for (now, midnight) in [
            ("2026-11-22T12:00:00Z", "2026-11-23T05:00:00Z"),
            ("2026-11-22T04:59:59Z", "2026-11-22T05:00:00Z"),
            ("2026-07-01T12:00:00Z", "2026-07-02T04:00:00Z"),
        ] {
            assert_eq!(next_midnight(now.parse().unwrap()), midnight.parse().unwrap(), "{now}");
        }
    }

    #[test]
    fn a_second_and_a_day_have_their_ends() {
        let (mut usage, mut now) = (Usage::default(), "2026-11-22T12:00:00Z".parse().unwrap());
        let mut ask = |now, is_write| usage.count(now, is_write, Membership::Free).err();
        assert_eq!(ask(now, true), None);
        let refused = ask(now, true).unwrap();
        assert_eq!(refused.header("Retry-After"), Some("61200"));
        for _ in 0..499 {
            now = instant::plus_seconds(now, 1);
            assert_eq!(ask(now, false), None);
        }
        let refused = ask(instant::plus_seconds(now, 1), false).unwrap();
        assert!(format!("{:?}", refused.body).contains("user_limit_exceeded"));
        assert_eq!(ask("2026-11-23T05:00:00Z".parse().unwrap(), false), None);
    }
}
