//! Everything the planner looks at for one feature. There is no other input.

use crosswatch_identity::{Catalog, Join};
use crosswatch_model::{Capabilities, Feature, PairId, Uid};
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    baseline::{BaselineEntry, PlayKey},
    policy::FeaturePolicy,
    read::Read,
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
    /// Writes that are on their way or in doubt, by this pair or any other writer of the target.
    pub in_flight: &'a [(Uid, PlayKey)],
    /// Writes that the target refused and that wait for their next try.
    pub unresolved: &'a [(Uid, PlayKey)],
    /// What the pair allows.
    pub policy: &'a FeaturePolicy,
    /// What the source can keep.
    pub source_capabilities: &'a Capabilities,
    /// What the target can keep.
    pub target_capabilities: &'a Capabilities,
    /// The user's time zone, for plays that are known to the day.
    pub zone: &'a TimeZone,
    /// The present.
    pub now: Timestamp,
}
