//! What an account can read and keep, as data. The planner clips against it before anything is sent.

use smol_str::SmolStr;

use crate::{feature::Feature, id::Kind, rating::Scale};

/// How exactly a target keeps the moment of a play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchedPrecision {
    /// To the second.
    Second,
    /// To the minute, seconds dropped.
    Minute,
    /// It stamps the moment of the write, whatever it is told.
    WriteTimeOnly,
}

/// Whether an account keeps every play or only the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlayDetail {
    /// One row per play.
    EveryPlay,
    /// Watched or not, with the date of the last play.
    LastPlayOnly,
}

/// What one feature of an account can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureCapability {
    /// The feature.
    pub feature: Feature,
    /// Whether it can be a target of adds and updates.
    pub can_write: bool,
    /// Whether single facts can be removed.
    pub can_remove: bool,
    /// Kinds that may be written. History never has more than movies and episodes.
    pub kinds: &'static [Kind],
    /// The account answers a cheap question "did this change" for the feature.
    pub has_change_gate: bool,
    /// History can be read from a moment on, with a total that proves the rest unchanged.
    pub can_read_since: bool,
    /// How many operations go into one write, at most.
    pub batch_size: usize,
    /// How many rows the account holds at most, where told.
    pub max_rows: Option<u64>,
    /// The account tells what was removed; elsewhere a removal shows only as a row that is missing.
    pub tells_removals: bool,
    /// Rows go away by themselves after a while, so one that is missing was not removed by anybody.
    pub rows_expire: bool,
}

/// Everything an account can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// One entry per supported feature.
    pub features: Vec<FeatureCapability>,
    /// Rating scale on the wire.
    pub scale: Scale,
    /// How exactly plays are dated.
    pub watched_precision: WatchedPrecision,
    /// Whether rewatches can be told apart.
    pub plays: PlayDetail,
    /// A play without a date can be stored as such.
    pub keeps_undated_plays: bool,
    /// Writing the same play twice gives two plays.
    pub duplicates_plays: bool,
    /// An item has one status: what is watched cannot stand on the watchlist too.
    pub keeps_one_status: bool,
    /// Items must carry at least one external id.
    pub needs_ids: bool,
    /// The account belongs to a media server (an item must be in its library), not to a tracker.
    pub is_media_server: bool,
    /// The membership that the limits above belong to (`free`, `vip`), where the account tells.
    pub membership: Option<SmolStr>,
}

impl Capabilities {
    /// The entry of one feature, or `None` where it is not supported.
    pub fn feature(&self, feature: Feature) -> Option<&FeatureCapability> {
        self.features.iter().find(|entry| entry.feature == feature)
    }
}
