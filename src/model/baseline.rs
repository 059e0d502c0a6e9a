//! The baseline: what a pair last agreed on, and where each side of it came from.

use jiff::Timestamp;

use crate::{
    fact::{Fact, WatchedAt},
    item::NativeRef,
};

/// Which play of an item a row is about: minutes since 1970. 0 where only presence counts or nobody knows when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct PlayKey(pub u32);

impl PlayKey {
    /// The key where only presence counts.
    pub const PRESENCE: Self = Self(0);

    /// The key of an instant. Instants before 1970 share the key of presence.
    pub fn of_instant(at: Timestamp) -> Self {
        Self(u32::try_from(at.as_second() / 60).unwrap_or(0))
    }

    /// The key of a play.
    pub fn of(watched_at: WatchedAt) -> Self {
        match watched_at {
            WatchedAt::Exact(at) | WatchedAt::Minute(at) => Self::of_instant(at),
            WatchedAt::Day(day) => day
                .to_zoned(jiff::tz::TimeZone::UTC)
                .map_or(Self::PRESENCE, |midnight| Self::of_instant(midnight.timestamp())),
            WatchedAt::Unknown => Self::PRESENCE,
        }
    }
}

/// One fact of one entity as the pair last agreed on it. Rows move only with a confirmed write or a settled read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BaselineRow {
    /// The value the source had.
    pub source: Option<Fact>,
    /// The value the target had.
    pub target: Option<Fact>,
    /// A complete read once showed it on the source. Without this nothing is ever removed because of the source.
    pub seen_on_source: bool,
    /// A read once showed it on the target.
    pub seen_on_target: bool,
    /// A write of this pair put it on the target.
    pub written_by_us: bool,
    /// Consecutive complete reads of the source without it.
    pub absent_source_reads: u8,
    /// Consecutive complete reads of the target without it.
    pub absent_target_reads: u8,
    /// The target's own row, where known.
    pub target_native: Option<NativeRef>,
}
