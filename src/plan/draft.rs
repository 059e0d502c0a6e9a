//! A line of the plan before it is written out: a few words, so that a million of them are cheap.

use crosswatch_identity::EntityIx;
use crosswatch_model::{Action, Flips, Reason, Side};

use crate::{baseline::PlayKey, cell::Cell, flip_flop::after_write, input::FeatureInput, rules::Rules, seen::Seen};

/// One line to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draft<'a> {
    pub(crate) entity: EntityIx,
    pub(crate) play: PlayKey,
    /// The side that is or would be written.
    pub(crate) side: Side,
    pub(crate) source: Option<&'a Seen>,
    pub(crate) target: Option<&'a Seen>,
    pub(crate) action: Action,
    /// The action that waits, where `action` is a hold, or that was declined, where it is a skip.
    pub(crate) held: Option<Action>,
    pub(crate) reason: Reason,
    /// What the baseline remembers of earlier writes.
    pub(crate) past: Past,
    /// Adds a play of something that is watched on that side already.
    pub(crate) repeats_watched: bool,
    /// With it, more than two plays of one item would lie within one length of it.
    pub(crate) crowds: bool,
    /// A row of a media server that this rests on is about something else than before.
    pub(crate) is_rematched: bool,
    /// Another row of the same fact is removed after this one: the baseline moves with the last of them.
    pub(crate) is_followed: bool,
}

/// What the baseline remembers of the writes of a cell, as far as a line needs it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Past {
    pub(crate) written_by_us: bool,
    pub(crate) source_written_by_us: bool,
    pub(crate) is_weak_match: bool,
    /// Both sides had it.
    pub(crate) was_agreed: bool,
    /// The value went back and forth: the next write waits.
    pub(crate) is_quarrel: bool,
    /// The memory of that once the line is confirmed.
    pub(crate) flips_after: Option<Flips>,
}

impl Past {
    /// What is remembered, and what will be once `action` on the side of `rules` is confirmed.
    pub(crate) fn of(input: &FeatureInput<'_>, rules: &Rules<'_>, action: Action, cell: &Cell<'_>) -> Self {
        let row = cell.base.map(|base| base.row).unwrap_or_default();
        Self {
            written_by_us: row.written_by_us,
            source_written_by_us: row.source_written_by_us,
            is_weak_match: row.is_weak_match,
            was_agreed: row.seen_on_source && row.seen_on_target,
            is_quarrel: row.flips.is_some_and(Flips::is_quarrel),
            flips_after: after_write(input, rules, action, cell),
        }
    }
}

impl<'a> Draft<'a> {
    /// A line about nothing but what the sides say.
    pub(crate) fn of(entity: EntityIx, play: PlayKey, source: Option<&'a Seen>, target: Option<&'a Seen>) -> Self {
        Self {
            entity,
            play,
            side: Side::Target,
            source,
            target,
            action: Action::Skip,
            held: None,
            reason: Reason::Same,
            past: Past::default(),
            repeats_watched: false,
            crowds: false,
            is_rematched: false,
            is_followed: false,
        }
    }

    /// The row of a side.
    pub(crate) const fn on(&self, side: Side) -> Option<&'a Seen> {
        match side {
            Side::Source => self.source,
            Side::Target => self.target,
        }
    }

    /// The write that this line stands for, done now or held.
    pub(crate) const fn write(&self) -> Option<Action> {
        match self.action {
            Action::Add | Action::Update | Action::Remove => Some(self.action),
            Action::Hold => self.held,
            Action::Skip | Action::Conflict => None,
        }
    }

    /// The write that this line is about, also where a person said no to it.
    pub(crate) const fn wanted(&self) -> Option<Action> {
        match self.action {
            Action::Skip => self.held,
            _ => self.write(),
        }
    }

    /// A person said no to this write.
    pub(crate) fn decline(&mut self) {
        self.held = self.write();
        self.action = Action::Skip;
        self.reason = Reason::Declined;
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
