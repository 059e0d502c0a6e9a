//! Applying a plan that a person looked at: planned afresh, and then only what was chosen is kept.
//!
//! Promises: a whole plan is applied only while it is the whole truth; of a selection, what is not true any more is left
//! out and told. An approval lasts for these lines: nothing else of the run knows of it.

use crosswatch_model::{Completeness, OpId};
use crosswatch_plan::{Approvals, FeatureInput, FeaturePlan, FeaturePolicy, choose};
use rustc_hash::FxHashSet;
use smol_str::format_smolstr;

use super::{apply::is_write, decide::Prepared, journey::Stop};
use crate::permit::Chosen;

/// Stops where a side cannot be read: then nobody knows whether the plan is still true.
pub(super) fn readable(prepared: &Prepared) -> Result<(), Stop> {
    let reads = &prepared.reads;
    for (side, kind) in [(&reads.source, "source-unavailable"), (&reads.target, "target-unavailable")] {
        if side.read.completeness() == Completeness::Unavailable {
            return Err(Stop::Account { kind, detail: side.read.report().proof });
        }
    }
    Ok(())
}

/// The plans with nothing but what was chosen.
pub(super) fn keep(
    chosen: &Chosen,
    inputs: &[FeatureInput<'_>],
    plan: impl Fn(&[FeatureInput<'_>]) -> Vec<FeaturePlan>,
) -> Result<Vec<FeaturePlan>, Stop> {
    let harmless = plan(inputs);
    if chosen.is_whole {
        if writes(&harmless) != *chosen.ops {
            return Err(Stop::Stale(
                "a side moved since the plan was made; nothing was written, make a new plan".into(),
            ));
        }
        return Ok(only(harmless.clone(), harmless, &chosen.ops));
    }
    // What a person picks goes through whatever holds it, also what was declined before.
    let open = |input: &FeatureInput<'_>| FeaturePolicy { approvals: Approvals::ALL, ..input.policy.clone() };
    let policies: Vec<FeaturePolicy> = inputs.iter().map(open).collect();
    let declined = |input: &FeatureInput<'_>| input.rejected.difference(&chosen.ops).copied().collect();
    let rejected: Vec<FxHashSet<OpId>> = inputs.iter().map(declined).collect();
    let approved = inputs.iter().zip(&policies).zip(&rejected);
    let approved: Vec<FeatureInput<'_>> =
        approved.map(|((input, policy), rejected)| FeatureInput { policy, rejected, ..*input }).collect();
    let mut plans = only(harmless, plan(&approved), &chosen.ops);
    let kept = writes(&plans).len();
    let left_out = chosen.ops.len().saturating_sub(kept);
    if kept == 0 {
        return Err(Stop::Stale("none of the chosen operations is true any more; nothing was written".into()));
    }
    if let Some(first) = plans.first_mut().filter(|_| left_out > 0) {
        first
            .notices
            .push(format_smolstr!("{left_out} of the chosen operations are not true any more and were left out."));
    }
    Ok(plans)
}

fn only(harmless: Vec<FeaturePlan>, from: Vec<FeaturePlan>, ops: &FxHashSet<OpId>) -> Vec<FeaturePlan> {
    harmless
        .into_iter()
        .zip(from)
        .map(|(harmless, from)| choose(harmless, from.items, |op| ops.contains(&op)))
        .collect()
}

fn writes(plans: &[FeaturePlan]) -> FxHashSet<OpId> {
    let lines = plans.iter().flat_map(|plan| &plan.items).map(|item| &item.line);
    lines.filter(|line| is_write(line)).map(|line| line.op).collect()
}
