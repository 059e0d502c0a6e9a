//! Steering: freezing everything, pausing a pair, and letting a pair forget what it knows.
//!
//! A brake is pulled first and written down second, and released in the other order: what goes wrong in between errs on
//! stopping. A run in progress stops between two batches when everything is frozen; a pause lets it go on to its end.

use actix::{ActorFutureExt, Context, Handler, Message, ResponseActFuture, WrapFuture, fut};
use crosswatch_model::{PairId, ProviderId, RunState};
use crosswatch_port::{
    Change, Commit, Durability, EventRecord, Ledger, PairMemory, RunRecord, StandingKind, StandingRecord,
    StorageFailure,
};
use smol_str::{SmolStr, format_smolstr};

use super::{Refusal, RequestRun, Supervisor};
use crate::{
    always::{always_of, always_subject},
    run_table::{Job, JobKind},
};

/// Pulls or releases a brake. Once this is answered it outlives a restart.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "Result<(), Refusal>")]
pub enum Steer {
    /// Nothing is written to any account.
    Freeze,
    /// Writes go again.
    Unfreeze,
    /// The pair starts no runs.
    Pause(PairId),
    /// The pair runs again.
    Resume(PairId),
}

/// How much a reset forgets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetDepth {
    /// What the pair knows.
    Pair,
    /// Also the last reads of its accounts, which are read in full then.
    Full,
}

/// Lets a pair forget what it knows. Answers how much that was.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "Result<PairMemory, Refusal>")]
pub struct Reset {
    /// The pair.
    pub pair: PairId,
    /// How much of it.
    pub depth: ResetDepth,
}

impl Supervisor {
    /// Whether the brakes let this request through.
    pub(super) fn check_brakes(&self, request: &RequestRun) -> Result<(), Refusal> {
        let brakes = self.directory.brakes();
        match request.kind {
            JobKind::Run if brakes.is_frozen() => Err(Refusal::Frozen),
            JobKind::Run if brakes.is_paused(&request.pair) => Err(Refusal::Paused(request.pair.clone())),
            _ => Ok(()),
        }
    }

    /// Whether a job may not go on because everything is frozen.
    pub(super) fn is_stopped_by_a_freeze(&self, job: &Job) -> bool {
        self.directory.brakes().is_frozen() && self.may_write(job)
    }

    fn may_write(&self, job: &Job) -> bool {
        job.kind == JobKind::Run && self.pairs.get(&job.pair).is_none_or(|pair| !pair.is_shadow)
    }

    /// Stops what may write, and takes what waits to.
    fn stop_writers(&mut self, context: &mut Context<Self>) {
        let writers: Vec<_> = self.table.all_running().filter(|job| self.may_write(job)).map(|job| job.id).collect();
        for running in writers.iter().filter_map(|id| self.running.get(id)) {
            running.cancel.cancel();
        }
        let waiting = self.table.withdraw_where(|job| job.kind == JobKind::Run);
        self.cancel_waiting(waiting, "Everything was frozen before it began.", context);
    }

    fn cancel_waiting(&self, jobs: Vec<Job>, sentence: &'static str, context: &mut Context<Self>) {
        for job in jobs {
            let record = RunRecord {
                state: RunState::Cancelled,
                finished_at: Some(self.surroundings.clock.now()),
                sentence: sentence.into(),
                ..Self::queued_record(&job)
            };
            self.save_record(record, &job, context);
        }
    }

    /// Stops before it is written down.
    fn stop(&mut self, steer: &Steer, context: &mut Context<Self>) {
        match steer {
            Steer::Freeze => {
                self.turn(steer);
                self.stop_writers(context);
            }
            Steer::Pause(pair) => {
                self.turn(steer);
                let paused = self.pairs.get(pair).cloned();
                let is_written = |account: &ProviderId| paused.as_ref().is_some_and(|pair| pair.writes_to(account));
                let waiting = self.table.withdraw_where(|job| {
                    let is_meant = job.pair == *pair || job.pair.kept_account().as_ref().is_some_and(is_written);
                    job.kind == JobKind::Run && is_meant
                });
                self.cancel_waiting(waiting, "The pair was paused before it began.", context);
            }
            Steer::Unfreeze | Steer::Resume(_) => {}
        }
    }

    /// What is written down, and the event that people read.
    fn changes_of(&self, steer: &Steer) -> Vec<Change> {
        let at = self.surroundings.clock.now();
        let mark = |kind, subject: SmolStr, since: jiff::Timestamp| {
            let mark = StandingRecord { kind, subject, at: since, until: None, text: SmolStr::default() };
            Change::PutStanding(mark)
        };
        let of = |pair: &PairId| SmolStr::from(pair.as_str());
        let (change, kind, pair, sentence) = match steer {
            Steer::Freeze => {
                let since = self.directory.brakes().frozen_since().unwrap_or(at);
                (mark(StandingKind::Frozen, "".into(), since), "frozen", None, "Everything is frozen.".into())
            }
            Steer::Unfreeze => {
                let change = Change::DropStanding(StandingKind::Frozen, "".into());
                (change, "unfrozen", None, "Writes go again.".into())
            }
            Steer::Pause(pair) => {
                let sentence = format_smolstr!("{pair} is paused.");
                (mark(StandingKind::Paused, of(pair), at), "pair.paused", Some(pair), sentence)
            }
            Steer::Resume(pair) => {
                let change = Change::DropStanding(StandingKind::Paused, of(pair));
                (change, "pair.resumed", Some(pair), format_smolstr!("{pair} runs again."))
            }
        };
        let event = EventRecord { at, kind: kind.into(), pair: pair.cloned(), run: None, sentence };
        vec![change, Change::AppendEvent(event)]
    }

    /// Turns the brakes. Done again once it is written down, so that of two people the later one has the last word.
    fn turn(&self, steer: &Steer) {
        let (brakes, now) = (self.directory.brakes(), self.surroundings.clock.now());
        match steer {
            Steer::Freeze => brakes.freeze(now),
            Steer::Unfreeze => brakes.unfreeze(),
            Steer::Pause(pair) => brakes.pause(pair.clone(), now),
            Steer::Resume(pair) => brakes.resume(pair),
        }
    }
}

impl Handler<Steer> for Supervisor {
    type Result = ResponseActFuture<Self, Result<(), Refusal>>;

    fn handle(&mut self, steer: Steer, context: &mut Self::Context) -> Self::Result {
        if let Steer::Pause(pair) | Steer::Resume(pair) = &steer
            && !self.pairs.contains_key(pair)
        {
            return Box::pin(fut::ready(Err(Refusal::UnknownPair)));
        }
        self.stop(&steer, context);
        let changes = self.changes_of(&steer);
        let store = self.directory.store().clone();
        let saving = async move { store.save(Commit { fence: None, durability: Durability::Synced, changes }).await };
        Box::pin(saving.into_actor(self).map(move |result, supervisor, _| {
            result?;
            tracing::info!("steered: {steer:?}");
            supervisor.turn(&steer);
            Ok(())
        }))
    }
}

impl Handler<Reset> for Supervisor {
    type Result = ResponseActFuture<Self, Result<PairMemory, Refusal>>;

    fn handle(&mut self, reset: Reset, _: &mut Self::Context) -> Self::Result {
        let Some(pair) = self.pairs.get(&reset.pair) else {
            return Box::pin(fut::ready(Err(Refusal::UnknownPair)));
        };
        // The reads of an account are compared with row by row while any run of it goes on.
        let claimed = match reset.depth {
            ResetDepth::Pair => vec![format_smolstr!("pair:{}", pair.id)],
            ResetDepth::Full => pair.resources(),
        };
        if let Err(running) = self.table.claim(&claimed) {
            return Box::pin(fut::ready(Err(Refusal::AlreadyRunning(running))));
        }
        let at = self.surroundings.clock.now();
        let mark = |kind| {
            let subject = SmolStr::from(pair.id.as_str());
            Change::PutStanding(StandingRecord { kind, subject, at, until: None, text: SmolStr::default() })
        };
        // What its runs had shown is about what it forgets.
        let unproven = Change::DropStanding(StandingKind::Ready, pair.id.as_str().into());
        let mut changes = vec![Change::ForgetPair(pair.id.clone()), unproven, mark(StandingKind::Reset)];
        if reset.depth == ResetDepth::Full {
            changes.extend([&pair.source, &pair.target].map(|account| Change::ForgetReadings(account.clone())));
            changes.push(mark(StandingKind::FullReset));
        }
        changes.push(Change::AppendEvent(EventRecord {
            at,
            kind: "pair.reset".into(),
            pair: Some(pair.id.clone()),
            run: None,
            sentence: format_smolstr!("{} forgot what it knew; its next run is a first run.", pair.id),
        }));
        let (store, pair) = (self.directory.store().clone(), pair.id.clone());
        let forgetting = async move {
            let read = move |ledger: &dyn Ledger| -> Result<_, StorageFailure> {
                let standings = ledger.standings()?;
                let always: Vec<_> = always_of(&standings, &pair).collect();
                let subject = |(feature, kind, _)| always_subject(&pair, feature, kind);
                Ok((ledger.pair_memory(&pair)?, always.into_iter().map(subject).collect::<Vec<_>>()))
            };
            let (memory, always) = store.query(read).await?;
            changes.extend(always.into_iter().map(|subject| Change::DropStanding(StandingKind::Always, subject)));
            store.save(Commit { fence: None, durability: Durability::Synced, changes }).await?;
            Ok(memory)
        };
        Box::pin(forgetting.into_actor(self).map(move |result, supervisor, context| {
            supervisor.table.release(&claimed);
            supervisor.go_on(context);
            result
        }))
    }
}
