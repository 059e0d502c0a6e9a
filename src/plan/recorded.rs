//! Plays that live scrobbling has recorded at a side, or is about to: a pair neither adds them again nor takes them away
//! while they are new.
//!
//! A service dates a viewing when it crossed the bar, another when it ended, so a play belongs to a recorded one when its
//! date lies in the time of that viewing. Deliberately absent: how that time is found; whoever records knows it.

use crosswatch_identity::{EntityIx, Join};
use crosswatch_model::{Action, Fact, Side, Uid};
use jiff::Timestamp;

use crate::cell::Cell;

/// A play that was recorded live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedPlay {
    /// The entity.
    pub uid: Uid,
    /// The side that has it, or is about to be told.
    pub side: Side,
    /// A play dated from here …
    pub from: Timestamp,
    /// … to here is this one.
    pub until: Timestamp,
}

/// A play so new that the other side does not show it yet is not one that was taken away there.
const NEW_S: i64 = 24 * 3600;

/// Recorded plays by entity.
pub(crate) struct Recorded {
    order: Vec<(u32, RecordedPlay)>,
    new_from: i64,
}

impl Recorded {
    pub(crate) fn of(plays: &[RecordedPlay], join: &Join, now: Timestamp) -> Self {
        let entry = |play: &RecordedPlay| Some((join.entity_of_uid(play.uid)?.number(), *play));
        let mut order: Vec<(u32, RecordedPlay)> = plays.iter().filter_map(entry).collect();
        order.sort_unstable_by_key(|(entity, play)| (*entity, play.from));
        Self { order, new_from: now.as_second().saturating_sub(NEW_S) }
    }

    /// Whether an action of the pair is about a play that was recorded at the side it would write to.
    pub(crate) fn covers(&self, entity: EntityIx, side: Side, action: Action, cell: &Cell<'_>) -> bool {
        if self.order.is_empty() {
            return false;
        }
        let (there, here) = match side {
            Side::Target => (cell.source, cell.target),
            Side::Source => (cell.target, cell.source),
        };
        let told = if action == Action::Remove { here } else { there };
        let Some(Fact::Play(stamp)) = told.map(crate::seen::Seen::fact) else { return false };
        let Some(at) = stamp.instant() else { return false };
        let first = self.order.partition_point(|(other, _)| *other < entity.number());
        let of_entity = self.order.iter().skip(first).take_while(|(other, _)| *other == entity.number());
        of_entity.map(|(_, play)| play).any(|play| {
            let is_it = play.side == side && play.from <= at && at <= play.until;
            is_it && (action != Action::Remove || play.until.as_second() >= self.new_from)
        })
    }
}
