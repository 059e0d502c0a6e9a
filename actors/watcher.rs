//! The watcher: one actor per media server that some route watches as it plays.
//!
//! It listens to the server's event socket and asks for the list of sessions; where there is no socket, or while it is
//! broken, it asks again and again instead. What changed is sent to the ingress, which keeps it before anything else
//! happens to it. A server that cannot be reached ends nobody's session, and one that vanished over a gap is not told as ended
//! before the history of the gap is known. Credentials that are refused are told to people
//! once; it goes on when a sign-in is done, and looks by itself every quarter of an hour whether they are good again.
//! Deliberately absent: who wants to know, and what follows from it. What plays is kept in memory only: after a restart it
//! is told as begun, and the seats of the scrobbler know better.

mod round;
mod sessions;
#[cfg(test)]
mod tests;

use std::{cell::RefCell, rc::Rc, sync::Arc};

use actix::{Actor, ActorContext, AsyncContext, Context, Handler, Message, MessageResult, WrapFuture};
use crosswatch_model::ProviderId;
use crosswatch_port::{Clock, Entropy, LocalFuture, Notice, Provider};
use jiff::Timestamp;
use smol_str::SmolStr;
use tokio::sync::Notify;

use self::round::Round;
use crate::{
    backfill::TellLife,
    halt::Halt,
    store::SaveError,
    supervisor::Ping,
    urgency::Urgency,
    webhook::{Arrived, Kept},
};

/// Messages a watcher may have waiting.
pub(crate) const CAPACITY: usize = 16;

/// Keeps what was noticed.
pub type SendArrived = Rc<dyn Fn(Arrived) -> LocalFuture<'static, Result<Kept, SaveError>>>;
/// The adapter of the account as it lives now: a fresh one after every fall of the account. All clones are the same place.
#[derive(Clone, Default)]
pub struct AdapterNow(Rc<RefCell<Option<Rc<dyn Provider>>>>);

impl AdapterNow {
    /// The adapter, once there is one.
    pub fn get(&self) -> Option<Rc<dyn Provider>> {
        self.0.borrow().clone()
    }

    /// From now on it is this one.
    pub fn replace(&self, adapter: &Rc<dyn Provider>) {
        self.0.replace(Some(Rc::clone(adapter)));
    }
}

/// Tells people.
pub type TellPeople = Rc<dyn Fn(Notice)>;

/// What a watcher needs from the house.
#[derive(Clone)]
pub struct WatcherPorts {
    /// The account.
    pub account: ProviderId,
    /// Its adapter.
    pub adapter: AdapterNow,
    /// The ingress.
    pub send: SendArrived,
    /// The notifier.
    pub tell: TellPeople,
    /// The back-fill, which is told every sign of life.
    pub alive: TellLife,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
}

/// How the connection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was heard yet.
    Connecting,
    /// The event socket is open.
    Listening,
    /// There is no socket, or none at the moment; the list is asked for again and again.
    Polling,
    /// The server cannot be reached, for the stated reason.
    Unreachable(SmolStr),
    /// The credentials are refused, for the stated reason; a person must act.
    NeedsSignIn(SmolStr),
    /// The account cannot be watched.
    NotWatchable,
}

impl Standing {
    /// The stable word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Listening => "listening",
            Self::Polling => "polling",
            Self::Unreachable(_) => "unreachable",
            Self::NeedsSignIn(_) => "sign_in",
            Self::NotWatchable => "not_watchable",
        }
    }

    /// Why the server is not watched, where it is not.
    pub const fn trouble(&self) -> Option<&SmolStr> {
        match self {
            Self::Unreachable(why) | Self::NeedsSignIn(why) => Some(why),
            Self::Connecting | Self::Listening | Self::Polling | Self::NotWatchable => None,
        }
    }
}

/// What went wrong last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastTrouble {
    /// When.
    pub at: Timestamp,
    /// What.
    pub why: SmolStr,
}

/// A watcher from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatcherState {
    /// How the connection stands.
    pub standing: Standing,
    /// Since when it stands so, whatever the reasons in between.
    pub since: Timestamp,
    /// What went wrong last, even if all is well by now.
    pub last_trouble: Option<LastTrouble>,
    /// When something was last sent to the ingress.
    pub last_event_at: Option<Timestamp>,
    /// When the server last gave a sign of life.
    pub healthy_at: Option<Timestamp>,
    /// How many sessions there are.
    pub playing: usize,
    /// How often the connection was lost.
    pub lost: u32,
}

impl WatcherState {
    fn begun(now: Timestamp) -> Self {
        Self {
            standing: Standing::Connecting,
            since: now,
            last_trouble: None,
            last_event_at: None,
            healthy_at: None,
            playing: 0,
            lost: 0,
        }
    }

    /// From now on it stands so.
    fn stand(&mut self, standing: Standing, now: Timestamp) {
        if standing.as_str() != self.standing.as_str() {
            self.since = now;
        }
        if let Some(why) = standing.trouble() {
            self.last_trouble = Some(LastTrouble { at: now, why: why.clone() });
        }
        self.standing = standing;
    }

    /// Since when the server is not watched, where it is not: from the last sign of life on, for a connection that comes
    /// and goes without one is no connection.
    pub fn down_since(&self) -> Option<Timestamp> {
        self.standing.trouble().map(|_| self.healthy_at.unwrap_or(self.since).min(self.since))
    }
}

/// A look at a watcher.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "WatcherState")]
pub struct ObserveWatcher;

/// The sign-in of the account changed: try again now.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct SignInChanged;

/// The actor.
pub struct Watcher {
    ports: WatcherPorts,
    state: Rc<RefCell<WatcherState>>,
    try_again: Rc<Notify>,
}

impl Watcher {
    /// A watcher that begins when it is started.
    pub fn new(ports: WatcherPorts) -> Self {
        let state = Rc::new(RefCell::new(WatcherState::begun(ports.clock.now())));
        Self { ports, state, try_again: Rc::default() }
    }
}

impl Actor for Watcher {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        let round = Round::new(self.ports.clone(), Rc::clone(&self.state), Rc::clone(&self.try_again));
        context.spawn(Urgency::Live.scope(round.watch()).into_actor(self));
    }
}

impl Handler<ObserveWatcher> for Watcher {
    type Result = MessageResult<ObserveWatcher>;

    fn handle(&mut self, _: ObserveWatcher, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.state.borrow().clone())
    }
}

impl Handler<SignInChanged> for Watcher {
    type Result = ();

    fn handle(&mut self, _: SignInChanged, _: &mut Self::Context) {
        self.try_again.notify_one();
    }
}

impl Handler<Halt> for Watcher {
    type Result = ();

    fn handle(&mut self, _: Halt, context: &mut Self::Context) {
        context.stop();
    }
}

impl Handler<Ping> for Watcher {
    type Result = ();

    fn handle(&mut self, _: Ping, _: &mut Self::Context) {}
}
