//! Deciding: who is who, and what to do about it. Runs on the lane; sees no account and no store.

use std::{rc::Rc, sync::Arc};

use crosswatch_identity::{Catalog, EntityIx, Evidence, ItemIx, Join, join, rematch::Holds};
use crosswatch_model::{Action, Feature, HoldKind, ItemRef, PlanItem, Reason, RestoreMode, Side, Uid};
use crosswatch_plan::{
    After, Approvals, ConflictPolicy, FeatureInput, FeaturePlan, FeaturePolicy, Mode, Read, Removes, compose, judge,
    plan_feature, plan_undo,
};
use crosswatch_port::Known;
use jiff::{Timestamp, tz::TimeZone};
use rustc_hash::FxHashMap;
use smol_str::{SmolStr, format_smolstr};

use super::{
    chosen,
    collect::{Collected, FeatureReads, SideAccount},
    journey::{Journey, Stop},
    question,
    rematch::{Believed, Lookout},
    undone,
};
use crate::{
    answers::FeatureAnswer,
    blueprint::SharedPair,
    permit::Permit,
    planted::{self, Mistake},
};

/// What was decided, with everything needed to carry it out.
pub(super) struct Decided {
    pub(super) catalog: Catalog,
    pub(super) known: Vec<(Uid, ItemIx)>,
    pub(super) evidence: Arc<Evidence>,
    pub(super) join: Join,
    pub(super) features: Vec<FeatureDecision>,
    pub(super) source: SideAccount,
    pub(super) target: SideAccount,
    /// What was asked about one item, answered.
    pub(super) answers: Vec<FeatureAnswer>,
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
    /// What is believed of the rows of media servers that are about something else than before.
    pub(super) believed: BelievedRows,
    /// Names of the entities of the plan, once they have one: a later join numbers entities anew.
    pub(super) uids: FxHashMap<EntityIx, Uid>,
}

impl FeatureDecision {
    /// Whether what is not in this read of a side is not there: a complete read, or a loss that a person approved.
    pub(super) fn takes_for_complete(&self, side: Side, read: &Read) -> bool {
        let shrunk = match side {
            Side::Source => HoldKind::SourceShrunk,
            Side::Target => HoldKind::TargetShrunk,
        };
        match read {
            Read::Complete(_) => true,
            Read::Suspect(_) => self.policy.approvals.covers(shrunk),
            _ => false,
        }
    }

    /// A side lost too much, and nobody has agreed to it yet.
    pub(super) fn has_open_loss(&self) -> bool {
        let is_open = |side: &Side| {
            let read = &self.reads.side(*side).read;
            matches!(read, Read::Suspect(_)) && !self.takes_for_complete(*side, read)
        };
        Side::ALL.iter().any(is_open)
    }
}

/// What is believed of either side.
#[derive(Debug, Default)]
pub(super) struct BelievedRows {
    source: Believed,
    target: Believed,
}

impl BelievedRows {
    /// What is believed of a side.
    pub(super) fn side(&self, side: Side) -> &Believed {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }
}

/// Joins and plans.
pub(super) async fn decide(journey: &Journey, collected: Collected) -> Result<Decided, Stop> {
    journey.check_cancelled()?;
    let pair = journey.pair.as_ref().clone();
    let permit = journey.ticket.job.permit.clone();
    let (now, zone) = (journey.surroundings.clock.now(), journey.surroundings.clock.zone());
    let question = journey.ticket.job.question.clone();
    let is_exact = journey.ticket.job.restores.as_ref().is_some_and(|order| order.mode == RestoreMode::Exact);
    let journals = match &journey.ticket.job.undoes {
        Some(order) => Some(undone::journals(journey, order).await?),
        None => None,
    };
    let work = move || Desk { pair: Rc::new(pair), permit, journals, question, is_exact, now, zone }.decide(collected);
    journey.surroundings.lane.run(work).await?
}

/// One feature, ready to be planned.
pub(super) struct Prepared {
    pub(super) reads: FeatureReads,
    policy: FeaturePolicy,
    is_first_run: bool,
    rematched: Holds,
    believed: BelievedRows,
}

impl Prepared {
    /// When both sides first agreed. A pair that begins anew has not.
    fn adopted_at(&self) -> Option<Timestamp> {
        self.reads.known_pair.as_ref().filter(|_| !self.is_first_run).map(|known| known.adopted_at)
    }
}

struct Desk {
    pair: SharedPair,
    permit: Permit,
    /// What is to be taken back, run by run.
    journals: Option<Vec<Vec<PlanItem>>>,
    question: Option<ItemRef>,
    /// A restore to exactly what was.
    is_exact: bool,
    now: Timestamp,
    zone: TimeZone,
}

impl Desk {
    fn decide(&self, collected: Collected) -> Result<Decided, Stop> {
        let Collected { catalog, known, features, source, target, beside, picker } = collected;
        let Known { evidence, shifts, .. } = beside;
        let join = join(&catalog, &known, &evidence);
        let scope = format_smolstr!("{}|{}|{}", source.fingerprint, target.fingerprint, self.pair.scope);
        let is_in_advance = features.iter().all(|reads| reads.held == Approvals::NONE);
        let lookout = Lookout {
            catalog: &catalog,
            join: &join,
            known: &known,
            evidence: &evidence,
            shifts: &shifts,
            now: self.now,
        };
        let prepare = |reads: FeatureReads| {
            let approved = self.approvals(&reads, is_in_advance);
            self.prepare(reads, approved, &scope, &lookout)
        };
        let prepared: Vec<Prepared> = features.into_iter().map(prepare).collect();
        if let Permit::Plan(_) = self.permit {
            prepared.iter().try_for_each(chosen::readable)?;
        }
        let mut inputs = Vec::with_capacity(prepared.len());
        for prepared in &prepared {
            inputs.push(FeatureInput {
                pair: &self.pair.id,
                feature: prepared.reads.feature,
                catalog: &catalog,
                join: &join,
                source: &prepared.reads.source.read,
                target: &prepared.reads.target.read,
                baseline: &prepared.reads.baseline,
                is_first_run: self.is_first_run(prepared, &scope),
                adopted_at: prepared.adopted_at(),
                run_number: prepared.reads.known_pair.as_ref().map_or(0, |known| known.writing_runs),
                rematched: &prepared.rematched,
                in_flight: &prepared.reads.in_flight,
                recorded: &prepared.reads.recorded,
                unresolved: &prepared.reads.unresolved,
                rejected: &prepared.reads.rejected,
                policy: &prepared.policy,
                source_capabilities: &source.capabilities,
                target_capabilities: &target.capabilities,
                zone: &self.zone,
                picker: picker.as_ref(),
                now: self.now,
            });
        }
        let plans = match &self.permit {
            Permit::Plan(chosen) => chosen::keep(chosen, &inputs, |inputs| self.plan(inputs))?,
            Permit::Nothing | Permit::Held | Permit::Hold { .. } => self.plan(&inputs),
        };
        let answers = self.question.iter().flat_map(|question| question::answer(question, &inputs, &known)).collect();
        drop(inputs);
        let decision = |(prepared, plan): (Prepared, FeaturePlan)| FeatureDecision {
            feature: prepared.reads.feature,
            plan,
            reads: prepared.reads,
            policy: prepared.policy,
            is_first_run: prepared.is_first_run,
            scope: scope.clone(),
            believed: prepared.believed,
            uids: FxHashMap::default(),
        };
        let features = prepared.into_iter().zip(plans).map(decision).collect();
        Ok(Decided { catalog, known, evidence, join, features, source, target, answers })
    }

    /// One plan per feature, in their order.
    fn plan(&self, inputs: &[FeatureInput<'_>]) -> Vec<FeaturePlan> {
        let mut plans: Vec<FeaturePlan> = match &self.journals {
            Some(journals) => inputs.iter().map(|input| plan_undo(input, journals)).collect(),
            None => inputs.iter().map(plan_feature).collect(),
        };
        if self.journals.is_none() {
            compose(inputs, &mut plans);
        }
        for (input, plan) in inputs.iter().zip(&mut plans) {
            withhold_removals(input, plan);
            if self.pair.is_keeper() {
                forget(plan);
            }
        }
        plans
    }

    /// A run can be taken back also where the pair never saw both sides in full; not where it is about others by now.
    fn is_first_run(&self, prepared: &Prepared, scope: &SmolStr) -> bool {
        match self.journals {
            _ if self.pair.is_keeper() => false,
            Some(_) => prepared.reads.known_pair.as_ref().is_some_and(|known| known.scope != *scope),
            None => prepared.is_first_run,
        }
    }

    /// What goes through of a feature. An approval is for what was held already; where nothing was, it is given in
    /// advance and covers everything. What goes through every time does so, but not when something is taken back.
    fn approvals(&self, reads: &FeatureReads, is_in_advance: bool) -> Approvals {
        let always = if self.journals.is_none() { reads.always } else { Approvals::NONE };
        always.and(match self.permit {
            Permit::Held if is_in_advance => Approvals::ALL,
            Permit::Held => reads.held,
            Permit::Hold { feature, kind } if feature == reads.feature && reads.held.covers(kind) => {
                Approvals::NONE.with(kind)
            }
            Permit::Nothing | Permit::Hold { .. } | Permit::Plan(_) => Approvals::NONE,
        })
    }

    fn prepare(
        &self,
        mut reads: FeatureReads,
        approvals: Approvals,
        scope: &SmolStr,
        lookout: &Lookout<'_>,
    ) -> Prepared {
        let policy = FeaturePolicy { approvals, ..self.policy(&reads) };
        let is_first_run =
            !self.pair.is_keeper() && reads.known_pair.as_ref().is_none_or(|known| known.scope != *scope);
        judge_sides(&mut reads, &policy, is_first_run);
        let mut rematched = Holds::new();
        lookout.shifts.iter().for_each(|shift| rematched.shift(shift));
        let source = lookout.look(&reads.source, &mut rematched);
        let believed = BelievedRows { source, target: lookout.look(&reads.target, &mut rematched) };
        Prepared { reads, policy, is_first_run, rematched, believed }
    }

    fn policy(&self, reads: &FeatureReads) -> FeaturePolicy {
        let configured = self.pair.features.iter().find(|entry| entry.feature == reads.feature);
        let mut policy = configured.map_or_else(closed_policy, |entry| entry.policy.clone());
        if self.is_exact {
            policy.removes = Removes::Mirror;
        }
        policy.mirror_approved = reads.known_pair.as_ref().is_some_and(|known| known.mirror_approved);
        policy
    }
}

/// Nothing is removed from a side whose rows were not all read: they could not be kept before.
fn withhold_removals(input: &FeatureInput<'_>, plan: &mut FeaturePlan) {
    for side in Side::ALL.iter().copied() {
        if matches!(input.read(side), Read::Complete(_) | Read::Suspect(_)) {
            continue;
        }
        let removals = plan.items.iter_mut().filter(|item| item.line.action == Action::Remove);
        for item in removals.filter(|item| item.line.side == side) {
            item.line.action = Action::Skip;
            item.line.reason = Reason::ReadIncomplete;
            item.line.explain = Reason::ReadIncomplete.sentence().into();
            item.after = After::Nothing;
            plan.counts.removes = plan.counts.removes.saturating_sub(1);
            plan.counts.skipped += 1;
        }
    }
}

/// A keeper remembers nothing: there is no second account that anything could be agreed with.
fn forget(plan: &mut FeaturePlan) {
    plan.settle.clear();
    plan.items.iter_mut().for_each(|item| item.after = After::Nothing);
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
        only_new: false,
        blocked: Vec::new(),
        approvals: Approvals::NONE,
        mode: Mode::OneWay,
        conflict: ConflictPolicy::Source,
        mirror_approved: false,
        leaves_losses: false,
    }
}
