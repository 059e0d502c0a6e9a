//! The witness: what is known from outside about leases, runs and reads, for the oracles to judge by.
//!
//! It sees every call to the store and to the accounts and believes nobody's word for what they mean.

use std::collections::{BTreeMap, BTreeSet};

use crosswatch_model::{Fact, Feature, PairId, ProviderId, RunId, RunState, Side};
use crosswatch_port::{Fence, FenceMark, SnapshotRecord};
use jiff::Timestamp;
use smol_str::SmolStr;

use crate::{titles::Title, town::Town};

/// A run as its records tell it.
#[derive(Debug, Clone)]
pub(crate) struct RunSeen {
    pub(crate) pair: PairId,
    pub(crate) dry_run: bool,
    pub(crate) by_schedule: bool,
    pub(crate) state: RunState,
    pub(crate) began_at: Option<Timestamp>,
    pub(crate) writes_planned: u64,
    pub(crate) requests_most: u64,
    pub(crate) is_active: bool,
}

/// What one complete read of a side showed.
#[derive(Debug)]
pub(crate) struct Observation {
    pub(crate) run: RunId,
    pub(crate) facts: BTreeMap<Title, Vec<Fact>>,
}

/// A run that reads an account.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    pub(crate) run: RunId,
    pub(crate) pair: PairId,
    pub(crate) side: Side,
}

/// Facts both sides had when a run of a pair ended well: the title and, where every play counts, the second.
pub(crate) type Agreed = BTreeSet<(Title, i64)>;

/// The witness.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    leases: BTreeMap<SmolStr, (RunId, Fence)>,
    pub(crate) runs: BTreeMap<RunId, RunSeen>,
    /// Complete reads of a side, per pair.
    pub(crate) observations: BTreeMap<(PairId, Side, Feature), Vec<Observation>>,
    /// Everything a side ever told the pair, in reads of any kind.
    pub(crate) shown: BTreeMap<(PairId, Side, Feature, Title), Vec<Fact>>,
    pub(crate) agreed: BTreeMap<(PairId, Feature), Agreed>,
    /// Runs in which a person let through what was held.
    pub(crate) approved: BTreeSet<RunId>,
    /// What was kept of an account while a run held it.
    pub(crate) kept: BTreeSet<(RunId, ProviderId, Feature)>,
    pub(crate) finished_runs: u64,
}

impl Witness {
    /// Whoever held a lease is dead.
    pub(crate) fn begin_life(&mut self) {
        self.leases.clear();
        for run in self.runs.values_mut() {
            run.is_active = false;
        }
    }

    pub(crate) fn leases_taken(&mut self, resources: &[SmolStr], run: RunId, fence: Fence) {
        self.leases.extend(resources.iter().map(|resource| (resource.clone(), (run, fence))));
    }

    pub(crate) fn leases_given_back(&mut self, resources: &[SmolStr], fence: Fence) {
        for resource in resources {
            if self.leases.get(resource).is_some_and(|(_, held)| *held == fence) {
                self.leases.remove(resource);
            }
        }
    }

    /// A snapshot of an account was kept.
    pub(crate) fn snapshot_kept(&mut self, snapshot: &SnapshotRecord) {
        let account = &snapshot.provider;
        let Some(run) = self.holder(&format!("account:{account}")) else { return };
        self.kept.extend(snapshot.parts.iter().map(|part| (run, account.clone(), part.feature)));
    }

    /// The run that holds a resource.
    pub(crate) fn holder(&self, resource: &str) -> Option<RunId> {
        self.leases.get(resource).map(|(run, _)| *run)
    }

    pub(crate) fn holds(&self, mark: &FenceMark) -> bool {
        self.leases.get(&mark.resource).is_some_and(|(_, fence)| *fence == mark.fence)
    }

    pub(crate) fn began_at(&self, run: RunId) -> Option<Timestamp> {
        self.runs.get(&run).and_then(|run| run.began_at)
    }

    /// The real run that uses this account right now, and as which side.
    pub(crate) fn reader_of(&self, town: &Town, account: &ProviderId) -> Option<Reader> {
        let mut active = self.runs.iter().filter(|(_, run)| run.is_active && !run.dry_run);
        active.find_map(|(id, run)| {
            let pair = town.pair(&run.pair);
            let side = [(Side::Source, &pair.source), (Side::Target, &pair.target)];
            let (side, _) = side.into_iter().find(|(_, of_pair)| *of_pair == account)?;
            Some(Reader { run: *id, pair: run.pair.clone(), side })
        })
    }

    /// A complete read of a side, or an unmoved change gate that stands for one. One run counts once: the first look,
    /// before anything was written.
    pub(crate) fn observe(&mut self, reader: &Reader, feature: Feature, facts: BTreeMap<Title, Vec<Fact>>) {
        let seen = self.observations.entry((reader.pair.clone(), reader.side, feature)).or_default();
        if seen.last().is_none_or(|last| last.run != reader.run) {
            seen.push(Observation { run: reader.run, facts });
        }
    }

    /// A user changed something at a target: what the pair had agreed on no longer binds it.
    pub(crate) fn user_touched(&mut self, town: &Town, account: &ProviderId, feature: Feature, title: Title) {
        for pair in town.pairs.iter().filter(|pair| &pair.target == account) {
            if let Some(agreed) = self.agreed.get_mut(&(pair.id.clone(), feature)) {
                agreed.retain(|(known, _)| *known != title);
            }
        }
    }

    /// A short name for a run: the order in which it was first heard of is the order of its id.
    pub(crate) fn name(run: RunId) -> String {
        format!("r{:08x}", run.0 & 0xffff_ffff)
    }
}
