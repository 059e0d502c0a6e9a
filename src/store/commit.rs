//! Commits: fences first, then all changes of the group in one batch.
//!
//! A commit whose lease is gone is left out of the batch; the others go through together. One writer at a time holds
//! the lock, so what a change reads is still true when it is written.

use std::cmp::Reverse;

use crosswatch_model::{Feature, PairId, PlanState, PlayKey, ProviderId, RunId, Uid};
use crosswatch_port::{
    Change, Commit, Durability, EventRecord, ItemRecord, LineRecord, OutboxRecord, PlanRecord, ReadingRow, Refused,
    RejectedRecord, RunRecord, ShelfChange, StandingRecord, UnresolvedRecord,
};

use crate::{
    batch::Batch,
    failure::StoreError,
    key::{
        EventKey, FactKey, FeatureKey, HeldKey, IdentityKey, ImportKey, ItemKey, KeptKey, LineKey, OutboxKey,
        ReadingKey, RejectedKey, RunKey, StandingKey, instant_prefix, line_prefix,
    },
    keyspaces::Space,
    ledger::FjallLedger,
    names::{MetaKey, NameKind},
    row::{Cached, Entity, Number, Pointer, Present, ReadFact, Secret, Stored},
    view::{KeyRange, parse},
};

/// How many events are kept at least; older ones go.
pub const EVENTS_KEPT: u64 = 20_000;
/// How many old events go at once.
const EVENTS_DROPPED_AT_ONCE: u64 = 1_000;

impl FjallLedger {
    /// Commits a group with the strongest durability that any of it asks for.
    pub(crate) fn commit_group(&self, commits: Vec<Commit>) -> Result<Vec<Result<(), Refused>>, StoreError> {
        let _writer = self.lock()?;
        let mut batch = self.batch();
        let mut answers = Vec::with_capacity(commits.len());
        let mut strongest = None;
        for commit in commits {
            let refused = batch.refusal(&commit)?;
            if refused.is_none() {
                strongest = strongest.max(Some(commit.durability));
                batch.apply(commit.changes)?;
            }
            answers.push(refused.map_or(Ok(()), Err));
        }
        batch.write(self.database(), strongest.unwrap_or(Durability::Buffered))?;
        Ok(answers)
    }
}

impl Batch<'_> {
    /// Why a commit may not happen, if so. Leases never change inside a batch of commits.
    fn refusal(&self, commit: &Commit) -> Result<Option<Refused>, StoreError> {
        match &commit.fence {
            Some(mark) if !self.view().holds(mark)? => {
                Ok(Some(Refused::StaleFence { resource: mark.resource.clone() }))
            }
            _ => Ok(None),
        }
    }

    /// Applies the changes of one commit in order.
    fn apply(&mut self, changes: Vec<Change>) -> Result<(), StoreError> {
        let (mut shelved, mut drops_snapshots) = (Vec::new(), false);
        for change in changes {
            if let Change::Shelf(_, ShelfChange::Put { uid, .. }) = &change {
                shelved.push(*uid);
            }
            drops_snapshots |= matches!(change, Change::DropSnapshot(_));
            self.apply_one(change)?;
        }
        if drops_snapshots {
            self.sweep_chunks()?;
        }
        for uid in shelved {
            if !self.contains(Space::Item, &ItemKey(uid))? {
                return Err(StoreError::ShelfWithoutItem(uid));
            }
        }
        Ok(())
    }

    fn apply_one(&mut self, change: Change) -> Result<(), StoreError> {
        match change {
            Change::PutRun(record) => self.put_run(&record),
            Change::PutPlan(record) => self.put_plan(&record),
            Change::MarkPlan(id, state) => self.mark_plan(id, state),
            Change::PutLine(LineRecord { owner, number, line }) => {
                self.put(Space::Line, &LineKey { owner, number }, &line)
            }
            Change::DropRun(_, id) => self.drop_run(id),
            Change::PutItem(record) => self.put_item(&record),
            Change::PutBaseline(pair, feature, uid, play, row) => {
                let key = self.pair_fact(&pair, feature, uid, play)?;
                self.put(Space::Baseline, &key, &row)
            }
            Change::DropBaseline(pair, feature, uid, play) => {
                let key = self.pair_fact(&pair, feature, uid, play)?;
                self.remove(Space::Baseline, &key)
            }
            Change::PutOutbox(record) => self.put_outbox(&record),
            Change::DropOutbox(account, seq) => {
                let account = self.account(&account)?;
                self.remove(Space::Outbox, &OutboxKey { account, seq })
            }
            Change::PutReadingHead(account, feature, head) => {
                let scope = self.account(&account)?;
                self.put(Space::ReadingHead, &FeatureKey { scope, feature }, &head)
            }
            Change::PutReadingRow(account, feature, row) => {
                let key = self.reading_key(&account, feature, row)?;
                self.put(Space::Reading, &key, &ReadFact(row.fact))
            }
            Change::DropReadingRow(account, feature, row) => self.drop_reading_row(&account, feature, row),
            Change::PutPairFeature(pair, feature, record) => {
                let scope = self.pair(&pair)?;
                self.put(Space::PairFeature, &FeatureKey { scope, feature }, &record)
            }
            Change::PutHeld(record) => self.put(Space::Held, &HeldKey(record.id), &record),
            Change::DropHeld(id) => self.remove(Space::Held, &HeldKey(id)),
            Change::PutRejected(record) => self.put_rejected(&record),
            Change::DropRejected(pair, op) => {
                let key = RejectedKey { pair: self.pair(&pair)?, op };
                self.remove(Space::Rejected, &key)
            }
            Change::PutUnresolved(record) => self.put_unresolved(&record),
            Change::DropUnresolved(pair, feature, uid, play) => {
                let key = self.pair_fact(&pair, feature, uid, play)?;
                self.remove(Space::Unresolved, &key)
            }
            Change::AppendEvent(record) => self.append_event(&record),
            Change::Shelf(account, change) => self.change_shelf(&account, &change),
            Change::PutImport(record) => self.put(Space::Import, &ImportKey(Reverse(record.id)), &record),
            Change::DropImport(id) => self.drop_import(id),
            Change::PutSecret(account, name, secret) => {
                let account = self.account(&account)?;
                self.put(Space::Secret, &KeptKey { account, name }, &Secret(secret))
            }
            Change::Live(change) => self.change_live(*change),
            Change::PutCache(account, name, bytes) => {
                let account = self.account(&account)?;
                self.put(Space::Cache, &KeptKey { account, name }, &Cached(bytes))
            }
            Change::PutStanding(record) => self.put_standing(&record),
            Change::DropStanding(kind, subject) => self.remove(Space::Standing, &StandingKey { kind, subject }),
            Change::ForgetPair(pair) => self.forget_pair(&pair),
            Change::ForgetReadings(account) => self.forget_readings(&account),
            Change::PinSnapshot(id, is_pinned) => self.pin_snapshot(id, is_pinned),
            Change::DropSnapshot(id) => self.drop_snapshot(id),
        }
    }

    fn put_rejected(&mut self, record: &RejectedRecord) -> Result<(), StoreError> {
        let key = RejectedKey { pair: self.pair(&record.pair)?, op: record.op };
        self.put(Space::Rejected, &key, record)
    }

    fn put_standing(&mut self, record: &StandingRecord) -> Result<(), StoreError> {
        let key = StandingKey { kind: record.kind, subject: record.subject.clone() };
        self.put(Space::Standing, &key, record)
    }

    pub(crate) fn pair(&mut self, pair: &PairId) -> Result<u32, StoreError> {
        self.intern(NameKind::Pair, pair.as_str())
    }

    pub(crate) fn account(&mut self, account: &ProviderId) -> Result<u32, StoreError> {
        self.intern(NameKind::Account, account.as_str())
    }

    fn pair_fact(&mut self, pair: &PairId, feature: Feature, uid: Uid, play: PlayKey) -> Result<FactKey, StoreError> {
        Ok(FactKey { scope: self.pair(pair)?, feature, uid, play })
    }

    fn put_outbox(&mut self, record: &OutboxRecord) -> Result<(), StoreError> {
        let account = self.account(&record.account)?;
        self.put(Space::Outbox, &OutboxKey { account, seq: record.seq }, record)
    }

    fn put_unresolved(&mut self, record: &UnresolvedRecord) -> Result<(), StoreError> {
        let key = self.pair_fact(&record.pair, record.feature, record.uid, record.play)?;
        self.put(Space::Unresolved, &key, record)
    }

    fn reading_key(
        &mut self,
        account: &ProviderId,
        feature: Feature,
        row: ReadingRow,
    ) -> Result<ReadingKey, StoreError> {
        let fact = FactKey { scope: self.account(account)?, feature, uid: row.uid, play: row.play };
        Ok(ReadingKey { fact, native: row.native })
    }

    /// Drops exactly this row: a row with the same key and another fact was written later and stays.
    fn drop_reading_row(&mut self, account: &ProviderId, feature: Feature, row: ReadingRow) -> Result<(), StoreError> {
        let key = self.reading_key(account, feature, row)?;
        match self.get(Space::Reading, &key)? {
            Some(ReadFact(fact)) if fact == row.fact => self.remove(Space::Reading, &key),
            _ => Ok(()),
        }
    }

    /// Writes an entity, points its ids at it, and drops the pointers of ids it no longer has.
    fn put_item(&mut self, record: &ItemRecord) -> Result<(), StoreError> {
        let ItemRecord { uid, item, runtime_s } = record;
        let before: Option<Entity> = self.get(Space::Item, &ItemKey(*uid))?;
        for id in before.iter().flat_map(|before| before.item.ids.iter()).filter(|id| !item.ids.contains(*id)) {
            let key = IdentityKey(id);
            if self.get(Space::Identity, &key)? == Some(Pointer(*uid)) {
                self.remove(Space::Identity, &key)?;
            }
        }
        for id in item.ids.iter() {
            self.put(Space::Identity, &IdentityKey(id), &Pointer(*uid))?;
        }
        let runtime_s = runtime_s.or(before.and_then(|before| before.runtime_s));
        self.put(Space::Item, &ItemKey(*uid), &Entity { item: item.clone(), runtime_s })
    }

    pub(crate) fn put_run(&mut self, record: &RunRecord) -> Result<(), StoreError> {
        let before: Option<RunRecord> = self.get(Space::Run, &RunKey::Record(Reverse(record.id)))?;
        self.put_of_pair(Space::Run, record.id, &record.pair, record, before.map(|before| before.pair))
    }

    fn put_plan(&mut self, record: &PlanRecord) -> Result<(), StoreError> {
        let before: Option<PlanRecord> = self.get(Space::Plan, &RunKey::Record(Reverse(record.id)))?;
        self.put_of_pair(Space::Plan, record.id, &record.pair, record, before.map(|before| before.pair))
    }

    pub(crate) fn mark_plan(&mut self, id: RunId, state: PlanState) -> Result<(), StoreError> {
        let plan: Option<PlanRecord> = self.get(Space::Plan, &RunKey::Record(Reverse(id)))?;
        match plan {
            Some(plan) => self.put_plan(&PlanRecord { state, ..plan }),
            None => Ok(()),
        }
    }

    fn put_of_pair<T: Stored>(
        &mut self,
        space: Space,
        id: RunId,
        pair: &PairId,
        record: &T,
        pair_before: Option<PairId>,
    ) -> Result<(), StoreError> {
        if let Some(other) = pair_before.filter(|before| before != pair) {
            self.remove_index(space, id, &other)?;
        }
        self.put(space, &RunKey::Record(Reverse(id)), record)?;
        let number = self.pair(pair)?;
        self.put(space, &RunKey::OfPair(number, Reverse(id)), &Present)
    }

    fn drop_run(&mut self, id: RunId) -> Result<(), StoreError> {
        let key = RunKey::Record(Reverse(id));
        if let Some(run) = self.get::<RunRecord>(Space::Run, &key)? {
            self.remove_index(Space::Run, id, &run.pair)?;
            self.remove(Space::Run, &key)?;
        }
        if let Some(plan) = self.get::<PlanRecord>(Space::Plan, &key)? {
            self.remove_index(Space::Plan, id, &plan.pair)?;
            self.remove(Space::Plan, &key)?;
        }
        self.remove_range(Space::Line, &KeyRange::below(line_prefix(id)))
    }

    fn drop_import(&mut self, id: RunId) -> Result<(), StoreError> {
        self.remove(Space::Import, &ImportKey(Reverse(id)))?;
        self.remove_range(Space::Line, &KeyRange::below(line_prefix(id)))
    }

    fn remove_index(&mut self, space: Space, id: RunId, pair: &PairId) -> Result<(), StoreError> {
        let number = self.pair(pair)?;
        self.remove(space, &RunKey::OfPair(number, Reverse(id)))
    }

    fn append_event(&mut self, record: &EventRecord) -> Result<(), StoreError> {
        let of_the_instant = KeyRange::below(instant_prefix(record.at));
        let seq = match self.last_key(Space::Event, &of_the_instant)? {
            None => 0,
            Some(last) => {
                let last: EventKey = parse(Space::Event, &last)?;
                last.seq.checked_add(1).ok_or(StoreError::CounterExhausted)?
            }
        };
        self.put(Space::Event, &EventKey { at: record.at, seq }, record)?;
        let Number(before) = self.get(Space::Meta, &MetaKey::EventCount)?.unwrap_or(Number(0));
        let mut count = before + 1;
        if count > EVENTS_KEPT + EVENTS_DROPPED_AT_ONCE {
            let old = usize::try_from(count - EVENTS_KEPT).unwrap_or(usize::MAX);
            self.remove_first(Space::Event, &KeyRange::ALL, old)?;
            count = EVENTS_KEPT;
        }
        self.put(Space::Meta, &MetaKey::EventCount, &Number(count))
    }
}
