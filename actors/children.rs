//! Watching children: panic detection, stuck detection, restart with growing delays, giving up visibly.
//!
//! actix's own supervisor does not survive a panic and reuses the damaged struct, so a child here has a factory:
//! a fresh actor, rebuilt from the store, entered into the directory under the old name.

use std::{rc::Rc, time::Duration};

use actix::{Actor, Handler, dev::ToEnvelope};
use crosswatch_port::LocalFuture;
use smol_str::SmolStr;
use tokio::time::Instant;

use crate::{mailbox::Mailbox, supervisor::Ping};

/// A child that does not answer a ping for so long is stuck.
const PING_DEADLINE: Duration = Duration::from_secs(5);
/// More restarts than this within the window and the child stays down.
const RESTARTS_MAX: usize = 5;
const RESTART_WINDOW: Duration = Duration::from_secs(600);
const DELAY_MAX: Duration = Duration::from_secs(60);

/// What the supervisor can see of a child.
pub(crate) trait Watched {
    fn is_connected(&self) -> bool;
    fn ping(&self) -> LocalFuture<'static, bool>;
}

impl<A> Watched for Mailbox<A>
where
    A: Actor + Handler<Ping>,
    A::Context: ToEnvelope<A, Ping>,
{
    fn is_connected(&self) -> bool {
        Self::is_connected(self)
    }

    fn ping(&self) -> LocalFuture<'static, bool> {
        let mailbox = self.clone();
        Box::pin(async move {
            // A full mailbox is busy, not stuck: it will be asked again at the next beat.
            !matches!(
                mailbox.ask(Ping, PING_DEADLINE).await,
                Err(crate::mailbox::AskError::TimedOut | crate::mailbox::AskError::Closed)
            )
        })
    }
}

/// Starts the actor and enters it into the directory.
pub(crate) type StartChild = Rc<dyn Fn() -> Box<dyn Watched>>;

/// How a child is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChildState {
    /// Answers.
    Up,
    /// Fell; a fresh one is started after a delay.
    Restarting,
    /// Fell too often; stays down until the process is restarted.
    GivenUp,
}

/// One child.
pub(crate) struct Child {
    pub(crate) name: SmolStr,
    start: StartChild,
    watched: Box<dyn Watched>,
    restarts: Vec<Instant>,
    restart_at: Option<Instant>,
    has_given_up: bool,
}

/// What a look at a child found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Well,
    Fell,
    Restarted,
    GaveUp,
    StillDown,
}

impl Child {
    pub(crate) fn start(name: SmolStr, start: StartChild) -> Self {
        let watched = start();
        Self { name, start, watched, restarts: Vec::new(), restart_at: None, has_given_up: false }
    }

    pub(crate) fn state(&self) -> ChildState {
        match (self.has_given_up, self.restart_at) {
            (true, _) => ChildState::GivenUp,
            (false, Some(_)) => ChildState::Restarting,
            (false, None) => ChildState::Up,
        }
    }

    pub(crate) fn restarts(&self) -> usize {
        self.restarts.len()
    }

    /// Whether it takes messages at this moment.
    pub(crate) fn is_up(&self) -> bool {
        self.state() == ChildState::Up && self.watched.is_connected()
    }

    /// Asks for a sign of life, to be awaited without the child borrowed.
    pub(crate) fn ping(&self) -> Option<LocalFuture<'static, bool>> {
        if self.is_up() { Some(self.watched.ping()) } else { None }
    }

    /// The ping went unanswered: the next look treats the child as fallen.
    pub(crate) fn look(&mut self, is_stuck: bool) -> Found {
        let now = Instant::now();
        match self.restart_at {
            _ if self.has_given_up => Found::StillDown,
            Some(at) if at > now => Found::StillDown,
            Some(_) => {
                self.restart_at = None;
                self.watched = (self.start)();
                Found::Restarted
            }
            None if self.watched.is_connected() && !is_stuck => Found::Well,
            None => self.plan_restart(now),
        }
    }

    fn plan_restart(&mut self, now: Instant) -> Found {
        self.restarts.retain(|at| now.saturating_duration_since(*at) < RESTART_WINDOW);
        if self.restarts.len() >= RESTARTS_MAX {
            self.has_given_up = true;
            return Found::GaveUp;
        }
        let exponent = u32::try_from(self.restarts.len()).unwrap_or(u32::MAX).min(8);
        let delay = Duration::from_secs(1).saturating_mul(1 << exponent).min(DELAY_MAX);
        self.restarts.push(now);
        self.restart_at = Some(now + delay);
        Found::Fell
    }
}
