//! A ledger in memory with the semantics of the real one, for tests and the simulator.
//!
//! It can lose what was only buffered, as a crash of the machine does, and it can fail at a chosen call.
//! The same calls in the same order give the same answers.

use std::{
    collections::BTreeSet,
    ops::Bound,
    sync::{Mutex, PoisonError},
};

use crosswatch_model::{BaselineRow, Feature, Id, PairId, PlayKey, ProviderId, RunId, Uid};
use jiff::Timestamp;
use smol_str::SmolStr;

use super::memory_state::{EVENTS_KEPT, State, Step};
use crate::{
    account::{ShelfCursor, ShelfRow},
    ledger::{BootReport, Change, Commit, Durability, Fence, LeaseAsk, LeaseBusy, Ledger, Refused, StorageFailure},
    record::{
        EventRecord, HeldRecord, ImportRecord, ItemRecord, LineRecord, OutboxRecord, PairFeatureRecord, PlanRecord,
        ReadingHead, ReadingRow, RejectedRecord, RunRecord, UnresolvedRecord,
    },
    snapshot::{NewSnapshot, SnapshotRecord, SnapshotRow},
    standing::{BackupCount, PairMemory, StandingRecord},
};

/// A store that forgets everything when it is dropped.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// What everybody sees.
    now: State,
    /// What would be left after a crash.
    synced: State,
    /// What lies between the two, in order.
    buffered: Vec<Step>,
    /// How many calls are left until one fails, that one included.
    calls_until_failure: Option<u64>,
    /// Why every call fails since.
    failed: Option<StorageFailure>,
}

impl MemoryLedger {
    /// How many events are kept at least; older ones go, a thousand at once.
    pub const EVENTS_KEPT: usize = EVENTS_KEPT;

    /// An empty ledger.
    pub fn new() -> Self {
        Self::default()
    }

    /// The machine dies and the store is opened again: what was buffered since the last sync is gone, failures are over.
    pub fn crash(&self) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.buffered.clear();
        inner.now = inner.synced.clone();
        inner.calls_until_failure = None;
        inner.failed = None;
    }

    /// Makes the `n`-th call from now on fail, and every later one until [`MemoryLedger::crash`]. 1 is the next call,
    /// 0 takes an earlier wish back. The failing call changes nothing.
    pub fn fail_next(&self, n: u64) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.calls_until_failure = if n == 0 { None } else { Some(n) };
    }

    fn call<T>(&self, work: impl FnOnce(&mut Inner) -> Result<T, StorageFailure>) -> Result<T, StorageFailure> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = &inner.failed {
            return Err(failure.clone());
        }
        inner.calls_until_failure = inner.calls_until_failure.map(|calls| calls - 1);
        let outcome = if inner.calls_until_failure == Some(0) {
            Err(StorageFailure("a failure was asked for".to_owned()))
        } else {
            work(&mut inner)
        };
        inner.failed = outcome.as_ref().err().cloned();
        outcome
    }

    pub(super) fn read<T>(&self, work: impl FnOnce(&State) -> T) -> Result<T, StorageFailure> {
        self.call(|inner| Ok(work(&inner.now)))
    }
}

impl Inner {
    /// Brings what a crash leaves up to the present.
    fn sync(&mut self) {
        for step in std::mem::take(&mut self.buffered) {
            self.synced.replay(step);
        }
    }

    /// A step that is on the disk when it is done.
    fn do_synced<T>(&mut self, step: Step, work: impl FnOnce(&mut State) -> T) -> T {
        let answer = work(&mut self.now);
        self.buffered.push(step);
        self.sync();
        answer
    }

    fn commit(&mut self, commits: Vec<Commit>) -> Result<Vec<Result<(), Refused>>, StorageFailure> {
        let mut answers = Vec::with_capacity(commits.len());
        let mut accepted: Vec<Vec<Change>> = Vec::new();
        let mut strongest = Durability::Buffered;
        let mut known = BTreeSet::new();
        for commit in commits {
            if let Some(mark) = commit.fence.filter(|mark| !self.now.holds(mark)) {
                answers.push(Err(Refused::StaleFence { resource: mark.resource }));
                continue;
            }
            if let Some(uid) = self.now.unknown_on_shelf(&mut known, &commit.changes) {
                let why = format!("entity {uid:?} is put on a shelf without its item; put the item in the same commit");
                return Err(StorageFailure(why));
            }
            strongest = strongest.max(commit.durability);
            accepted.push(commit.changes);
            answers.push(Ok(()));
        }
        for changes in accepted {
            self.now.replay(Step::Change(changes.clone()));
            self.buffered.push(Step::Change(changes));
        }
        if strongest == Durability::Synced {
            self.sync();
        }
        Ok(answers)
    }
}

/// Values of one list after the one with this id, newest first.
macro_rules! newest_first {
    ($records:expr, $pair:expr, $after:expr, $limit:expr) => {{
        let start = $after.map_or(Bound::Unbounded, |id| Bound::Excluded(std::cmp::Reverse(id)));
        let records = $records.range((start, Bound::Unbounded)).map(|(_, record)| record);
        records.filter(|record| $pair.is_none_or(|pair| record.pair == *pair)).take($limit).cloned().collect()
    }};
}

impl Ledger for MemoryLedger {
    fn begin_life(&self, boot: u128, at: Timestamp) -> Result<BootReport, StorageFailure> {
        self.call(|inner| Ok(inner.do_synced(Step::BeginLife(boot, at), |now| now.begin_life(boot, at))))
    }

    fn commit(&self, commits: Vec<Commit>) -> Result<Vec<Result<(), Refused>>, StorageFailure> {
        self.call(|inner| inner.commit(commits))
    }

    fn take_leases(&self, ask: &LeaseAsk) -> Result<Result<Fence, LeaseBusy>, StorageFailure> {
        self.call(|inner| {
            let answer = inner.now.take(ask);
            if answer.is_ok() {
                inner.buffered.push(Step::Take(ask.clone()));
                inner.sync();
            }
            Ok(answer)
        })
    }

    fn drop_leases(&self, resources: &[SmolStr], fence: Fence) -> Result<(), StorageFailure> {
        self.call(|inner| {
            inner.now.give_back(resources, fence);
            inner.buffered.push(Step::GiveBack(resources.to_vec(), fence));
            Ok(())
        })
    }

    fn mint_uids(&self, count: u32) -> Result<Uid, StorageFailure> {
        self.call(|inner| Ok(inner.do_synced(Step::MintUids(count), |now| now.mint_uids(count))))
    }

    fn mint_outbox_seqs(&self, account: &ProviderId, count: u32) -> Result<u64, StorageFailure> {
        let step = Step::MintSeqs(account.clone(), count);
        self.call(|inner| Ok(inner.do_synced(step, |now| now.mint_seqs(account, count))))
    }

    fn visit_items(&self, visit: &mut dyn FnMut(ItemRecord)) -> Result<(), StorageFailure> {
        let items: Vec<ItemRecord> =
            self.read(|now| now.items.keys().filter_map(|uid| now.item_record(*uid)).collect())?;
        items.into_iter().for_each(visit);
        Ok(())
    }

    fn item(&self, uid: Uid) -> Result<Option<ItemRecord>, StorageFailure> {
        self.read(|now| now.item_record(uid))
    }

    fn uid_of(&self, id: Id) -> Result<Option<Uid>, StorageFailure> {
        self.read(|now| now.identity.get(&id).copied())
    }

    fn visit_baseline(
        &self,
        pair: &PairId,
        feature: Feature,
        visit: &mut dyn FnMut(Uid, PlayKey, BaselineRow),
    ) -> Result<(), StorageFailure> {
        let rows = self.read(|now| now.baselines.get(&(pair.clone(), feature)).cloned().unwrap_or_default())?;
        for ((uid, play), row) in rows {
            visit(uid, play, row);
        }
        Ok(())
    }

    fn reading_head(&self, account: &ProviderId, feature: Feature) -> Result<Option<ReadingHead>, StorageFailure> {
        self.read(|now| now.heads.get(&(account.clone(), feature)).cloned())
    }

    fn visit_reading(
        &self,
        account: &ProviderId,
        feature: Feature,
        visit: &mut dyn FnMut(ReadingRow),
    ) -> Result<(), StorageFailure> {
        let rows = self.read(|now| now.readings.get(&(account.clone(), feature)).cloned().unwrap_or_default())?;
        for ((uid, play, native), fact) in rows {
            visit(ReadingRow { uid, play, native, fact });
        }
        Ok(())
    }

    fn pair_feature(&self, pair: &PairId, feature: Feature) -> Result<Option<PairFeatureRecord>, StorageFailure> {
        self.read(|now| now.pair_features.get(&(pair.clone(), feature)).cloned())
    }

    fn outbox(&self, account: &ProviderId, limit: usize) -> Result<Vec<OutboxRecord>, StorageFailure> {
        self.read(|now| {
            now.outboxes.get(account).into_iter().flat_map(|rows| rows.values()).take(limit).cloned().collect()
        })
    }

    fn held(&self) -> Result<Vec<HeldRecord>, StorageFailure> {
        self.read(|now| now.held.values().cloned().collect())
    }

    fn rejected(&self, pair: &PairId) -> Result<Vec<RejectedRecord>, StorageFailure> {
        self.read(|now| now.rejected.get(pair).into_iter().flat_map(|rows| rows.values()).cloned().collect())
    }

    fn unresolved(&self, pair: &PairId) -> Result<Vec<UnresolvedRecord>, StorageFailure> {
        self.read(|now| now.unresolved.get(pair).into_iter().flat_map(|rows| rows.values()).cloned().collect())
    }

    fn runs(
        &self,
        pair: Option<&PairId>,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunRecord>, StorageFailure> {
        self.read(|now| newest_first!(now.runs, pair, after, limit))
    }

    fn run(&self, id: RunId) -> Result<Option<RunRecord>, StorageFailure> {
        self.read(|now| now.runs.get(&std::cmp::Reverse(id)).cloned())
    }

    fn plans(
        &self,
        pair: Option<&PairId>,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<PlanRecord>, StorageFailure> {
        self.read(|now| newest_first!(now.plans, pair, after, limit))
    }

    fn plan(&self, id: RunId) -> Result<Option<PlanRecord>, StorageFailure> {
        self.read(|now| now.plans.get(&std::cmp::Reverse(id)).cloned())
    }

    fn visit_lines(
        &self,
        owner: RunId,
        from: u32,
        visit: &mut dyn FnMut(LineRecord) -> bool,
    ) -> Result<(), StorageFailure> {
        let lines: Vec<LineRecord> = self.read(|now| {
            let lines = now.lines.range((owner, from)..=(owner, u32::MAX));
            lines.map(|((_, number), line)| LineRecord { owner, number: *number, line: line.clone() }).collect()
        })?;
        for line in lines {
            if !visit(line) {
                break;
            }
        }
        Ok(())
    }

    fn events(&self, limit: usize) -> Result<Vec<EventRecord>, StorageFailure> {
        self.read(|now| now.events.values().rev().take(limit).cloned().collect())
    }

    fn shelf(
        &self,
        account: &ProviderId,
        feature: Feature,
        after: Option<ShelfCursor>,
        limit: usize,
    ) -> Result<Vec<ShelfRow>, StorageFailure> {
        self.read(|now| {
            let start = after.map_or(Bound::Unbounded, |cursor| Bound::Excluded((cursor.uid, cursor.play)));
            let content = now.shelves.get(&(account.clone(), feature)).into_iter();
            let rows = content.flat_map(|content| content.rows.range((start, Bound::Unbounded)));
            rows.filter_map(|(place, fact)| now.shelf_row(*place, *fact)).take(limit).collect()
        })
    }

    fn shelf_rows_of(&self, account: &ProviderId, feature: Feature, uid: Uid) -> Result<Vec<ShelfRow>, StorageFailure> {
        self.read(|now| {
            let places = (uid, PlayKey(0))..=(uid, PlayKey(u32::MAX));
            let content = now.shelves.get(&(account.clone(), feature)).into_iter();
            let rows = content.flat_map(|content| content.rows.range(places.clone()));
            rows.filter_map(|(place, fact)| now.shelf_row(*place, *fact)).collect()
        })
    }

    fn shelf_count(&self, account: &ProviderId, feature: Feature) -> Result<(u64, u64), StorageFailure> {
        self.read(|now| {
            now.shelves
                .get(&(account.clone(), feature))
                .map_or((0, 0), |shelf| (u64::try_from(shelf.rows.len()).unwrap_or(u64::MAX), shelf.change_number))
        })
    }

    fn imports(&self, account: &ProviderId) -> Result<Vec<ImportRecord>, StorageFailure> {
        self.read(|now| now.imports.values().filter(|import| import.account == *account).cloned().collect())
    }

    fn import(&self, id: RunId) -> Result<Option<ImportRecord>, StorageFailure> {
        self.read(|now| now.imports.get(&std::cmp::Reverse(id)).cloned())
    }

    fn cached(&self, account: &ProviderId, name: &str) -> Result<Option<Vec<u8>>, StorageFailure> {
        self.read(|now| now.cache.get(&(account.clone(), name.into())).cloned())
    }

    fn secret(&self, account: &ProviderId, name: &str) -> Result<Option<Vec<u8>>, StorageFailure> {
        self.read(|now| now.secrets.get(&(account.clone(), name.into())).cloned())
    }

    fn standings(&self) -> Result<Vec<StandingRecord>, StorageFailure> {
        self.read(|now| now.standings.values().cloned().collect())
    }

    fn pair_memory(&self, pair: &PairId) -> Result<PairMemory, StorageFailure> {
        self.read(|now| now.pair_memory(pair))
    }

    /// Text that nobody restores: what is in memory has no place on a disk.
    fn backup(&self, out: &mut dyn std::io::Write) -> Result<std::io::Result<BackupCount>, StorageFailure> {
        let text = self.read(|now| format!("{now:?}"))?;
        let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
        Ok(out.write_all(text.as_bytes()).map(|()| BackupCount { rows: 1, bytes }))
    }

    fn put_snapshot(&self, new: NewSnapshot) -> Result<SnapshotRecord, StorageFailure> {
        let step = Step::PutSnapshot(Box::new(new.clone()));
        self.call(|inner| Ok(inner.do_synced(step, |now| now.put_snapshot(new))))
    }

    fn snapshots(
        &self,
        provider: Option<&ProviderId>,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<SnapshotRecord>, StorageFailure> {
        self.read(|now| now.snapshots(provider, after, limit))
    }

    fn snapshot(&self, id: RunId) -> Result<Option<SnapshotRecord>, StorageFailure> {
        self.read(|now| now.snapshots.get(&std::cmp::Reverse(id)).map(|kept| kept.record.clone()))
    }

    fn visit_snapshot(
        &self,
        id: RunId,
        feature: Feature,
        from: u64,
        visit: &mut dyn FnMut(SnapshotRow) -> bool,
    ) -> Result<(), StorageFailure> {
        let rows = self.read(|now| now.snapshot_rows(id, feature, from))?;
        for row in rows {
            if !visit(row) {
                break;
            }
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), StorageFailure> {
        self.call(|inner| {
            inner.sync();
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(durability: Durability, name: &str) -> Vec<Commit> {
        let account = ProviderId::parse("home").unwrap();
        vec![Commit { fence: None, durability, changes: vec![Change::PutSecret(account, name.into(), vec![1])] }]
    }

    fn has(ledger: &MemoryLedger, name: &str) -> bool {
        ledger.secret(&ProviderId::parse("home").unwrap(), name).unwrap().is_some()
    }

    #[test]
    fn a_crash_forgets_what_was_buffered_after_the_last_sync() {
        let ledger = MemoryLedger::new();
        ledger.commit(secret(Durability::Buffered, "a")).unwrap();
        ledger.commit(secret(Durability::Synced, "b")).unwrap();
        ledger.commit(secret(Durability::Buffered, "c")).unwrap();
        assert!(has(&ledger, "c"));
        ledger.crash();
        assert_eq!((has(&ledger, "a"), has(&ledger, "b"), has(&ledger, "c")), (true, true, false));
    }

    #[test]
    fn the_chosen_call_fails_and_all_after_it_until_the_next_life() {
        let ledger = MemoryLedger::new();
        ledger.fail_next(2);
        assert!(!has(&ledger, "a"));
        assert!(ledger.commit(secret(Durability::Synced, "a")).is_err());
        assert!(ledger.sync().is_err());
        ledger.crash();
        assert!(!has(&ledger, "a"), "the failing call changed nothing");
        ledger.fail_next(1);
        ledger.fail_next(0);
        assert_eq!(ledger.sync(), Ok(()));
    }
}
