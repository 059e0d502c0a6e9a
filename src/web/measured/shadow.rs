//! Shadow mode: what a pair would have done, and how often it changed its mind.
//!
//! Two runs that followed each other are compared. What the first planned and the second does not plan any more is a
//! change of mind, because nothing was written in between; so is what somebody did by hand, which nobody can tell apart.

use std::collections::BTreeMap;

use crosswatch_actors::visit_first_lines;
use crosswatch_model::{Action, Feature, FeatureSet, Item, OpId, RunState};
use crosswatch_port::{Ledger, RunRecord, StorageFailure};

use crate::api::shapes::ShadowReportShape;

/// Runs that are compared.
const RUNS_MAX: usize = 20;
/// Changes of mind that are named.
const EXAMPLES_MAX: usize = 10;

/// What one run planned.
struct Planned {
    features: FeatureSet,
    operations: BTreeMap<OpId, Operation>,
    is_cut: bool,
}

struct Operation {
    feature: Feature,
    action: Action,
    item: Item,
}

/// Looks at the runs of the past, the newest first.
pub(crate) fn report(ledger: &dyn Ledger, past: &[RunRecord]) -> Result<ShadowReportShape, StorageFailure> {
    let is_whole = |run: &&RunRecord| run.dry_run && matches!(run.state, RunState::Succeeded | RunState::Held);
    let runs: Vec<&RunRecord> = past.iter().filter(is_whole).take(RUNS_MAX).collect();
    let plans = runs.iter().map(|run| planned(ledger, run)).collect::<Result<Vec<_>, _>>()?;
    let mut shape = ShadowReportShape {
        runs: runs.len(),
        since: runs.last().map(|run| run.asked_at),
        planned: plans.first().map_or(0, |plan| plan.operations.len()),
        changed_its_mind: 0,
        reversed: 0,
        examples: Vec::new(),
        is_cut: plans.iter().any(|plan| plan.is_cut),
    };
    for (newer, older) in plans.iter().zip(plans.iter().skip(1)).filter(|(newer, _)| !newer.is_cut) {
        compare(older, newer, &mut shape);
    }
    Ok(shape)
}

fn planned(ledger: &dyn Ledger, run: &RunRecord) -> Result<Planned, StorageFailure> {
    let mut operations = BTreeMap::new();
    let is_cut = visit_first_lines(ledger, run.id, &mut |line| {
        let action = line.held_action.unwrap_or(line.action);
        if matches!(action, Action::Add | Action::Update | Action::Remove) {
            operations.insert(line.op, Operation { feature: line.feature, action, item: line.item });
        }
    })?;
    Ok(Planned { features: run.features, operations, is_cut })
}

fn compare(older: &Planned, newer: &Planned, shape: &mut ShadowReportShape) {
    let is_gone = |(op, operation): &(&OpId, &Operation)| {
        newer.features.contains(operation.feature) && !newer.operations.contains_key(*op)
    };
    for (_, gone) in older.operations.iter().filter(is_gone) {
        let is_reverse = |other: &Operation| {
            let opposite = matches!(
                (gone.action, other.action),
                (Action::Remove, Action::Add | Action::Update) | (Action::Add | Action::Update, Action::Remove)
            );
            opposite && other.feature == gone.feature && other.item == gone.item
        };
        shape.changed_its_mind += 1;
        shape.reversed += usize::from(newer.operations.values().any(is_reverse));
        if shape.examples.len() < EXAMPLES_MAX {
            shape.examples.push(format!("{} {} ({})", gone.action, gone.item.label(), gone.feature));
        }
    }
}
