//! The brakes: what a person has stopped, for everybody in the house to ask before they move.
//!
//! Frozen stops every write to every account at once; a paused pair starts no runs. Both are kept in the store and read
//! from it when the house starts, so a restart stops nothing and releases nothing. Asking is cheap and never waits.
//! Deliberately absent: who may pull them, and the disk. The supervisor sets them, in the order that errs on stopping.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use crosswatch_model::PairId;
use crosswatch_port::{Fault, StandingKind, StandingRecord};
use jiff::Timestamp;

/// The brakes. Cheap to clone; all clones are the same brakes.
#[derive(Debug, Clone, Default)]
pub struct Brakes(Arc<RwLock<Pulled>>);

#[derive(Debug, Default)]
struct Pulled {
    frozen_since: Option<Timestamp>,
    paused_since: BTreeMap<PairId, Timestamp>,
}

impl Brakes {
    /// The brakes as they were left.
    pub(crate) fn of_standings(standings: &[StandingRecord]) -> Self {
        let brakes = Self::default();
        for mark in standings {
            match mark.kind {
                StandingKind::Frozen => brakes.freeze(mark.at),
                StandingKind::Paused => {
                    if let Ok(pair) = PairId::parse(&mark.subject) {
                        brakes.pause(pair, mark.at);
                    }
                }
                StandingKind::Reset
                | StandingKind::FullReset
                | StandingKind::Snoozed
                | StandingKind::Configured
                | StandingKind::Ready
                | StandingKind::Heard
                | StandingKind::Asked
                | StandingKind::Always => {}
            }
        }
        brakes
    }

    /// Whether nothing may be written to any account.
    pub fn is_frozen(&self) -> bool {
        self.frozen_since().is_some()
    }

    /// Since when nothing may be written.
    pub fn frozen_since(&self) -> Option<Timestamp> {
        self.read().frozen_since
    }

    /// Whether a pair starts no runs.
    pub fn is_paused(&self, pair: &PairId) -> bool {
        self.read().paused_since.contains_key(pair)
    }

    /// Refuses while everything is frozen. Nothing was sent when this is the answer.
    pub fn let_through(&self) -> Result<(), Fault> {
        if self.is_frozen() {
            return Err(Fault::Transient("everything is frozen, so nothing is written; unfreeze to go on".into()));
        }
        Ok(())
    }

    pub(crate) fn freeze(&self, at: Timestamp) {
        self.write().frozen_since.get_or_insert(at);
    }

    pub(crate) fn unfreeze(&self) {
        self.write().frozen_since = None;
    }

    pub(crate) fn pause(&self, pair: PairId, at: Timestamp) {
        self.write().paused_since.entry(pair).or_insert(at);
    }

    pub(crate) fn resume(&self, pair: &PairId) {
        self.write().paused_since.remove(pair);
    }

    fn read(&self) -> RwLockReadGuard<'_, Pulled> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Pulled> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(kind: StandingKind, subject: &str) -> StandingRecord {
        let at = Timestamp::from_second(5).unwrap();
        StandingRecord { kind, subject: subject.into(), at, until: None, text: "".into() }
    }

    #[test]
    fn brakes_are_as_they_were_left() {
        let pair = |id: &str| PairId::parse(id).unwrap();
        let marks = [mark(StandingKind::Paused, "a"), mark(StandingKind::Reset, "b")];
        let brakes = Brakes::of_standings(&marks);
        assert_eq!((brakes.is_paused(&pair("a")), brakes.is_paused(&pair("b"))), (true, false));
        assert_eq!(brakes.let_through(), Ok(()));
        let brakes = Brakes::of_standings(&[mark(StandingKind::Frozen, "")]);
        assert_eq!(brakes.frozen_since(), Timestamp::from_second(5).ok());
        let same = brakes.clone();
        assert!(same.let_through().is_err());
        same.freeze(Timestamp::from_second(9).unwrap());
        assert_eq!(brakes.frozen_since(), Timestamp::from_second(5).ok(), "the first moment counts");
        same.unfreeze();
        assert!(!brakes.is_frozen());
    }
}
