//! Wall time of a story: it follows the paused clock of the running life and goes on where the life before ended.

use std::time::Duration;

use crosswatch_port::{Clock, LocalFuture};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use tokio::time::Instant;

/// The clock of one process life.
#[derive(Debug)]
pub(crate) struct LifeClock {
    began: Timestamp,
    origin: Instant,
}

impl LifeClock {
    /// A clock that shows `began` right now. Must be made inside the runtime of the life.
    pub(crate) fn starting_at(began: Timestamp) -> Self {
        Self { began, origin: Instant::now() }
    }
}

impl Clock for LifeClock {
    fn now(&self) -> Timestamp {
        let elapsed_ms = i64::try_from(self.origin.elapsed().as_millis()).unwrap();
        self.began.checked_add(SignedDuration::from_millis(elapsed_ms)).unwrap()
    }

    fn sleep(&self, duration: Duration) -> LocalFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn zone(&self) -> TimeZone {
        TimeZone::UTC
    }
}
