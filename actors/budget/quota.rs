//! The requests of a day: how many there were, how many are left, and when they will be used up.
//!
//! A service that tells how many were used is believed; where it tells only how many there are, ours are counted, and what
//! other apps of the account use stays unknown.

use std::time::Duration;

use crosswatch_port::DailyQuota;
use tokio::time::Instant;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// A forecast looks at this much of a day at least: one busy minute is no day.
const LOOKED_AT_MIN: Duration = Duration::from_secs(3600);
/// This part of a day's requests is kept for live scrobbling and for people.
const KEPT_SHARE: u64 = 10;

/// The requests of a day, from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayState {
    /// How many there are.
    pub limit: u64,
    /// How many are left; where only ours are counted, no more than that.
    pub left: u64,
    /// How many of them are kept for live scrobbling and for people.
    pub kept: u64,
    /// Whether only ours are counted.
    pub counts_only_ours: bool,
    /// When the next day begins, from now.
    pub resets_in: Duration,
    /// When they are used up, from now, should it go on like this; `None` where they last for the day.
    pub runs_out_in: Option<Duration>,
}

/// What is known about a day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    limit: u64,
    used: u64,
    counts_only_ours: bool,
    /// Since when `used` was counted.
    since: Option<Instant>,
    resets_at: Instant,
}

impl Day {
    /// What a service told, after what was known before.
    pub(super) fn told(before: Option<Self>, quota: DailyQuota, now: Instant) -> Self {
        let before = before.filter(|day| day.resets_at > now);
        let ours = before.map_or(0, |day| day.used);
        Self {
            limit: quota.limit,
            used: quota.used.unwrap_or(ours),
            counts_only_ours: quota.used.is_none(),
            since: match quota.used {
                Some(_) => (now + quota.resets_in).checked_sub(DAY),
                None => before.map_or(Some(now), |day| day.since),
            },
            resets_at: now + quota.resets_in,
        }
    }

    /// One more was sent.
    pub(super) fn count(&mut self) {
        self.used += 1;
    }

    /// How long nothing may be sent that can wait, where only what is kept is left.
    pub(super) fn is_kept_for(&self, now: Instant) -> Option<Duration> {
        let rest = self.resets_at.saturating_duration_since(now);
        (self.left() <= self.kept() && !rest.is_zero()).then_some(rest)
    }

    pub(super) fn observe(&self, now: Instant) -> Option<DayState> {
        let resets_in = self.resets_at.checked_duration_since(now).filter(|rest| !rest.is_zero())?;
        let looked_at = self.since.map_or(DAY.saturating_sub(resets_in), |since| now.saturating_duration_since(since));
        let looked_at = looked_at.max(LOOKED_AT_MIN);
        let runs_out_in = (looked_at.as_secs() * self.left())
            .checked_div(self.used)
            .map(Duration::from_secs)
            .filter(|until| *until < resets_in);
        Some(DayState {
            limit: self.limit,
            left: self.left(),
            kept: self.kept(),
            counts_only_ours: self.counts_only_ours,
            resets_in,
            runs_out_in,
        })
    }

    fn left(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }

    fn kept(&self) -> u64 {
        self.limit / KEPT_SHARE
    }
}
