//! The traps of each emulated service, checked over real HTTP by a client that knows nothing of this crate's insides.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod client;
mod emby_access;
mod emby_listing;
mod emby_state;
mod faults;
mod jellyfin_access;
mod jellyfin_listing;
mod jellyfin_lists;
mod jellyfin_state;
mod trakt_access;
mod trakt_history;
mod trakt_lists;
mod trakt_live;
mod volume;
