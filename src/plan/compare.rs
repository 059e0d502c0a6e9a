//! Comparing facts: what both sides say now, what one side says now and said before, and which of two came later.
//!
//! Values are compared on the coarser of two scales, so that a round trip never drifts. Nothing here knows who wins.

use crosswatch_model::{Fact, Rating, Side, WatchedAt, same_instant_tolerance_s};
use jiff::Timestamp;

use crate::{
    baseline::{BaselineRow, PlayKey},
    input::FeatureInput,
};

/// Resume points this close are the same.
const SAME_POSITION_S: u32 = 30;

/// A day and an instant can be told apart from this distance on.
const DAY_AND_A_HALF_S: i64 = 36 * 3_600;

/// What two values of one item are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Same,
    /// They differ, and their times do not say which is right.
    Differs,
    /// They differ, and this side's is the newer one by the time of the event.
    Newer(Side),
}

/// Compares what both sides say about one item. `base` is what they agreed on.
pub(crate) fn compare(input: &FeatureInput<'_>, source: Fact, target: Fact, base: Option<&BaselineRow>) -> Comparison {
    let is_same = match (source, target) {
        (Fact::Rated { value, .. }, Fact::Rated { value: other, .. }) => same_rating(input, value, other),
        (Fact::Resume { .. }, Fact::Resume { .. }) => is_same_position(source, target),
        _ => true,
    };
    match newer_point(input, source, target, base).filter(|_| !is_same) {
        _ if is_same => Comparison::Same,
        Some(side) => Comparison::Newer(side),
        None => Comparison::Differs,
    }
}

/// Whether a side says something else than it said before. A list entry does not change, a play only to a later one.
pub(crate) fn has_moved(input: &FeatureInput<'_>, side: Side, now: Fact, before: Fact) -> bool {
    match (now, before) {
        (Fact::Rated { value, .. }, Fact::Rated { value: other, .. }) => {
            !input.capabilities(side).scale.same(value, other)
        }
        (Fact::Resume { .. }, Fact::Resume { .. }) => !is_same_position(now, before),
        (Fact::Play(now), Fact::Play(before)) => is_later_play(now, before),
        _ => false,
    }
}

/// The side whose fact came about later, where both tell when.
pub(crate) fn later_side(source: Fact, target: Fact) -> Option<Side> {
    let (source, target) = (event_time(source)?, event_time(target)?);
    match source.cmp(&target) {
        std::cmp::Ordering::Less => Some(Side::Target),
        std::cmp::Ordering::Greater => Some(Side::Source),
        std::cmp::Ordering::Equal => None,
    }
}

/// When the fact came about, where it is told to the second or minute.
pub(crate) const fn event_time(fact: Fact) -> Option<Timestamp> {
    match fact {
        Fact::Play(at) => at.instant(),
        Fact::Listed(at) => at,
        Fact::Rated { rated_at, .. } => rated_at,
        Fact::Resume { stopped_at, .. } => stopped_at,
    }
}

/// Each value first as its own side keeps it, then both on the coarser scale.
fn same_rating(input: &FeatureInput<'_>, value: Rating, other: Rating) -> bool {
    let (one, another) = (input.source_capabilities.scale, input.target_capabilities.scale);
    one.coarser(another).same(one.quantise(value), another.quantise(other))
}

fn is_later_play(now: WatchedAt, before: WatchedAt) -> bool {
    let apart_s = match (now, before) {
        (WatchedAt::Unknown, _) | (_, WatchedAt::Unknown) => return false,
        (WatchedAt::Day(day), WatchedAt::Day(other)) => return day > other,
        (WatchedAt::Day(_), _) | (_, WatchedAt::Day(_)) => DAY_AND_A_HALF_S,
        _ => same_instant_tolerance_s(),
    };
    let second = |at: WatchedAt| at.instant().map_or_else(|| PlayKey::of(at).second(), Timestamp::as_second);
    second(now).saturating_sub(second(before)) > apart_s
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

/// Of two resume points, by event time; where a side tells none, by which side moved since both agreed.
fn newer_point(input: &FeatureInput<'_>, source: Fact, target: Fact, base: Option<&BaselineRow>) -> Option<Side> {
    let (Fact::Resume { stopped_at, .. }, Fact::Resume { stopped_at: other_stopped_at, .. }) = (source, target) else {
        return None;
    };
    if stopped_at.is_some() && other_stopped_at.is_some() {
        return later_side(source, target);
    }
    let moved = |side: Side, now: Fact| {
        base.and_then(|base| base.value_on(side)).map(|before| has_moved(input, side, now, before))
    };
    match (moved(Side::Source, source), moved(Side::Target, target)) {
        (Some(true), Some(false)) => Some(Side::Source),
        (Some(false), Some(true)) => Some(Side::Target),
        _ if stopped_at.is_some() => Some(Side::Source),
        _ => other_stopped_at.is_some().then_some(Side::Target),
    }
}
