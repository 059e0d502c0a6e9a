//! A bounded way to an actor.
//!
//! actix's own mailbox capacity is no bound: every clone of an `Addr` owns a guaranteed slot and `do_send` ignores it.
//! Here a permit travels with each message and comes back when the handler has run, so a flooded actor answers
//! [`Busy`] at its border instead of growing. Deliberately absent: fire-and-forget without a permit.

use std::{sync::Arc, time::Duration};

use actix::{Actor, Addr, Handler, Message, dev::ToEnvelope};
use tokio::sync::Semaphore;

/// The actor has as many messages as it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("busy; try again in a moment")]
pub struct Busy;

/// Why a question got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// As in [`Busy`].
    #[error("busy; try again in a moment")]
    Busy,
    /// The actor is gone; its supervisor will start another.
    #[error("not running at the moment; try again in a moment")]
    Closed,
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
}

/// The way to one actor.
pub struct Mailbox<A: Actor> {
    address: Addr<A>,
    permits: Arc<Semaphore>,
}

impl<A: Actor> Clone for Mailbox<A> {
    fn clone(&self) -> Self {
        Self { address: self.address.clone(), permits: Arc::clone(&self.permits) }
    }
}

impl<A: Actor> Mailbox<A> {
    /// A mailbox for at most `capacity` messages that were not handled yet.
    pub fn new(address: Addr<A>, capacity: usize) -> Self {
        Self { address, permits: Arc::new(Semaphore::new(capacity)) }
    }

    /// Whether the actor lives. False right after a panic.
    pub fn is_connected(&self) -> bool {
        self.address.connected()
    }

    /// Messages under way.
    pub fn in_flight(&self, capacity: usize) -> usize {
        capacity.saturating_sub(self.permits.available_permits())
    }

    /// Leaves a message. The permit comes back when the handler has run.
    pub fn tell<M>(&self, message: M) -> Result<(), Busy>
    where
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        let permit = Arc::clone(&self.permits).try_acquire_owned().map_err(|_| Busy)?;
        let address = self.address.clone();
        actix::spawn(async move {
            let answer = address.send(message).await;
            if answer.is_err() {
                tracing::debug!("a message was lost with its actor");
            }
            drop(permit);
        });
        Ok(())
    }

    /// Leaves a message that may be lost: whoever is busy or gone looks again by itself.
    pub fn nudge<M>(&self, message: M)
    where
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        if self.tell(message).is_err() {
            tracing::trace!("a nudge was not needed");
        }
    }

    /// Asks and waits for the answer, at most `deadline`.
    pub async fn ask<M>(&self, message: M, deadline: Duration) -> Result<M::Result, AskError>
    where
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        let _permit = self.permits.try_acquire().map_err(|_| AskError::Busy)?;
        match tokio::time::timeout(deadline, self.address.send(message)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(AskError::Closed),
            Err(_) => Err(AskError::TimedOut),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Slow;

    impl Actor for Slow {
        type Context = actix::Context<Self>;
    }

    #[derive(Message)]
    #[rtype(result = "u8")]
    struct Take(Duration);

    impl Handler<Take> for Slow {
        type Result = actix::ResponseFuture<u8>;

        fn handle(&mut self, message: Take, _: &mut Self::Context) -> Self::Result {
            Box::pin(async move {
                tokio::time::sleep(message.0).await;
                7
            })
        }
    }

    #[derive(Message)]
    #[rtype(result = "()")]
    struct Fall;

    impl Handler<Fall> for Slow {
        type Result = ();

        fn handle(&mut self, _: Fall, _: &mut Self::Context) {
            panic!("a planned fall");
        }
    }

    fn on_paused_clock(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, test);
    }

    #[test]
    fn permits_bound_what_is_under_way() {
        on_paused_clock(async {
            let mailbox = Mailbox::new(Slow.start(), 2);
            mailbox.tell(Take(Duration::from_secs(5))).unwrap();
            mailbox.tell(Take(Duration::from_secs(5))).unwrap();
            assert_eq!(mailbox.tell(Take(Duration::ZERO)), Err(Busy));
            assert_eq!(mailbox.clone().ask(Take(Duration::ZERO), Duration::from_secs(1)).await, Err(AskError::Busy));
            tokio::time::sleep(Duration::from_secs(6)).await;
            assert_eq!(mailbox.ask(Take(Duration::ZERO), Duration::from_secs(1)).await, Ok(7));
        });
    }

    #[test]
    fn silence_and_death_are_told_apart() {
        on_paused_clock(async {
            let mailbox = Mailbox::new(Slow.start(), 4);
            let asked = mailbox.ask(Take(Duration::from_secs(9)), Duration::from_secs(1)).await;
            assert_eq!(asked, Err(AskError::TimedOut));
            assert!(mailbox.is_connected());
        });
    }
}
