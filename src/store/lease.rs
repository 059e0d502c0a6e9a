//! Leases: two runs never work on one account, and a run that lost its lease cannot write.
//!
//! Every taking gets a fence higher than all earlier ones of the same resource. A commit carries its fence and is
//! refused when the resource was given back or taken again since. There is no time-out: within one process life a lease
//! ends when its run gives it back, and [`crate::boot`] releases what a dead process left.

use std::collections::BTreeSet;

use crosswatch_port::{Durability, Fence, FenceMark, LeaseAsk, LeaseBusy, LeaseRecord};
use smol_str::SmolStr;

use crate::{
    batch::Batch, failure::StoreError, key::LeaseKey, keyspaces::Space, ledger::FjallLedger, names::NameKind,
    row::Lease, view::View,
};

impl FjallLedger {
    /// Takes all of the resources or none.
    pub(crate) fn take(&self, ask: &LeaseAsk) -> Result<Result<Fence, LeaseBusy>, StoreError> {
        let _writer = self.lock()?;
        let mut batch = self.batch();
        match batch.take_leases(ask)? {
            Ok(fence) => {
                batch.write(self.database(), Durability::Synced)?;
                Ok(Ok(fence))
            }
            Err(busy) => Ok(Err(busy)),
        }
    }

    /// Gives back what is still held with this fence.
    pub(crate) fn give_back(&self, resources: &[SmolStr], fence: Fence) -> Result<(), StoreError> {
        let _writer = self.lock()?;
        let mut batch = self.batch();
        for resource in resources {
            batch.give_back(resource, fence)?;
        }
        batch.write(self.database(), Durability::Buffered)
    }
}

impl View<'_> {
    /// Whether the lease a commit depends on still holds.
    pub(crate) fn holds(&self, mark: &FenceMark) -> Result<bool, StoreError> {
        let Some(number) = self.number_of(NameKind::Resource, &mark.resource)? else { return Ok(false) };
        let lease: Option<Lease> = self.value(Space::Lease, &LeaseKey(number))?;
        Ok(lease.is_some_and(|lease| lease.is_held && lease.record.fence == mark.fence.0))
    }
}

impl Batch<'_> {
    fn take_leases(&mut self, ask: &LeaseAsk) -> Result<Result<Fence, LeaseBusy>, StoreError> {
        let resources: BTreeSet<&SmolStr> = ask.resources.iter().collect();
        let mut highest = 0;
        for resource in &resources {
            let Some(lease) = self.lease(resource)? else { continue };
            if lease.is_held && lease.record.run != ask.run {
                return Ok(Err(LeaseBusy { resource: (*resource).clone(), run: lease.record.run }));
            }
            highest = lease.record.fence.max(highest);
        }
        let fence = highest.checked_add(1).ok_or(StoreError::CounterExhausted)?;
        for resource in resources {
            let record =
                LeaseRecord { resource: resource.clone(), fence, boot: ask.boot, run: ask.run, taken_at: ask.at };
            self.put_lease(&Lease { record, is_held: true })?;
        }
        Ok(Ok(Fence(fence)))
    }

    fn give_back(&mut self, resource: &SmolStr, fence: Fence) -> Result<(), StoreError> {
        match self.lease(resource)? {
            Some(lease) if lease.is_held && lease.record.fence == fence.0 => {
                self.put_lease(&Lease { is_held: false, ..lease })
            }
            _ => Ok(()),
        }
    }

    fn lease(&self, resource: &str) -> Result<Option<Lease>, StoreError> {
        match self.view().number_of(NameKind::Resource, resource)? {
            Some(number) => self.get(Space::Lease, &LeaseKey(number)),
            None => Ok(None),
        }
    }

    pub(crate) fn put_lease(&mut self, lease: &Lease) -> Result<(), StoreError> {
        let number = self.intern(NameKind::Resource, &lease.record.resource)?;
        self.put(Space::Lease, &LeaseKey(number), lease)
    }
}
