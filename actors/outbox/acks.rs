//! The desk of an outbox: reads rows, marks them, and turns outcomes into commits.
//!
//! Invariant: a row leaves the outbox in the same commit that moves the baseline and the line of the run.

use std::collections::BTreeMap;

use crosswatch_model::{After, Outcome, PlanItem, ProviderId, Reason, RejectedWhy, RunId, Side};
use crosswatch_port::{
    CellQuery, Change, Commit, Durability, Fault, FenceMark, LineRecord, OutboxRecord, OutboxState, UnresolvedRecord,
    WriteOutcome,
};
use jiff::SignedDuration;

use crate::{
    blueprint::Surroundings,
    courier::expected_echo,
    directory::Directory,
    landed::{Landed, landed},
    planted::{self, Mistake},
    provider::AccountDoor,
    store::SaveError,
};

/// Rows of an account that are looked at together. More than this never wait at once: a run withdraws what it did not send.
pub(super) const ROWS_MAX: usize = 200_000;
/// Days until a refused item is tried again: after the first, the second and every later refusal.
const RETRY_DAYS: [i64; 3] = [1, 7, 30];

/// What every step of an outbox needs.
pub(super) struct Desk {
    pub(super) account: AccountDoor,
    pub(super) directory: Directory,
    pub(super) surroundings: Surroundings,
    pub(super) echoes: bool,
    pub(super) fence: FenceMark,
}

/// What is known about a row after a read-back.
pub(super) enum Checked {
    Landed,
    NotLanded,
    /// A removal: something else is there by now.
    Differs,
    Unknown,
}

impl Desk {
    pub(super) fn account_id(&self) -> &ProviderId {
        self.account.id()
    }

    /// The rows of the account, in order.
    pub(super) async fn rows(&self, limit: usize) -> Result<Vec<OutboxRecord>, SaveError> {
        let account = self.account_id().clone();
        self.directory.store().query(move |ledger| ledger.outbox(&account, limit)).await
    }

    /// Commits under the lease of the run, on the disk.
    pub(super) async fn commit(&self, changes: Vec<Change>) -> Result<(), SaveError> {
        if changes.is_empty() {
            return Ok(());
        }
        let commit = Commit { fence: Some(self.fence.clone()), durability: Durability::Synced, changes };
        self.directory.store().save(commit).await
    }

    /// Marks rows as sent, before they are.
    pub(super) async fn mark_inflight(&self, rows: &mut [OutboxRecord]) -> Result<(), SaveError> {
        let now = self.surroundings.clock.now();
        for row in rows.iter_mut() {
            row.state = OutboxState::Inflight;
            row.attempts += 1;
            row.sent_at = Some(now);
        }
        let mut changes: Vec<Change> = rows.iter().cloned().map(Change::PutOutbox).collect();
        if self.echoes {
            let echo = |row: &OutboxRecord| {
                let run = Some(row.run);
                expected_echo(self.account_id(), row.write.uid, row.feature, run, now)
            };
            changes.extend(rows.iter().map(echo));
        }
        if planted::has(Mistake::BaselineBeforeAck) {
            let early = |row: &OutboxRecord| {
                let After::Put(after) = row.after else { return None };
                Some(Change::PutBaseline(row.pair.clone(), row.feature, row.write.uid, row.play, after))
            };
            changes.extend(rows.iter().filter_map(early));
        }
        self.commit(changes).await
    }

    /// Asks the account what it holds for these rows.
    pub(super) async fn check(&self, rows: &[OutboxRecord]) -> Result<Vec<Checked>, Fault> {
        let Some(first) = rows.first() else { return Ok(Vec::new()) };
        let query = |row: &OutboxRecord| CellQuery {
            item: row.write.item.clone(),
            uid: row.write.uid,
            value: row.write.value,
            native: row.write.native,
        };
        let cells = self.account.cells(first.feature, rows.iter().map(query).collect()).await?;
        let scale = self.account.observe().await?.capabilities.scale;
        if cells.len() != rows.len() {
            return Err(Fault::Transient("the account answered for fewer items than were asked".into()));
        }
        let zone = self.surroundings.clock.zone();
        let judge = |(row, cell): (&OutboxRecord, _)| match landed(&row.write, cell, scale, &zone) {
            Landed::Yes => Checked::Landed,
            Landed::No => Checked::NotLanded,
            Landed::Differs => Checked::Differs,
            Landed::Unknown => Checked::Unknown,
        };
        Ok(rows.iter().zip(&cells).map(judge).collect())
    }

    /// Turns outcomes into one commit.
    pub(super) async fn settle(&self, outcomes: Vec<(OutboxRecord, WriteOutcome)>) -> Result<(), SaveError> {
        let mut lines = self.lines(&outcomes).await?;
        let failures = self.earlier_failures(&outcomes).await?;
        let mut changes = Vec::with_capacity(outcomes.len() * 3);
        for (row, outcome) in outcomes {
            let mut side = Side::Target;
            if let Some(mut line) = lines.remove(&(row.run, row.line_number)) {
                side = line.side;
                line.outcome = line_outcome(outcome);
                if let Some(reason) = line_reason(outcome) {
                    line.reason = reason;
                }
                changes.push(Change::PutLine(LineRecord { owner: row.run, number: row.line_number, line }));
            }
            self.push_row_changes(row, side, outcome, &failures, &mut changes);
        }
        self.commit(changes).await
    }

    fn push_row_changes(
        &self,
        mut row: OutboxRecord,
        side: Side,
        outcome: WriteOutcome,
        failures: &BTreeMap<(u64, u32), u32>,
        changes: &mut Vec<Change>,
    ) {
        let known_failures = failures.get(&(row.write.uid.0, row.play.0)).copied();
        match outcome {
            WriteOutcome::Acknowledged { .. } | WriteOutcome::AlreadyThere => {
                // Only the target's own row is remembered.
                let native = match (outcome, side) {
                    (WriteOutcome::Acknowledged { native }, Side::Target) => native,
                    _ => None,
                };
                changes.push(Change::DropOutbox(row.account.clone(), row.seq));
                match row.after {
                    After::Put(mut after) => {
                        after.target_native = native.or(after.target_native);
                        let (pair, uid) = (row.pair.clone(), row.write.uid);
                        changes.push(Change::PutBaseline(pair, row.feature, uid, row.play, after));
                    }
                    After::Drop => {
                        changes.push(Change::DropBaseline(row.pair.clone(), row.feature, row.write.uid, row.play));
                    }
                    After::Nothing => {}
                }
                if known_failures.is_some() {
                    changes.push(Change::DropUnresolved(row.pair, row.feature, row.write.uid, row.play));
                }
            }
            WriteOutcome::Rejected(why) => {
                changes.push(Change::DropOutbox(row.account.clone(), row.seq));
                if why.reason != Reason::Stale {
                    changes.push(Change::PutUnresolved(self.unresolved(&row, why, known_failures.unwrap_or(0) + 1)));
                }
            }
            WriteOutcome::InDoubt => {
                row.state = OutboxState::InDoubt;
                changes.push(Change::PutOutbox(row));
            }
            WriteOutcome::NotAttempted => {
                row.state = OutboxState::Queued;
                row.attempts = row.attempts.saturating_sub(1);
                changes.push(Change::PutOutbox(row));
            }
        }
    }

    fn unresolved(&self, row: &OutboxRecord, why: RejectedWhy, failures: u32) -> UnresolvedRecord {
        let now = self.surroundings.clock.now();
        let step = usize::try_from(failures).unwrap_or(usize::MAX).saturating_sub(1).min(RETRY_DAYS.len() - 1);
        let days = RETRY_DAYS.get(step).copied().unwrap_or(30);
        let next_try =
            if why.is_permanent { None } else { now.checked_add(SignedDuration::from_hours(24 * days)).ok() };
        UnresolvedRecord {
            pair: row.pair.clone(),
            feature: row.feature,
            uid: row.write.uid,
            play: row.play,
            reason: why.reason,
            failures,
            next_try,
            since: now,
        }
    }

    /// Takes rows away that were never sent, and says so in their lines.
    pub(super) async fn drop_unsent(&self, rows: Vec<OutboxRecord>, reason: Option<Reason>) -> Result<(), SaveError> {
        let pairs: Vec<_> = rows.into_iter().map(|row| (row, WriteOutcome::NotAttempted)).collect();
        let mut lines = self.lines(&pairs).await?;
        let mut changes = Vec::with_capacity(pairs.len() * 2);
        for (row, _) in pairs {
            if let Some(mut line) = lines.remove(&(row.run, row.line_number)) {
                line.outcome = Outcome::NotAttempted;
                line.reason = reason.unwrap_or(line.reason);
                changes.push(Change::PutLine(LineRecord { owner: row.run, number: row.line_number, line }));
            }
            changes.push(Change::DropOutbox(row.account, row.seq));
        }
        self.commit(changes).await
    }

    /// The lines of these rows.
    async fn lines(
        &self,
        rows: &[(OutboxRecord, WriteOutcome)],
    ) -> Result<BTreeMap<(RunId, u32), PlanItem>, SaveError> {
        let mut wanted: BTreeMap<RunId, (u32, u32)> = BTreeMap::new();
        for (row, _) in rows {
            let span = wanted.entry(row.run).or_insert((row.line_number, row.line_number));
            *span = (span.0.min(row.line_number), span.1.max(row.line_number));
        }
        let read = move |ledger: &dyn crosswatch_port::Ledger| {
            let mut lines = BTreeMap::new();
            for (run, (first, last)) in wanted {
                ledger.visit_lines(run, first, &mut |record| {
                    let goes_on = record.number < last;
                    lines.insert((run, record.number), record.line);
                    goes_on
                })?;
            }
            Ok(lines)
        };
        self.directory.store().query(read).await
    }

    /// How often items of these rows were refused before.
    async fn earlier_failures(
        &self,
        rows: &[(OutboxRecord, WriteOutcome)],
    ) -> Result<BTreeMap<(u64, u32), u32>, SaveError> {
        let Some((first, _)) = rows.first() else { return Ok(BTreeMap::new()) };
        let (pair, feature) = (first.pair.clone(), first.feature);
        let known = self.directory.store().query(move |ledger| ledger.unresolved(&pair)).await?;
        Ok(known
            .into_iter()
            .filter(|item| item.feature == feature)
            .map(|item| ((item.uid.0, item.play.0), item.failures))
            .collect())
    }
}

fn line_outcome(outcome: WriteOutcome) -> Outcome {
    match outcome {
        WriteOutcome::Acknowledged { .. } => Outcome::Acknowledged,
        WriteOutcome::AlreadyThere => Outcome::AlreadyThere,
        WriteOutcome::Rejected(RejectedWhy { reason: Reason::Stale, .. }) => Outcome::NotAttempted,
        WriteOutcome::Rejected(_) => Outcome::Rejected,
        WriteOutcome::InDoubt => Outcome::InDoubt,
        WriteOutcome::NotAttempted => Outcome::Planned,
    }
}

fn line_reason(outcome: WriteOutcome) -> Option<Reason> {
    match outcome {
        WriteOutcome::Rejected(why) => Some(why.reason),
        WriteOutcome::InDoubt => Some(Reason::ReplyLost),
        _ => None,
    }
}
