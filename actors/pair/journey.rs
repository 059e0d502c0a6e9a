//! One run from start to end, in the order in which it happens.

use std::rc::Rc;

use crosswatch_model::{Capabilities, FeatureSet, RunState, Side};
use crosswatch_port::{
    Change, Commit, Durability, Fault, FeatureTally, FenceMark, Probe, Refused, RunError, RunRecord,
};
use smol_str::{SmolStr, format_smolstr};

use super::{apply, collect, decide, finish, lock, recall, settle, snapshot, vanished, verify};
use crate::{
    blueprint::{PairBlueprint, SharedPair, Surroundings},
    directory::Directory,
    lane::WorkFailed,
    notifier::Happened,
    planted::{self, Mistake},
    provider::AccountDoor,
    run_table::JobKind,
    store::SaveError,
    supervisor::Ticket,
    urgency::Urgency,
};

/// Why a run cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Stop {
    /// A person or the end of the process.
    #[error("stopped before it was done; what was written is kept, the rest is planned again")]
    Cancelled,
    /// The lease is gone: somebody else may be writing.
    #[error("the run lost its lease and stopped at once")]
    LostLease,
    /// The store does not answer.
    #[error("{0}")]
    Store(SaveError),
    /// A piece of work fell over.
    #[error("{0}")]
    Work(WorkFailed),
    /// What was to be applied is not true any more; nothing was written.
    #[error("{0}")]
    Stale(SmolStr),
    /// An account cannot be used at all.
    #[error("{detail}")]
    Account {
        /// A stable word for the API.
        kind: &'static str,
        /// What to do.
        detail: SmolStr,
    },
}

impl From<SaveError> for Stop {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Refused(Refused::StaleFence { .. }) => Self::LostLease,
            other => Self::Store(other),
        }
    }
}

impl From<WorkFailed> for Stop {
    fn from(error: WorkFailed) -> Self {
        Self::Work(error)
    }
}

/// A run in progress.
pub(super) struct Journey {
    pub(super) pair: SharedPair,
    pub(super) ticket: Ticket,
    pub(super) directory: Directory,
    pub(super) surroundings: Surroundings,
    pub(super) source: AccountDoor,
    pub(super) target: AccountDoor,
    pub(super) record: RunRecord,
    /// What the settings of the day plan, where others are looked at.
    pub(super) today: Option<Vec<FeatureTally>>,
    requests_before: [u64; 2],
}

impl Journey {
    pub(super) fn new(pair: SharedPair, ticket: Ticket, directory: Directory, surroundings: Surroundings) -> Self {
        let record = RunRecord {
            id: ticket.job.id,
            pair: pair.id.clone(),
            cause: ticket.job.cause,
            state: RunState::Reading,
            dry_run: ticket.job.kind != JobKind::Run || pair.is_shadow,
            features: ticket.job.features,
            tallies: Vec::new(),
            requests: Vec::new(),
            asked_at: ticket.job.asked_at,
            started_at: Some(surroundings.clock.now()),
            finished_at: None,
            sentence: SmolStr::default(),
            error: None,
        };
        let urgency = Urgency::of_run(ticket.job.cause);
        Self {
            source: AccountDoor::new(pair.source.clone(), directory.clone(), urgency),
            target: AccountDoor::new(pair.target.clone(), directory.clone(), urgency),
            pair,
            ticket,
            directory,
            surroundings,
            record,
            today: None,
            requests_before: [0; 2],
        }
    }

    /// How urgent it is.
    pub(super) const fn urgency(&self) -> Urgency {
        Urgency::of_run(self.ticket.job.cause)
    }

    /// Travels to the end and writes down how it went. Never fails: a failure is one of the endings.
    pub(super) async fn travel(mut self) {
        self.requests_before = self.requests_sent().await;
        match self.ticket.job.kind {
            JobKind::Snapshot => return snapshot::take(&mut self).await,
            JobKind::Recall { since } => return recall::recall(&mut self, since).await,
            _ => {}
        }
        let result = if self.writes_nothing() { self.look().await } else { self.run().await };
        finish::finish(&mut self, result).await;
    }

    /// Dry runs, plans and shadow pairs: no baseline, no counters, no cursors, no writes.
    pub(super) fn writes_nothing(&self) -> bool {
        self.record.dry_run && !planted::has(Mistake::DryRunCommits)
    }

    /// Reads and plans.
    async fn look(&mut self) -> Result<finish::Ending, Stop> {
        self.enter(RunState::Reading, "Reads both sides.").await?;
        if let Some(instead) = self.ticket.job.instead.clone() {
            let collected = collect::collect(self).await?;
            self.today = Some(finish::tallies(&self.decide(collected).await?));
            self.pair = Rc::new(PairBlueprint::clone(&instead));
        }
        let collected = collect::collect(self).await?;
        self.enter(RunState::Planning, "Compares both sides.").await?;
        let decided = self.decide(collected).await?;
        let counted = finish::keep_lines(self, &decided).await?;
        Ok(finish::Ending::looked(&decided, counted))
    }

    /// Reads, plans, writes, reads back and settles.
    async fn run(&mut self) -> Result<finish::Ending, Stop> {
        self.enter(RunState::Reading, "Reads both sides.").await?;
        lock::pass(self).await?;
        apply::recover(self).await?;
        let collected = collect::collect(self).await?;
        self.enter(RunState::Planning, "Compares both sides.").await?;
        let decided = self.decide(collected).await?;
        let named = apply::commit_plan(self, decided).await?;
        let mut named = snapshot::before_writes(self, named).await?;
        let applied = apply::apply(self, &named).await?;
        let verified = verify::verify(self, &mut named, &applied).await?;
        let ending = finish::Ending::ran(&self.ticket.job, &named.decided, applied, &verified);
        settle::settle(self, named, verified).await?;
        Ok(ending)
    }

    /// Plans, and leaves out what only a deleted file speaks for; that is asked, so not when other settings are tried.
    async fn decide(&self, collected: collect::Collected) -> Result<decide::Decided, Stop> {
        let mut decided = decide::decide(self, collected).await?;
        if !matches!(self.ticket.job.kind, JobKind::WhatIf) {
            vanished::keep(self, &mut decided).await?;
        }
        Ok(decided)
    }

    /// The account on a side.
    pub(super) fn door(&self, side: Side) -> &AccountDoor {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }

    /// Whose account a keeper keeps, and what that can do.
    pub(super) async fn kept_account(&self) -> Result<(Probe, Capabilities), Stop> {
        let unusable = |fault| {
            let error = account_error(Side::Target, &self.target, &fault);
            Stop::Account { kind: "target-unavailable", detail: error.detail }
        };
        let probe = self.unless_cancelled(self.target.probe()).await?.map_err(unusable)?;
        Ok((probe, self.target.observe().await.map_err(unusable)?.capabilities))
    }

    /// The features of this job.
    pub(super) fn features(&self) -> FeatureSet {
        self.ticket.job.features.intersection(self.pair.feature_set())
    }

    /// The lease every commit of this run depends on.
    pub(super) fn fence(&self) -> FenceMark {
        FenceMark { resource: format_smolstr!("pair:{}", self.pair.id), fence: self.ticket.fence }
    }

    /// Stops here when the run was cancelled.
    pub(super) fn check_cancelled(&self) -> Result<(), Stop> {
        if self.ticket.cancel.is_cancelled() { Err(Stop::Cancelled) } else { Ok(()) }
    }

    /// Waits for a read that may be abandoned when the run is cancelled.
    pub(super) async fn unless_cancelled<T>(&self, reading: impl Future<Output = T>) -> Result<T, Stop> {
        tokio::select! {
            biased;
            () = self.ticket.cancel.cancelled() => Err(Stop::Cancelled),
            answer = reading => Ok(answer),
        }
    }

    /// Commits changes under the lease.
    pub(super) async fn commit(&self, durability: Durability, changes: Vec<Change>) -> Result<(), Stop> {
        if changes.is_empty() {
            return Ok(());
        }
        let commit = Commit { fence: Some(self.fence()), durability, changes };
        Ok(self.directory.store().save(commit).await?)
    }

    /// Commits many changes in bounded portions; the last one is on the disk, and with it all before it.
    pub(super) async fn commit_many(&self, changes: Vec<Change>) -> Result<(), Stop> {
        const PORTION: usize = 2000;
        let portions = changes.len().div_ceil(PORTION);
        let mut changes = changes.into_iter();
        for number in 1..=portions {
            let durability = if number == portions { Durability::Synced } else { Durability::Buffered };
            self.commit(durability, changes.by_ref().take(PORTION).collect()).await?;
        }
        Ok(())
    }

    /// Enters a phase: kept on the disk for real runs, told to listeners.
    pub(super) async fn enter(&mut self, state: RunState, sentence: &str) -> Result<(), Stop> {
        self.check_cancelled()?;
        self.record.state = state;
        self.record.sentence = sentence.into();
        self.update_requests().await;
        if self.ticket.job.kind.is_run() {
            self.commit(Durability::Buffered, vec![Change::PutRun(self.record.clone())]).await?;
        }
        self.happened("run.phase", 0, None, sentence.into());
        Ok(())
    }

    /// Tells listeners about this run.
    pub(super) fn happened(&self, kind: &'static str, done: u64, total: Option<u64>, sentence: SmolStr) {
        self.directory.happened(Happened {
            at: self.surroundings.clock.now(),
            kind,
            account: None,
            pair: Some(self.pair.id.clone()),
            run: Some(self.record.id),
            state: Some(self.record.state),
            done,
            total,
            sentence,
        });
    }

    /// Brings the request counts of the record up to date.
    pub(super) async fn update_requests(&mut self) {
        let sent = self.requests_sent().await;
        let counts = sent.iter().zip(&self.requests_before).map(|(now, before)| now.saturating_sub(*before));
        let accounts = [self.pair.source.clone(), self.pair.target.clone()];
        self.record.requests = accounts.into_iter().zip(counts).collect();
        // The keeper of an account has it on both sides.
        self.record.requests.dedup();
    }

    async fn requests_sent(&self) -> [u64; 2] {
        let of = async |door: &AccountDoor| door.observe().await.map_or(0, |state| state.requests_sent);
        [of(&self.source).await, of(&self.target).await]
    }
}

/// What to tell people when an account cannot be used at all.
pub(super) fn account_error(side: Side, account: &AccountDoor, fault: &Fault) -> RunError {
    let kind = match (fault, side) {
        (Fault::Auth(_), _) => "sign-in",
        (_, Side::Source) => "source-unavailable",
        (_, Side::Target) => "target-unavailable",
    };
    let advice = match fault {
        // Whoever refuses a sign-in knows best what helps.
        Fault::Auth(_) => "",
        Fault::Gone(_) => "; look at the account in a browser; it is locked or suspended",
        Fault::Rejected(_) => "; correct the configuration of this account",
        _ => "; check that it is running and reachable; the next run tries again",
    };
    RunError { kind: kind.into(), detail: format_smolstr!("{}: {fault}{advice}", account.id()) }
}
