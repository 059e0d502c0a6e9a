//! The outbox: one writer per account.
//!
//! Rows are on the disk before they are sent, and marked on the disk as sent before the request leaves. A lost reply is
//! read back before anything is sent again. An acknowledgement takes the row away and moves the baseline in one commit.
//! The actor keeps nothing in memory but "busy"; a run drives it, so a row is never sent without the run's lease.

mod acks;
mod deliver;
mod recover;

use std::{cell::Cell, rc::Rc};

use actix::{Actor, Context, Handler, Message, ResponseFuture};
use crosswatch_model::{PairId, RunId};
use crosswatch_port::{Fault, FenceMark};
use tokio_util::sync::CancellationToken;

use crate::{
    blueprint::Surroundings, directory::Directory, provider::AccountDoor, store::SaveError, supervisor::Ping,
    urgency::Urgency,
};

/// Messages an outbox may have waiting.
pub(crate) const CAPACITY: usize = 4;

/// Sends the queued rows of a run.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<DrainReport, SaveError>")]
pub struct Drain {
    /// The run.
    pub run: RunId,
    /// Its pair.
    pub pair: PairId,
    /// Its lease.
    pub fence: FenceMark,
    /// How urgent it is.
    pub urgency: Urgency,
    /// Send at most so many; `None` sends all.
    pub limit: Option<u64>,
    /// Rows of the run that were done before, for progress.
    pub done_before: u64,
    /// All rows of the run, for progress.
    pub total: u64,
    /// Stops between two requests.
    pub cancel: CancellationToken,
}

/// What a drain achieved.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DrainReport {
    /// Rows that reached an outcome.
    pub settled: u64,
    /// Rows the account refused.
    pub rejected: u64,
    /// Why it stopped before the end, if it did.
    pub stopped: Option<Fault>,
    /// It was told to stop.
    pub is_cancelled: bool,
}

/// Takes the rows of a run away that were never sent.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<u64, SaveError>")]
pub struct Withdraw {
    /// The run.
    pub run: RunId,
    /// Its lease.
    pub fence: FenceMark,
}

/// Mends what an earlier run left: unsent rows go, rows in doubt are read back.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<RecoverReport, SaveError>")]
pub struct Recover {
    /// The lease of the run that asks.
    pub fence: FenceMark,
}

/// Answers once nothing is on its way to the account: whoever takes the lease of a run away waits for this first.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Rest;

/// What was mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecoverReport {
    /// Rows that turned out to have arrived.
    pub landed: u64,
    /// Rows that had not arrived or were never sent; they will be planned again.
    pub dropped: u64,
    /// Rows nobody knows about yet.
    pub in_doubt: u64,
}

/// The actor.
pub struct Outbox {
    account: AccountDoor,
    directory: Directory,
    surroundings: Surroundings,
    /// Whether what is written there comes back as if somebody else had done it.
    echoes: bool,
    work: Rc<Work>,
}

/// Whether something is on its way, and who wants to know when it is over.
#[derive(Default)]
struct Work {
    is_busy: Cell<bool>,
    over: tokio::sync::Notify,
}

impl Work {
    async fn rest(&self) {
        loop {
            let over = self.over.notified();
            if !self.is_busy.get() {
                return;
            }
            over.await;
        }
    }
}

impl Outbox {
    /// The outbox of an account.
    pub(crate) fn new(account: AccountDoor, echoes: bool, directory: Directory, surroundings: Surroundings) -> Self {
        Self { account, directory, surroundings, echoes, work: Rc::default() }
    }

    fn desk(&self, fence: FenceMark) -> acks::Desk {
        acks::Desk {
            account: self.account.clone(),
            directory: self.directory.clone(),
            surroundings: self.surroundings.clone(),
            echoes: self.echoes,
            fence,
        }
    }

    /// Claims the account for one piece of work. The lease keeps others out; this catches a mistake of ours.
    fn claim(&self) -> Option<Claim> {
        if self.work.is_busy.replace(true) { None } else { Some(Claim(Rc::clone(&self.work))) }
    }
}

/// Gives the account free again when dropped.
struct Claim(Rc<Work>);

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.is_busy.set(false);
        self.0.over.notify_waiters();
    }
}

impl Actor for Outbox {
    type Context = Context<Self>;
}

impl Handler<Drain> for Outbox {
    type Result = ResponseFuture<Result<DrainReport, SaveError>>;

    fn handle(&mut self, message: Drain, _: &mut Self::Context) -> Self::Result {
        let Some(claim) = self.claim() else {
            let stopped = Some(Fault::Transient("another run is writing to this account".into()));
            return Box::pin(async move { Ok(DrainReport { stopped, ..DrainReport::default() }) });
        };
        let desk = self.desk(message.fence.clone());
        let desk = acks::Desk { account: desk.account.clone().with(message.urgency), ..desk };
        let delivery = deliver::Delivery::new(desk, message);
        Box::pin(async move {
            let _claim = claim;
            delivery.run().await
        })
    }
}

impl Handler<Withdraw> for Outbox {
    type Result = ResponseFuture<Result<u64, SaveError>>;

    fn handle(&mut self, message: Withdraw, _: &mut Self::Context) -> Self::Result {
        let desk = self.desk(message.fence);
        Box::pin(async move { recover::withdraw(&desk, message.run).await })
    }
}

impl Handler<Recover> for Outbox {
    type Result = ResponseFuture<Result<RecoverReport, SaveError>>;

    fn handle(&mut self, message: Recover, _: &mut Self::Context) -> Self::Result {
        let desk = self.desk(message.fence);
        Box::pin(async move { recover::recover(&desk).await })
    }
}

impl Handler<Rest> for Outbox {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Rest, _: &mut Self::Context) -> Self::Result {
        let work = Rc::clone(&self.work);
        Box::pin(async move { work.rest().await })
    }
}

impl Handler<Ping> for Outbox {
    type Result = ();

    fn handle(&mut self, _: Ping, _: &mut Self::Context) {}
}
