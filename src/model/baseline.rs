//! The baseline: what a pair last agreed on, and where each side of it came from.

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

    /// The key of a play; of a day, its noon in UTC.
    pub fn of(at: WatchedAt) -> Self {
        let second = match at {
            WatchedAt::Exact(at) | WatchedAt::Minute(at) => at.as_second(),
            WatchedAt::Day(day) => {
                let noon = day.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC);
                noon.map_or(0, |noon| noon.timestamp().as_second())
            }
            WatchedAt::Unknown => return Self::PRESENCE,
        };
        Self::of_second(second)
    }

    /// The key of a second since 1970. Earlier seconds share the first minute.
    pub fn of_second(second: i64) -> Self {
        Self(u32::try_from(second.div_euclid(60).max(1)).unwrap_or(u32::MAX))
    }

    /// The middle of the minute, in seconds since 1970.
    pub fn second(self) -> i64 {
        i64::from(self.0) * 60 + 30
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

/// What a baseline row becomes once a write is confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// This row.
    Put(BaselineRow),
    /// No row.
    Drop,
    /// What it is: another write of the same fact follows and has the last word.
    Nothing,
}
