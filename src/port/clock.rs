//! Time and chance as inputs.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

use crate::LocalFuture;

/// Wall time and waiting. Tests pause it.
pub trait Clock: Send + Sync {
    /// Now, in wall time.
    fn now(&self) -> Timestamp;

    /// Completes after `duration` of this clock's time.
    fn sleep(&self, duration: Duration) -> LocalFuture<'static, ()>;

    /// The zone in which the user's days begin and schedules are written.
    fn zone(&self) -> TimeZone;
}

/// Random numbers. Tests seed it.
pub trait Entropy: Send + Sync {
    /// 64 random bits.
    fn next_u64(&self) -> u64;

    /// A number below `bound`; 0 for a bound of 0.
    fn below(&self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next_u64() % bound }
    }
}
