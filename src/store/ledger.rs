//! The ledger on fjall: the face of this crate.

use std::{
    io,
    path::Path,
    sync::{Mutex, MutexGuard, OnceLock},
};

use crosswatch_model::{BaselineRow, Feature, Id, PairId, PlayKey, ProviderId, RunId, Uid};
use crosswatch_port::{
    BackupCount, BootReport, Commit, Durability, EventRecord, Fence, HeldRecord, ImportRecord, ItemRecord, LeaseAsk,
    LeaseBusy, Ledger, LineRecord, NewSnapshot, OutboxRecord, PairFeatureRecord, PairMemory, PlanRecord, ReadingHead,
    ReadingRow, Refused, RejectedRecord, RunRecord, ShelfCursor, ShelfRow, SnapshotRecord, SnapshotRow, StandingRecord,
    StorageFailure, UnresolvedRecord,
};
use fjall::{Database, PersistMode};
use jiff::Timestamp;
use smol_str::SmolStr;

use crate::{
    batch::Batch,
    failure::StoreError,
    keyspaces::{Keyspaces, Space},
    names::MetaKey,
    open::{OpenError, OpenOptions, open},
    verify::{KeyspaceCount, StoreCheck},
    view::View,
};

/// The durable store. Every call blocks; see [`Ledger`] for what each promises.
///
/// One writer works at a time. Reads go on beside it and see whole commits only.
/// After the first failure every call fails: what the disk did to that write is unknown.
pub struct FjallLedger {
    database: Database,
    spaces: Keyspaces,
    writer: Mutex<()>,
    failed: OnceLock<String>,
}

impl std::fmt::Debug for FjallLedger {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("FjallLedger").field("failed", &self.failed).finish_non_exhaustive()
    }
}

impl FjallLedger {
    /// Opens the database in the folder `db` inside `dir`, creating both where they are missing.
    pub fn open(dir: &Path, options: OpenOptions) -> Result<Self, OpenError> {
        let (database, spaces) = open(dir, options)?;
        Ok(Self { database, spaces, writer: Mutex::new(()), failed: OnceLock::new() })
    }

    /// Reads every row of every keyspace and checks it, and answers how many there are.
    pub fn verify(&self) -> Result<Vec<KeyspaceCount>, StorageFailure> {
        self.attempt(|| self.view().verify())
    }

    /// Reads every row like [`FjallLedger::verify`], but goes on after a problem and lists what it finds.
    pub fn check(&self) -> StoreCheck {
        self.view().check()
    }

    pub(crate) const fn spaces(&self) -> &Keyspaces {
        &self.spaces
    }

    pub(crate) const fn database(&self) -> &Database {
        &self.database
    }

    /// Keeps other writers out while the guard lives.
    pub(crate) fn lock(&self) -> Result<MutexGuard<'_, ()>, StoreError> {
        self.writer.lock().map_err(|_| StoreError::AbandonedWriter)
    }

    pub(crate) fn view(&self) -> View<'_> {
        View::new(&self.spaces, self.database.snapshot())
    }

    /// A batch on the present moment. Take the lock first.
    pub(crate) fn batch(&self) -> Batch<'_> {
        Batch::on(self.view())
    }

    pub(crate) fn attempt<T>(&self, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StorageFailure> {
        if let Some(why) = self.failed.get() {
            return Err(StorageFailure(why.clone()));
        }
        work().map_err(|why| {
            let why = self.failed.get_or_init(|| why.to_string());
            tracing::error!(why, "the store failed");
            StorageFailure(why.clone())
        })
    }

    fn mint(&self, counter: &MetaKey, count: u32) -> Result<u64, StorageFailure> {
        self.attempt(|| {
            let _writer = self.lock()?;
            let mut batch = self.batch();
            let first = batch.count_up(counter, u64::from(count))?;
            batch.write(&self.database, Durability::Synced)?;
            Ok(first)
        })
    }
}

impl Ledger for FjallLedger {
    fn begin_life(&self, boot: u128, at: Timestamp) -> Result<BootReport, StorageFailure> {
        self.attempt(|| self.begin(boot, at))
    }

    fn commit(&self, commits: Vec<Commit>) -> Result<Vec<Result<(), Refused>>, StorageFailure> {
        self.attempt(|| self.commit_group(commits))
    }

    fn take_leases(&self, ask: &LeaseAsk) -> Result<Result<Fence, LeaseBusy>, StorageFailure> {
        self.attempt(|| self.take(ask))
    }

    fn drop_leases(&self, resources: &[SmolStr], fence: Fence) -> Result<(), StorageFailure> {
        self.attempt(|| self.give_back(resources, fence))
    }

    fn mint_uids(&self, count: u32) -> Result<Uid, StorageFailure> {
        self.mint(&MetaKey::NextUid, count).map(Uid)
    }

    fn mint_outbox_seqs(&self, account: &ProviderId, count: u32) -> Result<u64, StorageFailure> {
        self.mint(&MetaKey::NextOutboxSeq(account.as_str().into()), count)
    }

    fn visit_items(&self, visit: &mut dyn FnMut(ItemRecord)) -> Result<(), StorageFailure> {
        self.attempt(|| self.view().visit_items(visit))
    }

    fn item(&self, uid: Uid) -> Result<Option<ItemRecord>, StorageFailure> {
        self.attempt(|| self.view().item(uid))
    }

    fn uid_of(&self, id: Id) -> Result<Option<Uid>, StorageFailure> {
        self.attempt(|| self.view().uid_of(id))
    }

    fn visit_baseline(
        &self,
        pair: &PairId,
        feature: Feature,
        visit: &mut dyn FnMut(Uid, PlayKey, BaselineRow),
    ) -> Result<(), StorageFailure> {
        self.attempt(|| self.view().visit_baseline(pair, feature, visit))
    }

    fn reading_head(&self, account: &ProviderId, feature: Feature) -> Result<Option<ReadingHead>, StorageFailure> {
        self.attempt(|| self.view().reading_head(account, feature))
    }

    fn visit_reading(
        &self,
        account: &ProviderId,
        feature: Feature,
        visit: &mut dyn FnMut(ReadingRow),
    ) -> Result<(), StorageFailure> {
        self.attempt(|| self.view().visit_reading(account, feature, visit))
    }

    fn pair_feature(&self, pair: &PairId, feature: Feature) -> Result<Option<PairFeatureRecord>, StorageFailure> {
        self.attempt(|| self.view().pair_feature(pair, feature))
    }

    fn outbox(&self, account: &ProviderId, limit: usize) -> Result<Vec<OutboxRecord>, StorageFailure> {
        self.attempt(|| self.view().outbox(account, limit))
    }

    fn held(&self) -> Result<Vec<HeldRecord>, StorageFailure> {
        self.attempt(|| self.view().held())
    }

    fn rejected(&self, pair: &PairId) -> Result<Vec<RejectedRecord>, StorageFailure> {
        self.attempt(|| self.view().rejected(pair))
    }

    fn unresolved(&self, pair: &PairId) -> Result<Vec<UnresolvedRecord>, StorageFailure> {
        self.attempt(|| self.view().unresolved(pair))
    }

    fn runs(
        &self,
        pair: Option<&PairId>,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunRecord>, StorageFailure> {
        self.attempt(|| self.view().records(Space::Run, pair, after, limit))
    }

    fn run(&self, id: RunId) -> Result<Option<RunRecord>, StorageFailure> {
        self.attempt(|| self.view().record(Space::Run, id))
    }

    fn plans(
        &self,
        pair: Option<&PairId>,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<PlanRecord>, StorageFailure> {
        self.attempt(|| self.view().records(Space::Plan, pair, after, limit))
    }

    fn plan(&self, id: RunId) -> Result<Option<PlanRecord>, StorageFailure> {
        self.attempt(|| self.view().record(Space::Plan, id))
    }

    fn visit_lines(
        &self,
        owner: RunId,
        from: u32,
        visit: &mut dyn FnMut(LineRecord) -> bool,
    ) -> Result<(), StorageFailure> {
        self.attempt(|| self.view().visit_lines(owner, from, visit))
    }

    fn events(&self, limit: usize) -> Result<Vec<EventRecord>, StorageFailure> {
        self.attempt(|| self.view().events(limit))
    }

    fn shelf(
        &self,
        account: &ProviderId,
        feature: Feature,
        after: Option<ShelfCursor>,
        limit: usize,
    ) -> Result<Vec<ShelfRow>, StorageFailure> {
        self.attempt(|| self.view().shelf(account, feature, after, limit))
    }

    fn shelf_rows_of(&self, account: &ProviderId, feature: Feature, uid: Uid) -> Result<Vec<ShelfRow>, StorageFailure> {
        self.attempt(|| self.view().shelf_rows_of(account, feature, uid))
    }

    fn shelf_count(&self, account: &ProviderId, feature: Feature) -> Result<(u64, u64), StorageFailure> {
        self.attempt(|| self.view().shelf_count(account, feature))
    }

    fn imports(&self, account: &ProviderId) -> Result<Vec<ImportRecord>, StorageFailure> {
        self.attempt(|| self.view().imports(account))
    }

    fn import(&self, id: RunId) -> Result<Option<ImportRecord>, StorageFailure> {
        self.attempt(|| self.view().import(id))
    }

    fn cached(&self, account: &ProviderId, name: &str) -> Result<Option<Vec<u8>>, StorageFailure> {
        self.attempt(|| self.view().cached(account, name))
    }

    fn secret(&self, account: &ProviderId, name: &str) -> Result<Option<Vec<u8>>, StorageFailure> {
        self.attempt(|| self.view().secret(account, name))
    }

    fn standings(&self) -> Result<Vec<StandingRecord>, StorageFailure> {
        self.attempt(|| self.view().standings())
    }

    fn pair_memory(&self, pair: &PairId) -> Result<PairMemory, StorageFailure> {
        self.attempt(|| self.view().pair_memory(pair))
    }

    fn backup(&self, out: &mut dyn io::Write) -> Result<io::Result<BackupCount>, StorageFailure> {
        self.attempt(|| self.write_backup(out))
    }

    fn put_snapshot(&self, new: NewSnapshot) -> Result<SnapshotRecord, StorageFailure> {
        self.attempt(|| self.keep_snapshot(new))
    }

    fn snapshots(
        &self,
        provider: Option<&ProviderId>,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<SnapshotRecord>, StorageFailure> {
        self.attempt(|| self.view().snapshots(provider, after, limit))
    }

    fn snapshot(&self, id: RunId) -> Result<Option<SnapshotRecord>, StorageFailure> {
        self.attempt(|| self.view().record(Space::Snapshot, id))
    }

    fn visit_snapshot(
        &self,
        id: RunId,
        feature: Feature,
        from: u64,
        visit: &mut dyn FnMut(SnapshotRow) -> bool,
    ) -> Result<(), StorageFailure> {
        self.attempt(|| self.view().visit_snapshot(id, feature, from, visit))
    }

    fn sync(&self) -> Result<(), StorageFailure> {
        self.attempt(|| Ok(self.database.persist(PersistMode::SyncAll)?))
    }
}
