//! Durable state on fjall: keyspaces, versioned rows, atomic batches, leases.
//!
//! [`FjallLedger`] is the store that the actors see through [`crosswatch_port::Ledger`]. Read it top down: a call takes
//! a `view` of one moment or builds a `batch` on it, `key` and `row` turn values into bytes, `keyspaces` says where
//! they go.
//!
//! Invariants: a commit is visible as a whole or not at all; a stale fence writes nothing; bytes that cannot be read are
//! an error that names them and never a row less.
//! Deliberately absent: clocks, retries, and any thread of our own.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod backup;
mod batch;
mod boot;
mod chunk;
mod commit;
mod failure;
mod forget;
mod key;
mod keyspaces;
mod lease;
mod ledger;
mod live;
mod names;
mod open;
mod read;
mod read_runs;
mod row;
mod shelf;
mod snapshots;
mod verify;
mod view;

pub use backup::{BackupError, Replace, Restored, check_backup, restore_backup};
pub use commit::EVENTS_KEPT;
pub use ledger::FjallLedger;
pub use live::INBOX_KEPT;
pub use open::{OpenError, OpenOptions};
pub use verify::{KeyspaceCount, StoreCheck};
