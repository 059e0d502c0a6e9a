//! What a person let through before a run began: a permit is given once, to one run, and is gone with it.
//!
//! Deliberately absent: what a permit means for a feature; the pair decides that when it knows what was held before.

use std::sync::Arc;

use crosswatch_model::{Feature, HoldKind, OpId, RunId};
use rustc_hash::FxHashSet;

/// What a run may do beyond what is harmless.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Permit {
    /// What is harmless, and nothing else.
    #[default]
    Nothing,
    /// What is held, once.
    Held,
    /// What one guard holds of one feature, where it held something before.
    Hold {
        /// The feature.
        feature: Feature,
        /// The guard.
        kind: HoldKind,
    },
    /// Operations of a plan that was looked at. Nothing else is written.
    Plan(Chosen),
}

/// Operations of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The plan.
    pub plan: RunId,
    /// The operations.
    pub ops: Arc<FxHashSet<OpId>>,
    /// They are all that the plan writes: it must still be the whole truth. Otherwise a person picked them, held ones too.
    pub is_whole: bool,
}

impl Permit {
    /// The plan that is applied.
    pub fn plan(&self) -> Option<RunId> {
        match self {
            Self::Plan(chosen) => Some(chosen.plan),
            Self::Nothing | Self::Held | Self::Hold { .. } => None,
        }
    }

    /// The permit of a run that serves both requests, where one run can.
    pub(crate) fn joined(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Nothing, Self::Nothing) => Some(Self::Nothing),
            (Self::Nothing | Self::Held, Self::Nothing | Self::Held) => Some(Self::Held),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_run_serves_two_requests_only_where_it_lets_through_no_more_than_they_do() {
        let hold = || Permit::Hold { feature: Feature::History, kind: HoldKind::Removes };
        let plan = || Permit::Plan(Chosen { plan: RunId(1), ops: Arc::default(), is_whole: true });
        for (one, other, joined) in [
            (Permit::Nothing, Permit::Nothing, Some(Permit::Nothing)),
            (Permit::Nothing, Permit::Held, Some(Permit::Held)),
            (Permit::Held, Permit::Nothing, Some(Permit::Held)),
            (hold(), Permit::Nothing, None),
            (Permit::Held, hold(), None),
            (hold(), hold(), None),
            (plan(), plan(), None),
        ] {
            assert_eq!(one.joined(&other), joined, "{one:?} {other:?}");
        }
    }
}
