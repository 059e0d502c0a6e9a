//! The real service as a child process over emulated accounts, and the hands that tests use on it.
//!
//! Everything goes the way a user's things go: a configuration file, the `crosswatch` binary, HTTP with the API key, signals.
//! Calls block, so that a scenario reads from top to bottom. A hand that cannot do what it is asked panics: that is the
//! test failing.
//! Deliberately absent: anything that looks into the service past its API.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "only tests use this, and a failing hand is a failing test"
)]

mod accounts;
mod binary;
mod config;
mod every_kind;
mod folder;
mod http;
mod items;
mod ledger;
mod process;
mod run;
mod running;

pub use accounts::{Jellyfin, Trakt, films, now, places};
pub use binary::binary;
pub use config::{jellyfin, ledger, one_way, trakt, trakt_unlinked};
pub use every_kind::{AnyAccount, KINDS};
pub use folder::Folder;
pub use http::{Answer, Http};
pub use items::{episode, item_of, movie, names, show, title, told};
pub use ledger::Ledger;
pub use process::{Ended, Process, eventually};
pub use run::{Plan, Run};
pub use running::Service;
