//! The rows of each side and of the baseline in order of entity, as sorted indices: nothing is copied.

use crosswatch_identity::{EntityIx, ItemIx, Join, Placement};
use crosswatch_model::{Feature, Uid};

use crate::{
    baseline::{BaselineEntry, PlayKey},
    cell::Base,
    read::Read,
    seen::Seen,
};

/// The rows of one side.
pub(crate) struct SideRows<'a> {
    rows: &'a [Seen],
    /// Entity in the upper half, row in the lower.
    order: Vec<u64>,
    next: usize,
    /// Items without identity.
    pub(crate) nameless: Vec<ItemIx>,
    /// Rows that are about another feature.
    pub(crate) misplaced: u64,
}

impl<'a> SideRows<'a> {
    pub(crate) fn of(read: &'a Read, join: &Join, feature: Feature) -> Self {
        let rows = read.rows();
        let mut side =
            Self { rows, order: Vec::with_capacity(rows.len()), next: 0, nameless: Vec::new(), misplaced: 0 };
        for (at, row) in (0u32..).zip(rows) {
            if row.feature() != feature {
                side.misplaced += 1;
                continue;
            }
            match join.placement(row.item()) {
                Placement::Entity(entity) | Placement::Disputed(entity, _) => {
                    side.order.push(u64::from(entity.number()) << 32 | u64::from(at));
                }
                Placement::NoIdentity => side.nameless.push(row.item()),
            }
        }
        side.order.sort_unstable();
        side.nameless.sort_unstable();
        side.nameless.dedup();
        side
    }

    /// The entity of the next row.
    pub(crate) fn entity(&self) -> Option<u32> {
        self.order.get(self.next).map(|entry| upper(*entry))
    }

    /// Moves the rows of this entity into `rows`.
    pub(crate) fn take(&mut self, entity: u32, rows: &mut Vec<&'a Seen>) {
        rows.clear();
        while let Some(entry) = self.order.get(self.next).filter(|entry| upper(**entry) == entity) {
            rows.extend(self.rows.get(lower(*entry) as usize));
            self.next += 1;
        }
    }
}

/// The rows of the baseline.
pub(crate) struct BaseRows<'a> {
    entries: &'a [BaselineEntry],
    /// Entity and play, then the position of the entry.
    order: Vec<(u64, u32)>,
    next: usize,
}

impl<'a> BaseRows<'a> {
    pub(crate) fn of(entries: &'a [BaselineEntry], join: &Join) -> Self {
        let mut order: Vec<(u64, u32)> = (0u32..)
            .zip(entries)
            .filter_map(|(at, entry)| {
                let entity = join.entity_of_uid(entry.uid)?;
                Some((u64::from(entity.number()) << 32 | u64::from(entry.play.0), at))
            })
            .collect();
        order.sort_unstable();
        Self { entries, order, next: 0 }
    }

    pub(crate) fn entity(&self) -> Option<u32> {
        self.order.get(self.next).map(|(key, _)| upper(*key))
    }

    /// Moves the rows of this entity into `bases`, one per play. Rows of folded names join those of the kept one and are
    /// listed in `folded`.
    pub(crate) fn take(
        &mut self,
        entity: u32,
        kept: Option<Uid>,
        bases: &mut Vec<Base>,
        folded: &mut Vec<(Uid, PlayKey)>,
    ) {
        bases.clear();
        folded.clear();
        while let Some((key, at)) = self.order.get(self.next).filter(|(key, _)| upper(*key) == entity) {
            self.next += 1;
            let Some(entry) = self.entries.get(*at as usize) else { continue };
            let is_own = Some(entry.uid) == kept;
            let base = Base { play: PlayKey(lower(*key)), row: entry.row, is_own, is_stored: is_own };
            if !base.is_own {
                folded.push((entry.uid, base.play));
            }
            match bases.last_mut().filter(|last| last.play == base.play) {
                Some(last) => *last = last.with(base),
                None => bases.push(base),
            }
        }
    }
}

/// Writes that must not be planned again, by entity and play.
pub(crate) struct Pending {
    order: Vec<(u32, PlayKey)>,
}

/// A play that is this many minutes away from a pending one may be the same.
const NEAR_MINUTES: u32 = 3;

impl Pending {
    pub(crate) fn of(entries: &[(Uid, PlayKey)], join: &Join) -> Self {
        let mut order: Vec<(u32, PlayKey)> = entries
            .iter()
            .filter_map(|(uid, play)| join.entity_of_uid(*uid).map(|entity| (entity.number(), *play)))
            .collect();
        order.sort_unstable();
        Self { order }
    }

    /// Whether a write of this play is pending. Where presence counts, any play of the entity is.
    pub(crate) fn has(&self, entity: EntityIx, play: PlayKey) -> bool {
        let entity = entity.number();
        let (from, to) = if play == PlayKey::PRESENCE {
            (0, u32::MAX)
        } else {
            (play.0.saturating_sub(NEAR_MINUTES), play.0.saturating_add(NEAR_MINUTES))
        };
        let at = self.order.partition_point(|entry| *entry < (entity, PlayKey(from)));
        self.order.get(at).is_some_and(|(other, play)| *other == entity && play.0 <= to)
    }
}

const fn upper(packed: u64) -> u32 {
    (packed >> 32) as u32
}

const fn lower(packed: u64) -> u32 {
    (packed & 0xffff_ffff) as u32
}
