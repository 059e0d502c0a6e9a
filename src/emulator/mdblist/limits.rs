//! Request rates: a thousand reads and three hundred writes in any five minutes, and a quota that ends at midnight UTC.

use std::collections::VecDeque;

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde_json::json;

use crate::{instant, reply::Reply};

const WINDOW_SECONDS: i64 = 300;
const READS_PER_WINDOW: usize = 1_000;
const WRITES_PER_WINDOW: usize = 300;

/// What an account has used of its rates.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    reads: VecDeque<Timestamp>,
    writes: VecDeque<Timestamp>,
    day: Option<Date>,
    today: u64,
}

impl Usage {
    /// Counts a request; where limits are enforced, one too many is answered with 429 and is not counted.
    pub(crate) fn count(&mut self, is_read: bool, daily: u64, now: Timestamp, enforces: bool) -> Result<(), Reply> {
        let today = now.to_zoned(TimeZone::UTC).date();
        if self.day != Some(today) {
            (self.day, self.today) = (Some(today), 0);
        }
        let (window, limit) =
            if is_read { (&mut self.reads, READS_PER_WINDOW) } else { (&mut self.writes, WRITES_PER_WINDOW) };
        while window.front().is_some_and(|at| instant::plus_seconds(*at, WINDOW_SECONDS) <= now) {
            window.pop_front();
        }
        if enforces && self.today >= daily {
            let midnight = today.checked_add(1.day()).ok().and_then(instant::start_of).unwrap_or(now);
            return Err(too_many("API Limit Reached!", midnight, now));
        }
        if let Some(oldest) = window.front().filter(|_| enforces && window.len() >= limit) {
            return Err(too_many("Too many requests", instant::plus_seconds(*oldest, WINDOW_SECONDS), now));
        }
        if window.len() < limit {
            window.push_back(now);
        }
        self.today += 1;
        Ok(())
    }

    /// Requests of this day.
    pub(crate) const fn today(&self) -> u64 {
        self.today
    }
}

fn too_many(why: &str, until: Timestamp, now: Timestamp) -> Reply {
    let wait_s = (until.as_second() - now.as_second()).max(1);
    Reply::json(429, json!({"response": false, "error": why})).with_header("Retry-After", wait_s.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_roll_and_the_day_ends_at_midnight() {
        let mut usage = Usage::default();
        let start: Timestamp = "2026-01-01T22:00:00Z".parse().unwrap();
        let later = |seconds: i64| instant::plus_seconds(start, seconds);
        for place in 0..300 {
            usage.count(false, 2_000, later(place), true).unwrap();
        }
        let refused = usage.count(false, 2_000, later(299), true).unwrap_err();
        assert_eq!((refused.status, refused.header("Retry-After")), (429, Some("1")));
        usage.count(false, 2_000, later(300), true).unwrap();
        assert!(usage.count(false, 2_000, later(300), true).is_err(), "one place opened, not all of them");
        usage.count(true, 302, later(300), true).unwrap();
        let refused = usage.count(true, 302, later(300), true).unwrap_err();
        assert_eq!(refused.header("Retry-After"), Some("6900"), "the rest of the day");
        usage.count(true, 302, later(7_200), true).unwrap();
        assert_eq!(usage.today(), 1);
    }
}
