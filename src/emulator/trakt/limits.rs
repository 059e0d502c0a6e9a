//! Request rates: one write a second and a thousand reads in five minutes, per account.

use jiff::Timestamp;
use serde_json::json;

use crate::{instant, reply::Reply};

const READS_PER_WINDOW: u32 = 1_000;
const READ_WINDOW_SECONDS: i64 = 300;
const WRITE_WINDOW_SECONDS: i64 = 1;

/// What an account has used of its rates.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RateWindows {
    writes_from: Option<Timestamp>,
    reads_until: Option<Timestamp>,
    reads: u32,
}

impl RateWindows {
    /// Counts a write, or answers 429.
    pub(crate) fn write(&mut self, now: Timestamp) -> Result<(), Reply> {
        match self.writes_from {
            Some(from) if now < from => Err(too_many("AUTHED_API_POST_LIMIT", WRITE_WINDOW_SECONDS, 1, from, now)),
            _ => {
                self.writes_from = Some(instant::plus_seconds(now, WRITE_WINDOW_SECONDS));
                Ok(())
            }
        }
    }

    /// Counts a read, or answers 429.
    pub(crate) fn read(&mut self, now: Timestamp) -> Result<(), Reply> {
        let until = self.reads_until.filter(|until| now < *until).unwrap_or_else(|| {
            self.reads = 0;
            instant::plus_seconds(now, READ_WINDOW_SECONDS)
        });
        self.reads_until = Some(until);
        if self.reads >= READS_PER_WINDOW {
            return Err(too_many("AUTHED_API_GET_LIMIT", READ_WINDOW_SECONDS, READS_PER_WINDOW, until, now));
        }
        self.reads += 1;
        Ok(())
    }
}

fn too_many(name: &str, period_s: i64, limit: u32, until: Timestamp, now: Timestamp) -> Reply {
    let wait_s = (until.as_millisecond() - now.as_millisecond() + 999).div_euclid(1000).max(1);
    let until = instant::to_millis_text(until);
    let window = json!({"name": name, "period": period_s, "limit": limit, "remaining": 0, "until": until});
    Reply::status(429).with_header("Retry-After", wait_s.to_string()).with_header("X-Ratelimit", window.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_open_again() {
        let mut windows = RateWindows::default();
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        windows.write(start).unwrap();
        let refused = windows.write(start).unwrap_err();
        assert_eq!((refused.status, refused.header("Retry-After")), (429, Some("1")));
        windows.write(instant::plus_seconds(start, 1)).unwrap();
        for _ in 0..1_000 {
            windows.read(start).unwrap();
        }
        let refused = windows.read(instant::plus_seconds(start, 100)).unwrap_err();
        assert_eq!(refused.header("Retry-After"), Some("200"));
        windows.read(instant::plus_seconds(start, 300)).unwrap();
    }
}
