//! What left a media server's library: a deleted file is nobody's word that something was not watched.
//!
//! A media server forgets what it knew of a title together with its file, and its list then looks as if somebody had taken
//! the title back. So before anything is removed because a media server does not have it any more, the server is asked for
//! these very items: where the item itself is gone, or the server does not answer, nothing is removed.
//! Deliberately absent: what `mirror` removes because the source never had it; that was never a watch taken back. And what a
//! file was taken for until now: a person agreed that it is something else.

use crosswatch_model::{Action, Reason, Side, Uid};
use crosswatch_port::{CellNow, CellQuery};

use super::{
    decide::{Decided, FeatureDecision},
    journey::{Journey, Stop},
};

/// Items that are asked about together.
const ASKED_TOGETHER: usize = 50;

/// Takes out of a plan what would be removed because a file is gone.
pub(super) async fn keep(journey: &Journey, decided: &mut Decided) -> Result<(), Stop> {
    for side in Side::ALL.iter().copied() {
        if !decided.account(side).capabilities.is_media_server {
            continue;
        }
        for decision in &mut decided.features {
            keep_of(journey, decision, side).await?;
        }
    }
    Ok(())
}

async fn keep_of(journey: &Journey, decision: &mut FeatureDecision, side: Side) -> Result<(), Stop> {
    let lost = match side {
        Side::Source => Reason::RemovedOnSource,
        Side::Target => Reason::RemovedOnTarget,
    };
    let is_doubted = |item: &&mut crosswatch_plan::PlannedItem| {
        item.line.action == Action::Remove
            && item.line.reason == lost
            && item.line.side == side.other()
            && !item.is_rematched
    };
    let mut doubted: Vec<_> = decision.plan.items.iter_mut().filter(is_doubted).collect();
    let mut kept = 0;
    for chunk in doubted.chunks_mut(ASKED_TOGETHER) {
        let query = |item: &&mut crosswatch_plan::PlannedItem| CellQuery {
            item: item.line.item.clone(),
            uid: item.line.uid.unwrap_or(Uid(0)),
            value: item.line.before,
            native: None,
        };
        let queries: Vec<CellQuery> = chunk.iter().map(query).collect();
        let answer = journey.unless_cancelled(journey.door(side).cells(decision.feature, queries)).await?;
        let cells = answer.unwrap_or_else(|fault| {
            tracing::warn!(
                pair = journey.pair.id.as_str(),
                "what is gone from the {side} could not be asked for: {fault}"
            );
            Vec::new()
        });
        for (at, item) in chunk.iter_mut().enumerate() {
            let reason = match cells.get(at) {
                Some(CellNow::Absent | CellNow::Present(_)) => continue,
                Some(CellNow::NotInLibrary) => Reason::LeftLibrary,
                Some(CellNow::Unknown) | None => Reason::ReadIncomplete,
            };
            item.line.action = Action::Skip;
            item.line.reason = reason;
            item.line.explain = reason.sentence().into();
            kept += 1;
        }
    }
    decision.plan.counts.removes = decision.plan.counts.removes.saturating_sub(kept);
    decision.plan.counts.skipped += kept;
    Ok(())
}
