//! Finishing: the final state, the sentence, and what is kept of the run.

use crosswatch_model::{Completeness, Counts, Feature, Outcome, PlanItem, PlanState, ProviderId, RunState, Side};
use crosswatch_plan::sentence;
use crosswatch_port::{
    Change, Commit, Durability, EventRecord, FeatureTally, LineRecord, Notice, NoticeKind, PlanRecord, RunError,
    RunRecord, UndoOrder,
};
use jiff::SignedDuration;
use smol_str::{SmolStr, format_smolstr};

use super::{
    apply::{Applied, kept_lines},
    decide::Decided,
    journey::{Journey, Stop, account_error},
    verify::Verified,
};
use crate::{
    answers::Answer,
    run_table::{Job, JobKind},
};

/// So many runs of a pair are kept …
pub const RUNS_KEPT: usize = 200;
/// … and all that ended since, so that they can be taken back …
const RUNS_KEPT_FOR: SignedDuration = SignedDuration::from_hours(48);
/// … but never more.
pub const RUNS_MAX: usize = 2_000;
/// Plans of a pair that are kept.
pub(super) const PLANS_KEPT: usize = 20;
/// The kind of the error of a run whose plan was not true any more.
pub const PLAN_STALE: &str = "plan-stale";

/// How the steps of a run ended.
pub(super) struct Ending {
    tallies: Vec<FeatureTally>,
    notices: Vec<SmolStr>,
    has_holds: bool,
    target_error: Option<RunError>,
    applied: Applied,
    unverified: u64,
    missing: u64,
}

impl Ending {
    /// A dry run or plan.
    pub(super) fn looked(decided: &Decided, tallies: Vec<FeatureTally>) -> Self {
        Self {
            tallies,
            notices: notices(decided),
            has_holds: has_holds(decided),
            target_error: decided.target.error.clone(),
            applied: Applied::default(),
            unverified: 0,
            missing: 0,
        }
    }

    /// A run that may write.
    pub(super) fn ran(job: &Job, decided: &Decided, applied: Applied, verified: &Verified) -> Self {
        // Whoever applies a plan left out what waits.
        let has_holds = job.permit.plan().is_none() && has_holds(decided);
        let is_complete =
            |feature: &&super::verify::FeatureVerified| feature.read.completeness() == Completeness::Complete;
        Self {
            tallies: tallies(decided),
            notices: notices(decided),
            has_holds,
            target_error: decided.target.error.clone(),
            applied,
            unverified: verified.features.iter().filter(|feature| !is_complete(feature)).count() as u64,
            missing: verified.features.iter().map(|feature| feature.missing).sum(),
        }
    }

    fn reads(&self, wanted: impl Fn(Completeness) -> bool) -> bool {
        self.tallies.iter().any(|tally| wanted(tally.source.completeness) || wanted(tally.target.completeness))
    }

    fn state(&self) -> RunState {
        let is_usable = |completeness| !matches!(completeness, Completeness::Unavailable | Completeness::Unconfigured);
        let any_usable = self
            .tallies
            .iter()
            .any(|tally| is_usable(tally.source.completeness) && is_usable(tally.target.completeness));
        if self.applied.is_cancelled {
            return RunState::Cancelled;
        }
        if !any_usable && !self.tallies.is_empty() {
            return RunState::Failed;
        }
        let refused_everything =
            self.applied.stopped.as_ref().is_some_and(|(_, fault)| !fault.may_pass()) && self.applied.settled == 0;
        if refused_everything {
            return RunState::Failed;
        }
        let left_undone = self.applied.stopped.is_some()
            || self.applied.canary.is_some()
            || self.applied.rejected + self.applied.withdrawn + self.unverified + self.missing > 0;
        if left_undone || self.reads(|completeness| completeness == Completeness::Partial || !is_usable(completeness)) {
            return RunState::Partial;
        }
        if self.has_holds {
            return RunState::Held;
        }
        RunState::Succeeded
    }
}

fn has_holds(decided: &Decided) -> bool {
    decided.features.iter().any(|feature| !feature.plan.holds.is_empty() || feature.has_open_loss())
}

fn notices(decided: &Decided) -> Vec<SmolStr> {
    decided.features.iter().flat_map(|feature| feature.plan.notices.iter().cloned()).collect()
}

/// What was planned, per feature.
pub(super) fn tallies(decided: &Decided) -> Vec<FeatureTally> {
    let tally = |feature: &super::decide::FeatureDecision| FeatureTally {
        feature: feature.feature,
        counts: feature.plan.counts,
        outcomes: Vec::new(),
        source: feature.plan.source.clone(),
        target: feature.plan.target.clone(),
    };
    decided.features.iter().map(tally).collect()
}

/// Keeps the lines of a dry run or plan, so that they can be looked at.
pub(super) async fn keep_lines(journey: &Journey, decided: &Decided) -> Result<Vec<FeatureTally>, Stop> {
    if journey.ticket.job.kind == JobKind::Why {
        journey.directory.put_answer(journey.record.id, Answer::Found(decided.answers.clone()));
        return Ok(tallies(decided));
    }
    let is_plan = journey.ticket.job.kind.makes_plan();
    let owner = journey.record.id;
    let lines: Vec<PlanItem> = if is_plan {
        decided.features.iter().flat_map(|feature| feature.plan.items.iter().map(|item| item.line.clone())).collect()
    } else {
        kept_lines(decided).map(|(_, item)| item.line.clone()).collect()
    };
    let changes =
        (0u32..).zip(lines).map(|(number, line)| Change::PutLine(LineRecord { owner, number, line })).collect();
    journey.commit_many(changes).await?;
    if is_plan {
        let record = plan_record(journey, decided).await;
        journey.commit(Durability::Synced, vec![Change::PutPlan(record)]).await?;
    }
    Ok(tallies(decided))
}

async fn plan_record(journey: &Journey, decided: &Decided) -> PlanRecord {
    let tallies = tallies(decided);
    let unusable = tallies.iter().all(|tally| tally.target.completeness == Completeness::Unavailable);
    let text = match &decided.target.error {
        Some(error) => error.detail.clone(),
        None => planned_sentence(journey, decided, &tallies),
    };
    PlanRecord {
        id: journey.record.id,
        pair: journey.pair.id.clone(),
        created_at: journey.surroundings.clock.now(),
        state: match journey.ticket.job.kind {
            _ if unusable && !tallies.is_empty() => PlanState::Failed,
            JobKind::WhatIf => PlanState::WhatIf,
            _ => PlanState::Ready,
        },
        cost: cost(journey, decided).await,
        tallies,
        sentence: text,
        undoes: journey.ticket.job.undoes.clone(),
        restores: journey.ticket.job.restores.clone(),
        today: journey.today.clone(),
    }
}

/// What is planned. What cannot come back as it was is said before anything is sent.
fn planned_sentence(journey: &Journey, decided: &Decided, tallies: &[FeatureTally]) -> SmolStr {
    let planned = sentence(tallies.iter().map(|tally| &tally.counts));
    let planned = match &journey.ticket.job.undoes {
        Some(UndoOrder::Since { since, runs }) => {
            format!("Takes back what {} runs wrote that ended since {since}: {planned}", runs.len())
        }
        _ => planned,
    };
    let planned = match &journey.today {
        Some(today) => {
            let today = sentence(today.iter().map(|tally| &tally.counts));
            format!("With these settings: {planned} With those of today, from the same reads: {today}")
        }
        None => planned,
    };
    let told = if journey.ticket.job.kind == JobKind::Plan { Vec::new() } else { notices(decided) };
    [planned].into_iter().chain(told.into_iter().map(String::from)).collect::<Vec<_>>().join(" ").into()
}

/// Requests and seconds that writing the plan would cost each account: batches, and its pace.
async fn cost(journey: &Journey, decided: &Decided) -> Vec<(ProviderId, u64, u64)> {
    let mut cost = Vec::new();
    for side in [Side::Target, Side::Source] {
        let requests: u64 = decided.features.iter().map(|feature| requests_to_write(decided, feature, side)).sum();
        if requests == 0 && side == Side::Source {
            continue;
        }
        let door = journey.door(side);
        let pause = door.observe().await.ok().and_then(|state| state.budget.write_every);
        let milliseconds = u128::from(requests) * pause.map_or(0, |every| every.as_millis());
        cost.push((door.id().clone(), requests, u64::try_from(milliseconds / 1000).unwrap_or(u64::MAX)));
    }
    cost
}

fn requests_to_write(decided: &Decided, feature: &super::decide::FeatureDecision, side: Side) -> u64 {
    let capability = decided.account(side).capabilities.feature(feature.feature);
    let batch = capability.map_or(1, |entry| entry.batch_size.max(1)) as u64;
    let lines = feature.plan.items.iter().map(|item| &item.line);
    let writes = lines.filter(|line| line.side == side && super::apply::is_write(line)).count() as u64;
    writes.div_ceil(batch)
}

/// Writes down how the run went, tells listeners and people, and forgets the oldest runs.
pub(super) async fn finish(journey: &mut Journey, result: Result<Ending, Stop>) {
    journey.update_requests().await;
    match result {
        Ok(ending) => conclude(journey, ending).await,
        Err(stop) => conclude_stopped(journey, &stop),
    }
    if journey.record.state == RunState::Cancelled && journey.directory.brakes().is_frozen() {
        journey.record.sentence = format_smolstr!("Everything was frozen: {}", journey.record.sentence);
    }
    journey.record.finished_at = Some(journey.surroundings.clock.now());
    tell_people(journey);
    let event = EventRecord {
        at: journey.surroundings.clock.now(),
        kind: "run.finished".into(),
        pair: Some(journey.pair.id.clone()),
        run: Some(journey.record.id),
        sentence: journey.record.sentence.clone(),
    };
    let changes = match journey.ticket.job.kind {
        JobKind::Plan | JobKind::Undo | JobKind::Restore | JobKind::WhatIf => plan_that_failed(journey),
        JobKind::Why => question_that_failed(journey),
        // Told by who takes it.
        JobKind::Snapshot | JobKind::Recall { .. } => Vec::new(),
        JobKind::Run | JobKind::DryRun => {
            let applied = journey.ticket.job.permit.plan();
            let mark = applied.map(|plan| Change::MarkPlan(plan, state_of_plan(&journey.record)));
            mark.into_iter().chain([Change::PutRun(journey.record.clone()), Change::AppendEvent(event)]).collect()
        }
    };
    if !changes.is_empty() {
        // Without the lease: a run that lost it may still say so in its own record.
        let commit = Commit { fence: None, durability: Durability::Synced, changes };
        if let Err(error) = journey.directory.store().save(commit).await {
            tracing::error!(run = %journey.record.id, "the end of the run was not saved: {error}");
        }
    }
    let kind = match journey.ticket.job.kind {
        JobKind::Plan | JobKind::Undo | JobKind::Restore | JobKind::WhatIf => "plan.finished",
        JobKind::Snapshot => "snapshot.finished",
        JobKind::Recall { .. } => "recall.finished",
        JobKind::Why => "why.finished",
        JobKind::Run | JobKind::DryRun => "run.finished",
    };
    journey.happened(kind, 0, None, journey.record.sentence.clone());
    tracing::info!(pair = journey.pair.id.as_str(), run = %journey.record.id, state = %journey.record.state, "{}", journey.record.sentence);
    if let Err(error) = forget_oldest(journey).await {
        tracing::warn!("old runs were not forgotten: {error}");
    }
}

/// Where the plan stands that a run applied.
fn state_of_plan(run: &RunRecord) -> PlanState {
    match run.state {
        RunState::Succeeded | RunState::Partial | RunState::Held => PlanState::Applied,
        _ if run.error.as_ref().is_some_and(|error| error.kind == PLAN_STALE) => PlanState::Stale,
        _ => PlanState::Failed,
    }
}

async fn conclude(journey: &mut Journey, ending: Ending) {
    journey.record.state = ending.state();
    journey.record.tallies.clone_from(&ending.tallies);
    if !journey.record.dry_run {
        match count_outcomes(journey).await {
            Ok(outcomes) => add_outcomes(&mut journey.record.tallies, &outcomes),
            Err(stop) => tracing::warn!("outcomes were not counted: {stop}"),
        }
    }
    journey.record.error = error_of(journey, &ending);
    journey.record.sentence = run_sentence(journey, &ending);
}

fn conclude_stopped(journey: &mut Journey, stop: &Stop) {
    journey.record.state = if *stop == Stop::Cancelled { RunState::Cancelled } else { RunState::Failed };
    journey.record.sentence = format_smolstr!("{stop}");
    journey.record.error = match stop {
        Stop::Cancelled => None,
        Stop::Stale(detail) => Some(RunError { kind: PLAN_STALE.into(), detail: detail.clone() }),
        Stop::Account { kind, detail } => Some(RunError { kind: (*kind).into(), detail: detail.clone() }),
        Stop::LostLease => Some(RunError { kind: "lost-lease".into(), detail: format_smolstr!("{stop}") }),
        Stop::Store(_) => Some(RunError { kind: "storage".into(), detail: format_smolstr!("{stop}") }),
        Stop::Work(_) => Some(RunError { kind: "internal".into(), detail: format_smolstr!("{stop}") }),
    };
}

/// A plan that could not be made is kept as such, so that whoever asked for it learns why.
fn plan_that_failed(journey: &Journey) -> Vec<Change> {
    if journey.record.error.is_none() || !journey.record.tallies.is_empty() {
        return Vec::new();
    }
    vec![Change::PutPlan(PlanRecord {
        id: journey.record.id,
        pair: journey.pair.id.clone(),
        created_at: journey.surroundings.clock.now(),
        state: PlanState::Failed,
        tallies: Vec::new(),
        cost: Vec::new(),
        sentence: journey.record.sentence.clone(),
        undoes: journey.ticket.job.undoes.clone(),
        restores: journey.ticket.job.restores.clone(),
        today: None,
    })]
}

/// A question that could not be answered says so, so that nobody waits for it.
fn question_that_failed(journey: &Journey) -> Vec<Change> {
    if let Some(error) = journey.record.error.as_ref().filter(|_| journey.record.tallies.is_empty()) {
        journey.directory.put_answer(journey.record.id, Answer::Failed(error.detail.clone()));
    }
    Vec::new()
}

async fn count_outcomes(journey: &Journey) -> Result<Vec<(Feature, Outcome, u64)>, Stop> {
    let run = journey.record.id;
    let read = move |ledger: &dyn crosswatch_port::Ledger| {
        let mut counts = std::collections::BTreeMap::new();
        ledger.visit_lines(run, 0, &mut |record| {
            if super::apply::is_write(&record.line) {
                *counts.entry((record.line.feature, record.line.outcome)).or_insert(0_u64) += 1;
            }
            true
        })?;
        Ok(counts.into_iter().map(|((feature, outcome), count)| (feature, outcome, count)).collect())
    };
    Ok(journey.directory.store().query(read).await?)
}

fn add_outcomes(tallies: &mut [FeatureTally], outcomes: &[(Feature, Outcome, u64)]) {
    for tally in tallies {
        tally.outcomes = outcomes
            .iter()
            .filter(|(feature, ..)| *feature == tally.feature)
            .map(|(_, outcome, count)| (*outcome, *count))
            .collect();
    }
}

fn error_of(journey: &Journey, ending: &Ending) -> Option<RunError> {
    if journey.record.state != RunState::Failed && journey.record.state != RunState::Partial {
        return None;
    }
    if let Some(error) = &ending.target_error {
        return Some(error.clone());
    }
    if let Some((side, fault)) = &ending.applied.stopped {
        return Some(account_error(*side, journey.door(*side), fault));
    }
    let unusable = |completeness| matches!(completeness, Completeness::Unavailable | Completeness::Unconfigured);
    let broken = ending.tallies.iter().find_map(|tally| match (tally.source.completeness, tally.target.completeness) {
        (source, _) if unusable(source) => Some(("source-unavailable", &tally.source.proof)),
        (_, target) if unusable(target) => Some(("target-unavailable", &tally.target.proof)),
        (Completeness::Partial, _) => Some(("source-partial", &tally.source.proof)),
        (_, Completeness::Partial) => Some(("target-partial", &tally.target.proof)),
        _ => None,
    });
    broken.map(|(kind, proof)| RunError { kind: kind.into(), detail: proof.clone() })
}

fn run_sentence(journey: &Journey, ending: &Ending) -> SmolStr {
    let counts: Vec<&Counts> = ending.tallies.iter().map(|tally| &tally.counts).collect();
    let planned = sentence(counts.iter().copied());
    let mut parts = vec![];
    let of = |wanted: Outcome| -> u64 {
        let outcomes = journey.record.tallies.iter().flat_map(|tally| &tally.outcomes);
        outcomes.filter(|(outcome, _)| *outcome == wanted).map(|(_, count)| count).sum()
    };
    if journey.record.dry_run {
        parts.push(format!("Would do: {planned}"));
    } else if ending.applied.total == 0 {
        parts.push(planned);
    } else {
        let (verified, confirmed, there) =
            (of(Outcome::Verified), of(Outcome::Acknowledged), of(Outcome::AlreadyThere));
        let places: Vec<&str> = ending.applied.sides.iter().map(|side| journey.door(*side).id().as_str()).collect();
        parts.push(format!(
            "{planned} {} of {} done, {verified} of them seen at {}.",
            verified + confirmed + there,
            ending.applied.total,
            places.join(" and ")
        ));
    }
    let refused = of(Outcome::Rejected);
    if refused > 0 {
        parts.push(format!("{refused} refused, each with its reason."));
    }
    let left =
        of(Outcome::NotAttempted) + of(Outcome::InDoubt) + of(Outcome::Planned) * u64::from(!journey.record.dry_run);
    if left > 0 {
        parts.push(format!("{left} left for the next run."));
    }
    parts.extend(ending.applied.canary.clone().map(|text| format!("{text}.")));
    parts.extend(journey.record.error.as_ref().map(|error| format!("{}.", error.detail)));
    parts.extend(ending.notices.iter().map(ToString::to_string));
    parts.join(" ").into()
}

fn tell_people(journey: &Journey) {
    if journey.record.dry_run || journey.record.state != RunState::Failed {
        return;
    }
    if state_of_plan(&journey.record) == PlanState::Stale {
        // Whoever applied the plan hears of it right there.
        return;
    }
    let is_sign_in = journey.record.error.as_ref().is_some_and(|error| error.kind == "sign-in");
    let notice = Notice {
        kind: if is_sign_in { NoticeKind::Auth } else { NoticeKind::Failed },
        title: format_smolstr!("{} failed", journey.pair.id),
        body: journey.record.sentence.clone(),
        path: format_smolstr!("/api/v1/runs/{}", journey.record.id),
    };
    journey.directory.tell_people(notice);
}

/// Keeps the newest runs and plans of the pair.
async fn forget_oldest(journey: &Journey) -> Result<(), Stop> {
    let (pair, now) = (journey.pair.id.clone(), journey.surroundings.clock.now());
    let is_young =
        move |run: &RunRecord| run.finished_at.is_some_and(|finished| now.duration_since(finished) < RUNS_KEPT_FOR);
    let read = move |ledger: &dyn crosswatch_port::Ledger| {
        let runs = ledger.runs(Some(&pair), None, RUNS_MAX + 50)?.into_iter().enumerate().skip(RUNS_KEPT);
        let runs = runs.filter(|(at, run)| *at >= RUNS_MAX || !is_young(run)).map(|(_, run)| run.id);
        let plans = ledger.plans(Some(&pair), None, PLANS_KEPT + 50)?.into_iter().skip(PLANS_KEPT).map(|plan| plan.id);
        Ok(runs.chain(plans).map(|id| Change::DropRun(pair.clone(), id)).collect::<Vec<_>>())
    };
    let changes = journey.directory.store().query(read).await?;
    if changes.is_empty() {
        return Ok(());
    }
    let commit = Commit { fence: None, durability: Durability::Buffered, changes };
    journey.directory.store().save(commit).await?;
    Ok(())
}
