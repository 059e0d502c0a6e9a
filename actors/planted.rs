//! Mistakes on purpose, so that the simulator can prove that its oracles notice them.
//!
//! Nothing here exists without the cargo feature `planted-bugs`, which only the tests switch on. As cargo may unify
//! features over a whole workspace, a mistake also waits for [`plant`], which is per thread and which no product code calls.

/// A mistake that can be planted.
#[cfg_attr(not(feature = "planted-bugs"), allow(unreachable_pub, reason = "the module is open to tests only"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// A partial read is taken for a complete one.
    RemovesFromPartialRead,
    /// A write whose answer was lost is sent again without reading it back.
    ResendsUnverified,
    /// The baseline moves when a write is sent, not when it is confirmed.
    BaselineBeforeAck,
    /// A dry run commits what it found.
    DryRunCommits,
    /// Two runs may use one account at the same time.
    TwoRunsAtOnce,
    /// The lease of a run that fell is given back while its outbox still works.
    GivesLeasesBackEarly,
}

#[cfg(feature = "planted-bugs")]
mod planting {
    use std::cell::{Cell, RefCell};

    use crosswatch_model::PairId;

    use super::Mistake;

    thread_local! {
        static PLANTED: Cell<Option<Mistake>> = const { Cell::new(None) };
        static TO_FALL: RefCell<Option<PairId>> = const { RefCell::new(None) };
    }

    /// Plants a mistake on this thread, or takes it away.
    pub fn plant(mistake: Option<Mistake>) {
        PLANTED.set(mistake);
        TO_FALL.take();
    }

    /// Makes the actor of a pair fall at its next ping, in the middle of whatever it does.
    pub fn plan_fall(pair: &PairId) {
        TO_FALL.replace(Some(pair.clone()));
    }

    pub(crate) fn has(mistake: Mistake) -> bool {
        PLANTED.get() == Some(mistake)
    }

    pub(crate) fn fall_if_planned(pair: &PairId) {
        let is_due = TO_FALL.with_borrow(|to_fall| to_fall.as_ref() == Some(pair));
        if is_due {
            TO_FALL.take();
            // Unwinds like a panic but prints nothing: this fall is expected.
            std::panic::resume_unwind(Box::new("a planned fall"));
        }
    }
}

#[cfg(feature = "planted-bugs")]
pub(crate) use planting::{fall_if_planned, has};
#[cfg(feature = "planted-bugs")]
pub use planting::{plan_fall, plant};

#[cfg(not(feature = "planted-bugs"))]
pub(crate) const fn has(_: Mistake) -> bool {
    false
}

#[cfg(not(feature = "planted-bugs"))]
pub(crate) const fn fall_if_planned(_: &crosswatch_model::PairId) {}
