//! A clock that stands still until it is moved, and random numbers that repeat.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};

use crate::{Clock, Entropy, LocalFuture};

/// Wall time that moves only when told to, or by sleeping.
#[derive(Debug)]
pub struct FixedClock {
    millisecond: AtomicI64,
}

impl FixedClock {
    /// A clock that shows this instant.
    pub fn at(instant: Timestamp) -> Self {
        Self { millisecond: AtomicI64::new(instant.as_millisecond()) }
    }

    /// Moves the clock forward.
    pub fn advance(&self, duration: Duration) {
        let step_ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        self.millisecond.fetch_add(step_ms, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.millisecond.load(Ordering::SeqCst)).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Sleeping moves the clock and completes at once.
    fn sleep(&self, duration: Duration) -> LocalFuture<'static, ()> {
        self.advance(duration);
        Box::pin(std::future::ready(()))
    }

    fn zone(&self) -> TimeZone {
        TimeZone::UTC
    }
}

/// SplitMix64 from a seed: small, fast, and the same on every machine.
#[derive(Debug)]
pub struct SeededEntropy {
    state: AtomicU64,
}

impl SeededEntropy {
    /// The sequence of this seed.
    pub fn new(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }
}

impl Entropy for SeededEntropy {
    fn next_u64(&self) -> u64 {
        let state = self.state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst).wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}
