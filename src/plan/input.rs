//! Everything the planner looks at for one feature. There is no other input.

use crosswatch_identity::{Catalog, Join, rematch::Holds};
use crosswatch_model::{Capabilities, Feature, OpId, PairId, Picker, Side, Uid};
use jiff::{Timestamp, tz::TimeZone};
use rustc_hash::FxHashSet;

use crate::{
    baseline::{BaselineEntry, PlayKey},
    policy::FeaturePolicy,
    read::Read,
    recorded::RecordedPlay,
};

/// One feature of one pair at one moment.
#[derive(Debug, Clone, Copy)]
pub struct FeatureInput<'a> {
    /// The pair.
    pub pair: &'a PairId,
    /// The feature.
    pub feature: Feature,
    /// The items of both sides and the known ones.
    pub catalog: &'a Catalog,
    /// Which of them are the same thing.
    pub join: &'a Join,
    /// The read of the source.
    pub source: &'a Read,
    /// The read of the target.
    pub target: &'a Read,
    /// What the pair agreed on, in any order.
    pub baseline: &'a [BaselineEntry],
    /// Adoption: the first run, or the first after a reset or after a change of account or library filter.
    pub is_first_run: bool,
    /// When both sides first agreed; `None` before that.
    pub adopted_at: Option<Timestamp>,
    /// How many runs of this pair wrote something so far.
    pub run_number: u32,
    /// Writes that are on their way or in doubt, by this pair or any other writer of either account.
    pub in_flight: &'a [(Uid, PlayKey)],
    /// Plays that live scrobbling has recorded at either side, or is about to.
    pub recorded: &'a [RecordedPlay],
    /// Writes that an account refused and that wait for their next try.
    pub unresolved: &'a [(Uid, PlayKey)],
    /// Operations that a person said no to.
    pub rejected: &'a FxHashSet<OpId>,
    /// Rows of either side that are about something else than before.
    pub rematched: &'a Holds,
    /// What the pair allows.
    pub policy: &'a FeaturePolicy,
    /// What the source can keep.
    pub source_capabilities: &'a Capabilities,
    /// What the target can keep.
    pub target_capabilities: &'a Capabilities,
    /// The user's time zone, for plays that are known to the day.
    pub zone: &'a TimeZone,
    /// Which items a restore is about; `None` means all of them.
    pub picker: Option<&'a Picker>,
    /// The present.
    pub now: Timestamp,
}

impl<'a> FeatureInput<'a> {
    /// The read of a side.
    pub const fn read(&self, side: Side) -> &'a Read {
        match side {
            Side::Source => self.source,
            Side::Target => self.target,
        }
    }

    /// Whether the rows of a side come from memory.
    pub(crate) const fn is_recalled(&self) -> bool {
        self.source.is_recalled() || self.target.is_recalled()
    }

    /// What a side can keep.
    pub const fn capabilities(&self, side: Side) -> &'a Capabilities {
        match side {
            Side::Source => self.source_capabilities,
            Side::Target => self.target_capabilities,
        }
    }
}
