//! Playback events to sessions, sessions to plays, plays to what each target is told; and the same-play test that pairs
//! share with live scrobbling.
//!
//! Pure: time is an argument. Deliberately absent: I/O, storage, and the planner's sweep over whole histories, which pairs
//! thousands of plays at once under the same rule.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod audience;
mod event;
mod parcel;
mod percent;
mod queue;
mod same_viewing;
mod seat;
mod session;
mod viewing;

pub use audience::{Audience, Filtered, Names, plain};
pub use event::{Heard, Media, PlaybackEvent, Step, Via, Viewer};
pub use parcel::{Ear, Message, Parcel, Records, items, parcels};
pub use percent::Percent;
pub use queue::{Fate, Queued, fates, next, wakes_at};
pub use same_viewing::same_viewing;
pub use seat::{Moment, PlayId, Said, Saying, Seat, SessionRules, Turn};
pub use session::{Phase, Session, Told, is_same_item};
pub use viewing::Viewing;
