//! The switch that ends a process life at a chosen call.
//!
//! Dropping an actix system still runs the handlers of queued messages, so a dead process must be dead at its ports:
//! after the switch has flipped no account answers any more and the store fails every call.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tokio::sync::Notify;

/// One process life.
#[derive(Debug)]
pub(crate) struct LifeSwitch {
    is_dead: AtomicBool,
    calls_left: AtomicU64,
    cause: Mutex<&'static str>,
    flipped: Notify,
}

impl LifeSwitch {
    /// A life that ends by itself at the `calls_left`-th call to a port.
    pub(crate) fn new(calls_left: Option<u64>) -> Self {
        Self {
            is_dead: AtomicBool::new(false),
            calls_left: AtomicU64::new(calls_left.unwrap_or(u64::MAX)),
            cause: Mutex::new(""),
            flipped: Notify::new(),
        }
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::SeqCst)
    }

    /// Counts one call to a port. Answers whether the process lived to see it through.
    pub(crate) fn survives_call(&self) -> bool {
        if self.is_dead() {
            return false;
        }
        if self.calls_left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.flip("crash");
        }
        !self.is_dead()
    }

    /// Ends the life now.
    pub(crate) fn flip(&self, cause: &'static str) {
        if !self.is_dead.swap(true, Ordering::SeqCst) {
            *self.cause.lock().unwrap() = cause;
            self.flipped.notify_one();
        }
    }

    pub(crate) fn cause(&self) -> &'static str {
        *self.cause.lock().unwrap()
    }

    /// Completes when the life has ended.
    pub(crate) async fn ended(&self) {
        while !self.is_dead() {
            self.flipped.notified().await;
        }
    }
}
