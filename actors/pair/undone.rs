//! What is to be taken back, as journals: the lines of runs, or of a play that was told live.
//!
//! Promises: what a journal does not hold any more is said and not guessed; what an account had before it was told of it
//! is nobody's work. Deliberately absent: what becomes of the lines; the planner decides that.

use crosswatch_model::{
    Action, Fact, Feature, OpId, Outcome, ParcelState, PlanItem, ProviderId, Reason, RunId, Side, WatchedAt,
};
use crosswatch_port::{Ledger, ParcelRecord, StorageFailure, UndoOrder};
use crosswatch_scrobble::Message;
use smol_str::format_smolstr;

use super::journey::{Journey, Stop};
use crate::courier::told_at;

/// Written lines that one undo may be about; an undo looks at all of them at once.
const LINES_MAX: usize = 500_000;

/// What was written, run by run, the oldest first.
pub(super) async fn journals(journey: &Journey, order: &UndoOrder) -> Result<Vec<Vec<PlanItem>>, Stop> {
    match order {
        UndoOrder::Run(run) => of_runs(journey, vec![*run]).await,
        UndoOrder::Since { runs, .. } => of_runs(journey, runs.clone()).await,
        UndoOrder::Message(seq) => Ok(vec![vec![of_message(journey, *seq).await?]]),
    }
}

async fn of_runs(journey: &Journey, runs: Vec<RunId>) -> Result<Vec<Vec<PlanItem>>, Stop> {
    let read = move |ledger: &dyn Ledger| {
        let (mut journals, mut count) = (Vec::with_capacity(runs.len()), 0);
        for run in runs {
            if ledger.run(run)?.is_none() {
                return Ok(Err(run));
            }
            let mut lines = Vec::new();
            ledger.visit_lines(run, 0, &mut |record| {
                if is_confirmed(&record.line) {
                    count += 1;
                    lines.push(record.line);
                }
                count <= LINES_MAX
            })?;
            journals.push(lines);
        }
        Ok(Ok((journals, count)))
    };
    match journey.directory.store().query(read).await? {
        Err(run) => {
            Err(Stop::Stale(format_smolstr!("run {run} is not kept any more; nothing was written, make a new plan")))
        }
        Ok((_, count)) if count > LINES_MAX => Err(Stop::Account {
            kind: "too-many-items",
            detail: format_smolstr!("more than {LINES_MAX} operations would be taken back at once; take back less"),
        }),
        Ok((journals, _)) => Ok(journals),
    }
}

fn is_confirmed(line: &PlanItem) -> bool {
    matches!(line.outcome, Outcome::Acknowledged | Outcome::Verified)
}

/// The play that the account of this keeper was told of.
async fn of_message(journey: &Journey, seq: u64) -> Result<PlanItem, Stop> {
    let account = journey.pair.target.clone();
    let found = journey.directory.store().query(move |ledger| written_play(ledger, &account, seq)).await?;
    found.ok_or_else(|| {
        let detail = format_smolstr!("message {seq} is not kept any more, or tells of no play that was added");
        Stop::Account { kind: "no-play", detail }
    })
}

fn written_play(ledger: &dyn Ledger, account: &ProviderId, seq: u64) -> Result<Option<PlanItem>, StorageFailure> {
    let settled = ledger.parcels_settled(Some(seq.saturating_add(1)), 1)?.into_iter();
    let ours = |parcel: &ParcelRecord| parcel.seq == seq && parcel.account == *account && added_a_play(parcel);
    let Some(parcel) = settled.into_iter().find(ours) else { return Ok(None) };
    let plays = ledger.plays_of(parcel.uid)?;
    let play = plays.iter().find(|play| play.play == parcel.play);
    let alias = play.and_then(|play| play.aliases.iter().find(|alias| alias.account == *account));
    let at = alias.and_then(|alias| alias.at).unwrap_or_else(|| told_at(&parcel));
    Ok(Some(PlanItem {
        op: OpId(parcel.seq),
        feature: Feature::History,
        action: Action::Add,
        held_action: None,
        side: Side::Target,
        uid: Some(parcel.uid),
        value: Some(Fact::Play(WatchedAt::Exact(at))),
        before: None,
        native: alias.and_then(|alias| alias.native),
        reason: Reason::RecordedLive,
        explain: Reason::RecordedLive.sentence().into(),
        outcome: Outcome::Acknowledged,
        item: parcel.item,
    }))
}

/// Whether the message added a play that was not there before.
pub fn added_a_play(parcel: &ParcelRecord) -> bool {
    parcel.state == ParcelState::Done
        && parcel.sent_at.is_some()
        && !parcel.was_there
        && matches!(parcel.message, Message::Watched { .. } | Message::AddPlay(_))
}
