//! Playback events to plays: the same-play test shared by pairs and live scrobbling.
//!
//! Pure: time is an argument. Deliberately absent: I/O, storage, and the planner's sweep over whole histories, which pairs
//! thousands of plays at once under the same rule.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod same_viewing;

pub use same_viewing::same_viewing;
