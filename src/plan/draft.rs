//! A line of the plan before it is written out: a few words, so that a million of them are cheap.

use crosswatch_identity::EntityIx;
use crosswatch_model::{Action, Reason};

use crate::{baseline::PlayKey, seen::Seen};

/// One line to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draft<'a> {
    pub(crate) entity: EntityIx,
    pub(crate) play: PlayKey,
    pub(crate) source: Option<&'a Seen>,
    pub(crate) target: Option<&'a Seen>,
    pub(crate) action: Action,
    /// The action that waits, where `action` is a hold.
    pub(crate) held: Option<Action>,
    pub(crate) reason: Reason,
    /// Adds a play of something that is watched on the target already.
    pub(crate) repeats_watched: bool,
    /// One of several rows of the target that make up one fact: the baseline waits until the next read shows them gone.
    pub(crate) is_one_of_several: bool,
}

impl Draft<'_> {
    /// The write that this line stands for, done now or held.
    pub(crate) const fn write(&self) -> Option<Action> {
        match self.action {
            Action::Add | Action::Update | Action::Remove => Some(self.action),
            Action::Hold => self.held,
            Action::Skip | Action::Conflict => None,
        }
    }

    /// Makes the line wait.
    pub(crate) fn hold(&mut self, reason: Reason) {
        if self.action != Action::Hold {
            self.held = Some(self.action);
            self.action = Action::Hold;
        }
        self.reason = reason;
    }
}
