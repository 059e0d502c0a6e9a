//! The writes of a plan that a person chose, and nothing else of it.

use crosswatch_identity::EntityIx;
use crosswatch_model::{Action, Counts, OpId};
use rustc_hash::FxHashSet;

use crate::feature_plan::{FeaturePlan, PlannedItem};

/// Keeps the writes among `items` whose operation was chosen. `harmless` is the plan without any approval: what the
/// baseline learns from the reads is learned from it alone, and not of the entities that are written.
///
/// Nothing is held in what remains: what was not chosen is not part of it.
#[must_use]
pub fn choose(harmless: FeaturePlan, items: Vec<PlannedItem>, is_chosen: impl Fn(OpId) -> bool) -> FeaturePlan {
    let stays = |item: &PlannedItem| is_write(item.line.action) && is_chosen(item.line.op);
    let items: Vec<PlannedItem> = items.into_iter().filter(stays).collect();
    let written: FxHashSet<EntityIx> = items.iter().filter_map(|item| item.entity).collect();
    let count = |action: Action| items.iter().filter(|item| item.line.action == action).count() as u64;
    let counts = Counts {
        adds: count(Action::Add),
        updates: count(Action::Update),
        removes: count(Action::Remove),
        unchanged: harmless.counts.unchanged,
        ..Counts::default()
    };
    let settle = harmless.settle.into_iter().filter(|change| !written.contains(&change.entity)).collect();
    FeaturePlan { items, counts, holds: Vec::new(), settle, ..harmless }
}

const fn is_write(action: Action) -> bool {
    matches!(action, Action::Add | Action::Update | Action::Remove)
}
