//! Nouns of CrossWatch: ids, kinds, items, facts, pairs, operations and reasons.
//!
//! Everything here is a plain value with a total order and no hidden input.
//! Deliberately absent: storage serialisation (the store owns its rows), clocks, randomness and I/O.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod baseline;
mod capability;
mod fact;
mod feature;
mod id;
mod item;
mod live;
mod name;
mod operation;
mod plan;
pub mod plex_guid;
mod rating;
mod reason;
mod rejections;
mod run;
mod scheme;
mod snapshot;
mod text;

pub use baseline::{After, BaselineRow, Flips, PlayKey};
pub use capability::{Capabilities, FeatureCapability, PlayDetail, WatchedPrecision};
pub use fact::{Fact, WatchedAt, same_instant_tolerance_s};
pub use feature::{Feature, FeatureSet};
pub use id::{Id, IdRejection, IdSet, ItemRef, Kind, Namespace};
pub use item::{Item, NativeRef, Show, Uid};
pub use live::{Disposition, ParcelState, PlayKind};
pub use name::{NameRejection, PairId, ProviderId, RunId};
pub use operation::{Action, OpId, Outcome, RejectedWhy, Side};
pub use plan::{Counts, HoldKind, PlanItem, ReadReport};
pub use rating::{Rating, RatingRejection, Scale};
pub use reason::Reason;
pub use rejections::Rejections;
pub use run::{Cause, Completeness, PlanState, RunState};
pub use scheme::{Scheme, UnknownScheme};
pub use snapshot::{Picker, RestoreFilter, RestoreMode, SnapshotCause};
