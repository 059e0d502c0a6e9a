//! Forgetting what a pair knows, or what was last read from an account.
//!
//! Entities and their ids, runs with their lines, secrets and the content of ledger accounts stay: others stand on them.

use std::ops::ControlFlow;

use crosswatch_model::{PairId, ProviderId};
use crosswatch_port::{HeldRecord, PairMemory};

use crate::{
    batch::Batch,
    failure::StoreError,
    key::{HeldKey, scope_prefix},
    keyspaces::Space,
    view::{KeyRange, View, decode, parse},
};

/// Where everything a pair keeps lies below its number.
const OF_PAIR: [Space; 4] = [Space::Baseline, Space::PairFeature, Space::Rejected, Space::Unresolved];
/// Where everything that was read from an account lies below its number.
const OF_ACCOUNT: [Space; 3] = [Space::ReadingHead, Space::Reading, Space::Cache];

impl Batch<'_> {
    /// Forgets what a pair knows.
    pub(crate) fn forget_pair(&mut self, pair: &PairId) -> Result<(), StoreError> {
        let scope = self.pair(pair)?;
        for space in OF_PAIR {
            self.remove_range(space, &KeyRange::below(scope_prefix(scope)))?;
        }
        for key in self.keys(Space::Held, &KeyRange::ALL)? {
            let key: HeldKey = parse(Space::Held, &key)?;
            let held: Option<HeldRecord> = self.get(Space::Held, &key)?;
            if held.is_some_and(|held| held.pair == *pair) {
                self.remove(Space::Held, &key)?;
            }
        }
        Ok(())
    }

    /// Forgets what was last read from an account.
    pub(crate) fn forget_readings(&mut self, account: &ProviderId) -> Result<(), StoreError> {
        let scope = self.account(account)?;
        for space in OF_ACCOUNT {
            self.remove_range(space, &KeyRange::below(scope_prefix(scope)))?;
        }
        Ok(())
    }
}

impl View<'_> {
    /// How much [`Batch::forget_pair`] would forget.
    pub(crate) fn pair_memory(&self, pair: &PairId) -> Result<PairMemory, StoreError> {
        let mut held = 0;
        self.visit_bytes(Space::Held, &KeyRange::ALL, &mut |key, bytes| {
            let record: HeldRecord = decode(Space::Held, key, bytes)?;
            held += u64::from(record.pair == *pair);
            Ok(ControlFlow::Continue(()))
        })?;
        let Some(scope) = self.pair(pair)? else { return Ok(PairMemory { held, ..PairMemory::default() }) };
        let count = |space: Space| {
            let mut rows = 0;
            self.visit_bytes(space, &KeyRange::below(scope_prefix(scope)), &mut |_, _| {
                rows += 1;
                Ok(ControlFlow::Continue(()))
            })?;
            Ok::<u64, StoreError>(rows)
        };
        Ok(PairMemory {
            baseline: count(Space::Baseline)?,
            features: count(Space::PairFeature)?,
            held,
            rejected: count(Space::Rejected)?,
            unresolved: count(Space::Unresolved)?,
        })
    }
}
