//! Sending the rows of one run: batch by batch, each marked before it leaves and settled before the next.

use std::time::Duration;

use crosswatch_model::{Action, Reason, RejectedWhy};
use crosswatch_port::{Fault, OutboxRecord, OutboxState, WriteOutcome};
use smol_str::format_smolstr;

use super::{
    Drain, DrainReport,
    acks::{Checked, Desk, ROWS_MAX},
};
use crate::{
    notifier::Happened,
    planted::{self, Mistake},
    store::SaveError,
};

/// How long a lost request may still be on its way before the account is asked about it.
pub(super) const SETTLE: Duration = Duration::from_secs(3);
/// How often one row is sent at most: a resend happens only after a read-back that showed it had not arrived.
const ATTEMPTS_MAX: u32 = 3;
/// Pauses after a passing fault; when they are used up, the rest of the run is left for the next one.
const PAUSES: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(8), Duration::from_secs(30)];
/// A longer wait than this is left to the next run.
const WAIT_MAX: Duration = Duration::from_secs(600);

/// One drain.
pub(super) struct Delivery {
    desk: Desk,
    order: Drain,
    report: DrainReport,
    pauses_used: usize,
}

/// Whether to go on after a batch.
enum Next {
    GoOn,
    Pause(Duration),
    Stop(Fault),
}

impl Delivery {
    pub(super) fn new(desk: Desk, order: Drain) -> Self {
        Self { desk, order, report: DrainReport::default(), pauses_used: 0 }
    }

    pub(super) async fn run(mut self) -> Result<DrainReport, SaveError> {
        let batch_sizes = match self.desk.account.observe().await {
            Ok(state) => state.capabilities,
            Err(fault) => return Ok(DrainReport { stopped: Some(fault), ..self.report }),
        };
        let mut queue: std::collections::VecDeque<OutboxRecord> = self.queued().await?.into();
        while !queue.is_empty() {
            if self.order.cancel.is_cancelled() {
                self.report.is_cancelled = true;
                break;
            }
            let first_feature = queue.front().map(|row| row.feature);
            let size = first_feature
                .and_then(|feature| batch_sizes.feature(feature))
                .map_or(1, |entry| entry.batch_size.max(1));
            let batch = take_batch(&mut queue, size);
            let (next, again) = self.deliver(batch).await?;
            for row in again.into_iter().rev() {
                queue.push_front(row);
            }
            self.tell_progress();
            match next {
                Next::GoOn => self.pauses_used = 0,
                Next::Pause(pause) => self.pause(pause).await,
                Next::Stop(fault) => {
                    self.report.stopped = Some(fault);
                    break;
                }
            }
        }
        Ok(self.report)
    }

    /// The rows to send now.
    async fn queued(&self) -> Result<Vec<OutboxRecord>, SaveError> {
        let limit = self.order.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let rows = self.desk.rows(ROWS_MAX).await?;
        Ok(rows
            .into_iter()
            .filter(|row| row.run == self.order.run && row.state == OutboxState::Queued)
            .take(limit)
            .collect())
    }

    /// Sends one batch. Answers what to do next and the rows to send again.
    async fn deliver(&mut self, batch: Vec<OutboxRecord>) -> Result<(Next, Vec<OutboxRecord>), SaveError> {
        let mut batch = match self.without_stale_removals(batch).await? {
            Ok(batch) => batch,
            Err((fault, batch)) => return Ok((self.after_fault(fault), batch)),
        };
        let Some(feature) = batch.first().map(|row| row.feature) else { return Ok((Next::GoOn, Vec::new())) };
        self.desk.mark_inflight(&mut batch).await?;
        let report = self.desk.account.write(feature, batch.iter().map(|row| row.write.clone()).collect()).await;
        let mut outcomes: Vec<WriteOutcome> = report.outcomes;
        // An answer for fewer operations than were sent leaves the others in doubt.
        outcomes.resize(batch.len(), WriteOutcome::InDoubt);
        let settled: Vec<_> = batch.into_iter().zip(outcomes).collect();
        self.count(&settled);
        let lost: Vec<OutboxRecord> = rows_with(&settled, |outcome| *outcome == WriteOutcome::InDoubt);
        let mut again: Vec<OutboxRecord> = rows_with(&settled, |outcome| *outcome == WriteOutcome::NotAttempted);
        for row in &mut again {
            row.state = OutboxState::Queued;
            row.attempts = row.attempts.saturating_sub(1);
        }
        let nothing_happened = again.len() == settled.len();
        self.desk.settle(settled).await?;
        let read_back = if lost.is_empty() { Ok(Vec::new()) } else { self.read_back(lost).await? };
        match (read_back, report.fault) {
            (Ok(not_landed), fault) => {
                again.extend(not_landed);
                let next = match fault {
                    Some(fault) => self.after_fault(fault),
                    None if nothing_happened => {
                        Next::Stop(Fault::Transient("the account took none of the operations".into()))
                    }
                    None => Next::GoOn,
                };
                Ok((next, again))
            }
            (Err(fault), _) => Ok((Next::Stop(fault), again)),
        }
    }

    /// Asks once more right before a removal: a cell that differs from what the plan saw is left alone.
    async fn without_stale_removals(
        &mut self,
        batch: Vec<OutboxRecord>,
    ) -> Result<Result<Vec<OutboxRecord>, (Fault, Vec<OutboxRecord>)>, SaveError> {
        if !batch.iter().any(|row| row.write.action == Action::Remove) {
            return Ok(Ok(batch));
        }
        let checked = match self.desk.check(&batch).await {
            Ok(checked) => checked,
            Err(fault) => return Ok(Err((fault, batch))),
        };
        let (mut keep, mut settled) = (Vec::new(), Vec::new());
        for (row, checked) in batch.into_iter().zip(checked) {
            match checked {
                // For a removal "not landed" says that the value the plan saw is still there.
                Checked::NotLanded => keep.push(row),
                Checked::Landed => settled.push((row, WriteOutcome::AlreadyThere)),
                Checked::Differs | Checked::Unknown => settled
                    .push((row, WriteOutcome::Rejected(RejectedWhy { reason: Reason::Stale, is_permanent: false }))),
            }
        }
        self.count(&settled);
        self.desk.settle(settled).await?;
        Ok(Ok(keep))
    }

    /// Reads lost rows back. Answers those that had not arrived and may be sent again.
    async fn read_back(&mut self, lost: Vec<OutboxRecord>) -> Result<Result<Vec<OutboxRecord>, Fault>, SaveError> {
        if planted::has(Mistake::ResendsUnverified) {
            let unsent = |row| OutboxRecord { state: OutboxState::Queued, ..row };
            return Ok(Ok(lost.into_iter().map(unsent).collect()));
        }
        tokio::time::sleep(SETTLE).await;
        let checked = match self.desk.check(&lost).await {
            Ok(checked) => checked,
            Err(fault) => return Ok(Err(fault)),
        };
        let (mut settled, mut again, mut unknown) = (Vec::new(), Vec::new(), 0_usize);
        for (mut row, checked) in lost.into_iter().zip(checked) {
            match checked {
                Checked::Landed => settled.push((row, WriteOutcome::Acknowledged { native: None })),
                Checked::NotLanded if row.attempts < ATTEMPTS_MAX => {
                    row.state = OutboxState::Queued;
                    again.push(row);
                }
                Checked::NotLanded => {
                    settled.push((
                        row,
                        WriteOutcome::Rejected(RejectedWhy { reason: Reason::ReplyLost, is_permanent: false }),
                    ));
                }
                Checked::Differs => settled
                    .push((row, WriteOutcome::Rejected(RejectedWhy { reason: Reason::Stale, is_permanent: false }))),
                Checked::Unknown => unknown += 1,
            }
        }
        self.count(&settled);
        self.desk.settle(settled).await?;
        if unknown > 0 {
            return Ok(Err(Fault::InDoubt(format_smolstr!(
                "{unknown} writes are in doubt and the account cannot tell; they are read back before the next run"
            ))));
        }
        Ok(Ok(again))
    }

    fn after_fault(&mut self, fault: Fault) -> Next {
        match &fault {
            Fault::RateLimited { after, .. } if *after <= WAIT_MAX => Next::Pause(*after),
            Fault::Transient(_) | Fault::InDoubt(_) => match PAUSES.get(self.pauses_used) {
                Some(pause) => {
                    self.pauses_used += 1;
                    Next::Pause(*pause)
                }
                None => Next::Stop(fault),
            },
            _ => Next::Stop(fault),
        }
    }

    async fn pause(&self, pause: Duration) {
        tokio::select! {
            biased;
            () = self.order.cancel.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    fn count(&mut self, settled: &[(OutboxRecord, WriteOutcome)]) {
        for (_, outcome) in settled {
            match outcome {
                WriteOutcome::Acknowledged { .. } | WriteOutcome::AlreadyThere => self.report.settled += 1,
                WriteOutcome::Rejected(_) => {
                    self.report.settled += 1;
                    self.report.rejected += 1;
                }
                WriteOutcome::InDoubt | WriteOutcome::NotAttempted => {}
            }
        }
    }

    fn tell_progress(&self) {
        let done = self.order.done_before + self.report.settled;
        self.desk.directory.happened(Happened {
            at: self.desk.surroundings.clock.now(),
            kind: "run.progress",
            account: None,
            pair: Some(self.order.pair.clone()),
            run: Some(self.order.run),
            state: Some(crosswatch_model::RunState::Applying),
            done,
            total: Some(self.order.total),
            sentence: format_smolstr!("{done} of {} written to {}", self.order.total, self.desk.account_id()),
        });
    }
}

/// The longest run of rows at the front that go into one request: one feature, and removals apart from the rest.
fn take_batch(queue: &mut std::collections::VecDeque<OutboxRecord>, size: usize) -> Vec<OutboxRecord> {
    let Some((feature, is_removal)) = queue.front().map(|row| (row.feature, row.write.action == Action::Remove)) else {
        return Vec::new();
    };
    let fits = |row: &&OutboxRecord| row.feature == feature && (row.write.action == Action::Remove) == is_removal;
    let count = queue.iter().take(size).take_while(fits).count();
    queue.drain(..count).collect()
}

fn rows_with(settled: &[(OutboxRecord, WriteOutcome)], wanted: impl Fn(&WriteOutcome) -> bool) -> Vec<OutboxRecord> {
    settled.iter().filter(|(_, outcome)| wanted(outcome)).map(|(row, _)| row.clone()).collect()
}
