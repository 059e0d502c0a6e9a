//! Operations of a plan and what became of them.

use std::fmt;

use crate::{reason::Reason, text::words};

/// What a plan wants to do with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Action {
    /// Write a fact the side lacks.
    Add = 1,
    /// Take a fact away.
    Remove = 2,
    /// Replace a value.
    Update = 3,
    /// Would add, update or remove, but waits for a person.
    Hold = 4,
    /// Nothing is done, for the stated reason.
    Skip = 5,
    /// The ids contradict each other; nothing is done until a person decides.
    Conflict = 6,
}

words!(Action {
    Add => "add", Remove => "remove", Update => "update", Hold => "hold", Skip => "skip", Conflict => "conflict",
});

/// The side of a pair that an operation writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The account the pair reads from.
    Source,
    /// The account the pair writes to.
    Target,
}

words!(Side { Source => "source", Target => "target" });

impl Side {
    /// The side across.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Source => Self::Target,
            Self::Target => Self::Source,
        }
    }
}

/// Names one operation by its content: the same pair, feature, side, item, action, value and value before give the same
/// id in every plan. It is also the version of the cell: what changed since gets another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OpId(pub u64);

impl OpId {
    /// Reads the 16 hex digits of the display form.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() == 16 { u64::from_str_radix(text, 16).ok().map(Self) } else { None }
    }
}

impl fmt::Display for OpId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

/// What became of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// In the plan, not sent yet.
    Planned,
    /// Sent, no answer yet.
    Sent,
    /// The account confirmed it.
    Acknowledged,
    /// Confirmed and seen by a later read.
    Verified,
    /// The account had it already.
    AlreadyThere,
    /// The account refused it.
    Rejected,
    /// Nobody knows whether it arrived; it is read back before anything is sent again.
    InDoubt,
    /// Never sent: cancelled, shut down, or the account was not to be reached.
    NotAttempted,
}

words!(Outcome {
    Planned => "planned", Sent => "sent", Acknowledged => "acknowledged", Verified => "verified",
    AlreadyThere => "already_there", Rejected => "rejected", InDoubt => "in_doubt", NotAttempted => "not_attempted",
});

/// Why an account refused an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RejectedWhy {
    /// The reason in our words.
    pub reason: Reason,
    /// Trying again with the same input cannot help.
    pub is_permanent: bool,
}
