//! The scrobbler: turns what media servers tell into sessions, plays and messages to accounts.
//!
//! Promises: the inbox is worked off in the order of its arrival; a session's move, its play, the messages that follow and
//! the row's end are one commit, so that a crash loses nothing and doubles nothing; time alone moves sessions, too. A row of
//! which nobody knows the library yet is asked about once more before it is filtered; what follows about its item waits
//! behind it.
//! Deliberately absent: sending (the couriers do) and every rule about playback (the `scrobble` crate has them).

mod alarm;
mod described;
mod held;
mod reduce;

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    time::Duration,
};

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, MessageResult, ResponseFuture,
    SpawnHandle, WrapFuture,
};
use crosswatch_model::ProviderId;
use crosswatch_port::{Commit, Durability, InboxRecord, SeatKey};
use crosswatch_scrobble::{Phase, Seat, Via};
use jiff::Timestamp;

use crate::{
    blueprint::{RouteBlueprint, Surroundings},
    courier::LookAtQueue,
    directory::Directory,
    halt::{Halt, Halting},
    notifier::Happened,
    scheduler::Played,
    store::SaveError,
    supervisor::Ping,
};
use held::Held;
pub(crate) use reduce::viewing_of;
use reduce::{Reduced, Reduction};

/// Messages the scrobbler may have waiting.
pub(crate) const CAPACITY: usize = 64;
/// Rows of the inbox that are worked off together.
const ROWS_AT_ONCE: usize = 64;
/// The inbox is looked at by itself this often, should a nudge be lost.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// After a failure the store is given time.
const PAUSE: Duration = Duration::from_secs(2);

/// There may be something in the inbox.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct LookAtInbox;

/// Who watches what?
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Vec<(SeatKey, Seat)>")]
pub struct ObserveSeats;

/// The actor.
pub struct Scrobbler {
    routes: Rc<Vec<RouteBlueprint>>,
    directory: Directory,
    surroundings: Surroundings,
    seats: BTreeMap<SeatKey, Seat>,
    held: Held,
    next_seq: u64,
    is_open: bool,
    is_busy: bool,
    has_more: bool,
    halting: Halting,
    alarm: Option<SpawnHandle>,
}

impl Scrobbler {
    /// A scrobbler for these routes.
    pub(crate) fn new(routes: Vec<RouteBlueprint>, directory: Directory, surroundings: Surroundings) -> Self {
        Self {
            routes: Rc::new(routes),
            directory,
            surroundings,
            seats: BTreeMap::new(),
            held: Held::default(),
            next_seq: 0,
            is_open: false,
            is_busy: false,
            has_more: true,
            halting: Halting::default(),
            alarm: None,
        }
    }

    /// Reads what was known before this life.
    fn open(&mut self, context: &mut Context<Self>) {
        self.is_busy = true;
        let store = self.directory.store().clone();
        let reading = async move { store.query(|ledger| Ok((ledger.seats()?, ledger.next_parcel_seq()?))).await };
        context.spawn(reading.into_actor(self).map(|result, scrobbler, context| {
            scrobbler.is_busy = false;
            if scrobbler.halting.is_halted() {
                scrobbler.halting.rest();
                return context.stop();
            }
            match result {
                Ok((seats, next_seq)) => {
                    scrobbler.seats = seats.into_iter().map(|record| (record.key, record.seat)).collect();
                    scrobbler.next_seq = next_seq;
                    scrobbler.tell_audience();
                    scrobbler.is_open = true;
                    scrobbler.work(context);
                }
                Err(error) => scrobbler.pause(&error, context),
            }
        }));
    }

    fn pause(&mut self, error: &SaveError, context: &mut Context<Self>) {
        tracing::warn!("live scrobbling waits: {error}");
        self.is_open = false;
        context.run_later(PAUSE, Self::work);
    }

    /// Works off what waits, then what time has brought; repeats while there is more.
    fn work(&mut self, context: &mut Context<Self>) {
        if self.halting.is_halted() {
            return;
        }
        if self.is_busy {
            self.has_more = true;
            return;
        }
        if !self.is_open {
            return self.open(context);
        }
        self.is_busy = true;
        self.has_more = false;
        let (routes, directory, surroundings) =
            (Rc::clone(&self.routes), self.directory.clone(), self.surroundings.clone());
        let (seats, next_seq, held) = (self.seats.clone(), self.next_seq, self.held.clone());
        let working = async move {
            let limit = ROWS_AT_ONCE + held.len();
            let rows = directory.store().query(move |ledger| ledger.inbox_waiting(limit)).await?;
            let now = surroundings.clock.now();
            let are_all = rows.len() < limit;
            let mut rows = held.let_pass(rows, now);
            described::enrich(&directory, &routes, &seats, &mut rows).await;
            let mut reduced = reduce(&routes, &directory, &surroundings, (seats, next_seq), rows, are_all).await?;
            reduced.held.extend(held.still_waiting(now));
            Ok(reduced)
        };
        context.spawn(working.into_actor(self).map(|result: Result<Reduced, SaveError>, scrobbler, context| {
            scrobbler.is_busy = false;
            if scrobbler.halting.is_halted() {
                scrobbler.halting.rest();
                return context.stop();
            }
            match result {
                Ok(reduced) => scrobbler.take_in(reduced, context),
                Err(error) => scrobbler.pause(&error, context),
            }
        }));
    }

    fn take_in(&mut self, reduced: Reduced, context: &mut Context<Self>) {
        self.seats = reduced.seats;
        self.held = Held::new(reduced.held);
        self.next_seq = reduced.next_seq;
        self.tell_audience();
        for account in &reduced.nudged {
            if let Some(courier) = self.directory.courier(account) {
                courier.nudge(LookAtQueue);
            }
        }
        self.tell_scheduler(&reduced.happened);
        for happened in reduced.happened {
            self.directory.happened(happened);
        }
        if self.has_more || reduced.rows >= ROWS_AT_ONCE {
            self.work(context);
        } else {
            self.set_alarm(context);
        }
    }

    /// Pairs may run after what was watched.
    fn tell_scheduler(&self, happened: &[Happened]) {
        let watched = happened.iter().filter(|happened| happened.kind == reduce::COMPLETED);
        let accounts: BTreeSet<ProviderId> = watched.filter_map(|happened| happened.account.clone()).collect();
        if let Some(scheduler) = self.directory.scheduler().filter(|_| !accounts.is_empty())
            && let Err(error) = scheduler.tell(Played(accounts))
        {
            tracing::debug!("no run follows what was watched: {error}");
        }
    }

    /// Budgets learn at which servers somebody watches.
    fn tell_audience(&self) {
        let is_playing = |seat: &Seat| seat.current.as_ref().is_some_and(|session| session.phase == Phase::Playing);
        let source =
            |key: &SeatKey| self.routes.iter().find(|route| route.id == key.route).map(|route| route.source.clone());
        let playing = self.seats.iter().filter(|(_, seat)| is_playing(seat));
        self.directory.audience().tell(playing.filter_map(|(key, _)| source(key)).collect());
    }

    /// Wakes up when time alone will change a session.
    fn set_alarm(&mut self, context: &mut Context<Self>) {
        if let Some(alarm) = self.alarm.take() {
            context.cancel_future(alarm);
        }
        let rules = |key: &SeatKey| self.routes.iter().find(|route| route.id == key.route).map(|route| route.rules);
        let seats = self.seats.iter().filter_map(|(key, seat)| seat.due(rules(key)?));
        let due = seats.chain(self.held.due()).min();
        if let Some(due) = due {
            let wait = until(self.surroundings.clock.now(), due);
            self.alarm = Some(context.run_later(wait, |scrobbler, context| {
                scrobbler.alarm = None;
                scrobbler.work(context);
            }));
        }
    }
}

/// How long it is until then; a moment at least, for clocks are not exact.
pub(crate) fn until(now: Timestamp, then: Timestamp) -> Duration {
    let wait_ms = then.as_millisecond().saturating_sub(now.as_millisecond());
    Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0).max(10))
}

/// Reduces rows and time on the lane and commits what came of it.
async fn reduce(
    routes: &Rc<Vec<RouteBlueprint>>,
    directory: &Directory,
    surroundings: &Surroundings,
    (seats, next_seq): (BTreeMap<SeatKey, Seat>, u64),
    rows: Vec<InboxRecord>,
    are_all: bool,
) -> Result<Reduced, SaveError> {
    let routes = routes.as_ref().clone();
    let now = surroundings.clock.now();
    let _turn = directory.naming_turn().await;
    let reduced = directory
        .store()
        .query(move |ledger| Reduction::new(&routes, now, seats, next_seq).run(ledger, rows, are_all))
        .await?;
    let (changes, reduced) = reduced;
    if !changes.is_empty() {
        // The rows are on the disk already; whatever is sent later is synced before it leaves, and this with it.
        directory.store().save(Commit { fence: None, durability: Durability::Buffered, changes }).await?;
    }
    Ok(reduced)
}

impl Actor for Scrobbler {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.work(context);
        context.run_interval(LOOK_EVERY, Self::work);
        context.run_interval(alarm::LOOK_EVERY, |scrobbler, context| {
            let looking =
                alarm::look(Rc::clone(&scrobbler.routes), scrobbler.directory.clone(), scrobbler.surroundings.clone());
            context.spawn(looking.into_actor(scrobbler));
        });
    }
}

impl Handler<LookAtInbox> for Scrobbler {
    type Result = ();

    fn handle(&mut self, _: LookAtInbox, context: &mut Self::Context) {
        self.work(context);
    }
}

impl Handler<ObserveSeats> for Scrobbler {
    type Result = MessageResult<ObserveSeats>;

    fn handle(&mut self, _: ObserveSeats, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.seats.iter().map(|(key, seat)| (key.clone(), seat.clone())).collect())
    }
}

impl Handler<Halt> for Scrobbler {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Halt, context: &mut Self::Context) -> Self::Result {
        if !self.is_busy {
            context.stop();
        }
        self.halting.begin(self.is_busy)
    }
}

impl Handler<Ping> for Scrobbler {
    type Result = ();

    fn handle(&mut self, _: Ping, _: &mut Self::Context) {}
}

/// Whether some route listens to an account, so that what is written there is heard again.
pub(crate) fn is_heard(routes: &[RouteBlueprint], account: &ProviderId) -> bool {
    routes.iter().any(|route| route.source == *account)
}

/// Whether some route watches an account as it plays.
pub(crate) fn is_watched(routes: &[RouteBlueprint], account: &ProviderId) -> bool {
    routes.iter().any(|route| route.source == *account && route.via.contains(&Via::Watch))
}

/// Accounts that a set of routes sends to.
pub(crate) fn targets(routes: &[RouteBlueprint]) -> Vec<ProviderId> {
    let mut targets: Vec<ProviderId> =
        routes.iter().flat_map(|route| route.targets.iter().map(|target| target.account.clone())).collect();
    targets.sort_unstable();
    targets.dedup();
    targets
}
