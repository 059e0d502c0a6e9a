//! Halting those who work by themselves: the piece of work under way ends, and no other begins.
//!
//! Another house over the same store may only be started when nobody of this one writes any more.

use actix::{Message, ResponseFuture};
use tokio::sync::oneshot;

/// End the piece of work under way and begin no other. Answers when it has ended.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub(crate) struct Halt;

/// Whether somebody was halted, and who waits for the end of the work under way.
#[derive(Debug, Default)]
pub(crate) struct Halting {
    is_halted: bool,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Halting {
    /// Halts. The answer comes at once where nothing is under way.
    pub(crate) fn begin(&mut self, is_busy: bool) -> ResponseFuture<()> {
        self.is_halted = true;
        if !is_busy {
            return Box::pin(std::future::ready(()));
        }
        let (sender, receiver) = oneshot::channel();
        self.waiting.push(sender);
        Box::pin(async move {
            // A sender that is gone has no work under way either.
            receiver.await.ok();
        })
    }

    /// Whether no work may begin.
    pub(crate) const fn is_halted(&self) -> bool {
        self.is_halted
    }

    /// Tells whoever waits that nothing is under way any more.
    pub(crate) fn rest(&mut self) {
        for waiting in self.waiting.drain(..) {
            // Whoever waited may have given up.
            waiting.send(()).ok();
        }
    }
}
