//! The courier: tells one account what live scrobbling has for it.
//!
//! Promises: what is worthless when it is late is dropped, a viewing never is; a message is marked on the disk before it is
//! sent, and one whose answer was lost is looked for at the account before it is sent again; a viewing that is told late is
//! told with its own date, after a look at what the account has; one item that fails holds up no other.
//! Deliberately absent: deciding what is told (the scrobbler does).

mod errand;
mod history;
mod settle;
mod values;

use std::time::Duration;

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, ResponseFuture, SpawnHandle,
    WrapFuture,
};
use crosswatch_model::{ParcelState, ProviderId};
use crosswatch_port::{Change, Commit, Durability, LiveChange, ParcelRecord};
use jiff::{SignedDuration, Timestamp};

use crate::{
    blueprint::Surroundings,
    directory::Directory,
    halt::{Halt, Halting},
    provider::AccountDoor,
    scrobbler::until,
    store::SaveError,
    supervisor::Ping,
    urgency::Urgency,
};
use errand::{Errand, Rest};
pub(crate) use history::told_at;
pub(crate) use settle::{ECHO_S, expected_echo};

/// Messages a courier may have waiting.
pub(crate) const CAPACITY: usize = 16;
/// The queue is looked at by itself this often, should a nudge be lost.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// While everything is frozen it looks this often whether it still is.
const FROZEN_LOOK: SignedDuration = SignedDuration::from_secs(5);
/// After a failure the store is given time.
const PAUSE: Duration = Duration::from_secs(2);

/// There may be something in the queue.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct LookAtQueue;

/// Tries a message again that was parked, dropped or refused. Answers whether there was one.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Result<bool, SaveError>")]
pub struct RetryParcel(pub u64);

/// Gives a message up. Answers whether there was one that waited.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Result<bool, SaveError>")]
pub struct Discard(pub u64);

/// The actor.
pub struct Courier {
    account: ProviderId,
    /// Whether what is written there comes back as if somebody else had done it.
    echoes: bool,
    directory: Directory,
    surroundings: Surroundings,
    is_busy: bool,
    has_more: bool,
    halting: Halting,
    /// The account asked to be left alone until then.
    rests_until: Option<Timestamp>,
    alarm: Option<SpawnHandle>,
}

impl Courier {
    /// A courier to an account.
    pub(crate) fn new(account: ProviderId, echoes: bool, directory: Directory, surroundings: Surroundings) -> Self {
        Self {
            account,
            echoes,
            directory,
            surroundings,
            is_busy: false,
            has_more: false,
            halting: Halting::default(),
            rests_until: None,
            alarm: None,
        }
    }

    /// Runs one errand after the other until nothing can be done now.
    fn work(&mut self, context: &mut Context<Self>) {
        if self.halting.is_halted() {
            return;
        }
        if self.is_busy {
            self.has_more = true;
            return;
        }
        let now = self.surroundings.clock.now();
        if let Some(rest) = self.rests_until.filter(|until| *until > now) {
            return self.set_alarm(rest, context);
        }
        if self.directory.brakes().is_frozen() {
            let look = now.checked_add(FROZEN_LOOK).unwrap_or(now);
            return self.set_alarm(look, context);
        }
        self.is_busy = true;
        self.has_more = false;
        let errand = Errand {
            account: AccountDoor::new(self.account.clone(), self.directory.clone(), Urgency::Live),
            echoes: self.echoes,
            directory: self.directory.clone(),
            surroundings: self.surroundings.clone(),
        };
        let running = async move { errand.run().await };
        context.spawn(running.into_actor(self).map(|result, courier, context| {
            courier.is_busy = false;
            if courier.halting.is_halted() {
                courier.halting.rest();
                return context.stop();
            }
            match result {
                Ok(Rest::More) => courier.work(context),
                Ok(rest) => {
                    courier.rests_until = if let Rest::Account(until) = rest { Some(until) } else { None };
                    match rest {
                        _ if courier.has_more && courier.rests_until.is_none() => courier.work(context),
                        Rest::Until(then) | Rest::Account(then) => courier.set_alarm(then, context),
                        Rest::More | Rest::Nothing => {}
                    }
                }
                Err(error) => {
                    tracing::warn!(account = courier.account.as_str(), "live delivery waits: {error}");
                    context.run_later(PAUSE, Self::work);
                }
            }
        }));
    }

    fn set_alarm(&mut self, then: Timestamp, context: &mut Context<Self>) {
        if let Some(alarm) = self.alarm.take() {
            context.cancel_future(alarm);
        }
        let wait = until(self.surroundings.clock.now(), then);
        self.alarm = Some(context.run_later(wait, |courier, context| {
            courier.alarm = None;
            courier.work(context);
        }));
    }

    /// Changes one message that is not on its way right now.
    fn change(
        &self,
        seq: u64,
        change: impl FnOnce(ParcelRecord) -> Option<ParcelRecord> + Send + 'static,
    ) -> ResponseFuture<Result<bool, SaveError>> {
        let (directory, account, own) = (self.directory.clone(), self.account.clone(), self.account.clone());
        Box::pin(async move {
            let found = directory
                .store()
                .query(move |ledger| {
                    let waiting = ledger.parcels_waiting(&account, usize::MAX)?;
                    let settled = ledger.parcels_settled(Some(seq + 1), 1)?;
                    let is_it = |parcel: &ParcelRecord| parcel.seq == seq && parcel.account == account;
                    Ok(waiting.into_iter().chain(settled).find(is_it))
                })
                .await?;
            let Some(parcel) = found.and_then(change) else { return Ok(false) };
            let changes = vec![Change::Live(Box::new(LiveChange::PutParcel(parcel)))];
            directory.store().save(Commit { fence: None, durability: Durability::Synced, changes }).await?;
            if let Some(courier) = directory.courier(&own) {
                courier.nudge(LookAtQueue);
            }
            Ok(true)
        })
    }
}

impl Actor for Courier {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.work(context);
        context.run_interval(LOOK_EVERY, Self::work);
    }
}

impl Handler<LookAtQueue> for Courier {
    type Result = ();

    fn handle(&mut self, _: LookAtQueue, context: &mut Self::Context) {
        self.work(context);
    }
}

impl Handler<RetryParcel> for Courier {
    type Result = ResponseFuture<Result<bool, SaveError>>;

    fn handle(&mut self, message: RetryParcel, _: &mut Self::Context) -> Self::Result {
        let now = self.surroundings.clock.now();
        self.rests_until = None;
        self.change(message.0, move |parcel| {
            let may_go = !matches!(parcel.state, ParcelState::Inflight | ParcelState::Done);
            let again =
                ParcelRecord { state: ParcelState::Queued, attempts: 0, not_before: now, finished_at: None, ..parcel };
            if may_go { Some(again) } else { None }
        })
    }
}

impl Handler<Discard> for Courier {
    type Result = ResponseFuture<Result<bool, SaveError>>;

    fn handle(&mut self, message: Discard, _: &mut Self::Context) -> Self::Result {
        let now = self.surroundings.clock.now();
        self.change(message.0, move |parcel| {
            let is_open = matches!(parcel.state, ParcelState::Queued | ParcelState::Parked | ParcelState::Dead);
            let gone = ParcelRecord {
                state: ParcelState::Expired,
                finished_at: Some(now),
                last_error: Some("given up by a person".into()),
                ..parcel
            };
            if is_open { Some(gone) } else { None }
        })
    }
}

impl Handler<Halt> for Courier {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Halt, context: &mut Self::Context) -> Self::Result {
        if !self.is_busy {
            context.stop();
        }
        self.halting.begin(self.is_busy)
    }
}

impl Handler<Ping> for Courier {
    type Result = ();

    fn handle(&mut self, _: Ping, _: &mut Self::Context) {}
}
