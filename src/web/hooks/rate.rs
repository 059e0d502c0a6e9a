//! How often a token may be shown: twenty times a second for ever, a hundred times at once.
//!
//! One moment per token is kept: the one at which its bucket will be full again. Deliberately absent: who calls from where.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use crosswatch_model::ProviderId;
use jiff::Timestamp;

/// Twenty per second.
const EVERY_MS: i64 = 50;
/// At once.
const BURST: i64 = 100;
/// Tokens that are kept in mind; those that rest are forgotten first.
const KEPT_MAX: usize = 1_024;

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shown {
    /// One of the account's tokens.
    Token(ProviderId, u32),
    /// Anything else, shown to this account or at the door of this kind of server.
    Wrong(String),
}

/// The buckets.
#[derive(Default)]
pub(super) struct Rate {
    full_at: Mutex<BTreeMap<Shown, Timestamp>>,
}

impl Rate {
    /// Lets one through, or says after how many seconds it may be tried again.
    pub(super) fn admit(&self, shown: Shown, now: Timestamp) -> Result<(), u32> {
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= KEPT_MAX {
            buckets.retain(|_, full_at| *full_at > now);
        }
        let now_ms = now.as_millisecond();
        let full_at = buckets.get(&shown).map_or(now_ms, |full_at| full_at.as_millisecond());
        // Only a clock that was put back leaves a bucket emptier than empty; nobody is locked out for that.
        let full_at = if full_at > now_ms + EVERY_MS * BURST { now_ms } else { full_at.max(now_ms) } + EVERY_MS;
        let over_ms = full_at - (now_ms + EVERY_MS * BURST);
        if over_ms > 0 {
            return Err(u32::try_from(over_ms.div_euclid(1_000) + 1).unwrap_or(1));
        }
        if let Ok(full_at) = Timestamp::from_millisecond(full_at) {
            buckets.insert(shown, full_at);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_772_395_200_000 + ms).unwrap()
    }

    fn admitted(rate: &Rate, shown: &Shown, ms: i64, tries: usize) -> usize {
        (0..tries).filter(|_| rate.admit(shown.clone(), at(ms)).is_ok()).count()
    }

    #[test]
    fn a_hundred_at_once_and_twenty_a_second() {
        let (rate, shown) = (Rate::default(), Shown::Wrong("home".to_owned()));
        assert_eq!(admitted(&rate, &shown, 0, 150), 100);
        assert_eq!(rate.admit(shown.clone(), at(0)), Err(1));
        assert_eq!(admitted(&rate, &shown, 1_000, 50), 20);
        assert_eq!(admitted(&rate, &shown, 1_049, 50), 0);
        assert_eq!(admitted(&rate, &shown, 60_000, 150), 100);
    }

    #[test]
    fn tokens_do_not_count_for_each_other() {
        let rate = Rate::default();
        let token = |generation| Shown::Token(ProviderId::parse("home").unwrap(), generation);
        assert_eq!(admitted(&rate, &token(0), 0, 150), 100);
        assert_eq!(admitted(&rate, &token(1), 0, 150), 100);
        assert_eq!(admitted(&rate, &Shown::Wrong("home".to_owned()), 0, 150), 100);
    }

    #[test]
    fn a_clock_that_was_put_back_locks_nobody_out() {
        let (rate, shown) = (Rate::default(), Shown::Wrong("home".to_owned()));
        assert_eq!(admitted(&rate, &shown, 3_600_000, 150), 100);
        assert_eq!(admitted(&rate, &shown, 0, 150), 100);
    }

    #[test]
    fn memory_is_bounded() {
        let rate = Rate::default();
        for number in 0..5_000_i64 {
            assert_eq!(admitted(&rate, &Shown::Wrong(number.to_string()), number * 100, 1), 1);
        }
        assert!(rate.full_at.lock().unwrap().len() <= KEPT_MAX);
    }
}
