//! Traits to the outside world, with their fault taxonomy, and in-memory fakes.
//!
//! Invariant: time, randomness, accounts and the disk reach the actors only through these traits.
//! Deliberately absent: HTTP, the storage engine, actors.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod account;
mod clock;
pub mod fake;
mod fault;
mod knowledge;
mod ledger;
mod live;
mod provider;
mod record;
mod scrobbling;
mod sign_in;
mod sink;
mod snapshot;
mod standing;
mod undo;
mod watching;

pub use account::{Budget, Cache, DailyQuota, RequestKind, Shelf, ShelfChange, ShelfCursor, ShelfRow, Vault, Verdict};
pub use clock::{Clock, Entropy};
pub use fault::Fault;
pub use knowledge::{Knowledge, Known};
pub use ledger::{
    BootReport, Change, Commit, Durability, Fence, FenceMark, LeaseAsk, LeaseBusy, Ledger, Refused, StorageFailure,
};
pub use live::{
    EchoRecord, InboxRecord, LiveChange, LiveLedger, ParcelRecord, PlayAlias, PlayRecord, SeatKey, SeatRecord,
};
pub use provider::{
    CellNow, CellQuery, Cursor, Page, Probe, Provider, ReadScope, Row, Stamp, Stamps, Write, WriteOutcome, WriteReport,
};
pub use record::{
    EventRecord, FeatureTally, HeldRecord, ImportRecord, ImportState, ItemRecord, LeaseRecord, LineRecord,
    OutboxRecord, OutboxState, PairFeatureRecord, PlanRecord, ReadingHead, ReadingRow, RejectedRecord, RunError,
    RunRecord, UnresolvedRecord,
};
pub use scrobbling::{Scrobble, Scrobbled, Scrobbling, Verb};
pub use sign_in::{SignIn, SignInCode, SignInState};
pub use sink::{Notice, NoticeKind, Sink};
pub use snapshot::{NewSnapshot, RestoreOrder, SnapshotPart, SnapshotRecord, SnapshotRow};
pub use standing::{BackupCount, PairMemory, StandingKind, StandingRecord};
pub use undo::UndoOrder;
pub use watching::{Described, Telling, Tidings, Watching};

use std::{future::Future, pin::Pin};

/// A boxed future that stays on its thread: all actors live on one arbiter.
pub type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;
