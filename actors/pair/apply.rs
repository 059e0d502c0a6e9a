//! Applying: the plan becomes rows on the disk, and the outboxes of the accounts it writes to send them.

use std::time::Duration;

use crosswatch_model::{Action, Feature, Outcome, PairId, PlanItem, ProviderId, Reason, RunId, Side, Uid};
use crosswatch_plan::PlannedItem;
use crosswatch_port::{CellNow, CellQuery, Change, Fault, LineRecord, OutboxRecord, OutboxState, Write};
use smol_str::format_smolstr;

use super::{
    decide::Decided,
    journey::{Journey, Stop},
    naming::{Names, Survey, name},
};
use crate::{
    landed::{Landed, landed},
    outbox::{Drain, DrainReport, Recover, Withdraw},
};

/// A drain may take as long as a run may.
const DRAIN_DEADLINE: Duration = Duration::from_secs(6 * 3600);
/// The first writes of a new pair: one, then ten, then the rest.
const CANARY_STEPS: [u64; 2] = [1, 10];

/// A plan whose entities all have names and whose rows are on the disk.
pub(super) struct Named {
    pub(super) decided: Decided,
    pub(super) names: Names,
    /// Writes of the plan, per side that has any.
    pub(super) writes: Vec<(Side, u64)>,
}

impl Named {
    /// All writes of the plan.
    pub(super) fn total(&self) -> u64 {
        self.writes.iter().map(|(_, writes)| writes).sum()
    }
}

/// What became of the writes.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// The sides that are written to.
    pub(super) sides: Vec<Side>,
    pub(super) total: u64,
    pub(super) settled: u64,
    pub(super) rejected: u64,
    pub(super) withdrawn: u64,
    pub(super) stopped: Option<(Side, Fault)>,
    pub(super) is_cancelled: bool,
    /// The first writes were not visible where they went; the rest was not sent.
    pub(super) canary: Option<String>,
}

/// Mends what an earlier run left in the outboxes of both accounts.
pub(super) async fn recover(journey: &Journey) -> Result<(), Stop> {
    for account in [&journey.pair.target, &journey.pair.source] {
        let Some(outbox) = journey.directory.outbox(account) else { continue };
        let recovered = outbox.ask(Recover { fence: journey.fence() }, DRAIN_DEADLINE).await;
        let report = recovered.map_err(|error| Stop::Store(error.into()))??;
        if report.in_doubt > 0 {
            tracing::warn!(
                account = account.as_str(),
                "{} writes are still in doubt and are not sent again",
                report.in_doubt
            );
        }
    }
    Ok(())
}

/// Gives entities their names, then puts lines and outbox rows on the disk. The baseline is not touched.
pub(super) async fn commit_plan(journey: &mut Journey, mut decided: Decided) -> Result<Named, Stop> {
    let (decided_back, survey) = journey
        .surroundings
        .lane
        .run(move || {
            let survey = survey(&decided);
            decided.features.iter_mut().for_each(|feature| sort_for_sending(&mut feature.plan.items));
            (decided, survey)
        })
        .await?;
    let mut decided = decided_back;
    let (minted, mut changes) = name(journey, &mut decided.catalog, &mut decided.known, &decided.join, survey).await?;
    remember_names(&mut decided, &minted);
    let writes = count_writes(&decided);
    let mut queues = Vec::with_capacity(writes.len());
    for (side, count) in &writes {
        let account = journey.door(*side).id().clone();
        let next_seq = mint_seqs(journey, account.clone(), *count).await?;
        queues.push(Queue { side: *side, account, next_seq });
    }
    let mut desk = Desk { run: journey.record.id, pair: journey.pair.id.clone(), queues };
    let work = move || {
        desk.push_rows(&decided, &minted, &mut changes);
        (Named { decided, names: minted, writes }, changes)
    };
    let (named, changes) = journey.surroundings.lane.run(work).await?;
    journey.check_cancelled()?;
    journey.commit_many(changes).await?;
    Ok(named)
}

/// Writes of the plan, per side that has any: the target first.
fn count_writes(decided: &Decided) -> Vec<(Side, u64)> {
    let lines = || decided.features.iter().flat_map(|feature| &feature.plan.items).map(|item| &item.line);
    let of = |side: Side| (side, lines().filter(|line| is_write(line) && line.side == side).count() as u64);
    [of(Side::Target), of(Side::Source)].into_iter().filter(|(_, writes)| *writes > 0).collect()
}

async fn mint_seqs(journey: &Journey, account: ProviderId, writes: u64) -> Result<u64, Stop> {
    let count = u32::try_from(writes).unwrap_or(u32::MAX);
    Ok(journey.directory.store().query(move |ledger| ledger.mint_outbox_seqs(&account, count)).await?)
}

/// Turns a plan into rows.
struct Desk {
    run: RunId,
    pair: PairId,
    queues: Vec<Queue>,
}

/// The outbox of one side.
struct Queue {
    side: Side,
    account: ProviderId,
    next_seq: u64,
}

impl Desk {
    /// Pushes lines and outbox rows.
    fn push_rows(&mut self, decided: &Decided, names: &Names, changes: &mut Vec<Change>) {
        for (number, (feature, planned)) in (0u32..).zip(kept_lines(decided)) {
            let uid = planned.entity.and_then(|entity| names.of(&decided.join, entity));
            let line = PlanItem { uid, ..planned.line.clone() };
            if let (true, Some(uid)) = (is_write(&line), uid)
                && let Some(row) = self.outbox_row(number, feature, planned, &line, uid)
            {
                changes.push(Change::PutOutbox(row));
            }
            changes.push(Change::PutLine(LineRecord { owner: self.run, number, line }));
        }
    }

    fn outbox_row(
        &mut self,
        line_number: u32,
        feature: Feature,
        planned: &PlannedItem,
        line: &PlanItem,
        uid: Uid,
    ) -> Option<OutboxRecord> {
        let queue = self.queues.iter_mut().find(|queue| queue.side == line.side)?;
        let seq = queue.next_seq;
        queue.next_seq += 1;
        Some(OutboxRecord {
            account: queue.account.clone(),
            seq,
            run: self.run,
            pair: self.pair.clone(),
            line_number,
            feature,
            write: Write {
                op: line.op,
                action: line.action,
                uid,
                item: line.item.clone(),
                value: value_to_send(line),
                native: line.native,
            },
            play: planned.play,
            after: planned.after,
            state: OutboxState::Queued,
            attempts: 0,
            sent_at: None,
        })
    }
}

/// Keeps the names of the plan's entities with the plan.
fn remember_names(decided: &mut Decided, names: &Names) {
    let join = &decided.join;
    for feature in &mut decided.features {
        let settled = feature.plan.settle.iter().map(|change| change.entity);
        feature.uids = settled.filter_map(|entity| names.of(join, entity).map(|uid| (entity, uid))).collect();
    }
}

/// Which entities need a name before anything is kept about them.
fn survey(decided: &Decided) -> Survey {
    let Decided { catalog, join, features, source, target, .. } = decided;
    let mut survey = Survey::default();
    for feature in features {
        for (side, read) in [(source, &feature.reads.source), (target, &feature.reads.target)] {
            let has_gate = side.capabilities.feature(feature.feature).is_some_and(|entry| entry.has_change_gate);
            let keeps_rows = has_gate || side.capabilities.is_media_server;
            if read.is_fresh {
                survey.add_rows(join, catalog, &read.read, keeps_rows);
            }
        }
        for entity in feature.plan.items.iter().filter(|item| is_write(&item.line)).filter_map(|item| item.entity) {
            survey.add(join, catalog, entity, true);
        }
        for change in feature.plan.settle.iter().filter(|change| change.row.is_some()) {
            survey.add(join, catalog, change.entity, true);
        }
    }
    survey
}

pub(super) fn is_write(line: &PlanItem) -> bool {
    matches!(line.action, Action::Add | Action::Update | Action::Remove)
}

/// Adds and updates go before removals; otherwise the order of the plan stays.
fn sort_for_sending(items: &mut [PlannedItem]) {
    items.sort_by_key(|item| item.line.action == Action::Remove);
}

/// The lines a run keeps: everything but the items that only the target has.
pub(super) fn kept_lines(decided: &Decided) -> impl Iterator<Item = (Feature, &PlannedItem)> {
    let of_feature = |feature: &super::decide::FeatureDecision| feature.feature;
    decided
        .features
        .iter()
        .flat_map(move |feature| feature.plan.items.iter().map(move |item| (of_feature(feature), item)))
        .filter(|(_, item)| item.line.reason != Reason::OnlyOnTarget)
}

/// A removal carries the value that is taken away.
fn value_to_send(line: &PlanItem) -> Option<crosswatch_model::Fact> {
    if line.action == Action::Remove { line.before.or(line.value) } else { line.value }
}

/// Sends the rows, side by side. The first writes to a side of a new pair go one, ten, rest, each seen there before the
/// next step.
pub(super) async fn apply(journey: &mut Journey, named: &Named) -> Result<Applied, Stop> {
    let sides = named.writes.iter().map(|(side, _)| *side).collect();
    let mut applied = Applied { sides, total: named.total(), ..Applied::default() };
    if applied.total == 0 {
        return Ok(applied);
    }
    journey.enter(crosswatch_model::RunState::Applying, "Writes what was decided.").await?;
    let is_first_run = named.decided.features.iter().any(|feature| feature.is_first_run);
    let steps = if is_first_run && journey.pair.has_canary { &CANARY_STEPS[..] } else { &[] };
    for (side, _) in &named.writes {
        apply_side(journey, &mut applied, *side, steps).await?;
        if has_ended(&applied) {
            break;
        }
    }
    if has_ended(&applied) {
        for (side, _) in &named.writes {
            applied.withdrawn += withdraw(journey, *side).await?;
        }
    }
    Ok(applied)
}

async fn apply_side(journey: &Journey, applied: &mut Applied, side: Side, steps: &[u64]) -> Result<(), Stop> {
    let start = applied.settled;
    for step in steps {
        let before = applied.settled - start;
        drain(journey, applied, side, Some(*step)).await?;
        if has_ended(applied) {
            return Ok(());
        }
        if let Some(missing) = canary_verdict(journey, side, before, applied.settled - start).await? {
            applied.canary = Some(missing);
            return Ok(());
        }
    }
    drain(journey, applied, side, None).await
}

fn has_ended(applied: &Applied) -> bool {
    applied.is_cancelled || applied.stopped.is_some() || applied.canary.is_some()
}

async fn drain(journey: &Journey, applied: &mut Applied, side: Side, limit: Option<u64>) -> Result<(), Stop> {
    let Some(outbox) = journey.directory.outbox(journey.door(side).id()) else {
        applied.stopped =
            Some((side, Fault::Transient(format_smolstr!("the outbox of the {side} is being restarted"))));
        return Ok(());
    };
    let order = Drain {
        run: journey.record.id,
        pair: journey.pair.id.clone(),
        fence: journey.fence(),
        urgency: journey.urgency(),
        limit,
        done_before: applied.settled,
        total: applied.total,
        cancel: journey.ticket.cancel.clone(),
    };
    let report: DrainReport = match outbox.ask(order, DRAIN_DEADLINE).await {
        Ok(report) => report?,
        Err(error) => DrainReport {
            stopped: Some(Fault::Transient(format_smolstr!("the outbox is {error}"))),
            ..DrainReport::default()
        },
    };
    applied.settled += report.settled;
    applied.rejected += report.rejected;
    applied.is_cancelled |= report.is_cancelled;
    applied.stopped = report.stopped.map(|fault| (side, fault));
    Ok(())
}

async fn withdraw(journey: &Journey, side: Side) -> Result<u64, Stop> {
    let Some(outbox) = journey.directory.outbox(journey.door(side).id()) else { return Ok(0) };
    let order = Withdraw { run: journey.record.id, fence: journey.fence() };
    match outbox.ask(order, DRAIN_DEADLINE).await {
        Ok(count) => Ok(count?),
        Err(error) => Err(Stop::Store(error.into())),
    }
}

/// Looks at a side for what the canary wrote. Answers what is missing, if anything is.
async fn canary_verdict(journey: &Journey, side: Side, before: u64, after: u64) -> Result<Option<String>, Stop> {
    let (door, written) = (journey.door(side), acknowledged_lines(journey, side, before, after).await?);
    let Some(feature) = written.first().map(|line| line.feature) else { return Ok(None) };
    let same_feature = written.into_iter().filter(|line| line.feature == feature);
    let writes: Vec<Write> = same_feature
        .filter_map(|line| {
            let value = value_to_send(&line);
            Some(Write {
                op: line.op,
                action: line.action,
                uid: line.uid?,
                item: line.item,
                value,
                native: line.native,
            })
        })
        .collect();
    let query = |write: &Write| CellQuery {
        item: write.item.clone(),
        uid: write.uid,
        value: write.value,
        native: write.native,
    };
    let Ok(cells) = door.cells(feature, writes.iter().map(query).collect()).await else { return Ok(None) };
    let scale = door.observe().await.map_or(crosswatch_model::Scale::TEN, |state| state.capabilities.scale);
    let zone = journey.surroundings.clock.zone();
    let is_missing = |(write, cell): &(&Write, &CellNow)| landed(write, cell, scale, &zone) == Landed::No;
    let missing = writes.iter().zip(&cells).find(is_missing).map(|(write, _)| write.item.label());
    Ok(missing.map(|item| {
        format!("the first writes were accepted but {item} does not show up at {}; nothing more was sent", door.id())
    }))
}

/// Lines of this run that a side confirmed, between two counts of its settled rows.
async fn acknowledged_lines(journey: &Journey, side: Side, before: u64, after: u64) -> Result<Vec<PlanItem>, Stop> {
    let run = journey.record.id;
    let read = move |ledger: &dyn crosswatch_port::Ledger| {
        let (mut lines, mut settled) = (Vec::new(), 0);
        ledger.visit_lines(run, 0, &mut |record| {
            if is_write(&record.line) && record.line.side == side {
                settled += 1;
                if settled > before && record.line.outcome == Outcome::Acknowledged {
                    lines.push(record.line);
                }
            }
            settled < after
        })?;
        Ok(lines)
    };
    Ok(journey.directory.store().query(read).await?)
}
