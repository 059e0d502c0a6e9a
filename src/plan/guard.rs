//! The guards: they look at the whole plan and hold what is risky. None of them ever lets more through.

use crosswatch_model::{Action, Feature, HoldKind, Reason};
use smol_str::{SmolStr, format_smolstr};

use crate::{
    draft::Draft,
    feature_plan::Hold,
    policy::{FeaturePolicy, Removes},
    read::has_shrunk,
};

/// What the guards look at beside the lines.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Measures {
    /// Facts the target holds.
    pub(crate) on_target: u64,
    /// Facts the pair knows to have been on the target.
    pub(crate) known_on_target: u64,
    /// Those of them that a complete read does not show any more.
    pub(crate) lost_on_target: u64,
    /// Entities with plays on both sides, where every play counts.
    pub(crate) watched: u64,
    /// Those of them that would get another play.
    pub(crate) watched_again: u64,
    /// Rows a shrunken source had before, and has lost.
    pub(crate) source_loss: Option<(u64, u64)>,
    /// How many facts the target can hold.
    pub(crate) max_rows: Option<u64>,
}

/// Fewer watched items than this say nothing about doubling.
const MIN_WATCHED: u64 = 20;

/// Holds what is risky and tells what waits.
pub(crate) fn guard(
    feature: Feature,
    policy: &FeaturePolicy,
    measures: &Measures,
    drafts: &mut [Draft<'_>],
) -> Vec<Hold> {
    if !policy.approve_held {
        hold_re_adds(policy, measures, drafts);
        hold_doubles(measures, drafts);
        hold_removals(policy, measures, drafts);
    }
    hold_overflow(measures, drafts);

    let waiting = |reason: Reason| {
        drafts.iter().filter(|draft| draft.action == Action::Hold && draft.reason == reason).count() as u64
    };
    let mut holds = Vec::new();
    for (kind, reason) in KINDS {
        let items = match (kind, measures.source_loss) {
            (HoldKind::SourceShrunk, Some((_, lost))) => lost.max(waiting(reason)),
            _ => waiting(reason),
        };
        if items > 0 {
            holds.push(Hold { kind, feature, items, sentence: sentence(kind, items, measures) });
        }
    }
    holds
}

/// Every guard with the reason its lines carry.
const KINDS: [(HoldKind, Reason); 6] = [
    (HoldKind::SourceShrunk, Reason::SourceShrunk),
    (HoldKind::TargetShrunk, Reason::TargetShrunk),
    (HoldKind::Removes, Reason::TooManyRemoves),
    (HoldKind::FirstMirror, Reason::FirstMirror),
    (HoldKind::DuplicatePlays, Reason::DuplicatePlays),
    (HoldKind::AccountFull, Reason::AccountFull),
];

fn sentence(kind: HoldKind, items: u64, measures: &Measures) -> SmolStr {
    let Measures { on_target, known_on_target, lost_on_target, watched, watched_again, .. } = measures;
    match kind {
        HoldKind::SourceShrunk => {
            let (before, lost) = measures.source_loss.unwrap_or_default();
            format_smolstr!(
                "The source lost {lost} of {before} items since its last complete read; approving accepts that as the truth."
            )
        }
        HoldKind::TargetShrunk => format_smolstr!(
            "The target lost {lost_on_target} of {known_on_target} known items; approving puts {items} back."
        ),
        HoldKind::Removes => {
            format_smolstr!("{items} of {on_target} items would be removed from the target; approving removes them.")
        }
        HoldKind::FirstMirror => format_smolstr!(
            "The first removals of this mirror wait; approving removes {items} items and trusts the mirror from then on."
        ),
        HoldKind::DuplicatePlays => format_smolstr!(
            "{watched_again} of {watched} watched items would get another play; approving adds {items} plays."
        ),
        HoldKind::AccountFull => {
            let most = measures.max_rows.unwrap_or_default();
            format_smolstr!(
                "{items} items do not fit, the target holds at most {most}; make room there, then run again."
            )
        }
    }
}

fn hold_re_adds(policy: &FeaturePolicy, measures: &Measures, drafts: &mut [Draft<'_>]) {
    let left = measures.known_on_target.saturating_sub(measures.lost_on_target);
    if has_shrunk(measures.known_on_target, left, policy.max_shrink) {
        hold_where(drafts, Reason::TargetShrunk, |draft| {
            draft.action == Action::Add && draft.reason == Reason::MissingOnTarget
        });
    }
}

fn hold_doubles(measures: &Measures, drafts: &mut [Draft<'_>]) {
    if measures.watched >= MIN_WATCHED && measures.watched_again * 2 > measures.watched {
        hold_where(drafts, Reason::DuplicatePlays, |draft| draft.action == Action::Add && draft.repeats_watched);
    }
}

fn hold_removals(policy: &FeaturePolicy, measures: &Measures, drafts: &mut [Draft<'_>]) {
    let is_removal = |draft: &Draft<'_>| draft.action == Action::Remove;
    let removals = drafts.iter().filter(|draft| is_removal(draft)).count() as u64;
    if policy.max_removes.is_exceeded(removals, measures.on_target) {
        hold_where(drafts, Reason::TooManyRemoves, is_removal);
    } else if policy.removes == Removes::Mirror && !policy.mirror_approved {
        hold_where(drafts, Reason::FirstMirror, is_removal);
    }
}

/// Holds the adds beyond the target's room. No approval makes an account larger.
fn hold_overflow(measures: &Measures, drafts: &mut [Draft<'_>]) {
    let Some(max_rows) = measures.max_rows else { return };
    let mut room = max_rows.saturating_sub(measures.on_target);
    for draft in drafts.iter_mut().filter(|draft| draft.action == Action::Add) {
        if room == 0 {
            draft.hold(Reason::AccountFull);
        } else {
            room -= 1;
        }
    }
}

fn hold_where(drafts: &mut [Draft<'_>], reason: Reason, is_risky: impl Fn(&Draft<'_>) -> bool) {
    for draft in drafts.iter_mut().filter(|draft| is_risky(draft)) {
        draft.hold(reason);
    }
}
