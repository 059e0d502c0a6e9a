//! What the guards look at beside the lines: how much each side holds, knew, lost and would get twice.

use crosswatch_model::{HoldKind, Side};
use smol_str::{SmolStr, format_smolstr};

use crate::{cell::Cell, input::FeatureInput, standing::Standing, way::Way};

/// Fewer watched items than this say nothing about doubling.
const MIN_WATCHED: u64 = 20;

/// The measures of one plan.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Measures {
    /// What one side lost travels to the other.
    pub(crate) is_two_way: bool,
    /// Entities with plays on both sides, where every play counts.
    pub(crate) watched: u64,
    source: SideMeasures,
    target: SideMeasures,
}

/// The measures of one side.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SideMeasures {
    /// Facts it holds.
    pub(crate) held: u64,
    /// Facts the pair knows to have been there.
    pub(crate) known: u64,
    /// Those of them that a complete read does not show any more.
    pub(crate) lost: u64,
    /// Entities watched on both sides that would get another play here.
    pub(crate) watched_again: u64,
    /// Rows a shrunken read had before, and has lost.
    pub(crate) read_loss: Option<(u64, u64)>,
    /// How many facts it can hold.
    pub(crate) max_rows: Option<u64>,
}

impl Measures {
    pub(crate) fn of(input: &FeatureInput<'_>, way: &Way<'_>) -> Self {
        let side = |side: Side| SideMeasures {
            held: input.read(side).rows().len() as u64,
            read_loss: match way.standing(side) {
                Standing::Shrunk(read) => Some((read.before(), read.lost())),
                _ => None,
            },
            max_rows: input.capabilities(side).feature(input.feature).and_then(|feature| feature.max_rows),
            ..SideMeasures::default()
        };
        let is_two_way = matches!(way, Way::TwoWay(_));
        Self { is_two_way, watched: 0, source: side(Side::Source), target: side(Side::Target) }
    }

    pub(crate) const fn on(&self, side: Side) -> &SideMeasures {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }

    pub(crate) const fn on_mut(&mut self, side: Side) -> &mut SideMeasures {
        match side {
            Side::Source => &mut self.source,
            Side::Target => &mut self.target,
        }
    }

    /// Counts what the pair knew to be there and what is missing of it.
    pub(crate) fn count(&mut self, way: &Way<'_>, cell: &Cell<'_>) {
        for side in Side::ALL.iter().copied() {
            if cell.base.is_some_and(|base| base.row.was_seen_on(side)) {
                let is_lost = cell.on(side).is_none() && way.standing(side).is_complete();
                let measures = self.on_mut(side);
                measures.known += 1;
                measures.lost += u64::from(is_lost);
            }
        }
    }

    /// More than half of what is watched would get another play.
    pub(crate) const fn is_doubling(&self, side: Side) -> bool {
        self.watched >= MIN_WATCHED && self.on(side).watched_again * 2 > self.watched
    }

    /// What waits and what approving does.
    pub(crate) fn sentence(&self, kind: HoldKind, side: Side, waiting: u64) -> SmolStr {
        let SideMeasures { held, watched_again, max_rows, .. } = self.on(side);
        match kind {
            HoldKind::SourceShrunk => self.shrunk(Side::Source, side, waiting),
            HoldKind::TargetShrunk => self.shrunk(Side::Target, side, waiting),
            HoldKind::Removes => {
                format_smolstr!("{waiting} of {held} items would be removed from the {side}; approving removes them.")
            }
            HoldKind::FirstMirror => format_smolstr!(
                "The first removals of this mirror wait; approving removes {waiting} items and trusts the mirror from then on."
            ),
            HoldKind::DuplicatePlays if self.is_doubling(side) => format_smolstr!(
                "{watched_again} of {} watched items would get another play; approving adds {waiting} plays.",
                self.watched
            ),
            HoldKind::DuplicatePlays => format_smolstr!(
                "{waiting} plays would make more than two of one item within its own length; approving adds them."
            ),
            HoldKind::AccountFull => format_smolstr!(
                "{waiting} items do not fit, the {side} holds at most {}; make room there, then run again.",
                max_rows.unwrap_or_default()
            ),
            HoldKind::Rematch => format_smolstr!(
                "{waiting} changes rest on rows of a media server that are about something else than before; approving accepts what they are now."
            ),
            HoldKind::FlipFlop => format_smolstr!(
                "{waiting} values on the {side} went back and forth between this pair and another writer; approving writes them once more."
            ),
        }
    }

    fn shrunk(&self, lost_on: Side, written: Side, waiting: u64) -> SmolStr {
        let SideMeasures { known, lost, read_loss, .. } = self.on(lost_on);
        match read_loss {
            Some((before, lost)) if written != lost_on || waiting == 0 => format_smolstr!(
                "The {lost_on} lost {lost} of {before} items since its last complete read; approving accepts that as the truth."
            ),
            Some((before, lost)) => format_smolstr!(
                "The {lost_on} lost {lost} of {before} items since its last complete read; approving puts {waiting} back."
            ),
            _ if written == lost_on => {
                format_smolstr!("The {lost_on} lost {lost} of {known} known items; approving puts {waiting} back.")
            }
            _ => format_smolstr!(
                "The {lost_on} lost {lost} of {known} known items; approving removes {waiting} from the {written}."
            ),
        }
    }
}
