//! Pure planner: typed reads, three-way diff, guards, plans with a reason for every item.
//!
//! [`plan_feature`] is a function of its [`FeatureInput`] and nothing else. Promises: nothing is removed without a
//! complete read and provenance; what was applied is not planned again; every line says why; the order of the input does
//! not matter. [`FeaturePolicy::mode`] says whether the target follows the source or each side the other.
//! Deliberately absent: I/O, clocks, randomness and storage.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod baseline;
mod cell;
mod choose;
mod compare;
mod compose;
mod crowd;
mod draft;
mod every_play;
mod explain;
mod feature_plan;
mod flip_flop;
mod guard;
mod input;
mod journal;
mod lines;
mod measures;
mod one_way;
mod planner;
mod policy;
mod read;
mod recorded;
mod restore;
mod rows;
mod rules;
mod same_play;
mod seen;
mod sentence;
mod standing;
mod tally;
mod two_way;
mod undo;
mod verdict;
mod way;
mod why;

pub use baseline::{BaselineChange, BaselineEntry, BaselineRow, Flips, PlayKey};
pub use choose::choose;
pub use compose::compose;
pub use feature_plan::{After, FeaturePlan, Hold, PlannedItem};
pub use input::FeatureInput;
pub use planner::plan_feature;
pub use policy::{Approvals, ConflictPolicy, FeaturePolicy, Limit, Mode, Removes};
pub use read::{Absences, CompleteRead, DeltaRead, PartialRead, Read, SuspectRead, judge};
pub use recorded::RecordedPlay;
pub use seen::Seen;
pub use sentence::sentence;
pub use tally::{PageHead, Tally};
pub use undo::plan_undo;
pub use why::{Link, Why, why};
