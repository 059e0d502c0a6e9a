//! Adapters to media servers and trackers over one shared HTTP client.
//!
//! Promises: every request asks the account's budget first and is counted; nothing that may change an account is sent
//! twice, except after a `401` that proves the first request was not applied; no secret appears in an error or a log.
//! Deliberately absent: deciding what to sync, judging whether a read is complete, waiting between runs, settings files.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod emby;
pub mod jellyfin;
pub mod mdblist;
pub mod notify;
pub mod plex;
pub mod simkl;
pub mod tracker;
pub mod trakt;

mod day;
mod described;
mod http;
mod ids;
mod library;
mod loose;
mod mediabrowser;
mod nested;
mod outcome;
mod ports;
mod reading;
mod scrobbled;
#[cfg(test)]
mod testing;
mod tokens;

pub use library::LibraryFilter;
pub use mediabrowser::{ServerCredentials, ServerOptions, WatchlistShelf};
pub use ports::Ports;
