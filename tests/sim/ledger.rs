//! The store as one process life sees it: the in-memory ledger behind a witness, dead when the life is.

use std::sync::atomic::{AtomicU64, Ordering};

use crosswatch_model::{BaselineRow, Feature, Id, PairId, PlayKey, ProviderId, RunId, Uid};
use crosswatch_port::{
    BackupCount, BootReport, Commit, EchoRecord, Entropy, EventRecord, Fence, HeldRecord, ImportRecord, InboxRecord,
    ItemRecord, LeaseAsk, LeaseBusy, Ledger, LineRecord, LiveLedger, NewSnapshot, OutboxRecord, PairFeatureRecord,
    PairMemory, ParcelRecord, PlanRecord, PlayRecord, ReadingHead, ReadingRow, Refused, RejectedRecord, RunRecord,
    SeatRecord, ShelfCursor, ShelfRow, SnapshotRecord, SnapshotRow, StandingRecord, StorageFailure, UnresolvedRecord,
    fake::{MemoryLedger, SeededEntropy},
};
use jiff::Timestamp;
use smol_str::SmolStr;

use crate::{provider::Door, story::Sabotage};

/// The store of one life.
pub(crate) struct SimLedger {
    door: Door,
    sabotage: Option<Sabotage>,
    /// Whether the write at which the process died still reached the disk.
    last_breath: SeededEntropy,
    /// How many commits are left until the disk fails.
    commits_left: AtomicU64,
}

impl SimLedger {
    pub(crate) fn new(door: Door, sabotage: Option<Sabotage>, seed: u64, disk_fails_after: Option<u64>) -> Self {
        let commits_left = AtomicU64::new(disk_fails_after.unwrap_or(u64::MAX));
        Self { door, sabotage, last_breath: SeededEntropy::new(seed), commits_left }
    }

    /// A call that changes nothing.
    fn read<T>(&self, read: impl FnOnce(&MemoryLedger) -> Result<T, StorageFailure>) -> Result<T, StorageFailure> {
        if self.door.life.survives_call() { read(&self.door.ledger) } else { Err(dead()) }
    }

    /// A call that changes something: the one at which the process dies may reach the disk or not.
    fn write<T>(&self, write: impl FnOnce(&MemoryLedger) -> Result<T, StorageFailure>) -> Result<T, StorageFailure> {
        if self.door.life.is_dead() {
            return Err(dead());
        }
        let survives = self.door.life.survives_call();
        if !survives && self.last_breath.below(2) == 0 {
            return Err(dead());
        }
        let answer = write(&self.door.ledger)?;
        if survives { Ok(answer) } else { Err(dead()) }
    }
}

fn dead() -> StorageFailure {
    StorageFailure("the process is dead".to_owned())
}

impl LiveLedger for SimLedger {
    fn next_inbox_number(&self) -> Result<u64, StorageFailure> {
        self.read(MemoryLedger::next_inbox_number)
    }

    fn next_parcel_seq(&self) -> Result<u64, StorageFailure> {
        self.read(MemoryLedger::next_parcel_seq)
    }

    fn inbox_waiting(&self, limit: usize) -> Result<Vec<InboxRecord>, StorageFailure> {
        self.read(|ledger| ledger.inbox_waiting(limit))
    }

    fn inbox(&self, before: Option<u64>, limit: usize) -> Result<Vec<InboxRecord>, StorageFailure> {
        self.read(|ledger| ledger.inbox(before, limit))
    }

    fn seats(&self) -> Result<Vec<SeatRecord>, StorageFailure> {
        self.read(MemoryLedger::seats)
    }

    fn plays_of(&self, uid: Uid) -> Result<Vec<PlayRecord>, StorageFailure> {
        self.read(|ledger| ledger.plays_of(uid))
    }

    fn visit_plays(&self, visit: &mut dyn FnMut(PlayRecord)) -> Result<(), StorageFailure> {
        self.read(|ledger| ledger.visit_plays(visit))
    }

    fn parcels_waiting(&self, account: &ProviderId, limit: usize) -> Result<Vec<ParcelRecord>, StorageFailure> {
        self.read(|ledger| ledger.parcels_waiting(account, limit))
    }

    fn parcels_settled(&self, before: Option<u64>, limit: usize) -> Result<Vec<ParcelRecord>, StorageFailure> {
        self.read(|ledger| ledger.parcels_settled(before, limit))
    }

    fn echoes(&self, account: &ProviderId, uid: Uid) -> Result<Vec<EchoRecord>, StorageFailure> {
        self.read(|ledger| ledger.echoes(account, uid))
    }
}

impl Ledger for SimLedger {
    fn begin_life(&self, boot: u128, at: Timestamp) -> Result<BootReport, StorageFailure> {
        self.write(|ledger| ledger.begin_life(boot, at))
    }

    fn commit(&self, commits: Vec<Commit>) -> Result<Vec<Result<(), Refused>>, StorageFailure> {
        let sent =
            if self.sabotage == Some(Sabotage::StaleFences) { without_fences(&commits) } else { commits.clone() };
        if self.commits_left.fetch_sub(1, Ordering::SeqCst) == 1 {
            return Err(StorageFailure("the disk failed".to_owned()));
        }
        self.write(|ledger| {
            let answers = ledger.commit(sent)?;
            let mut world = self.door.enter();
            for (commit, answer) in commits.iter().zip(&answers) {
                match answer {
                    Ok(()) => world.check_commit(commit, ledger),
                    Err(refused) => world.say(&format!("store: refuses: {refused}")),
                }
            }
            Ok(answers)
        })
    }

    fn take_leases(&self, ask: &LeaseAsk) -> Result<Result<Fence, LeaseBusy>, StorageFailure> {
        let mut ask = ask.clone();
        if self.sabotage == Some(Sabotage::Planted(crosswatch_actors::planted::Mistake::TwoRunsAtOnce)) {
            ask.resources.retain(|resource| resource.starts_with("pair:"));
        }
        self.write(|ledger| {
            let answer = ledger.take_leases(&ask)?;
            let mut world = self.door.enter();
            match &answer {
                Ok(fence) => world.witness.leases_taken(&ask.resources, ask.run, *fence),
                Err(busy) => world.say(&format!("store: no lease: {busy}")),
            }
            Ok(answer)
        })
    }

    fn drop_leases(&self, resources: &[SmolStr], fence: Fence) -> Result<(), StorageFailure> {
        self.write(|ledger| {
            ledger.drop_leases(resources, fence)?;
            self.door.enter().witness.leases_given_back(resources, fence);
            Ok(())
        })
    }

    fn mint_uids(&self, count: u32) -> Result<Uid, StorageFailure> {
        self.write(|ledger| ledger.mint_uids(count))
    }

    fn mint_outbox_seqs(&self, account: &ProviderId, count: u32) -> Result<u64, StorageFailure> {
        self.write(|ledger| ledger.mint_outbox_seqs(account, count))
    }

    fn visit_items(&self, visit: &mut dyn FnMut(ItemRecord)) -> Result<(), StorageFailure> {
        self.read(|ledger| ledger.visit_items(visit))
    }

    fn item(&self, uid: Uid) -> Result<Option<ItemRecord>, StorageFailure> {
        self.read(|ledger| ledger.item(uid))
    }

    fn uid_of(&self, id: Id) -> Result<Option<Uid>, StorageFailure> {
        self.read(|ledger| ledger.uid_of(id))
    }

    fn visit_baseline(
        &self,
        pair: &PairId,
        feature: Feature,
        visit: &mut dyn FnMut(Uid, PlayKey, BaselineRow),
    ) -> Result<(), StorageFailure> {
        self.read(|ledger| ledger.visit_baseline(pair, feature, visit))
    }

    fn reading_head(&self, account: &ProviderId, feature: Feature) -> Result<Option<ReadingHead>, StorageFailure> {
        self.read(|ledger| ledger.reading_head(account, feature))
    }

    fn visit_reading(
        &self,
        account: &ProviderId,
        feature: Feature,
        visit: &mut dyn FnMut(ReadingRow),
    ) -> Result<(), StorageFailure> {
        self.read(|ledger| ledger.visit_reading(account, feature, visit))
    }

    fn pair_feature(&self, pair: &PairId, feature: Feature) -> Result<Option<PairFeatureRecord>, StorageFailure> {
        self.read(|ledger| ledger.pair_feature(pair, feature))
    }

    fn outbox(&self, account: &ProviderId, limit: usize) -> Result<Vec<OutboxRecord>, StorageFailure> {
        self.read(|ledger| ledger.outbox(account, limit))
    }

    fn held(&self) -> Result<Vec<HeldRecord>, StorageFailure> {
        self.read(MemoryLedger::held)
    }

    fn rejected(&self, pair: &PairId) -> Result<Vec<RejectedRecord>, StorageFailure> {
        self.read(|ledger| ledger.rejected(pair))
    }

    fn unresolved(&self, pair: &PairId) -> Result<Vec<UnresolvedRecord>, StorageFailure> {
        self.read(|ledger| ledger.unresolved(pair))
    }

    fn runs(
        &self,
        pair: Option<&PairId>,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunRecord>, StorageFailure> {
        self.read(|ledger| ledger.runs(pair, after, limit))
    }

    fn run(&self, id: RunId) -> Result<Option<RunRecord>, StorageFailure> {
        self.read(|ledger| ledger.run(id))
    }

    fn plans(
        &self,
        pair: Option<&PairId>,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<PlanRecord>, StorageFailure> {
        self.read(|ledger| ledger.plans(pair, after, limit))
    }

    fn plan(&self, id: RunId) -> Result<Option<PlanRecord>, StorageFailure> {
        self.read(|ledger| ledger.plan(id))
    }

    fn visit_lines(
        &self,
        owner: RunId,
        from: u32,
        visit: &mut dyn FnMut(LineRecord) -> bool,
    ) -> Result<(), StorageFailure> {
        self.read(|ledger| ledger.visit_lines(owner, from, visit))
    }

    fn events(&self, limit: usize) -> Result<Vec<EventRecord>, StorageFailure> {
        self.read(|ledger| ledger.events(limit))
    }

    fn shelf(
        &self,
        account: &ProviderId,
        feature: Feature,
        after: Option<ShelfCursor>,
        limit: usize,
    ) -> Result<Vec<ShelfRow>, StorageFailure> {
        self.read(|ledger| ledger.shelf(account, feature, after, limit))
    }

    fn shelf_rows_of(&self, account: &ProviderId, feature: Feature, uid: Uid) -> Result<Vec<ShelfRow>, StorageFailure> {
        self.read(|ledger| ledger.shelf_rows_of(account, feature, uid))
    }

    fn shelf_count(&self, account: &ProviderId, feature: Feature) -> Result<(u64, u64), StorageFailure> {
        self.read(|ledger| ledger.shelf_count(account, feature))
    }

    fn cached(&self, account: &ProviderId, name: &str) -> Result<Option<Vec<u8>>, StorageFailure> {
        self.read(|ledger| ledger.cached(account, name))
    }

    fn imports(&self, account: &ProviderId) -> Result<Vec<ImportRecord>, StorageFailure> {
        self.read(|ledger| ledger.imports(account))
    }

    fn import(&self, id: RunId) -> Result<Option<ImportRecord>, StorageFailure> {
        self.read(|ledger| ledger.import(id))
    }

    fn secret(&self, account: &ProviderId, name: &str) -> Result<Option<Vec<u8>>, StorageFailure> {
        self.read(|ledger| ledger.secret(account, name))
    }

    fn standings(&self) -> Result<Vec<StandingRecord>, StorageFailure> {
        self.read(MemoryLedger::standings)
    }

    fn pair_memory(&self, pair: &PairId) -> Result<PairMemory, StorageFailure> {
        self.read(|ledger| ledger.pair_memory(pair))
    }

    fn backup(&self, out: &mut dyn std::io::Write) -> Result<std::io::Result<BackupCount>, StorageFailure> {
        self.read(|ledger| ledger.backup(out))
    }

    fn put_snapshot(&self, new: NewSnapshot) -> Result<SnapshotRecord, StorageFailure> {
        self.write(|ledger| {
            let record = ledger.put_snapshot(new)?;
            let mut world = self.door.enter();
            world.witness.snapshot_kept(&record);
            world.say(&format!("store: keeps {} rows of {}", record.items(), record.provider));
            Ok(record)
        })
    }

    fn snapshots(
        &self,
        provider: Option<&ProviderId>,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<SnapshotRecord>, StorageFailure> {
        self.read(|ledger| ledger.snapshots(provider, after, limit))
    }

    fn snapshot(&self, id: RunId) -> Result<Option<SnapshotRecord>, StorageFailure> {
        self.read(|ledger| ledger.snapshot(id))
    }

    fn visit_snapshot(
        &self,
        id: RunId,
        feature: Feature,
        from: u64,
        visit: &mut dyn FnMut(SnapshotRow) -> bool,
    ) -> Result<(), StorageFailure> {
        self.read(|ledger| ledger.visit_snapshot(id, feature, from, visit))
    }

    fn sync(&self) -> Result<(), StorageFailure> {
        self.write(Ledger::sync)
    }
}

/// Takes commits with an old fence as if it were the current one.
fn without_fences(commits: &[Commit]) -> Vec<Commit> {
    let strip = |commit: &Commit| Commit { fence: None, ..commit.clone() };
    commits.iter().map(strip).collect()
}
