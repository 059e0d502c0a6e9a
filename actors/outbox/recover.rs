//! Mending what an earlier run or an earlier process life left in the outbox.
//!
//! Rows that were never sent go: the next plan asks for them again. Rows that were sent without an answer are read back:
//! what arrived is acknowledged, what did not is dropped and planned again, what nobody can tell stays in doubt.

use std::time::Duration;

use crosswatch_model::{Reason, RunId};
use crosswatch_port::{OutboxRecord, OutboxState, WriteOutcome};

use super::{
    RecoverReport,
    acks::{Checked, Desk, ROWS_MAX},
    deliver::SETTLE,
};
use crate::store::SaveError;

/// Rows that are read back with one question.
const CHECK_MAX: usize = 100;

/// Takes the unsent rows of a run away. Answers how many.
pub(super) async fn withdraw(desk: &Desk, run: RunId) -> Result<u64, SaveError> {
    let rows = desk.rows(ROWS_MAX).await?;
    let unsent: Vec<_> = rows.into_iter().filter(|row| row.run == run && row.state == OutboxState::Queued).collect();
    let count = unsent.len();
    for chunk in unsent.chunks(1000) {
        desk.drop_unsent(chunk.to_vec(), None).await?;
    }
    Ok(u64::try_from(count).unwrap_or(u64::MAX))
}

/// Mends everything an account's outbox holds.
pub(super) async fn recover(desk: &Desk) -> Result<RecoverReport, SaveError> {
    let mut report = RecoverReport::default();
    let rows = desk.rows(ROWS_MAX).await?;
    let (unsent, sent): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.state == OutboxState::Queued);
    for chunk in unsent.chunks(1000) {
        desk.drop_unsent(chunk.to_vec(), None).await?;
        report.dropped += chunk.len() as u64;
    }
    wait_for_the_last_request(desk, &sent).await;
    for chunk in sent.chunk_by(|one, other| one.feature == other.feature).flat_map(|rows| rows.chunks(CHECK_MAX)) {
        read_back(desk, chunk, &mut report).await?;
    }
    if report != RecoverReport::default() {
        tracing::info!(
            account = desk.account_id().as_str(),
            landed = report.landed,
            dropped = report.dropped,
            in_doubt = report.in_doubt,
            "mended what an earlier run left"
        );
    }
    Ok(report)
}

/// A request that was cut off may still be on its way: nobody asks about it before it had time to arrive.
async fn wait_for_the_last_request(desk: &Desk, sent: &[OutboxRecord]) {
    let Some(last) = sent.iter().filter_map(|row| row.sent_at).max() else { return };
    let since = Duration::try_from(desk.surroundings.clock.now().duration_since(last)).unwrap_or(Duration::ZERO);
    if let Some(rest) = SETTLE.checked_sub(since) {
        tokio::time::sleep(rest).await;
    }
}

async fn read_back(desk: &Desk, rows: &[OutboxRecord], report: &mut RecoverReport) -> Result<(), SaveError> {
    let checked = match desk.check(rows).await {
        Ok(checked) => checked,
        Err(fault) => {
            tracing::warn!(account = desk.account_id().as_str(), "{} writes stay in doubt: {fault}", rows.len());
            report.in_doubt += rows.len() as u64;
            return Ok(());
        }
    };
    let (mut landed, mut missing) = (Vec::new(), Vec::new());
    for (row, checked) in rows.iter().cloned().zip(checked) {
        match checked {
            Checked::Landed => landed.push((row, WriteOutcome::Acknowledged { native: None })),
            Checked::NotLanded | Checked::Differs => missing.push(row),
            Checked::Unknown => report.in_doubt += 1,
        }
    }
    report.landed += landed.len() as u64;
    report.dropped += missing.len() as u64;
    desk.settle(landed).await?;
    desk.drop_unsent(missing, Some(Reason::ReplyLost)).await
}
