//! The guards: they look at the whole plan and hold what is risky. None of them ever lets more through.
//!
//! Each written side is guarded for itself. An approval opens the guards it names and no other; nothing makes an account
//! larger.

use crosswatch_model::{Action, Feature, HoldKind, Reason, Side};

use crate::{
    draft::Draft,
    feature_plan::Hold,
    measures::Measures,
    policy::{FeaturePolicy, Mode, Removes},
    read::has_shrunk,
};

/// Every guard with the reason its lines carry.
pub(crate) const KINDS: [(HoldKind, Reason); 7] = [
    (HoldKind::SourceShrunk, Reason::SourceShrunk),
    (HoldKind::TargetShrunk, Reason::TargetShrunk),
    (HoldKind::Removes, Reason::TooManyRemoves),
    (HoldKind::FirstMirror, Reason::FirstMirror),
    (HoldKind::DuplicatePlays, Reason::DuplicatePlays),
    (HoldKind::AccountFull, Reason::AccountFull),
    (HoldKind::FlipFlop, Reason::FlipFlop),
];

/// Holds what is risky and tells what waits.
pub(crate) fn guard(
    feature: Feature,
    policy: &FeaturePolicy,
    measures: &Measures,
    drafts: &mut [Draft<'_>],
) -> Vec<Hold> {
    hold_quarrels(policy, drafts);
    for side in Side::ALL.iter().copied() {
        hold_consequences(policy, measures, side, drafts);
    }
    for side in Side::ALL.iter().copied() {
        hold_doubles(policy, measures, side, drafts);
        hold_removals(policy, measures, side, drafts);
        hold_overflow(measures, side, drafts);
    }
    let mut holds = Vec::new();
    for (kind, reason) in KINDS {
        for side in Side::ALL.iter().copied() {
            let items = items_held(kind, reason, side, measures, drafts);
            if items > 0 {
                holds.push(Hold { kind, feature, side, items, sentence: measures.sentence(kind, side, items) });
            }
        }
    }
    holds
}

fn items_held(kind: HoldKind, reason: Reason, side: Side, measures: &Measures, drafts: &[Draft<'_>]) -> u64 {
    let is_waiting = |draft: &&Draft<'_>| draft.action == Action::Hold && draft.reason == reason && draft.side == side;
    let waiting = drafts.iter().filter(is_waiting).count() as u64;
    // What a side lost is told by the line of what follows from it, on the side across.
    let lost_on = match kind {
        HoldKind::SourceShrunk => Side::Source,
        HoldKind::TargetShrunk if measures.is_two_way => Side::Target,
        _ => return waiting,
    };
    match measures.on(lost_on).read_loss {
        Some((_, lost)) if side != lost_on => lost.max(waiting),
        _ => waiting,
    }
}

fn hold_quarrels(policy: &FeaturePolicy, drafts: &mut [Draft<'_>]) {
    if !policy.approvals.covers(HoldKind::FlipFlop) {
        hold_where(drafts, Reason::FlipFlop, |draft| draft.write().is_some() && draft.past.is_quarrel);
    }
}

/// A side that lost too much of what the pair knows: putting it back waits, and where the loss would travel, so does
/// what it would remove on the side across.
fn hold_consequences(policy: &FeaturePolicy, measures: &Measures, side: Side, drafts: &mut [Draft<'_>]) {
    let lost_here = measures.on(side);
    let left = lost_here.known.saturating_sub(lost_here.lost);
    let (kind, reason) = match side {
        Side::Source => (HoldKind::SourceShrunk, Reason::SourceShrunk),
        Side::Target => (HoldKind::TargetShrunk, Reason::TargetShrunk),
    };
    if policy.approvals.covers(kind) || !has_shrunk(lost_here.known, left, policy.max_shrink) {
        return;
    }
    let is_two_way = measures.is_two_way;
    hold_where(drafts, reason, |draft| {
        let is_re_add = draft.action == Action::Add && draft.side == side && draft.past.was_agreed;
        let is_travelling = is_two_way && draft.action == Action::Remove && draft.side != side;
        (is_re_add && (is_two_way || side == Side::Target)) || is_travelling
    });
}

fn hold_doubles(policy: &FeaturePolicy, measures: &Measures, side: Side, drafts: &mut [Draft<'_>]) {
    if policy.approvals.covers(HoldKind::DuplicatePlays) {
        return;
    }
    let is_doubling = measures.is_doubling(side);
    hold_where(drafts, Reason::DuplicatePlays, |draft| {
        draft.action == Action::Add && draft.side == side && (draft.crowds || (is_doubling && draft.repeats_watched))
    });
}

fn hold_removals(policy: &FeaturePolicy, measures: &Measures, side: Side, drafts: &mut [Draft<'_>]) {
    let removals = drafts.iter().filter(|draft| draft.side == side && draft.write() == Some(Action::Remove));
    let is_exceeded = policy.max_removes.is_exceeded(removals.count() as u64, measures.on(side).held);
    let is_removal = |draft: &Draft<'_>| draft.side == side && draft.action == Action::Remove;
    let is_first_mirror = policy.removes == Removes::Mirror && policy.mode == Mode::OneWay && !policy.mirror_approved;
    if is_exceeded && !policy.approvals.covers(HoldKind::Removes) {
        hold_where(drafts, Reason::TooManyRemoves, is_removal);
    }
    if is_first_mirror && !policy.approvals.covers(HoldKind::FirstMirror) {
        hold_where(drafts, Reason::FirstMirror, is_removal);
    }
}

/// Holds the adds beyond the side's room. What another guard holds keeps its place, so that a stricter guard never makes
/// room for more.
fn hold_overflow(measures: &Measures, side: Side, drafts: &mut [Draft<'_>]) {
    let Some(max_rows) = measures.on(side).max_rows else { return };
    let mut room = max_rows.saturating_sub(measures.on(side).held);
    for draft in drafts.iter_mut().filter(|draft| draft.side == side && draft.write() == Some(Action::Add)) {
        if room > 0 {
            room -= 1;
        } else if draft.action == Action::Add {
            draft.hold(Reason::AccountFull);
        }
    }
}

fn hold_where(drafts: &mut [Draft<'_>], reason: Reason, is_risky: impl Fn(&Draft<'_>) -> bool) {
    for draft in drafts.iter_mut().filter(|draft| draft.action != Action::Hold && is_risky(draft)) {
        draft.hold(reason);
    }
}
