//! The start of a process life.
//!
//! The folder lock proves that every earlier process is gone, so its leases are released at once and its unfinished
//! runs are marked as interrupted, the plans they were applying as failed. Starting the same life twice changes nothing.

use std::ops::ControlFlow;

use crosswatch_model::{PlanState, RunId, RunState};
use crosswatch_port::{BootReport, Durability, PlanRecord, RunRecord};
use jiff::Timestamp;

use crate::{
    failure::StoreError,
    key::{RunKey, record_prefix},
    keyspaces::Space,
    ledger::FjallLedger,
    names::MetaKey,
    row::{Lease, Life},
    view::{KeyRange, View},
};

impl FjallLedger {
    /// Releases leases of other lives and marks their unfinished runs.
    pub(crate) fn begin(&self, boot: u128, at: Timestamp) -> Result<BootReport, StoreError> {
        let _writer = self.lock()?;
        let mut batch = self.batch();
        let mut report = BootReport::default();
        for lease in batch.view().values::<Lease>(Space::Lease, &KeyRange::ALL, usize::MAX)? {
            if lease.is_held && lease.record.boot != boot {
                batch.put_lease(&Lease { is_held: false, ..lease })?;
                report.released_leases += 1;
            }
        }
        let life: Option<Life> = batch.get(Space::Meta, &MetaKey::Life)?;
        if life != Some(Life(boot)) {
            for plan in batch.view().plans_being_applied()? {
                batch.mark_plan(plan, PlanState::Failed)?;
            }
            for run in batch.view().unfinished_runs()? {
                report.interrupted_runs.push(run.id);
                batch.put_run(&RunRecord { state: RunState::Interrupted, finished_at: Some(at), ..run })?;
            }
            batch.put(Space::Meta, &MetaKey::Life, &Life(boot))?;
        }
        batch.write(self.database(), Durability::Synced)?;
        Ok(report)
    }
}

impl View<'_> {
    fn plans_being_applied(&self) -> Result<Vec<RunId>, StoreError> {
        let mut applying = Vec::new();
        self.visit(Space::Plan, &KeyRange::below(record_prefix()), &mut |_: RunKey, plan: PlanRecord| {
            if plan.state == PlanState::Applying {
                applying.push(plan.id);
            }
            ControlFlow::Continue(())
        })?;
        Ok(applying)
    }

    fn unfinished_runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        let mut unfinished = Vec::new();
        self.visit(Space::Run, &KeyRange::below(record_prefix()), &mut |_: RunKey, run: RunRecord| {
            if !run.state.is_final() {
                unfinished.push(run);
            }
            ControlFlow::Continue(())
        })?;
        Ok(unfinished)
    }
}
