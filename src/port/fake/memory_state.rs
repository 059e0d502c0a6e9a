//! What the in-memory ledger holds, and what each change does to it.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use crosswatch_model::{
    BaselineRow, Fact, Feature, Id, Item, NativeRef, OpId, PairId, PlanItem, PlanState, PlayKey, ProviderId, RunId,
    RunState, Uid,
};
use jiff::Timestamp;
use smol_str::SmolStr;

use super::memory_live::MemoryLive;
use super::memory_snapshots::Kept;
use crate::{
    account::{ShelfChange, ShelfRow},
    ledger::{BootReport, Change, Fence, FenceMark, LeaseAsk, LeaseBusy},
    record::{
        EventRecord, HeldRecord, ImportRecord, ItemRecord, LeaseRecord, LineRecord, OutboxRecord, PairFeatureRecord,
        PlanRecord, ReadingHead, ReadingRow, RejectedRecord, RunRecord, UnresolvedRecord,
    },
    snapshot::NewSnapshot,
    standing::{PairMemory, StandingKind, StandingRecord},
};

/// How many events are kept at least; older ones go.
pub(super) const EVENTS_KEPT: usize = 20_000;
/// How many old events go at once.
const EVENTS_DROPPED_AT_ONCE: usize = 1_000;

/// Where a row of a read lies.
pub(super) type ReadingPlace = (Uid, PlayKey, Option<NativeRef>);

/// Everything.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub(super) runs: BTreeMap<Reverse<RunId>, RunRecord>,
    pub(super) plans: BTreeMap<Reverse<RunId>, PlanRecord>,
    pub(super) lines: BTreeMap<(RunId, u32), PlanItem>,
    pub(super) items: BTreeMap<Uid, Item>,
    pub(super) runtimes_s: BTreeMap<Uid, u32>,
    pub(super) identity: BTreeMap<Id, Uid>,
    pub(super) baselines: BTreeMap<(PairId, Feature), BTreeMap<(Uid, PlayKey), BaselineRow>>,
    pub(super) readings: BTreeMap<(ProviderId, Feature), BTreeMap<ReadingPlace, Fact>>,
    pub(super) heads: BTreeMap<(ProviderId, Feature), ReadingHead>,
    pub(super) outboxes: BTreeMap<ProviderId, BTreeMap<u64, OutboxRecord>>,
    pub(super) pair_features: BTreeMap<(PairId, Feature), PairFeatureRecord>,
    pub(super) held: BTreeMap<u64, HeldRecord>,
    pub(super) rejected: BTreeMap<PairId, BTreeMap<OpId, RejectedRecord>>,
    pub(super) unresolved: BTreeMap<PairId, BTreeMap<(Feature, Uid, PlayKey), UnresolvedRecord>>,
    pub(super) events: BTreeMap<(Timestamp, u32), EventRecord>,
    pub(super) shelves: BTreeMap<(ProviderId, Feature), ShelfState>,
    pub(super) imports: BTreeMap<Reverse<RunId>, ImportRecord>,
    pub(super) secrets: BTreeMap<(ProviderId, SmolStr), Vec<u8>>,
    pub(super) cache: BTreeMap<(ProviderId, SmolStr), Vec<u8>>,
    pub(super) live: MemoryLive,
    pub(super) standings: BTreeMap<(StandingKind, SmolStr), StandingRecord>,
    pub(super) snapshots: BTreeMap<Reverse<RunId>, Kept>,
    leases: BTreeMap<SmolStr, Lease>,
    life: Option<u128>,
    minted_uids: u64,
    minted_seqs: BTreeMap<ProviderId, u64>,
}

/// One feature of a ledger account.
#[derive(Debug, Clone, Default)]
pub(super) struct ShelfState {
    pub(super) rows: BTreeMap<(Uid, PlayKey), Fact>,
    pub(super) change_number: u64,
}

/// A lease, held or given back: the fence must keep growing.
#[derive(Debug, Clone)]
struct Lease {
    record: LeaseRecord,
    is_held: bool,
}

/// Something that was done, to be done again on another state.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Change(Vec<Change>),
    BeginLife(u128, Timestamp),
    Take(LeaseAsk),
    GiveBack(Vec<SmolStr>, Fence),
    MintUids(u32),
    MintSeqs(ProviderId, u32),
    PutSnapshot(Box<NewSnapshot>),
}

impl State {
    /// Does again what was done before to an equal state; what it answered then is known.
    pub(super) fn replay(&mut self, step: Step) {
        match step {
            Step::Change(changes) => changes.into_iter().for_each(|change| self.apply(change)),
            Step::BeginLife(boot, at) => drop(self.begin_life(boot, at)),
            Step::Take(ask) => drop(self.take(&ask)),
            Step::GiveBack(resources, fence) => self.give_back(&resources, fence),
            Step::MintUids(count) => {
                self.mint_uids(count);
            }
            Step::MintSeqs(account, count) => {
                self.mint_seqs(&account, count);
            }
            Step::PutSnapshot(new) => drop(self.put_snapshot(*new)),
        }
    }

    pub(super) fn apply(&mut self, change: Change) {
        match change {
            Change::Live(change) => self.live.apply(*change),
            Change::PutRun(record) => drop(self.runs.insert(Reverse(record.id), record)),
            Change::PutPlan(record) => drop(self.plans.insert(Reverse(record.id), record)),
            Change::MarkPlan(id, state) => {
                if let Some(plan) = self.plans.get_mut(&Reverse(id)) {
                    plan.state = state;
                }
            }
            Change::PutLine(LineRecord { owner, number, line }) => drop(self.lines.insert((owner, number), line)),
            Change::DropRun(_, id) => {
                self.runs.remove(&Reverse(id));
                self.plans.remove(&Reverse(id));
                self.lines.retain(|(owner, _), _| *owner != id);
            }
            Change::PutItem(record) => self.put_item(record),
            Change::PutBaseline(pair, feature, uid, play, row) => {
                self.baselines.entry((pair, feature)).or_default().insert((uid, play), row);
            }
            Change::DropBaseline(pair, feature, uid, play) => {
                self.baselines.entry((pair, feature)).or_default().remove(&(uid, play));
            }
            Change::PutOutbox(record) => {
                self.outboxes.entry(record.account.clone()).or_default().insert(record.seq, record);
            }
            Change::DropOutbox(account, seq) => drop(self.outboxes.entry(account).or_default().remove(&seq)),
            Change::PutReadingHead(account, feature, head) => drop(self.heads.insert((account, feature), head)),
            Change::PutReadingRow(account, feature, row) => {
                self.readings.entry((account, feature)).or_default().insert((row.uid, row.play, row.native), row.fact);
            }
            Change::DropReadingRow(account, feature, row) => self.drop_reading_row((account, feature), row),
            Change::PutPairFeature(pair, feature, record) => drop(self.pair_features.insert((pair, feature), record)),
            Change::PutHeld(record) => drop(self.held.insert(record.id, record)),
            Change::DropHeld(id) => drop(self.held.remove(&id)),
            Change::PutRejected(record) => {
                self.rejected.entry(record.pair.clone()).or_default().insert(record.op, record);
            }
            Change::DropRejected(pair, op) => drop(self.rejected.entry(pair).or_default().remove(&op)),
            Change::PutUnresolved(record) => {
                let place = (record.feature, record.uid, record.play);
                self.unresolved.entry(record.pair.clone()).or_default().insert(place, record);
            }
            Change::DropUnresolved(pair, feature, uid, play) => {
                self.unresolved.entry(pair).or_default().remove(&(feature, uid, play));
            }
            Change::AppendEvent(record) => self.append_event(record),
            Change::Shelf(account, change) => self.change_shelf(account, &change),
            Change::PutImport(record) => drop(self.imports.insert(Reverse(record.id), record)),
            Change::DropImport(id) => {
                self.imports.remove(&Reverse(id));
                self.lines.retain(|(owner, _), _| *owner != id);
            }
            Change::PutSecret(account, name, secret) => drop(self.secrets.insert((account, name), secret)),
            Change::PutCache(account, name, bytes) => drop(self.cache.insert((account, name), bytes)),
            Change::PinSnapshot(id, is_pinned) => self.pin_snapshot(id, is_pinned),
            Change::DropSnapshot(id) => drop(self.snapshots.remove(&Reverse(id))),
            Change::PutStanding(record) => {
                self.standings.insert((record.kind, record.subject.clone()), record);
            }
            Change::DropStanding(kind, subject) => drop(self.standings.remove(&(kind, subject))),
            Change::ForgetPair(pair) => self.forget_pair(&pair),
            Change::ForgetReadings(account) => {
                self.heads.retain(|(of, _), _| *of != account);
                self.readings.retain(|(of, _), _| *of != account);
                self.cache.retain(|(of, _), _| *of != account);
            }
        }
    }

    fn forget_pair(&mut self, pair: &PairId) {
        self.baselines.retain(|(of, _), _| of != pair);
        self.pair_features.retain(|(of, _), _| of != pair);
        self.held.retain(|_, held| held.pair != *pair);
        self.rejected.remove(pair);
        self.unresolved.remove(pair);
    }

    pub(super) fn pair_memory(&self, pair: &PairId) -> PairMemory {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let baselines = self.baselines.iter().filter(|((of, _), _)| of == pair);
        PairMemory {
            baseline: baselines.map(|(_, rows)| count(rows.len())).sum(),
            features: count(self.pair_features.keys().filter(|(of, _)| of == pair).count()),
            held: count(self.held.values().filter(|held| held.pair == *pair).count()),
            rejected: count(self.rejected.get(pair).map_or(0, BTreeMap::len)),
            unresolved: count(self.unresolved.get(pair).map_or(0, BTreeMap::len)),
        }
    }

    pub(super) fn item_record(&self, uid: Uid) -> Option<ItemRecord> {
        let runtime_s = self.runtimes_s.get(&uid).copied();
        self.items.get(&uid).map(|item| ItemRecord { uid, item: item.clone(), runtime_s })
    }

    fn put_item(&mut self, record: ItemRecord) {
        let ItemRecord { uid, item, runtime_s } = record;
        let before = self.items.get(&uid).map(|before| before.ids.clone()).unwrap_or_default();
        for id in before.iter().filter(|id| !item.ids.contains(*id)) {
            if self.identity.get(&id) == Some(&uid) {
                self.identity.remove(&id);
            }
        }
        self.identity.extend(item.ids.iter().map(|id| (id, uid)));
        self.items.insert(uid, item);
        if let Some(runtime_s) = runtime_s {
            self.runtimes_s.insert(uid, runtime_s);
        }
    }

    fn drop_reading_row(&mut self, reading: (ProviderId, Feature), row: ReadingRow) {
        let place = (row.uid, row.play, row.native);
        let rows = self.readings.entry(reading).or_default();
        if rows.get(&place) == Some(&row.fact) {
            rows.remove(&place);
        }
    }

    fn append_event(&mut self, record: EventRecord) {
        let of_the_instant = (record.at, 0)..=(record.at, u32::MAX);
        let last = self.events.range(of_the_instant).next_back().map(|((_, seq), _)| *seq);
        self.events.insert((record.at, last.map_or(0, |last| last + 1)), record);
        if self.events.len() > EVENTS_KEPT + EVENTS_DROPPED_AT_ONCE {
            while self.events.len() > EVENTS_KEPT {
                self.events.pop_first();
            }
        }
    }

    fn change_shelf(&mut self, account: ProviderId, change: &ShelfChange) {
        let (feature, place, fact) = match *change {
            ShelfChange::Put { uid, play, fact } => (fact.feature(), (uid, play), Some(fact)),
            ShelfChange::Drop { feature, uid, play } => (feature, (uid, play), None),
        };
        let content = self.shelves.entry((account, feature)).or_default();
        if content.rows.get(&place).copied() == fact {
            return;
        }
        content.change_number += 1;
        match fact {
            Some(fact) => drop(content.rows.insert(place, fact)),
            None => drop(content.rows.remove(&place)),
        }
    }

    /// The first entity that a commit puts on a shelf without anybody knowing its item.
    pub(super) fn unknown_on_shelf(&self, known: &mut BTreeSet<Uid>, changes: &[Change]) -> Option<Uid> {
        known.extend(changes.iter().filter_map(|change| match change {
            Change::PutItem(record) => Some(record.uid),
            _ => None,
        }));
        changes.iter().find_map(|change| match change {
            Change::Shelf(_, ShelfChange::Put { uid, .. }) if !known.contains(uid) && !self.items.contains_key(uid) => {
                Some(*uid)
            }
            _ => None,
        })
    }

    pub(super) fn begin_life(&mut self, boot: u128, at: Timestamp) -> BootReport {
        let mut report = BootReport::default();
        for lease in self.leases.values_mut().filter(|lease| lease.is_held && lease.record.boot != boot) {
            lease.is_held = false;
            report.released_leases += 1;
        }
        if self.life.replace(boot) == Some(boot) {
            return report;
        }
        for plan in self.plans.values_mut().filter(|plan| plan.state == PlanState::Applying) {
            plan.state = PlanState::Failed;
        }
        for run in self.runs.values_mut().filter(|run| !run.state.is_final()) {
            run.state = RunState::Interrupted;
            run.finished_at = Some(at);
            report.interrupted_runs.push(run.id);
        }
        report
    }

    pub(super) fn take(&mut self, ask: &LeaseAsk) -> Result<Fence, LeaseBusy> {
        let resources: BTreeSet<&SmolStr> = ask.resources.iter().collect();
        let mut highest = 0;
        for resource in &resources {
            let Some(lease) = self.leases.get(*resource) else { continue };
            if lease.is_held && lease.record.run != ask.run {
                return Err(LeaseBusy { resource: (*resource).clone(), run: lease.record.run });
            }
            highest = lease.record.fence.max(highest);
        }
        let fence = highest + 1;
        for resource in resources {
            let record =
                LeaseRecord { resource: resource.clone(), fence, boot: ask.boot, run: ask.run, taken_at: ask.at };
            self.leases.insert(resource.clone(), Lease { record, is_held: true });
        }
        Ok(Fence(fence))
    }

    pub(super) fn give_back(&mut self, resources: &[SmolStr], fence: Fence) {
        for resource in resources {
            if let Some(lease) = self.leases.get_mut(resource).filter(|lease| lease.record.fence == fence.0) {
                lease.is_held = false;
            }
        }
    }

    pub(super) fn holds(&self, mark: &FenceMark) -> bool {
        self.leases.get(&mark.resource).is_some_and(|lease| lease.is_held && lease.record.fence == mark.fence.0)
    }

    pub(super) fn mint_uids(&mut self, count: u32) -> Uid {
        let first = self.minted_uids + 1;
        self.minted_uids += u64::from(count);
        Uid(first)
    }

    pub(super) fn mint_seqs(&mut self, account: &ProviderId, count: u32) -> u64 {
        let minted = self.minted_seqs.entry(account.clone()).or_default();
        let first = *minted + 1;
        *minted += u64::from(count);
        first
    }

    pub(super) fn shelf_row(&self, place: (Uid, PlayKey), fact: Fact) -> Option<ShelfRow> {
        let (uid, play) = place;
        self.items.get(&uid).map(|item| ShelfRow { uid, play, item: item.clone(), fact })
    }
}
