//! The store actor: the only way to the disk.
//!
//! Promises: commits that arrive while the disk is busy share the next sync (group commit), each stays all or none;
//! a failing disk stops the process instead of pretending. Deliberately absent: any state that is not on the disk.

use std::{rc::Rc, sync::Arc, time::Duration};

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, ResponseFuture, WrapFuture};
use crosswatch_port::{Commit, Fence, LeaseAsk, LeaseBusy, Ledger, Refused, StorageFailure};
use smol_str::SmolStr;
use tokio::sync::oneshot;

use crate::{
    lane::{Lane, WorkFailed},
    mailbox::{AskError, Mailbox},
    supervisor::Ping,
};

/// Messages the store may have waiting.
pub(crate) const CAPACITY: usize = 256;
/// Commits that share one sync, at most.
const GROUP_MAX: usize = 1024;
/// A disk that is silent for so long has failed.
const DEADLINE: Duration = Duration::from_secs(120);

/// Saves changes that move together.
#[derive(Message)]
#[rtype(result = "Result<(), SaveError>")]
pub struct Save(pub Commit);

/// Reads, or does a small write that has a method of its own.
#[derive(Message)]
#[rtype(result = "Result<R, SaveError>")]
pub struct Query<R: Send + 'static>(Reading<R>);

/// Work on the ledger that is sent to the lane.
type Reading<R> = Box<dyn FnOnce(&dyn Ledger) -> Result<R, StorageFailure> + Send>;

/// Why something was not saved or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SaveError {
    /// Refused while the store is fine.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The disk failed; the process is about to stop.
    #[error(transparent)]
    Failed(#[from] StorageFailure),
    /// The store did not take the message.
    #[error("the store is {0}")]
    Unreachable(#[from] AskError),
    /// The work panicked.
    #[error(transparent)]
    Work(#[from] WorkFailed),
}

/// What to do when the disk fails: the process ends with exit code 70.
pub type OnStorageFailure = Rc<dyn Fn(&StorageFailure)>;

/// The actor.
pub struct Store {
    ledger: Arc<dyn Ledger>,
    lane: Lane,
    on_failure: OnStorageFailure,
    waiting: Vec<(Commit, oneshot::Sender<Result<(), SaveError>>)>,
    is_committing: bool,
}

impl Store {
    /// A store over this ledger.
    pub fn new(ledger: Arc<dyn Ledger>, lane: Lane, on_failure: OnStorageFailure) -> Self {
        Self { ledger, lane, on_failure, waiting: Vec::new(), is_committing: false }
    }

    /// Takes what waits and commits it with one sync; repeats while more has arrived.
    fn commit_group(&mut self, context: &mut Context<Self>) {
        if self.is_committing || self.waiting.is_empty() {
            return;
        }
        self.is_committing = true;
        let group: Vec<_> = self.waiting.drain(..self.waiting.len().min(GROUP_MAX)).collect();
        let (commits, answers): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        let (ledger, lane) = (Arc::clone(&self.ledger), self.lane);
        let work = async move { lane.run(move || ledger.commit(commits)).await };
        context.spawn(work.into_actor(self).map(move |result, store, context| {
            store.is_committing = false;
            store.answer(result, answers);
            store.commit_group(context);
        }));
    }

    fn answer(
        &self,
        result: Result<Result<Vec<Result<(), Refused>>, StorageFailure>, WorkFailed>,
        answers: Vec<oneshot::Sender<Result<(), SaveError>>>,
    ) {
        match result {
            Ok(Ok(results)) => {
                for (answer, result) in answers.into_iter().zip(results) {
                    drop(answer.send(result.map_err(SaveError::from)));
                }
            }
            Ok(Err(failure)) => {
                (self.on_failure)(&failure);
                answer_all(answers, &SaveError::Failed(failure));
            }
            Err(work) => {
                (self.on_failure)(&StorageFailure(work.to_string()));
                answer_all(answers, &SaveError::Work(work));
            }
        }
    }
}

fn answer_all(answers: Vec<oneshot::Sender<Result<(), SaveError>>>, error: &SaveError) {
    for answer in answers {
        drop(answer.send(Err(error.clone())));
    }
}

impl Actor for Store {
    type Context = Context<Self>;
}

impl Handler<Save> for Store {
    type Result = ResponseFuture<Result<(), SaveError>>;

    fn handle(&mut self, message: Save, context: &mut Self::Context) -> Self::Result {
        let (sender, receiver) = oneshot::channel();
        self.waiting.push((message.0, sender));
        self.commit_group(context);
        Box::pin(async move { receiver.await.unwrap_or(Err(SaveError::Unreachable(AskError::Closed))) })
    }
}

impl<R: Send + 'static> Handler<Query<R>> for Store {
    type Result = ResponseFuture<Result<R, SaveError>>;

    fn handle(&mut self, message: Query<R>, _: &mut Self::Context) -> Self::Result {
        let (ledger, lane, on_failure) = (Arc::clone(&self.ledger), self.lane, Rc::clone(&self.on_failure));
        Box::pin(async move {
            match lane.run(move || (message.0)(ledger.as_ref())).await? {
                Ok(answer) => Ok(answer),
                Err(failure) => {
                    on_failure(&failure);
                    Err(failure.into())
                }
            }
        })
    }
}

impl Handler<Ping> for Store {
    type Result = ();

    fn handle(&mut self, _: Ping, _: &mut Self::Context) {}
}

/// The way to the store, for actors and for the control API.
#[derive(Clone)]
pub struct StoreDoor(pub(crate) Mailbox<Store>);

impl StoreDoor {
    /// Saves changes that move together. Returns when they are as safe as the commit asks.
    pub async fn save(&self, commit: Commit) -> Result<(), SaveError> {
        self.0.ask(Save(commit), DEADLINE).await?
    }

    /// Runs a read on the lane.
    pub async fn query<R, Q>(&self, query: Q) -> Result<R, SaveError>
    where
        R: Send + 'static,
        Q: FnOnce(&dyn Ledger) -> Result<R, StorageFailure> + Send + 'static,
    {
        self.0.ask(Query(Box::new(query)), DEADLINE).await?
    }

    /// Takes leases for a run.
    pub async fn take_leases(&self, ask: LeaseAsk) -> Result<Result<Fence, LeaseBusy>, SaveError> {
        self.query(move |ledger| ledger.take_leases(&ask)).await
    }

    /// Gives leases back.
    pub async fn drop_leases(&self, resources: Vec<SmolStr>, fence: Fence) -> Result<(), SaveError> {
        self.query(move |ledger| ledger.drop_leases(&resources, fence)).await
    }
}
