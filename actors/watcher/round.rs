//! The watcher's one long walk: listen, look, ask again, wait, begin anew.

use std::{cell::RefCell, pin::pin, rc::Rc, time::Duration};

use crosswatch_model::ProviderId;
use crosswatch_port::{Fault, Notice, NoticeKind, Provider, Telling, Tidings, Watching};
use crosswatch_scrobble::{Heard, PlaybackEvent, Via};
use futures_util::future::{Either, select};
use jiff::{SignedDuration, Timestamp};
use smol_str::{SmolStr, format_smolstr};
use tokio::sync::Notify;

use super::{Standing, WatcherPorts, WatcherState, sessions::Sessions};
use crate::{
    backfill::{Past, SignOfLife},
    webhook::Arrived,
};

/// How often a server without a socket is asked while something plays, and while nothing does.
const POLL_BUSY: Duration = Duration::from_secs(2);
const POLL_IDLE: Duration = Duration::from_secs(10);
/// How often a server with a socket is asked, for players that vanish without a word.
const CHECK_MISSING: Duration = Duration::from_secs(5);
const CHECK_BUSY: Duration = Duration::from_secs(30);
const CHECK_IDLE: Duration = Duration::from_secs(300);
/// The list is not asked for more often than this, however much is said to have changed.
const LOOK_REST: SignedDuration = SignedDuration::from_secs(2);
/// Waits between two connections grow from here to there.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A socket that held for this long was a good one.
const GOOD_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// Refused credentials are tried again after this long without anybody's doing.
const TRY_SIGN_IN_EVERY: Duration = Duration::from_secs(900);
/// A socket that says nothing new is told of as alive this often.
const TELL_LIFE_EVERY: SignedDuration = SignedDuration::from_secs(15);
/// What the store does not take is offered this often.
const SEND_TRIES: u32 = 5;
const SEND_WAIT: Duration = Duration::from_secs(1);

/// The walk.
pub(super) struct Round {
    ports: WatcherPorts,
    state: Rc<RefCell<WatcherState>>,
    try_again: Rc<Notify>,
    sessions: Sessions,
    looked_at: Option<Timestamp>,
    /// Connections in a row that did not hold.
    failures: u32,
    /// Whether something may have been missed since the last sign of life that was told.
    is_broken: bool,
    /// When a sign of life was told.
    told_life_at: Option<Timestamp>,
}

/// What ended a wait for a socket's next word.
enum Woken {
    Told(Result<Tidings, Fault>),
    TimeToLook,
}

impl Round {
    pub(super) fn new(ports: WatcherPorts, state: Rc<RefCell<WatcherState>>, try_again: Rc<Notify>) -> Self {
        Self {
            ports,
            state,
            try_again,
            sessions: Sessions::default(),
            looked_at: None,
            failures: 0,
            is_broken: true,
            told_life_at: None,
        }
    }

    /// Walks until the actor ends.
    pub(super) async fn watch(mut self) {
        loop {
            let Some(adapter) = self.ports.adapter.get() else {
                // The account is being restarted.
                self.ports.clock.sleep(FIRST_WAIT).await;
                continue;
            };
            let Some(watching) = adapter.watching() else {
                self.stand(Standing::NotWatchable);
                self.ports.clock.sleep(LONGEST_WAIT).await;
                continue;
            };
            let fault = self.connection(watching).await;
            self.is_broken = true;
            match fault {
                Fault::Auth(why) => self.wait_for_sign_in(why).await,
                fault => self.bridge(&adapter, fault).await,
            }
        }
    }

    /// One connection, until it ends with a fault.
    async fn connection(&mut self, watching: &dyn Watching) -> Fault {
        let telling = match watching.listen().await {
            Ok(telling) => telling,
            Err(fault) => return fault,
        };
        let opened_at = self.now();
        // Asked after the socket is open, so that nothing falls between the two.
        if let Err(fault) = self.look(watching).await {
            return fault;
        }
        let Some(telling) = telling else {
            self.failures = 0;
            self.stand(Standing::Polling);
            return self.poll(watching, None).await;
        };
        self.stand(Standing::Listening);
        let fault = self.listen(watching, telling).await;
        if self.now().duration_since(opened_at) >= GOOD_AFTER {
            self.failures = 0;
        }
        fault
    }

    /// Listens until the socket breaks.
    async fn listen(&mut self, watching: &dyn Watching, mut telling: Box<dyn Telling>) -> Fault {
        loop {
            let told = {
                // The word that is under way is waited for to its end: it may be half read.
                let mut next = pin!(telling.next());
                loop {
                    let sleep = self.ports.clock.sleep(self.check_every());
                    let woken = match select(next.as_mut(), sleep).await {
                        Either::Left((told, _)) => Woken::Told(told),
                        Either::Right(_) => Woken::TimeToLook,
                    };
                    match woken {
                        Woken::Told(told) => break told,
                        Woken::TimeToLook => {
                            if let Err(fault) = self.look(watching).await {
                                return fault;
                            }
                        }
                    }
                }
            };
            match told {
                Ok(Tidings::Event(event)) => {
                    let now = self.healthy();
                    self.tell_life_now_and_then(now).await;
                    let events = self.sessions.hear(*event, now);
                    self.send_all(events).await;
                }
                Ok(Tidings::Changed) => {
                    self.healthy();
                    self.rest_before_look().await;
                    if let Err(fault) = self.look(watching).await {
                        return fault;
                    }
                }
                Ok(Tidings::Alive) => {
                    let now = self.healthy();
                    self.tell_life_now_and_then(now).await;
                }
                Err(fault) => return fault,
            }
        }
    }

    /// Asks again and again, until the account refuses us, the server is silent, or this much time has passed.
    async fn poll(&mut self, watching: &dyn Watching, at_most: Option<Duration>) -> Fault {
        let until = at_most.and_then(|most| self.now().checked_add(most).ok());
        loop {
            let wait = if self.sessions.is_anything_on() { POLL_BUSY } else { POLL_IDLE };
            let left = until.map(|until| Duration::try_from(until.duration_since(self.now())).unwrap_or_default());
            let wait = left.map_or(wait, |left| left.min(wait));
            self.ports.clock.sleep(wait).await;
            if let Err(fault) = self.look(watching).await {
                return fault;
            }
            self.stand(Standing::Polling);
            if until.is_some_and(|until| self.now() >= until) {
                return Fault::Transient("it is time to listen again".into());
            }
        }
    }

    /// The connection is lost. Waits before the next one; the list is asked for meanwhile where the server answers.
    async fn bridge(&mut self, adapter: &Rc<dyn Provider>, fault: Fault) {
        tracing::info!(account = %self.ports.account, "watching is interrupted: {fault}");
        self.state.borrow_mut().lost += 1;
        self.stand(Standing::Unreachable(fault.to_string().into()));
        let wait = match fault {
            Fault::RateLimited { after, .. } => after.max(self.next_wait()),
            _ => self.next_wait(),
        };
        let since = self.now();
        if let Some(watching) = adapter.watching() {
            let ended = self.poll(watching, Some(wait)).await;
            self.is_broken = true;
            if let Fault::Auth(why) = ended {
                return self.wait_for_sign_in(why).await;
            }
        }
        let passed = Duration::try_from(self.now().duration_since(since)).unwrap_or_default();
        self.ports.clock.sleep(wait.saturating_sub(passed)).await;
    }

    /// Somewhere between nothing and a bound that doubles with every failure.
    fn next_wait(&mut self) -> Duration {
        let bound = FIRST_WAIT.saturating_mul(1 << self.failures.min(6)).min(LONGEST_WAIT);
        self.failures = self.failures.saturating_add(1);
        let bound_ms = u64::try_from(bound.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.ports.entropy.below(bound_ms) + 1)
    }

    /// People are told once per reason.
    async fn wait_for_sign_in(&mut self, why: SmolStr) {
        let standing = Standing::NeedsSignIn(why.clone());
        let is_told = self.state.borrow().standing == standing;
        if !is_told {
            self.stand(standing);
            (self.ports.tell)(notice(&self.ports.account, &why));
        }
        let (nudged, sleep) = (pin!(self.try_again.notified()), self.ports.clock.sleep(TRY_SIGN_IN_EVERY));
        select(nudged, sleep).await;
    }

    /// Asks for the list, and tells what is new in it.
    async fn look(&mut self, watching: &dyn Watching) -> Result<(), Fault> {
        self.looked_at = Some(self.now());
        let playing = match watching.playing().await {
            Ok(playing) => playing,
            Err(fault) => {
                self.sessions.lose_sight();
                return Err(fault);
            }
        };
        let now = self.healthy();
        let events = match self.tell_life(now).await {
            Past::Known => self.sessions.look(playing, now),
            // Who is gone may have come to the end; the history will say.
            Past::Unread | Past::BeingFilled => self.sessions.look_on(playing, now),
        };
        self.send_all(events).await;
        Ok(())
    }

    /// Tells the back-fill that the server lives.
    async fn tell_life(&mut self, now: Timestamp) -> Past {
        let past = (self.ports.alive)(SignOfLife { at: now, is_unbroken: !self.is_broken }).await;
        if past != Past::Unread {
            self.is_broken = false;
            self.told_life_at = Some(now);
        }
        past
    }

    async fn tell_life_now_and_then(&mut self, now: Timestamp) {
        if self.told_life_at.is_none_or(|told| now.duration_since(told) >= TELL_LIFE_EVERY) {
            self.tell_life(now).await;
        }
    }

    async fn rest_before_look(&self) {
        let Some(looked_at) = self.looked_at else { return };
        let rest = LOOK_REST - self.now().duration_since(looked_at);
        if let Ok(rest) = Duration::try_from(rest) {
            self.ports.clock.sleep(rest).await;
        }
    }

    fn check_every(&self) -> Duration {
        if self.sessions.misses_one() {
            CHECK_MISSING
        } else if self.sessions.is_anything_on() {
            CHECK_BUSY
        } else {
            CHECK_IDLE
        }
    }

    async fn send_all(&mut self, events: Vec<PlaybackEvent>) {
        self.state.borrow_mut().playing = self.sessions.len();
        for event in events {
            self.send(event).await;
        }
    }

    /// Offers an event to the ingress until it is kept. A disk that takes nothing stops the process anyway.
    async fn send(&self, event: PlaybackEvent) {
        let digest = u128::from(self.ports.entropy.next_u64()) << 64 | u128::from(self.ports.entropy.next_u64());
        let (account, word) = (self.ports.account.clone(), event.word.clone());
        let arrived = Arrived { account, via: Via::Watch, word, digest, heard: Heard::Event(Box::new(event)) };
        for _ in 0..SEND_TRIES {
            match (self.ports.send)(arrived.clone()).await {
                Ok(_) => {
                    self.state.borrow_mut().last_event_at = Some(self.now());
                    return;
                }
                Err(error) => {
                    tracing::warn!(account = %self.ports.account, "what was seen could not be kept yet: {error}");
                    self.ports.clock.sleep(SEND_WAIT).await;
                }
            }
        }
        tracing::error!(account = %self.ports.account, "an event is lost: the store takes nothing");
    }

    fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// The server gave a sign of life.
    fn healthy(&self) -> Timestamp {
        let now = self.now();
        self.state.borrow_mut().healthy_at = Some(now);
        now
    }

    fn stand(&self, standing: Standing) {
        self.state.borrow_mut().stand(standing, self.now());
    }
}

fn notice(account: &ProviderId, why: &str) -> Notice {
    Notice {
        kind: NoticeKind::Auth,
        title: format_smolstr!("{account} is not watched any more"),
        body: format_smolstr!("{why}. What plays there goes unnoticed until then."),
        path: format_smolstr!("/api/v1/providers/{account}"),
    }
}
