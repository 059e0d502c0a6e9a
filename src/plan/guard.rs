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
pub(crate) const KINDS: [HoldKind; 8] = [
    HoldKind::Rematch,
    HoldKind::SourceShrunk,
    HoldKind::TargetShrunk,
    HoldKind::Removes,
    HoldKind::FirstMirror,
    HoldKind::DuplicatePlays,
    HoldKind::AccountFull,
    HoldKind::FlipFlop,
];

/// Holds what is risky and tells what waits.
///
/// A line waits for the first guard that stops it, but every guard that would is told: one look is enough to approve.
pub(crate) fn guard(
    feature: Feature,
    policy: &FeaturePolicy,
    measures: &Measures,
    drafts: &mut [Draft<'_>],
) -> Vec<Hold> {
    let mut watch = Watch { policy, measures, drafts, also: Vec::new() };
    watch.hold_rematches();
    watch.hold_quarrels();
    for side in Side::ALL.iter().copied() {
        watch.hold_consequences(side);
    }
    for side in Side::ALL.iter().copied() {
        watch.hold_doubles(side);
        watch.hold_removals(side);
        watch.hold_overflow(side);
    }
    let mut holds = Vec::new();
    for kind in KINDS {
        for side in Side::ALL.iter().copied() {
            let waiting = watch.waiting(kind, side);
            let items = waiting.max(items_lost(kind, side, measures));
            if items > 0 {
                let sentence = measures.sentence(kind, side, waiting);
                holds.push(Hold { kind, feature, side, items, sentence });
            }
        }
    }
    holds
}

/// What a side lost waits for a person also where nothing follows from it: until then the side is not believed. It is told
/// with what would follow: on the side across, or on the only side that is written.
fn items_lost(kind: HoldKind, written: Side, measures: &Measures) -> u64 {
    let lost_on = match kind {
        HoldKind::SourceShrunk => Side::Source,
        HoldKind::TargetShrunk => Side::Target,
        _ => return 0,
    };
    let is_told_here = if measures.is_two_way { written != lost_on } else { written == Side::Target };
    measures.on(lost_on).read_loss.filter(|_| is_told_here).map_or(0, |(_, lost)| lost)
}

/// The guards at work.
struct Watch<'w, 'a> {
    policy: &'w FeaturePolicy,
    measures: &'w Measures,
    drafts: &'w mut [Draft<'a>],
    /// Lines that wait for another guard and would wait for this one, too.
    also: Vec<(HoldKind, Side)>,
}

impl<'a> Watch<'_, 'a> {
    /// How many lines of a side a guard stops.
    fn waiting(&self, kind: HoldKind, side: Side) -> u64 {
        let is_held =
            |draft: &&Draft<'_>| draft.action == Action::Hold && draft.reason == kind.reason() && draft.side == side;
        let first = self.drafts.iter().filter(is_held).count();
        (first + self.also.iter().filter(|also| **also == (kind, side)).count()) as u64
    }

    fn hold_where(&mut self, kind: HoldKind, is_risky: impl Fn(&Draft<'a>) -> bool) {
        if self.policy.approvals.covers(kind) {
            return;
        }
        for draft in self.drafts.iter_mut().filter(|draft| is_risky(draft)) {
            if draft.action != Action::Hold {
                draft.hold(kind.reason());
            } else if draft.reason != kind.reason() {
                self.also.push((kind, draft.side));
            }
        }
    }

    fn hold_rematches(&mut self) {
        self.hold_where(HoldKind::Rematch, |draft| draft.write().is_some() && draft.is_rematched);
    }

    fn hold_quarrels(&mut self) {
        self.hold_where(HoldKind::FlipFlop, |draft| draft.write().is_some() && draft.past.is_quarrel);
    }

    /// A side that lost too much of what the pair knows: putting it back waits, and where the loss would travel, so does
    /// what it would remove on the side across.
    fn hold_consequences(&mut self, side: Side) {
        let lost_here = self.measures.on(side);
        let left = lost_here.known.saturating_sub(lost_here.lost);
        if !has_shrunk(lost_here.known, left, self.policy.max_shrink) {
            return;
        }
        let kind = match side {
            Side::Source => HoldKind::SourceShrunk,
            Side::Target => HoldKind::TargetShrunk,
        };
        let is_two_way = self.measures.is_two_way;
        self.hold_where(kind, |draft| {
            let is_re_add = draft.write() == Some(Action::Add) && draft.side == side && draft.past.was_agreed;
            let is_travelling = is_two_way && draft.write() == Some(Action::Remove) && draft.side != side;
            (is_re_add && (is_two_way || side == Side::Target)) || is_travelling
        });
    }

    fn hold_doubles(&mut self, side: Side) {
        let is_doubling = self.measures.is_doubling(side);
        self.hold_where(HoldKind::DuplicatePlays, |draft| {
            let is_add = draft.write() == Some(Action::Add) && draft.side == side;
            is_add && (draft.crowds || (is_doubling && draft.repeats_watched))
        });
    }

    fn hold_removals(&mut self, side: Side) {
        let is_removal = |draft: &Draft<'_>| draft.side == side && draft.write() == Some(Action::Remove);
        let removals = self.drafts.iter().filter(|draft| is_removal(draft)).count() as u64;
        if self.policy.max_removes.is_exceeded(removals, self.measures.on(side).held) {
            self.hold_where(HoldKind::Removes, is_removal);
        }
        let is_mirror = self.policy.removes == Removes::Mirror && self.policy.mode == Mode::OneWay;
        if is_mirror && !self.policy.mirror_approved {
            self.hold_where(HoldKind::FirstMirror, is_removal);
        }
    }

    /// Holds the adds beyond the side's room. What another guard holds keeps its place, so that a stricter guard never
    /// makes room for more. No approval makes an account larger.
    fn hold_overflow(&mut self, side: Side) {
        let Some(max_rows) = self.measures.on(side).max_rows else { return };
        let mut room = max_rows.saturating_sub(self.measures.on(side).held);
        let is_add = |draft: &&mut Draft<'_>| draft.side == side && draft.write() == Some(Action::Add);
        for draft in self.drafts.iter_mut().filter(is_add) {
            if room > 0 {
                room -= 1;
            } else if draft.action == Action::Add {
                draft.hold(Reason::AccountFull);
            }
        }
    }
}
