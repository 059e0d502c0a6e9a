//! More than two plays of one item within its own length cannot be true: the adds that would make it so are marked.
//!
//! Deliberately absent: any guess about a length that no side told.

use crosswatch_identity::Placement;
use crosswatch_model::{Action, Fact, Side, WatchedAt};

use crate::{cell::Cell, draft::Draft, input::FeatureInput, seen::Seen};

/// So many plays may lie within one length of the item: the second may be a restart.
const MAX_PLAYS: usize = 2;

/// Lengths by entity.
pub(crate) struct Runtimes {
    order: Vec<(u32, u32)>,
}

impl Runtimes {
    pub(crate) fn of(input: &FeatureInput<'_>) -> Self {
        let mut order: Vec<(u32, u32)> = input
            .catalog
            .runtimes_s()
            .filter_map(|(item, runtime_s)| match input.join.placement(item) {
                Placement::Entity(entity) => Some((entity.number(), runtime_s)),
                Placement::Disputed(..) | Placement::NoIdentity => None,
            })
            .collect();
        order.sort_unstable();
        Self { order }
    }

    /// The shortest length that was told, in seconds.
    pub(crate) fn get(&self, entity: u32) -> Option<u32> {
        let at = self.order.partition_point(|(other, _)| *other < entity);
        self.order.get(at).filter(|(other, _)| *other == entity).map(|(_, runtime_s)| *runtime_s)
    }
}

/// Marks the adds among `drafts`, which are those of `cells`, with which a side would hold too many plays at a time.
pub(crate) fn mark_crowds(runtime_s: u32, cells: &[Cell<'_>], drafts: &mut [Draft<'_>]) {
    for side in Side::ALL.iter().copied() {
        let held = cells.iter().filter_map(|cell| cell.on(side)).filter_map(second);
        let mut plays: Vec<(i64, Option<usize>)> = held.map(|second| (second, None)).collect();
        for (at, draft) in drafts.iter().enumerate() {
            if draft.write() == Some(Action::Add) && draft.side == side {
                let added = draft.on(side.other()).and_then(second);
                plays.extend(added.map(|second| (second, Some(at))));
            }
        }
        plays.sort_unstable();
        for crowd in plays.windows(MAX_PLAYS + 1) {
            let (Some((first, _)), Some((last, _))) = (crowd.first(), crowd.last()) else { continue };
            if last.saturating_sub(*first) >= i64::from(runtime_s) {
                continue;
            }
            for at in crowd.iter().filter_map(|(_, draft)| *draft) {
                if let Some(draft) = drafts.get_mut(at) {
                    draft.crowds = true;
                }
            }
        }
    }
}

fn second(seen: &Seen) -> Option<i64> {
    match seen.fact() {
        Fact::Play(WatchedAt::Exact(at) | WatchedAt::Minute(at)) => Some(at.as_second()),
        _ => None,
    }
}
