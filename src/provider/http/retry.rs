//! How long to wait before a read is tried again.
//!
//! The only file that knows the `backoff` crate, which serves as a policy object and never runs or waits for anything.
//! Its time comes from the runtime's clock, so that it stands still where tests stop that clock; the spread comes from the
//! injected randomness, so that a seed repeats it.

use std::time::Duration;

use backoff::{Clock, backoff::Backoff, exponential::ExponentialBackoff};
use crosswatch_port::Entropy;

/// A read is sent this often at most.
pub(crate) const MAX_TRIES: u32 = 3;

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, Default)]
struct RuntimeClock;

impl Clock for RuntimeClock {
    fn now(&self) -> std::time::Instant {
        tokio::time::Instant::now().into_std()
    }
}

/// The waits of one request: about 0.5 s, then about 1 s, then no more.
pub(crate) struct RetrySchedule {
    policy: ExponentialBackoff<RuntimeClock>,
    tries: u32,
}

impl RetrySchedule {
    /// The schedule of a request that is sent for the first time now.
    pub(crate) fn new() -> Self {
        let policy = ExponentialBackoff {
            current_interval: FIRST_WAIT,
            initial_interval: FIRST_WAIT,
            randomization_factor: 0.0,
            multiplier: 2.0,
            max_interval: LONGEST_WAIT,
            start_time: RuntimeClock.now(),
            max_elapsed_time: None,
            clock: RuntimeClock,
        };
        Self { policy, tries: 1 }
    }

    /// The wait before the next try: the policy's wait and up to a quarter more. `None` when it was tried often enough.
    pub(crate) fn next_wait(&mut self, entropy: &dyn Entropy) -> Option<Duration> {
        if self.tries >= MAX_TRIES {
            return None;
        }
        self.tries += 1;
        let wait = self.policy.next_backoff()?;
        let quarter_ms = u64::try_from(wait.as_millis() / 4).unwrap_or(0);
        Some(wait + Duration::from_millis(entropy.below(quarter_ms + 1)))
    }
}

#[cfg(test)]
mod tests {
    use crosswatch_port::fake::SeededEntropy;

    use super::*;

    fn waits(seed: u64) -> Vec<Duration> {
        let (entropy, mut schedule) = (SeededEntropy::new(seed), RetrySchedule::new());
        std::iter::from_fn(|| schedule.next_wait(&entropy)).take(10).collect()
    }

    #[test]
    fn two_growing_waits_and_then_none() {
        let waits = waits(7);
        assert_eq!(waits.len(), 2);
        assert!((500..=625).contains(&waits[0].as_millis()), "{waits:?}");
        assert!((1000..=1250).contains(&waits[1].as_millis()), "{waits:?}");
    }

    #[test]
    fn the_same_seed_waits_the_same() {
        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
    }
}
