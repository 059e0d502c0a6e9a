//! The store as one process life sees it: it can die at a chosen write, with or without having written.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use crosswatch_model::{BaselineRow, Feature, Id, PairId, PlayKey, ProviderId, RunId, Uid};
use crosswatch_port::{
    BackupCount, BootReport, Commit, EchoRecord, EventRecord, Fence, HeldRecord, ImportRecord, InboxRecord, ItemRecord,
    LeaseAsk, LeaseBusy, Ledger, LineRecord, LiveLedger, NewSnapshot, OutboxRecord, PairFeatureRecord, PairMemory,
    ParcelRecord, PlanRecord, PlayRecord, ReadingHead, ReadingRow, Refused, RejectedRecord, RunRecord, SeatRecord,
    ShelfCursor, ShelfRow, SnapshotRecord, SnapshotRow, StandingRecord, StorageFailure, UnresolvedRecord,
    fake::MemoryLedger,
};
use jiff::Timestamp;
use smol_str::SmolStr;
use tokio::sync::Notify;

/// When a life ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Death {
    /// Never by itself.
    Never,
    /// Right before the write with this number reaches the disk.
    Before(u64),
    /// Right after it, before anybody learns of it.
    After(u64),
}

/// One process life.
#[derive(Debug)]
pub(crate) struct Life {
    death: Death,
    writes: AtomicU64,
    is_dead: AtomicBool,
    died: Notify,
}

impl Life {
    pub(crate) fn until(death: Death) -> Arc<Self> {
        Arc::new(Self { death, writes: AtomicU64::new(0), is_dead: AtomicBool::new(false), died: Notify::new() })
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::SeqCst)
    }

    pub(crate) fn end(&self) {
        self.is_dead.store(true, Ordering::SeqCst);
        self.died.notify_waiters();
        self.died.notify_one();
    }

    /// Completes when the life has ended.
    pub(crate) async fn ended(&self) {
        while !self.is_dead() {
            self.died.notified().await;
        }
    }

    /// A dead process hears nothing.
    pub(crate) async fn alive(&self) {
        if self.is_dead() {
            std::future::pending::<()>().await;
        }
    }
}

/// The store of one life.
pub(crate) struct MortalLedger {
    pub(crate) inner: Arc<MemoryLedger>,
    pub(crate) life: Arc<Life>,
}

fn dead() -> StorageFailure {
    StorageFailure("the process is dead".to_owned())
}

impl MortalLedger {
    fn read<T>(&self, read: impl FnOnce(&MemoryLedger) -> Result<T, StorageFailure>) -> Result<T, StorageFailure> {
        if self.life.is_dead() { Err(dead()) } else { read(&self.inner) }
    }

    fn write<T>(&self, write: impl FnOnce(&MemoryLedger) -> Result<T, StorageFailure>) -> Result<T, StorageFailure> {
        if self.life.is_dead() {
            return Err(dead());
        }
        let number = self.life.writes.fetch_add(1, Ordering::SeqCst) + 1;
        if self.life.death == Death::Before(number) {
            self.life.end();
            return Err(dead());
        }
        let answer = write(&self.inner);
        if self.life.death == Death::After(number) {
            self.life.end();
            return Err(dead());
        }
        answer
    }
}

/// Passes calls on: those that only read, and those that write.
macro_rules! pass_on {
    ($($kind:ident $name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+) => {
        $(fn $name(&self, $($argument: $type),*) -> Result<$answer, StorageFailure> {
            self.$kind(|ledger| ledger.$name($($argument),*))
        })+
    };
}

impl LiveLedger for MortalLedger {
    pass_on! {
        read next_inbox_number() -> u64;
        read next_parcel_seq() -> u64;
        read inbox_waiting(limit: usize) -> Vec<InboxRecord>;
        read inbox(before: Option<u64>, limit: usize) -> Vec<InboxRecord>;
        read seats() -> Vec<SeatRecord>;
        read plays_of(uid: Uid) -> Vec<PlayRecord>;
        read visit_plays(visit: &mut dyn FnMut(PlayRecord)) -> ();
        read parcels_waiting(account: &ProviderId, limit: usize) -> Vec<ParcelRecord>;
        read parcels_settled(before: Option<u64>, limit: usize) -> Vec<ParcelRecord>;
        read echoes(account: &ProviderId, uid: Uid) -> Vec<EchoRecord>;
    }
}

impl Ledger for MortalLedger {
    pass_on! {
        write begin_life(boot: u128, at: Timestamp) -> BootReport;
        write commit(commits: Vec<Commit>) -> Vec<Result<(), Refused>>;
        write take_leases(ask: &LeaseAsk) -> Result<Fence, LeaseBusy>;
        write drop_leases(resources: &[SmolStr], fence: Fence) -> ();
        write mint_uids(count: u32) -> Uid;
        write mint_outbox_seqs(account: &ProviderId, count: u32) -> u64;
        read visit_items(visit: &mut dyn FnMut(ItemRecord)) -> ();
        read item(uid: Uid) -> Option<ItemRecord>;
        read uid_of(id: Id) -> Option<Uid>;
        read visit_baseline(pair: &PairId, feature: Feature, visit: &mut dyn FnMut(Uid, PlayKey, BaselineRow)) -> ();
        read reading_head(account: &ProviderId, feature: Feature) -> Option<ReadingHead>;
        read visit_reading(account: &ProviderId, feature: Feature, visit: &mut dyn FnMut(ReadingRow)) -> ();
        read pair_feature(pair: &PairId, feature: Feature) -> Option<PairFeatureRecord>;
        read outbox(account: &ProviderId, limit: usize) -> Vec<OutboxRecord>;
        read held() -> Vec<HeldRecord>;
        read rejected(pair: &PairId) -> Vec<RejectedRecord>;
        read unresolved(pair: &PairId) -> Vec<UnresolvedRecord>;
        read runs(pair: Option<&PairId>, after: Option<RunId>, limit: usize) -> Vec<RunRecord>;
        read run(id: RunId) -> Option<RunRecord>;
        read plans(pair: Option<&PairId>, after: Option<RunId>, limit: usize) -> Vec<PlanRecord>;
        read plan(id: RunId) -> Option<PlanRecord>;
        read visit_lines(owner: RunId, from: u32, visit: &mut dyn FnMut(LineRecord) -> bool) -> ();
        read events(limit: usize) -> Vec<EventRecord>;
        read shelf(account: &ProviderId, feature: Feature, after: Option<ShelfCursor>, limit: usize) -> Vec<ShelfRow>;
        read shelf_rows_of(account: &ProviderId, feature: Feature, uid: Uid) -> Vec<ShelfRow>;
        read shelf_count(account: &ProviderId, feature: Feature) -> (u64, u64);
        read secret(account: &ProviderId, name: &str) -> Option<Vec<u8>>;
        read cached(account: &ProviderId, name: &str) -> Option<Vec<u8>>;
        write put_snapshot(new: NewSnapshot) -> SnapshotRecord;
        read snapshots(provider: Option<&ProviderId>, after: Option<RunId>, limit: usize) -> Vec<SnapshotRecord>;
        read snapshot(id: RunId) -> Option<SnapshotRecord>;
        read visit_snapshot(id: RunId, feature: Feature, from: u64, visit: &mut dyn FnMut(SnapshotRow) -> bool) -> ();
        read imports(account: &ProviderId) -> Vec<ImportRecord>;
        read import(id: RunId) -> Option<ImportRecord>;
        read standings() -> Vec<StandingRecord>;
        read pair_memory(pair: &PairId) -> PairMemory;
        read backup(to: &mut dyn std::io::Write) -> Result<BackupCount, std::io::Error>;
        write sync() -> ();
    }
}
