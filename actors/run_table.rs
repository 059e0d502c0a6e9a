//! Which run may start when. Pure: no clock, no messages.
//!
//! Promises: at most one job per pair and per account at any moment; a request during a run gives exactly one more run,
//! however often it is asked; jobs start in the order they were asked for, unless their accounts are busy.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use crosswatch_model::{Cause, FeatureSet, ItemRef, PairId, RunId};
use crosswatch_port::{RestoreOrder, UndoOrder};
use jiff::Timestamp;
use smol_str::SmolStr;

use crate::{
    blueprint::PairBlueprint,
    permit::Permit,
    planted::{self, Mistake},
};

/// What a job is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// Reads, plans and writes.
    Run,
    /// Reads and plans, writes nothing; the run is listed as a dry run.
    DryRun,
    /// Reads and plans; the result is a plan that can be looked at.
    Plan,
    /// Reads and plans how what was written is taken back; the result is a plan that can be looked at.
    Undo,
    /// Reads and plans what a snapshot brings back; the result is a plan that can be looked at.
    Restore,
    /// Reads an account; the result is a snapshot of it.
    Snapshot,
    /// Plans with other settings from the last reads, and asks no account; the result is a plan that is only looked at.
    WhatIf,
    /// Reads and plans; the result is the answer to a question about one item.
    Why,
    /// Reads what was watched at an account since a moment, and puts it in the inbox.
    Recall {
        /// Since when nobody listened.
        since: Timestamp,
    },
}

impl JobKind {
    /// Whether it is listed among the runs.
    pub const fn is_run(self) -> bool {
        matches!(self, Self::Run | Self::DryRun)
    }

    /// Whether it leaves a plan behind.
    pub const fn makes_plan(self) -> bool {
        matches!(self, Self::Plan | Self::Undo | Self::Restore | Self::WhatIf)
    }
}

/// A job that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id: of the run or of the plan.
    pub id: RunId,
    /// The pair.
    pub pair: PairId,
    /// What it is for.
    pub kind: JobKind,
    /// Why it was asked for.
    pub cause: Cause,
    /// When.
    pub asked_at: Timestamp,
    /// The features it works on.
    pub features: FeatureSet,
    /// What a person let through.
    pub permit: Permit,
    /// What is taken back, where something is: its journal says what to do.
    pub undoes: Option<UndoOrder>,
    /// What a snapshot brings back, where it is a restore.
    pub restores: Option<RestoreOrder>,
    /// What is asked, for [`JobKind::Why`].
    pub question: Option<ItemRef>,
    /// The pair as it would be, for [`JobKind::WhatIf`].
    pub instead: Option<Arc<PairBlueprint>>,
    /// Pair and accounts it needs for itself.
    pub resources: Vec<SmolStr>,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Placed {
    /// It waits for its turn (which may be now).
    Waiting,
    /// A job that waits already does the same; the request joined it.
    Joined(RunId),
    /// The pair is running and the request did not want to queue.
    AlreadyRunning(RunId),
}

/// How many jobs may wait.
pub(crate) const WAITING_MAX: usize = 256;

/// The table.
#[derive(Debug, Default)]
pub(crate) struct RunTable {
    running: BTreeMap<PairId, Job>,
    waiting: VecDeque<Job>,
    /// How many need each resource for themselves: a job, and whoever claimed it while the leases of a job that ended are
    /// still being given back.
    busy: BTreeMap<SmolStr, usize>,
}

impl RunTable {
    /// Places a request. `may_queue` says whether it wants to wait behind a running job of its pair.
    pub(crate) fn place(&mut self, job: Job, may_queue: bool) -> Placed {
        if let Some(running) = self.running.get(&job.pair)
            && !may_queue
        {
            return Placed::AlreadyRunning(running.id);
        }
        let serves = |other: &Job| other.pair == job.pair && other.kind == job.kind && job.kind.is_run();
        for waiting in self.waiting.iter_mut().filter(|other| serves(other)) {
            let Some(permit) = waiting.permit.joined(&job.permit) else { continue };
            waiting.features = waiting.features.iter().chain(job.features.iter()).collect();
            waiting.permit = permit;
            return Placed::Joined(waiting.id);
        }
        self.waiting.push_back(job);
        Placed::Waiting
    }

    /// Takes the first waiting job whose pair `is_up` and whose pair and accounts are free.
    pub(crate) fn start_next(&mut self, is_up: impl Fn(&PairId) -> bool) -> Option<Job> {
        let at = self.waiting.iter().position(|job| is_up(&job.pair) && self.is_free(job))?;
        let job = self.waiting.remove(at)?;
        self.keep(&job.resources);
        self.running.insert(job.pair.clone(), job.clone());
        Some(job)
    }

    fn is_free(&self, job: &Job) -> bool {
        let is_shared = |resource: &SmolStr| planted::has(Mistake::TwoRunsAtOnce) && resource.starts_with("account:");
        job.resources.iter().all(|resource| !self.busy.contains_key(resource) || is_shared(resource))
    }

    /// Keeps these resources for other work than jobs. Answers the job that has one of them, where one has.
    pub(crate) fn claim(&mut self, resources: &[SmolStr]) -> Result<(), RunId> {
        let has = |job: &&Job| job.resources.iter().any(|resource| resources.contains(resource));
        if let Some(job) = self.running.values().find(has) {
            return Err(job.id);
        }
        self.keep(resources);
        Ok(())
    }

    fn keep(&mut self, resources: &[SmolStr]) {
        for resource in resources {
            *self.busy.entry(resource.clone()).or_default() += 1;
        }
    }

    /// Gives claimed resources back.
    pub(crate) fn release(&mut self, resources: &[SmolStr]) {
        for resource in resources {
            if let Some(count) = self.busy.get_mut(resource) {
                *count -= 1;
            }
        }
        self.busy.retain(|_, count| *count > 0);
    }

    /// Takes the waiting jobs away that this is true of.
    pub(crate) fn withdraw_where(&mut self, is_meant: impl Fn(&Job) -> bool) -> Vec<Job> {
        let (meant, others) = self.waiting.drain(..).partition(is_meant);
        self.waiting = others;
        VecDeque::into(meant)
    }

    /// A job ended. Its resources are free once its leases are given back. An unknown id changes nothing.
    pub(crate) fn finish(&mut self, id: RunId) -> Option<Job> {
        let pair = self.running.values().find(|job| job.id == id)?.pair.clone();
        self.running.remove(&pair)
    }

    /// Takes a waiting job away.
    pub(crate) fn withdraw(&mut self, id: RunId) -> Option<Job> {
        let at = self.waiting.iter().position(|job| job.id == id)?;
        self.waiting.remove(at)
    }

    /// Takes the waiting jobs of a pair away.
    pub(crate) fn withdraw_pair(&mut self, pair: &PairId) -> Vec<Job> {
        self.withdraw_where(|job| &job.pair == pair)
    }

    /// Takes all waiting jobs away.
    pub(crate) fn withdraw_all(&mut self) -> Vec<Job> {
        self.waiting.drain(..).collect()
    }

    /// The running job of a pair.
    pub(crate) fn running(&self, pair: &PairId) -> Option<&Job> {
        self.running.get(pair)
    }

    /// Whether this job is running.
    pub(crate) fn is_running(&self, id: RunId) -> bool {
        self.running.values().any(|job| job.id == id)
    }

    /// All running jobs.
    pub(crate) fn all_running(&self) -> impl Iterator<Item = &Job> {
        self.running.values()
    }

    /// The waiting job of a pair.
    pub(crate) fn waiting(&self, pair: &PairId) -> Option<&Job> {
        self.waiting.iter().find(|job| &job.pair == pair)
    }

    /// Whether another job would be one too many.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.len() >= WAITING_MAX
    }
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{Feature, HoldKind};

    use super::*;

    fn job(id: u128, pair: &str, accounts: &[&str]) -> Job {
        let resources = accounts.iter().map(SmolStr::new).chain([SmolStr::new(pair)]).collect();
        Job {
            id: RunId(id),
            pair: PairId::parse(pair).unwrap(),
            kind: JobKind::Run,
            cause: Cause::Manual,
            asked_at: Timestamp::UNIX_EPOCH,
            features: FeatureSet::NONE,
            permit: Permit::Nothing,
            undoes: None,
            restores: None,
            question: None,
            instead: None,
            resources,
        }
    }

    /// A job ends and its leases are given back.
    fn end(table: &mut RunTable, id: u128) {
        let job = table.finish(RunId(id)).unwrap();
        table.release(&job.resources);
    }

    #[test]
    fn what_a_job_had_is_busy_until_its_leases_are_given_back() {
        let mut table = RunTable::default();
        table.place(job(1, "p", &["a"]), false);
        table.start_next(|_| true).unwrap();
        let ended = table.finish(RunId(1)).unwrap();
        assert_eq!(table.place(job(2, "p", &["a"]), false), Placed::Waiting, "it runs no more");
        assert!(table.start_next(|_| true).is_none());
        // Whoever claims it meanwhile keeps it when the leases are back.
        assert_eq!(table.claim(&["a".into()]), Ok(()));
        table.release(&ended.resources);
        assert!(table.start_next(|_| true).is_none());
        table.release(&["a".into()]);
        assert_eq!(table.start_next(|_| true).unwrap().id, RunId(2));
    }

    #[test]
    fn a_request_during_a_run_gives_exactly_one_more() {
        let mut table = RunTable::default();
        assert_eq!(table.place(job(1, "p", &["a", "b"]), false), Placed::Waiting);
        assert_eq!(table.start_next(|_| true).unwrap().id, RunId(1));
        assert_eq!(table.place(job(2, "p", &["a", "b"]), false), Placed::AlreadyRunning(RunId(1)));
        assert_eq!(table.place(job(3, "p", &["a", "b"]), true), Placed::Waiting);
        assert_eq!(table.place(job(4, "p", &["a", "b"]), true), Placed::Joined(RunId(3)));
        assert!(table.start_next(|_| true).is_none());
        end(&mut table, 1);
        assert_eq!(table.start_next(|_| true).unwrap().id, RunId(3));
        end(&mut table, 3);
        assert!(table.start_next(|_| true).is_none());
    }

    #[test]
    fn what_a_person_chose_is_a_run_of_its_own() {
        let mut table = RunTable::default();
        let hold = Permit::Hold { feature: Feature::History, kind: HoldKind::Removes };
        table.place(job(1, "p", &["a"]), true);
        assert_eq!(table.place(Job { permit: hold, ..job(2, "p", &["a"]) }, true), Placed::Waiting);
        assert_eq!(table.place(Job { permit: Permit::Held, ..job(3, "p", &["a"]) }, true), Placed::Joined(RunId(1)));
        assert_eq!(table.start_next(|_| true).unwrap().permit, Permit::Held);
    }

    #[test]
    fn a_job_waits_while_its_pair_is_down() {
        let mut table = RunTable::default();
        let down = PairId::parse("p").unwrap();
        table.place(job(1, "p", &["a"]), false);
        table.place(job(2, "q", &["a"]), false);
        assert_eq!(table.start_next(|pair| *pair != down).unwrap().id, RunId(2));
        end(&mut table, 2);
        assert!(table.start_next(|pair| *pair != down).is_none());
        assert_eq!(table.withdraw_pair(&down).iter().map(|job| job.id).collect::<Vec<_>>(), [RunId(1)]);
        assert!(table.start_next(|_| true).is_none());
    }

    #[test]
    fn what_is_claimed_keeps_jobs_waiting() {
        let mut table = RunTable::default();
        table.place(job(1, "p", &["a", "b"]), false);
        table.start_next(|_| true).unwrap();
        table.place(job(2, "q", &["c"]), false);
        assert_eq!(table.claim(&["c".into(), "b".into()]), Err(RunId(1)));
        assert_eq!(table.claim(&["c".into()]), Ok(()));
        assert!(table.start_next(|_| true).is_none());
        table.release(&["c".into()]);
        assert_eq!(table.start_next(|_| true).unwrap().id, RunId(2));
    }

    #[test]
    fn two_pairs_on_one_account_take_turns_and_others_pass() {
        let mut table = RunTable::default();
        table.place(job(1, "p", &["a", "b"]), false);
        table.place(job(2, "q", &["a", "c"]), false);
        table.place(job(3, "r", &["d"]), false);
        assert_eq!(table.start_next(|_| true).unwrap().id, RunId(1));
        assert_eq!(table.start_next(|_| true).unwrap().id, RunId(3));
        assert!(table.start_next(|_| true).is_none());
        assert!(table.finish(RunId(9)).is_none());
        end(&mut table, 1);
        assert_eq!(table.start_next(|_| true).unwrap().id, RunId(2));
    }
}
