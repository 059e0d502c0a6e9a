//! The store as the actors see it: commits that move together, leases, and reads.
//!
//! Every method blocks on the disk and is called through the store actor's lane, never on the event loop.
//! A [`StorageFailure`] is final: the process stops and is started again by its keeper.

use crosswatch_model::{BaselineRow, Feature, OpId, PairId, PlanState, PlayKey, ProviderId, RunId, Uid};
use jiff::Timestamp;
use smol_str::SmolStr;

use crate::{
    account::{ShelfChange, ShelfCursor, ShelfRow},
    live::{LiveChange, LiveLedger},
    record::{
        EventRecord, HeldRecord, ImportRecord, ItemRecord, LineRecord, OutboxRecord, PairFeatureRecord, PlanRecord,
        ReadingHead, ReadingRow, RejectedRecord, RunRecord, UnresolvedRecord,
    },
    snapshot::{NewSnapshot, SnapshotRecord, SnapshotRow},
    standing::{BackupCount, PairMemory, StandingKind, StandingRecord},
};

/// The disk failed. Nothing after this can be trusted to be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store failed: {0}; check the disk, then start again")]
pub struct StorageFailure(pub String);

/// A number that grows with every lease; commits that carry an old one are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fence(pub u64);

/// The lease a commit depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FenceMark {
    /// The leased resource.
    pub resource: SmolStr,
    /// The fence it was taken with.
    pub fence: Fence,
}

/// How safe a commit is when the call returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    /// Survives a crash of the process, not of the machine.
    Buffered,
    /// On the disk.
    Synced,
}

/// Changes that move together: all or none.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// Refuse unless this lease still holds.
    pub fence: Option<FenceMark>,
    /// How safe.
    pub durability: Durability,
    /// The changes, in order.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Writes a run.
    PutRun(RunRecord),
    /// Writes a plan.
    PutPlan(PlanRecord),
    /// Says where a plan stands. A plan that is not kept any more stays away.
    MarkPlan(RunId, PlanState),
    /// Writes a line of a run or plan.
    PutLine(LineRecord),
    /// Forgets a run or plan with its lines.
    DropRun(PairId, RunId),
    /// Writes an entity and points its ids at it. A length that was told before stays where the record has none.
    PutItem(ItemRecord),
    /// Writes a baseline row.
    PutBaseline(PairId, Feature, Uid, PlayKey, BaselineRow),
    /// Drops a baseline row.
    DropBaseline(PairId, Feature, Uid, PlayKey),
    /// Writes an outbox row.
    PutOutbox(OutboxRecord),
    /// Drops an outbox row.
    DropOutbox(ProviderId, u64),
    /// Writes the head of a reading.
    PutReadingHead(ProviderId, Feature, ReadingHead),
    /// Writes a row of a reading.
    PutReadingRow(ProviderId, Feature, ReadingRow),
    /// Drops a row of a reading.
    DropReadingRow(ProviderId, Feature, ReadingRow),
    /// Writes what a pair knows about a feature.
    PutPairFeature(PairId, Feature, PairFeatureRecord),
    /// Writes a hold.
    PutHeld(HeldRecord),
    /// Drops a hold.
    DropHeld(u64),
    /// Remembers an operation that a person said no to.
    PutRejected(RejectedRecord),
    /// Forgets that a person said no to an operation.
    DropRejected(PairId, OpId),
    /// Writes an unresolved item.
    PutUnresolved(UnresolvedRecord),
    /// Drops an unresolved item.
    DropUnresolved(PairId, Feature, Uid, PlayKey),
    /// Appends an event.
    AppendEvent(EventRecord),
    /// Changes the content of a ledger account. The item must be there already or be put by the same commit.
    Shelf(ProviderId, ShelfChange),
    /// Writes an import.
    PutImport(ImportRecord),
    /// Forgets an import with its lines. What it wrote stays.
    DropImport(RunId),
    /// Writes a secret of an account.
    PutSecret(ProviderId, SmolStr, Vec<u8>),
    /// Writes what an adapter keeps under a name, in place of what was there.
    PutCache(ProviderId, SmolStr, Vec<u8>),
    /// Changes what live scrobbling keeps.
    Live(Box<LiveChange>),
    /// Sets a mark in place of the one of its kind and subject.
    PutStanding(StandingRecord),
    /// Takes a mark away.
    DropStanding(StandingKind, SmolStr),
    /// Forgets what a pair knows: baseline, features, holds, what was said no to, and unresolved items.
    ForgetPair(PairId),
    /// Forgets the last complete reads of an account and what its adapter keeps. Secrets stay.
    ForgetReadings(ProviderId),
    /// Pins a snapshot or unpins it. One that is not kept any more stays away.
    PinSnapshot(RunId, bool),
    /// Forgets a snapshot, and the rows that no other one shares with it.
    DropSnapshot(RunId),
}

/// Why a single commit was refused while the store is fine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Somebody else holds the lease by now.
    #[error("the lease on {resource} was taken over; this run must stop")]
    StaleFence {
        /// The resource.
        resource: SmolStr,
    },
}

/// Resources wanted for a run, all or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseAsk {
    /// Accounts and pair.
    pub resources: Vec<SmolStr>,
    /// The run.
    pub run: RunId,
    /// The process life.
    pub boot: u128,
    /// Now.
    pub at: Timestamp,
}

/// Another run holds one of the resources.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{resource} is in use by run {run}")]
pub struct LeaseBusy {
    /// The resource.
    pub resource: SmolStr,
    /// The run that holds it.
    pub run: RunId,
}

/// What was found and mended when the process started.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BootReport {
    /// Leases of earlier process lives that were released.
    pub released_leases: usize,
    /// Runs that had not ended and are marked interrupted now.
    pub interrupted_runs: Vec<RunId>,
}

/// The store.
pub trait Ledger: LiveLedger + Send + Sync {
    /// Starts a process life: releases leases of other lives, marks their unfinished runs as interrupted and the plans
    /// they were applying as failed.
    fn begin_life(&self, boot: u128, at: Timestamp) -> Result<BootReport, StorageFailure>;

    /// Commits in order, each all or none; one disk sync serves them all. Answers one result per commit.
    fn commit(&self, commits: Vec<Commit>) -> Result<Vec<Result<(), Refused>>, StorageFailure>;

    /// Takes leases, all or none, and answers the new fence that holds for each of them.
    fn take_leases(&self, ask: &LeaseAsk) -> Result<Result<Fence, LeaseBusy>, StorageFailure>;

    /// Gives leases back. A fence that is not the current one changes nothing.
    fn drop_leases(&self, resources: &[SmolStr], fence: Fence) -> Result<(), StorageFailure>;

    /// Reserves `count` new entity ids and answers the first.
    fn mint_uids(&self, count: u32) -> Result<Uid, StorageFailure>;

    /// Reserves `count` places in the outbox of an account and answers the first.
    fn mint_outbox_seqs(&self, account: &ProviderId, count: u32) -> Result<u64, StorageFailure>;

    /// Visits every entity.
    fn visit_items(&self, visit: &mut dyn FnMut(ItemRecord)) -> Result<(), StorageFailure>;

    /// One entity.
    fn item(&self, uid: Uid) -> Result<Option<ItemRecord>, StorageFailure>;

    /// The entity an external id points at.
    fn uid_of(&self, id: crosswatch_model::Id) -> Result<Option<Uid>, StorageFailure>;

    /// Visits the baseline of one feature of a pair, in key order.
    fn visit_baseline(
        &self,
        pair: &PairId,
        feature: Feature,
        visit: &mut dyn FnMut(Uid, PlayKey, BaselineRow),
    ) -> Result<(), StorageFailure>;

    /// The head of the last complete read.
    fn reading_head(&self, account: &ProviderId, feature: Feature) -> Result<Option<ReadingHead>, StorageFailure>;

    /// Visits the rows of the last complete read, in key order.
    fn visit_reading(
        &self,
        account: &ProviderId,
        feature: Feature,
        visit: &mut dyn FnMut(ReadingRow),
    ) -> Result<(), StorageFailure>;

    /// What a pair knows about a feature.
    fn pair_feature(&self, pair: &PairId, feature: Feature) -> Result<Option<PairFeatureRecord>, StorageFailure>;

    /// The outbox of an account in order, up to `limit` rows.
    fn outbox(&self, account: &ProviderId, limit: usize) -> Result<Vec<OutboxRecord>, StorageFailure>;

    /// Everything that waits for a person.
    fn held(&self) -> Result<Vec<HeldRecord>, StorageFailure>;

    /// The operations of a pair that a person said no to.
    fn rejected(&self, pair: &PairId) -> Result<Vec<RejectedRecord>, StorageFailure>;

    /// Unresolved items of a pair.
    fn unresolved(&self, pair: &PairId) -> Result<Vec<UnresolvedRecord>, StorageFailure>;

    /// Runs, newest first, of one pair or of all, after the run with this id where given.
    fn runs(&self, pair: Option<&PairId>, after: Option<RunId>, limit: usize)
    -> Result<Vec<RunRecord>, StorageFailure>;

    /// One run.
    fn run(&self, id: RunId) -> Result<Option<RunRecord>, StorageFailure>;

    /// Plans, newest first, after the plan with this id where given.
    fn plans(
        &self,
        pair: Option<&PairId>,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<PlanRecord>, StorageFailure>;

    /// One plan.
    fn plan(&self, id: RunId) -> Result<Option<PlanRecord>, StorageFailure>;

    /// Visits the lines of a run or plan from this number on, until `visit` answers false.
    fn visit_lines(
        &self,
        owner: RunId,
        from: u32,
        visit: &mut dyn FnMut(LineRecord) -> bool,
    ) -> Result<(), StorageFailure>;

    /// The newest events, newest first.
    fn events(&self, limit: usize) -> Result<Vec<EventRecord>, StorageFailure>;

    /// Rows of a ledger account after a cursor, in key order.
    fn shelf(
        &self,
        account: &ProviderId,
        feature: Feature,
        after: Option<ShelfCursor>,
        limit: usize,
    ) -> Result<Vec<ShelfRow>, StorageFailure>;

    /// All rows of one entity in a ledger account.
    fn shelf_rows_of(&self, account: &ProviderId, feature: Feature, uid: Uid) -> Result<Vec<ShelfRow>, StorageFailure>;

    /// How many rows a feature of a ledger account has, and a number that grows with every change of it.
    fn shelf_count(&self, account: &ProviderId, feature: Feature) -> Result<(u64, u64), StorageFailure>;

    /// The imports into a ledger account, newest first.
    fn imports(&self, account: &ProviderId) -> Result<Vec<ImportRecord>, StorageFailure>;

    /// One import.
    fn import(&self, id: RunId) -> Result<Option<ImportRecord>, StorageFailure>;

    /// A secret of an account.
    fn secret(&self, account: &ProviderId, name: &str) -> Result<Option<Vec<u8>>, StorageFailure>;

    /// What an adapter keeps under a name.
    fn cached(&self, account: &ProviderId, name: &str) -> Result<Option<Vec<u8>>, StorageFailure>;

    /// All marks, by kind and subject.
    fn standings(&self) -> Result<Vec<StandingRecord>, StorageFailure>;

    /// How much [`Change::ForgetPair`] would forget.
    fn pair_memory(&self, pair: &PairId) -> Result<PairMemory, StorageFailure>;

    /// Writes a copy of this moment. The inner error is the writer's and says nothing about the store.
    fn backup(&self, out: &mut dyn std::io::Write) -> Result<std::io::Result<BackupCount>, StorageFailure>;
    /// Keeps a snapshot: on the disk when this returns, with every row of it or not at all. Rows that an earlier
    /// snapshot has, too, are kept once.
    fn put_snapshot(&self, new: NewSnapshot) -> Result<SnapshotRecord, StorageFailure>;

    /// Snapshots, newest first, of one account or of all, after the one with this id where given.
    fn snapshots(
        &self,
        provider: Option<&ProviderId>,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<SnapshotRecord>, StorageFailure>;

    /// One snapshot.
    fn snapshot(&self, id: RunId) -> Result<Option<SnapshotRecord>, StorageFailure>;

    /// Visits the rows of one feature of a snapshot in their order, from the row of this number on, until `visit`
    /// answers false. The rows are those of one moment: dropping the snapshot meanwhile takes none away.
    fn visit_snapshot(
        &self,
        id: RunId,
        feature: Feature,
        from: u64,
        visit: &mut dyn FnMut(SnapshotRow) -> bool,
    ) -> Result<(), StorageFailure>;

    /// Everything buffered is on the disk when this returns.
    fn sync(&self) -> Result<(), StorageFailure>;
}
