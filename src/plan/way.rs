//! Which way a pair goes, and what that means for each of its sides.

use crosswatch_identity::EntityIx;
use crosswatch_model::{HoldKind, Kind, Reason, Side};

use crate::{
    cell::Cell,
    input::FeatureInput,
    one_way::OneWay,
    policy::Mode,
    read::Read,
    restore::Restore,
    rules::{Rules, every_play},
    standing::Standing,
    two_way::{Face, TwoWay},
    verdict::{Settle, Verdict},
};

/// The rules of one plan.
#[derive(Clone, Copy)]
pub(crate) enum Way<'a> {
    OneWay(OneWay<'a>),
    TwoWay(TwoWay<'a>),
    Restore(Restore<'a>),
}

impl<'a> Way<'a> {
    /// The rules, or `None` where a side does not keep the feature. A source that cannot be written is only read.
    pub(crate) fn of(input: &'a FeatureInput<'a>) -> Option<Self> {
        let target = face(input, Side::Target)?;
        if input.policy.mode == Mode::TwoWay
            && let Some(source) = face(input, Side::Source)
        {
            return Some(Self::TwoWay(TwoWay { input, policy: input.policy, source, target }));
        }
        let (source, is_loss_approved) = standing(input, Side::Source);
        if input.policy.mode == Mode::Restore {
            let Face { rules, standing: target, .. } = target;
            return Some(Self::Restore(Restore { input, rules, source, target }));
        }
        Some(Self::OneWay(OneWay {
            input,
            rules: target.rules,
            policy: input.policy,
            source,
            target: target.standing,
            is_first_run: input.is_first_run,
            is_loss_approved,
        }))
    }

    pub(crate) fn decide(&self, entity: EntityIx, cell: &Cell<'_>) -> (Verdict, Settle) {
        match self {
            Self::OneWay(one_way) => one_way.decide(entity, cell),
            Self::TwoWay(two_way) => two_way.decide(entity, cell),
            Self::Restore(restore) => restore.decide(entity, cell),
        }
    }

    /// The sides that are written.
    pub(crate) const fn written(&self) -> &'static [Side] {
        match self {
            Self::OneWay(_) | Self::Restore(_) => &[Side::Target],
            Self::TwoWay(_) => &[Side::Source, Side::Target],
        }
    }

    /// The rules for what is written to a side, where it is written.
    pub(crate) const fn rules(&self, side: Side) -> Option<&Rules<'a>> {
        match (self, side) {
            (Self::OneWay(one_way), Side::Target) => Some(&one_way.rules),
            (Self::OneWay(_) | Self::Restore(_), Side::Source) => None,
            (Self::Restore(restore), Side::Target) => Some(&restore.rules),
            (Self::TwoWay(two_way), Side::Source) => Some(&two_way.source.rules),
            (Self::TwoWay(two_way), Side::Target) => Some(&two_way.target.rules),
        }
    }

    pub(crate) const fn standing(&self, side: Side) -> Standing<'a> {
        match (self, side) {
            (Self::OneWay(one_way), Side::Source) => one_way.source,
            (Self::OneWay(one_way), Side::Target) => one_way.target,
            (Self::TwoWay(two_way), Side::Source) => two_way.source.standing,
            (Self::TwoWay(two_way), Side::Target) => two_way.target.standing,
            (Self::Restore(restore), Side::Source) => restore.source,
            (Self::Restore(restore), Side::Target) => restore.target,
        }
    }

    /// Every play counts; otherwise an item is watched or not.
    pub(crate) fn every_play(&self, input: &FeatureInput<'_>) -> bool {
        every_play(input, self.written())
    }

    /// Why nothing of this kind is written anywhere.
    pub(crate) fn kind_obstacle(&self, kind: Kind) -> Option<Reason> {
        match self {
            Self::OneWay(one_way) => one_way.rules.kind_obstacle(kind),
            Self::Restore(restore) => restore.rules.kind_obstacle(kind),
            Self::TwoWay(two_way) => {
                two_way.target.rules.kind_obstacle(kind).and(two_way.source.rules.kind_obstacle(kind))
            }
        }
    }
}

fn face<'a>(input: &'a FeatureInput<'a>, side: Side) -> Option<Face<'a>> {
    let rules = Rules::facing(input, side)?;
    let (standing, is_loss_approved) = standing(input, side);
    Some(Face { rules, standing, is_loss_approved })
}

/// What a side's read allows, and whether a person approved what it lost.
fn standing<'a>(input: &FeatureInput<'a>, side: Side) -> (Standing<'a>, bool) {
    let is_approved = input.policy.approvals.covers(match side {
        Side::Source => HoldKind::SourceShrunk,
        Side::Target => HoldKind::TargetShrunk,
    });
    let read = input.read(side);
    (Standing::of(read, is_approved), is_approved && matches!(read, Read::Suspect(_)))
}
