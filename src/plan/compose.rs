//! The features of a pair seen together: where an account keeps one status per item, what is watched cannot stand on the
//! watchlist too, and history wins.
//!
//! Deliberately absent: removals. An item that left such a list because it was watched is a loss like any other.

use crosswatch_identity::{EntityIx, Placement};
use crosswatch_model::{Action, Feature, Id, Kind, Reason, Side};
use rustc_hash::FxHashSet;

use crate::{
    explain::Explainer,
    feature_plan::{After, FeaturePlan, PlannedItem},
    input::FeatureInput,
};

/// Leaves alone the watchlist adds whose item is or will be watched on a side that keeps one status per item.
///
/// `plans` are those of `inputs`, in the same order, all of one run: they share their catalog and join.
pub fn compose(inputs: &[FeatureInput<'_>], plans: &mut [FeaturePlan]) {
    let position = |feature: Feature| inputs.iter().position(|input| input.feature == feature);
    let (Some(history_at), Some(list_at)) = (position(Feature::History), position(Feature::Watchlist)) else { return };
    let (Some(history), Some(list)) = (inputs.get(history_at), inputs.get(list_at)) else { return };
    for side in Side::ALL.iter().copied().filter(|side| list.capabilities(*side).keeps_one_status) {
        let Some(plan) = plans.get(history_at) else { return };
        let watched = Watched::on(side, history, plan);
        let Some(plan) = plans.get_mut(list_at) else { return };
        for item in plan.items.iter_mut().filter(|item| item.line.side == side && item.line.action == Action::Add) {
            if watched.has(item) {
                leave_alone(list, item);
                plan.counts.adds = plan.counts.adds.saturating_sub(1);
                plan.counts.skipped += 1;
            }
        }
    }
}

/// What a side has watched once the plan is done.
struct Watched {
    entities: FxHashSet<EntityIx>,
    /// Shows of which at least one episode is.
    shows: FxHashSet<Id>,
}

impl Watched {
    fn on(side: Side, history: &FeatureInput<'_>, plan: &FeaturePlan) -> Self {
        let rows = history.read(side).rows().iter().filter(|row| row.feature() == Feature::History);
        let mut shows: FxHashSet<Id> = FxHashSet::default();
        let mut entities: FxHashSet<EntityIx> = FxHashSet::default();
        for row in rows {
            shows.extend(history.catalog.show_ids(row.item()));
            if let Placement::Entity(entity) = history.join.placement(row.item()) {
                entities.insert(entity);
            }
        }
        for item in plan.items.iter().filter(|item| item.line.side == side && item.line.action == Action::Add) {
            entities.extend(item.entity);
            shows.extend(item.line.item.show.iter().flat_map(|show| show.ids.iter()));
        }
        Self { entities, shows }
    }

    fn has(&self, item: &PlannedItem) -> bool {
        item.entity.is_some_and(|entity| self.entities.contains(&entity))
            || (item.line.item.kind == Kind::Show && item.line.item.ids.iter().any(|id| self.shows.contains(&id)))
    }
}

fn leave_alone(input: &FeatureInput<'_>, item: &mut PlannedItem) {
    let (source, target) = match item.line.side {
        Side::Source => (None, item.line.value),
        Side::Target => (item.line.value, None),
    };
    item.line.action = Action::Skip;
    item.line.reason = Reason::StatusTaken;
    item.line.explain = Explainer::new(input).explain(Reason::StatusTaken, source, target);
    item.after = After::Nothing;
}
