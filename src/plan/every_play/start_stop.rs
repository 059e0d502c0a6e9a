//! One viewing that one side stamped at its start and the other at its end.
//!
//! Two stamps are that when the pair remembers them as one play, or when they lie at most one length of the item apart and
//! both sides count the same number of plays. The second rule holds for all plays that are left of an item or for none:
//! a viewing that is only half sure must not come apart once one more play is written.
//! Deliberately absent: any guess where the length is not known.

use crosswatch_model::Side;

use super::{EveryPlay, Form, Viewing};
use crate::{cell::Base, same_play::TOLERANCE_S};

/// Pauses and credits: so much more than the length may lie between start and stop.
const SLACK_S: i64 = 60;

/// So many viewings that begin before a moment are looked at for the one that contains it.
const NEAREST: usize = 4;

impl<'a> EveryPlay<'a> {
    /// Unites viewings that only one side has. They are in order of time before and after.
    pub(super) fn unite_starts_and_stops(&mut self, bases: &[Base], runtime_s: Option<u32>) {
        if self.viewings.iter().all(|viewing| viewing.lone_side().is_none()) {
            return;
        }
        let remembered: Vec<(usize, usize)> = bases.iter().filter_map(|base| self.remembered(base)).collect();
        self.unite_all(&remembered);
        let Some(runtime_s) = runtime_s else { return };
        let within_s = i64::from(runtime_s).saturating_add(SLACK_S);
        let near = self.all_within(within_s).unwrap_or_default();
        self.unite_all(&near);
    }

    /// The viewings, one of each side, whose stamps are those of a remembered play and not near to each other.
    fn remembered(&self, base: &Base) -> Option<(usize, usize)> {
        let (form, source) = self.moment(base.row.source?);
        let (other_form, target) = self.moment(base.row.target?);
        let is_far = source.start.abs_diff(target.start) > TOLERANCE_S.unsigned_abs();
        if form != Form::Instant || other_form != Form::Instant || !is_far {
            return None;
        }
        Some((self.lone_at(Side::Source, source.start)?, self.lone_at(Side::Target, target.start)?))
    }

    fn lone_at(&self, side: Side, second: i64) -> Option<usize> {
        let end = self.viewings.partition_point(|viewing| viewing.span.start <= second);
        let candidates = self.viewings.iter().enumerate().take(end).rev().take(NEAREST);
        let is_it = |viewing: &Viewing<'a>| {
            viewing.form == Form::Instant && viewing.span.end >= second && viewing.lone_side() == Some(side)
        };
        candidates.into_iter().find(|(_, viewing)| is_it(viewing)).map(|(at, _)| at)
    }

    /// Every play that only one side has with its play of the other, in order of time; nothing unless that works out for
    /// all of them.
    fn all_within(&self, within_s: i64) -> Option<Vec<(usize, usize)>> {
        let lone = |side: Side| {
            let is_lone = move |(_, viewing): &(usize, &Viewing<'a>)| viewing.lone_side() == Some(side);
            self.viewings.iter().enumerate().filter(is_lone)
        };
        // What both sides have counts on both, so the counts agree when those of the lone plays do.
        let (sources, targets) = (lone(Side::Source).count(), lone(Side::Target).count());
        if sources == 0 || sources != targets || self.viewings.iter().any(|viewing| viewing.form != Form::Instant) {
            return None;
        }
        let mut pairs = Vec::with_capacity(sources);
        let mut source_first = None;
        for ((at, source), (other_at, target)) in lone(Side::Source).zip(lone(Side::Target)) {
            let apart_s = target.span.start.saturating_sub(source.span.start);
            let is_first = apart_s > 0;
            if apart_s.abs() > within_s || *source_first.get_or_insert(is_first) != is_first {
                return None;
            }
            pairs.push((at, other_at));
        }
        Some(pairs)
    }

    /// The earlier of two viewings takes in the later.
    fn unite_all(&mut self, pairs: &[(usize, usize)]) {
        if pairs.is_empty() {
            return;
        }
        for (source, target) in pairs {
            let (early, late) = (*source.min(target), *source.max(target));
            let Some(taken) = self.viewings.get(late).copied() else { continue };
            let Some(kept) = self.viewings.get_mut(early) else { continue };
            let sides = (kept.lone_side(), taken.lone_side());
            if !matches!(sides, (Some(one), Some(other)) if one == other.other()) {
                continue;
            }
            kept.source = kept.source.or(taken.source);
            kept.target = kept.target.or(taken.target);
            match (kept.group, taken.group) {
                (Some(into), Some(from)) => self.merge_groups(into, from),
                (None, from) => kept.group = from,
                (Some(_), None) => {}
            }
            if let Some(taken) = self.viewings.get_mut(late) {
                (taken.source, taken.target, taken.group) = (None, None, None);
            }
        }
        self.viewings.retain(|viewing| viewing.source.is_some() || viewing.target.is_some());
    }
}
