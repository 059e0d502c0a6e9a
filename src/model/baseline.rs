//! The baseline: what a pair last agreed on, and where each side of it came from.

use crate::{
    fact::{Fact, WatchedAt},
    item::NativeRef,
    operation::Side,
    rating::Rating,
};

/// Which play of an item a row is about: minutes since 1970. 0 where only presence counts or nobody knows when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct PlayKey(pub u32);

impl PlayKey {
    /// The key of a fact: its play, or that it is there.
    pub fn of_fact(fact: Fact) -> Self {
        if let Fact::Play(at) = fact { Self::of(at) } else { Self::PRESENCE }
    }

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
    /// A write of this pair put it on the source.
    pub source_written_by_us: bool,
    /// One side lost it while removals were off: it is neither removed from the other side nor added back.
    pub is_diverged: bool,
    /// An undo left the sides like this: they stay so until either changes.
    pub is_taken_back: bool,
    /// No id says that the rows of both sides are one thing, only their place or a table.
    pub is_weak_match: bool,
    /// Consecutive complete reads of the source without it.
    pub absent_source_reads: u8,
    /// Consecutive complete reads of the target without it.
    pub absent_target_reads: u8,
    /// The target's own row, where known.
    pub target_native: Option<NativeRef>,
    /// Whether our writes of it go back and forth. Moves only with a confirmed write.
    pub flips: Option<Flips>,
}

/// The memory of a value that goes back and forth between two writers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flips {
    /// The rating before the last one. Other facts have no value to go back to.
    pub previous: Option<Rating>,
    /// How often in a row a write brought back what was there before: at most two.
    pub returns: u8,
    /// The number of the run of the first of these returns.
    pub at: u32,
}

impl Flips {
    /// So many returns are a quarrel between two writers.
    pub const QUARREL: u8 = 2;
    /// Returns further apart than this many runs are not counted together.
    pub const WITHIN_RUNS: u32 = 10;

    /// The memory after one more return.
    #[must_use]
    pub const fn returned(self, run: u32) -> Self {
        let is_recent = self.returns > 0 && run.saturating_sub(self.at) <= Self::WITHIN_RUNS;
        if is_recent { Self { returns: Self::QUARREL, ..self } } else { Self { returns: 1, at: run, ..self } }
    }

    /// The next write waits for a person.
    pub const fn is_quarrel(self) -> bool {
        self.returns >= Self::QUARREL
    }
}

impl BaselineRow {
    /// The value a side had.
    pub const fn value_on(&self, side: Side) -> Option<Fact> {
        match side {
            Side::Source => self.source,
            Side::Target => self.target,
        }
    }

    /// A read once showed it on this side.
    pub const fn was_seen_on(&self, side: Side) -> bool {
        match side {
            Side::Source => self.seen_on_source,
            Side::Target => self.seen_on_target,
        }
    }

    /// A write of this pair put it on this side.
    pub const fn is_ours_on(&self, side: Side) -> bool {
        match side {
            Side::Source => self.source_written_by_us,
            Side::Target => self.written_by_us,
        }
    }

    /// Consecutive complete reads of this side without it.
    pub const fn absent_reads_on(&self, side: Side) -> u8 {
        match side {
            Side::Source => self.absent_source_reads,
            Side::Target => self.absent_target_reads,
        }
    }

    /// The row with so many absences on this side.
    #[must_use]
    pub const fn with_absent_reads(self, side: Side, reads: u8) -> Self {
        match side {
            Side::Source => Self { absent_source_reads: reads, ..self },
            Side::Target => Self { absent_target_reads: reads, ..self },
        }
    }

    /// The row without anything this side had.
    #[must_use]
    pub const fn without(self, side: Side) -> Self {
        match side {
            Side::Source => Self { source: None, seen_on_source: false, absent_source_reads: 0, ..self },
            Side::Target => {
                Self { target: None, seen_on_target: false, absent_target_reads: 0, target_native: None, ..self }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_returns_within_ten_runs_are_a_quarrel() {
        for (runs, quarrel) in [(&[5u32][..], false), (&[5, 6], true), (&[5, 15], true), (&[5, 16], false)] {
            let flips = runs.iter().fold(Flips::default(), |flips, run| flips.returned(*run));
            assert_eq!(flips.is_quarrel(), quarrel, "{runs:?}");
        }
        let late = [5, 16, 17].iter().fold(Flips::default(), |flips, run| flips.returned(*run));
        assert!(late.is_quarrel());
    }
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
