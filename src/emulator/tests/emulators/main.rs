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
mod mdblist_access;
mod mdblist_history;
mod mdblist_journal;
mod mdblist_lists;
mod mdblist_live;
mod plex_access;
mod plex_cloud;
mod plex_listing;
mod plex_state;
mod simkl_access;
mod simkl_library;
mod simkl_live;
mod simkl_writes;
mod trakt_access;
mod trakt_history;
mod trakt_lists;
mod trakt_live;
mod volume;
