//! Values that go back and forth: two writers who undo each other are noticed before they do it for ever.
//!
//! A write that brings back what a side had before is a return; two of them within ten writing runs are a quarrel, and
//! the next write waits for a person, whose approval starts the count anew. The memory moves with confirmed writes only.

use crosswatch_model::{Action, Fact, Flips, Rating};

use crate::{cell::Cell, compare::has_moved, input::FeatureInput, rules::Rules, seen::Seen};

/// The memory once this write is confirmed.
pub(crate) fn after_write(
    input: &FeatureInput<'_>,
    rules: &Rules<'_>,
    action: Action,
    cell: &Cell<'_>,
) -> Option<Flips> {
    let there = cell.on(rules.side).map(Seen::fact);
    let old = cell.base.and_then(|base| base.row.flips).unwrap_or_default();
    // A quarrel whose write is confirmed was approved.
    let returns = if old.is_quarrel() { 0 } else { old.returns };
    let flips = Flips { previous: there.and_then(rating).or(old.previous), returns, at: old.at };
    let value = cell.on(rules.side.other()).map(|seen| rules.value(seen.fact()));
    let is_return = matches!(action, Action::Add | Action::Update)
        && value.is_some_and(|value| undoes_other(input, rules, cell, value) || undoes_ours(old, rules, value));
    let flips = if is_return { flips.returned(input.run_number) } else { flips };
    (flips != Flips::default()).then_some(flips)
}

/// The side had this value when both agreed, and somebody else changed it or took it away since.
fn undoes_other(input: &FeatureInput<'_>, rules: &Rules<'_>, cell: &Cell<'_>, value: Fact) -> bool {
    let side = rules.side;
    let row = cell.base.map(|base| base.row).filter(|row| row.was_seen_on(side) && !row.is_diverged);
    let Some(agreed) = row.and_then(|row| row.value_on(side)) else { return false };
    let is_changed = cell.on(side).is_none_or(|there| has_moved(input, side, there.fact(), agreed));
    is_changed && !has_moved(input, side, value, agreed)
}

/// Our last write replaced this very value.
fn undoes_ours(old: Flips, rules: &Rules<'_>, value: Fact) -> bool {
    match (old.previous, rating(value)) {
        (Some(previous), Some(value)) => rules.keeps_as_same(previous, value),
        _ => false,
    }
}

const fn rating(fact: Fact) -> Option<Rating> {
    match fact {
        Fact::Rated { value, .. } => Some(value),
        _ => None,
    }
}
