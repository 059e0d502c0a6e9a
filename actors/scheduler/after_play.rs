//! Runs that follow plays: one a minute after the last of them, and not later than ten minutes after the first.
//!
//! A restart in that time forgets them; the next run of the schedule finds the same. Deliberately absent: asking for them.

use std::collections::BTreeSet;

use crosswatch_model::{FeatureSet, PairId, ProviderId};
use jiff::{SignedDuration, Timestamp};

use crate::blueprint::PairBlueprint;

/// A server needs a moment until it shows what was watched, and more may follow.
const QUIET: SignedDuration = SignedDuration::from_secs(60);
/// Who watches one thing after the other does not put the run off for ever.
const LONGEST: SignedDuration = SignedDuration::from_mins(10);

/// A pair that runs after plays.
pub(super) struct AfterPlay {
    pub(super) pair: PairId,
    pub(super) features: FeatureSet,
    accounts: Vec<ProviderId>,
    /// When the first play was told that no run followed yet, and when one is due.
    waits: Option<(Timestamp, Timestamp)>,
}

impl AfterPlay {
    /// What the pair waits for, where it waits for plays at all.
    pub(super) fn of(pair: &PairBlueprint) -> Option<Self> {
        let waits_for_plays = pair.is_enabled && !pair.runs_after.is_empty();
        waits_for_plays.then(|| Self {
            pair: pair.id.clone(),
            features: pair.feature_set(),
            accounts: pair.runs_after.clone(),
            waits: None,
        })
    }

    /// Something was watched at these accounts.
    pub(super) fn hear(&mut self, accounts: &BTreeSet<ProviderId>, now: Timestamp) {
        if self.accounts.iter().any(|account| accounts.contains(account)) {
            let first = self.waits.map_or(now, |(first, _)| first);
            let after = |at: Timestamp, span| at.checked_add(span).unwrap_or(Timestamp::MAX);
            self.waits = Some((first, after(now, QUIET).min(after(first, LONGEST))));
        }
    }

    /// When it is due.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.waits.map(|(_, due)| due)
    }

    /// Whether it is due now; then it waits for the next play.
    pub(super) fn take_due(&mut self, now: Timestamp) -> bool {
        let is_due = self.due().is_some_and(|due| due <= now);
        if is_due {
            self.waits = None;
        }
        is_due
    }
}
