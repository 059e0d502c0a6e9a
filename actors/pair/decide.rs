//! Deciding: who is who, and what to do about it. Runs on the lane; sees no account and no store.

use crosswatch_identity::{Catalog, EntityIx, ItemIx, Join, join};
use crosswatch_model::{Feature, Side, Uid};
use crosswatch_plan::{FeatureInput, FeaturePlan, FeaturePolicy, Read, judge, plan_feature};
use jiff::{Timestamp, tz::TimeZone};
use rustc_hash::FxHashMap;
use smol_str::{SmolStr, format_smolstr};

use super::{
    collect::{Collected, FeatureReads, SideAccount},
    journey::{Journey, Stop},
};
use crate::{
    blueprint::SharedPair,
    planted::{self, Mistake},
};

/// What was decided, with everything needed to carry it out.
pub(super) struct Decided {
    pub(super) catalog: Catalog,
    pub(super) known: Vec<(Uid, ItemIx)>,
    pub(super) join: Join,
    pub(super) features: Vec<FeatureDecision>,
    pub(super) source: SideAccount,
    pub(super) target: SideAccount,
    /// A person approved what is held.
    pub(super) approves_held: bool,
}

impl Decided {
    /// The account of a side.
    pub(super) fn account(&self, side: Side) -> &SideAccount {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }
}

/// One feature.
pub(super) struct FeatureDecision {
    pub(super) feature: Feature,
    pub(super) plan: FeaturePlan,
    pub(super) reads: FeatureReads,
    pub(super) policy: FeaturePolicy,
    pub(super) is_first_run: bool,
    /// Names the accounts and filters this decision is about.
    pub(super) scope: SmolStr,
    /// Names of the entities of the plan, once they have one: a later join numbers entities anew.
    pub(super) uids: FxHashMap<EntityIx, Uid>,
}

/// Joins and plans.
pub(super) async fn decide(journey: &Journey, collected: Collected) -> Result<Decided, Stop> {
    journey.check_cancelled()?;
    let pair = journey.pair.as_ref().clone();
    let approves_held = journey.ticket.job.approves_held;
    let (now, zone) = (journey.surroundings.clock.now(), journey.surroundings.clock.zone());
    let work = move || Desk { pair: std::rc::Rc::new(pair), approves_held, now, zone }.decide(collected);
    Ok(journey.surroundings.lane.run(work).await?)
}

struct Desk {
    pair: SharedPair,
    approves_held: bool,
    now: Timestamp,
    zone: TimeZone,
}

impl Desk {
    fn decide(&self, collected: Collected) -> Decided {
        let Collected { catalog, known, features, source, target } = collected;
        let join = join(&catalog, &known);
        let scope = format_smolstr!("{}|{}|{}", source.fingerprint, target.fingerprint, self.pair.scope);
        let decide_one = |mut reads: FeatureReads| {
            let policy = self.policy(&reads);
            let is_first_run = reads.known_pair.as_ref().is_none_or(|known| known.scope != scope);
            judge_sides(&mut reads, &policy, is_first_run);
            let plan = plan_feature(&FeatureInput {
                pair: &self.pair.id,
                feature: reads.feature,
                catalog: &catalog,
                join: &join,
                source: &reads.source.read,
                target: &reads.target.read,
                baseline: &reads.baseline,
                is_first_run,
                in_flight: &reads.in_flight,
                unresolved: &reads.unresolved,
                policy: &policy,
                source_capabilities: &source.capabilities,
                target_capabilities: &target.capabilities,
                zone: &self.zone,
                now: self.now,
            });
            FeatureDecision {
                feature: reads.feature,
                plan,
                reads,
                policy,
                is_first_run,
                scope: scope.clone(),
                uids: FxHashMap::default(),
            }
        };
        let features = features.into_iter().map(decide_one).collect();
        Decided { catalog, known, join, features, source, target, approves_held: self.approves_held }
    }

    fn policy(&self, reads: &FeatureReads) -> FeaturePolicy {
        let configured = self.pair.features.iter().find(|entry| entry.feature == reads.feature);
        let mut policy = configured.map_or_else(closed_policy, |entry| entry.policy.clone());
        policy.approve_held = self.approves_held;
        policy.mirror_approved = reads.known_pair.as_ref().is_some_and(|known| known.mirror_approved);
        policy
    }
}

/// Compares each read with the last one that this very pair took for complete. A first run compares with nothing.
///
/// The rows of an unmoved mark are compared too: another pair of the account may have read them first.
fn judge_sides(reads: &mut FeatureReads, policy: &FeaturePolicy, is_first_run: bool) {
    let known = reads.known_pair.as_ref().filter(|_| !is_first_run);
    let before = (known.map(|known| known.source_items), known.map(|known| known.target_items));
    for (side, before) in [(&mut reads.source, before.0), (&mut reads.target, before.1)] {
        let mut read = std::mem::replace(&mut side.read, Read::Unconfigured);
        if planted::has(Mistake::RemovesFromPartialRead) && matches!(read, Read::Partial(_)) {
            read = Read::unchanged(read.rows().to_vec(), SmolStr::default());
        }
        side.read = judge(read, before, policy.max_shrink);
    }
}

/// A feature without a policy may do nothing.
fn closed_policy() -> FeaturePolicy {
    let limit = crosswatch_plan::Limit { percent: 0, at_least: 0 };
    FeaturePolicy {
        adds: false,
        removes: crosswatch_plan::Removes::Off,
        remove_after_reads: u8::MAX,
        max_removes: limit,
        max_shrink: limit,
        rewatches: false,
        allow_undated: false,
        new_item_grace_s: 0,
        min_percent: 0,
        max_percent: 100,
        approve_held: false,
        mirror_approved: false,
    }
}
