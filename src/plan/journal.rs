//! The journals of several runs, told as one: of every place that was written, what was there before the first write and
//! what the last one left.
//!
//! Promises: only writes that were confirmed count; what was there already is nobody's work. Lines of one run are never
//! folded into each other, and a place that was left as it was found is not told at all.
//! Deliberately absent: what the sides show now.

use std::collections::BTreeMap;

use crosswatch_identity::EntityIx;
use crosswatch_model::{Action, Fact, Outcome, PlanItem, Side, WatchedAt, same_instant_tolerance_s};

use crate::input::FeatureInput;

/// When two facts are the same one.
#[derive(Clone, Copy)]
pub(crate) struct Likeness<'a> {
    pub(crate) input: &'a FeatureInput<'a>,
    /// Every play counts for itself.
    pub(crate) every_play: bool,
}

impl Likeness<'_> {
    /// Whether a side that shows `shown` has what is wanted. Where only presence counts of plays, any play does.
    pub(crate) fn shows(&self, side: Side, shown: Fact, wanted: Fact) -> bool {
        match (shown, wanted) {
            (Fact::Play(shown), Fact::Play(wanted)) => !self.every_play || self.is_same_play(shown, wanted),
            (Fact::Rated { value: shown, .. }, Fact::Rated { value: wanted, .. }) => {
                self.input.capabilities(side).scale.same(shown, wanted)
            }
            (Fact::Resume { position_s: shown, .. }, Fact::Resume { position_s: wanted, duration_s, .. }) => {
                shown.abs_diff(wanted) <= (duration_s.unwrap_or(0) / 100).max(30)
            }
            _ => true,
        }
    }

    /// Whether both are the same play of an item.
    pub(crate) fn is_same_play(&self, one: WatchedAt, other: WatchedAt) -> bool {
        let day = |at: WatchedAt| match at {
            WatchedAt::Day(day) => Some(day),
            at => at.instant().map(|at| at.to_zoned(self.input.zone.clone()).date()),
        };
        match (one.instant(), other.instant()) {
            (Some(one), Some(other)) => {
                one.as_second().abs_diff(other.as_second()) <= same_instant_tolerance_s().unsigned_abs()
            }
            _ => day(one) == day(other),
        }
    }

    /// Whether both lines wrote the same place of one entity on one side.
    fn is_same_place(&self, one: &PlanItem, other: &PlanItem) -> bool {
        match (one.value.or(one.before), other.value.or(other.before)) {
            (Some(Fact::Play(one)), Some(Fact::Play(other))) => !self.every_play || self.is_same_play(one, other),
            _ => true,
        }
    }
}

/// What the runs wrote of this feature, the oldest run first.
pub(crate) fn net(likeness: Likeness<'_>, journals: &[Vec<PlanItem>]) -> Vec<PlanItem> {
    let mut net = Net { likeness, places: BTreeMap::new(), lines: Vec::new() };
    for (run, journal) in journals.iter().enumerate() {
        for line in journal.iter().filter(|line| is_ours(likeness.input, line)) {
            net.push(run, line);
        }
    }
    net.lines.into_iter().filter_map(|written| written.told(likeness)).collect()
}

struct Net<'a> {
    likeness: Likeness<'a>,
    /// The lines of an entity and side, by their place in `lines`.
    places: BTreeMap<(EntityIx, Side), Vec<usize>>,
    lines: Vec<Written>,
}

impl Net<'_> {
    fn push(&mut self, run: usize, line: &PlanItem) {
        let input = self.likeness.input;
        let Some(entity) = line.uid.and_then(|uid| input.join.entity_of_uid(uid)) else {
            self.lines.push(Written::once(run, line));
            return;
        };
        let known = self.places.entry((entity, line.side)).or_default();
        for at in known.iter() {
            if let Some(written) = self.lines.get_mut(*at)
                && written.run < run
                && self.likeness.is_same_place(&written.last, line)
            {
                written.again(run, line);
                return;
            }
        }
        known.push(self.lines.len());
        self.lines.push(Written::once(run, line));
    }
}

/// One place that was written.
struct Written {
    /// The run that wrote it last.
    run: usize,
    /// The first write.
    first: Option<PlanItem>,
    /// The last write.
    last: PlanItem,
}

impl Written {
    fn once(run: usize, line: &PlanItem) -> Self {
        Self { run, first: None, last: line.clone() }
    }

    fn again(&mut self, run: usize, line: &PlanItem) {
        let before = std::mem::replace(&mut self.last, line.clone());
        self.first.get_or_insert(before);
        self.run = run;
    }

    /// All writes of the place as one; `None` where it was left as it was found.
    fn told(self, likeness: Likeness<'_>) -> Option<PlanItem> {
        let Self { first, last, .. } = self;
        let Some(first) = first else { return Some(last) };
        let was_empty = first.action == Action::Add;
        let value = last.value.filter(|_| last.action != Action::Remove);
        let before = first.before.filter(|_| !was_empty);
        let action = match (was_empty, value) {
            (true, None) => return None,
            (true, Some(_)) => Action::Add,
            (false, None) => Action::Remove,
            (false, Some(value)) if before.is_some_and(|before| likeness.shows(last.side, value, before)) => {
                return None;
            }
            (false, Some(_)) => Action::Update,
        };
        Some(PlanItem { action, value, before, ..last })
    }
}

/// A write that was confirmed.
fn is_ours(input: &FeatureInput<'_>, line: &PlanItem) -> bool {
    line.feature == input.feature
        && matches!(line.action, Action::Add | Action::Update | Action::Remove)
        && matches!(line.outcome, Outcome::Acknowledged | Outcome::Verified)
}
