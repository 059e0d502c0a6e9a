//! What the policy and both accounts' abilities mean for single facts: compare, clip, refuse.

use crosswatch_identity::{Confidence, EntityIx, ItemIx};
use crosswatch_model::{Fact, Feature, Kind, PlayDetail, Rating, Reason, WatchedAt, WatchedPrecision};
use jiff::Timestamp;

use crate::{baseline::BaselineRow, input::FeatureInput, policy::Removes, seen::Seen};

/// Resume points this close are the same.
const SAME_POSITION_S: u32 = 30;

/// What two values of one item are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Same,
    Differs,
    TargetIsNewer,
}

/// The rules of one plan.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'a> {
    input: &'a FeatureInput<'a>,
    /// Every play counts; otherwise an item is watched or not.
    pub(crate) every_play: bool,
    /// When facts are removed, after what the target can do.
    pub(crate) removes: Removes,
    kinds: &'static [Kind],
}

impl<'a> Rules<'a> {
    /// The rules, or `None` where the target does not keep the feature.
    pub(crate) fn of(input: &'a FeatureInput<'a>) -> Option<Self> {
        let target = input.target_capabilities.feature(input.feature).filter(|feature| feature.can_write)?;
        input.source_capabilities.feature(input.feature)?;
        Some(Self {
            input,
            every_play: input.feature == Feature::History && input.policy.rewatches && can_tell_plays_apart(input),
            removes: if target.can_remove { input.policy.removes } else { Removes::Off },
            kinds: target.kinds,
        })
    }

    /// A rewatch is asked for, but one side cannot keep it.
    pub(crate) fn collapses_rewatches(&self) -> bool {
        self.input.feature == Feature::History && self.input.policy.rewatches && !self.every_play
    }

    /// Compares what both sides say about one item. `base` is what they agreed on.
    pub(crate) fn compare(&self, source: Fact, target: Fact, base: Option<&BaselineRow>) -> Comparison {
        match (source, target) {
            (Fact::Rated { value, .. }, Fact::Rated { value: other, .. }) => {
                let (one, other_scale) = (self.input.source_capabilities.scale, self.input.target_capabilities.scale);
                let is_same = one.coarser(other_scale).same(one.quantise(value), other);
                if is_same { Comparison::Same } else { Comparison::Differs }
            }
            (Fact::Resume { stopped_at, .. }, Fact::Resume { stopped_at: other, .. }) => {
                if is_same_position(source, target) {
                    Comparison::Same
                } else if target_is_newer(source, stopped_at, target, other, base) {
                    Comparison::TargetIsNewer
                } else {
                    Comparison::Differs
                }
            }
            _ => Comparison::Same,
        }
    }

    /// The fact as the target will keep it.
    pub(crate) fn value(&self, fact: Fact) -> Fact {
        match fact {
            Fact::Rated { value, rated_at } => Fact::Rated { value: self.quantise(value), rated_at },
            Fact::Play(at) => Fact::Play(match self.input.target_capabilities.watched_precision {
                WatchedPrecision::Second => at,
                WatchedPrecision::Minute => at.to_minute(),
                WatchedPrecision::WriteTimeOnly => WatchedAt::Unknown,
            }),
            Fact::Listed(_) | Fact::Resume { .. } => fact,
        }
    }

    fn quantise(&self, value: Rating) -> Rating {
        let kept_by_source = self.input.source_capabilities.scale.quantise(value);
        self.input.target_capabilities.scale.quantise(kept_by_source)
    }

    /// Why the item cannot be on the target at all.
    pub(crate) fn kind_obstacle(&self, kind: Kind) -> Option<Reason> {
        if self.input.feature == Feature::History && matches!(kind, Kind::Show | Kind::Season) {
            return Some(Reason::NotALeaf);
        }
        if self.kinds.contains(&kind) { None } else { Some(Reason::KindUnsupported) }
    }

    /// Why this fact is not written now.
    pub(crate) fn write_obstacle(&self, source: &Seen) -> Option<Reason> {
        let fact = source.fact();
        if let Some(reason) = self.kind_obstacle(self.input.catalog.kind(source.item())) {
            return Some(reason);
        }
        if self.is_too_new(fact) {
            return Some(Reason::TooNew);
        }
        match fact {
            Fact::Play(at) if !self.may_write_play(at) => Some(Reason::UndatedNotAllowed),
            Fact::Resume { position_s, duration_s: Some(duration_s), .. } => {
                let (position, duration) = (u64::from(position_s) * 100, u64::from(duration_s));
                let is_inside = position >= duration * u64::from(self.input.policy.min_percent)
                    && position <= duration * u64::from(self.input.policy.max_percent);
                if is_inside { None } else { Some(Reason::OutsideProgressLimits) }
            }
            _ => None,
        }
    }

    fn may_write_play(&self, at: WatchedAt) -> bool {
        let target = self.input.target_capabilities;
        let keeps_date = target.watched_precision != WatchedPrecision::WriteTimeOnly;
        let is_kept = if at == WatchedAt::Unknown { target.keeps_undated_plays } else { keeps_date };
        is_kept || self.input.policy.allow_undated
    }

    fn is_too_new(&self, fact: Fact) -> bool {
        let grace_s = i64::from(self.input.policy.new_item_grace_s);
        let added_at = match fact {
            Fact::Play(at) => at.instant(),
            Fact::Listed(at) => at,
            Fact::Rated { rated_at, .. } => rated_at,
            Fact::Resume { stopped_at, .. } => stopped_at,
        };
        added_at.is_some_and(|at| self.input.now.as_second().saturating_sub(at.as_second()) < grace_s)
    }

    /// Adding a play that may be there already would double it.
    pub(crate) fn would_double(&self) -> bool {
        self.input.feature == Feature::History && self.input.target_capabilities.duplicates_plays
    }

    /// Whether the match is good enough to replace a value.
    pub(crate) fn may_overwrite(
        &self,
        entity: EntityIx,
        source: &Seen,
        target: &Seen,
        base: Option<&BaselineRow>,
    ) -> bool {
        let join = self.input.join;
        let confidence = |one: ItemIx, other: ItemIx| join.confidence(self.input.catalog, one, other);
        let mut level = confidence(source.item(), target.item());
        if let Some(known) = join.known_item(entity) {
            level = level.min(confidence(source.item(), known).max(confidence(known, target.item())));
        }
        match self.input.feature {
            Feature::Progress => level <= Confidence::C3,
            _ => level <= Confidence::C2 || (level == Confidence::C3 && base.is_some_and(|base| base.written_by_us)),
        }
    }

    /// Whether the match is good enough to remove the target's fact.
    pub(crate) fn may_remove(&self, entity: EntityIx, target: &Seen, base: &BaselineRow) -> bool {
        let known = self.input.join.known_item(entity);
        base.written_by_us
            || known.is_some_and(|known| {
                self.input.join.confidence(self.input.catalog, known, target.item()) <= Confidence::C2
            })
    }
}

fn can_tell_plays_apart(input: &FeatureInput<'_>) -> bool {
    input.source_capabilities.plays == PlayDetail::EveryPlay
        && input.target_capabilities.plays == PlayDetail::EveryPlay
        && input.target_capabilities.watched_precision != WatchedPrecision::WriteTimeOnly
}

fn is_same_position(one: Fact, other: Fact) -> bool {
    let (
        Fact::Resume { position_s, duration_s, .. },
        Fact::Resume { position_s: other_s, duration_s: other_duration_s, .. },
    ) = (one, other)
    else {
        return false;
    };
    let duration_s = duration_s.max(other_duration_s).unwrap_or_default();
    position_s.abs_diff(other_s) <= SAME_POSITION_S.max(duration_s / 100)
}

/// By event time; where a side tells none, by which side moved since both agreed.
fn target_is_newer(
    source: Fact,
    source_at: Option<Timestamp>,
    target: Fact,
    target_at: Option<Timestamp>,
    base: Option<&BaselineRow>,
) -> bool {
    if let (Some(source_at), Some(target_at)) = (source_at, target_at) {
        return target_at > source_at;
    }
    let moved = |now: Fact, before: fn(&BaselineRow) -> Option<Fact>| {
        base.and_then(before).map(|before| !is_same_position(now, before))
    };
    match (moved(source, |base| base.source), moved(target, |base| base.target)) {
        (Some(true), Some(false)) => false,
        (Some(false), Some(true)) => true,
        _ => source_at.is_none() && target_at.is_some(),
    }
}
