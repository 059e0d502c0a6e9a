//! Live scrobbling as stories: what media servers tell, and what trackers are told, on a paused clock.
//!
//! The whole house runs over a store in memory; the trackers are fakes that keep their own truth, refuse what the real ones
//! refuse, and outlive every death of the process. A story is a list of lines with their times; the claim is the list of
//! what a tracker heard.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod chance;
mod deaths;
mod delivery;
mod gaps;
mod history;
mod repeats;
mod sessions;
mod stage;
mod store;
mod story;
mod tracker;
mod viewers;
mod waits;
