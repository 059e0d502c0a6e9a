//! The scheduler: asks for runs and snapshots when they are due or when something was watched, and people about what waits too
//! long for them.
//!
//! One timer for the earliest due time. A machine that slept through ten due times asks for one run, not ten.
//! A due run never overlaps: the supervisor queues it behind whatever uses the accounts.

mod after_play;
mod held;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, MessageResult, SpawnHandle, WrapFuture};
use crosswatch_model::{Cause, Feature, FeatureSet, PairId, ProviderId, SnapshotCause};
use crosswatch_port::{Ledger, RunRecord, StorageFailure};
use crosswatch_settings::Schedule;
use jiff::Timestamp;

use crate::{
    blueprint::{PairBlueprint, SnapshotBlueprint, Surroundings},
    directory::Directory,
    permit::Permit,
    run_table::JobKind,
    supervisor::{Ping, Refusal, RequestRun},
};
use after_play::AfterPlay;

/// Messages the scheduler may have waiting.
pub(crate) const CAPACITY: usize = 16;
/// Runs that are due together are spread over up to this many seconds, so that a restart does not hit every account at once.
const JITTER_MAX_S: u64 = 30;
/// The timer never sleeps longer, so that a clock that was set is noticed.
const NAP_MAX: Duration = Duration::from_secs(600);
/// Runs of the past that are looked at to find out when a feature ran last.
const PAST_RUNS_MAX: usize = 200;
/// Snapshots of the past that are looked at for the same.
const PAST_SNAPSHOTS_MAX: usize = 1_000;
/// It is looked this often whether something waits too long for a person.
const HELD_LOOK: Duration = Duration::from_secs(3600);
const SUPERVISOR_DEADLINE: Duration = Duration::from_secs(30);

/// What runs next.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Vec<Due>")]
pub struct ObserveSchedule;

/// Something was watched to its end at these accounts.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub(crate) struct Played(pub(crate) BTreeSet<ProviderId>);

/// One line of the schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    /// The pair.
    pub pair: PairId,
    /// The features that share this schedule.
    pub features: FeatureSet,
    /// When it is due; `None` for `manual`.
    pub due: Option<Timestamp>,
}

struct Entry {
    /// The pair, or the keeper of the account.
    pair: PairId,
    kind: JobKind,
    features: FeatureSet,
    schedule: Schedule,
    due: Option<Timestamp>,
}

/// The actor.
pub struct Scheduler {
    entries: Vec<Entry>,
    after_play: Vec<AfterPlay>,
    directory: Directory,
    surroundings: Surroundings,
    timer: Option<SpawnHandle>,
}

impl Scheduler {
    /// A scheduler over the enabled pairs and the snapshots that are to be taken.
    pub fn new(
        pairs: &[PairBlueprint],
        snapshots: &[SnapshotBlueprint],
        directory: Directory,
        surroundings: Surroundings,
    ) -> Self {
        let runs = pairs.iter().filter(|pair| pair.is_enabled).flat_map(entries_of);
        let entries = runs.chain(snapshots.iter().map(entry_of)).collect();
        let after_play = pairs.iter().filter_map(AfterPlay::of).collect();
        Self { entries, after_play, directory, surroundings, timer: None }
    }

    /// Sets every due time from the runs of the past, then the timer.
    fn plan_from_the_past(&mut self, last_runs: &LastRuns, context: &mut Context<Self>) {
        for at in 0..self.entries.len() {
            let Some(entry) = self.entries.get(at) else { continue };
            let last = entry
                .features
                .iter()
                .filter_map(|feature| last_runs.get(&(entry.pair.clone(), feature as u8)).copied())
                .min();
            let due = self.next_due(&entry.schedule, last);
            if let Some(entry) = self.entries.get_mut(at) {
                entry.due = due;
            }
        }
        self.set_timer(context);
    }

    fn next_due(&self, schedule: &Schedule, last: Option<Timestamp>) -> Option<Timestamp> {
        let clock = &self.surroundings.clock;
        let due = schedule.next_after(last, clock.now(), &clock.zone())?;
        let jitter_s = i64::try_from(self.surroundings.entropy.below(JITTER_MAX_S)).unwrap_or(0);
        due.checked_add(jiff::SignedDuration::from_secs(jitter_s)).ok()
    }

    fn set_timer(&mut self, context: &mut Context<Self>) {
        if let Some(timer) = self.timer.take() {
            context.cancel_future(timer);
        }
        if self.directory.supervisor().is_none() {
            // The house is closed, and nobody could be asked any more.
            return;
        }
        let entries = self.entries.iter().filter_map(|entry| entry.due);
        let Some(earliest) = entries.chain(self.after_play.iter().filter_map(AfterPlay::due)).min() else { return };
        let until_due = earliest.duration_since(self.surroundings.clock.now());
        let nap = Duration::try_from(until_due).unwrap_or(Duration::ZERO).min(NAP_MAX);
        self.timer = Some(context.run_later(nap, Self::ask_for_due_runs));
    }

    fn ask_for_due_runs(&mut self, context: &mut Context<Self>) {
        let now = self.surroundings.clock.now();
        for at in 0..self.entries.len() {
            let Some(entry) = self.entries.get(at).filter(|entry| entry.due.is_some_and(|due| due <= now)) else {
                continue;
            };
            let request = request(&entry.pair, entry.kind, Cause::Schedule, entry.features);
            let due = self.next_due(&entry.schedule, Some(now));
            if let Some(entry) = self.entries.get_mut(at) {
                entry.due = due;
            }
            self.ask(request, context);
        }
        let due: Vec<RequestRun> = self
            .after_play
            .iter_mut()
            .filter_map(|after| after.take_due(now).then_some(&*after))
            .map(|after| request(&after.pair, JobKind::Run, Cause::Webhook, after.features))
            .collect();
        for request in due {
            self.ask(request, context);
        }
        self.set_timer(context);
    }

    fn ask_about_what_waits(&mut self, context: &mut Context<Self>) {
        if self.directory.supervisor().is_none() {
            return;
        }
        let (directory, now) = (self.directory.clone(), self.surroundings.clock.now());
        let asking = async move { held::ask_again(&directory, now).await };
        context.spawn(asking.into_actor(self).map(|result, _, _| {
            if let Err(error) = result {
                tracing::warn!("nobody was asked about what waits: {error}");
            }
        }));
    }

    fn ask(&self, request: RequestRun, context: &mut Context<Self>) {
        let Some(supervisor) = self.directory.supervisor() else { return };
        let (pair, cause) = (request.pair.clone(), request.cause);
        let asking = async move { supervisor.ask(request, SUPERVISOR_DEADLINE).await };
        context.spawn(asking.into_actor(self).map(move |answer, _, _| match answer {
            Ok(Ok(started)) => tracing::info!(pair = pair.as_str(), run = %started.id, %cause, "a run is due"),
            Ok(Err(refusal @ (Refusal::Frozen | Refusal::Paused(_)))) => {
                tracing::info!(pair = pair.as_str(), "the scheduled run is skipped: {refusal}");
            }
            Ok(Err(refusal)) => tracing::warn!(pair = pair.as_str(), "the scheduled run was refused: {refusal}"),
            Err(error) => tracing::warn!(pair = pair.as_str(), "the scheduled run was not asked for: {error}"),
        }));
    }
}

/// A run that nobody asked for by hand: it waits for its accounts, and one that waits already does for both.
fn request(pair: &PairId, kind: JobKind, cause: Cause, features: FeatureSet) -> RequestRun {
    RequestRun {
        pair: pair.clone(),
        kind,
        question: None,
        cause,
        features: Some(features),
        permit: Permit::Nothing,
        undoes: None,
        restores: None,
        instead: None,
        may_queue: true,
    }
}

/// Features with the same schedule run together.
fn entries_of(pair: &PairBlueprint) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for feature in &pair.features {
        match entries.iter_mut().find(|entry| entry.schedule == feature.schedule) {
            Some(entry) => entry.features = entry.features.with(feature.feature),
            None => entries.push(Entry {
                pair: pair.id.clone(),
                kind: JobKind::Run,
                features: FeatureSet::NONE.with(feature.feature),
                schedule: feature.schedule.clone(),
                due: None,
            }),
        }
    }
    entries
}

fn entry_of(snapshot: &SnapshotBlueprint) -> Entry {
    Entry {
        pair: PairId::keeper_of(&snapshot.account),
        kind: JobKind::Snapshot,
        features: snapshot.features,
        schedule: snapshot.schedule.clone(),
        due: None,
    }
}

/// When what ran last: a feature of a pair, or a snapshot of a feature of an account.
type LastRuns = BTreeMap<(PairId, u8), Timestamp>;

/// Reads from the store when what ran last.
fn last_runs(ledger: &dyn Ledger) -> Result<LastRuns, StorageFailure> {
    let mut last_runs = LastRuns::new();
    let mut note = |pair: &PairId, feature: Feature, at: Timestamp| {
        let last = last_runs.entry((pair.clone(), feature as u8)).or_insert(at);
        *last = at.max(*last);
    };
    // A pair in shadow mode only ever makes dry runs; those of its schedule count.
    let counts = |run: &RunRecord| !run.dry_run || run.cause == Cause::Schedule;
    for run in ledger.runs(None, None, PAST_RUNS_MAX)?.into_iter().filter(counts) {
        let Some(at) = run.started_at else { continue };
        run.features.iter().for_each(|feature| note(&run.pair, feature, at));
    }
    let snapshots = ledger.snapshots(None, None, PAST_SNAPSHOTS_MAX)?;
    for snapshot in snapshots.into_iter().filter(|snapshot| snapshot.cause == SnapshotCause::Schedule) {
        let keeper = PairId::keeper_of(&snapshot.provider);
        snapshot.parts.iter().for_each(|part| note(&keeper, part.feature, snapshot.taken_at));
    }
    Ok(last_runs)
}

impl Actor for Scheduler {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.run_interval(HELD_LOOK, Self::ask_about_what_waits);
        let store = self.directory.store().clone();
        let reading = async move { store.query(last_runs).await };
        context.spawn(reading.into_actor(self).map(|last_runs, scheduler, context| {
            scheduler.plan_from_the_past(&last_runs.unwrap_or_default(), context);
        }));
    }
}

impl Handler<ObserveSchedule> for Scheduler {
    type Result = MessageResult<ObserveSchedule>;

    fn handle(&mut self, _: ObserveSchedule, _: &mut Self::Context) -> Self::Result {
        let line = |entry: &Entry| Due { pair: entry.pair.clone(), features: entry.features, due: entry.due };
        MessageResult(self.entries.iter().map(line).collect())
    }
}

impl Handler<Played> for Scheduler {
    type Result = ();

    fn handle(&mut self, played: Played, context: &mut Self::Context) {
        let now = self.surroundings.clock.now();
        self.after_play.iter_mut().for_each(|after| after.hear(&played.0, now));
        self.set_timer(context);
    }
}

impl Handler<Ping> for Scheduler {
    type Result = ();

    fn handle(&mut self, _: Ping, _: &mut Self::Context) {}
}
