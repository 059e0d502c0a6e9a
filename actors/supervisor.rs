//! The supervisor: no two runs overlap, and whoever falls gets up again.
//!
//! It owns the run table and the children. Runs are asked for here and nowhere else; a lease on the disk backs every
//! running job, so that even a crash leaves no second writer. It never reads, plans or writes itself.

mod refusal;
mod steering;

use std::{collections::BTreeMap, rc::Rc, sync::Arc, time::Duration};

pub use refusal::Refusal;
pub use steering::{Reset, ResetDepth, Steer};

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, MessageResult, ResponseActFuture,
    ResponseFuture, WrapFuture, fut,
};
use crosswatch_model::{Cause, FeatureSet, ItemRef, PairId, PlanState, RunId, RunState};
use crosswatch_port::{Change, Commit, Durability, Fence, LeaseAsk, RestoreOrder, RunError, RunRecord, UndoOrder};
use smol_str::{SmolStr, format_smolstr};
use tokio_util::sync::CancellationToken;

use crate::{
    blueprint::{PairBlueprint, SharedPair, Surroundings},
    children::{Child, ChildState, Found},
    directory::Directory,
    notifier::Happened,
    outbox::Rest,
    pair::StartRun,
    permit::Permit,
    planted::{self, Mistake},
    run_table::{Job, JobKind, Placed, RunTable},
};

/// Messages the supervisor may have waiting.
pub(crate) const CAPACITY: usize = 64;
const BEAT: Duration = Duration::from_secs(5);
/// What an outbox has on its way ends or times out long before this.
const REST_DEADLINE: Duration = Duration::from_secs(1800);
/// A run that takes longer is cancelled.
const RUN_MAX: Duration = Duration::from_secs(6 * 3600);

/// Are you there?
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Ping;

/// Asks for a run, a dry run or a plan.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<Started, Refusal>")]
pub struct RequestRun {
    /// The pair.
    pub pair: PairId,
    /// What for.
    pub kind: JobKind,
    /// Why.
    pub cause: Cause,
    /// Only these features; `None` means all that are on.
    pub features: Option<FeatureSet>,
    /// What a person let through.
    pub permit: Permit,
    /// What is taken back, where something is.
    pub undoes: Option<UndoOrder>,
    /// What a snapshot brings back, where it is a restore.
    pub restores: Option<RestoreOrder>,
    /// What is asked, for [`JobKind::Why`].
    pub question: Option<ItemRef>,
    /// The pair as it would be, for [`JobKind::WhatIf`].
    pub instead: Option<Arc<PairBlueprint>>,
    /// Wait behind a running job of the pair instead of being refused.
    pub may_queue: bool,
}

/// The request was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The run or plan.
    pub id: RunId,
}

/// A run ended, whatever its state.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct RunEnded {
    /// The run or plan.
    pub id: RunId,
}

/// Stops a run at the next safe point. Answers whether there was one.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "bool")]
pub struct CancelRun(pub RunId);

/// A look at the whole house.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "SystemState")]
pub struct ObserveSystem;

/// Stops taking requests, cancels runs, and answers when the last one has ended.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct ShutDown;

/// The house from outside.
#[derive(Debug, Clone, PartialEq)]
pub struct SystemState {
    /// Whether it is stopping.
    pub is_stopping: bool,
    /// Since when nothing is written to any account.
    pub frozen_since: Option<jiff::Timestamp>,
    /// Pairs with what they do right now.
    pub pairs: Vec<PairSituation>,
    /// Actors with how they are doing.
    pub children: Vec<(SmolStr, ChildState, usize)>,
}

/// What a pair does right now.
#[derive(Debug, Clone, PartialEq)]
pub struct PairSituation {
    /// The pair.
    pub blueprint: PairBlueprint,
    /// It starts no runs until it is resumed.
    pub is_paused: bool,
    /// Its running job.
    pub running: Option<RunId>,
    /// Its waiting job.
    pub waiting: Option<RunId>,
}

/// What a job needs to run: the job, its lease, and how it is told to stop.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// The job.
    pub job: Job,
    /// The fence of its leases.
    pub fence: Fence,
    /// Cancelled when the run must stop.
    pub cancel: CancellationToken,
}

struct Running {
    cancel: CancellationToken,
    fence: Fence,
    resources: Vec<SmolStr>,
    deadline: tokio::time::Instant,
}

/// The actor.
pub struct Supervisor {
    pairs: BTreeMap<PairId, SharedPair>,
    table: RunTable,
    running: BTreeMap<RunId, Running>,
    children: Vec<Child>,
    directory: Directory,
    surroundings: Surroundings,
    is_stopping: bool,
    waiting_for_quiet: Vec<tokio::sync::oneshot::Sender<()>>,
}

impl Supervisor {
    pub(crate) fn new(
        pairs: Vec<PairBlueprint>,
        children: Vec<Child>,
        directory: Directory,
        surroundings: Surroundings,
    ) -> Self {
        Self {
            pairs: pairs.into_iter().map(|pair| (pair.id.clone(), Rc::new(pair))).collect(),
            table: RunTable::default(),
            running: BTreeMap::new(),
            children,
            directory,
            surroundings,
            is_stopping: false,
            waiting_for_quiet: Vec::new(),
        }
    }

    /// Checks a request and turns it into a job.
    fn job(&self, request: &RequestRun) -> Result<Job, Refusal> {
        if self.is_stopping {
            return Err(Refusal::Stopping);
        }
        let pair = self.pairs.get(&request.pair).ok_or(Refusal::UnknownPair)?;
        if !pair.is_enabled && request.kind == JobKind::Run {
            return Err(Refusal::Disabled);
        }
        self.check_brakes(request)?;
        if pair.is_shadow && request.permit.plan().is_some() {
            return Err(Refusal::Shadow(pair.id.clone()));
        }
        let instead = request.instead.as_ref().map_or(FeatureSet::NONE, |instead| instead.feature_set());
        let on: FeatureSet = pair.feature_set().iter().chain(instead.iter()).collect();
        let features = request.features.unwrap_or(on);
        if let Some(off) = features.iter().find(|feature| !on.contains(*feature)) {
            return Err(Refusal::FeatureOff(off));
        }
        let needs = [
            format_smolstr!("account:{}", pair.source),
            format_smolstr!("account:{}", pair.target),
            format_smolstr!("pair:{}", pair.id),
        ];
        if let Some(down) =
            self.children.iter().find(|child| child.state() == ChildState::GivenUp && needs.contains(&child.name))
        {
            return Err(Refusal::Degraded(down.name.clone()));
        }
        if self.table.is_full() {
            return Err(Refusal::Full);
        }
        Ok(Job {
            id: self.surroundings.new_run_id(),
            pair: request.pair.clone(),
            kind: request.kind,
            cause: request.cause,
            asked_at: self.surroundings.clock.now(),
            features,
            permit: request.permit.clone(),
            undoes: request.undoes.clone(),
            restores: request.restores.clone(),
            question: request.question.clone(),
            instead: request.instead.clone(),
            resources: pair.resources(),
        })
    }

    fn queued_record(job: &Job) -> RunRecord {
        RunRecord {
            id: job.id,
            pair: job.pair.clone(),
            cause: job.cause,
            state: RunState::Queued,
            dry_run: job.kind != JobKind::Run,
            features: job.features,
            tallies: Vec::new(),
            requests: Vec::new(),
            asked_at: job.asked_at,
            started_at: None,
            finished_at: None,
            sentence: "Waits for its turn.".into(),
            error: None,
        }
    }

    /// Starts every waiting job whose pair is up and whose accounts are free.
    fn start_ready(&mut self, context: &mut Context<Self>) {
        let children = &self.children;
        let is_up = |pair: &PairId| children.iter().any(|child| child.name == child_name(pair) && child.is_up());
        let mut ready = Vec::new();
        while let Some(job) = self.table.start_next(is_up) {
            ready.push(job);
        }
        for job in ready {
            let ask = LeaseAsk {
                resources: job.resources.clone(),
                run: job.id,
                boot: self.surroundings.boot,
                at: self.surroundings.clock.now(),
            };
            let store = self.directory.store().clone();
            let lease = async move { store.take_leases(ask).await };
            context.spawn(lease.into_actor(self).map(move |result, supervisor, context| match result {
                Ok(Ok(fence)) if supervisor.table.is_running(job.id) => supervisor.start(&job, fence, context),
                Ok(Ok(fence)) => supervisor.give_back(job.resources, fence, context),
                Ok(Err(busy)) => supervisor.fail_leaseless(&job, "busy", &busy.to_string(), context),
                Err(error) => supervisor.fail_leaseless(&job, "storage", &error.to_string(), context),
            }));
        }
    }

    fn start(&mut self, job: &Job, fence: Fence, context: &mut Context<Self>) {
        let cancel = CancellationToken::new();
        if self.is_stopping || self.is_stopped_by_a_freeze(job) {
            cancel.cancel();
        }
        let running = Running {
            cancel: cancel.clone(),
            fence,
            resources: job.resources.clone(),
            deadline: tokio::time::Instant::now() + RUN_MAX,
        };
        self.running.insert(job.id, running);
        let told =
            self.directory.pair(&job.pair).map(|pair| pair.tell(StartRun(Ticket { job: job.clone(), fence, cancel })));
        if !matches!(told, Some(Ok(()))) {
            self.fail(job, "busy", "the pair is being restarted; try again in a moment", context);
        }
    }

    /// Ends a job that got no lease. One whose pair fell meanwhile has ended already.
    fn fail_leaseless(&mut self, job: &Job, kind: &str, detail: &str, context: &mut Context<Self>) {
        self.table.release(&job.resources);
        if self.table.is_running(job.id) {
            self.fail(job, kind, detail, context);
        } else {
            self.go_on(context);
        }
    }

    /// Ends a job that never got to its pair, or whose pair fell.
    fn fail(&mut self, job: &Job, kind: &str, detail: &str, context: &mut Context<Self>) {
        tracing::warn!(pair = job.pair.as_str(), run = %job.id, "the run failed: {detail}");
        if job.kind.is_run() {
            let record = RunRecord {
                state: RunState::Failed,
                finished_at: Some(self.surroundings.clock.now()),
                sentence: detail.into(),
                error: Some(RunError { kind: kind.into(), detail: detail.into() }),
                ..Self::queued_record(job)
            };
            self.save_record(record, job, context);
        }
        self.finish(job.id, context);
    }

    /// Ends the run of a pair that fell. What its outboxes have on the way goes on under the run's lease, so the lease is
    /// given back only when they rest.
    fn fail_fallen(&mut self, job: Job, context: &mut Context<Self>) {
        if let Some(running) = self.running.get(&job.id).filter(|_| !planted::has(Mistake::GivesLeasesBackEarly)) {
            running.cancel.cancel();
        }
        let accounts = self.pairs.get(&job.pair).map(|pair| [pair.target.clone(), pair.source.clone()]);
        let accounts = accounts.filter(|_| !planted::has(Mistake::GivesLeasesBackEarly));
        let directory = self.directory.clone();
        let resting = async move {
            for account in accounts.into_iter().flatten() {
                let Some(outbox) = directory.outbox(&account) else { continue };
                if let Err(error) = outbox.ask(Rest, REST_DEADLINE).await {
                    tracing::warn!(account = account.as_str(), "the outbox of a fallen pair is {error}");
                }
            }
        };
        context.spawn(resting.into_actor(self).map(move |(), supervisor, context| {
            supervisor.fail(&job, "internal", "the pair failed unexpectedly; the log has the details", context);
        }));
    }

    /// Saves the last word about a run that never came to its end; the plan it was to apply has failed.
    fn save_record(&self, record: RunRecord, job: &Job, context: &mut Context<Self>) {
        let event = Happened {
            at: self.surroundings.clock.now(),
            kind: "run.finished",
            account: None,
            pair: Some(record.pair.clone()),
            run: Some(record.id),
            state: Some(record.state),
            done: 0,
            total: None,
            sentence: record.sentence.clone(),
        };
        let store = self.directory.store().clone();
        let mut changes = vec![Change::PutRun(record)];
        changes.extend(job.permit.plan().map(|plan| Change::MarkPlan(plan, PlanState::Failed)));
        let saving = async move { store.save(Commit { fence: None, durability: Durability::Synced, changes }).await };
        context.spawn(saving.into_actor(self).map(move |result, supervisor, _| {
            if let Err(error) = result {
                tracing::error!("a run record was not saved: {error}");
            }
            supervisor.directory.happened(event);
        }));
    }

    fn finish(&mut self, id: RunId, context: &mut Context<Self>) {
        self.table.finish(id);
        match self.running.remove(&id) {
            Some(running) => self.give_back(running.resources, running.fence, context),
            None => self.go_on(context),
        }
    }

    /// Gives leases back, then starts whoever waited for them.
    fn give_back(&mut self, resources: Vec<SmolStr>, fence: Fence, context: &mut Context<Self>) {
        let (store, leased) = (self.directory.store().clone(), resources.clone());
        let releasing = async move { store.drop_leases(leased, fence).await };
        context.spawn(releasing.into_actor(self).map(move |result, supervisor, context| {
            supervisor.table.release(&resources);
            if let Err(error) = result {
                tracing::error!("a lease was not released: {error}");
            }
            supervisor.go_on(context);
        }));
    }

    fn go_on(&mut self, context: &mut Context<Self>) {
        if !self.is_stopping {
            self.start_ready(context);
        } else if self.running.is_empty() {
            for waiter in self.waiting_for_quiet.drain(..) {
                // Whoever waited may have given up.
                waiter.send(()).ok();
            }
        }
    }

    /// Looks after children and overdue runs.
    fn beat(&mut self, context: &mut Context<Self>) {
        let now = tokio::time::Instant::now();
        for (id, running) in &self.running {
            if running.deadline <= now && !running.cancel.is_cancelled() {
                tracing::error!(run = %id, "the run took longer than {} h and is cancelled", RUN_MAX.as_secs() / 3600);
                running.cancel.cancel();
            }
        }
        let pings: Vec<_> =
            self.children.iter().enumerate().filter_map(|(at, child)| child.ping().map(|ping| (at, ping))).collect();
        let asking = async move {
            let mut stuck = Vec::new();
            for (at, answers) in
                futures_util::future::join_all(pings.into_iter().map(async |(at, ping)| (at, ping.await))).await
            {
                if !answers {
                    stuck.push(at);
                }
            }
            stuck
        };
        context.spawn(
            asking.into_actor(self).map(|stuck, supervisor, context| supervisor.look_after_children(&stuck, context)),
        );
    }

    fn look_after_children(&mut self, stuck: &[usize], context: &mut Context<Self>) {
        let (mut fallen, mut given_up) = (Vec::new(), Vec::new());
        for (at, child) in self.children.iter_mut().enumerate() {
            match child.look(stuck.contains(&at)) {
                Found::Well | Found::StillDown => {}
                Found::Restarted => tracing::info!(actor = %child.name, "restarted"),
                Found::Fell => {
                    tracing::error!(actor = %child.name, "fell; a fresh one starts in a moment");
                    fallen.push(child.name.clone());
                }
                Found::GaveUp => {
                    tracing::error!(actor = %child.name, "fell too often and stays down; its pairs refuse runs");
                    fallen.push(child.name.clone());
                    given_up.push(child.name.clone());
                }
            }
        }
        let mut broken: Vec<Job> =
            self.table.all_running().filter(|job| fallen.contains(&child_name(&job.pair))).cloned().collect();
        let dead = self.pairs.keys().filter(|pair| given_up.contains(&child_name(pair)));
        broken.extend(dead.flat_map(|pair| self.table.withdraw_pair(pair)));
        for job in broken {
            self.fail_fallen(job, context);
        }
        // Jobs of a pair that is up again have waited for it.
        self.go_on(context);
    }
}

impl Actor for Supervisor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.run_interval(BEAT, Self::beat);
    }
}

impl Handler<RequestRun> for Supervisor {
    type Result = ResponseActFuture<Self, Result<Started, Refusal>>;

    fn handle(&mut self, request: RequestRun, _: &mut Self::Context) -> Self::Result {
        let job = match self.job(&request) {
            Ok(job) => job,
            Err(refusal) => return Box::pin(fut::ready(Err(refusal))),
        };
        let (id, is_run) = (job.id, job.kind.is_run());
        let mut changes = vec![Change::PutRun(Self::queued_record(&job))];
        changes.extend(job.permit.plan().map(|plan| Change::MarkPlan(plan, PlanState::Applying)));
        match self.table.place(job, request.may_queue) {
            Placed::AlreadyRunning(running) => return Box::pin(fut::ready(Err(Refusal::AlreadyRunning(running)))),
            Placed::Joined(id) => return Box::pin(fut::ready(Ok(Started { id }))),
            Placed::Waiting => {}
        }
        let store = self.directory.store().clone();
        let saving = async move {
            if !is_run {
                return Ok(());
            }
            store.save(Commit { fence: None, durability: Durability::Synced, changes }).await
        };
        Box::pin(saving.into_actor(self).map(move |result, supervisor, context| match result {
            Ok(()) => {
                supervisor.start_ready(context);
                Ok(Started { id })
            }
            Err(error) => {
                supervisor.table.withdraw(id);
                Err(error.into())
            }
        }))
    }
}

impl Handler<RunEnded> for Supervisor {
    type Result = ();

    fn handle(&mut self, message: RunEnded, context: &mut Self::Context) {
        self.finish(message.id, context);
    }
}

impl Handler<CancelRun> for Supervisor {
    type Result = MessageResult<CancelRun>;

    fn handle(&mut self, message: CancelRun, context: &mut Self::Context) -> Self::Result {
        if let Some(running) = self.running.get(&message.0) {
            running.cancel.cancel();
            return MessageResult(true);
        }
        let Some(job) = self.table.withdraw(message.0) else { return MessageResult(false) };
        if job.kind.is_run() {
            let record = RunRecord {
                state: RunState::Cancelled,
                finished_at: Some(self.surroundings.clock.now()),
                sentence: "Cancelled before it began.".into(),
                ..Self::queued_record(&job)
            };
            self.save_record(record, &job, context);
        }
        MessageResult(true)
    }
}

impl Handler<ObserveSystem> for Supervisor {
    type Result = MessageResult<ObserveSystem>;

    fn handle(&mut self, _: ObserveSystem, _: &mut Self::Context) -> Self::Result {
        let situation = |pair: &SharedPair| PairSituation {
            blueprint: pair.as_ref().clone(),
            is_paused: self.directory.brakes().is_paused(&pair.id),
            running: self.table.running(&pair.id).map(|job| job.id),
            waiting: self.table.waiting(&pair.id).map(|job| job.id),
        };
        MessageResult(SystemState {
            is_stopping: self.is_stopping,
            frozen_since: self.directory.brakes().frozen_since(),
            pairs: self.pairs.values().map(situation).collect(),
            children: self.children.iter().map(|child| (child.name.clone(), child.state(), child.restarts())).collect(),
        })
    }
}

impl Handler<ShutDown> for Supervisor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: ShutDown, context: &mut Self::Context) -> Self::Result {
        self.is_stopping = true;
        for job in self.table.withdraw_all().into_iter().filter(|job| job.kind.is_run()) {
            let record = RunRecord {
                state: RunState::Cancelled,
                finished_at: Some(self.surroundings.clock.now()),
                sentence: "The service stopped before it began.".into(),
                ..Self::queued_record(&job)
            };
            self.save_record(record, &job, context);
        }
        for running in self.running.values() {
            running.cancel.cancel();
        }
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.waiting_for_quiet.push(sender);
        self.go_on(context);
        Box::pin(async move {
            drop(receiver.await);
        })
    }
}

/// The name of a pair among the children.
fn child_name(pair: &PairId) -> SmolStr {
    format_smolstr!("pair:{pair}")
}

/// Ends the supervisor itself, as the last of all.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub(crate) struct Leave;

impl Handler<Leave> for Supervisor {
    type Result = ();

    fn handle(&mut self, _: Leave, context: &mut Self::Context) {
        context.stop();
    }
}
